//! Arithmetic of `numeric`: the type of an answer, and its unscaled value.
//!
//! Postgres decides the scale of an answer value by value; here the types of the operands decide it once:
//! `+ - %`: the larger scale. `*`: the sum of the scales; where 38 digits cannot hold all, at least 20 of it are kept.
//! `/`: the larger scale, at least 16. Answers of more than 38 digits are an error, never cut.

use super::error::division_by_zero;
use crate::error::{Error, Result};
use crate::functions::cast::decimal::{beyond_numeric, divide_rounded, divide_wide, fits, power_of_ten};
use crate::functions::{Call, Value};
use crate::types::{DECIMAL64_PRECISION_MAX, LogicalType};
use arrow_array::types::{ArrowPrimitiveType, Decimal64Type, Decimal128Type};
use arrow_buffer::i256;
use stoa_sql::types::NUMERIC_PRECISION_MAX;

/// The scale of a quotient of whole numbers.
pub(in crate::functions::scalar) const DIVISION_SCALE_MIN: u8 = 16;
/// The scale that a product keeps where it has too many digits.
const PRODUCT_SCALE_KEPT: u8 = 20;

fn digits(data_type: Option<&LogicalType>) -> (u8, u8) {
    match data_type {
        Some(LogicalType::Numeric { precision, scale }) => (*precision, *scale),
        _ => (NUMERIC_PRECISION_MAX, 10),
    }
}

fn numeric(precision: u8, scale: u8) -> LogicalType {
    LogicalType::Numeric {
        precision: precision.clamp(1, NUMERIC_PRECISION_MAX),
        scale: scale.min(NUMERIC_PRECISION_MAX),
    }
}

/// The type of `a + b` and `a - b`: one digit more before the point.
pub(super) fn sum_type(types: &[LogicalType]) -> LogicalType {
    let ((left, left_scale), (right, right_scale)) = (digits(types.first()), digits(types.get(1)));
    let scale = left_scale.max(right_scale);
    let whole = (left - left_scale).max(right - right_scale);
    numeric(whole + 1 + scale, scale)
}

/// The type of `a * b`.
pub(super) fn product_type(types: &[LogicalType]) -> LogicalType {
    let ((left, left_scale), (right, right_scale)) = (digits(types.first()), digits(types.get(1)));
    let scale = left_scale + right_scale;
    if left + right <= NUMERIC_PRECISION_MAX {
        return numeric(left + right, scale);
    }
    let kept = PRODUCT_SCALE_KEPT.max(left_scale).max(right_scale);
    numeric(NUMERIC_PRECISION_MAX, scale.min(kept))
}

/// The type of `a / b`.
pub(in crate::functions::scalar) fn quotient_type(types: &[LogicalType]) -> LogicalType {
    let ((left, left_scale), (_, right_scale)) = (digits(types.first()), digits(types.get(1)));
    let scale = left_scale.max(right_scale).max(DIVISION_SCALE_MIN);
    // Dividing by the smallest number there is makes the largest answer.
    let whole = left - left_scale + right_scale;
    numeric(whole.saturating_add(scale), scale)
}

/// The type of `a % b`.
pub(super) fn rest_type(types: &[LogicalType]) -> LogicalType {
    let ((left, left_scale), (right, right_scale)) = (digits(types.first()), digits(types.get(1)));
    let scale = left_scale.max(right_scale);
    let whole = (left - left_scale).max(right - right_scale);
    numeric(whole + scale, scale)
}

/// A call of two numerics: their digits and those of the answer.
struct Operands {
    left: (u8, u8),
    right: (u8, u8),
    answer: (u8, u8),
}

impl Operands {
    fn of(call: &Call<'_>) -> Self {
        Operands {
            left: digits(call.argument_types.first()),
            right: digits(call.argument_types.get(1)),
            answer: digits(Some(call.return_type)),
        }
    }

    fn all_narrow(&self) -> bool {
        [self.left, self.right, self.answer]
            .iter()
            .all(|(precision, _)| *precision <= DECIMAL64_PRECISION_MAX)
    }
}

/// Runs an operator of 128-bit numbers on operands of either width.
pub(super) fn wide(
    call: &Call<'_>,
    operate: impl Fn(i128, i128) -> (i128, bool) + Copy,
    error: impl Fn(i128) -> Error + Copy,
) -> Result<Value> {
    type Narrow = Decimal64Type;
    type Wide = Decimal128Type;
    let operands = Operands::of(call);
    let left_narrow = operands.left.0 <= DECIMAL64_PRECISION_MAX;
    let right_narrow = operands.right.0 <= DECIMAL64_PRECISION_MAX;
    if operands.answer.0 <= DECIMAL64_PRECISION_MAX {
        // Rare: an answer narrower than an operand.
        return narrow_answer(call, left_narrow, right_narrow, operate, error);
    }
    match (left_narrow, right_narrow) {
        (true, true) => call.binary::<Narrow, Narrow, Wide>(
            |left, right| operate(left.into(), right.into()),
            |_, right| error(right.into()),
        ),
        (true, false) => {
            call.binary::<Narrow, Wide, Wide>(|left, right| operate(left.into(), right), |_, right| error(right))
        }
        (false, true) => call.binary::<Wide, Narrow, Wide>(
            |left, right| operate(left, right.into()),
            |_, right| error(right.into()),
        ),
        (false, false) => call.binary::<Wide, Wide, Wide>(operate, |_, right| error(right)),
    }
}

