//! `exp(number)`

use crate::error::Result;
use crate::functions::scalar::arithmetic::{overflow, underflow};
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::types::Float64Type;

pub(super) static EXP: ScalarFunction = ScalarFunction {
    info: || immutable("exp", const { &[signature(&[DOUBLE], returns::double)] }),
    documentation: documentation("numeric", "e to that power.", "exp(1)", "2.718281828459045"),
    execute,
};

fn execute(call: &Call<'_>) -> Result<Value> {
    let values = call.primitives::<Float64Type>(0)?;
    call.map_rows::<Float64Type>(|row| {
        let value = values.value(row);
        let answer = value.exp();
        if answer.is_infinite() && value.is_finite() {
            return Err(overflow());
        }
        if answer == 0.0 && value.is_finite() {
            return Err(underflow());
        }
        Ok(answer)
    })
}
