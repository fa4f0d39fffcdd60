//! `make_date`, `make_time`, `make_timestamp`, `make_timestamptz`: times out of their fields.

use super::zone::{fixed, zone};
use crate::calendar::{DAY, HOUR, MINUTE, SECOND, ZoneClock, days_from_civil, days_in_month, is_date, is_timestamp};
use crate::error::{Error, Result, SqlState};
use crate::functions::kernel::Primitives;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::types::{Date32Type, Float64Type, Int32Type, Time64MicrosecondType, TimestampMicrosecondType};
use jiff::tz::TimeZone;

const CATEGORY: &str = "date and time";

pub(super) static MAKE_DATE: ScalarFunction = ScalarFunction {
    info: || {
        named(
            immutable(
                "make_date",
                const { &[signature(&[INTEGER, INTEGER, INTEGER], returns::date)] },
            ),
            const { &[required("year"), required("month"), required("day")] },
        )
    },
    documentation: documentation(
        CATEGORY,
        "A date out of year (negative: before Christ), month and day.",
        "make_date(2024, 2, 29)",
        "2024-02-29",
    ),
    execute: execute_date,
};

pub(super) static MAKE_TIME: ScalarFunction = ScalarFunction {
    info: || {
        named(
            immutable(
                "make_time",
                const { &[signature(&[INTEGER, INTEGER, DOUBLE], returns::time)] },
            ),
            const { &[required("hour"), required("min"), required("sec")] },
        )
    },
    documentation: documentation(
        CATEGORY,
        "A time of day out of hour, minute and second.",
        "make_time(8, 15, 23.5)",
        "08:15:23.5",
    ),
    execute: execute_time,
};

pub(super) static MAKE_TIMESTAMP: ScalarFunction = ScalarFunction {
    info: || {
        named(
            immutable(
                "make_timestamp",
                const {
                    &[signature(
                        &[INTEGER, INTEGER, INTEGER, INTEGER, INTEGER, DOUBLE],
                        returns::timestamp,
                    )]
                },
            ),
            const {
                &[
                    required("year"),
                    required("month"),
                    required("mday"),
                    required("hour"),
                    required("min"),
                    required("sec"),
                ]
            },
        )
    },
    documentation: documentation(
        CATEGORY,
        "A timestamp out of year, month, day, hour, minute and second.",
        "make_timestamp(2024, 2, 29, 8, 15, 23.5)",
        "2024-02-29 08:15:23.5",
    ),
    execute: execute_timestamp,
};

pub(super) static MAKE_TIMESTAMPTZ: ScalarFunction = ScalarFunction {
    info: || {
        named(
            stable(
                "make_timestamptz",
                const {
                    &[
                        signature(
                            &[INTEGER, INTEGER, INTEGER, INTEGER, INTEGER, DOUBLE],
                            returns::timestamptz,
                        ),
                        signature(
                            &[INTEGER, INTEGER, INTEGER, INTEGER, INTEGER, DOUBLE, TEXT],
                            returns::timestamptz,
                        ),
                    ]
                },
            ),
            const {
                &[
                    required("year"),
                    required("month"),
                    required("mday"),
                    required("hour"),
                    required("min"),
                    required("sec"),
                    required("timezone"),
                ]
            },
        )
    },
    documentation: documentation(
        CATEGORY,
        "A timestamp with time zone out of local fields, in the session's zone or the one given.",
        "make_timestamptz(2024, 2, 29, 8, 15, 23.5, 'Europe/Berlin')",
        "2024-02-29 07:15:23.5+00",
    ),
    execute: execute_timestamptz,
};

/// Days since 1970 of a year as people write it.
pub(super) fn make_date(year: i32, month: i32, day: i32) -> Result<i64> {
    let out_of_range = || {
        Error::user(
            SqlState::DATETIME_FIELD_OVERFLOW,
            format!("date field value out of range: {year}-{month:02}-{day:02}"),
        )
    };
    let (shown, month, day) = (i64::from(year), i64::from(month), i64::from(day));
    let astronomical = if shown < 0 { shown + 1 } else { shown };
    let exists = shown != 0 && (1..=12).contains(&month) && day >= 1 && day <= days_in_month(astronomical, month);
    let days = days_from_civil(astronomical, month.clamp(1, 12), day);
    if exists && is_date(days) {
        Ok(days)
    } else {
        Err(out_of_range())
    }
}

