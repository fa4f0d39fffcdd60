//! A key column of a batch as integers.

use super::range::{self, Range};
use arrow_buffer::{NullBuffer, ScalarBuffer};

/// One integer or NULL per row.
pub(super) struct Lane {
    pub(super) values: LaneValues,
    /// Never there for ids, whose 0 is NULL.
    pub(super) nulls: Option<NullBuffer>,
}

/// See [`Lane`].
pub(super) enum LaneValues {
    /// The same in all rows.
    Constant(Option<i64>),
    Short(ScalarBuffer<i16>),
    Int(ScalarBuffer<i32>),
    Long(ScalarBuffer<i64>),
    /// Ids of an interner; 0 is NULL.
    Ids(Vec<u32>),
}

/// Calls a body with the slice of a lane's values that are not constant.
macro_rules! with_slice {
    ($values:expr, $slice:ident => $body:expr, constant $constant:ident => $otherwise:expr) => {
        match $values {
            LaneValues::Short($slice) => $body,
            LaneValues::Int($slice) => $body,
            LaneValues::Long($slice) => $body,
            LaneValues::Ids($slice) => $body,
            LaneValues::Constant($constant) => $otherwise,
        }
    };
}
pub(super) use with_slice;

/// Integers that lanes are made of.
pub(super) trait LaneValue: Copy + Ord + Default + Send + Sync + 'static {
    fn widen(self) -> i64;
}

macro_rules! lane_value {
    ($($native:ty),*) => {$(
        impl LaneValue for $native {
            #[inline(always)]
            fn widen(self) -> i64 {
                i64::from(self)
            }
        }
    )*};
}
lane_value!(i16, i32, i64, u32);

impl Lane {
    /// Without NULLs, or with these.
    pub(super) fn new(values: LaneValues, nulls: Option<NullBuffer>) -> Self {
        Lane {
            values,
            nulls: nulls.filter(|nulls| nulls.null_count() > 0),
        }
    }

    /// The same in all rows.
    pub(super) fn constant(value: Option<i64>) -> Self {
        Lane::new(LaneValues::Constant(value), None)
    }

    /// Whether its ends and its middle are the same.
    pub(super) fn may_be_constant(&self) -> bool {
        with_slice!(&self.values, values => match values.len() {
            0 => false,
            length => values[0] == values[length / 2] && values[0] == values[length - 1],
        }, constant _value => true)
    }

    pub(super) fn is_constant(&self) -> bool {
        matches!(self.values, LaneValues::Constant(_))
    }

    /// The smallest and largest value; `None` where all are NULL. A lane of one value becomes a constant.
    pub(super) fn range(&mut self) -> Option<Range> {
        let range = match (&self.values, &self.nulls) {
            (LaneValues::Constant(value), _) => value.map(|value| Range {
                minimum: value,
                maximum: value,
            }),
            (LaneValues::Short(values), nulls) => range::of(values, nulls.as_ref()),
            (LaneValues::Int(values), nulls) => range::of(values, nulls.as_ref()),
            (LaneValues::Long(values), nulls) => range::of(values, nulls.as_ref()),
            (LaneValues::Ids(ids), _) => range::of(ids, None),
        };
        match (range, &self.nulls) {
            (Some(range), None) if range.minimum == range.maximum && !self.is_constant() => {
                self.values = LaneValues::Constant(Some(range.minimum));
            }
            (None, Some(_)) => *self = Lane::constant(None),
            _ => {}
        }
        range
    }

    /// The value of a row; an id's NULL is its 0.
    #[inline]
    pub(super) fn value(&self, row: usize) -> Option<i64> {
        if self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            return None;
        }
        with_slice!(&self.values, slice => Some(slice[row].widen()), constant value => *value)
    }
}
