//! What is known of a segment's column, as keys: a thousand segments are ruled out by a condition in microseconds.

use crate::index::Verdict;
use crate::segment::ColumnSummary;
use crate::vector::filter::Test;
use crate::vector::key::{Domain, bytes_at, domain_of, lane_keys, wide_keys};
use arrow_array::ArrayRef;
use std::cmp::Ordering;

/// Bounds of a column's values; NULLs are counted apart.
#[derive(Clone, Debug)]
pub(crate) struct ColumnBounds {
    pub(crate) row_count: u32,
    pub(crate) null_count: u32,
    pub(crate) keys: KeyBounds,
}

/// Least and greatest key.
#[derive(Clone, Debug)]
pub(crate) enum KeyBounds {
    Unknown,
    Lane(i64, i64),
    Wide(i128, i128),
    /// Perhaps cut; `None` is unbounded.
    Bytes {
        minimum: Option<Box<[u8]>>,
        maximum: Option<Box<[u8]>>,
        exact: bool,
    },
}

impl ColumnBounds {
    /// Those of a summary.
    pub(crate) fn of(summary: &ColumnSummary) -> Self {
        ColumnBounds {
            row_count: summary.row_count,
            null_count: summary.null_count,
            keys: key_bounds(summary).unwrap_or(KeyBounds::Unknown),
        }
    }

    /// Those of rows that all have one value, an array of length 1.
    pub(crate) fn of_constant(value: &ArrayRef, row_count: u32) -> Self {
        use arrow_array::Array;
        let null_count = if value.is_null(0) { row_count } else { 0 };
        ColumnBounds::of(&ColumnSummary {
            row_count,
            null_count,
            minimum: (null_count == 0).then(|| value.clone()),
            maximum: (null_count == 0).then(|| value.clone()),
            exact: true,
            sum: None,
            distinct_count: None,
        })
    }

    /// What is known of the rows and a condition.
    pub(crate) fn verdict(&self, test: &Test) -> Verdict {
        let (all_null, none_null) = (self.null_count == self.row_count, self.null_count == 0);
        match test {
            Test::Null if all_null => return Verdict::EveryRow,
            Test::Null if none_null => return Verdict::NoRow,
            Test::NotNull if all_null => return Verdict::NoRow,
            Test::NotNull if none_null => return Verdict::EveryRow,
            Test::Null | Test::NotNull => return Verdict::SomeRows,
            _ if all_null => return Verdict::NoRow,
            _ => {}
        }
        let verdict = match (&self.keys, test) {
            (KeyBounds::Lane(minimum, maximum), test) => test.lane_verdict(*minimum, *maximum),
            (KeyBounds::Wide(minimum, maximum), Test::Wide(test)) => test.verdict(*minimum, *maximum),
            (
                KeyBounds::Bytes {
                    minimum,
                    maximum,
                    exact,
                },
                Test::Bytes(test),
            ) => test.verdict(minimum.as_deref(), maximum.as_deref(), *exact),
            _ => Verdict::SomeRows,
        };
        match verdict {
            Verdict::EveryRow if !none_null => Verdict::SomeRows,
            verdict => verdict,
        }
    }
}

impl KeyBounds {
    /// Known before unknown, so that the orders below are total.
    fn rank(&self) -> u8 {
        match self {
            KeyBounds::Lane(_, _) => 0,
            KeyBounds::Wide(_, _) => 1,
            KeyBounds::Bytes { .. } => 2,
            KeyBounds::Unknown => 3,
        }
    }

    /// The order of the least keys of two sets of values of one column.
    pub(crate) fn compare_beginnings(&self, other: &KeyBounds) -> Ordering {
        match (self, other) {
            (KeyBounds::Lane(left, _), KeyBounds::Lane(right, _)) => left.cmp(right),
            (KeyBounds::Wide(left, _), KeyBounds::Wide(right, _)) => left.cmp(right),
            (KeyBounds::Bytes { minimum: left, .. }, KeyBounds::Bytes { minimum: right, .. }) => left.cmp(right),
            (left, right) => left.rank().cmp(&right.rank()),
        }
    }

    /// Whether all keys are below all others, as far as that is known.
    pub(crate) fn ends_before(&self, other: &KeyBounds) -> bool {
        match (self, other) {
            (KeyBounds::Lane(_, left), KeyBounds::Lane(right, _)) => left < right,
            (KeyBounds::Wide(_, left), KeyBounds::Wide(right, _)) => left < right,
            (
                KeyBounds::Bytes {
                    maximum: Some(left), ..
                },
                KeyBounds::Bytes {
                    minimum: Some(right), ..
                },
            ) => left < right,
            _ => false,
        }
    }

    /// The order of the greatest keys.
    pub(crate) fn compare_ends(&self, other: &KeyBounds) -> Ordering {
        match (self, other) {
            (KeyBounds::Lane(_, left), KeyBounds::Lane(_, right)) => left.cmp(right),
            (KeyBounds::Wide(_, left), KeyBounds::Wide(_, right)) => left.cmp(right),
            (KeyBounds::Bytes { maximum: left, .. }, KeyBounds::Bytes { maximum: right, .. }) => left.cmp(right),
            (left, right) => left.rank().cmp(&right.rank()),
        }
    }
}

fn key_bounds(summary: &ColumnSummary) -> Option<KeyBounds> {
    let (minimum, maximum) = (summary.minimum.as_ref(), summary.maximum.as_ref());
    match domain_of(minimum.or(maximum)?.data_type())? {
        Domain::Lane => {
            let key = |value: &ArrayRef| lane_keys(value.as_ref())?.first().copied();
            Some(KeyBounds::Lane(key(minimum?)?, key(maximum?)?))
        }
        Domain::Wide => {
            let key = |value: &ArrayRef| wide_keys(value.as_ref())?.first().copied();
            Some(KeyBounds::Wide(key(minimum?)?, key(maximum?)?))
        }
        Domain::Bytes => {
            let bytes = |value: &ArrayRef| bytes_at(value.as_ref(), 0).into();
            Some(KeyBounds::Bytes {
                minimum: minimum.map(bytes),
                maximum: maximum.map(bytes),
                exact: summary.exact,
            })
        }
    }
}
