//! `stoa.verify_rollups`: what a rollup answers is computed from the rows as well, aggregation by aggregation, before a query runs.

use super::Run;
use super::constants;
use super::query::Planned;
use crate::error::{Error, Result};
use crate::physical::Tables;
use crate::rollup::decided;
use arrow_row::{OwnedRow, RowConverter, SortField};
use stoa_sql::plan::{Aggregate, Plan};
use stoa_storage::vector::Batch;

/// Checks all aggregations of a plan that rollups answer.
///
/// # Errors
/// XX000: an answer differs.
pub(super) fn verify(run: &Run<'_>, plan: &Plan) -> Result<()> {
    verify_below(run, &*constants::closed(plan, run.parameters, &run.view)?)
}

fn verify_below(run: &Run<'_>, plan: &Plan) -> Result<()> {
    if let Plan::Aggregate(aggregate) = plan {
        let choice = decided(aggregate, &run.view.statement, &|table| run.view.rollups(table))?;
        if let Some((name, _)) = choice.and_then(|choice| choice.used) {
            compare(run, aggregate, &name)?;
        }
    }
    plan.inputs().into_iter().try_for_each(|input| verify_below(run, input))
}

fn compare(run: &Run<'_>, aggregate: &Aggregate, name: &str) -> Result<()> {
    let plan = Plan::Aggregate(Aggregate {
        // Between groups that tie, either may be among the first.
        best_groups: None,
        ..aggregate.clone()
    });
    let from_rollup = sorted(Planned::new(run, &plan, None)?.collect(run)?)?;
    let from_rows = sorted(Planned::without_rollups(run, &plan)?.collect(run)?)?;
    match from_rollup == from_rows {
        true => Ok(()),
        false => Err(Error::Internal(format!(
            "the materialized view \"{name}\" and the rows of its table give different answers to an aggregation ({} groups, {} \
             groups); with stoa.use_rollups = off rows alone answer",
            from_rollup.len(),
            from_rows.len()
        ))),
    }
}

/// Rows in an order of their values.
fn sorted(batches: Vec<Batch>) -> Result<Vec<OwnedRow>> {
    let Some(first) = batches.first() else {
        return Ok(Vec::new());
    };
    let fields = first
        .columns
        .iter()
        .map(|column| SortField::new(column.data_type().clone()));
    let converter = RowConverter::new(fields.collect())?;
    let mut rows = Vec::new();
    for batch in &batches {
        let converted = converter.convert_columns(&batch.columns)?;
        rows.extend(converted.iter().map(|row| row.owned()));
    }
    rows.sort_unstable();
    Ok(rows)
}