fn narrow_answer(
    call: &Call<'_>,
    left_narrow: bool,
    right_narrow: bool,
    operate: impl Fn(i128, i128) -> (i128, bool) + Copy,
    error: impl Fn(i128) -> Error + Copy,
) -> Result<Value> {
    type Narrow = Decimal64Type;
    type Wide = Decimal128Type;
    let narrow = |(value, fails): (i128, bool)| (value as i64, fails || i64::try_from(value).is_err());
    match (left_narrow, right_narrow) {
        (true, true) => call.binary::<Narrow, Narrow, Narrow>(
            |left, right| narrow(operate(left.into(), right.into())),
            |_, right| error(right.into()),
        ),
        (true, false) => call.binary::<Narrow, Wide, Narrow>(
            |left, right| narrow(operate(left.into(), right)),
            |_, right| error(right),
        ),
        (false, true) => call.binary::<Wide, Narrow, Narrow>(
            |left, right| narrow(operate(left, right.into())),
            |_, right| error(right.into()),
        ),
        (false, false) => {
            call.binary::<Wide, Wide, Narrow>(|left, right| narrow(operate(left, right)), |_, right| error(right))
        }
    }
}

/// Which of the two.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sum {
    Plus,
    Minus,
}

/// `a + b`, `a - b`
pub(super) fn add(call: &Call<'_>, sum: Sum) -> Result<Value> {
    let operands = Operands::of(call);
    let (precision, scale) = operands.answer;
    let left_factor = power_of_ten(scale - operands.left.1.min(scale));
    let right_factor = power_of_ten(scale - operands.right.1.min(scale));
    let right_factor = match sum {
        Sum::Plus => right_factor,
        Sum::Minus => -right_factor,
    };
    let overflow = |_| beyond_numeric();
    if operands.all_narrow() {
        let (left_factor, right_factor) = (left_factor as i64, right_factor as i64);
        return call.binary::<Decimal64Type, Decimal64Type, Decimal64Type>(
            |left, right| {
                let sum = left
                    .wrapping_mul(left_factor)
                    .wrapping_add(right.wrapping_mul(right_factor));
                (sum, false)
            },
            |_, _| beyond_numeric(),
        );
    }
    let whole = (operands.left.0 - operands.left.1).max(operands.right.0 - operands.right.1);
    if whole + scale < precision {
        // The type has room for every sum.
        return wide(
            call,
            |left, right| {
                let sum = left
                    .wrapping_mul(left_factor)
                    .wrapping_add(right.wrapping_mul(right_factor));
                (sum, false)
            },
            overflow,
        );
    }
    let checked = move |left: i128, right: i128| {
        let sum = left
            .checked_mul(left_factor)?
            .checked_add(right.checked_mul(right_factor)?)?;
        fits(sum, precision).then_some(sum)
    };
    wide(call, |left, right| checked_pair(checked(left, right)), overflow)
}

#[inline(always)]
fn checked_pair(value: Option<i128>) -> (i128, bool) {
    match value {
        Some(value) => (value, false),
        None => (0, true),
    }
}

/// `a * b`
pub(super) fn multiply(call: &Call<'_>) -> Result<Value> {
    let operands = Operands::of(call);
    let (precision, scale) = operands.answer;
    let overflow = |_| beyond_numeric();
    if operands.all_narrow() {
        return call.binary::<Decimal64Type, Decimal64Type, Decimal64Type>(
            |left, right| (left.wrapping_mul(right), false),
            |_, _| beyond_numeric(),
        );
    }
    let exact_scale = operands.left.1 + operands.right.1;
    if operands.left.0 + operands.right.0 <= NUMERIC_PRECISION_MAX {
        return wide(call, |left, right| (left.wrapping_mul(right), false), overflow);
    }
    let divisor = power_of_ten(exact_scale - scale);
    if divisor == 1
        && precision == NUMERIC_PRECISION_MAX
        && let Some(product) = short_product(call, &operands)?
    {
        return Ok(product);
    }
    let checked = move |left: i128, right: i128| {
        let product = match left.checked_mul(right) {
            Some(product) if divisor == 1 => product,
            Some(product) => divide_rounded(product, divisor),
            None => {
                let product = i256::from_i128(left).checked_mul(i256::from_i128(right))?;
                divide_wide(product, i256::from_i128(divisor))?
            }
        };
        fits(product, precision).then_some(product)
    };
    wide(call, |left, right| checked_pair(checked(left, right)), overflow)
}

