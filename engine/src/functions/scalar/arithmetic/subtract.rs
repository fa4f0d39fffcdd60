//! `a - b` and `- a`

use super::error::out_of_range;
use super::float::{self, Float};
use super::integer::Integer;
use super::{NUMBERS, SUMS, interval, joined, numeric, timestamp};
use crate::error::{Error, Result};
use crate::functions::scalar::json;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::types::*;
use stoa_sql::catalog::Signature;
use stoa_sql::types::TypeKind as Kind;

pub(super) static SUBTRACT: ScalarFunction = ScalarFunction {
    info: || immutable("-", SIGNATURES),
    documentation: documentation(
        "arithmetic",
        "The difference; of two dates the days between, of two timestamps the interval. With one operand, its negative.",
        "2 - 3",
        "-1",
    ),
    execute,
};

const SIGNATURES: &[Signature] = &joined::<{ SUMS.len() + NUMBERS.len() + OTHERS.len() }>(&[SUMS, NUMBERS, OTHERS]);

/// Intervals, dates, times and documents.
const OTHERS: &[Signature] = &[
    signature(&[INTERVAL], returns::interval),
    signature(&[DATE, INTEGER], returns::date),
    signature(&[DATE, DATE], returns::integer),
    signature(&[DATE, INTERVAL], returns::timestamp),
    signature(&[TIMESTAMP, INTERVAL], returns::timestamp),
    signature(&[TIMESTAMPTZ, INTERVAL], returns::timestamptz),
    signature(&[TIMESTAMP, TIMESTAMP], returns::interval),
    signature(&[TIMESTAMPTZ, TIMESTAMPTZ], returns::interval),
    signature(&[TIME, TIME], returns::interval),
    signature(&[TIME, INTERVAL], returns::time),
    signature(&[INTERVAL, INTERVAL], returns::interval),
    signature(&[JSONB, TEXT], returns::jsonb),
    signature(&[JSONB, INTEGER], returns::jsonb),
    signature(&[JSONB, TEXT_ARRAY], returns::jsonb),
];

fn execute(call: &Call<'_>) -> Result<Value> {
    if call.arguments.len() == 1 {
        return negate(call);
    }
    let fails = || out_of_range(call.return_type);
    match (call.argument_type(0)?.kind(), call.argument_type(1)?.kind()) {
        (Kind::Jsonb, _) => json::delete(call),
        (Kind::SmallInt, _) => call.binary::<Int16Type, Int16Type, Int16Type>(Integer::subtract, |_, _| fails()),
        (Kind::Integer, _) => call.binary::<Int32Type, Int32Type, Int32Type>(Integer::subtract, |_, _| fails()),
        (Kind::BigInt, _) => call.binary::<Int64Type, Int64Type, Int64Type>(Integer::subtract, |_, _| fails()),
        (Kind::Real | Kind::Double, Kind::Real | Kind::Double) => {
            float::binary(call, Float::subtract, Float::subtract, |answer, _| {
                float::range_error(answer)
            })
        }
        (Kind::Numeric, _) => numeric::add(call, numeric::Sum::Minus),
        (Kind::Date, Kind::Integer) => timestamp::date_integer(call, 0, true),
        (Kind::Date, Kind::Date) => timestamp::dates(call),
        (Kind::Date, Kind::Interval) => timestamp::date_interval(call, 0, true),
        (Kind::Timestamp | Kind::TimestampTz, Kind::Timestamp | Kind::TimestampTz) => timestamp::timestamps(call),
        (Kind::Timestamp, _) => timestamp::timestamp_interval(call, 0, true),
        (Kind::TimestampTz, _) => timestamp::timestamptz_interval(call, 0, true),
        (Kind::Time, Kind::Time) => timestamp::times(call),
        (Kind::Time, _) => timestamp::time_interval(call, 0, true),
        (Kind::Interval, _) => interval::subtract(call),
        (left, right) => Err(Error::Internal(format!("no difference of {left:?} and {right:?}"))),
    }
}

fn negate(call: &Call<'_>) -> Result<Value> {
    let fails = || out_of_range(call.return_type);
    match call.argument_type(0)?.kind() {
        Kind::SmallInt => call.unary::<Int16Type, Int16Type>(Integer::negate, |_| fails()),
        Kind::Integer => call.unary::<Int32Type, Int32Type>(Integer::negate, |_| fails()),
        Kind::BigInt => call.unary::<Int64Type, Int64Type>(Integer::negate, |_| fails()),
        Kind::Real => call.unary::<Float32Type, Float32Type>(|value| (-value, false), |_| fails()),
        Kind::Double => call.unary::<Float64Type, Float64Type>(|value| (-value, false), |_| fails()),
        Kind::Numeric => numeric::map(call, |value| -value),
        Kind::Interval => interval::negate(call),
        other => Err(Error::Internal(format!("no negative of {other:?}"))),
    }
}
