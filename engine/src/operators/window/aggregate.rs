//! Aggregates over frames, never by going through each frame anew where frames are long:
//!
//! - the whole partition: once per partition;
//! - from its beginning: prefixes ([`super::scan`]);
//! - short frames: row by row;
//! - everything else: a tree of partial states ([`super::tree`]).

use super::bucket::Sorted;
use super::frame::{Bound, Frames, Groups as PeerGroups};
use super::{Call, Specification, scan, tree};
use crate::error::Result;
use crate::functions::{Accumulator, AggregateBinding, Groups};
use crate::operators::gather::joined;
use crate::types::array_type;
use arrow_array::{ArrayRef, UInt32Array};
use arrow_buffer::BooleanBuffer;
use stoa_sql::plan::FrameUnits;

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

pub(super) fn aggregate_over_frames(
    specification: &Specification,
    call: &Call,
    sorted: &Sorted,
    make: fn(&AggregateBinding) -> Result<Box<dyn Accumulator>>,
    binding: &AggregateBinding,
) -> Result<ArrayRef> {
    let arguments = call
        .arguments
        .iter()
        .map(|argument| argument.evaluate_plain(&sorted.batch));
    let input = Input {
        arguments: arguments.collect::<Result<_>>()?,
        selection: call
            .filter
            .as_ref()
            .map(|filter| filter.select(&sorted.batch))
            .transpose()?,
        row_count: sorted.batch.row_count,
    };
    let mut accumulator = make(binding)?;
    if is_whole_partition(specification, call) {
        return over_partitions(&mut *accumulator, &input, sorted);
    }
    let groups = PeerGroups::new(sorted);
    let frames = Frames::new(specification, call, sorted, &groups)?;
    if matches!(call.frame.start, Bound::UnboundedPreceding) && !frames.excludes() {
        return scan::running(specification, &mut *accumulator, &input, sorted, &frames);
    }
    let total: usize = (0..input.row_count).map(|row| frames.whole(row).len()).sum();
    if total <= input.row_count.saturating_mul(SHORT_FRAME_ROWS) {
        return row_by_row(specification, call, &mut *accumulator, &input, &frames);
    }
    tree::over_frames(specification, call, &mut *accumulator, &input, &frames)
}

/// Whether every row sees its whole partition.
fn is_whole_partition(specification: &Specification, call: &Call) -> bool {
    let frame = &call.frame;
    // Without ORDER BY all rows of a partition are peers.
    let all_peers = specification.order.0.is_empty() && frame.units != FrameUnits::Rows;
    let is_edge = |bound: &Bound| {
        matches!(bound, Bound::UnboundedPreceding | Bound::UnboundedFollowing)
            || all_peers && matches!(bound, Bound::CurrentRow)
    };
    frame.exclusion == stoa_sql::plan::FrameExclusion::NoOthers && is_edge(&frame.start) && is_edge(&frame.end)
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
) -> Result<ArrayRef> {
    let mut answers = Vec::new();
    let (mut from, mut row) = (0, 0);
    let (mut rows, mut groups): (Vec<u32>, Vec<u32>) = (Vec::new(), Vec::new());
    while row < input.row_count {
        for range in frames.ranges(row) {
            groups.resize(groups.len() + range.len(), (row - from) as u32);
            rows.extend(range.start as u32..range.end as u32);
        }
        row += 1;
        if rows.len() < CHUNK_ROWS && row < input.row_count {
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
