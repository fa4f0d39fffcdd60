//! INSERT of nothing but constants: they are read as COPY reads its fields, without a plan.

use super::copy_rows::Completion;
use super::insert::{receiving_sink, writes_of};
use super::{Effect, Run};
use crate::catalog::relation::Relation;
use crate::error::{Error, Result};
use crate::format::text::column_builder;
use crate::ingest::BATCH_ROWS_MAX;
use arrow_array::ArrayRef;
use stoa_sql::plan::{Constant, InsertConstants};
use stoa_sql::span::Span;

/// See the module.
///
/// # Errors
/// A constant that its column's type cannot read, with its place in the statement; 23502; what a default or storage says.
pub(crate) fn execute(run: &Run<'_>, insert: &InsertConstants) -> Result<Effect> {
    let relation = run.table(insert.table)?;
    let completion = Completion::new(run, &relation, &insert.columns, &insert.defaults)?;
    let sink = receiving_sink(run, &relation)?;
    let row_count = insert.rows.row_count();
    for first_row in (0..row_count).step_by(BATCH_ROWS_MAX) {
        run.entry.running().cancel.check()?;
        let count = BATCH_ROWS_MAX.min(row_count - first_row);
        let columns =
            (0..insert.columns.len()).map(|place| read_column(run, &relation, insert, place, first_row, count));
        sink.append(completion.complete(columns.collect::<Result<_>>()?, count)?)?;
    }
    let (count, writes) = writes_of(run, &relation, &sink, "insert")?;
    Ok(Effect::command(format!("INSERT 0 {count}"), writes))
}

/// So many of a column's values.
fn read_column(
    run: &Run<'_>,
    relation: &Relation,
    insert: &InsertConstants,
    place: usize,
    first_row: usize,
    count: usize,
) -> Result<ArrayRef> {
    let column = insert.columns.get(place).and_then(|at| relation.info.columns.get(*at));
    let column = column.ok_or_else(|| Error::Internal("INSERT names a column that the table lacks".into()))?;
    let mut builder = column_builder(&column.data_type, &run.view.format)?;
    for constant in insert.rows.column(place, first_row).take(count) {
        match insert.rows.value(constant) {
            Some(text) => builder
                .push_text(text.as_bytes())
                .map_err(|error| at_constant(error, constant))?,
            None => builder.push_null(),
        }
    }
    Ok(builder.finish())
}

#[cold]
fn at_constant(error: Error, constant: Constant) -> Error {
    match error {
        Error::Sql(error) => Error::Sql(error.at(Some(Span {
            start: constant.start,
            end: constant.end,
        }))),
        other => other,
    }
}
