//! `a || b`: texts, bytes, a text and anything; arrays and their elements and jsonb by their families.

use super::Made;
use crate::error::{Error, Result};
use crate::functions::cast::cast;
use crate::functions::scalar::signature::*;
use crate::functions::scalar::{array, json};
use crate::functions::{Call, ScalarFunction, Value};
use crate::types::LogicalType;
use stoa_sql::catalog::Signature;

pub(super) static CONCATENATE: ScalarFunction = ScalarFunction {
    info: || called_on_null(immutable("||", SIGNATURES)),
    documentation: documentation(
        "text",
        "The two one after the other: texts, bytes, arrays, an array and an element, jsonb values.",
        "'Post' || 'greSQL'",
        "PostgreSQL",
    ),
    execute,
};

const SIGNATURES: &[Signature] = &[
    signature(&[TEXT, TEXT], returns::text),
    signature(&[BYTEA, BYTEA], returns::bytea),
    signature(&[JSONB, JSONB], returns::jsonb),
    signature(&[ANY_ARRAY, ANY_ARRAY], returns::first),
    signature(&[ANY_ARRAY, ANY_ELEMENT], returns::first),
    signature(&[ANY_ELEMENT, ANY_ARRAY], returns::second),
    signature(&[TEXT, ANY], returns::text),
    signature(&[ANY, TEXT], returns::text),
];

fn execute(call: &Call<'_>) -> Result<Value> {
    match call.return_type {
        LogicalType::Text => texts(call),
        LogicalType::Bytea => bytes(call),
        LogicalType::Array(_) => array::concatenate(call),
        LogicalType::Jsonb => json::concatenate(call),
        other => Err(Error::Internal(format!("no concatenation to {other}"))),
    }
}

fn texts(call: &Call<'_>) -> Result<Value> {
    let as_text = |at: usize| -> Result<Value> {
        cast(
            call.argument(at)?,
            call.argument_type(at)?,
            &LogicalType::Text,
            true,
            call.statement,
        )
    };
    let (left, right) = (as_text(0)?, as_text(1)?);
    let (left, right) = (left.texts()?, right.texts()?);
    let mut made = Made::default();
    call.map_texts(|row, out| {
        out.push_str(left.value(row));
        out.push_str(right.value(row));
        made.add(Some(out.len()))
    })
}

fn bytes(call: &Call<'_>) -> Result<Value> {
    let (left, right) = (call.argument(0)?.bytes()?, call.argument(1)?.bytes()?);
    let mut made = Made::default();
    call.map_bytes(|row, out| {
        out.extend_from_slice(left.value(row));
        out.extend_from_slice(right.value(row));
        made.add(Some(out.len()))
    })
}
