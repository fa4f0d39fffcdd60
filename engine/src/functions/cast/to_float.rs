//! Casts to `real` and `double precision`.

use super::decimal::{to_double, to_real};
use super::{Cast, to_json};
use crate::error::{Error, Result, SqlState};
use crate::types::LogicalType;
use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{ArrayRef, PrimitiveArray};
use std::sync::Arc;

pub(super) fn cast(cast: &Cast<'_>, array: &ArrayRef) -> Result<ArrayRef> {
    let real = *cast.to == LogicalType::Real;
    match cast.from {
        LogicalType::SmallInt if real => Ok(map::<Int16Type, Float32Type>(array, f32::from)),
        LogicalType::SmallInt => Ok(map::<Int16Type, Float64Type>(array, f64::from)),
        LogicalType::Integer if real => Ok(map::<Int32Type, Float32Type>(array, |value| value as f32)),
        LogicalType::Integer => Ok(map::<Int32Type, Float64Type>(array, f64::from)),
        LogicalType::BigInt | LogicalType::Oid if real => {
            Ok(map::<Int64Type, Float32Type>(array, |value| value as f32))
        }
        LogicalType::BigInt | LogicalType::Oid => Ok(map::<Int64Type, Float64Type>(array, |value| value as f64)),
        LogicalType::Real => Ok(map::<Float32Type, Float64Type>(array, f64::from)),
        LogicalType::Double => to_real_checked(array),
        LogicalType::Numeric { scale, .. } => Ok(from_numeric(array, *scale, real)),
        LogicalType::Jsonb => to_json::floats(cast, array),
        _ => cast.parsed(array),
    }
}

fn map<S: ArrowPrimitiveType, T: ArrowPrimitiveType>(
    array: &ArrayRef,
    convert: impl Fn(S::Native) -> T::Native,
) -> ArrayRef {
    let answer: PrimitiveArray<T> = array.as_primitive::<S>().unary(convert);
    Arc::new(answer)
}

fn from_numeric(array: &ArrayRef, scale: u8, real: bool) -> ArrayRef {
    let narrow = array.as_primitive_opt::<Decimal64Type>().is_some();
    match (narrow, real) {
        (true, true) => map::<Decimal64Type, Float32Type>(array, |value| to_real(value.into(), scale)),
        (true, false) => map::<Decimal64Type, Float64Type>(array, |value| to_double(value.into(), scale)),
        (false, true) => map::<Decimal128Type, Float32Type>(array, |value| to_real(value, scale)),
        (false, false) => map::<Decimal128Type, Float64Type>(array, |value| to_double(value, scale)),
    }
}

/// A finite double that becomes infinite, or nothing but zero, is out of range.
fn to_real_checked(array: &ArrayRef) -> Result<ArrayRef> {
    let convert = |value: f64| {
        let real = value as f32;
        if real.is_infinite() && !value.is_infinite() {
            return Err(Error::user(
                SqlState::NUMERIC_VALUE_OUT_OF_RANGE,
                "value out of range: overflow",
            ));
        }
        if real == 0.0 && value != 0.0 {
            return Err(Error::user(
                SqlState::NUMERIC_VALUE_OUT_OF_RANGE,
                "value out of range: underflow",
            ));
        }
        Ok(real)
    };
    let answer: PrimitiveArray<Float32Type> = array.as_primitive::<Float64Type>().try_unary(convert)?;
    Ok(Arc::new(answer))
}
