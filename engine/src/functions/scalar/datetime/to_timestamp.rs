//! `to_timestamp(seconds)`; with a template it is read by `template_read`.

use crate::calendar::is_timestamp;
use crate::error::{Error, Result, SqlState};
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::types::{Float64Type, TimestampMicrosecondType};

pub(super) static TO_TIMESTAMP: ScalarFunction = ScalarFunction {
    info: || {
        stable(
            "to_timestamp",
            const {
                &[
                    signature(&[DOUBLE], returns::timestamptz),
                    signature(&[TEXT, TEXT], returns::timestamptz),
                ]
            },
        )
    },
    documentation: documentation(
        "date and time",
        "The time so many seconds after 1970-01-01 00:00 UTC, or what a text says by a template.",
        "to_timestamp(1706933106.5)",
        "2024-02-03 04:05:06.5+00",
    ),
    execute,
};

/// Seconds from 1970 to 2000, from where Postgres counts.
const POSTGRES_EPOCH: f64 = 946_684_800.0;

fn execute(call: &Call<'_>) -> Result<Value> {
    if call.arguments.len() == 2 {
        return super::template_read::execute_timestamp(call);
    }
    let seconds = call.primitives::<Float64Type>(0)?;
    call.map_rows::<TimestampMicrosecondType>(|row| to_timestamp(seconds.value(row)))
}

fn to_timestamp(seconds: f64) -> Result<i64> {
    if seconds.is_nan() {
        return Err(Error::user(
            SqlState::DATETIME_FIELD_OVERFLOW,
            "timestamp cannot be NaN",
        ));
    }
    if seconds.is_infinite() {
        return Ok(if seconds > 0.0 { i64::MAX } else { i64::MIN });
    }
    // Rounded where Postgres rounds: relative to its own epoch.
    let since_2000 = ((seconds - POSTGRES_EPOCH) * 1e6).round_ties_even();
    let microseconds = since_2000 as i128 + 946_684_800_000_000;
    i64::try_from(microseconds)
        .ok()
        .filter(|timestamp| is_timestamp(*timestamp))
        .ok_or_else(|| {
            Error::user(
                SqlState::DATETIME_FIELD_OVERFLOW,
                format!("timestamp out of range: \"{}\"", super::number::general(seconds)),
            )
        })
}

#[cfg(test)]
mod tests {
    use crate::functions::scalar::datetime::testing::*;
    use crate::functions::scalar::testing::*;

    #[test]
    fn seconds() {
        for (seconds, expected) in [
            (1.5, "1970-01-01 00:00:01.5"),
            (0.0, "1970-01-01"),
            (-1.000_001, "1969-12-31 23:59:58.999999"),
            (1_706_933_106.123_456, "2024-02-03 04:05:06.123456"),
            (f64::INFINITY, "infinity"),
            (f64::NEG_INFINITY, "-infinity"),
        ] {
            check("to_timestamp", &[double(seconds)], timestamptz(expected));
        }
        check_error(
            "to_timestamp",
            &[double(1e15)],
            "22008",
            "timestamp out of range: \"1e+15\"",
        );
        check_error("to_timestamp", &[double(f64::NAN)], "22008", "timestamp cannot be NaN");
    }
}
