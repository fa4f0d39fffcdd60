//! `left(text, n)` and `right(text, n)`: the first or last n characters; negative: all but those of the other end.

use super::characters::{count, place};
use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::types::Int32Type;
use stoa_sql::catalog::Signature;

pub(super) static LEFT: ScalarFunction = ScalarFunction {
    info: || immutable("left", SIGNATURES),
    documentation: documentation(
        "text",
        "The first n characters; negative: all but the last n.",
        "left('abcde', 2)",
        "ab",
    ),
    execute: |call| cut(call, |text, count| &text[..place(text, count)]),
};

pub(super) static RIGHT: ScalarFunction = ScalarFunction {
    info: || immutable("right", SIGNATURES),
    documentation: documentation(
        "text",
        "The last n characters; negative: all but the first n.",
        "right('abcde', 2)",
        "de",
    ),
    execute: |call| {
        cut(call, |text, kept| {
            &text[place(text, count(text).saturating_sub(kept))..]
        })
    },
};

const SIGNATURES: &[Signature] = &[signature(&[TEXT, INTEGER], returns::text)];

fn cut(call: &Call<'_>, part: impl Fn(&str, usize) -> &str) -> Result<Value> {
    let (texts, counts) = (call.texts(0)?, call.primitives::<Int32Type>(1)?);
    call.map_texts(|row, out| {
        let (text, wanted) = (texts.value(row), counts.value(row));
        let kept = match wanted < 0 {
            true => count(text).saturating_sub(wanted.unsigned_abs() as usize),
            false => wanted as usize,
        };
        out.push_str(part(text, kept));
        Ok(())
    })
}
