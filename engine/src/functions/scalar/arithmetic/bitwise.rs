//! `a & b`, `a | b`, `a # b` on integers; `~ a` shares its name with the pattern operator and lives there.

use crate::error::{Error, Result};
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::types::*;
use stoa_sql::catalog::Signature;
use stoa_sql::types::TypeKind as Kind;

pub(super) static AND: ScalarFunction = ScalarFunction {
    info: || immutable("&", SIGNATURES),
    documentation: documentation("arithmetic", "Bits that are set in both.", "91 & 15", "11"),
    execute: |call| execute(call, |left, right| left & right),
};

pub(super) static OR: ScalarFunction = ScalarFunction {
    info: || immutable("|", SIGNATURES),
    documentation: documentation("arithmetic", "Bits that are set in either.", "32 | 3", "35"),
    execute: |call| execute(call, |left, right| left | right),
};

pub(super) static XOR: ScalarFunction = ScalarFunction {
    info: || immutable("#", SIGNATURES),
    documentation: documentation("arithmetic", "Bits that are set in one of the two.", "17 # 5", "20"),
    execute: |call| execute(call, |left, right| left ^ right),
};

const SIGNATURES: &[Signature] = &[
    signature(&[INTEGER, INTEGER], returns::integer),
    signature(&[BIGINT, BIGINT], returns::bigint),
    signature(&[SMALLINT, SMALLINT], returns::smallint),
];

/// Sign extension keeps the operators' answers, so that one of 64 bits serves all widths.
fn execute(call: &Call<'_>, operate: impl Fn(i64, i64) -> i64 + Copy) -> Result<Value> {
    let never = || Error::Internal("bit operators do not fail".into());
    match call.argument_type(0)?.kind() {
        Kind::SmallInt => call.binary::<Int16Type, Int16Type, Int16Type>(
            |left, right| (operate(left.into(), right.into()) as i16, false),
            |_, _| never(),
        ),
        Kind::Integer => call.binary::<Int32Type, Int32Type, Int32Type>(
            |left, right| (operate(left.into(), right.into()) as i32, false),
            |_, _| never(),
        ),
        Kind::BigInt => {
            call.binary::<Int64Type, Int64Type, Int64Type>(|left, right| (operate(left, right), false), |_, _| never())
        }
        other => Err(Error::Internal(format!("no bits of {other:?}"))),
    }
}

/// `~ a`
pub(in crate::functions::scalar) fn not(call: &Call<'_>) -> Result<Value> {
    let never = || Error::Internal("bit operators do not fail".into());
    match call.argument_type(0)?.kind() {
        Kind::SmallInt => call.unary::<Int16Type, Int16Type>(|value| (!value, false), |_| never()),
        Kind::Integer => call.unary::<Int32Type, Int32Type>(|value| (!value, false), |_| never()),
        Kind::BigInt => call.unary::<Int64Type, Int64Type>(|value| (!value, false), |_| never()),
        other => Err(Error::Internal(format!("no bits of {other:?}"))),
    }
}
