//! The proleptic Gregorian calendar as arithmetic, and the limits of dates and times. No time zones: a day is a day.

/// Microseconds of a day.
pub const MICROSECONDS_PER_DAY: i64 = 86_400_000_000;

/// Microseconds of a second.
pub const MICROSECONDS_PER_SECOND: i64 = 1_000_000;

/// Days from 1970-01-01, where Stoa counts from, to 2000-01-01, where Postgres counts from.
pub const POSTGRES_EPOCH_DAYS: i32 = 10_957;

/// Microseconds from 1970-01-01 to 2000-01-01.
pub const POSTGRES_EPOCH_MICROSECONDS: i64 = POSTGRES_EPOCH_DAYS as i64 * MICROSECONDS_PER_DAY;

/// The `date` that stands for `infinity`.
pub const DATE_INFINITY: i32 = i32::MAX;

/// The `date` that stands for `-infinity`.
pub const DATE_MINUS_INFINITY: i32 = i32::MIN;

/// The `timestamp` or `timestamptz` that stands for `infinity`.
pub const TIMESTAMP_INFINITY: i64 = i64::MAX;

/// The `timestamp` or `timestamptz` that stands for `-infinity`.
pub const TIMESTAMP_MINUS_INFINITY: i64 = i64::MIN;

/// 4714-11-24 BC, day 0 of the Julian count, where Postgres's dates begin.
pub const DATE_MIN: i32 = -2_440_588;

/// 5874897-12-31, the last date.
pub const DATE_MAX: i32 = 2_145_042_905;

/// The first `timestamp`: the begin of 4714-11-24 BC.
pub const TIMESTAMP_MIN: i64 = DATE_MIN as i64 * MICROSECONDS_PER_DAY;

/// The last `timestamp`, in January of 294247: what 64 bits of microseconds since 1970 hold. (Postgres counts from 2000 and ends at
/// the end of 294276.)
pub const TIMESTAMP_MAX: i64 = i64::MAX - 1;

/// A day of the calendar. Year 0 is 1 BC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CivilDate {
    /// Astronomical: 0 is 1 BC, -1 is 2 BC.
    pub year: i64,
    /// 1 to 12.
    pub month: u32,
    /// 1 to 31.
    pub day: u32,
}

/// Days of 400 years, after which the calendar repeats, weekdays included.
const DAYS_PER_ERA: i64 = 146_097;

/// The calendar day that is so many days after 1970-01-01.
#[inline]
pub fn civil_of_days(days: i64) -> CivilDate {
    // Years are counted from March, so that the leap day comes last.
    let from_march_0000 = days + 719_468;
    let era = from_march_0000.div_euclid(DAYS_PER_ERA);
    let day_of_era = from_march_0000.rem_euclid(DAYS_PER_ERA) as u32;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    CivilDate {
        year: i64::from(year_of_era) + era * 400 + i64::from(month <= 2),
        month,
        day,
    }
}

/// Days from 1970-01-01 to a day of the calendar. Months and days beyond their ranges count on.
#[inline]
pub fn days_of_civil(year: i64, month: u32, day: u32) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = i64::from((month + 9) % 12);
    let day_of_year = (153 * month_from_march + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * DAYS_PER_ERA + day_of_era - 719_468
}

/// Whether a year (astronomical) has a 29 February.
#[inline]
pub fn is_leap_year(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Days of a month of a year; 0 for a month that is none.
#[inline]
pub fn days_of_month(year: i64, month: u32) -> u32 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap_year(year) => 29,
        2 => 28,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_civil_dates_are_inverse() {
        for days in (-3_000_000..3_000_000)
            .step_by(17)
            .chain([i64::from(DATE_MIN), i64::from(DATE_MAX)])
        {
            let civil = civil_of_days(days);
            assert_eq!(days_of_civil(civil.year, civil.month, civil.day), days);
            assert!(civil.day >= 1 && civil.day <= days_of_month(civil.year, civil.month));
        }
    }

    #[test]
    fn limits_are_postgres_limits() {
        let date = |year, month, day| CivilDate { year, month, day };
        assert_eq!(civil_of_days(i64::from(DATE_MIN)), date(-4713, 11, 24));
        assert_eq!(civil_of_days(i64::from(DATE_MAX)), date(5_874_897, 12, 31));
        assert_eq!(civil_of_days(i64::from(POSTGRES_EPOCH_DAYS)), date(2000, 1, 1));
        assert_eq!(civil_of_days(0), date(1970, 1, 1));
    }
}
