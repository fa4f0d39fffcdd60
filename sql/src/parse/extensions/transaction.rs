//! BEGIN, START TRANSACTION, COMMIT, END, ROLLBACK, ABORT, SAVEPOINT, RELEASE, with every option Postgres has.

use super::cursor::Cursor;
use crate::error::{Error, Result, SqlState};
use crate::plan::{Statement, TransactionModes, TransactionStatement};
use sqlparser::tokenizer::Token;

/// Reads a transaction statement; the cursor is at its first word.
pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Statement> {
    let statement = match cursor.name()?.as_str() {
        "begin" => {
            cursor.accept_any(&["WORK", "TRANSACTION"]);
            begin(cursor, false)?
        }
        "start" => {
            cursor.expect(&["TRANSACTION"])?;
            begin(cursor, true)?
        }
        "commit" | "end" => {
            if cursor.accept(&["PREPARED"]) {
                return Err(two_phase());
            }
            cursor.accept_any(&["WORK", "TRANSACTION"]);
            TransactionStatement::End {
                commit: true,
                chain: chain(cursor),
            }
        }
        "rollback" | "abort" => {
            if cursor.accept(&["PREPARED"]) {
                return Err(two_phase());
            }
            cursor.accept_any(&["WORK", "TRANSACTION"]);
            if cursor.accept(&["TO"]) {
                cursor.accept(&["SAVEPOINT"]);
                TransactionStatement::RollbackTo(cursor.name()?)
            } else {
                TransactionStatement::End {
                    commit: false,
                    chain: chain(cursor),
                }
            }
        }
        "savepoint" => TransactionStatement::Savepoint(cursor.name()?),
        _ => {
            cursor.accept(&["SAVEPOINT"]);
            TransactionStatement::Release(cursor.name()?)
        }
    };
    cursor.expect_end()?;
    Ok(Statement::Transaction(statement))
}

/// That there are no transactions in two phases.
pub(super) fn two_phase() -> Error {
    Error::new(
        SqlState::FEATURE_NOT_SUPPORTED,
        "two-phase transactions are not supported",
    )
}

fn begin(cursor: &mut Cursor<'_>, is_start: bool) -> Result<TransactionStatement> {
    Ok(TransactionStatement::Begin {
        modes: modes(cursor)?,
        is_start,
    })
}

fn chain(cursor: &mut Cursor<'_>) -> bool {
    !cursor.accept(&["AND", "NO", "CHAIN"]) && cursor.accept(&["AND", "CHAIN"])
}

/// Reads transaction modes, separated by commas or not at all.
pub(super) fn modes(cursor: &mut Cursor<'_>) -> Result<TransactionModes> {
    let mut modes = TransactionModes::default();
    loop {
        if cursor.accept(&["ISOLATION", "LEVEL"]) {
            modes.isolation = Some(isolation(cursor)?);
        } else if cursor.accept(&["READ", "ONLY"]) {
            modes.read_only = Some(true);
        } else if cursor.accept(&["READ", "WRITE"]) {
            modes.read_only = Some(false);
        } else if cursor.accept(&["DEFERRABLE"]) {
            modes.deferrable = Some(true);
        } else if cursor.accept(&["NOT", "DEFERRABLE"]) {
            modes.deferrable = Some(false);
        } else {
            return Ok(modes);
        }
        if cursor.accept_token(&Token::Comma) && cursor.peek().is_none() {
            return Err(cursor.error());
        }
    }
}

fn isolation(cursor: &mut Cursor<'_>) -> Result<&'static str> {
    let levels: [(&[&str], &'static str); 4] = [
        (&["READ", "UNCOMMITTED"], "read uncommitted"),
        (&["READ", "COMMITTED"], "read committed"),
        (&["REPEATABLE", "READ"], "repeatable read"),
        (&["SERIALIZABLE"], "serializable"),
    ];
    for (words, name) in levels {
        if cursor.accept(words) {
            return Ok(name);
        }
    }
    Err(cursor.error())
}
