//! `time_bucket(width, time [, origin | offset | zone [, origin]])`, as TimescaleDB has it; widths of months included. Integers have buckets too.

use super::date_bin::bin;
use super::zone::zone;
use crate::calendar::{
    DAY, Span, ZoneClock, checked_timestamp, civil, days_from_civil, fixed_microseconds, is_infinite, is_infinite_date,
    moved, split,
};
use crate::error::{Error, Result, SqlState};
use crate::functions::kernel::Primitives;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::ArrowPrimitiveType;
use arrow_array::types::{Date32Type, Int32Type, Int64Type, IntervalMonthDayNanoType, TimestampMicrosecondType};
use arrow_buffer::IntervalMonthDayNano;
use stoa_sql::types::LogicalType;

/// 2000-01-03, a Monday: buckets of weeks begin on Mondays.
const MONDAY_ORIGIN: i64 = 10_959 * DAY;
/// 2000-01-01, where buckets of months begin.
const MONTH_ORIGIN: i64 = 10_957 * DAY;

pub(super) static TIME_BUCKET: ScalarFunction = ScalarFunction {
    info: || {
        stable(
            "time_bucket",
            const {
                &[
                    signature(&[INTERVAL, TIMESTAMP], returns::timestamp),
                    signature(&[INTERVAL, TIMESTAMP, TIMESTAMP], returns::timestamp),
                    signature(&[INTERVAL, TIMESTAMP, INTERVAL], returns::timestamp),
                    signature(&[INTERVAL, TIMESTAMPTZ], returns::timestamptz),
                    signature(&[INTERVAL, TIMESTAMPTZ, TIMESTAMPTZ], returns::timestamptz),
                    signature(&[INTERVAL, TIMESTAMPTZ, INTERVAL], returns::timestamptz),
                    signature(&[INTERVAL, TIMESTAMPTZ, TEXT], returns::timestamptz),
                    signature(&[INTERVAL, TIMESTAMPTZ, TEXT, TIMESTAMPTZ], returns::timestamptz),
                    signature(&[INTERVAL, DATE], returns::date),
                    signature(&[INTERVAL, DATE, DATE], returns::date),
                    signature(&[INTERVAL, DATE, INTERVAL], returns::date),
                    signature(&[INTEGER, INTEGER], returns::integer),
                    signature(&[INTEGER, INTEGER, INTEGER], returns::integer),
                    signature(&[BIGINT, BIGINT], returns::bigint),
                    signature(&[BIGINT, BIGINT, BIGINT], returns::bigint),
                ]
            },
        )
    },
    documentation: documentation(
        "date and time",
        "The start of the bucket of a width that a time or number falls into.",
        "time_bucket('5 minutes', timestamp '2024-02-29 12:34:56')",
        "2024-02-29 12:30:00",
    ),
    execute,
};

fn execute(call: &Call<'_>) -> Result<Value> {
    match call.argument_type(1)? {
        LogicalType::Integer => integers::<Int32Type>(call),
        LogicalType::BigInt => integers::<Int64Type>(call),
        LogicalType::Date => dates(call),
        _ => timestamps(call),
    }
}

/// How long a bucket is.
#[derive(Clone, Copy, Debug)]
enum Width {
    Microseconds(i64),
    Months(i64),
}

fn width_of(width: IntervalMonthDayNano) -> Result<Width> {
    let positive = || Error::user(SqlState::INVALID_PARAMETER_VALUE, "period must be greater than 0");
    if width.months != 0 {
        if width.days != 0 || width.nanoseconds != 0 {
            return Err(Error::user(
                SqlState::FEATURE_NOT_SUPPORTED,
                "month intervals cannot have day or time component",
            ));
        }
        let months = i64::from(width.months);
        return if months > 0 {
            Ok(Width::Months(months))
        } else {
            Err(positive())
        };
    }
    match fixed_microseconds(width)? {
        microseconds if microseconds > 0 => Ok(Width::Microseconds(microseconds)),
        _ => Err(positive()),
    }
}

