//! `starts_with(text, prefix)` and `text ^@ prefix`

use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use stoa_sql::catalog::Signature;

pub(super) static STARTS_WITH: ScalarFunction = ScalarFunction {
    info: || immutable("starts_with", SIGNATURES),
    documentation: documentation(
        "pattern",
        "Whether a text begins with another.",
        "starts_with('alphabet', 'alph')",
        "t",
    ),
    execute,
};

pub(super) static STARTS_WITH_OPERATOR: ScalarFunction = ScalarFunction {
    info: || immutable("^@", SIGNATURES),
    documentation: documentation(
        "pattern",
        "Whether a text begins with another.",
        "'alphabet' ^@ 'alph'",
        "t",
    ),
    execute,
};

const SIGNATURES: &[Signature] = &[signature(&[TEXT, TEXT], returns::boolean)];

fn execute(call: &Call<'_>) -> Result<Value> {
    let (texts, prefixes) = (call.texts(0)?, call.texts(1)?);
    call.map_booleans(|row| Ok(texts.value(row).as_bytes().starts_with(prefixes.value(row).as_bytes())))
}
