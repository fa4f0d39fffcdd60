//! What family a statement belongs to, known before binding: a session in a failed transaction lets only some through.

use super::syntax::Syntax;
use crate::plan::{Statement, TransactionStatement};
use sqlparser::ast;

/// The family of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StatementKind {
    /// SELECT, VALUES, TABLE, WITH .. SELECT
    Query,
    /// INSERT, UPDATE, DELETE, TRUNCATE
    Change,
    /// CREATE, ALTER, DROP
    Definition,
    /// COPY
    Copy,
    /// EXPLAIN
    Explain,
    /// BEGIN, START TRANSACTION, SAVEPOINT
    Begin,
    /// COMMIT, ROLLBACK, ROLLBACK TO: what a failed transaction accepts.
    End,
    /// SET, SHOW, RESET, PREPARE, DEALLOCATE, DISCARD, FETCH, MOVE, CLOSE, UNLISTEN
    Session,
    /// DECLARE CURSOR
    Declare,
    /// EXECUTE: whatever was prepared.
    Execute,
    /// LOCK TABLE
    Lock,
    /// VACUUM, ANALYZE, CHECKPOINT
    Maintenance,
    /// Nothing.
    Empty,
}

/// The family a syntax tree belongs to.
pub(crate) fn kind(syntax: &Syntax) -> StatementKind {
    match syntax {
        Syntax::Bound(statement) => bound_kind(statement),
        Syntax::Standard(statement) => standard_kind(statement),
        Syntax::InsertConstants(_) => StatementKind::Change,
        Syntax::Copy(_) => StatementKind::Copy,
        Syntax::Explain { .. } => StatementKind::Explain,
        Syntax::CreateView { .. } => StatementKind::Definition,
        Syntax::Prepare { .. } => StatementKind::Session,
        Syntax::Declare(_) => StatementKind::Declare,
        Syntax::Execute { .. } => StatementKind::Execute,
        Syntax::Maintain { .. } => StatementKind::Maintenance,
        Syntax::Lock { .. } => StatementKind::Lock,
    }
}

fn bound_kind(statement: &Statement) -> StatementKind {
    match statement {
        Statement::Empty => StatementKind::Empty,
        Statement::AlterSequence(_) => StatementKind::Definition,
        Statement::Checkpoint => StatementKind::Maintenance,
        Statement::Transaction(TransactionStatement::End { .. } | TransactionStatement::RollbackTo(_)) => {
            StatementKind::End
        }
        Statement::Transaction(_) => StatementKind::Begin,
        _ => StatementKind::Session,
    }
}

/// Whether the WITH of a query changes rows.
fn changes_rows(query: &ast::Query) -> bool {
    let entries = query.with.iter().flat_map(|with| &with.cte_tables);
    entries.into_iter().any(|entry| {
        matches!(
            *entry.query.body,
            ast::SetExpr::Insert(_) | ast::SetExpr::Update(_) | ast::SetExpr::Delete(_) | ast::SetExpr::Merge(_)
        )
    })
}

fn standard_kind(statement: &ast::Statement) -> StatementKind {
    match statement {
        ast::Statement::Query(query) => match *query.body {
            ast::SetExpr::Insert(_) | ast::SetExpr::Update(_) | ast::SetExpr::Delete(_) | ast::SetExpr::Merge(_) => {
                StatementKind::Change
            }
            _ if changes_rows(query) => StatementKind::Change,
            _ => StatementKind::Query,
        },
        ast::Statement::Insert(_)
        | ast::Statement::Update(_)
        | ast::Statement::Merge(_)
        | ast::Statement::Delete(_)
        | ast::Statement::Truncate(_) => StatementKind::Change,
        _ => StatementKind::Definition,
    }
}
