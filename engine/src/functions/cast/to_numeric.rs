//! Casts to `numeric(precision, scale)`: rounded half away from zero, refused where there are too many digits.

use super::decimal::{fits, from_double, overflow, power_of_ten, rescale};
use super::{Cast, to_json};
use crate::error::Result;
use crate::types::{DECIMAL64_PRECISION_MAX, LogicalType, array_type};
use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{ArrayRef, PrimitiveArray};
use std::sync::Arc;

/// Digits of a double that count.
const DOUBLE_DIGITS: usize = 15;
/// Digits of a real that count.
const REAL_DIGITS: usize = 6;

pub(super) fn cast(cast: &Cast<'_>, array: &ArrayRef, precision: u8, scale: u8) -> Result<ArrayRef> {
    match cast.from {
        LogicalType::SmallInt => integers::<Int16Type>(cast, array, precision, scale, 5),
        LogicalType::Integer => integers::<Int32Type>(cast, array, precision, scale, 10),
        LogicalType::BigInt | LogicalType::Oid => integers::<Int64Type>(cast, array, precision, scale, 19),
        LogicalType::Real => convert::<Float32Type>(cast, array, |value| {
            from_double(value.into(), REAL_DIGITS, precision, scale)
        }),
        LogicalType::Double => {
            convert::<Float64Type>(cast, array, |value| from_double(value, DOUBLE_DIGITS, precision, scale))
        }
        LogicalType::Numeric {
            precision: from_precision,
            scale: from_scale,
        } => numerics(cast, array, (*from_precision, *from_scale), (precision, scale)),
        LogicalType::Jsonb => to_json::numerics(cast, array, precision, scale),
        _ => cast.parsed(array),
    }
}

/// Builds the target array from unscaled values that fit.
pub(super) fn convert<S: ArrowPrimitiveType>(
    cast: &Cast<'_>,
    array: &ArrayRef,
    unscaled: impl Fn(S::Native) -> Result<i128>,
) -> Result<ArrayRef> {
    let source = array.as_primitive::<S>();
    let target = array_type(cast.to);
    if matches!(target, arrow_schema::DataType::Decimal64(_, _)) {
        let answer: PrimitiveArray<Decimal64Type> =
            source.try_unary(|value| unscaled(value).map(|value| value as i64))?;
        return Ok(Arc::new(answer.with_data_type(target)));
    }
    let answer: PrimitiveArray<Decimal128Type> = source.try_unary(unscaled)?;
    Ok(Arc::new(answer.with_data_type(target)))
}

fn integers<S>(cast: &Cast<'_>, array: &ArrayRef, precision: u8, scale: u8, digits: u8) -> Result<ArrayRef>
where
    S: ArrowPrimitiveType,
    S::Native: Into<i64>,
{
    let factor = power_of_ten(scale);
    if digits <= precision - scale {
        // Every integer fits: no test in the loop.
        return map(cast, array.as_primitive::<S>(), factor);
    }
    convert::<S>(cast, array, |value| {
        let value: i64 = value.into();
        i128::from(value)
            .checked_mul(factor)
            .filter(|value| fits(*value, precision))
            .ok_or_else(|| overflow(precision, scale))
    })
}

fn map<S>(cast: &Cast<'_>, source: &PrimitiveArray<S>, factor: i128) -> Result<ArrayRef>
where
    S: ArrowPrimitiveType,
    S::Native: Into<i64>,
{
    let target = array_type(cast.to);
    if matches!(target, arrow_schema::DataType::Decimal64(_, _)) {
        let factor = factor as i64;
        let answer: PrimitiveArray<Decimal64Type> = source.unary(|value| value.into().wrapping_mul(factor));
        return Ok(Arc::new(answer.with_data_type(target)));
    }
    let answer: PrimitiveArray<Decimal128Type> = source.unary(|value| i128::from(value.into()).wrapping_mul(factor));
    Ok(Arc::new(answer.with_data_type(target)))
}

fn numerics(cast: &Cast<'_>, array: &ArrayRef, from: (u8, u8), to: (u8, u8)) -> Result<ArrayRef> {
    let (from_precision, from_scale) = from;
    let (precision, scale) = to;
    let target = array_type(cast.to);
    let widens = from_scale <= scale && from_precision - from_scale <= precision - scale;
    let factor = power_of_ten(scale.saturating_sub(from_scale));
    if from_precision <= DECIMAL64_PRECISION_MAX {
        let source = array.as_primitive::<Decimal64Type>();
        if widens && precision <= DECIMAL64_PRECISION_MAX {
            let factor = factor as i64;
            let answer: PrimitiveArray<Decimal64Type> = source.unary(|value| value.wrapping_mul(factor));
            return Ok(Arc::new(answer.with_data_type(target)));
        }
        if widens {
            let answer: PrimitiveArray<Decimal128Type> = source.unary(|value| i128::from(value).wrapping_mul(factor));
            return Ok(Arc::new(answer.with_data_type(target)));
        }
        return convert::<Decimal64Type>(cast, array, |value| narrow(value.into(), from_scale, precision, scale));
    }
    if widens {
        let answer: PrimitiveArray<Decimal128Type> = array
            .as_primitive::<Decimal128Type>()
            .unary(|value| value.wrapping_mul(factor));
        return Ok(Arc::new(answer.with_data_type(target)));
    }
    convert::<Decimal128Type>(cast, array, |value| narrow(value, from_scale, precision, scale))
}

fn narrow(value: i128, from_scale: u8, precision: u8, scale: u8) -> Result<i128> {
    rescale(value, from_scale, scale)
        .filter(|value| fits(*value, precision))
        .ok_or_else(|| overflow(precision, scale))
}
