//! COPY in all its forms: the option list, the old form of options without parentheses, and `COPY BINARY`. Options are
//! kept by name; `bind_copy` knows what they mean.

use super::super::syntax::{CopyEnd, CopyOptionSyntax, CopyOptionValue, CopyRelation, CopySyntax, Syntax};
use super::cursor::Cursor;
use crate::error::{Error, Result, SqlState};
use crate::plan::{CopySource, CopyTarget};
use sqlparser::ast;
use sqlparser::tokenizer::Token;

/// Reads COPY; the cursor is at the word.
pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Syntax> {
    cursor.expect(&["COPY"])?;
    let mut options = Vec::new();
    if cursor.peek_word().as_deref() == Some("BINARY") && is_name(cursor, 1) {
        options.push(text_option(cursor, "format", "binary"));
        cursor.next();
    }
    let relation = relation(cursor)?;
    let direction = if cursor.accept(&["FROM"]) {
        CopyEnd::From(source(cursor)?)
    } else {
        cursor.expect(&["TO"])?;
        CopyEnd::To(target(cursor)?)
    };
    cursor.accept(&["USING"]);
    cursor.accept(&["WITH"]);
    if cursor.accept_token(&Token::LParen) {
        loop {
            options.push(listed_option(cursor)?);
            if !cursor.accept_token(&Token::Comma) {
                break;
            }
        }
        cursor.expect_token(&Token::RParen)?;
    } else {
        old_options(cursor, &mut options)?;
    }
    if cursor.peek_word().as_deref() == Some("WHERE") {
        return Err(
            Error::new(SqlState::FEATURE_NOT_SUPPORTED, "COPY FROM with WHERE is not supported")
                .with_hint("Load into a staging table, then INSERT .. SELECT .. WHERE.")
                .at(cursor.span()),
        );
    }
    cursor.expect_end()?;
    Ok(Syntax::Copy(Box::new(CopySyntax {
        relation,
        direction,
        options,
    })))
}

fn is_name(cursor: &Cursor<'_>, ahead: usize) -> bool {
    cursor
        .peek_word_at(ahead)
        .is_some_and(|word| word != "FROM" && word != "TO")
}

fn relation(cursor: &mut Cursor<'_>) -> Result<CopyRelation> {
    if cursor.accept_token(&Token::LParen) {
        if matches!(cursor.peek_word().as_deref(), Some("INSERT" | "UPDATE" | "DELETE")) {
            return Err(Error::new(
                SqlState::FEATURE_NOT_SUPPORTED,
                "COPY of a statement with RETURNING is not supported",
            )
            .at(cursor.span()));
        }
        let query = cursor.with_parser(|parser| parser.parse_query())?;
        cursor.expect_token(&Token::RParen)?;
        return Ok(CopyRelation::Query(query));
    }
    let name = cursor.with_parser(|parser| parser.parse_object_name(false))?;
    let mut columns = Vec::new();
    if cursor.accept_token(&Token::LParen) {
        columns = column_list(cursor)?;
    }
    Ok(CopyRelation::Table { name, columns })
}

/// Names up to the closing parenthesis; the opening one has been read.
fn column_list(cursor: &mut Cursor<'_>) -> Result<Vec<ast::Ident>> {
    let columns = cursor.with_parser(|parser| parser.parse_comma_separated(|parser| parser.parse_identifier()))?;
    cursor.expect_token(&Token::RParen)?;
    Ok(columns)
}

fn source(cursor: &mut Cursor<'_>) -> Result<CopySource> {
    if cursor.accept_any(&["STDIN", "STDOUT"]).is_some() {
        return Ok(CopySource::Stdin);
    }
    refuse_program(cursor)?;
    cursor.string().map(CopySource::File).ok_or_else(|| cursor.error())
}

