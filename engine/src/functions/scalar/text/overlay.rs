//! `overlay(text placing new from start [for count])`, of bytes likewise.

use super::characters::{between, count};
use super::negative_length;
use super::substring::bytes_between;
use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use crate::types::LogicalType;
use arrow_array::types::Int32Type;

pub(super) static OVERLAY: ScalarFunction = ScalarFunction {
    info: || {
        immutable(
            "overlay",
            const {
                &[
                    signature(&[TEXT, TEXT, INTEGER], returns::text),
                    signature(&[TEXT, TEXT, INTEGER, INTEGER], returns::text),
                    signature(&[BYTEA, BYTEA, INTEGER], returns::bytea),
                    signature(&[BYTEA, BYTEA, INTEGER, INTEGER], returns::bytea),
                ]
            },
        )
    },
    documentation: documentation(
        "text",
        "The text with the part from a character on replaced by another.",
        "overlay('Txxxxas' placing 'hom' from 2 for 4)",
        "Thomas",
    ),
    execute,
};

fn execute(call: &Call<'_>) -> Result<Value> {
    let starts = call.primitives::<Int32Type>(2)?;
    let counts = match call.arguments.len() {
        4 => Some(call.primitives::<Int32Type>(3)?),
        _ => None,
    };
    let start = |row: usize| match starts.value(row) {
        start if start <= 0 => Err(negative_length()),
        start => Ok(i64::from(start)),
    };
    let replaced = |row: usize, own: usize| {
        let count = counts.as_ref().map(|counts| counts.value(row));
        count.map_or(own as i64, i64::from)
    };
    if *call.argument_type(0)? == LogicalType::Bytea {
        let (values, news) = (call.argument(0)?.bytes()?, call.argument(1)?.bytes()?);
        return call.map_bytes(|row, out| {
            let (value, new, start) = (values.value(row), news.value(row), start(row)?);
            out.extend_from_slice(bytes_between(value, 1, start));
            out.extend_from_slice(new);
            out.extend_from_slice(bytes_between(value, start + replaced(row, new.len()), i64::MAX));
            Ok(())
        });
    }
    let (texts, news) = (call.texts(0)?, call.texts(1)?);
    call.map_texts(|row, out| {
        let (text, new, start) = (texts.value(row), news.value(row), start(row)?);
        out.push_str(between(text, 1, start));
        out.push_str(new);
        out.push_str(between(text, start + replaced(row, count(new)), i64::MAX));
        Ok(())
    })
}
