//! `@ a`, the absolute value; also what `abs` does.

use super::error::out_of_range;
use super::integer::Integer;
use super::numeric;
use crate::error::{Error, Result};
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::types::*;
use stoa_sql::catalog::Signature;
use stoa_sql::types::TypeKind as Kind;

pub(super) static ABSOLUTE: ScalarFunction = ScalarFunction {
    info: || immutable("@", SIGNATURES),
    documentation: documentation("arithmetic", "The absolute value.", "@ -5.0", "5.0"),
    execute,
};

/// Also those of `abs`.
pub(in crate::functions::scalar) const SIGNATURES: &[Signature] = super::NUMBERS;

/// Also that of `abs`.
pub(in crate::functions::scalar) fn execute(call: &Call<'_>) -> Result<Value> {
    let fails = || out_of_range(call.return_type);
    match call.argument_type(0)?.kind() {
        Kind::SmallInt => call.unary::<Int16Type, Int16Type>(Integer::absolute, |_| fails()),
        Kind::Integer => call.unary::<Int32Type, Int32Type>(Integer::absolute, |_| fails()),
        Kind::BigInt => call.unary::<Int64Type, Int64Type>(Integer::absolute, |_| fails()),
        Kind::Real => call.unary::<Float32Type, Float32Type>(|value| (value.abs(), false), |_| fails()),
        Kind::Double => call.unary::<Float64Type, Float64Type>(|value| (value.abs(), false), |_| fails()),
        Kind::Numeric => numeric::map(call, i128::wrapping_abs),
        other => Err(Error::Internal(format!("no absolute value of {other:?}"))),
    }
}
