//! Rows of whole partitions: sorted, their partitions and peers found, every call computed.

use super::aggregate::aggregate_over_frames;
use super::frame::{Frames, Groups};
use super::{Call, Computation, Specification};
use crate::error::{Error, Result};
use crate::functions::WindowArguments;
use crate::operators::gather::joined;
use crate::operators::key::Keys;
use crate::operators::sort::sorted_rows;
use crate::types::array_type;
use arrow_array::{ArrayRef, Int64Array, UInt32Array};
use std::sync::Arc;
use stoa_storage::vector::Batch;

/// About how many bytes are held per row beside the columns: keys, row numbers, bounds of frames.
pub(super) const ROW_BYTES: usize = 64;

/// Sorted rows.
pub(super) struct Sorted {
    /// By partition, then in order.
    pub(super) batch: Batch,
    /// Where each partition begins, and the last one ends.
    pub(super) partitions: Vec<usize>,
    /// Where each group of peers begins, and the last one ends.
    pub(super) peers: Vec<usize>,
}

/// The rows, in no order yet, with a column per call.
pub(super) fn compute(specification: &Specification, batch: Batch) -> Result<Batch> {
    compute_sorted(specification, sort(specification, batch)?)
}

/// Sorted rows with a column per call.
pub(super) fn compute_sorted(specification: &Specification, sorted: Sorted) -> Result<Batch> {
    let mut columns = sorted.batch.columns.clone();
    for call in &specification.calls {
        specification.cancel.check()?;
        columns.push(compute_call(specification, call, &sorted)?);
    }
    Ok(Batch::new(columns, sorted.batch.row_count))
}

fn sort(specification: &Specification, batch: Batch) -> Result<Sorted> {
    if specification.partition.0.is_empty() && specification.order.0.is_empty() {
        return sorted_already(specification, batch);
    }
    let keys = specification.sort.order().keys(&batch)?;
    specification.cancel.check()?;
    let rows = sorted_rows(&keys);
    let (partitions, peers) = edges(specification, &batch, &keys, |row| rows[row] as usize)?;
    drop(keys);
    let indices = UInt32Array::from(rows);
    let columns = batch.columns.iter();
    let columns = columns.map(|column| Ok(arrow_select::take::take(column, &indices, None)?));
    Ok(Sorted {
        batch: Batch::new(columns.collect::<Result<_>>()?, batch.row_count),
        partitions,
        peers,
    })
}

/// Rows that come by partition and in order.
pub(super) fn sorted_already(specification: &Specification, batch: Batch) -> Result<Sorted> {
    let keys = specification.sort.order().keys(&batch)?;
    let (partitions, peers) = edges(specification, &batch, &keys, |row| row)?;
    Ok(Sorted {
        batch,
        partitions,
        peers,
    })
}

/// Where partitions and groups of peers begin, and the last ones end; `place` is where the rows of the batch are in order.
fn edges(
    specification: &Specification,
    batch: &Batch,
    keys: &Keys,
    place: impl Fn(usize) -> usize,
) -> Result<(Vec<usize>, Vec<usize>)> {
    let row_count = batch.row_count;
    let begins = |keys: &Keys, row: usize| row == 0 || keys.compare(place(row - 1), place(row)).is_ne();
    let mut peers: Vec<usize> = (0..row_count).filter(|row| begins(keys, *row)).collect();
    let mut partitions = match row_count {
        0 => vec![0],
        _ if specification.partition.0.is_empty() => vec![0],
        _ => {
            // A partition begins where peers begin.
            let keys = specification.partition_keys(batch)?;
            peers.iter().copied().filter(|row| begins(&keys, *row)).collect()
        }
    };
    if row_count == 0 {
        peers.push(0);
    }
    partitions.push(row_count);
    peers.push(row_count);
    Ok((partitions, peers))
}

fn compute_call(specification: &Specification, call: &Call, sorted: &Sorted) -> Result<ArrayRef> {
    let row_count = sorted.batch.row_count;
    let numbers = |numbers: Vec<i64>| -> Result<ArrayRef> { Ok(Arc::new(Int64Array::from(numbers))) };
    match &call.computation {
        Computation::RowNumber => numbers(numbered(sorted, row_count, |row, start, _| row - start + 1)),
        Computation::Rank => numbers(ranked(sorted, row_count, |start, peer, _, _| peer - start + 1)),
        Computation::DenseRank => numbers(ranked(sorted, row_count, |_, _, first, group| group - first + 1)),
        Computation::Function { execute, .. } => {
            let groups = Groups::new(sorted);
            let frames = Frames::new(specification, call, sorted, &groups)?;
            call_function(specification, call, sorted, &frames, *execute)
        }
        Computation::Aggregate { accumulator, binding } => {
            aggregate_over_frames(specification, call, sorted, *accumulator, binding)
        }
    }
}

/// A number per row, from the row and where its partition begins and ends.
fn numbered(sorted: &Sorted, row_count: usize, number: impl Fn(usize, usize, usize) -> usize) -> Vec<i64> {
    let mut numbers = Vec::with_capacity(row_count);
    for bounds in sorted.partitions.windows(2) {
        numbers.extend((bounds[0]..bounds[1]).map(|row| number(row, bounds[0], bounds[1]) as i64));
    }
    numbers
}

/// A number per group of peers: from where its partition and it begin, the partition's first group and its own number.
fn ranked(sorted: &Sorted, row_count: usize, number: impl Fn(usize, usize, usize, usize) -> usize) -> Vec<i64> {
    let mut numbers = Vec::with_capacity(row_count);
    let mut partition = 0;
    let mut first_group = 0;
    for (group, bounds) in sorted.peers.windows(2).enumerate() {
        while sorted.partitions[partition + 1] <= bounds[0] && partition + 2 < sorted.partitions.len() {
            partition += 1;
            first_group = group;
        }
        let number = number(sorted.partitions[partition], bounds[0], first_group, group) as i64;
        numbers.resize(bounds[1], number);
    }
    numbers
}

/// A window function over each partition.
pub(super) fn call_function(
    specification: &Specification,
    call: &Call,
    sorted: &Sorted,
    frames: &Frames<'_>,
    execute: fn(&WindowArguments<'_>) -> Result<ArrayRef>,
) -> Result<ArrayRef> {
    let arguments = call
        .arguments
        .iter()
        .map(|argument| argument.evaluate_plain(&sorted.batch))
        .collect::<Result<Vec<_>>>()?;
    let mut parts = Vec::with_capacity(sorted.partitions.len());
    let mut group = 0;
    for (number, bounds) in sorted.partitions.windows(2).enumerate() {
        if number % 1024 == 0 {
            specification.cancel.check()?;
        }
        let (start, end) = (bounds[0], bounds[1]);
        let mut peer_starts = Vec::new();
        while sorted.peers[group] < end {
            peer_starts.push(sorted.peers[group] - start);
            group += 1;
        }
        let arguments: Vec<ArrayRef> = arguments
            .iter()
            .map(|argument| argument.slice(start, end - start))
            .collect();
        let of_row = |row: usize| {
            let ranges = frames.ranges(start + row).into_iter();
            ranges.map(|range| range.start - start..range.end - start).collect()
        };
        let values = execute(&WindowArguments {
            arguments: &arguments,
            row_count: end - start,
            peer_starts: &peer_starts,
            frames: &of_row,
            ignore_nulls: call.ignore_nulls,
            return_type: &call.return_type,
        })?;
        if values.len() != end - start {
            return Err(Error::Internal(
                "a window function gave too many or too few values".into(),
            ));
        }
        parts.push(values);
    }
    joined(&parts, &array_type(&call.return_type))
}
