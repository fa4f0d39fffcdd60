//! `width_bucket(operand, low, high, count)`, `width_bucket(operand, thresholds)`: which bucket of a histogram a value is in.

use crate::error::{Error, Result, SqlState};
use crate::functions::kernel::compare::order;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use crate::types::LogicalType;
use arrow_array::Array;
use arrow_array::types::{Float64Type, Int32Type};
use arrow_buffer::i256;

pub(super) static WIDTH_BUCKET: ScalarFunction = ScalarFunction {
    info: || {
        immutable(
            "width_bucket",
            const {
                &[
                    signature(&[DOUBLE, DOUBLE, DOUBLE, INTEGER], returns::integer),
                    signature(&[NUMERIC, NUMERIC, NUMERIC, INTEGER], returns::integer),
                    signature(&[ANY_ELEMENT, ANY_ARRAY], returns::integer),
                ]
            },
        )
    },
    documentation: documentation(
        "numeric",
        "The bucket of a value among equal ones between two bounds, or between thresholds; 0 below, count + 1 above.",
        "width_bucket(5.35, 0.024, 10.06, 5)",
        "3",
    ),
    execute,
};

fn execute(call: &Call<'_>) -> Result<Value> {
    match (call.arguments.len(), call.argument_type(0)?) {
        (2, _) => by_thresholds(call),
        (_, LogicalType::Double) => doubles(call),
        _ => numerics(call),
    }
}

fn invalid(message: &str) -> Error {
    Error::user(SqlState("2201G"), message)
}

fn checked_count(count: i32) -> Result<i32> {
    match count > 0 {
        true => Ok(count),
        false => Err(invalid("count must be greater than zero")),
    }
}

fn beyond(count: i32) -> Result<i32> {
    count
        .checked_add(1)
        .ok_or_else(|| Error::user(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, "integer out of range"))
}

fn doubles(call: &Call<'_>) -> Result<Value> {
    let (operands, lows) = (call.primitives::<Float64Type>(0)?, call.primitives::<Float64Type>(1)?);
    let (highs, counts) = (call.primitives::<Float64Type>(2)?, call.primitives::<Int32Type>(3)?);
    call.map_rows::<Int32Type>(|row| {
        let (operand, low, high) = (operands.value(row), lows.value(row), highs.value(row));
        let count = checked_count(counts.value(row))?;
        if operand.is_nan() || low.is_nan() || high.is_nan() {
            return Err(invalid("operand, lower bound, and upper bound cannot be NaN"));
        }
        if low.is_infinite() || high.is_infinite() {
            return Err(invalid("lower and upper bounds must be finite"));
        }
        if low == high {
            return Err(invalid("lower bound cannot equal upper bound"));
        }
        let ascending = low < high;
        if operand < low && ascending || operand > low && !ascending {
            return Ok(0);
        }
        if operand >= high && ascending || operand <= high && !ascending {
            return beyond(count);
        }
        let share = (operand - low) / (high - low);
        let bucket = (share * f64::from(count)) as i32;
        // Rounding must not put a value below the upper bound beyond it.
        Ok(bucket.min(count - 1) + 1)
    })
}

fn numerics(call: &Call<'_>) -> Result<Value> {
    let (operands, lows, highs) = (call.numerics(0)?, call.numerics(1)?, call.numerics(2)?);
    let counts = call.primitives::<Int32Type>(3)?;
    let scale = operands.scale().max(lows.scale()).max(highs.scale());
    let at_scale = |value: i128, from: u8| {
        let factor = crate::functions::cast::decimal::power_of_ten(scale - from);
        i256::from_i128(value).wrapping_mul(i256::from_i128(factor))
    };
    call.map_rows::<Int32Type>(|row| {
        let operand = at_scale(operands.value(row), operands.scale());
        let low = at_scale(lows.value(row), lows.scale());
        let high = at_scale(highs.value(row), highs.scale());
        let count = checked_count(counts.value(row))?;
        if low == high {
            return Err(invalid("lower bound cannot equal upper bound"));
        }
        let ascending = low < high;
        if operand < low && ascending || operand > low && !ascending {
            return Ok(0);
        }
        if operand >= high && ascending || operand <= high && !ascending {
            return beyond(count);
        }
        let (above, range) = (operand.wrapping_sub(low), high.wrapping_sub(low));
        let bucket = above
            .checked_mul(i256::from_i128(count.into()))
            .and_then(|above| above.checked_div(range));
        let bucket = bucket
            .and_then(i256::to_i128)
            .and_then(|bucket| i32::try_from(bucket).ok());
        bucket
            .map(|bucket| bucket + 1)
            .ok_or_else(|| Error::Internal("a bucket beyond its count".into()))
    })
}

fn by_thresholds(call: &Call<'_>) -> Result<Value> {
    let operand = call.argument(0)?;
    let thresholds = call.argument(1)?.lists()?;
    let data_type = call.argument_type(0)?;
    call.map_rows::<Int32Type>(|row| {
        let list = thresholds.value(row);
        if list.null_count() > 0 {
            let message = "thresholds array must not contain NULLs";
            return Err(Error::user(SqlState("22004"), message));
        }
        let at = if operand.is_constant() { 0 } else { row };
        let (mut low, mut high) = (0, list.len());
        while low < high {
            let middle = (low + high) / 2;
            match order(operand.array().as_ref(), at, list.as_ref(), middle, data_type).is_lt() {
                true => high = middle,
                false => low = middle + 1,
            }
        }
        Ok(i32::try_from(low).unwrap_or(i32::MAX))
    })
}
