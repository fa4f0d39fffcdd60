//! `date_bin(stride, timestamp, origin)`

use crate::calendar::{checked_timestamp, fixed_microseconds, is_infinite};
use crate::error::{Error, Result, SqlState};
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::types::{IntervalMonthDayNanoType, TimestampMicrosecondType};
use arrow_buffer::IntervalMonthDayNano;

pub(super) static DATE_BIN: ScalarFunction = ScalarFunction {
    info: || {
        immutable(
            "date_bin",
            const {
                &[
                    signature(&[INTERVAL, TIMESTAMP, TIMESTAMP], returns::timestamp),
                    signature(&[INTERVAL, TIMESTAMPTZ, TIMESTAMPTZ], returns::timestamptz),
                ]
            },
        )
    },
    documentation: documentation(
        "date and time",
        "The start of the bin a time falls into, bins being so long and counted from an origin.",
        "date_bin('15 minutes', timestamp '2020-02-11 15:44:17', timestamp '2001-01-01')",
        "2020-02-11 15:30:00",
    ),
    execute,
};

fn execute(call: &Call<'_>) -> Result<Value> {
    let strides = call.primitives::<IntervalMonthDayNanoType>(0)?;
    let values = call.primitives::<TimestampMicrosecondType>(1)?;
    let origins = call.primitives::<TimestampMicrosecondType>(2)?;
    call.map_rows::<TimestampMicrosecondType>(|row| {
        let (value, origin) = (values.value(row), origins.value(row));
        if is_infinite(value) {
            return Ok(value);
        }
        if is_infinite(origin) {
            return Err(Error::user(SqlState::DATETIME_FIELD_OVERFLOW, "origin out of range"));
        }
        bin(value, stride_of(strides.value(row))?, origin)
    })
}

/// The microseconds of a stride.
fn stride_of(stride: IntervalMonthDayNano) -> Result<i64> {
    if stride.months != 0 {
        return Err(Error::user(
            SqlState::FEATURE_NOT_SUPPORTED,
            "timestamps cannot be binned into intervals containing months or years",
        ));
    }
    let microseconds = fixed_microseconds(stride)?;
    if microseconds <= 0 {
        return Err(Error::user(
            SqlState::DATETIME_FIELD_OVERFLOW,
            "stride must be greater than zero",
        ));
    }
    Ok(microseconds)
}

/// The last of the times `origin + n * stride` that is not after the value.
pub(super) fn bin(value: i64, stride: i64, origin: i64) -> Result<i64> {
    let since = i128::from(value) - i128::from(origin);
    let start = i128::from(origin) + since.div_euclid(stride.into()) * i128::from(stride);
    checked_timestamp(i64::try_from(start).ok())
}

#[cfg(test)]
mod tests {
    use crate::functions::scalar::datetime::testing::*;
    use crate::functions::scalar::testing::*;

    #[test]
    fn bins() {
        let quarter = interval(0, 0, "00:15:00");
        for (value, origin, expected) in [
            ("2020-02-11 15:44:17", "2001-01-01", "2020-02-11 15:30:00"),
            ("1999-02-11 15:44:17", "2001-01-01 00:02:30", "1999-02-11 15:32:30"),
            ("infinity", "2001-01-01", "infinity"),
        ] {
            check(
                "date_bin",
                &[quarter.clone(), timestamp(value), timestamp(origin)],
                timestamp(expected),
            );
            check(
                "date_bin",
                &[quarter.clone(), timestamptz(value), timestamptz(origin)],
                timestamptz(expected),
            );
        }
    }

    #[test]
    fn strides_that_are_none() {
        for (stride, state, message) in [
            (
                interval(1, 0, "0:0:0"),
                "0A000",
                "timestamps cannot be binned into intervals containing months or years",
            ),
            (interval(0, 0, "0:0:0"), "22008", "stride must be greater than zero"),
            (interval(0, 0, "-0:0:1"), "22008", "stride must be greater than zero"),
        ] {
            let arguments = [stride, timestamp("2020-02-11"), timestamp("2001-01-01")];
            check_error("date_bin", &arguments, state, message);
        }
    }
}
