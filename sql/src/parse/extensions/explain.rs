//! EXPLAIN [ANALYZE] [VERBOSE] statement, EXPLAIN (option [value], ..) statement.

use super::super::syntax::Syntax;
use super::cursor::Cursor;
use crate::error::{Error, Result, SqlState};
use crate::plan::ExplainFormat;
use sqlparser::tokenizer::Token;

struct Options {
    analyze: bool,
    verbose: bool,
    costs: bool,
    format: ExplainFormat,
}

/// Reads EXPLAIN; the cursor is at the word.
pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Syntax> {
    cursor.expect(&["EXPLAIN"])?;
    let mut options = Options {
        analyze: false,
        verbose: false,
        costs: true,
        format: ExplainFormat::Text,
    };
    if cursor.peek().is_some_and(|token| token.token == Token::LParen) && is_option_list(cursor) {
        cursor.next();
        loop {
            option(cursor, &mut options)?;
            if !cursor.accept_token(&Token::Comma) {
                break;
            }
        }
        cursor.expect_token(&Token::RParen)?;
    } else {
        options.analyze = cursor.accept_any(&["ANALYZE", "ANALYSE"]).is_some();
        options.verbose = cursor.accept(&["VERBOSE"]);
    }
    if cursor.peek().is_none() {
        return Err(cursor.error());
    }
    let statement = super::super::parse_tokens(cursor.text, cursor.rest().to_vec())?;
    if !is_explainable(&statement) {
        return Err(cursor.error());
    }
    Ok(Syntax::Explain {
        analyze: options.analyze,
        verbose: options.verbose,
        costs: options.costs,
        format: options.format,
        statement: Box::new(statement),
    })
}

fn is_explainable(statement: &Syntax) -> bool {
    matches!(
        statement,
        Syntax::Standard(_) | Syntax::Execute { .. } | Syntax::CreateView { .. } | Syntax::Declare(_)
    )
}

/// `EXPLAIN (SELECT 1)` explains a query in parentheses.
fn is_option_list(cursor: &Cursor<'_>) -> bool {
    !matches!(
        cursor.peek_word_at(1).as_deref(),
        None | Some("SELECT" | "WITH" | "VALUES" | "TABLE")
    )
}

fn option(cursor: &mut Cursor<'_>, options: &mut Options) -> Result<()> {
    let span = cursor.span();
    let name = cursor.name()?;
    match name.as_str() {
        "analyze" | "analyse" => options.analyze = boolean(cursor)?,
        "verbose" => options.verbose = boolean(cursor)?,
        "format" => {
            let format = cursor.string().map_or_else(|| cursor.name(), Ok)?;
            options.format = match format.to_lowercase().as_str() {
                "text" => ExplainFormat::Text,
                "json" => ExplainFormat::Json,
                _ => {
                    let message = format!("EXPLAIN format \"{format}\" is not supported");
                    return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, message)
                        .with_hint("The formats are text and json.")
                        .at(span));
                }
            };
        }
        "costs" => options.costs = boolean(cursor)?,
        "buffers" | "timing" | "summary" | "wal" | "settings" | "generic_plan" | "memory" => {
            boolean(cursor)?;
        }
        "serialize" => {
            cursor.name()?;
        }
        _ => {
            let message = format!("unrecognized EXPLAIN option \"{name}\"");
            return Err(Error::new(SqlState::SYNTAX_ERROR, message).at(span));
        }
    }
    Ok(())
}

fn boolean(cursor: &mut Cursor<'_>) -> Result<bool> {
    let next = cursor.peek().map(|token| &token.token);
    if matches!(next, Some(Token::Comma | Token::RParen)) {
        return Ok(true);
    }
    let word = match next {
        Some(Token::Number(number, _)) => {
            cursor.next();
            number.clone()
        }
        _ => cursor.string().map_or_else(|| cursor.name(), Ok)?,
    };
    match word.to_lowercase().as_str() {
        "true" | "on" | "1" => Ok(true),
        "false" | "off" | "0" => Ok(false),
        _ => Err(cursor.error()),
    }
}
