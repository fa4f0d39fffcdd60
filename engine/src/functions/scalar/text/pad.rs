//! `lpad(text, length [, fill])`, `rpad`: filled up, or cut, to so many characters.

use super::Made;
use super::characters::{count, place};
use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::types::Int32Type;
use stoa_sql::catalog::Signature;

pub(super) static LPAD: ScalarFunction = ScalarFunction {
    info: || immutable("lpad", SIGNATURES),
    documentation: documentation(
        "text",
        "Filled up in front, or cut at the end.",
        "lpad('hi', 5, 'xy')",
        "xyxhi",
    ),
    execute: |call| pad(call, true),
};

pub(super) static RPAD: ScalarFunction = ScalarFunction {
    info: || immutable("rpad", SIGNATURES),
    documentation: documentation("text", "Filled up, or cut, at the end.", "rpad('hi', 5, 'xy')", "hixyx"),
    execute: |call| pad(call, false),
};

const SIGNATURES: &[Signature] = &[
    signature(&[TEXT, INTEGER], returns::text),
    signature(&[TEXT, INTEGER, TEXT], returns::text),
];

fn pad(call: &Call<'_>, front: bool) -> Result<Value> {
    let (texts, lengths) = (call.texts(0)?, call.primitives::<Int32Type>(1)?);
    let fills = match call.arguments.len() {
        3 => Some(call.texts(2)?),
        _ => None,
    };
    let mut made = Made::default();
    call.map_texts(|row, out| {
        let text = texts.value(row);
        let length = usize::try_from(lengths.value(row)).unwrap_or(0);
        let fill = fills.as_ref().map_or(" ", |fills| fills.value(row));
        let kept = &text[..place(text, length)];
        let missing = match fill.is_empty() {
            true => 0,
            false => length - count(kept),
        };
        // A character is at most as long as the fill.
        made.add(
            missing
                .checked_mul(fill.len().min(4))
                .and_then(|bytes| bytes.checked_add(kept.len())),
        )?;
        if !front {
            out.push_str(kept);
        }
        out.extend(fill.chars().cycle().take(missing));
        if front {
            out.push_str(kept);
        }
        Ok(())
    })
}
