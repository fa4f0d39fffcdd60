//! The proleptic Gregorian calendar over days since 1970-01-01, and microseconds since then.

use crate::error::{Error, Result, SqlState};

/// The first day Postgres's dates reach, 4714-11-24 BC.
pub(crate) const DATE_MIN: i32 = -2_440_588;
/// The last one, 5874897-12-31.
pub(crate) const DATE_MAX: i32 = 2_145_042_905;
/// The first timestamp, 4714-11-24 BC 00:00; the last one is the largest number below `infinity`.
pub(crate) const TIMESTAMP_MIN: i64 = DATE_MIN as i64 * 86_400_000_000;

/// Days from 1970-01-01 to a date; the month may be any number and carries into years.
pub(crate) fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let months = year * 12 + (month - 1);
    // Years that begin in March: the leap day is the last of its year.
    let shifted = months - 2;
    let (year, month) = (shifted.div_euclid(12), shifted.rem_euclid(12));
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    365 * year + leap_days + day_of_year - 719_468
}

/// Year, month and day of a date.
pub(crate) fn civil_of(days: i64) -> (i64, i64, i64) {
    const CYCLE_DAYS: i64 = 146_097;
    let days = days + 719_468;
    let (cycle, day) = (days.div_euclid(CYCLE_DAYS), days.rem_euclid(CYCLE_DAYS));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let year = year + cycle * 400;
    match month {
        0..=9 => (year, month + 3, day),
        _ => (year + 1, month - 9, day),
    }
}

/// How many days a month has.
pub(crate) fn days_in_month(year: i64, month: i64) -> i64 {
    days_of(year, month + 1, 1) - days_of(year, month, 1)
}

/// The same day so many months later, or the month's last one where it has no such day.
pub(crate) fn add_months(days: i64, months: i64) -> i64 {
    let (year, month, day) = civil_of(days);
    let total = year * 12 + (month - 1) + months;
    let (year, month) = (total.div_euclid(12), total.rem_euclid(12) + 1);
    days_of(year, month, day.min(days_in_month(year, month)))
}

/// A date that is within Postgres's range.
///
/// # Errors
/// 22008
pub(crate) fn checked_date(days: i64) -> Result<i32> {
    match i32::try_from(days) {
        Ok(days) if (DATE_MIN..=DATE_MAX).contains(&days) => Ok(days),
        _ => Err(Error::user(SqlState::DATETIME_FIELD_OVERFLOW, "date out of range")),
    }
}

/// A timestamp that is within range.
///
/// # Errors
/// 22008
pub(crate) fn checked_timestamp(microseconds: i128) -> Result<i64> {
    match i64::try_from(microseconds) {
        Ok(timestamp) if timestamp >= TIMESTAMP_MIN && timestamp != i64::MAX => Ok(timestamp),
        _ => Err(Error::user(SqlState::DATETIME_FIELD_OVERFLOW, "timestamp out of range")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_back() {
        for (civil, days) in [
            ((1970, 1, 1), 0),
            ((2000, 2, 29), 11_016),
            ((1969, 12, 31), -1),
            ((2024, 12, 31), 20_088),
            ((1, 1, 1), -719_162),
            ((-4713, 11, 24), DATE_MIN.into()),
            ((5_874_897, 12, 31), DATE_MAX.into()),
        ] {
            assert_eq!(days_of(civil.0, civil.1, civil.2), days, "{civil:?}");
            assert_eq!(civil_of(days), civil);
        }
        for days in (-1_000_000..1_000_000).step_by(37) {
            let (year, month, day) = civil_of(days);
            assert_eq!(days_of(year, month, day), days);
        }
    }

    #[test]
    fn months_end_where_they_end() {
        assert_eq!(add_months(days_of(2024, 1, 31), 1), days_of(2024, 2, 29));
        assert_eq!(add_months(days_of(2024, 3, 31), -13), days_of(2023, 2, 28));
        assert_eq!(add_months(days_of(2024, 12, 15), 1), days_of(2025, 1, 15));
    }
}
