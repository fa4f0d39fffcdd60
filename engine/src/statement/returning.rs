//! RETURNING: columns computed over the rows that were changed.

use super::query::{result_column, row_batch, stored_rows};
use super::{Run, constants};
use crate::connection::{Outcome, RowsTag};
use crate::error::Result;
use crate::expression::{Expression, Layout};
use std::collections::VecDeque;
use stoa_sql::plan::Returning;
use stoa_storage::vector::Batch;

/// The rows over changed rows, and the statement's tag.
pub(crate) fn returned(
    run: &Run<'_>,
    returning: &Returning,
    layout: &Layout,
    batches: Vec<Batch>,
    tag: String,
) -> Result<Outcome> {
    let mut expressions = Vec::with_capacity(returning.expressions.len());
    for (_, expression) in &returning.expressions {
        let closed = constants::close_expression(expression.clone(), run.parameters, &run.view)?;
        expressions.push(Expression::compile(&closed, layout, &run.view.statement)?);
    }
    let mut rows = VecDeque::with_capacity(batches.len());
    for batch in batches {
        let columns = expressions
            .iter()
            .map(|expression| expression.evaluate_plain(&batch))
            .collect::<Result<Vec<_>>>()?;
        rows.push_back(row_batch(Batch::new(columns, batch.row_count)));
    }
    let columns = returning
        .expressions
        .iter()
        .zip(&returning.names)
        .map(|((column, _), name)| result_column(column, name))
        .collect();
    Ok(Outcome::Rows(stored_rows(columns, rows), RowsTag::Tag(tag)))
}
