//! INSERT of nothing but constants: the columns they go to, and whether each column's type reads from text what an assignment would
//! make of the constant. Where it does not, or anything else is not plain, the statement is bound as one of expressions.

use super::Binder;
use super::bind_insert::shown_columns;
use crate::catalog::{Identity, RelationInfo};
use crate::error::Result;
use crate::parse::parse_in_full;
use crate::parse::syntax::ConstantInsert;
use crate::plan::{ConstantForm, ConstantRows, InsertConstants, Statement};
use crate::types::LogicalType;
use std::sync::Arc;

impl Binder<'_> {
    /// `INSERT INTO table [(columns)] VALUES ..`
    pub(super) fn bind_insert_constants(&mut self, insert: &ConstantInsert) -> Result<Statement> {
        let relation = self.stored_table_named(&insert.table).ok();
        let target = relation.and_then(|relation| {
            let columns = target_columns(&relation, insert)?;
            are_taken(&insert.rows, &relation, &columns).then_some((relation, columns))
        });
        let Some((relation, columns)) = target else {
            return self.bind_statement(&parse_in_full(self.text)?);
        };
        Ok(Statement::InsertConstants(InsertConstants {
            table: relation.id,
            name: relation.name.clone(),
            defaults: self.defaults_beside(&relation, &columns)?,
            columns,
            rows: Arc::clone(&insert.rows),
        }))
    }
}

/// The table's columns that the rows have; `None` where the names or the number of them are wrong.
fn target_columns(relation: &RelationInfo, insert: &ConstantInsert) -> Option<Vec<usize>> {
    let width = insert.rows.width();
    let shown = shown_columns(relation);
    if insert.columns.is_empty() {
        let columns: Vec<usize> = shown.map(|(index, _)| index).take(width).collect();
        return (columns.len() == width).then_some(columns);
    }
    let mut columns = Vec::with_capacity(width);
    for name in &insert.columns {
        let (index, _) = shown_columns(relation).find(|(_, column)| column.name == *name)?;
        if columns.contains(&index) {
            return None;
        }
        columns.push(index);
    }
    (columns.len() == width).then_some(columns)
}

fn are_taken(rows: &ConstantRows, relation: &RelationInfo, columns: &[usize]) -> bool {
    columns.iter().enumerate().all(|(place, column)| {
        relation.columns.get(*column).is_some_and(|column| {
            column.identity != Some(Identity::Always)
                && rows
                    .column(place, 0)
                    .all(|constant| is_taken(constant.form, &column.data_type))
        })
    })
}

/// Whether a type reads such a constant from text as an assignment would cast it.
fn is_taken(form: ConstantForm, data_type: &LogicalType) -> bool {
    let is_inexact = matches!(
        data_type,
        LogicalType::Numeric { .. } | LogicalType::Real | LogicalType::Double
    );
    match form {
        ConstantForm::Null | ConstantForm::Text | ConstantForm::QuotedText => true,
        ConstantForm::Boolean => *data_type == LogicalType::Boolean,
        ConstantForm::Decimal => is_inexact,
        ConstantForm::Integer => {
            is_inexact
                || matches!(
                    data_type,
                    LogicalType::SmallInt | LogicalType::Integer | LogicalType::BigInt
                )
        }
    }
}