/// The product of a wide column whose values happen to be short ones and a narrow one: no 64 and no 60 bits are beyond 38 digits together.
fn short_product(call: &Call<'_>, operands: &Operands) -> Result<Option<Value>> {
    let is_narrow = |(precision, _): (u8, u8)| precision <= DECIMAL64_PRECISION_MAX;
    let are_short = |at: usize| -> Result<bool> {
        let values = call.primitives::<Decimal128Type>(at)?;
        Ok(match values.constant() {
            Some(value) => i64::try_from(value).is_ok(),
            None => are_short(values.values()),
        })
    };
    let product = |left: i64, right: i64| (i128::from(left) * i128::from(right), false);
    let no_error = |_: i128| beyond_numeric();
    match (is_narrow(operands.left), is_narrow(operands.right)) {
        (false, true) if are_short(0)? => call
            .binary::<Decimal128Type, Decimal64Type, Decimal128Type>(
                |left, right| product(left as i64, right),
                |left, _| no_error(left),
            )
            .map(Some),
        (true, false) if are_short(1)? => call
            .binary::<Decimal64Type, Decimal128Type, Decimal128Type>(
                |left, right| product(left, right as i64),
                |_, right| no_error(right),
            )
            .map(Some),
        _ => Ok(None),
    }
}

/// Whether all values have 64 bits.
fn are_short(values: &[i128]) -> bool {
    let bits = values
        .iter()
        .fold(0, |bits, value| bits | value.wrapping_add(1 << 63) as u128);
    bits < 1 << 64
}

/// `a / b`, rounded half away from zero.
pub(super) fn divide(call: &Call<'_>) -> Result<Value> {
    let operands = Operands::of(call);
    let (precision, scale) = operands.answer;
    let exponent = (scale + operands.right.1).saturating_sub(operands.left.1);
    let checked = move |left: i128, right: i128| {
        let quotient = quotient(left, right, exponent)?;
        fits(quotient, precision).then_some(quotient)
    };
    wide(call, |left, right| checked_pair(checked(left, right)), division_error)
}

fn division_error(divisor: i128) -> Error {
    match divisor {
        0 => division_by_zero(),
        _ => beyond_numeric(),
    }
}

/// `left * 10^exponent / right`; `None` for a zero divisor and where 128 bits do not hold the answer.
pub(in crate::functions::scalar) fn quotient(left: i128, right: i128, exponent: u8) -> Option<i128> {
    if right == 0 {
        return None;
    }
    let scaled = match exponent {
        0..=38 => left.checked_mul(power_of_ten(exponent)),
        _ => None,
    };
    if let Some(scaled) = scaled {
        return Some(match right > 0 {
            true => divide_rounded(scaled, right),
            false => divide_rounded(scaled.checked_neg()?, right.checked_neg()?),
        });
    }
    let mut numerator = i256::from_i128(left);
    let mut exponent = exponent;
    while exponent > 0 {
        let step = exponent.min(38);
        numerator = numerator.checked_mul(i256::from_i128(power_of_ten(step)))?;
        exponent -= step;
    }
    divide_wide(numerator, i256::from_i128(right))
}

/// `a % b`, with the sign of `a`.
pub(super) fn modulo(call: &Call<'_>) -> Result<Value> {
    let operands = Operands::of(call);
    let scale = operands.answer.1;
    let left_factor = power_of_ten(scale - operands.left.1.min(scale));
    let right_factor = power_of_ten(scale - operands.right.1.min(scale));
    let rest = move |left: i128, right: i128| {
        if right == 0 {
            return None;
        }
        match (left.checked_mul(left_factor), right.checked_mul(right_factor)) {
            (Some(left), Some(right)) => Some(left.wrapping_rem(right)),
            _ => {
                let left = i256::from_i128(left).checked_mul(i256::from_i128(left_factor))?;
                let right = i256::from_i128(right).checked_mul(i256::from_i128(right_factor))?;
                left.checked_rem(right)?.to_i128()
            }
        }
    };
    wide(call, |left, right| checked_pair(rest(left, right)), division_error)
}

/// Runs an operator of one numeric that keeps its type.
pub(in crate::functions::scalar) fn map(call: &Call<'_>, operate: impl Fn(i128) -> i128 + Copy) -> Result<Value> {
    let (precision, _) = digits(call.argument_types.first());
    if precision <= DECIMAL64_PRECISION_MAX {
        return unary::<Decimal64Type>(call, |value| operate(value.into()) as i64);
    }
    unary::<Decimal128Type>(call, operate)
}

fn unary<T: ArrowPrimitiveType>(call: &Call<'_>, operate: impl Fn(T::Native) -> T::Native + Copy) -> Result<Value> {
    call.unary::<T, T>(|value| (operate(value), false), |_| beyond_numeric())
}
