//! `a << n` and `a >> n` on integers; as on the processors Postgres runs on, only the low bits of `n` count.

use crate::error::{Error, Result};
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::types::*;
use stoa_sql::catalog::Signature;
use stoa_sql::types::TypeKind as Kind;

pub(super) static SHIFT_LEFT: ScalarFunction = ScalarFunction {
    info: || immutable("<<", SIGNATURES),
    documentation: documentation("arithmetic", "Bits moved to the left.", "1 << 4", "16"),
    execute: |call| execute(call, true),
};

pub(super) static SHIFT_RIGHT: ScalarFunction = ScalarFunction {
    info: || immutable(">>", SIGNATURES),
    documentation: documentation("arithmetic", "Bits moved to the right; the sign stays.", "8 >> 2", "2"),
    execute: |call| execute(call, false),
};

const SIGNATURES: &[Signature] = &[
    signature(&[INTEGER, INTEGER], returns::integer),
    signature(&[BIGINT, INTEGER], returns::bigint),
    signature(&[SMALLINT, INTEGER], returns::smallint),
];

fn execute(call: &Call<'_>, left: bool) -> Result<Value> {
    let never = || Error::Internal("shifts do not fail".into());
    let shift = move |value: i32, count: i32| match left {
        true => value.wrapping_shl(count as u32),
        false => value.wrapping_shr(count as u32),
    };
    let shift_wide = move |value: i64, count: i32| match left {
        true => value.wrapping_shl(count as u32),
        false => value.wrapping_shr(count as u32),
    };
    match call.argument_type(0)?.kind() {
        Kind::SmallInt => call.binary::<Int16Type, Int32Type, Int16Type>(
            |value, count| (shift(value.into(), count) as i16, false),
            |_, _| never(),
        ),
        Kind::Integer => {
            call.binary::<Int32Type, Int32Type, Int32Type>(|value, count| (shift(value, count), false), |_, _| never())
        }
        Kind::BigInt => call.binary::<Int64Type, Int32Type, Int64Type>(
            |value, count| (shift_wide(value, count), false),
            |_, _| never(),
        ),
        other => Err(Error::Internal(format!("no bits of {other:?}"))),
    }
}
