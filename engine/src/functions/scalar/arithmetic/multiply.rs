//! `a * b`

use super::error::{out_of_range, overflow, underflow};
use super::float::Float;
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
        (Kind::Real, _) => call.binary::<Float32Type, Float32Type, Float32Type>(Float::multiply, |left, right| {
            float_error((left * right).into())
        }),
        (Kind::Double, Kind::Double) => call
            .binary::<Float64Type, Float64Type, Float64Type>(Float::multiply, |left, right| float_error(left * right)),
        (Kind::Numeric, _) => numeric::multiply(call),
        (Kind::Interval, _) => interval::multiply(call),
        (_, Kind::Interval) => interval::multiply_reversed(call),
        (left, right) => Err(Error::Internal(format!("no product of {left:?} and {right:?}"))),
    }
}

fn float_error(product: f64) -> Error {
    if product.is_infinite() { overflow() } else { underflow() }
}
