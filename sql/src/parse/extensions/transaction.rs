//! BEGIN, START TRANSACTION, COMMIT, END, ROLLBACK, ABORT, SAVEPOINT, RELEASE, with every option Postgres has.

use super::cursor::Cursor;
use crate::error::{Error, Result, SqlState};
use crate::plan::{Statement, TransactionStatement};
use sqlparser::tokenizer::Token;

/// Reads a transaction statement; the cursor is at its first word.
pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Statement> {
    let statement = match cursor.name()?.as_str() {
        "begin" => {
            cursor.accept_any(&["WORK", "TRANSACTION"]);
            begin(cursor)?
        }
        "start" => {
            cursor.expect(&["TRANSACTION"])?;
            begin(cursor)?
        }
        "commit" | "end" => {
            if cursor.accept(&["PREPARED"]) {
                return Err(two_phase());
            }
            cursor.accept_any(&["WORK", "TRANSACTION"]);
            chain(cursor)?;
            TransactionStatement::Commit
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
                chain(cursor)?;
                TransactionStatement::Rollback
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

fn two_phase() -> Error {
    Error::new(
        SqlState::FEATURE_NOT_SUPPORTED,
        "two-phase transactions are not supported",
    )
}

fn begin(cursor: &mut Cursor<'_>) -> Result<TransactionStatement> {
    let modes = modes(cursor)?;
    Ok(TransactionStatement::Begin {
        read_only: modes.read_only.unwrap_or(false),
    })
}

fn chain(cursor: &mut Cursor<'_>) -> Result<()> {
    if cursor.accept(&["AND", "NO", "CHAIN"]) {
        return Ok(());
    }
    if cursor.accept(&["AND", "CHAIN"]) {
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, "AND CHAIN is not supported").at(cursor.span()));
    }
    Ok(())
}

/// What a list of transaction modes asks for.
#[derive(Default)]
pub(super) struct Modes {
    /// READ ONLY or READ WRITE.
    pub(super) read_only: Option<bool>,
    /// The isolation level's name in lower case. Every level is served by snapshots.
    pub(super) isolation: Option<&'static str>,
}

/// Reads transaction modes, separated by commas or not at all.
pub(super) fn modes(cursor: &mut Cursor<'_>) -> Result<Modes> {
    let mut modes = Modes::default();
    loop {
        if cursor.accept(&["ISOLATION", "LEVEL"]) {
            modes.isolation = Some(isolation(cursor)?);
        } else if cursor.accept(&["READ", "ONLY"]) {
            modes.read_only = Some(true);
        } else if cursor.accept(&["READ", "WRITE"]) {
            modes.read_only = Some(false);
        } else if !cursor.accept(&["DEFERRABLE"]) && !cursor.accept(&["NOT", "DEFERRABLE"]) {
            return Ok(modes);
        }
        cursor.accept_token(&Token::Comma);
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
