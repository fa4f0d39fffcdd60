//! CHECKPOINT, VACUUM, ANALYZE. Options of VACUUM and ANALYZE that steer Postgres's own storage are read and ignored.

use super::super::syntax::Syntax;
use super::cursor::Cursor;
use crate::error::Result;
use crate::plan::Statement;
use sqlparser::tokenizer::Token;

/// Reads a maintenance statement; the cursor is at its first word.
pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Syntax> {
    if cursor.accept(&["CHECKPOINT"]) {
        cursor.expect_end()?;
        return Ok(Syntax::Bound(Statement::Checkpoint));
    }
    let vacuum = cursor.accept(&["VACUUM"]);
    if !vacuum {
        cursor.next();
    }
    if cursor.accept_token(&Token::LParen) {
        while !cursor.accept_token(&Token::RParen) {
            if cursor.next().is_none() {
                return Err(cursor.error());
            }
        }
    }
    while cursor
        .accept_any(&["FULL", "FREEZE", "VERBOSE", "ANALYZE", "ANALYSE"])
        .is_some()
    {}
    let mut table = None;
    if cursor.peek().is_some() {
        table = Some(cursor.with_parser(|parser| parser.parse_object_name(false))?);
        if cursor.accept_token(&Token::LParen) {
            while !cursor.accept_token(&Token::RParen) {
                cursor.name()?;
                cursor.accept_token(&Token::Comma);
            }
        }
    }
    cursor.expect_end()?;
    Ok(Syntax::Maintain { vacuum, table })
}