/// Microseconds since midnight; 24:00 is one, and second 60 is the next minute.
pub(super) fn make_time(hour: i32, minute: i32, second: f64) -> Result<i64> {
    let out_of_range = || {
        Error::user(
            SqlState::DATETIME_FIELD_OVERFLOW,
            format!(
                "time field value out of range: {hour}:{minute:02}:{}",
                shown_second(second)
            ),
        )
    };
    let in_range = (0..=24).contains(&hour) && (0..60).contains(&minute) && (0.0..=60.0).contains(&second);
    if !in_range {
        return Err(out_of_range());
    }
    let second = (second * SECOND as f64).round_ties_even() as i64;
    let time = i64::from(hour) * HOUR + i64::from(minute) * MINUTE + second;
    if time > DAY { Err(out_of_range()) } else { Ok(time) }
}

/// As C prints it with `%02g`, for errors.
fn shown_second(second: f64) -> String {
    let mut text = format!("{second:.6}");
    if text.contains('.') {
        text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
    }
    format!("{text:0>2}")
}

fn execute_date(call: &Call<'_>) -> Result<Value> {
    let [year, month, day] = [
        call.primitives::<Int32Type>(0)?,
        call.primitives(1)?,
        call.primitives(2)?,
    ];
    call.map_rows::<Date32Type>(|row| Ok(make_date(year.value(row), month.value(row), day.value(row))? as i32))
}

fn execute_time(call: &Call<'_>) -> Result<Value> {
    let [hour, minute] = [call.primitives::<Int32Type>(0)?, call.primitives(1)?];
    let second = call.primitives::<Float64Type>(2)?;
    call.map_rows::<Time64MicrosecondType>(|row| make_time(hour.value(row), minute.value(row), second.value(row)))
}

/// The fields of a timestamp by row.
struct Fields<'a> {
    integers: [Primitives<'a, Int32Type>; 5],
    second: Primitives<'a, Float64Type>,
}

impl<'a> Fields<'a> {
    fn of(call: &'a Call<'_>) -> Result<Self> {
        Ok(Fields {
            integers: [
                call.primitives(0)?,
                call.primitives(1)?,
                call.primitives(2)?,
                call.primitives(3)?,
                call.primitives(4)?,
            ],
            second: call.primitives(5)?,
        })
    }

    fn timestamp(&self, row: usize) -> Result<i64> {
        let [year, month, day, hour, minute] = self.integers.each_ref().map(|field| field.value(row));
        let second = self.second.value(row);
        let days = make_date(year, month, day)?;
        let time = make_time(hour, minute, second)?;
        let timestamp = days.checked_mul(DAY).and_then(|start| start.checked_add(time));
        timestamp.filter(|timestamp| is_timestamp(*timestamp)).ok_or_else(|| {
            Error::user(
                SqlState::DATETIME_FIELD_OVERFLOW,
                format!(
                    "timestamp out of range: {year}-{month:02}-{day:02} {hour}:{minute:02}:{}",
                    shown_second(second)
                ),
            )
        })
    }
}

fn execute_timestamp(call: &Call<'_>) -> Result<Value> {
    let fields = Fields::of(call)?;
    call.map_rows::<TimestampMicrosecondType>(|row| fields.timestamp(row))
}

fn execute_timestamptz(call: &Call<'_>) -> Result<Value> {
    let fields = Fields::of(call)?;
    if call.arguments.len() == 6 {
        let clock = ZoneClock::new(&call.statement.time_zone);
        return call.map_rows::<TimestampMicrosecondType>(|row| clock.to_instant(fields.timestamp(row)?));
    }
    let zones = call.texts(6)?;
    call.map_rows::<TimestampMicrosecondType>(|row| {
        let zone = sane_zone(zones.value(row))?;
        ZoneClock::new(&zone).to_instant(fields.timestamp(row)?)
    })
}

