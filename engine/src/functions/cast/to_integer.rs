//! Casts to `smallint`, `integer` and `bigint`.

use super::decimal::{divide_rounded, power_of_ten};
use super::{Cast, out_of_range, to_json};
use crate::error::Result;
use crate::types::LogicalType;
use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef, PrimitiveArray};
use std::sync::Arc;

pub(super) fn cast(cast: &Cast<'_>, array: &ArrayRef) -> Result<ArrayRef> {
    match cast.to {
        LogicalType::SmallInt => cast_to::<Int16Type>(cast, array),
        LogicalType::Integer => cast_to::<Int32Type>(cast, array),
        _ => cast_to::<Int64Type>(cast, array),
    }
}

fn cast_to<T>(cast: &Cast<'_>, array: &ArrayRef) -> Result<ArrayRef>
where
    T: ArrowPrimitiveType,
    T::Native: TryFrom<i64> + TryFrom<i128>,
{
    let fails = || out_of_range(cast.to);
    match cast.from {
        LogicalType::Boolean => {
            let bits = array.as_boolean();
            let one = T::Native::try_from(1i64).map_err(|_| fails())?;
            let value = |bit: bool| if bit { one } else { T::Native::default() };
            let values: Vec<T::Native> = bits.values().iter().map(value).collect();
            Ok(Arc::new(PrimitiveArray::<T>::new(
                values.into(),
                array.nulls().cloned(),
            )))
        }
        LogicalType::SmallInt => {
            convert::<Int16Type, T>(array, |value| T::Native::try_from(i64::from(value)).ok(), cast)
        }
        LogicalType::Integer => {
            convert::<Int32Type, T>(array, |value| T::Native::try_from(i64::from(value)).ok(), cast)
        }
        LogicalType::BigInt
        | LogicalType::Oid
        | LogicalType::Regclass
        | LogicalType::Regtype
        | LogicalType::Regproc
        | LogicalType::Regnamespace => convert::<Int64Type, T>(array, |value| T::Native::try_from(value).ok(), cast),
        LogicalType::Real => convert::<Float32Type, T>(array, |value| from_float::<T>(f64::from(value)), cast),
        LogicalType::Double => convert::<Float64Type, T>(array, from_float::<T>, cast),
        LogicalType::Numeric { scale, .. } => {
            let divisor = power_of_ten(*scale);
            if array.as_primitive_opt::<Decimal64Type>().is_some() {
                let whole = |value: i64| T::Native::try_from(divide_rounded(value.into(), divisor)).ok();
                return convert::<Decimal64Type, T>(array, whole, cast);
            }
            convert::<Decimal128Type, T>(
                array,
                |value| T::Native::try_from(divide_rounded(value, divisor)).ok(),
                cast,
            )
        }
        LogicalType::Jsonb => to_json::integers::<T>(cast, array),
        _ => cast.parsed(array),
    }
}

/// Rounds half to even, as Postgres does.
fn from_float<T: ArrowPrimitiveType>(value: f64) -> Option<T::Native>
where
    T::Native: TryFrom<i64>,
{
    let rounded = value.round_ties_even();
    // Both bounds are powers of two and so exact; NaN is in no range.
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if (-LIMIT..LIMIT).contains(&rounded) {
        return T::Native::try_from(rounded as i64).ok();
    }
    None
}

fn convert<S: ArrowPrimitiveType, T: ArrowPrimitiveType>(
    array: &ArrayRef,
    convert: impl Fn(S::Native) -> Option<T::Native>,
    cast: &Cast<'_>,
) -> Result<ArrayRef> {
    let source = array.as_primitive::<S>();
    let answer: PrimitiveArray<T> = source.try_unary(|value| convert(value).ok_or_else(|| out_of_range(cast.to)))?;
    Ok(Arc::new(answer))
}
