//! `a ^ b`; also what `power` does.

use super::error::{overflow, underflow};
use crate::error::{Error, Result, SqlState};
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::types::Float64Type;
use stoa_sql::catalog::Signature;

pub(super) static POWER: ScalarFunction = ScalarFunction {
    info: || immutable("^", SIGNATURES),
    documentation: documentation("arithmetic", "The power.", "2 ^ 3", "8"),
    execute,
};

/// Also those of `power`.
pub(in crate::functions::scalar) const SIGNATURES: &[Signature] = &[signature(&[DOUBLE, DOUBLE], returns::double)];

/// Also that of `power`.
pub(in crate::functions::scalar) fn execute(call: &Call<'_>) -> Result<Value> {
    let (bases, exponents) = (call.primitives::<Float64Type>(0)?, call.primitives::<Float64Type>(1)?);
    call.map_rows::<Float64Type>(|row| power(bases.value(row), exponents.value(row)))
}

fn power(base: f64, exponent: f64) -> Result<f64> {
    let invalid = |message: &str| Err(Error::user(SqlState("2201F"), message));
    if base == 0.0 && exponent < 0.0 {
        return invalid("zero raised to a negative power is undefined");
    }
    if base < 0.0 && base.is_finite() && exponent.is_finite() && exponent.fract() != 0.0 {
        return invalid("a negative number raised to a non-integer power yields a complex result");
    }
    let power = base.powf(exponent);
    if power.is_infinite() && base.is_finite() && exponent.is_finite() {
        return Err(overflow());
    }
    if power == 0.0 && base != 0.0 && base.is_finite() && exponent.is_finite() {
        return Err(underflow());
    }
    Ok(power)
}
