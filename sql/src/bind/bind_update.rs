//! UPDATE: the rows to change by their identity, with the new values of all columns.

use super::bind_from::{FromItem, joined};
use super::bind_insert::{is_default, shown_columns};
use super::bind_returning::columns_beside;
use super::bind_valid_time::{Versions, refuse_period};
use super::collect::{Clause, Context};
use super::name::{fold, simple};
use super::scope::{LeftOut, Scope, ScopeColumn, ScopeRelation};
use super::{Binder, not_supported};
use crate::catalog::{Identity, RelationInfo};
use crate::error::{Error, Result, SqlState};
use crate::plan::{ColumnDef, Distinct, Expr, JoinKind, Plan, ROW_ID_COLUMN, Update};
use crate::types::LogicalType;
use sqlparser::ast::{self, AssignmentTarget, TableFactor};
use std::sync::Arc;

/// The table of UPDATE or DELETE, scanned with its row identity.
pub(super) struct Target {
    pub(super) relation: Arc<RelationInfo>,
    /// Its alias or name.
    pub(super) name: String,
    pub(super) row_id: ColumnDef,
    pub(super) columns: Vec<ScopeColumn>,
    pub(super) item: FromItem,
}

impl Binder<'_> {
    /// The table that a statement changes.
    pub(super) fn bind_target(&mut self, factor: &TableFactor) -> Result<Target> {
        let TableFactor::Table {
            name,
            alias,
            args: None,
            version: None,
            ..
        } = factor
        else {
            return Err(not_supported("changing anything but a table"));
        };
        let relation = self.stored_table(name)?;
        let (mut scan, mut columns) = self.scan(&relation, None);
        self.add_system_columns(&relation, &mut scan, &mut columns);
        let row_id = self.column("row_id", LogicalType::BigInt, false);
        scan.columns.push((ROW_ID_COLUMN, row_id.clone()));
        let changeable = self.changeable(&relation, &columns, Versions::FromNowOn)?;
        let alias_name = alias.as_ref().map(|alias| fold(&alias.name));
        let name = alias_name.unwrap_or_else(|| relation.name.clone());
        let scope_relation = ScopeRelation {
            schema: alias.is_none().then(|| relation.schema.clone()),
            name: name.clone(),
            columns: columns.clone(),
            left_out: LeftOut::Never,
        };
        Ok(Target {
            item: FromItem::of_relation(Plan::Scan(scan).filtered(changeable), scope_relation),
            relation,
            name,
            row_id,
            columns,
        })
    }

    /// The target's rows that FROM or USING and WHERE choose, each once, and the names they are chosen by.
    pub(super) fn bind_target_rows(
        &mut self,
        item: FromItem,
        row_id: &ColumnDef,
        others: &[ast::TableWithJoins],
        condition: Option<&ast::Expr>,
    ) -> Result<(Plan, Scope<'static>)> {
        let FromItem { mut plan, mut scope } = item;
        if !others.is_empty() {
            let from = self.bind_from(others, None)?;
            scope.add(from.scope)?;
            plan = joined(plan, from.plan, JoinKind::Inner, Vec::new());
        }
        if let Some(condition) = condition {
            let mut context = Context::plain(&scope, Clause::Where);
            let mut predicates = Vec::new();
            self.bind_condition(condition, &mut context)?.split_and(&mut predicates);
            plan = plan.filtered(predicates);
        }
        if !others.is_empty() {
            // A row that matches several times is changed once.
            plan = Plan::Distinct(Distinct {
                input: Box::new(plan),
                on: vec![Expr::Column(row_id.clone())],
            });
        }
        Ok((plan, scope))
    }

    /// `UPDATE table SET column = value, .. [FROM ..] [WHERE ..] [RETURNING ..]`
    pub(super) fn bind_update(&mut self, update: &ast::Update) -> Result<Update> {
        if !update.order_by.is_empty() || update.limit.is_some() || update.or.is_some() || update.output.is_some() {
            return Err(not_supported("this form of UPDATE"));
        }
        if !update.table.joins.is_empty() {
            return Err(not_supported("UPDATE of a join").with_hint("Put the other tables behind FROM."));
        }
        let target = self.bind_target(&update.table.relation)?;
        let others: &[ast::TableWithJoins] = match &update.from {
            None => &[],
            Some(ast::UpdateTableFromKind::AfterSet(tables)) => tables,
            Some(ast::UpdateTableFromKind::BeforeSet(_)) => return Err(not_supported("UPDATE FROM .. SET")),
        };
        let (plan, scope) = self.bind_target_rows(target.item, &target.row_id, others, update.selection.as_ref())?;
        let assigned = self.bind_assignments(&update.assignments, &target.relation, &scope)?;
        let mut expressions = vec![(target.row_id.clone(), Expr::Column(target.row_id))];
        for (index, info) in shown_columns(&target.relation) {
            let new = assigned.iter().find(|(assigned, _)| *assigned == index);
            match (new, target.columns.get(index)) {
                (Some((_, value)), _) => {
                    let value = value.clone();
                    expressions.push((self.column_for(info.name.clone(), &value), value));
                }
                (None, Some(column)) => expressions.push((column.column.clone(), Expr::Column(column.column.clone()))),
                (None, None) => return Err(not_supported("a column without a place in its table")),
            }
        }
        let new_columns: Vec<ColumnDef> = expressions.iter().skip(1).map(|(column, _)| column.clone()).collect();
        let returning = update.returning.as_ref();
        let beside = scope.without_first();
        let returning = self.bind_returning(returning, &target.relation, &target.name, &new_columns, beside)?;
        for column in columns_beside(returning.as_ref(), &new_columns, &scope) {
            expressions.push((column.clone(), Expr::Column(column)));
        }
        Ok(Update {
            table: target.relation.id,
            name: target.relation.name.clone(),
            assigned: assigned.iter().map(|(column, _)| *column).collect(),
            source: plan.projected(expressions),
            returning,
        })
    }

    pub(super) fn bind_assignments(
        &mut self,
        assignments: &[ast::Assignment],
        relation: &RelationInfo,
        scope: &Scope<'_>,
    ) -> Result<Vec<(usize, Expr)>> {
        let mut assigned: Vec<(usize, Expr)> = Vec::new();
        for assignment in assignments {
            for (target, value) in pairs(assignment)? {
                let name = simple(target)?;
                let index = self
                    .column_index(relation, &name)
                    .map_err(|error| error.at(self.span(target)))?;
                if assigned.iter().any(|(known, _)| *known == index) {
                    return Err(Error::new(
                        SqlState::SYNTAX_ERROR,
                        format!("multiple assignments to same column \"{name}\""),
                    )
                    .at(self.span(target)));
                }
                refuse_period(relation, index).map_err(|error| error.at(self.span(target)))?;
                let Some(info) = relation.columns.get(index) else {
                    continue;
                };
                if info.identity == Some(Identity::Always) && !is_default(value) {
                    return Err(Error::new(
                        SqlState("428C9"),
                        format!("column \"{name}\" can only be updated to DEFAULT"),
                    )
                    .with_detail(format!(
                        "Column \"{name}\" is an identity column defined as GENERATED ALWAYS."
                    ))
                    .at(self.span(target)));
                }
                let expression = if is_default(value) {
                    self.default_value(info)?
                } else {
                    let mut context = Context::plain(scope, Clause::Update);
                    let bound = self.bind_expression(value, &mut context)?;
                    let span = self.span(value);
                    self.assign(bound, info, span)?
                };
                assigned.push((index, expression));
            }
        }
        Ok(assigned)
    }
}

/// Columns and their values; `(a, b) = (1, 2)` is two.
fn pairs(assignment: &ast::Assignment) -> Result<Vec<(&ast::ObjectName, &ast::Expr)>> {
    match (&assignment.target, &assignment.value) {
        (AssignmentTarget::ColumnName(name), value) => Ok(vec![(name, value)]),
        (AssignmentTarget::Tuple(names), ast::Expr::Tuple(values)) if names.len() == values.len() => {
            Ok(names.iter().zip(values).collect())
        }
        (AssignmentTarget::Tuple(names), value) => match names.as_slice() {
            [name] => Ok(vec![(name, value)]),
            _ => Err(not_supported("assigning a subquery to several columns")),
        },
    }
}
