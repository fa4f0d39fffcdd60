//! `ascii(text)`: the code point of the first character.

use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::types::Int32Type;

pub(super) static ASCII: ScalarFunction = ScalarFunction {
    info: || immutable("ascii", const { &[signature(&[TEXT], returns::integer)] }),
    documentation: documentation(
        "text",
        "The code point of the first character; 0 of none.",
        "ascii('x')",
        "120",
    ),
    execute,
};

fn execute(call: &Call<'_>) -> Result<Value> {
    let texts = call.texts(0)?;
    call.map_rows::<Int32Type>(|row| Ok(texts.value(row).chars().next().map_or(0, |first| first as i32)))
}
