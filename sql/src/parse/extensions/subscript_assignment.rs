//! `UPDATE t SET a[1] = ..`: an element or a slice of an array is assigned to, which the parser library does not know and Stoa does not
//! have. It is refused by name before anybody calls it a syntax error.

use super::cursor::Cursor;
use crate::error::{Error, Result, SqlState};
use sqlparser::tokenizer::Token;

/// Refuses an UPDATE that assigns to an element.
///
/// # Errors
/// 0A000
pub(super) fn refuse(cursor: &Cursor<'_>) -> Result<()> {
    let mut cursor = cursor.restarted();
    let (mut depth, mut is_in_set) = (0_usize, false);
    while let Some(token) = cursor.peek() {
        let begins_target = match &token.token {
            Token::LParen | Token::LBracket => {
                depth += 1;
                false
            }
            Token::RParen | Token::RBracket => {
                depth = depth.saturating_sub(1);
                false
            }
            Token::Comma => is_in_set && depth == 0,
            Token::Word(_) if depth == 0 => {
                let word = cursor.peek_word();
                let is = |expected: &str| word.as_deref() == Some(expected);
                is_in_set = (is_in_set || is("SET")) && !is("FROM") && !is("WHERE") && !is("RETURNING");
                is("SET")
            }
            _ => false,
        };
        cursor.next();
        if begins_target {
            refuse_element(&cursor)?;
        }
    }
    Ok(())
}

fn refuse_element(cursor: &Cursor<'_>) -> Result<()> {
    let mut next = cursor.rest().iter().map(|token| &token.token);
    match (next.next(), next.next()) {
        (Some(Token::Word(_)), Some(Token::LBracket)) => {
            let error = Error::new(
                SqlState::FEATURE_NOT_SUPPORTED,
                "assigning to an element of an array is not supported",
            );
            let error = error.with_hint("Assign a whole array: SET a = a[:1] || ARRAY[..] || a[3:].");
            Err(error.at(cursor.span()))
        }
        _ => Ok(()),
    }
}
