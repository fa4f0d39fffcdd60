//! Aggregates over frames, never by going through each frame anew where frames are long:
//!
//! - the whole partition: once per partition;
//! - from its beginning: prefixes ([`super::scan`]);
//! - short frames: row by row;
//! - everything else: a tree of partial states ([`super::tree`]).

use super::bucket::Sorted;
use super::call::{Call, Needs};
use super::frame::{Bound, Frames, Groups as PeerGroups};
use super::{Specification, scan, tree};
use crate::error::Result;
use crate::functions::{Accumulator, AggregateBinding, Groups};
use crate::operators::gather::joined;
use crate::types::array_type;
use arrow_array::{ArrayRef, UInt32Array};
use arrow_buffer::BooleanBuffer;
use std::ops::Range;
use stoa_storage::vector::Batch;

/// Frames of so many rows on average are gone through one by one.
const SHORT_FRAME_ROWS: usize = 16;
/// Rows that are taken in or answered at a time.
pub(super) const CHUNK_ROWS: usize = 16 * 1024;

/// What an aggregate takes in.
pub(super) struct Input {
    pub(super) arguments: Vec<ArrayRef>,
    /// Rows that count; `None` is all.
    pub(super) selection: Option<BooleanBuffer>,
    pub(super) row_count: usize,
}

impl Input {
    /// What a call takes in of some rows.
    pub(super) fn new(call: &Call, batch: &Batch) -> Result<Self> {
        let arguments = call.arguments.iter();
        let arguments = arguments.map(|argument| argument.evaluate_plain(batch));
        let filter = call.filter.as_ref().map(|filter| filter.select(batch));
        Ok(Input {
            arguments: arguments.collect::<Result<_>>()?,
            selection: filter.transpose()?,
            row_count: batch.row_count,
        })
    }

    /// Puts all rows into the first group of an accumulator.
    pub(super) fn add_to(&self, accumulator: &mut dyn Accumulator) -> Result<()> {
        let row_count = self.row_count;
        accumulator.update(
            &self.arguments,
            Groups::One { group: 0, row_count },
            self.selection.as_ref(),
            1,
        )
    }
}

pub(super) fn aggregate_over_frames(
    specification: &Specification,
    call: &Call,
    sorted: &Sorted,
    make: fn(&AggregateBinding) -> Result<Box<dyn Accumulator>>,
    binding: &AggregateBinding,
) -> Result<ArrayRef> {
    let input = Input::new(call, &sorted.batch)?;
    let mut accumulator = make(binding)?;
    if call.needs(specification.is_ordered()) == Needs::Total {
        return over_partitions(&mut *accumulator, &input, sorted);
    }
    let groups = PeerGroups::new(sorted);
    let frames = Frames::new(specification, call, sorted, &groups)?;
    let (rows, beyond) = (0..input.row_count, Beyond::default());
    over_frames(specification, call, &mut *accumulator, &input, &frames, rows, &beyond)
}

/// What belongs to all frames and is not here.
#[derive(Default)]
pub(super) struct Beyond<'a> {
    /// The state of rows before those that are here, for frames that begin with the partition.
    pub(super) before: Option<&'a [ArrayRef]>,
    /// The state of rows after them, for frames that end with it.
    pub(super) after: Option<Vec<ArrayRef>>,
}

/// The answers of some rows.
pub(super) fn over_frames(
    specification: &Specification,
    call: &Call,
    accumulator: &mut dyn Accumulator,
    input: &Input,
    frames: &Frames<'_>,
    rows: Range<usize>,
    beyond: &Beyond<'_>,
) -> Result<ArrayRef> {
    if matches!(call.frame.start, Bound::UnboundedPreceding) && !frames.excludes() {
        let answers = scan::running(specification, accumulator, input, frames, beyond.before)?;
        return Ok(answers.slice(rows.start, rows.len()));
    }
    let total: usize = rows.clone().map(|row| frames.whole(row).len()).sum();
    let all_here = beyond.before.is_none() && beyond.after.is_none();
    if all_here && total <= rows.len().saturating_mul(SHORT_FRAME_ROWS) {
        return row_by_row(specification, call, accumulator, input, frames, rows);
    }
    tree::over_frames(specification, call, accumulator, input, frames, rows, beyond)
}

fn over_partitions(accumulator: &mut dyn Accumulator, input: &Input, sorted: &Sorted) -> Result<ArrayRef> {
    let mut partitions = Vec::with_capacity(input.row_count);
    for (number, bounds) in sorted.partitions.windows(2).enumerate() {
        partitions.resize(bounds[1], number as u32);
    }
    let count = sorted.partitions.len().saturating_sub(1);
    accumulator.update(
        &input.arguments,
        Groups::PerRow(&partitions),
        input.selection.as_ref(),
        count,
    )?;
    let answers = accumulator.finish(count)?;
    Ok(arrow_select::take::take(
        &answers,
        &UInt32Array::from(partitions),
        None,
    )?)
}

/// Every row's frame gone through.
fn row_by_row(
    specification: &Specification,
    call: &Call,
    accumulator: &mut dyn Accumulator,
    input: &Input,
    frames: &Frames<'_>,
    wanted: Range<usize>,
) -> Result<ArrayRef> {
    let mut answers = Vec::new();
    let (mut from, mut row) = (wanted.start, wanted.start);
    let (mut rows, mut groups): (Vec<u32>, Vec<u32>) = (Vec::new(), Vec::new());
    while row < wanted.end {
        for range in frames.ranges(row) {
            groups.resize(groups.len() + range.len(), (row - from) as u32);
            rows.extend(range.start as u32..range.end as u32);
        }
        row += 1;
        if rows.len() < CHUNK_ROWS && row < wanted.end {
            continue;
        }
        specification.cancel.check()?;
        let selection = input
            .selection
            .as_ref()
            .map(|bits| BooleanBuffer::collect_bool(rows.len(), |at| bits.value(rows[at] as usize)));
        let indices = UInt32Array::from(std::mem::take(&mut rows));
        let arguments = input.arguments.iter();
        let arguments = arguments
            .map(|argument| Ok(arrow_select::take::take(argument, &indices, None)?))
            .collect::<Result<Vec<_>>>()?;
        accumulator.update(&arguments, Groups::PerRow(&groups), selection.as_ref(), row - from)?;
        answers.push(accumulator.finish(row - from)?);
        groups.clear();
        from = row;
    }
    joined(&answers, &array_type(&call.return_type))
}
