//! `strpos(text, part)`, `position(text, part)`: where a part begins, counted from 1; 0 where it is not there.

use super::characters::count;
use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use crate::types::LogicalType;
use arrow_array::types::Int32Type;
use memchr::memmem::{self, Finder};
use stoa_sql::catalog::Signature;

pub(super) static STRPOS: ScalarFunction = ScalarFunction {
    info: || immutable("strpos", SIGNATURES),
    documentation: documentation(
        "text",
        "Where a part begins, 0 where it is not there.",
        "strpos('high', 'ig')",
        "2",
    ),
    execute,
};

pub(super) static POSITION: ScalarFunction = ScalarFunction {
    info: || immutable("position", SIGNATURES),
    documentation: documentation(
        "text",
        "Where a part begins, 0 where it is not there.",
        "position('om' in 'Thomas')",
        "3",
    ),
    execute,
};

const SIGNATURES: &[Signature] = &[
    signature(&[TEXT, TEXT], returns::integer),
    signature(&[BYTEA, BYTEA], returns::integer),
];

fn execute(call: &Call<'_>) -> Result<Value> {
    if *call.argument_type(0)? == LogicalType::Bytea {
        let (values, parts) = (call.argument(0)?.bytes()?, call.argument(1)?.bytes()?);
        return call.map_rows::<Int32Type>(|row| {
            Ok(memmem::find(values.value(row), parts.value(row)).map_or(0, |at| at as i32 + 1))
        });
    }
    let (texts, parts) = (call.texts(0)?, call.texts(1)?);
    let place = |text: &str, at: Option<usize>| Ok(at.map_or(0, |at| count(&text[..at]) as i32 + 1));
    if parts.is_constant() {
        let finder = Finder::new(parts.value(0));
        return call.map_rows::<Int32Type>(|row| {
            let text = texts.value(row);
            place(text, finder.find(text.as_bytes()))
        });
    }
    call.map_rows::<Int32Type>(|row| {
        let text = texts.value(row);
        place(text, memmem::find(text.as_bytes(), parts.value(row).as_bytes()))
    })
}
