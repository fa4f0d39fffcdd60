//! RETURNING: a select list over the changed rows, and what FROM or USING put beside them.

use super::Binder;
use super::bind_from::shown;
use super::bind_select::Item;
use super::collect::{Clause, Context};
use super::scope::{LeftOut, Scope, ScopeRelation};
use crate::catalog::RelationInfo;
use crate::error::Result;
use crate::plan::{ColumnDef, ColumnSet, Expr, Returning};
use sqlparser::ast;

impl Binder<'_> {
    /// `RETURNING items` over the given columns of the table's rows, and those of `beside`.
    pub(super) fn bind_returning(
        &mut self,
        items: Option<&Vec<ast::SelectItem>>,
        relation: &RelationInfo,
        alias: &str,
        columns: &[ColumnDef],
        beside: Scope<'_>,
    ) -> Result<Option<Returning>> {
        let Some(items) = items else {
            return Ok(None);
        };
        let mut scope = Scope::of_relation(
            None,
            ScopeRelation {
                schema: Some(relation.schema.clone()),
                name: alias.to_owned(),
                columns: shown(columns),
                left_out: LeftOut::Never,
            },
        );
        scope.add(beside)?;
        let mut used = ColumnSet::default();
        let mut expressions = Vec::new();
        let mut names = Vec::new();
        for item in self.expand_items(items, &scope)? {
            let name = item.name().to_owned();
            let expression = match item {
                Item::Column { column, .. } => Expr::Column(column),
                Item::Expression { syntax, .. } => {
                    let mut context = Context::plain(&scope, Clause::Returning);
                    self.bind_decided(syntax, &mut context)?
                }
            };
            let column = match &expression {
                Expr::Column(column) if used.insert(column.id) => column.clone(),
                other => self.column_for(name.clone(), other),
            };
            expressions.push((column, expression));
            names.push(name);
        }
        Ok(Some(Returning { expressions, names }))
    }
}

/// The columns that RETURNING names beyond those of the table's rows.
pub(super) fn columns_beside(
    returning: Option<&Returning>,
    columns: &[ColumnDef],
    scope: &Scope<'_>,
) -> Vec<ColumnDef> {
    let mut named = ColumnSet::default();
    let expressions = returning.iter().flat_map(|returning| &returning.expressions);
    expressions.for_each(|(_, expression)| expression.collect_columns(&mut named));
    let mut beside: Vec<ColumnDef> = Vec::new();
    for column in scope.relations.iter().flat_map(|relation| &relation.columns) {
        let is_known = columns.iter().chain(&beside).any(|known| known.id == column.column.id);
        if named.contains(&column.column.id) && !is_known {
            beside.push(column.column.clone());
        }
    }
    beside
}
