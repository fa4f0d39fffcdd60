//! LOCK TABLE, UNLISTEN.

use super::super::syntax::Syntax;
use super::cursor::Cursor;
use crate::error::{Error, Result, SqlState};
use crate::plan::Statement;
use sqlparser::tokenizer::Token;

/// What a statement that reads or changes rows holds by itself, in Postgres, until its transaction ends.
const TAKEN_ANYWAY: [&[&str]; 3] = [&["ACCESS", "SHARE"], &["ROW", "SHARE"], &["ROW", "EXCLUSIVE"]];

/// What keeps others from changing the table meanwhile.
const EXCLUDING: [&[&str]; 5] = [
    &["SHARE", "UPDATE", "EXCLUSIVE"],
    &["SHARE", "ROW", "EXCLUSIVE"],
    &["SHARE"],
    &["EXCLUSIVE"],
    &["ACCESS", "EXCLUSIVE"],
];

/// LOCK [TABLE] [ONLY] name [*], .. [IN mode MODE] [NOWAIT]
pub(super) fn parse_lock(cursor: &mut Cursor<'_>) -> Result<Syntax> {
    let span = cursor.span();
    cursor.expect(&["LOCK"])?;
    cursor.accept(&["TABLE"]);
    let mut tables = Vec::new();
    loop {
        cursor.accept(&["ONLY"]);
        tables.push(cursor.with_parser(|parser| parser.parse_object_name(false))?);
        cursor.accept_token(&Token::Mul);
        if !cursor.accept_token(&Token::Comma) {
            break;
        }
    }
    let mut excludes = true;
    if cursor.accept(&["IN"]) {
        excludes = !TAKEN_ANYWAY.iter().any(|words| cursor.accept(words));
        if excludes && !EXCLUDING.iter().any(|words| cursor.accept(words)) {
            return Err(cursor.error());
        }
        cursor.expect(&["MODE"])?;
    }
    cursor.accept(&["NOWAIT"]);
    cursor.expect_end()?;
    if excludes {
        let error = Error::new(
            SqlState::FEATURE_NOT_SUPPORTED,
            "locks that keep others from changing a table are not supported",
        );
        return Err(error
            .with_hint(
                "A transaction reads one snapshot; of two that change the same row the later one fails with 40001 and can be \
                 tried again.",
            )
            .at(span));
    }
    Ok(Syntax::Lock { tables })
}

/// UNLISTEN name, or *
pub(super) fn parse_unlisten(cursor: &mut Cursor<'_>) -> Result<Statement> {
    cursor.expect(&["UNLISTEN"])?;
    if !cursor.accept_token(&Token::Mul) {
        cursor.name()?;
    }
    cursor.expect_end()?;
    Ok(Statement::Unlisten)
}
