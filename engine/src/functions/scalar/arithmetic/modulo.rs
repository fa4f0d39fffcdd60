//! `a % b`: the rest of a truncated division, with the sign of `a`.

use super::error::division_by_zero;
use super::integer::Integer;
use super::numeric;
use crate::error::{Error, Result};
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::types::*;
use stoa_sql::catalog::Signature;
use stoa_sql::types::TypeKind as Kind;

pub(super) static MODULO: ScalarFunction = ScalarFunction {
    info: || immutable("%", SIGNATURES),
    documentation: documentation("arithmetic", "The rest of a division.", "5 % 3", "2"),
    execute,
};

/// Also those of `mod`.
pub(in crate::functions::scalar) const SIGNATURES: &[Signature] = &[
    signature(&[INTEGER, INTEGER], returns::integer),
    signature(&[BIGINT, BIGINT], returns::bigint),
    signature(&[SMALLINT, SMALLINT], returns::smallint),
    signature(&[NUMERIC, NUMERIC], numeric::rest_type),
];

/// Also that of `mod`.
pub(in crate::functions::scalar) fn execute(call: &Call<'_>) -> Result<Value> {
    match call.argument_type(0)?.kind() {
        Kind::SmallInt => call.binary::<Int16Type, Int16Type, Int16Type>(Integer::modulo, |_, _| division_by_zero()),
        Kind::Integer => call.binary::<Int32Type, Int32Type, Int32Type>(Integer::modulo, |_, _| division_by_zero()),
        Kind::BigInt => call.binary::<Int64Type, Int64Type, Int64Type>(Integer::modulo, |_, _| division_by_zero()),
        Kind::Numeric => numeric::modulo(call),
        other => Err(Error::Internal(format!("no rest of {other:?}"))),
    }
}
