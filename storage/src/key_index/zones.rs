//! Which of the keys that are looked for a segment may have, by the bounds of its columns: of keys that grow with time nearly all segments
//! are passed by. Bounds say only where not to look. Opens no file, and uses no bound that is not known for sure.

use super::probe::{Query, sort};
use super::repeats::Entry;
use crate::schema::{ColumnId, KeySchema};
use crate::store::bounds::KeyBounds;
use crate::store::segment_file::SegmentFile;
use crate::store::state::SegmentState;
use crate::vector::key::{bytes_at, lane_keys, wide_keys};
use arrow_array::{Array, ArrayRef};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::ops::Range;

/// Below one in so many, keys within a segment's bounds are put in order anew; of more, all that are looked for are gone through.
const FEW: usize = 8;

/// Tells keys that are looked for apart by the bounds of segments.
pub(super) trait Zones {
    /// Of these queries, which are sorted, those that a segment's bounds do not rule out, sorted. Others than these may be among them.
    fn narrow<'q>(&self, segment: &SegmentFile, queries: impl FnOnce() -> &'q [Query]) -> Cow<'q, [Query]>;
}

/// What is known of a column of a segment; `None` where it does not hold the column.
fn bounds_of(segment: &SegmentFile, column: ColumnId) -> Option<&KeyBounds> {
    let position = segment.column_position(column, column.0 as usize)?;
    segment.bounds().get(position).map(|bounds| &bounds.keys)
}

/// Keys with values at hand, in the order of each of their columns.
pub(super) struct KeyZones<'a> {
    columns: Vec<Column<'a>>,
}

struct Column<'a> {
    id: ColumnId,
    values: Values<'a>,
    /// The queries by their values.
    order: Vec<Query>,
    /// By asker, where its query stands in that order.
    ranks: Vec<u32>,
}

/// A column's values, by asker, as they compare.
enum Values<'a> {
    Lane(Cow<'a, [i64]>),
    Wide(Vec<i128>),
    Bytes(&'a dyn Array),
}

impl Values<'_> {
    fn compare(&self, left: usize, right: usize) -> Ordering {
        match self {
            Values::Lane(keys) => keys[left].cmp(&keys[right]),
            Values::Wide(keys) => keys[left].cmp(&keys[right]),
            Values::Bytes(array) => bytes_at(*array, left).cmp(bytes_at(*array, right)),
        }
    }
}

impl<'a> Column<'a> {
    fn new(id: ColumnId, array: &'a ArrayRef, queries: &[Query]) -> Self {
        let values = match (lane_keys(array), wide_keys(array)) {
            (Some(keys), _) => Values::Lane(keys),
            (None, Some(keys)) => Values::Wide(keys),
            (None, None) => Values::Bytes(array),
        };
        let mut order = queries.to_vec();
        order.sort_unstable_by(|left, right| values.compare(left.asker as usize, right.asker as usize));
        let mut ranks = vec![0; array.len()];
        for (rank, query) in (0..).zip(&order) {
            ranks[query.asker as usize] = rank;
        }
        Column {
            id,
            values,
            order,
            ranks,
        }
    }

    /// Where the queries stand in order that the segment may have; all where that is not known.
    fn within(&self, segment: &SegmentFile) -> Range<usize> {
        let count =
            |is_before: &dyn Fn(usize) -> bool| self.order.partition_point(|query| is_before(query.asker as usize));
        let (start, end) = match (&self.values, bounds_of(segment, self.id)) {
            (Values::Lane(keys), Some(KeyBounds::Lane(minimum, maximum))) => {
                (count(&|at| keys[at] < *minimum), count(&|at| keys[at] <= *maximum))
            }
            (Values::Wide(keys), Some(KeyBounds::Wide(minimum, maximum))) => {
                (count(&|at| keys[at] < *minimum), count(&|at| keys[at] <= *maximum))
            }
            (Values::Bytes(array), Some(KeyBounds::Bytes { minimum, maximum, .. })) => {
                let start = minimum
                    .as_deref()
                    .map(|minimum| count(&|at| bytes_at(*array, at) < minimum));
                let end = maximum
                    .as_deref()
                    .map(|maximum| count(&|at| bytes_at(*array, at) <= maximum));
                (start.unwrap_or(0), end.unwrap_or(self.order.len()))
            }
            _ => (0, self.order.len()),
        };
        start..end.max(start)
    }

    fn is_within(&self, query: &Query, range: &Range<usize>) -> bool {
        range.contains(&(self.ranks[query.asker as usize] as usize))
    }
}

impl<'a> KeyZones<'a> {
    /// Of queries whose askers are rows of these columns, the key's.
    pub(super) fn new(key: &KeySchema, columns: &'a [ArrayRef], queries: &[Query]) -> Self {
        let columns = key.columns.iter().zip(columns);
        KeyZones {
            columns: columns.map(|(id, array)| Column::new(*id, array, queries)).collect(),
        }
    }
}

impl Zones for KeyZones<'_> {
    fn narrow<'q>(&self, segment: &SegmentFile, queries: impl FnOnce() -> &'q [Query]) -> Cow<'q, [Query]> {
        let ranges: Vec<Range<usize>> = self.columns.iter().map(|column| column.within(segment)).collect();
        let Some((narrowest, range)) = self.columns.iter().zip(&ranges).min_by_key(|(_, range)| range.len()) else {
            return Cow::Borrowed(queries());
        };
        if range.is_empty() {
            return Cow::Borrowed(&[]);
        }
        if range.len() == narrowest.order.len() {
            return Cow::Borrowed(queries());
        }
        let is_within = |query: &&Query| {
            let mut columns = self.columns.iter().zip(&ranges);
            columns.all(|(column, range)| column.is_within(query, range))
        };
        if range.len() * FEW >= narrowest.order.len() {
            return queries().iter().filter(is_within).copied().collect();
        }
        let mut few: Vec<Query> = narrowest.order[range.clone()]
            .iter()
            .filter(is_within)
            .copied()
            .collect();
        sort(&mut few);
        Cow::Owned(few)
    }
}

/// Keys of which only the segments are known that have them, those of a load.
pub(super) struct LoadZones<'a> {
    pub(super) key: &'a KeySchema,
    pub(super) segments: &'a [SegmentState],
    /// By asker.
    pub(super) rows: &'a [Entry],
}

impl Zones for LoadZones<'_> {
    fn narrow<'q>(&self, segment: &SegmentFile, queries: impl FnOnce() -> &'q [Query]) -> Cow<'q, [Query]> {
        let overlaps = self
            .segments
            .iter()
            .map(|loaded| may_share_keys(self.key, &loaded.file, segment));
        let overlaps: Vec<bool> = overlaps.collect();
        if !overlaps.contains(&true) {
            return Cow::Borrowed(&[]);
        }
        if !overlaps.contains(&false) {
            return Cow::Borrowed(queries());
        }
        let may_be_there = |query: &&Query| overlaps[self.rows[query.asker as usize].1 as usize];
        queries().iter().filter(may_be_there).copied().collect()
    }
}

/// Whether two segments' bounds meet in each column of a key, as far as they are known.
fn may_share_keys(key: &KeySchema, left: &SegmentFile, right: &SegmentFile) -> bool {
    key.columns
        .iter()
        .all(|id| match (bounds_of(left, *id), bounds_of(right, *id)) {
            (Some(left), Some(right)) => !left.ends_before(right) && !right.ends_before(left),
            _ => true,
        })
}
