//! DELETE: the rows to delete by their identity.

use super::bind_insert::shown_columns;
use super::bind_returning::columns_beside;
use super::{Binder, not_supported};
use crate::error::Result;
use crate::plan::{ColumnDef, Delete};
use sqlparser::ast;

impl Binder<'_> {
    /// `DELETE FROM table [USING ..] [WHERE ..] [RETURNING ..]`
    pub(super) fn bind_delete(&mut self, delete: &ast::Delete) -> Result<Delete> {
        if !delete.order_by.is_empty() || delete.limit.is_some() || !delete.tables.is_empty() {
            return Err(not_supported("this form of DELETE"));
        }
        let (ast::FromTable::WithFromKeyword(from) | ast::FromTable::WithoutKeyword(from)) = &delete.from;
        let [table] = from.as_slice() else {
            return Err(not_supported("DELETE from several tables"));
        };
        if !table.joins.is_empty() {
            return Err(not_supported("DELETE from a join").with_hint("Put the other tables behind USING."));
        }
        let target = self.bind_target(&table.relation)?;
        let others = delete.using.as_deref().unwrap_or_default();
        let (plan, scope) = self.bind_target_rows(target.item, &target.row_id, others, delete.selection.as_ref())?;
        let mut columns = vec![target.row_id];
        let shown: Vec<ColumnDef> = shown_columns(&target.relation)
            .filter_map(|(index, _)| target.columns.get(index))
            .map(|column| column.column.clone())
            .collect();
        let returning = delete.returning.as_ref();
        let beside = scope.without_first();
        let returning = self.bind_returning(returning, &target.relation, &target.name, &shown, beside)?;
        // What a version that ends was is written anew.
        if returning.is_some() || target.relation.versions.is_some() {
            let beside = columns_beside(returning.as_ref(), &shown, &scope);
            columns.extend(shown);
            columns.extend(beside);
        }
        Ok(Delete {
            table: target.relation.id,
            name: target.relation.name.clone(),
            source: plan.with_columns(&columns),
            returning,
        })
    }
}
