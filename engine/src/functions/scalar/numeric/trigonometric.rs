//! Trigonometric functions, in radians, and between radians and degrees.

use crate::error::{Error, Result, SqlState};
use crate::functions::scalar::arithmetic::overflow;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::types::Float64Type;
use stoa_sql::catalog::Signature;

const FAMILY: &str = "trigonometric";
const ONE: &[Signature] = &[signature(&[DOUBLE], returns::double)];

pub(super) static SIN: ScalarFunction = ScalarFunction {
    info: || immutable("sin", ONE),
    documentation: documentation(FAMILY, "The sine.", "sin(1)", "0.8414709848078965"),
    execute: |call| of_angle(call, f64::sin),
};
pub(super) static COS: ScalarFunction = ScalarFunction {
    info: || immutable("cos", ONE),
    documentation: documentation(FAMILY, "The cosine.", "cos(0)", "1"),
    execute: |call| of_angle(call, f64::cos),
};
pub(super) static TAN: ScalarFunction = ScalarFunction {
    info: || immutable("tan", ONE),
    documentation: documentation(FAMILY, "The tangent.", "tan(1)", "1.5574077246549023"),
    execute: |call| of_angle(call, f64::tan),
};
pub(super) static COT: ScalarFunction = ScalarFunction {
    info: || immutable("cot", ONE),
    documentation: documentation(FAMILY, "The cotangent.", "cot(0.5)", "1.830487721712452"),
    execute: |call| of_angle(call, |angle| 1.0 / angle.tan()),
};
pub(super) static ASIN: ScalarFunction = ScalarFunction {
    info: || immutable("asin", ONE),
    documentation: documentation(FAMILY, "The angle with that sine.", "asin(1)", "1.5707963267948966"),
    execute: |call| of_ratio(call, f64::asin),
};
pub(super) static ACOS: ScalarFunction = ScalarFunction {
    info: || immutable("acos", ONE),
    documentation: documentation(FAMILY, "The angle with that cosine.", "acos(1)", "0"),
    execute: |call| of_ratio(call, f64::acos),
};
pub(super) static ATAN: ScalarFunction = ScalarFunction {
    info: || immutable("atan", ONE),
    documentation: documentation(FAMILY, "The angle with that tangent.", "atan(1)", "0.7853981633974483"),
    execute: |call| map(call, |value| Ok(value.atan())),
};
pub(super) static ATAN2: ScalarFunction = ScalarFunction {
    info: || immutable("atan2", const { &[signature(&[DOUBLE, DOUBLE], returns::double)] }),
    documentation: documentation(
        FAMILY,
        "The angle with tangent y/x.",
        "atan2(1, 0)",
        "1.5707963267948966",
    ),
    execute: |call| {
        let (y, x) = (call.primitives::<Float64Type>(0)?, call.primitives::<Float64Type>(1)?);
        call.map_rows::<Float64Type>(|row| Ok(y.value(row).atan2(x.value(row))))
    },
};
pub(super) static DEGREES: ScalarFunction = ScalarFunction {
    info: || immutable("degrees", ONE),
    documentation: documentation(FAMILY, "Radians as degrees.", "degrees(0.5)", "28.64788975654116"),
    execute: |call| {
        map(call, |angle| {
            let degrees = angle / (std::f64::consts::PI / 180.0);
            match degrees.is_infinite() && angle.is_finite() {
                true => Err(overflow()),
                false => Ok(degrees),
            }
        })
    },
};
pub(super) static RADIANS: ScalarFunction = ScalarFunction {
    info: || immutable("radians", ONE),
    documentation: documentation(FAMILY, "Degrees as radians.", "radians(45)", "0.7853981633974483"),
    execute: |call| map(call, |angle| Ok(angle * (std::f64::consts::PI / 180.0))),
};

/// That a function has no value there.
pub(super) fn out_of_range() -> Error {
    Error::user(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, "input is out of range")
}

pub(super) fn map(call: &Call<'_>, of: impl Fn(f64) -> Result<f64>) -> Result<Value> {
    let values = call.primitives::<Float64Type>(0)?;
    call.map_rows::<Float64Type>(|row| of(values.value(row)))
}

fn of_angle(call: &Call<'_>, of: impl Fn(f64) -> f64) -> Result<Value> {
    map(call, |angle| match angle.is_infinite() {
        true => Err(out_of_range()),
        false => Ok(of(angle)),
    })
}

fn of_ratio(call: &Call<'_>, of: impl Fn(f64) -> f64) -> Result<Value> {
    map(call, |ratio| match !(-1.0..=1.0).contains(&ratio) && !ratio.is_nan() {
        true => Err(out_of_range()),
        false => Ok(of(ratio)),
    })
}
