//! Frames: which rows around each row a call sees.

use super::bucket::Sorted;
use super::range::RangeKeys;
use super::{Call, RangeOffset, Specification};
use crate::error::Result;
use std::ops::Range;
use stoa_sql::plan::{FrameExclusion, FrameUnits};

/// Rows whose frames are found before somebody asks whether to go on.
const ROWS_BETWEEN_CHECKS: usize = 64 * 1024;

/// A frame's bound.
#[derive(Clone, Debug)]
pub(crate) enum Bound {
    UnboundedPreceding,
    /// So many rows or groups before.
    Preceding(u64),
    /// So far before in the order key's values.
    RangePreceding(RangeOffset),
    CurrentRow,
    /// So many rows or groups after.
    Following(u64),
    /// So far after in the order key's values.
    RangeFollowing(RangeOffset),
    UnboundedFollowing,
}

/// A frame.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) units: FrameUnits,
    pub(crate) start: Bound,
    pub(crate) end: Bound,
    pub(crate) exclusion: FrameExclusion,
}

impl Frame {
    /// Whether bounds are distances in the order key's values.
    fn is_by_value(&self) -> bool {
        let is_by_value = |bound: &Bound| matches!(bound, Bound::RangePreceding(_) | Bound::RangeFollowing(_));
        is_by_value(&self.start) || is_by_value(&self.end)
    }
}

/// Each row's partition and peers.
pub(super) struct Groups {
    /// The group of peers of each row.
    pub(super) of_row: Vec<u32>,
}

impl Groups {
    pub(super) fn new(sorted: &Sorted) -> Self {
        let mut of_row = Vec::with_capacity(sorted.batch.row_count);
        for (group, bounds) in sorted.peers.windows(2).enumerate() {
            of_row.resize(bounds[1], group as u32);
        }
        Groups { of_row }
    }
}

/// The frames of all rows of a bucket. Rows are numbered within the bucket.
pub(super) struct Frames<'a> {
    starts: Vec<u32>,
    ends: Vec<u32>,
    exclusion: FrameExclusion,
    sorted: &'a Sorted,
    groups: &'a Groups,
}

/// A partition while its frames are found.
struct Partition<'a> {
    rows: Range<usize>,
    /// Its groups of peers.
    groups: Range<usize>,
    /// Where each group of the bucket begins.
    peers: &'a [usize],
    group_of_row: &'a [u32],
    /// Where bounds are distances: the order key's values, and the rows of the partition for which it is not NULL.
    values: Option<(&'a RangeKeys, Range<usize>)>,
    descending: bool,
}

impl<'a> Frames<'a> {
    pub(super) fn new(
        specification: &Specification,
        call: &Call,
        sorted: &'a Sorted,
        groups: &'a Groups,
    ) -> Result<Self> {
        let frame = &call.frame;
        let keys = match frame.is_by_value() {
            false => None,
            true => {
                let columns = specification.order.evaluate(&sorted.batch)?;
                let zone = &specification.statement.time_zone;
                columns.first().map(|column| RangeKeys::new(column, zone)).transpose()?
            }
        };
        let mut frames = Frames {
            starts: Vec::with_capacity(sorted.batch.row_count),
            ends: Vec::with_capacity(sorted.batch.row_count),
            exclusion: frame.exclusion,
            sorted,
            groups,
        };
        for bounds in sorted.partitions.windows(2) {
            let rows = bounds[0]..bounds[1];
            if rows.is_empty() {
                continue;
            }
            let partition = Partition {
                groups: groups.of_row[rows.start] as usize..groups.of_row[rows.end - 1] as usize + 1,
                peers: &sorted.peers,
                group_of_row: &groups.of_row,
                values: keys.as_ref().map(|keys| (keys, keys.values_within(rows.clone()))),
                descending: specification.descending,
                rows,
            };
            for row in partition.rows.clone() {
                if row % ROWS_BETWEEN_CHECKS == 0 {
                    specification.cancel.check()?;
                }
                let start = partition.bound(row, frame.units, &frame.start, true)?;
                let end = partition.bound(row, frame.units, &frame.end, false)?;
                frames.starts.push(start.min(end) as u32);
                frames.ends.push(end as u32);
            }
        }
        Ok(frames)
    }

