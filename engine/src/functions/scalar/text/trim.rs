//! `btrim`, `ltrim`, `rtrim`: without blanks, or without any of some characters (bytes), at both ends or one.

use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use crate::types::LogicalType;
use stoa_sql::catalog::Signature;

pub(super) static BTRIM: ScalarFunction = ScalarFunction {
    info: || immutable("btrim", SIGNATURES),
    documentation: documentation(
        "text",
        "Without those characters at both ends.",
        "btrim('xyxtrimyyx', 'xyz')",
        "trim",
    ),
    execute: |call| trim(call, true, true),
};

pub(super) static LTRIM: ScalarFunction = ScalarFunction {
    info: || immutable("ltrim", SIGNATURES),
    documentation: documentation(
        "text",
        "Without those characters in front.",
        "ltrim('zzzytest', 'xyz')",
        "test",
    ),
    execute: |call| trim(call, true, false),
};

pub(super) static RTRIM: ScalarFunction = ScalarFunction {
    info: || immutable("rtrim", SIGNATURES),
    documentation: documentation(
        "text",
        "Without those characters at the end.",
        "rtrim('testxxzx', 'xyz')",
        "test",
    ),
    execute: |call| trim(call, false, true),
};

const SIGNATURES: &[Signature] = &[
    signature(&[TEXT], returns::text),
    signature(&[TEXT, TEXT], returns::text),
    signature(&[BYTEA, BYTEA], returns::bytea),
];

fn trim(call: &Call<'_>, front: bool, end: bool) -> Result<Value> {
    if *call.argument_type(0)? == LogicalType::Bytea {
        return trim_bytes(call, front, end);
    }
    let texts = call.texts(0)?;
    let sets = match call.arguments.len() {
        2 => Some(call.texts(1)?),
        _ => None,
    };
    call.map_texts(|row, out| {
        let mut text = texts.value(row);
        let set = sets.as_ref().map_or(" ", |sets| sets.value(row));
        let in_set = |character: char| set.contains(character);
        if front {
            text = text.trim_start_matches(in_set);
        }
        if end {
            text = text.trim_end_matches(in_set);
        }
        out.push_str(text);
        Ok(())
    })
}

fn trim_bytes(call: &Call<'_>, front: bool, end: bool) -> Result<Value> {
    let (values, sets) = (call.argument(0)?.bytes()?, call.argument(1)?.bytes()?);
    call.map_bytes(|row, out| {
        let (mut bytes, set) = (values.value(row), sets.value(row));
        while let [first, rest @ ..] = bytes
            && front
            && set.contains(first)
        {
            bytes = rest;
        }
        while let [rest @ .., last] = bytes
            && end
            && set.contains(last)
        {
            bytes = rest;
        }
        out.extend_from_slice(bytes);
        Ok(())
    })
}
