//! `random()`, `setseed(seed)`

use crate::error::{Error, Result, SqlState};
use crate::functions::kernel::random::random_fraction;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::NullArray;
use arrow_array::types::Float64Type;
use std::sync::Arc;

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

pub(super) static SETSEED: ScalarFunction = ScalarFunction {
    info: || volatile("setseed", const { &[signature(&[DOUBLE], returns::void)] }),
    documentation: documentation(
        "numeric",
        "Begins the session's random() anew: the same numbers follow the same seed, from -1 to 1. Threads that work together take \
         them in any order.",
        "setseed(0.5)",
        "",
    ),
    execute: set_seed,
};

fn execute(call: &Call<'_>) -> Result<Value> {
    let sequence = call.statement.session.random();
    match sequence.and_then(|sequence| sequence.take(call.row_count)) {
        Some(numbers) => call.map_rows::<Float64Type>(|row| Ok(numbers(row))),
        None => call.map_rows::<Float64Type>(|_| Ok(random_fraction())),
    }
}

fn set_seed(call: &Call<'_>) -> Result<Value> {
    let seeds = call.primitives::<Float64Type>(0)?;
    for row in 0..call.row_count {
        let seed = seeds.value(row);
        if !(-1.0..=1.0).contains(&seed) {
            return Err(Error::user(
                SqlState::INVALID_PARAMETER_VALUE,
                format!("setseed parameter {seed} is out of allowed range [-1,1]"),
            ));
        }
        if let Some(sequence) = call.statement.session.random() {
            sequence.seed(seed);
        }
    }
    Ok(Value::Array(Arc::new(NullArray::new(call.row_count))))
}
