//! The one calendar: civil dates and days ([`civil`]), local times and instants ([`ZoneClock`]), and both moved by intervals
//! ([`moved`]). A day counts from 1970-01-01, a timestamp in microseconds from its midnight. Reads no clock and no session.

mod civil;
mod interval;
mod zone;

pub(crate) use civil::{
    Civil, NEAR_DAYS, add_months, civil, day_of_year, days_from_civil, days_in_month, is_leap, iso_week,
    iso_year_start, near_civil, near_day, near_weekday, shown_year, weekday_from_monday, weekday_from_sunday,
};
pub(crate) use interval::{Span, fixed_microseconds, interval_of, interval_out_of_range, microseconds_of, moved};
pub(crate) use zone::{ZoneClock, offset_of_local};

use crate::error::{Error, Result, SqlState};

/// Microseconds.
pub(crate) const SECOND: i64 = 1_000_000;
/// Microseconds.
pub(crate) const MINUTE: i64 = 60 * SECOND;
/// Microseconds.
pub(crate) const HOUR: i64 = 60 * MINUTE;
/// Microseconds.
pub(crate) const DAY: i64 = 24 * HOUR;

/// Days from Postgres's Julian day 0 to 1970-01-01.
pub(crate) const JULIAN_EPOCH: i64 = 2_440_588;
/// Days from 1970-01-01, where Stoa counts from, to 2000-01-01, where Postgres counts from.
pub(crate) const POSTGRES_EPOCH_DAYS: i32 = 10_957;
/// Microseconds from 1970-01-01 to 2000-01-01.
pub(crate) const POSTGRES_EPOCH_MICROSECONDS: i64 = POSTGRES_EPOCH_DAYS as i64 * DAY;

/// The `date` that stands for `infinity`.
pub(crate) const DATE_INFINITY: i32 = i32::MAX;
/// The `date` that stands for `-infinity`.
pub(crate) const DATE_MINUS_INFINITY: i32 = i32::MIN;
/// The `timestamp` or `timestamptz` that stands for `infinity`.
pub(crate) const TIMESTAMP_INFINITY: i64 = i64::MAX;
/// The `timestamp` or `timestamptz` that stands for `-infinity`.
pub(crate) const TIMESTAMP_MINUS_INFINITY: i64 = i64::MIN;

/// 4714-11-24 BC, day 0 of the Julian count, where Postgres's dates begin.
pub(crate) const DATE_MIN: i32 = -JULIAN_EPOCH as i32;
/// 5874897-12-31, the last date.
pub(crate) const DATE_MAX: i32 = 2_145_042_905;
/// The first timestamp: the begin of 4714-11-24 BC.
pub(crate) const TIMESTAMP_MIN: i64 = DATE_MIN as i64 * DAY;
/// The last timestamp, in January of 294247: what 64 bits of microseconds since 1970 hold. (Postgres counts from 2000 and ends at
/// the end of 294276.)
pub(crate) const TIMESTAMP_MAX: i64 = TIMESTAMP_INFINITY - 1;

/// Whether a timestamp is `infinity` or `-infinity`.
#[inline]
pub(crate) fn is_infinite(timestamp: i64) -> bool {
    timestamp == TIMESTAMP_INFINITY || timestamp == TIMESTAMP_MINUS_INFINITY
}

/// Whether a date is `infinity` or `-infinity`.
#[inline]
pub(crate) fn is_infinite_date(date: i32) -> bool {
    date == DATE_INFINITY || date == DATE_MINUS_INFINITY
}

/// Whether a day number is a date Postgres has.
#[inline]
pub(crate) fn is_date(days: i64) -> bool {
    (i64::from(DATE_MIN)..=i64::from(DATE_MAX)).contains(&days)
}

/// Whether microseconds are a timestamp Postgres has, and not an infinite one.
#[inline]
pub(crate) fn is_timestamp(timestamp: i64) -> bool {
    (TIMESTAMP_MIN..=TIMESTAMP_MAX).contains(&timestamp)
}

/// The day of a timestamp and the microseconds within it.
#[inline]
pub(crate) fn split(timestamp: i64) -> (i64, i64) {
    (timestamp.div_euclid(DAY), timestamp.rem_euclid(DAY))
}

/// A date's midnight; `infinity` stays so.
///
/// # Errors
/// 22008 beyond the range of timestamps.
#[inline]
pub(crate) fn midnight(date: i32) -> Result<i64> {
    match date {
        DATE_INFINITY => Ok(TIMESTAMP_INFINITY),
        DATE_MINUS_INFINITY => Ok(TIMESTAMP_MINUS_INFINITY),
        days => i64::from(days)
            .checked_mul(DAY)
            .ok_or_else(date_out_of_range_for_timestamp),
    }
}

/// A date within its range.
///
/// # Errors
/// 22008
#[inline]
pub(crate) fn checked_date(days: i64) -> Result<i32> {
    match is_date(days) {
        true => Ok(days as i32),
        false => Err(overflow("date out of range")),
    }
}

/// A timestamp within its range; `None` is one beyond 64 bits.
///
/// # Errors
/// 22008
#[inline]
pub(crate) fn checked_timestamp(timestamp: Option<i64>) -> Result<i64> {
    timestamp
        .filter(|timestamp| is_timestamp(*timestamp))
        .ok_or_else(|| overflow("timestamp out of range"))
}

/// That a date has no timestamp.
pub(crate) fn date_out_of_range_for_timestamp() -> Error {
    overflow("date out of range for timestamp")
}

#[cold]
fn overflow(message: &str) -> Error {
    Error::user(SqlState::DATETIME_FIELD_OVERFLOW, message)
}
