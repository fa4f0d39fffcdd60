//! `a / b`: of integers truncated towards zero.

use super::error::{division_by_zero, out_of_range};
use super::float::{self, Float};
use super::integer::Integer;
use super::{interval, numeric};
use crate::error::{Error, Result};
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::types::*;
use stoa_sql::catalog::Signature;
use stoa_sql::types::TypeKind as Kind;

pub(super) static DIVIDE: ScalarFunction = ScalarFunction {
    info: || immutable("/", SIGNATURES),
    documentation: documentation(
        "arithmetic",
        "The quotient; of integers without its fraction.",
        "7 / 2",
        "3",
    ),
    execute,
};

const SIGNATURES: &[Signature] = &[
    signature(&[INTEGER, INTEGER], returns::integer),
    signature(&[BIGINT, BIGINT], returns::bigint),
    signature(&[SMALLINT, SMALLINT], returns::smallint),
    signature(&[DOUBLE, DOUBLE], returns::double),
    signature(&[REAL, REAL], returns::real),
    signature(&[REAL, DOUBLE], returns::double),
    signature(&[DOUBLE, REAL], returns::double),
    signature(&[NUMERIC, NUMERIC], numeric::quotient_type),
    signature(&[INTERVAL, DOUBLE], returns::interval),
];

fn execute(call: &Call<'_>) -> Result<Value> {
    match call.argument_type(0)?.kind() {
        Kind::SmallInt => integers::<Int16Type>(call),
        Kind::Integer => integers::<Int32Type>(call),
        Kind::BigInt => integers::<Int64Type>(call),
        Kind::Real | Kind::Double => float::binary(call, Float::divide, Float::divide, |answer, divisor| {
            match divisor == 0.0 {
                true => division_by_zero(),
                false => float::range_error(answer),
            }
        }),
        Kind::Numeric => numeric::divide(call),
        Kind::Interval => interval::divide(call),
        other => Err(Error::Internal(format!("no quotient of {other:?}"))),
    }
}

fn integers<T: ArrowPrimitiveType>(call: &Call<'_>) -> Result<Value>
where
    T::Native: Integer,
{
    call.binary::<T, T, T>(Integer::divide, |_, divisor| match divisor.is_zero() {
        true => division_by_zero(),
        false => out_of_range(call.return_type),
    })
}
