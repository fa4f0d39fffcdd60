//! WITH in front of statements that change rows, or with such statements inside: each is bound by itself, and reads the rows that those
//! before it return. What WITH merely reads goes into the statements that name it, so that their plans are as good as without.

use super::bind_cte::BoundWith;
use super::name::fold;
use super::{Binder, CteBinding, not_supported};
use crate::error::{Error, Result, SqlState};
use crate::plan::{ColumnDef, Plan, Query, Statement, WithEntry, WithStatement};
use sqlparser::ast;
use std::sync::Arc;

/// Whether a query is a statement that changes rows.
fn is_change(query: &ast::Query) -> bool {
    matches!(
        *query.body,
        ast::SetExpr::Insert(_) | ast::SetExpr::Update(_) | ast::SetExpr::Delete(_) | ast::SetExpr::Merge(_)
    )
}

/// Whether a query changes rows, or its WITH does.
pub(super) fn changes_rows(query: &ast::Query) -> bool {
    let entries = query.with.iter().flat_map(|with| &with.cte_tables);
    is_change(query) || entries.into_iter().any(|entry| is_change(&entry.query))
}

/// Refuses a query of a WITH that changes rows, below the top of a statement.
///
/// # Errors
/// 0A000
pub(super) fn refuse_change(query: &ast::Query) -> Result<()> {
    match is_change(query) {
        true => Err(Error::new(
            SqlState::FEATURE_NOT_SUPPORTED,
            "WITH clause containing a data-modifying statement must be at the top level",
        )),
        false => Ok(()),
    }
}

impl Binder<'_> {
    /// A query that changes rows, or whose WITH does.
    pub(super) fn bind_with_statement(&mut self, query: &ast::Query) -> Result<Statement> {
        let known = self.ctes.len();
        let statement = self.bind_entries_and_body(query);
        self.ctes.truncate(known);
        statement
    }

    fn bind_entries_and_body(&mut self, query: &ast::Query) -> Result<Statement> {
        let first = self.ctes.len();
        let mut read: Vec<BoundWith> = Vec::new();
        let mut entries: Vec<WithEntry> = Vec::new();
        for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
            let name = fold(&cte.alias.name);
            if self.ctes.iter().skip(first).any(|known| known.name == name) {
                let message = format!("WITH query name \"{name}\" specified more than once");
                return Err(Error::new(SqlState::DUPLICATE_ALIAS, message).at(self.span(&cte.alias.name)));
            }
            if is_change(&cte.query) {
                let entry = self.bind_change(cte, &name, &read)?;
                self.ctes.push(CteBinding {
                    name,
                    columns: entry.columns.clone(),
                    id: entry.id,
                    returns_nothing: entry.columns.is_empty(),
                });
                entries.push(entry);
                continue;
            }
            let is_recursive = query.with.as_ref().is_some_and(|with| with.recursive);
            let bound = self.bind_entry(cte, &name, is_recursive)?;
            self.ctes.push(bound.binding());
            match bound.is_computed_once() {
                true => {
                    let id = bound.id();
                    let (name, definition, columns) = bound.into_parts();
                    let names = columns.iter().map(|column| column.name.clone()).collect();
                    let mut statement = Statement::Query(Query {
                        plan: Arc::new(definition),
                        names,
                    });
                    put_around(&mut statement, &read);
                    entries.push(WithEntry {
                        id,
                        name,
                        columns,
                        statement,
                    });
                }
                false => read.push(bound),
            }
        }
        let mut body = self.bind_with_body(query)?;
        put_around(&mut body, &read);
        Ok(match entries.is_empty() {
            true => body,
            false => Statement::With(WithStatement {
                entries,
                body: Box::new(body),
            }),
        })
    }

    fn bind_with_body(&mut self, query: &ast::Query) -> Result<Statement> {
        if let Some(statement) = change_of(query)? {
            return self.bind_changing(statement);
        }
        let plain = ast::Query {
            with: None,
            ..query.clone()
        };
        self.bind_query_statement(&plain).map(Statement::Query)
    }

    fn bind_changing(&mut self, statement: &ast::Statement) -> Result<Statement> {
        match statement {
            ast::Statement::Insert(insert) => self.bind_insert(insert).map(Statement::Insert),
            ast::Statement::Update(update) => self.bind_update(update).map(Statement::Update),
            ast::Statement::Delete(delete) => self.bind_delete(delete).map(Statement::Delete),
            ast::Statement::Merge(merge) => self.bind_merge(merge).map(Statement::Merge),
            _ => Err(not_supported("this statement in WITH")),
        }
    }

    /// `name AS (INSERT .. RETURNING ..)`
    fn bind_change(&mut self, cte: &ast::Cte, name: &str, read: &[BoundWith]) -> Result<WithEntry> {
        if cte.query.with.is_some() {
            return Err(not_supported("WITH inside a data-modifying statement in WITH"));
        }
        let Some(statement) = change_of(&cte.query)? else {
            return Err(not_supported("this statement in WITH"));
        };
        if matches!(statement, ast::Statement::Merge(_)) {
            let message = "MERGE not supported in WITH query";
            return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, message).at(self.span(&cte.alias.name)));
        }
        let mut statement = self.bind_changing(statement)?;
        put_around(&mut statement, read);
        let returning = match &statement {
            Statement::Insert(insert) => insert.returning.as_ref(),
            Statement::Update(update) => update.returning.as_ref(),
            Statement::Delete(delete) => delete.returning.as_ref(),
            _ => None,
        };
        let mut columns: Vec<ColumnDef> = Vec::new();
        if let Some(returning) = returning {
            let names = self.column_aliases(name, returning.names.clone(), &cte.alias.columns)?;
            for ((column, _), name) in returning.expressions.iter().zip(names) {
                columns.push(ColumnDef { name, ..column.clone() });
            }
        }
        Ok(WithEntry {
            id: self.cte_id(),
            name: name.to_owned(),
            columns,
            statement,
        })
    }
}

/// The statement that changes rows, where a query is one.
fn change_of(query: &ast::Query) -> Result<Option<&ast::Statement>> {
    let (ast::SetExpr::Insert(statement)
    | ast::SetExpr::Update(statement)
    | ast::SetExpr::Delete(statement)
    | ast::SetExpr::Merge(statement)) = &*query.body
    else {
        return Ok(None);
    };
    if query.order_by.is_some() || query.limit_clause.is_some() || query.fetch.is_some() || !query.locks.is_empty() {
        return Err(not_supported(
            "ORDER BY, LIMIT and FOR UPDATE behind a statement that changes rows",
        ));
    }
    Ok(Some(statement))
}

/// Puts what WITH reads around the plan of a statement that names it.
fn put_around(statement: &mut Statement, read: &[BoundWith]) {
    let around = |plan: &mut Plan| {
        for with in read.iter().rev() {
            let inner = std::mem::replace(plan, Plan::one_row());
            *plan = with.clone().around(inner);
        }
    };
    match statement {
        Statement::Query(query) => around(Arc::make_mut(&mut query.plan)),
        Statement::Insert(insert) => around(&mut insert.source),
        Statement::Update(update) => around(&mut update.source),
        Statement::Delete(delete) => around(&mut delete.source),
        Statement::Merge(merge) => around(&mut merge.source),
        _ => {}
    }
}
