//! Timestamps and intervals added, in local time and across zones; for functions that step through time.

use super::calendar::{DAY, civil, days_from_civil, days_in_month, is_infinite, is_timestamp, split};
use super::zone::ZoneClock;
use crate::error::{Error, Result, SqlState};
use arrow_buffer::IntervalMonthDayNano;

/// That a timestamp leaves its range.
pub(crate) fn timestamp_out_of_range() -> Error {
    Error::user(SqlState::DATETIME_FIELD_OVERFLOW, "timestamp out of range")
}

/// That an interval leaves its range.
pub(crate) fn interval_out_of_range() -> Error {
    Error::user(SqlState::DATETIME_FIELD_OVERFLOW, "interval out of range")
}

/// An interval of so many microseconds.
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

/// The interval with every sign turned.
pub(crate) fn negated(interval: IntervalMonthDayNano) -> Result<IntervalMonthDayNano> {
    let months = i64::from(interval.months);
    let microseconds = microseconds_of(interval)
        .checked_neg()
        .ok_or_else(interval_out_of_range)?;
    interval_of(-months, -i64::from(interval.days), microseconds)
}

/// Months and days later by the calendar; a day that the month does not have becomes its last.
fn add_calendar(local: i64, months: i32, days: i32) -> Option<i64> {
    let (mut date, time) = split(local);
    if months != 0 {
        let here = civil(date);
        let count = here.year * 12 + here.month - 1 + i64::from(months);
        let (year, month) = (count.div_euclid(12), count.rem_euclid(12) + 1);
        date = days_from_civil(year, month, here.day.min(days_in_month(year, month)));
    }
    date.checked_add(days.into())?.checked_mul(DAY)?.checked_add(time)
}

/// A local timestamp and an interval: first months, then days, then the rest.
///
/// # Errors
/// 22008 where the sum is no timestamp.
pub(crate) fn add_local(timestamp: i64, interval: IntervalMonthDayNano) -> Result<i64> {
    if is_infinite(timestamp) {
        return Ok(timestamp);
    }
    let sum = match (interval.months, interval.days) {
        (0, 0) => Some(timestamp),
        (months, days) => add_calendar(timestamp, months, days),
    };
    sum.and_then(|sum| sum.checked_add(microseconds_of(interval)))
        .filter(|sum| is_timestamp(*sum))
        .ok_or_else(timestamp_out_of_range)
}

/// An instant and an interval: months and days by the zone's local calendar, the rest in elapsed time.
///
/// # Errors
/// 22008 where the sum is no timestamp.
pub(crate) fn add_zoned(timestamp: i64, interval: IntervalMonthDayNano, clock: &mut ZoneClock) -> Result<i64> {
    if is_infinite(timestamp) {
        return Ok(timestamp);
    }
    let sum = match (interval.months, interval.days) {
        (0, 0) => Some(timestamp),
        (months, days) => add_calendar(clock.local_time(timestamp), months, days).map(|local| clock.instant_of(local)),
    };
    sum.and_then(|sum| sum.checked_add(microseconds_of(interval)))
        .filter(|sum| is_timestamp(*sum))
        .ok_or_else(timestamp_out_of_range)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::scalar::datetime::testing::{instant, microseconds};
    use crate::functions::scalar::datetime::zone::zone;

    #[test]
    fn months_before_days_before_time() {
        for (from, months, days, time, expected) in [
            ("2024-01-31", 1, 0, "0:0:0", "2024-02-29"),
            ("2024-01-31", 1, 1, "0:0:0", "2024-03-01"),
            ("2024-03-31 10:00:00", -1, 0, "-11:00:00", "2024-02-28 23:00:00"),
            ("0001-01-15", -1, 0, "0:0:0", "0001-12-15 BC"),
        ] {
            let interval = interval_of(months, days, microseconds(time)).unwrap();
            assert_eq!(add_local(instant(from), interval).unwrap(), instant(expected));
        }
    }

    #[test]
    fn a_day_of_a_zone_may_have_23_hours() {
        let mut clock = ZoneClock::new(&zone("Europe/Berlin").unwrap());
        let from = instant("2024-03-30 11:00:00");
        let day = interval_of(0, 1, 0).unwrap();
        assert_eq!(
            add_zoned(from, day, &mut clock).unwrap(),
            instant("2024-03-31 10:00:00")
        );
        let hours = interval_of(0, 0, DAY).unwrap();
        assert_eq!(
            add_zoned(from, hours, &mut clock).unwrap(),
            instant("2024-03-31 11:00:00")
        );
    }

    #[test]
    fn sums_out_of_range_fail() {
        let interval = interval_of(i32::MAX.into(), 0, 0).unwrap();
        assert_eq!(
            add_local(0, interval).unwrap_err().to_string(),
            "timestamp out of range"
        );
        assert_eq!(add_local(i64::MAX, interval).unwrap(), i64::MAX);
    }
}
