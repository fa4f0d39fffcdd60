//! `gcd(a, b)` and `lcm(a, b)`: never negative; 0 where both (for lcm: one) are 0.

use crate::error::{Error, Result, SqlState};
use crate::functions::cast::decimal::{beyond_numeric, power_of_ten};
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use crate::types::LogicalType;
use arrow_array::types::{Int32Type, Int64Type};
use stoa_sql::catalog::Signature;
use stoa_sql::types::NUMERIC_PRECISION_MAX;

pub(super) static GCD: ScalarFunction = ScalarFunction {
    info: || immutable("gcd", SIGNATURES),
    documentation: documentation("numeric", "The greatest common divisor.", "gcd(1071, 462)", "21"),
    execute: |call| execute(call, |left, right| Some(greatest_common(left, right))),
};

pub(super) static LCM: ScalarFunction = ScalarFunction {
    info: || immutable("lcm", SIGNATURES),
    documentation: documentation("numeric", "The least common multiple.", "lcm(1071, 462)", "23562"),
    execute: |call| execute(call, least_common),
};

const SIGNATURES: &[Signature] = &[
    signature(&[INTEGER, INTEGER], returns::integer),
    signature(&[BIGINT, BIGINT], returns::bigint),
    signature(&[NUMERIC, NUMERIC], larger_scale),
];

fn larger_scale(types: &[LogicalType]) -> LogicalType {
    let scales = types.iter().map(crate::functions::cast::decimal::scale_of);
    LogicalType::Numeric {
        precision: NUMERIC_PRECISION_MAX,
        scale: scales.max().unwrap_or(0),
    }
}

fn greatest_common(left: u128, right: u128) -> u128 {
    let (mut left, mut right) = (left, right);
    while right != 0 {
        (left, right) = (right, left % right);
    }
    left
}

fn least_common(left: u128, right: u128) -> Option<u128> {
    match greatest_common(left, right) {
        0 => Some(0),
        divisor => (left / divisor).checked_mul(right),
    }
}

fn execute(call: &Call<'_>, combine: impl Fn(u128, u128) -> Option<u128>) -> Result<Value> {
    let out_of_range = || {
        let message = format!("{} out of range", call.return_type);
        Error::user(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, message)
    };
    match call.return_type {
        LogicalType::Integer => {
            let (left, right) = (call.primitives::<Int32Type>(0)?, call.primitives::<Int32Type>(1)?);
            call.map_rows::<Int32Type>(|row| {
                let (left, right) = (left.value(row).unsigned_abs(), right.value(row).unsigned_abs());
                let answer = combine(left.into(), right.into());
                answer
                    .and_then(|answer| i32::try_from(answer).ok())
                    .ok_or_else(out_of_range)
            })
        }
        LogicalType::BigInt => {
            let (left, right) = (call.primitives::<Int64Type>(0)?, call.primitives::<Int64Type>(1)?);
            call.map_rows::<Int64Type>(|row| {
                let (left, right) = (left.value(row).unsigned_abs(), right.value(row).unsigned_abs());
                let answer = combine(left.into(), right.into());
                answer
                    .and_then(|answer| i64::try_from(answer).ok())
                    .ok_or_else(out_of_range)
            })
        }
        _ => {
            let (left, right) = (call.numerics(0)?, call.numerics(1)?);
            let scale = left.scale().max(right.scale());
            let left_factor = power_of_ten(scale - left.scale()).unsigned_abs();
            let right_factor = power_of_ten(scale - right.scale()).unsigned_abs();
            call.map_numerics(|row| {
                let left = left.value(row).unsigned_abs().checked_mul(left_factor);
                let right = right.value(row).unsigned_abs().checked_mul(right_factor);
                let answer = left.zip(right).and_then(|(left, right)| combine(left, right));
                answer
                    .and_then(|answer| i128::try_from(answer).ok())
                    .ok_or_else(beyond_numeric)
            })
        }
    }
}
