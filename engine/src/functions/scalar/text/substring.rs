//! `substring(text, start [, count])`, `substr`, of bytes likewise; `substring(text, pattern)`: the first match of a regular
//! expression, or its first group; `substring(text, pattern, escape)`: likewise of a SIMILAR TO pattern.

use super::characters::between;
use super::negative_length;
use crate::error::Result;
use crate::functions::scalar::pattern::{Flags, Patterns, translate_similar};
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use crate::types::LogicalType;
use arrow_array::types::Int32Type;
use stoa_sql::catalog::Signature;

pub(super) static SUBSTRING: ScalarFunction = ScalarFunction {
    info: || {
        immutable(
            "substring",
            const {
                &[
                    signature(&[TEXT, INTEGER], returns::text),
                    signature(&[TEXT, INTEGER, INTEGER], returns::text),
                    signature(&[TEXT, TEXT], returns::text),
                    signature(&[TEXT, TEXT, TEXT], returns::text),
                    signature(&[BYTEA, INTEGER], returns::bytea),
                    signature(&[BYTEA, INTEGER, INTEGER], returns::bytea),
                ]
            },
        )
    },
    documentation: documentation(
        "text",
        "The part from a character on, so many characters long; or what a regular expression matches.",
        "substring('Thomas' from 2 for 3)",
        "hom",
    ),
    execute,
};

pub(super) static SUBSTR: ScalarFunction = ScalarFunction {
    info: || immutable("substr", BY_PLACE),
    documentation: documentation(
        "text",
        "The part from a character on, so many characters long.",
        "substr('alphabet', 3, 2)",
        "ph",
    ),
    execute,
};

const BY_PLACE: &[Signature] = &[
    signature(&[TEXT, INTEGER], returns::text),
    signature(&[TEXT, INTEGER, INTEGER], returns::text),
    signature(&[BYTEA, INTEGER], returns::bytea),
    signature(&[BYTEA, INTEGER, INTEGER], returns::bytea),
];

fn execute(call: &Call<'_>) -> Result<Value> {
    if call.argument_type(1)?.is_string() {
        return by_pattern(call);
    }
    let starts = call.primitives::<Int32Type>(1)?;
    let counts = match call.arguments.len() {
        3 => Some(call.primitives::<Int32Type>(2)?),
        _ => None,
    };
    let bounds = |row: usize| {
        let start = i64::from(starts.value(row));
        match counts.as_ref().map(|counts| counts.value(row)) {
            Some(count) if count < 0 => Err(negative_length()),
            Some(count) => Ok((start, start + i64::from(count))),
            None => Ok((start, i64::MAX)),
        }
    };
    if *call.argument_type(0)? == LogicalType::Bytea {
        let values = call.argument(0)?.bytes()?;
        return call.map_bytes(|row, out| {
            let (start, end) = bounds(row)?;
            out.extend_from_slice(bytes_between(values.value(row), start, end));
            Ok(())
        });
    }
    let texts = call.texts(0)?;
    call.map_texts(|row, out| {
        let (start, end) = bounds(row)?;
        out.push_str(between(texts.value(row), start, end));
        Ok(())
    })
}

/// The bytes from place `start` (from 1) to before `end`.
pub(super) fn bytes_between(bytes: &[u8], start: i64, end: i64) -> &[u8] {
    let length = bytes.len() as i64;
    let from = (start.max(1) - 1).min(length);
    let to = (end.max(1) - 1).clamp(from, length);
    &bytes[from as usize..to as usize]
}

fn by_pattern(call: &Call<'_>) -> Result<Value> {
    let (texts, patterns) = (call.texts(0)?, call.texts(1)?);
    let escapes = match call.arguments.get(2) {
        Some(escapes) => Some(escapes.texts()?),
        None => None,
    };
    let mut known = Patterns::default();
    call.map_texts_or_null(|row, out| {
        let matcher = match &escapes {
            None => known.matcher(patterns.value(row), Flags::default())?,
            Some(escapes) => {
                let mut pattern = String::new();
                translate_similar(patterns.value(row), escapes.value(row), &mut pattern)?;
                known.matcher(&pattern, Flags::default())?
            }
        };
        let text = texts.value(row);
        matcher.begin(0);
        if matcher.advance(text).is_none() {
            return Ok(false);
        }
        let group = usize::from(matcher.group_count() > 1);
        match matcher.group(group) {
            Some(found) => out.push_str(&text[found]),
            None => return Ok(false),
        }
        Ok(true)
    })
}
