//! What is known of a column of a piece, found out when it is first asked for. Never wrong, but about distinct values, which are estimated.

use super::part::Piece;
use crate::index::bloom;
use crate::index::distinct::DistinctSketch;
use crate::index::zone_map::ZoneTable;
use crate::segment::ColumnSummary;
use crate::store::bounds::{ColumnBounds, KeyBounds};
use crate::vector::key;
use arrow_array::{Array, ArrayRef};
use std::sync::OnceLock;

/// Facts of each column of a piece. Pieces begin with single rows: what nobody asks for takes no room in them.
pub(crate) type Facts = OnceLock<Box<[OnceLock<ColumnFacts>]>>;

/// See the module.
#[derive(Debug)]
pub(crate) struct ColumnFacts {
    /// Without a count of distinct values.
    pub(crate) summary: ColumnSummary,
    /// Its bounds as keys.
    pub(crate) bounds: KeyBounds,
    pub(crate) distinct: DistinctSketch,
}

impl Piece {
    /// Of the column at a position.
    pub(crate) fn facts(&self, position: usize) -> &ColumnFacts {
        let unasked = || self.columns.iter().map(|_| OnceLock::new()).collect();
        self.facts.get_or_init(unasked)[position].get_or_init(|| ColumnFacts::of(&self.columns[position]))
    }
}

impl ColumnFacts {
    fn of(array: &ArrayRef) -> Self {
        let keys = key::lane_keys(array.as_ref());
        let mut zones = ZoneTable::empty(array.data_type());
        zones.append(array, keys.as_deref(), None, array.len());
        let summary = zones.summary(0, array.len() as u32, array.data_type());
        let mut distinct = DistinctSketch::new();
        bloom::for_each_hash(array, |hash| distinct.add(hash));
        ColumnFacts {
            bounds: ColumnBounds::of(&summary).keys,
            summary,
            distinct,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{Int32Array, StringViewArray};
    use std::sync::Arc;

    #[test]
    fn facts_are_bounds_nulls_and_distinct_values() {
        let numbers: ArrayRef = Arc::new(Int32Array::from_iter(
            (0..1000).map(|row| (row % 10 != 0).then_some(row % 7)),
        ));
        let facts = ColumnFacts::of(&numbers);
        assert_eq!((facts.summary.null_count, facts.distinct.estimate()), (100, 7));
        assert!(matches!(facts.bounds, KeyBounds::Lane(0, 6)));
        let texts: ArrayRef = Arc::new(StringViewArray::from(vec!["b", "a", "b"]));
        let facts = ColumnFacts::of(&texts);
        assert_eq!((facts.summary.null_count, facts.distinct.estimate()), (0, 2));
        assert!(facts.summary.exact);
    }
}
