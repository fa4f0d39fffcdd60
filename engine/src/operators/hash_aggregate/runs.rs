//! Rows in a row whose keys are the same, as they come from sorted tables: found from encoded keys without looking at rows, in plain
//! keys by a pass that gives up early. Each run is then added up as a slice.

use crate::error::Result;
use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef, UInt32Array};
use arrow_schema::{DataType, TimeUnit};
use std::ops::Range;

/// The runs of a batch.
pub(super) struct Runs {
    /// Of each run, in order.
    pub(super) keys: Vec<ArrayRef>,
    pub(super) rows: Vec<Range<usize>>,
}

/// Rows per run, on average, from which runs are added up one by one.
const RUN_ROWS_MIN: usize = 128;

impl Runs {
    /// The runs of keys; `None` where they change too often for that to pay.
    pub(super) fn of(keys: &[ArrayRef], row_count: usize) -> Result<Option<Self>> {
        let mut starts = vec![0u32];
        let runs_max = row_count / RUN_ROWS_MIN;
        for key in keys {
            match starts_of(key, runs_max) {
                Some(more) => starts.extend(more),
                None => return Ok(None),
            }
        }
        starts.sort_unstable();
        starts.dedup();
        if keys.is_empty() || starts.len() > runs_max {
            return Ok(None);
        }
        let ends = starts.iter().skip(1).map(|start| *start as usize).chain([row_count]);
        let rows = starts
            .iter()
            .zip(ends)
            .map(|(start, end)| *start as usize..end)
            .collect();
        let keys = keys.iter().map(|key| at(key, &starts)).collect::<Result<_>>()?;
        Ok(Some(Runs { keys, rows }))
    }
}

/// Where the runs of a key begin, but for the first.
fn starts_of(key: &ArrayRef, runs_max: usize) -> Option<Vec<u32>> {
    if let Some(runs) = key.as_run_opt::<Int32Type>() {
        let (first, end) = (runs.offset(), runs.offset() + runs.len());
        let ends = runs.run_ends().values().iter().map(|at| *at as usize);
        let inner = ends
            .skip_while(|at| *at <= first)
            .take_while(|at| *at < end)
            .take(runs_max + 1);
        return Some(inner.map(|at| (at - first) as u32).collect());
    }
    if key.null_count() > 0 {
        return None;
    }
    match key.data_type() {
        DataType::Date32 => changes(key.as_primitive::<Date32Type>().values(), runs_max),
        DataType::Int32 => changes(key.as_primitive::<Int32Type>().values(), runs_max),
        DataType::UInt32 => changes(key.as_primitive::<UInt32Type>().values(), runs_max),
        DataType::Int64 => changes(key.as_primitive::<Int64Type>().values(), runs_max),
        DataType::Decimal64(_, _) => changes(key.as_primitive::<Decimal64Type>().values(), runs_max),
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            changes(key.as_primitive::<TimestampMicrosecondType>().values(), runs_max)
        }
        DataType::Dictionary(_, _) => changes(key.as_dictionary::<UInt32Type>().keys().values(), runs_max),
        _ => None,
    }
}

/// Looks at a few places first: most batches tell there already.
fn changes<V: Copy + PartialEq>(values: &[V], runs_max: usize) -> Option<Vec<u32>> {
    if runs_max < 2 {
        return None;
    }
    let step = values.len() / 16;
    let sampled_changes = (1..16).filter(|at| values[at * step] != values[at * step - 1]).count();
    if sampled_changes > 2 {
        return None;
    }
    let pairs = values[1..].iter().zip(values);
    let change_count = pairs.clone().map(|(next, value)| u32::from(next != value)).sum::<u32>() as usize;
    if change_count >= runs_max {
        return None;
    }
    let changed = pairs.enumerate().filter(|(_, (next, value))| next != value);
    Some(changed.map(|(at, _)| at as u32 + 1).collect())
}

/// The values of a key at some rows.
fn at(key: &ArrayRef, rows: &[u32]) -> Result<ArrayRef> {
    if let Some(runs) = key.as_run_opt::<Int32Type>() {
        let places =
            UInt32Array::from_iter_values(rows.iter().map(|row| runs.get_physical_index(*row as usize) as u32));
        return Ok(arrow_select::take::take(runs.values(), &places, None)?);
    }
    Ok(arrow_select::take::take(key, &UInt32Array::from(rows.to_vec()), None)?)
}
