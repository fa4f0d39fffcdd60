//! `age(a, b)`: the time from b to a in years, months and days; `age(a)`: to a from midnight of today.

use crate::calendar::{DAY, ZoneClock, civil, days_in_month, is_infinite, split};
use crate::error::{Error, Result, SqlState};
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::types::{IntervalMonthDayNanoType, TimestampMicrosecondType};
use arrow_buffer::IntervalMonthDayNano;
use stoa_sql::types::LogicalType;

pub(super) static AGE: ScalarFunction = ScalarFunction {
    info: || {
        stable(
            "age",
            const {
                &[
                    signature(&[TIMESTAMPTZ, TIMESTAMPTZ], returns::interval),
                    signature(&[TIMESTAMPTZ], returns::interval),
                    signature(&[TIMESTAMP, TIMESTAMP], returns::interval),
                    signature(&[TIMESTAMP], returns::interval),
                ]
            },
        )
    },
    documentation: documentation(
        "date and time",
        "The time between two moments in years, months, days and hours; from one moment to today's midnight.",
        "age(timestamp '2024-03-01', timestamp '2023-01-31')",
        "1 year 1 mon 1 day",
    ),
    execute,
};

fn execute(call: &Call<'_>) -> Result<Value> {
    let zoned = *call.argument_type(0)? == LogicalType::TimestampTz;
    let clock = ZoneClock::new(&call.statement.time_zone);
    let today = clock.local_time(call.statement.transaction_time).div_euclid(DAY) * DAY;
    let first = call.primitives::<TimestampMicrosecondType>(0)?;
    let local = |value: i64| match zoned && !is_infinite(value) {
        true => clock.local_time(value),
        false => value,
    };
    if call.arguments.len() == 1 {
        return call.map_rows::<IntervalMonthDayNanoType>(|row| age(today, local(first.value(row))));
    }
    let second = call.primitives::<TimestampMicrosecondType>(1)?;
    call.map_rows::<IntervalMonthDayNanoType>(|row| age(local(first.value(row)), local(second.value(row))))
}

/// Field by field, borrowing from the next higher field; a borrowed month has the length of the earlier moment's month.
fn age(to: i64, from: i64) -> Result<IntervalMonthDayNano> {
    if is_infinite(to) || is_infinite(from) {
        return Err(Error::user(
            SqlState::FEATURE_NOT_SUPPORTED,
            "the age of an infinite timestamp is infinite, which no interval is",
        ));
    }
    let (later, earlier, sign) = if to >= from { (to, from, 1) } else { (from, to, -1) };
    let ((later_days, later_time), (earlier_days, earlier_time)) = (split(later), split(earlier));
    let (later, earlier) = (civil(later_days), civil(earlier_days));
    let mut time = later_time - earlier_time;
    let mut days = later.day - earlier.day;
    let mut months = (later.year - earlier.year) * 12 + later.month - earlier.month;
    if time < 0 {
        time += DAY;
        days -= 1;
    }
    while days < 0 {
        days += days_in_month(earlier.year, earlier.month);
        months -= 1;
    }
    let (months, days) = ((months * sign) as i32, (days * sign) as i32);
    Ok(IntervalMonthDayNano::new(months, days, time * sign * 1_000))
}

#[cfg(test)]
mod tests {
    use crate::functions::scalar::datetime::testing::*;
    use crate::functions::scalar::testing::*;

    #[test]
    fn ages() {
        for (to, from, expected) in [
            ("2024-03-01", "2023-01-31", interval(13, 1, "0:0:0")),
            ("2023-01-31", "2024-03-01", interval(-13, -1, "0:0:0")),
            (
                "2024-02-29 10:00:00",
                "2023-02-28 12:00:00",
                interval(12, 0, "22:00:00"),
            ),
            ("2020-03-31", "2020-02-29", interval(1, 2, "0:0:0")),
            ("2020-02-29", "2020-03-31", interval(-1, -2, "0:0:0")),
            ("2020-02-29", "2020-02-29", interval(0, 0, "0:0:0")),
        ] {
            check("age", &[timestamp(to), timestamp(from)], expected.clone());
            check("age", &[timestamptz(to), timestamptz(from)], expected);
        }
        check("age", &[timestamp("2024-01-01 12:00:00")], interval(1, 1, "12:00:00"));
    }
}
