//! Intervals, and times moved by them: months and days by the calendar, the rest in elapsed time.

use super::{DAY, ZoneClock, add_months, checked_timestamp, is_infinite, split};
use crate::error::{Error, Result, SqlState};
use arrow_buffer::IntervalMonthDayNano;
use std::ops::Neg;

/// That an interval leaves its range.
pub(crate) fn interval_out_of_range() -> Error {
    Error::user(SqlState::DATETIME_FIELD_OVERFLOW, "interval out of range")
}

/// An interval of so many microseconds.
///
/// # Errors
/// 22008
pub(crate) fn interval_of(months: i64, days: i64, microseconds: i64) -> Result<IntervalMonthDayNano> {
    let parts = (
        i32::try_from(months).ok(),
        i32::try_from(days).ok(),
        microseconds.checked_mul(1_000),
    );
    match parts {
        (Some(months), Some(days), Some(nanoseconds)) => Ok(IntervalMonthDayNano::new(months, days, nanoseconds)),
        _ => Err(interval_out_of_range()),
    }
}

/// The microseconds of an interval besides its months and days.
#[inline]
pub(crate) fn microseconds_of(interval: IntervalMonthDayNano) -> i64 {
    interval.nanoseconds / 1_000
}

/// The microseconds of an interval besides its months, days of 24 hours.
///
/// # Errors
/// 22008
pub(crate) fn fixed_microseconds(interval: IntervalMonthDayNano) -> Result<i64> {
    let days = i64::from(interval.days).checked_mul(DAY);
    days.and_then(|days| days.checked_add(microseconds_of(interval)))
        .ok_or_else(interval_out_of_range)
}

/// An interval as what times are moved by; wide enough to turn every sign.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    months: i64,
    days: i64,
    microseconds: i64,
}

impl From<IntervalMonthDayNano> for Span {
    #[inline]
    fn from(interval: IntervalMonthDayNano) -> Self {
        Span {
            months: interval.months.into(),
            days: interval.days.into(),
            microseconds: microseconds_of(interval),
        }
    }
}

impl Neg for Span {
    type Output = Span;

    #[inline]
    fn neg(self) -> Span {
        Span {
            months: -self.months,
            days: -self.days,
            microseconds: -self.microseconds,
        }
    }
}

/// A time later by a span: a local one, or an instant whose days are those of a clock. First come months (a day that the month does
/// not have becomes its last), then days, then the rest; after each step an instant is one again, so that a step into a gap of
/// local time goes on from behind it, as in Postgres. `infinity` stays so.
///
/// # Errors
/// 22008 where a step leads out of the range of timestamps.
#[inline]
pub(crate) fn moved(timestamp: i64, span: Span, clock: Option<&ZoneClock>) -> Result<i64> {
    if is_infinite(timestamp) {
        return Ok(timestamp);
    }
    let mut moved = timestamp;
    if span.months != 0 {
        moved = by_days(moved, clock, |day| add_months(day, span.months))?;
    }
    if span.days != 0 {
        moved = by_days(moved, clock, |day| day + span.days)?;
    }
    checked_timestamp(moved.checked_add(span.microseconds))
}

/// The same time of another day.
#[inline]
fn by_days(timestamp: i64, clock: Option<&ZoneClock>, other: impl Fn(i64) -> i64) -> Result<i64> {
    let (day, time) = match clock {
        Some(clock) => clock.local_day_and_time(timestamp),
        None => split(timestamp),
    };
    let local = other(day).checked_mul(DAY).and_then(|start| start.checked_add(time));
    checked_timestamp(match clock {
        Some(clock) => local.map(|local| clock.instant_of(local)),
        None => local,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::{TIMESTAMP_INFINITY, TIMESTAMP_MAX};
    use crate::functions::scalar::datetime::testing::{instant, microseconds};

    fn span(months: i64, days: i64, time: &str) -> Span {
        interval_of(months, days, microseconds(time)).unwrap().into()
    }

    #[test]
    fn months_before_days_before_time() {
        for (from, months, days, time, expected) in [
            ("2024-01-31", 1, 0, "0:0:0", "2024-02-29"),
            ("2024-01-31", 1, 1, "0:0:0", "2024-03-01"),
            ("2024-03-31 10:00:00", -1, 0, "-11:00:00", "2024-02-28 23:00:00"),
            ("0001-01-15", -1, 0, "0:0:0", "0001-12-15 BC"),
            ("12000-01-31", 1, 0, "0:0:0", "12000-02-29"),
        ] {
            assert_eq!(
                moved(instant(from), span(months, days, time), None).unwrap(),
                instant(expected)
            );
        }
    }

    #[test]
    fn days_of_a_clock_may_have_23_hours_and_gaps_are_left_behind() {
        let clock = ZoneClock::new(&jiff::tz::TimeZone::get("America/New_York").unwrap());
        for (from, months, days, time, expected) in [
            ("2024-03-09 17:00:00", 0, 1, "0:0:0", "2024-03-10 16:00:00"),
            ("2024-03-09 17:00:00", 0, 0, "24:00:00", "2024-03-10 17:00:00"),
            // 02:30 on 10 March is not: 03:30, of the day after as well.
            ("2024-02-10 07:30:00", 1, 0, "0:0:0", "2024-03-10 07:30:00"),
            ("2024-02-10 07:30:00", 1, 1, "0:0:0", "2024-03-11 07:30:00"),
            ("2024-02-09 07:30:00", 1, 1, "0:0:0", "2024-03-10 07:30:00"),
            // Of the two 01:30 on 3 November the later one.
            ("2024-11-03 05:30:00", 0, 0, "0:0:0", "2024-11-03 05:30:00"),
            ("2024-11-02 05:30:00", 0, 1, "0:0:0", "2024-11-03 06:30:00"),
        ] {
            let to = moved(instant(from), span(months, days, time), Some(&clock)).unwrap();
            assert_eq!(to, instant(expected), "{from}");
        }
    }

    #[test]
    fn every_step_stays_in_range() {
        for (from, span) in [
            (0, span(i32::MAX.into(), 0, "0:0:0")),
            (TIMESTAMP_MAX, span(1, -60, "0:0:0")),
            (TIMESTAMP_MAX, span(0, 1, "-48:00:00")),
        ] {
            assert_eq!(
                moved(from, span, None).unwrap_err().to_string(),
                "timestamp out of range"
            );
            assert_eq!(moved(TIMESTAMP_INFINITY, span, None).unwrap(), TIMESTAMP_INFINITY);
        }
        // The local time of the last instant is beyond 64 bits in the east.
        let clock = ZoneClock::new(&jiff::tz::TimeZone::get("Asia/Tokyo").unwrap());
        let back = moved(TIMESTAMP_MAX, span(0, -1, "0:0:0"), Some(&clock)).unwrap();
        assert_eq!(back, TIMESTAMP_MAX - DAY);
    }
}