/// The start of a local time's bucket.
fn bucket(local: i64, width: Width, origin: Option<i64>) -> Result<i64> {
    match width {
        Width::Microseconds(width) => bin(local, width, origin.unwrap_or(MONDAY_ORIGIN)),
        Width::Months(width) => {
            let month_of = |timestamp: i64| {
                let date = civil(split(timestamp).0);
                date.year * 12 + date.month - 1
            };
            let origin = month_of(origin.unwrap_or(MONTH_ORIGIN));
            let month = origin + (month_of(local) - origin).div_euclid(width) * width;
            checked_timestamp(days_from_civil(month.div_euclid(12), month.rem_euclid(12) + 1, 1).checked_mul(DAY))
        }
    }
}

/// Widths by row, read once where they are the same.
struct Widths<'a> {
    intervals: Primitives<'a, IntervalMonthDayNanoType>,
    constant: Option<Width>,
}

impl<'a> Widths<'a> {
    fn of(call: &'a Call<'_>) -> Result<Self> {
        let intervals = call.primitives::<IntervalMonthDayNanoType>(0)?;
        let constant = match intervals.constant() {
            Some(width) if !intervals.is_null(0) => Some(width_of(width)?),
            _ => None,
        };
        Ok(Widths { intervals, constant })
    }

    fn get(&self, row: usize) -> Result<Width> {
        match self.constant {
            Some(width) => Ok(width),
            None => width_of(self.intervals.value(row)),
        }
    }
}

fn timestamps(call: &Call<'_>) -> Result<Value> {
    let widths = Widths::of(call)?;
    let values = call.primitives::<TimestampMicrosecondType>(1)?;
    match call.argument_types.get(2) {
        None => call.map_rows::<TimestampMicrosecondType>(|row| match values.value(row) {
            value if is_infinite(value) => Ok(value),
            value => bucket(value, widths.get(row)?, None),
        }),
        Some(LogicalType::Interval) => {
            let offsets = call.primitives::<IntervalMonthDayNanoType>(2)?;
            call.map_rows::<TimestampMicrosecondType>(|row| {
                let offset = Span::from(offsets.value(row));
                let shifted = moved(values.value(row), -offset, None)?;
                match is_infinite(shifted) {
                    true => Ok(shifted),
                    false => moved(bucket(shifted, widths.get(row)?, None)?, offset, None),
                }
            })
        }
        Some(LogicalType::Text) => {
            let zones = call.texts(2)?;
            let origins = match call.arguments.len() {
                4 => Some(call.primitives::<TimestampMicrosecondType>(3)?),
                _ => None,
            };
            let mut clock: Option<(&str, ZoneClock)> = None;
            call.map_rows::<TimestampMicrosecondType>(|row| {
                let (value, name) = (values.value(row), zones.value(row));
                if is_infinite(value) {
                    return Ok(value);
                }
                let clock = match &mut clock {
                    Some((known, clock)) if *known == name => clock,
                    other => &mut other.insert((name, ZoneClock::new(&zone(name)?))).1,
                };
                let origin = origins.as_ref().map(|origins| clock.local_time(origins.value(row)));
                let start = bucket(clock.local_time(value), widths.get(row)?, origin)?;
                Ok(clock.instant_of(start))
            })
        }
        Some(_) => {
            let origins = call.primitives::<TimestampMicrosecondType>(2)?;
            call.map_rows::<TimestampMicrosecondType>(|row| match values.value(row) {
                value if is_infinite(value) => Ok(value),
                value => bucket(value, widths.get(row)?, Some(origins.value(row))),
            })
        }
    }
}

fn dates(call: &Call<'_>) -> Result<Value> {
    let widths = Widths::of(call)?;
    let values = call.primitives::<Date32Type>(1)?;
    let (origins, offsets) = match call.argument_types.get(2) {
        None => (None, None),
        Some(LogicalType::Interval) => (None, Some(call.primitives::<IntervalMonthDayNanoType>(2)?)),
        Some(_) => (Some(call.primitives::<Date32Type>(2)?), None),
    };
    let microseconds = |days: i32| checked_timestamp(i64::from(days).checked_mul(DAY));
    call.map_rows::<Date32Type>(|row| {
        let value = values.value(row);
        if is_infinite_date(value) {
            return Ok(value);
        }
        let origin = origins
            .as_ref()
            .map(|origins| microseconds(origins.value(row)))
            .transpose()?;
        let value = microseconds(value)?;
        let start = match &offsets {
            None => bucket(value, widths.get(row)?, origin)?,
            Some(offsets) => {
                let offset = Span::from(offsets.value(row));
                let shifted = moved(value, -offset, None)?;
                moved(bucket(shifted, widths.get(row)?, None)?, offset, None)?
            }
        };
        Ok(split(start).0 as i32)
    })
}

