//! FOR UPDATE behind a query. Nothing is locked: whoever changes the rows afterwards is either the first, or fails with 40001 when
//! it commits. What FOR SHARE and SKIP LOCKED promise cannot be kept that way; they are refused.

use super::name::{fold, parts};
use super::{Binder, not_supported};
use crate::error::{Error, Result, SqlState};
use crate::plan::Plan;
use sqlparser::ast::{self, LockType, NonBlock, SetExpr, TableFactor};

impl Binder<'_> {
    /// Whether a query may have the locking clauses that it has, as far as its syntax tells.
    ///
    /// # Errors
    /// 0A000 where there are no rows to lock, or the clause is not supported; 42P01 for a relation that is not in FROM.
    pub(super) fn check_locking(&self, query: &ast::Query) -> Result<()> {
        for lock in &query.locks {
            if lock.lock_type == LockType::Share {
                return Err(not_supported("FOR SHARE").with_hint(
                    "Rows are not locked: a transaction goes on reading its snapshot, and others go on changing rows.",
                ));
            }
            if lock.nonblock == Some(NonBlock::SkipLocked) {
                return Err(not_supported("SKIP LOCKED").with_hint(
                    "Rows are not locked: of two transactions that change the same row the later one fails with 40001.",
                ));
            }
            let select = match &*query.body {
                SetExpr::Select(select) => select,
                SetExpr::SetOperation { .. } => return Err(not_allowed("with UNION/INTERSECT/EXCEPT")),
                SetExpr::Values(_) => {
                    return Err(Error::new(
                        SqlState::FEATURE_NOT_SUPPORTED,
                        "FOR UPDATE cannot be applied to VALUES",
                    ));
                }
                _ => continue,
            };
            let has_groups = !matches!(&select.group_by, ast::GroupByExpr::Expressions(keys, _) if keys.is_empty());
            match () {
                () if select.distinct.is_some() => return Err(not_allowed("with DISTINCT clause")),
                () if has_groups => return Err(not_allowed("with GROUP BY clause")),
                () if select.having.is_some() => return Err(not_allowed("with HAVING clause")),
                () => {}
            }
            if let Some(of) = &lock.of {
                let name = parts(of)?.pop().unwrap_or_default();
                let factors = select.from.iter().flat_map(|from| {
                    let joined = from.joins.iter().map(|join| &join.relation);
                    std::iter::once(&from.relation).chain(joined)
                });
                if !factors.filter_map(name_of).any(|known| known == name) {
                    return Err(Error::new(
                        SqlState::UNDEFINED_TABLE,
                        format!("relation \"{name}\" in FOR UPDATE clause not found in FROM clause"),
                    )
                    .at(self.span(of)));
                }
            }
        }
        Ok(())
    }
}

/// Whether rows of a query with a locking clause are still rows of tables.
///
/// # Errors
/// 0A000
pub(super) fn check_locked_plan(query: &ast::Query, plan: &Plan) -> Result<()> {
    if query.locks.is_empty() {
        return Ok(());
    }
    let mut plan = plan;
    loop {
        plan = match plan {
            Plan::Aggregate(_) => return Err(not_allowed("with aggregate functions")),
            Plan::Window(_) => return Err(not_allowed("with window functions")),
            Plan::Project(node) => &node.input,
            Plan::Filter(node) => &node.input,
            Plan::Sort(node) => &node.input,
            Plan::Limit(node) => &node.input,
            _ => return Ok(()),
        };
    }
}

fn not_allowed(place: &str) -> Error {
    Error::new(
        SqlState::FEATURE_NOT_SUPPORTED,
        format!("FOR UPDATE is not allowed {place}"),
    )
}

/// The name by which a relation in FROM goes.
fn name_of(factor: &TableFactor) -> Option<String> {
    match factor {
        TableFactor::Table { name, alias, .. } => match alias {
            Some(alias) => Some(fold(&alias.name)),
            None => parts(name).ok()?.pop(),
        },
        TableFactor::Derived { alias, .. } => alias.as_ref().map(|alias| fold(&alias.name)),
        _ => None,
    }
}