fn target(cursor: &mut Cursor<'_>) -> Result<CopyTarget> {
    if cursor.accept_any(&["STDIN", "STDOUT"]).is_some() {
        return Ok(CopyTarget::Stdout);
    }
    refuse_program(cursor)?;
    cursor.string().map(CopyTarget::File).ok_or_else(|| cursor.error())
}

fn refuse_program(cursor: &Cursor<'_>) -> Result<()> {
    if cursor.peek_word().as_deref() == Some("PROGRAM") {
        return Err(
            Error::new(SqlState::FEATURE_NOT_SUPPORTED, "COPY with PROGRAM is not supported").at(cursor.span()),
        );
    }
    Ok(())
}

fn text_option(cursor: &Cursor<'_>, name: &str, value: &str) -> CopyOptionSyntax {
    CopyOptionSyntax {
        name: name.to_owned(),
        value: CopyOptionValue::Text(value.to_owned()),
        span: cursor
            .peek()
            .map_or_else(sqlparser::tokenizer::Span::empty, |token| token.span),
    }
}

/// `name [value]` of the list in parentheses.
fn listed_option(cursor: &mut Cursor<'_>) -> Result<CopyOptionSyntax> {
    let span = cursor
        .peek()
        .map_or_else(sqlparser::tokenizer::Span::empty, |token| token.span);
    let name = cursor.name()?.to_lowercase();
    let value = match cursor.peek().map(|token| &token.token) {
        None | Some(Token::Comma | Token::RParen) => CopyOptionValue::None,
        Some(Token::Mul) => {
            cursor.next();
            CopyOptionValue::AllColumns
        }
        Some(Token::LParen) => {
            cursor.next();
            CopyOptionValue::Columns(column_list(cursor)?)
        }
        Some(Token::Number(number, _)) => {
            cursor.next();
            CopyOptionValue::Text(number.clone())
        }
        Some(_) => CopyOptionValue::Text(cursor.string().map_or_else(|| cursor.name(), Ok)?),
    };
    Ok(CopyOptionSyntax { name, value, span })
}

/// Options as they were written before Postgres 9: `CSV HEADER DELIMITER AS ','`.
fn old_options(cursor: &mut Cursor<'_>, options: &mut Vec<CopyOptionSyntax>) -> Result<()> {
    while let Some(word) = cursor.peek_word() {
        if word == "WHERE" {
            break;
        }
        let mut option = text_option(cursor, &word.to_lowercase(), "");
        cursor.next();
        match word.as_str() {
            "BINARY" | "CSV" => {
                option.name = "format".to_owned();
                option.value = CopyOptionValue::Text(word.to_lowercase());
            }
            "HEADER" | "FREEZE" => option.value = CopyOptionValue::None,
            "DELIMITER" | "DELIMITERS" | "NULL" | "QUOTE" | "ESCAPE" | "ENCODING" => {
                cursor.accept(&["AS"]);
                let text = cursor.string().ok_or_else(|| cursor.error())?;
                option.name = word.trim_end_matches('S').to_lowercase();
                option.value = CopyOptionValue::Text(text);
            }
            "FORCE" => {
                option.name = if cursor.accept(&["QUOTE"]) {
                    "force_quote".to_owned()
                } else if cursor.accept(&["NOT", "NULL"]) {
                    "force_not_null".to_owned()
                } else {
                    cursor.expect(&["NULL"])?;
                    "force_null".to_owned()
                };
                option.value = if cursor.accept_token(&Token::Mul) {
                    CopyOptionValue::AllColumns
                } else {
                    let columns = cursor
                        .with_parser(|parser| parser.parse_comma_separated(|parser| parser.parse_identifier()))?;
                    CopyOptionValue::Columns(columns)
                };
            }
            _ => {
                return Err(Error::new(
                    SqlState::SYNTAX_ERROR,
                    format!("syntax error at or near \"{}\"", word.to_lowercase()),
                ));
            }
        }
        options.push(option);
    }
    Ok(())
}