fn integers<T: ArrowPrimitiveType>(call: &Call<'_>) -> Result<Value>
where
    T::Native: Into<i64> + TryFrom<i64>,
{
    let (widths, values) = (call.primitives::<T>(0)?, call.primitives::<T>(1)?);
    let offsets = match call.arguments.len() {
        3 => Some(call.primitives::<T>(2)?),
        _ => None,
    };
    call.map_rows::<T>(|row| {
        let (width, value): (i64, i64) = (widths.value(row).into(), values.value(row).into());
        if width <= 0 {
            return Err(Error::user(
                SqlState::INVALID_PARAMETER_VALUE,
                "period must be greater than 0",
            ));
        }
        let offset: i64 = offsets.as_ref().map_or(0, |offsets| offsets.value(row).into());
        let since = i128::from(value) - i128::from(offset);
        let start = i128::from(offset) + since.div_euclid(width.into()) * i128::from(width);
        let start = i64::try_from(start)
            .ok()
            .and_then(|start| T::Native::try_from(start).ok());
        start.ok_or_else(|| Error::user(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, "timestamp out of range"))
    })
}

#[cfg(test)]
mod tests {
    use crate::functions::scalar::datetime::testing::*;
    use crate::functions::scalar::testing::*;

    #[test]
    fn buckets_of_time() {
        for (width, value, expected) in [
            (interval(0, 0, "00:05:00"), "2024-02-29 12:34:56", "2024-02-29 12:30:00"),
            (interval(0, 7, "0:0:0"), "2024-02-29 12:34:56", "2024-02-26"),
            (interval(0, 1, "0:0:0"), "1969-12-31 23:00:00", "1969-12-31"),
            (interval(3, 0, "0:0:0"), "2024-02-29 12:34:56", "2024-01-01"),
            (interval(12, 0, "0:0:0"), "1999-02-28", "1999-01-01"),
        ] {
            check("time_bucket", &[width.clone(), timestamp(value)], timestamp(expected));
            check("time_bucket", &[width, timestamptz(value)], timestamptz(expected));
        }
        let week = interval(0, 7, "0:0:0");
        check("time_bucket", &[week.clone(), date("2024-02-29")], date("2024-02-26"));
        check(
            "time_bucket",
            &[week.clone(), date("2024-02-29"), date("2024-02-28")],
            date("2024-02-28"),
        );
        let shifted = [week, timestamp("2024-02-26 01:00:00"), interval(0, 0, "02:00:00")];
        check("time_bucket", &shifted, timestamp("2024-02-19 02:00:00"));
        let local = [
            interval(0, 1, "0:0:0"),
            timestamptz("2024-07-01 23:00:00"),
            text("Europe/Berlin"),
        ];
        check("time_bucket", &local, timestamptz("2024-07-01 22:00:00"));
        let from_noon = [
            interval(0, 1, "0:0:0"),
            timestamptz("2024-07-01 23:00:00"),
            text("Europe/Berlin"),
            timestamptz("2024-01-01 11:00:00"),
        ];
        check("time_bucket", &from_noon, timestamptz("2024-07-01 10:00:00"));
        let sundays = [interval(0, 7, "0:0:0"), date("2024-02-29"), interval(0, -1, "0:0:0")];
        check("time_bucket", &sundays, date("2024-02-25"));
    }

    #[test]
    fn buckets_of_numbers() {
        check("time_bucket", &[integer(10), integer(-3)], integer(-10));
        check("time_bucket", &[bigint(10), bigint(13), bigint(5)], bigint(5));
        check_error(
            "time_bucket",
            &[integer(0), integer(1)],
            "22023",
            "period must be greater than 0",
        );
    }

    #[test]
    fn widths_that_are_none() {
        let value = timestamp("2024-02-29");
        let mixed = [interval(1, 1, "0:0:0"), value.clone()];
        check_error(
            "time_bucket",
            &mixed,
            "0A000",
            "month intervals cannot have day or time component",
        );
        let nothing = [interval(0, 0, "0:0:0"), value];
        check_error("time_bucket", &nothing, "22023", "period must be greater than 0");
    }
}
