//! `random()`

use crate::error::Result;
use crate::functions::kernel::random::random_fraction;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::types::Float64Type;

pub(super) static RANDOM: ScalarFunction = ScalarFunction {
    info: || volatile("random", const { &[signature(&[], returns::double)] }),
    documentation: documentation(
        "numeric",
        "A random number from 0 up to but not 1, another one in every row.",
        "random()",
        "0.897124072839091",
    ),
    execute,
};

fn execute(call: &Call<'_>) -> Result<Value> {
    call.map_rows::<Float64Type>(|_| Ok(random_fraction()))
}
