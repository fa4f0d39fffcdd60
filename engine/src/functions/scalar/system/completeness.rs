//! What a statement reads: `snapshot_version`; and how far the events of a table are there: `event_watermark`, `event_final_until`.

use super::fact::{number, numbers, oid_keys};
use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::TimestampMicrosecondArray;
use std::sync::Arc;
use stoa_sql::catalog::Signature;

const CATEGORY: &str = "events";
const OF_TABLE: &[Signature] = &[signature(&[REGCLASS], returns::timestamptz)];

pub(super) static EVENT_WATERMARK: ScalarFunction = ScalarFunction {
    info: || stable("event_watermark", OF_TABLE),
    documentation: documentation(
        CATEGORY,
        "The time up to which all sources of a table that are not idle have brought their events.",
        "event_watermark('events')",
        "2024-06-01 12:00:00+00",
    ),
    execute: |call| times(call, "watermark"),
};

pub(super) static EVENT_FINAL_UNTIL: ScalarFunction = ScalarFunction {
    info: || stable("event_final_until", OF_TABLE),
    documentation: documentation(
        CATEGORY,
        "The time before which events of a table are late by more than it allows.",
        "event_final_until('events')",
        "2024-05-29 12:00:00+00",
    ),
    execute: |call| times(call, "final_until"),
};

pub(super) static SNAPSHOT_VERSION: ScalarFunction = ScalarFunction {
    info: || stable("snapshot_version", const { &[signature(&[], returns::bigint)] }),
    documentation: documentation(
        CATEGORY,
        "The version of the database that the statement reads, as stoa.commits lists them.",
        "snapshot_version()",
        "42",
    ),
    execute: |call| numbers(call, |_| Ok(number(call.fact("snapshot_version", "")))),
};

fn times(call: &Call<'_>, fact: &str) -> Result<Value> {
    let (oid, nulls) = (oid_keys(call)?, call.nulls());
    let time = |row: usize| {
        let is_there = nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
        is_there.then(|| number(call.fact(fact, &oid(row)))).flatten()
    };
    let times: TimestampMicrosecondArray = (0..call.row_count).map(time).collect();
    Ok(Value::Array(Arc::new(times.with_timezone("UTC"))))
}
