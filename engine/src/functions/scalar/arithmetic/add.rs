//! `a + b` and `+ a`

use super::error::out_of_range;
use super::float::{self, Float};
use super::integer::Integer;
use super::{NUMBERS, SUMS, interval, joined, numeric, timestamp};
use crate::error::{Error, Result};
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::types::*;
use stoa_sql::catalog::Signature;
use stoa_sql::types::TypeKind as Kind;

pub(super) static ADD: ScalarFunction = ScalarFunction {
    info: || immutable("+", SIGNATURES),
    documentation: documentation(
        "arithmetic",
        "The sum; of a date or time and an interval, the time that much later. With one operand, a number, that.",
        "2 + 3",
        "5",
    ),
    execute,
};

const SIGNATURES: &[Signature] = &joined::<{ SUMS.len() + NUMBERS.len() + OTHERS.len() }>(&[SUMS, NUMBERS, OTHERS]);

/// Dates, times and what else there is beside numbers.
const OTHERS: &[Signature] = &[
    signature(&[DATE, INTEGER], returns::date),
    signature(&[INTEGER, DATE], returns::date),
    signature(&[DATE, INTERVAL], returns::timestamp),
    signature(&[INTERVAL, DATE], returns::timestamp),
    signature(&[DATE, TIME], returns::timestamp),
    signature(&[TIME, DATE], returns::timestamp),
    signature(&[TIMESTAMP, INTERVAL], returns::timestamp),
    signature(&[INTERVAL, TIMESTAMP], returns::timestamp),
    signature(&[TIMESTAMPTZ, INTERVAL], returns::timestamptz),
    signature(&[INTERVAL, TIMESTAMPTZ], returns::timestamptz),
    signature(&[TIME, INTERVAL], returns::time),
    signature(&[INTERVAL, TIME], returns::time),
    signature(&[INTERVAL, INTERVAL], returns::interval),
];

fn execute(call: &Call<'_>) -> Result<Value> {
    if let [only] = call.arguments {
        return Ok(only.clone());
    }
    let fails = || out_of_range(call.return_type);
    match (call.argument_type(0)?.kind(), call.argument_type(1)?.kind()) {
        (Kind::SmallInt, _) => call.binary::<Int16Type, Int16Type, Int16Type>(Integer::add, |_, _| fails()),
        (Kind::Integer, Kind::Integer) => call.binary::<Int32Type, Int32Type, Int32Type>(Integer::add, |_, _| fails()),
        (Kind::BigInt, _) => call.binary::<Int64Type, Int64Type, Int64Type>(Integer::add, |_, _| fails()),
        (Kind::Real | Kind::Double, Kind::Real | Kind::Double) => {
            float::binary(call, Float::add, Float::add, |answer, _| float::range_error(answer))
        }
        (Kind::Numeric, _) => numeric::add(call, numeric::Sum::Plus),
        (Kind::Date, Kind::Integer) => timestamp::date_integer(call, 0, false),
        (Kind::Integer, Kind::Date) => timestamp::date_integer(call, 1, false),
        (Kind::Date, Kind::Interval) => timestamp::date_interval(call, 0, false),
        (Kind::Interval, Kind::Date) => timestamp::date_interval(call, 1, false),
        (Kind::Date, Kind::Time) => timestamp::date_time(call, 0),
        (Kind::Time, Kind::Date) => timestamp::date_time(call, 1),
        (Kind::Timestamp, _) => timestamp::timestamp_interval(call, 0, false),
        (Kind::Interval, Kind::Timestamp) => timestamp::timestamp_interval(call, 1, false),
        (Kind::TimestampTz, _) => timestamp::timestamptz_interval(call, 0, false),
        (Kind::Interval, Kind::TimestampTz) => timestamp::timestamptz_interval(call, 1, false),
        (Kind::Time, _) => timestamp::time_interval(call, 0, false),
        (Kind::Interval, Kind::Time) => timestamp::time_interval(call, 1, false),
        (Kind::Interval, _) => interval::add(call),
        (left, right) => Err(Error::Internal(format!("no sum of {left:?} and {right:?}"))),
    }
}
