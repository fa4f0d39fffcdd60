//! Statements read from the tokens by ourselves: what the parser library does not know, knows only in part, or takes
//! differently from Postgres. Each file reads one family and answers `None` for what is not its own.

mod as_of;
mod copy;
mod cursor;
mod declare;
pub(crate) mod exclusion;
mod explain;
mod lock;
mod locking;
mod maintain;
mod parenthesized;
mod prepare;
mod refused;
mod rewrite;
pub(crate) mod rows_from;
pub(crate) mod sample;
mod sequence;
mod set;
mod subscript_assignment;
mod transaction;
mod view;

pub(super) use rewrite::rewrite;

use super::syntax::Syntax;
use crate::error::Result;
use cursor::Cursor;
use sqlparser::tokenizer::TokenWithSpan;

/// The statement, if it is one of ours.
///
/// # Errors
/// A syntax error in a statement of ours.
pub(super) fn parse(text: &str, tokens: &[TokenWithSpan]) -> Result<Option<Syntax>> {
    let mut cursor = Cursor::new(text, tokens);
    let Some(first) = cursor.peek_word() else {
        return Ok(None);
    };
    match first.as_str() {
        "BEGIN" | "START" | "COMMIT" | "END" | "ROLLBACK" | "ABORT" | "SAVEPOINT" | "RELEASE" => {
            transaction::parse(&mut cursor).map(|statement| Some(Syntax::Bound(statement)))
        }
        "SET" => set::parse_set(&mut cursor).map(|statement| Some(Syntax::Bound(statement))),
        "SHOW" => set::parse_show(&mut cursor).map(|statement| Some(Syntax::Bound(statement))),
        "RESET" => set::parse_reset(&mut cursor).map(|statement| Some(Syntax::Bound(statement))),
        "DISCARD" => set::parse_discard(&mut cursor).map(|statement| Some(Syntax::Bound(statement))),
        "DEALLOCATE" => prepare::parse_deallocate(&mut cursor).map(|statement| Some(Syntax::Bound(statement))),
        "PREPARE" => prepare::parse_prepare(&mut cursor).map(Some),
        "EXECUTE" => prepare::parse_execute(&mut cursor).map(Some),
        "CHECKPOINT" | "VACUUM" | "ANALYZE" | "ANALYSE" => maintain::parse(&mut cursor).map(Some),
        "EXPLAIN" => explain::parse(&mut cursor).map(Some),
        "COPY" => copy::parse(&mut cursor).map(Some),
        "DECLARE" => declare::parse_declare(&mut cursor).map(Some),
        "FETCH" | "MOVE" => declare::parse_fetch(&mut cursor).map(|statement| Some(Syntax::Bound(statement))),
        "CLOSE" => declare::parse_close(&mut cursor).map(|statement| Some(Syntax::Bound(statement))),
        "UPDATE" => {
            subscript_assignment::refuse(&cursor)?;
            declare::refuse_current_of(&mut cursor).map(|()| None)
        }
        "DELETE" => declare::refuse_current_of(&mut cursor).map(|()| None),
        "LOCK" => lock::parse_lock(&mut cursor).map(Some),
        "UNLISTEN" => lock::parse_unlisten(&mut cursor).map(|statement| Some(Syntax::Bound(statement))),
        "ALTER" => {
            refused::check(&mut cursor)?;
            sequence::parse(&mut cursor)
        }
        "CREATE" => {
            refused::check(&mut cursor)?;
            view::parse(&mut cursor)
        }
        _ => refused::check(&mut cursor).map(|()| None),
    }
}
