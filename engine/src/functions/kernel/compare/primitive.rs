//! Comparisons of slices of numbers, as bitmaps.

use crate::functions::kernel::bits::{test_each, test_pairs};
use arrow_buffer::{BooleanBuffer, IntervalMonthDayNano};
use stoa_sql::plan::CompareOp;

/// A number with SQL's total order.
pub(crate) trait Ordered: Copy {
    /// Before.
    fn less(self, other: Self) -> bool;
    /// The same.
    fn equal(self, other: Self) -> bool;
}

macro_rules! ordered_integers {
    ($($native:ty),*) => {$(
        impl Ordered for $native {
            #[inline(always)]
            fn less(self, other: Self) -> bool {
                self < other
            }
            #[inline(always)]
            fn equal(self, other: Self) -> bool {
                self == other
            }
        }
    )*};
}
ordered_integers!(i16, i32, i64, i128);

macro_rules! ordered_floats {
    ($($native:ty),*) => {$(
        impl Ordered for $native {
            #[inline(always)]
            fn less(self, other: Self) -> bool {
                (self < other) | (other.is_nan() & !self.is_nan())
            }
            #[inline(always)]
            fn equal(self, other: Self) -> bool {
                (self == other) | (self.is_nan() & other.is_nan())
            }
        }
    )*};
}
ordered_floats!(f32, f64);

impl Ordered for IntervalMonthDayNano {
    #[inline(always)]
    fn less(self, other: Self) -> bool {
        interval_length(self) < interval_length(other)
    }
    #[inline(always)]
    fn equal(self, other: Self) -> bool {
        interval_length(self) == interval_length(other)
    }
}

/// An interval's length in nanoseconds, a month being 30 days and a day 24 hours.
#[inline(always)]
pub(crate) fn interval_length(value: IntervalMonthDayNano) -> i128 {
    const DAY: i128 = 86_400_000_000_000;
    (i128::from(value.months) * 30 + i128::from(value.days)) * DAY + i128::from(value.nanoseconds)
}

/// One bit per value: `value op constant`.
pub(crate) fn compare_constant<T: Ordered>(op: CompareOp, values: &[T], constant: T) -> BooleanBuffer {
    match op {
        CompareOp::Equal | CompareOp::NotDistinct => test_each(values, |value| value.equal(constant)),
        CompareOp::NotEqual | CompareOp::Distinct => test_each(values, |value| !value.equal(constant)),
        CompareOp::Less => test_each(values, |value| value.less(constant)),
        CompareOp::GreaterOrEqual => test_each(values, |value| !value.less(constant)),
        CompareOp::Greater => test_each(values, |value| constant.less(value)),
        CompareOp::LessOrEqual => test_each(values, |value| !constant.less(value)),
    }
}

/// One bit per pair: `left op right`.
pub(crate) fn compare_pairs<T: Ordered>(op: CompareOp, left: &[T], right: &[T]) -> BooleanBuffer {
    match op {
        CompareOp::Equal | CompareOp::NotDistinct => test_pairs(left, right, T::equal),
        CompareOp::NotEqual | CompareOp::Distinct => test_pairs(left, right, |left, right| !left.equal(right)),
        CompareOp::Less => test_pairs(left, right, T::less),
        CompareOp::GreaterOrEqual => test_pairs(left, right, |left, right| !left.less(right)),
        CompareOp::Greater => test_pairs(right, left, T::less),
        CompareOp::LessOrEqual => test_pairs(right, left, |right, left| !right.less(left)),
    }
}