/// A zone whose numeric form counts eastward, unlike [`zone`]: `+3` is three hours east of UTC here.
fn sane_zone(name: &str) -> Result<TimeZone> {
    let (sign, digits) = match name.as_bytes().first() {
        Some(b'+') => (1, name.get(1..).unwrap_or("")),
        Some(b'-') => (-1, name.get(1..).unwrap_or("")),
        Some(first) if first.is_ascii_digit() => {
            let message = format!("invalid input syntax for type numeric time zone: \"{name}\"");
            let error = stoa_sql::Error::new(SqlState::INVALID_PARAMETER_VALUE, message)
                .with_hint("Numeric time zones must have \"-\" or \"+\" as first character.");
            return Err(error.into());
        }
        _ => return zone(name),
    };
    let mut seconds = 0;
    for (part, unit) in digits.split(':').zip([3_600, 60, 1]) {
        let part: i64 = part.parse().map_err(|_| zone_error(name))?;
        seconds += part.clamp(-1_000, 1_000) * unit;
    }
    if seconds >= 16 * 3_600 {
        return Err(zone_error(name));
    }
    fixed(sign * seconds).ok_or_else(|| zone_error(name))
}

fn zone_error(name: &str) -> Error {
    Error::user(
        SqlState::INVALID_PARAMETER_VALUE,
        format!("invalid input syntax for type numeric time zone: \"{name}\""),
    )
}

#[cfg(test)]
mod tests {
    use crate::functions::scalar::datetime::testing::*;
    use crate::functions::scalar::testing::*;

    fn fields(date: [i32; 3], hour: i32, minute: i32, second: f64) -> Vec<Typed> {
        let [year, month, day] = date.map(integer);
        vec![year, month, day, integer(hour), integer(minute), double(second)]
    }

    #[test]
    fn dates_and_times() {
        check("make_date", &[-44, 3, 15].map(integer), date("0044-03-15 BC"));
        check("make_date", &[2024, 2, 29].map(integer), date("2024-02-29"));
        check("make_time", &[integer(24), integer(0), double(0.0)], time("24:00:00"));
        check("make_time", &[integer(23), integer(59), double(60.0)], time("24:00:00"));
        check(
            "make_time",
            &[integer(1), integer(2), double(3.456_789_1)],
            time("01:02:03.456789"),
        );
    }

    #[test]
    fn timestamps() {
        check(
            "make_timestamp",
            &fields([2020, 2, 29], 24, 0, 0.0),
            timestamp("2020-03-01"),
        );
        check(
            "make_timestamp",
            &fields([-1, 2, 28], 10, 0, 7.1),
            timestamp("0001-02-28 10:00:07.1 BC"),
        );
        check(
            "make_timestamptz",
            &fields([2020, 2, 3], 10, 0, 0.0),
            timestamptz("2020-02-03 10:00:00"),
        );
        for (zone, expected) in [
            ("Europe/Berlin", "2020-02-03 09:00:00"),
            ("+3", "2020-02-03 07:00:00"),
            ("EST", "2020-02-03 15:00:00"),
            ("-05:30", "2020-02-03 15:30:00"),
        ] {
            let mut arguments = fields([2020, 2, 3], 10, 0, 0.0);
            arguments.push(text(zone));
            check("make_timestamptz", &arguments, timestamptz(expected));
        }
    }

    #[test]
    fn fields_out_of_range() {
        for (arguments, message) in [
            ([2020, 2, 30], "date field value out of range: 2020-02-30"),
            ([0, 2, 3], "date field value out of range: 0-02-03"),
            ([2020, 13, 3], "date field value out of range: 2020-13-03"),
            ([i32::MAX, 1, 3], "date field value out of range: 2147483647-01-03"),
        ] {
            check_error("make_date", &arguments.map(integer), "22008", message);
        }
        for (hour, minute, second, message) in [
            (25, 0, 0.0, "time field value out of range: 25:00:00"),
            (1, 0, 60.5, "time field value out of range: 1:00:60.5"),
            (10, 70, 0.0, "time field value out of range: 10:70:00"),
        ] {
            check_error(
                "make_time",
                &[integer(hour), integer(minute), double(second)],
                "22008",
                message,
            );
            let arguments = fields([2020, 2, 3], hour, minute, second);
            check_error("make_timestamp", &arguments, "22008", message);
        }
    }
}
