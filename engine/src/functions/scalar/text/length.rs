//! `length`, `char_length`, `character_length`, `octet_length`, `bit_length`

use super::characters::{are_ascii, count};
use crate::error::{Error, Result};
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use crate::types::LogicalType;
use arrow_array::types::Int32Type;
use stoa_sql::catalog::Signature;

pub(super) static LENGTH: ScalarFunction = ScalarFunction {
    info: || immutable("length", TEXT_OR_BYTES),
    documentation: documentation("text", "Characters of a text, bytes of a bytea.", "length('jose')", "4"),
    execute: length,
};

pub(super) static CHAR_LENGTH: ScalarFunction = ScalarFunction {
    info: || immutable("char_length", const { &[signature(&[TEXT], returns::integer)] }),
    documentation: documentation("text", "Characters.", "char_length('josé')", "4"),
    execute: length,
};

pub(super) static CHARACTER_LENGTH: ScalarFunction = ScalarFunction {
    info: || immutable("character_length", const { &[signature(&[TEXT], returns::integer)] }),
    documentation: documentation("text", "Characters.", "character_length('josé')", "4"),
    execute: length,
};

pub(super) static OCTET_LENGTH: ScalarFunction = ScalarFunction {
    info: || immutable("octet_length", BYTES_OF_ANY),
    documentation: documentation("text", "Bytes.", "octet_length('josé')", "5"),
    execute: |call| bytes(call, 1),
};

pub(super) static BIT_LENGTH: ScalarFunction = ScalarFunction {
    info: || immutable("bit_length", TEXT_OR_BYTES),
    documentation: documentation("text", "Bits.", "bit_length('jose')", "32"),
    execute: |call| bytes(call, 8),
};

const TEXT_OR_BYTES: &[Signature] = &[
    signature(&[TEXT], returns::integer),
    signature(&[BYTEA], returns::integer),
];
const BYTES_OF_ANY: &[Signature] = &[
    signature(&[TEXT], returns::integer),
    signature(&[CHAR], returns::integer),
    signature(&[BYTEA], returns::integer),
];

fn length(call: &Call<'_>) -> Result<Value> {
    if *call.argument_type(0)? == LogicalType::Bytea {
        return bytes(call, 1);
    }
    let texts = call.texts(0)?;
    let views = texts.array().views();
    match are_ascii(texts.array()) {
        true => call.map_rows::<Int32Type>(|row| Ok(views[texts.index(row)] as u32 as i32)),
        false => call.map_rows::<Int32Type>(|row| Ok(count(texts.value(row)) as i32)),
    }
}

fn bytes(call: &Call<'_>, unit: usize) -> Result<Value> {
    let checked = |bytes: usize| {
        let length = bytes.checked_mul(unit).and_then(|length| i32::try_from(length).ok());
        length.ok_or_else(|| {
            Error::user(
                crate::error::SqlState::NUMERIC_VALUE_OUT_OF_RANGE,
                "integer out of range",
            )
        })
    };
    match call.argument_type(0)? {
        LogicalType::Bytea => {
            let values = call.argument(0)?.bytes()?;
            call.map_rows::<Int32Type>(|row| checked(values.value(row).len()))
        }
        LogicalType::Char(width) => {
            // The blanks that fill it up are not kept, but count.
            let (texts, width) = (call.texts(0)?, *width as usize);
            call.map_rows::<Int32Type>(|row| {
                let text = texts.value(row);
                checked(text.len() + width.saturating_sub(count(text)))
            })
        }
        _ => {
            let texts = call.texts(0)?;
            call.map_rows::<Int32Type>(|row| checked(texts.value(row).len()))
        }
    }
}
