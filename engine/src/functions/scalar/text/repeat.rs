//! `repeat(text, count)`

use super::Made;
use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::types::Int32Type;

pub(super) static REPEAT: ScalarFunction = ScalarFunction {
    info: || immutable("repeat", const { &[signature(&[TEXT, INTEGER], returns::text)] }),
    documentation: documentation("text", "The text so many times.", "repeat('Pg', 4)", "PgPgPgPg"),
    execute,
};

fn execute(call: &Call<'_>) -> Result<Value> {
    let (texts, counts) = (call.texts(0)?, call.primitives::<Int32Type>(1)?);
    let mut made = Made::default();
    call.map_texts(|row, out| {
        let (text, count) = (texts.value(row), usize::try_from(counts.value(row)).unwrap_or(0));
        made.add(text.len().checked_mul(count))?;
        for _ in 0..count {
            out.push_str(text);
        }
        Ok(())
    })
}
