//! Limits checked on the tokens before the parser sees them, because what the parser builds is a tree whose depth costs
//! stack wherever it is walked, copied or dropped.
//!
//! The depth of the tree is bounded by the weight of the path to a token: the open parentheses, plus the operators met so
//! far in each chain that is open around it. A comma or a clause's keyword ends a chain. AND and OR are counted apart: the
//! binder flattens them.

use crate::error::{Error, Result, SqlState};
use crate::limits::{BOOLEAN_CHAIN_MAX, NESTING_DEPTH_MAX, OPERATOR_DEPTH_MAX, STATEMENT_TOKENS_MAX, SYMMETRIC_MAX};
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Location, Token, TokenWithSpan};

#[derive(Default)]
struct Level {
    /// Operators since the last comma or clause.
    operators: usize,
    /// AND and OR since then.
    booleans: usize,
    /// BETWEEN SYMMETRIC since then.
    symmetric: usize,
    /// Set operations and joins, which only the closing parenthesis ends.
    relations: usize,
}

/// Checks one statement's tokens.
///
/// # Errors
/// 54000 or 54001 and the place where the limit is exceeded.
pub(crate) fn check(tokens: &[TokenWithSpan]) -> Result<(), (Error, Location)> {
    if let Some(token) = tokens.get(STATEMENT_TOKENS_MAX) {
        let error = Error::new(
            SqlState::PROGRAM_LIMIT_EXCEEDED,
            format!("statement has more than {STATEMENT_TOKENS_MAX} tokens"),
        )
        .with_hint("Load many rows with COPY.");
        return Err((error, token.span.start));
    }
    let mut levels = vec![Level::default()];
    let mut weight = 0usize;
    for token in tokens {
        step(&mut levels, &mut weight, &token.token).map_err(|error| (error, token.span.start))?;
    }
    Ok(())
}

fn step(levels: &mut Vec<Level>, weight: &mut usize, token: &Token) -> Result<()> {
    if opens(token) {
        levels.push(Level::default());
        *weight += 1;
        if levels.len() > NESTING_DEPTH_MAX {
            return Err(too_complex(format!(
                "statement nests deeper than {NESTING_DEPTH_MAX} levels"
            )));
        }
    } else if closes(token) {
        if levels.len() > 1
            && let Some(level) = levels.pop()
        {
            *weight = weight.saturating_sub(1 + level.operators + level.relations);
            // `a[1][2]`, `f(x)(y)` and the like: what was closed is below what follows.
            if let Some(outer) = levels.last_mut() {
                outer.operators += usize::from(matches!(token, Token::RBracket));
                *weight += usize::from(matches!(token, Token::RBracket));
            }
        }
    } else if let Some(level) = levels.last_mut() {
        match role(token) {
            Role::Separator => {
                *weight = weight.saturating_sub(level.operators);
                level.operators = 0;
                level.booleans = 0;
                level.symmetric = 0;
            }
            Role::Boolean => {
                *weight = weight.saturating_sub(level.operators);
                level.operators = 0;
                level.booleans += 1;
            }
            Role::Operator => {
                level.operators += 1;
                *weight += 1;
            }
            Role::Relation => {
                level.relations += 1;
                *weight += 1;
            }
            Role::Other => {}
        }
        if level.booleans > BOOLEAN_CHAIN_MAX {
            return Err(too_complex(format!(
                "more than {BOOLEAN_CHAIN_MAX} conditions in one chain"
            )));
        }
    }
    if keyword(token) == Some(Keyword::SYMMETRIC) {
        // Each doubles what it is of.
        let Some(level) = levels.last_mut() else { return Ok(()) };
        level.symmetric += 1;
        if levels.iter().map(|level| level.symmetric).sum::<usize>() > SYMMETRIC_MAX {
            return Err(too_complex(format!(
                "more than {SYMMETRIC_MAX} BETWEEN SYMMETRIC in one expression"
            )));
        }
    }
    if *weight > OPERATOR_DEPTH_MAX {
        return Err(too_complex(format!(
            "more than {OPERATOR_DEPTH_MAX} operators, joins or set operations pile up in one expression"
        )));
    }
    Ok(())
}

fn too_complex(message: String) -> Error {
    Error::new(SqlState::STATEMENT_TOO_COMPLEX, message)
        .with_hint("Use IN lists, arrays or VALUES instead of long chains, or split the statement.")
}

fn keyword(token: &Token) -> Option<Keyword> {
    match token {
        Token::Word(word) => Some(word.keyword),
        _ => None,
    }
}

fn opens(token: &Token) -> bool {
    matches!(token, Token::LParen | Token::LBracket | Token::LBrace) || keyword(token) == Some(Keyword::CASE)
}

fn closes(token: &Token) -> bool {
    matches!(token, Token::RParen | Token::RBracket | Token::RBrace) || keyword(token) == Some(Keyword::END)
}

enum Role {
    Separator,
    Boolean,
    Operator,
    Relation,
    Other,
}

fn role(token: &Token) -> Role {
    match token {
        Token::Comma | Token::SemiColon => Role::Separator,
        Token::Word(word) => match word.keyword {
            Keyword::AND | Keyword::OR => Role::Boolean,
            Keyword::SELECT
            | Keyword::FROM
            | Keyword::WHERE
            | Keyword::GROUP
            | Keyword::HAVING
            | Keyword::ORDER
            | Keyword::LIMIT
            | Keyword::WHEN
            | Keyword::THEN
            | Keyword::ELSE
            | Keyword::ON
            | Keyword::VALUES => Role::Separator,
            Keyword::UNION | Keyword::INTERSECT | Keyword::EXCEPT | Keyword::JOIN => Role::Relation,
            Keyword::NOT
            | Keyword::IS
            | Keyword::LIKE
            | Keyword::ILIKE
            | Keyword::IN
            | Keyword::BETWEEN
            | Keyword::COLLATE
            | Keyword::AT
            | Keyword::EXPLAIN
            | Keyword::ARRAY
            | Keyword::INTERVAL
            | Keyword::NULLABLE => Role::Operator,
            _ => Role::Other,
        },
        Token::EOF
        | Token::Number(..)
        | Token::SingleQuotedString(_)
        | Token::EscapedStringLiteral(_)
        | Token::DollarQuotedString(_)
        | Token::Placeholder(_)
        | Token::Whitespace(_) => Role::Other,
        _ => Role::Operator,
    }
}