    /// The frame of a row without what is excluded from it.
    pub(super) fn whole(&self, row: usize) -> Range<usize> {
        self.starts[row] as usize..self.ends[row] as usize
    }

    /// The rows.
    pub(super) fn sorted(&self) -> &Sorted {
        self.sorted
    }

    /// Whether something may be excluded.
    pub(super) fn excludes(&self) -> bool {
        self.exclusion != FrameExclusion::NoOthers
    }

    /// The rows that a row sees, in order; no range is empty.
    pub(super) fn ranges(&self, row: usize) -> Vec<Range<usize>> {
        let whole = self.whole(row);
        let peers = || {
            let group = self.groups.of_row[row] as usize;
            self.sorted.peers[group]..self.sorted.peers[group + 1]
        };
        let parts = match self.exclusion {
            FrameExclusion::NoOthers => [whole, 0..0, 0..0],
            FrameExclusion::CurrentRow => without(whole, row..row + 1),
            FrameExclusion::Group => without(whole, peers()),
            FrameExclusion::Ties => {
                let peers = peers();
                let [before, after, _] = without(whole.clone(), peers);
                let own = if whole.contains(&row) { row..row + 1 } else { 0..0 };
                [before, own, after]
            }
        };
        parts.into_iter().filter(|range| !range.is_empty()).collect()
    }
}

/// A range without another: what is before and what is after.
fn without(whole: Range<usize>, out: Range<usize>) -> [Range<usize>; 3] {
    let before = whole.start..whole.end.min(out.start);
    let after = whole.start.max(out.end)..whole.end;
    [before, after, 0..0]
}

impl Partition<'_> {
    /// Where a row's frame begins (`is_start`) or ends.
    fn bound(&self, row: usize, units: FrameUnits, bound: &Bound, is_start: bool) -> Result<usize> {
        let Range {
            start: first,
            end: last,
        } = self.rows;
        let steps = |count: &u64| usize::try_from(*count).unwrap_or(usize::MAX);
        Ok(match (bound, units) {
            (Bound::UnboundedPreceding, _) => first,
            (Bound::UnboundedFollowing, _) => last,
            (Bound::CurrentRow, FrameUnits::Rows) => row + usize::from(!is_start),
            (Bound::CurrentRow, _) => self.group_edge(self.group(row), is_start),
            (Bound::Preceding(count), FrameUnits::Rows) => {
                let from = (row + usize::from(!is_start)).saturating_sub(steps(count));
                from.max(first)
            }
            (Bound::Following(count), FrameUnits::Rows) => {
                let to = (row + usize::from(!is_start)).saturating_add(steps(count));
                to.min(last)
            }
            (Bound::Preceding(count), _) => match self.group(row).checked_sub(steps(count)) {
                Some(group) if group >= self.groups.start => self.group_edge(group, is_start),
                _ => first,
            },
            (Bound::Following(count), _) => match self.group(row).saturating_add(steps(count)) {
                group if group < self.groups.end => self.group_edge(group, is_start),
                _ => last,
            },
            (Bound::RangePreceding(offset), _) => self.value_edge(row, offset, true, is_start)?,
            (Bound::RangeFollowing(offset), _) => self.value_edge(row, offset, false, is_start)?,
        })
    }

    fn group(&self, row: usize) -> usize {
        self.group_of_row[row] as usize
    }

    /// Where a group of peers begins or ends.
    fn group_edge(&self, group: usize, is_start: bool) -> usize {
        self.peers[if is_start { group } else { group + 1 }]
    }

    /// Where rows begin or end whose values are within a distance of a row's.
    fn value_edge(&self, row: usize, offset: &RangeOffset, is_preceding: bool, is_start: bool) -> Result<usize> {
        let Some((keys, within)) = &self.values else {
            return Ok(row);
        };
        // NULLs are peers of each other and far from everything else.
        if !within.contains(&row) {
            return Ok(self.group_edge(self.group(row), is_start));
        }
        let limit = keys.moved(row, offset, is_preceding != self.descending)?;
        let (mut low, mut high) = (within.start, within.end);
        while low < high {
            let middle = low + (high - low) / 2;
            let order = keys.compare(middle, &limit);
            let order = if self.descending { order.reverse() } else { order };
            let goes_before = if is_start { order.is_lt() } else { order.is_le() };
            match goes_before {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        Ok(low)
    }
}
