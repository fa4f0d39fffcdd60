//! `a * b`

use super::error::out_of_range;
use super::float::{self, Float};
use super::integer::Integer;
use super::{interval, numeric};
use crate::error::{Error, Result};
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::types::*;
use stoa_sql::catalog::Signature;
use stoa_sql::types::TypeKind as Kind;

pub(super) static MULTIPLY: ScalarFunction = ScalarFunction {
    info: || immutable("*", SIGNATURES),
    documentation: documentation("arithmetic", "The product.", "2 * 3", "6"),
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
    signature(&[NUMERIC, NUMERIC], numeric::product_type),
    signature(&[INTERVAL, DOUBLE], returns::interval),
    signature(&[DOUBLE, INTERVAL], returns::interval),
];

fn execute(call: &Call<'_>) -> Result<Value> {
    let fails = || out_of_range(call.return_type);
    match (call.argument_type(0)?.kind(), call.argument_type(1)?.kind()) {
        (Kind::SmallInt, _) => call.binary::<Int16Type, Int16Type, Int16Type>(Integer::multiply, |_, _| fails()),
        (Kind::Integer, _) => call.binary::<Int32Type, Int32Type, Int32Type>(Integer::multiply, |_, _| fails()),
        (Kind::BigInt, _) => call.binary::<Int64Type, Int64Type, Int64Type>(Integer::multiply, |_, _| fails()),
        (Kind::Real | Kind::Double, Kind::Real | Kind::Double) => {
            float::binary(call, Float::multiply, Float::multiply, |answer, _| {
                float::range_error(answer)
            })
        }
        (Kind::Numeric, _) => numeric::multiply(call),
        (Kind::Interval, _) => interval::multiply(call),
        (_, Kind::Interval) => interval::multiply_reversed(call),
        (left, right) => Err(Error::Internal(format!("no product of {left:?} and {right:?}"))),
    }
}
