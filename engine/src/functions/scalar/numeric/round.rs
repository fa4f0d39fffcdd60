//! `round(number)`: doubles half to even, numerics half away from zero; `round(numeric, places)`

use super::{rounded_type, whole_type};
use crate::error::Result;
use crate::functions::cast::decimal::{beyond_numeric, divide_rounded, power_of_ten, rescale, scale_of};
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use crate::types::LogicalType;
use arrow_array::types::{Float64Type, Int32Type};

pub(super) static ROUND: ScalarFunction = ScalarFunction {
    info: || {
        immutable(
            "round",
            const {
                &[
                    signature(&[DOUBLE], returns::double),
                    signature(&[NUMERIC], whole_type),
                    signature(&[NUMERIC, INTEGER], rounded_type),
                ]
            },
        )
    },
    documentation: documentation(
        "numeric",
        "The nearest whole number, or the nearest with so many places behind the point.",
        "round(42.4382, 2)",
        "42.44",
    ),
    execute,
};

fn execute(call: &Call<'_>) -> Result<Value> {
    if *call.argument_type(0)? == LogicalType::Double {
        let values = call.primitives::<Float64Type>(0)?;
        return call.map_rows::<Float64Type>(|row| Ok(values.value(row).round_ties_even()));
    }
    to_places(call, divide_rounded)
}

/// Numerics cut to whole numbers, or to the places that the second argument says, by a division.
pub(super) fn to_places(call: &Call<'_>, divide: impl Fn(i128, i128) -> i128) -> Result<Value> {
    let values = call.numerics(0)?;
    let places = match call.arguments.len() {
        2 => Some(call.primitives::<Int32Type>(1)?),
        _ => None,
    };
    let (scale, answer_scale) = (values.scale(), scale_of(call.return_type));
    call.map_numerics(|row| {
        let value = values.value(row);
        let places = places.as_ref().map_or(0, |places| places.value(row));
        let dropped = i64::from(scale) - i64::from(places);
        if dropped <= 0 {
            return rescale(value, scale, answer_scale).ok_or_else(beyond_numeric);
        }
        // More than all digits: nothing is left.
        if dropped > 38 {
            return Ok(0);
        }
        let unit = power_of_ten(dropped as u8);
        let kept = divide(value, unit);
        match kept.checked_mul(unit) {
            Some(kept) => rescale(kept, scale, answer_scale).ok_or_else(beyond_numeric),
            None => Err(beyond_numeric()),
        }
    })
}
