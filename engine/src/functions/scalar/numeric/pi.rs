//! `pi()`

use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::types::Float64Type;

pub(super) static PI: ScalarFunction = ScalarFunction {
    info: || immutable("pi", const { &[signature(&[], returns::double)] }),
    documentation: documentation("numeric", "The circle's number.", "pi()", "3.141592653589793"),
    execute,
};

fn execute(call: &Call<'_>) -> Result<Value> {
    call.map_rows::<Float64Type>(|_| Ok(std::f64::consts::PI))
}
