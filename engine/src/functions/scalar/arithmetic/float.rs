//! Floating-point operators: infinity out of finite numbers and zero out of others are errors, as in Postgres.

use super::error::{overflow, underflow};
use crate::error::{Error, Result};
use crate::functions::{Call, Value};
use crate::types::LogicalType;
use arrow_array::types::{Float32Type, Float64Type};

/// A float with checked operators: the answer, and whether it is wrong.
pub(super) trait Float: Copy {
    fn add(self, other: Self) -> (Self, bool);
    fn subtract(self, other: Self) -> (Self, bool);
    fn multiply(self, other: Self) -> (Self, bool);
    fn divide(self, other: Self) -> (Self, bool);
}

macro_rules! float {
    ($native:ty) => {
        impl Float for $native {
            #[inline(always)]
            fn add(self, other: Self) -> (Self, bool) {
                let sum = self + other;
                (
                    sum,
                    sum.is_infinite() & !self.is_infinite() & !other.is_infinite(),
                )
            }
            #[inline(always)]
            fn subtract(self, other: Self) -> (Self, bool) {
                Float::add(self, -other)
            }
            #[inline(always)]
            fn multiply(self, other: Self) -> (Self, bool) {
                let product = self * other;
                let overflow = product.is_infinite() & !self.is_infinite() & !other.is_infinite();
                (
                    product,
                    overflow | ((product == 0.0) & (self != 0.0) & (other != 0.0)),
                )
            }
            #[inline(always)]
            fn divide(self, other: Self) -> (Self, bool) {
                let quotient = self / other;
                let by_zero = (other == 0.0) & !self.is_nan();
                let overflow = quotient.is_infinite() & !self.is_infinite();
                let underflow = (quotient == 0.0) & (self != 0.0) & !other.is_infinite();
                (quotient, by_zero | overflow | underflow)
            }
        }
    };
}
float!(f32);
float!(f64);

/// An operator of two floats: of reals where both are, otherwise of doubles. `error` is told what the operator gives.
pub(super) fn binary(
    call: &Call<'_>,
    of_reals: impl Fn(f32, f32) -> (f32, bool) + Copy,
    of_doubles: impl Fn(f64, f64) -> (f64, bool) + Copy,
    error: impl Fn(f64, f64) -> Error,
) -> Result<Value> {
    type Narrow = Float32Type;
    type Wide = Float64Type;
    let is_real = |at: usize| call.argument_type(at).map(|data_type| *data_type == LogicalType::Real);
    match (is_real(0)?, is_real(1)?) {
        (true, true) => call.binary::<Narrow, Narrow, Narrow>(of_reals, |left, right| {
            error(of_reals(left, right).0.into(), right.into())
        }),
        (true, false) => call.binary::<Narrow, Wide, Wide>(
            |left, right| of_doubles(left.into(), right),
            |left, right| error(of_doubles(left.into(), right).0, right),
        ),
        (false, true) => call.binary::<Wide, Narrow, Wide>(
            |left, right| of_doubles(left, right.into()),
            |left, right| error(of_doubles(left, right.into()).0, right.into()),
        ),
        (false, false) => {
            call.binary::<Wide, Wide, Wide>(of_doubles, |left, right| error(of_doubles(left, right).0, right))
        }
    }
}

/// That an answer is infinite, or zero, and should not be.
pub(super) fn range_error(answer: f64) -> Error {
    if answer.is_infinite() { overflow() } else { underflow() }
}
