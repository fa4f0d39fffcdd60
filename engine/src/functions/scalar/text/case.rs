//! `lower(text)`, `upper(text)`, `initcap(text)`: character by character, as Postgres does: none becomes two.

use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use stoa_sql::catalog::Signature;

pub(super) static LOWER: ScalarFunction = ScalarFunction {
    info: || immutable("lower", SIGNATURES),
    documentation: documentation("text", "The text in lower case.", "lower('ToM')", "tom"),
    execute: |call| map(call, lower_into),
};

pub(super) static UPPER: ScalarFunction = ScalarFunction {
    info: || immutable("upper", SIGNATURES),
    documentation: documentation("text", "The text in upper case.", "upper('tom')", "TOM"),
    execute: |call| map(call, upper_into),
};

pub(super) static INITCAP: ScalarFunction = ScalarFunction {
    info: || immutable("initcap", SIGNATURES),
    documentation: documentation(
        "text",
        "Every word with its first letter in upper case and the others in lower case.",
        "initcap('hi THOMAS')",
        "Hi Thomas",
    ),
    execute: |call| map(call, capitals_into),
};

const SIGNATURES: &[Signature] = &[signature(&[TEXT], returns::text)];

fn map(call: &Call<'_>, into: impl Fn(&str, &mut String)) -> Result<Value> {
    let texts = call.texts(0)?;
    call.map_texts(|row, out| {
        into(texts.value(row), out);
        Ok(())
    })
}

/// The only character of a mapping, or the unmapped one.
fn single(mut mapped: impl Iterator<Item = char>, character: char) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(single), None) => single,
        _ => character,
    }
}

fn lower(character: char) -> char {
    single(character.to_lowercase(), character)
}

fn upper(character: char) -> char {
    single(character.to_uppercase(), character)
}

/// Appends the text in lower case.
pub(in crate::functions::scalar) fn lower_into(text: &str, out: &mut String) {
    if text.is_ascii() {
        let start = out.len();
        out.push_str(text);
        out[start..].make_ascii_lowercase();
    } else {
        out.extend(text.chars().map(lower));
    }
}

fn upper_into(text: &str, out: &mut String) {
    if text.is_ascii() {
        let start = out.len();
        out.push_str(text);
        out[start..].make_ascii_uppercase();
    } else {
        out.extend(text.chars().map(upper));
    }
}

fn capitals_into(text: &str, out: &mut String) {
    let mut in_word = false;
    for character in text.chars() {
        out.push(if in_word { lower(character) } else { upper(character) });
        in_word = character.is_alphanumeric();
    }
}
