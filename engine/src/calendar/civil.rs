//! Days as civil dates of the proleptic Gregorian calendar, in plain numbers; what loops over columns inlines. Checks no ranges.
//!
//! Years are astronomical here (0 is 1 BC); what users see as a year goes through [`shown_year`].

use super::DAY;

/// A day of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Civil {
    /// Astronomical year.
    pub(crate) year: i64,
    /// From 1.
    pub(crate) month: i64,
    /// From 1.
    pub(crate) day: i64,
}

/// The calendar day of a day number.
///
/// Counts in years that begin in March, so that the leap day is the last of its year.
#[inline]
pub(crate) fn civil(days: i64) -> Civil {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = (shifted - era * 146_097) as u32;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = i64::from(year_of_era) + era * 400 + i64::from(month <= 2);
    Civil {
        year,
        month: i64::from(month),
        day: i64::from(day),
    }
}

/// The day of a timestamp, as 32 bits: all timestamps are near enough. Unsigned division is the cheaper one.
#[inline]
pub(crate) fn near_day(timestamp: i64) -> i32 {
    // More days than any timestamp lies before 1970.
    const BIAS: i32 = 2_500_000;
    let days = timestamp.wrapping_add(BIAS as i64 * DAY) as u64 / DAY as u64;
    (days as i32).wrapping_sub(BIAS)
}

/// The weekday of a date of 32 bits: 0 for Sunday.
#[inline]
pub(crate) fn near_weekday(days: i32) -> i64 {
    // A multiple of 7 that makes every date positive.
    const BIAS: i32 = 1_400_000_000;
    i64::from((days.wrapping_add(BIAS + 4) as u32) % 7)
}

/// Day numbers that [`near_civil`] knows: those of all timestamps, and of dates up to some 290,000 years from now.
pub(crate) const NEAR_DAYS: i32 = 107_000_000;

/// As [`civil`], for a day number within [`NEAR_DAYS`] of 0 (others give a wrong day), in 32-bit arithmetic that vectorizes.
///
/// Divisions become multiplications by scaled reciprocals, exact in this range.
#[inline]
pub(crate) fn near_civil(days: i32) -> (i32, u32, u32) {
    const ERAS: i32 = 800;
    let count = days.wrapping_add(719_468 + 146_097 * ERAS) as u32;
    let quarter_days = count.wrapping_mul(4).wrapping_add(3);
    let century = quarter_days / 146_097;
    let in_century = (quarter_days % 146_097) | 3;
    let scaled = 2_939_745_u64 * u64::from(in_century);
    let year_of_century = (scaled >> 32) as u32;
    let day_of_year = ((scaled & 0xFFFF_FFFF) as u32) / 2_939_745 / 4;
    let month_scaled = 2_141 * day_of_year + 197_913;
    let month = month_scaled >> 16;
    let day = (month_scaled & 0xFFFF) / 2_141 + 1;
    let wraps = u32::from(day_of_year >= 306);
    let year = (100 * century + year_of_century + wraps) as i32 - 400 * ERAS;
    (year, month - 12 * wraps, day)
}

/// The day number of a calendar day; a day beyond its month counts on.
#[inline]
pub(crate) fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let from_march = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Whether an astronomical year has a February 29.
#[inline]
pub(crate) fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Days of a month.
#[inline]
pub(crate) fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The same day so many months later, or the month's last one where it has no such day.
#[inline]
pub(crate) fn add_months(days: i64, months: i64) -> i64 {
    let here = civil(days);
    let count = here.year * 12 + here.month - 1 + months;
    let (year, month) = (count.div_euclid(12), count.rem_euclid(12) + 1);
    days_from_civil(year, month, here.day.min(days_in_month(year, month)))
}

/// The year as people write it: there is no year 0, -1 is 1 BC.
#[inline]
pub(crate) fn shown_year(year: i64) -> i64 {
    if year > 0 { year } else { year - 1 }
}

/// Monday is 0.
#[inline]
pub(crate) fn weekday_from_monday(days: i64) -> i64 {
    (days + 3).rem_euclid(7)
}

/// Sunday is 0.
#[inline]
pub(crate) fn weekday_from_sunday(days: i64) -> i64 {
    (days + 4).rem_euclid(7)
}

/// From 1.
#[inline]
pub(crate) fn day_of_year(days: i64) -> i64 {
    days - days_from_civil(civil(days).year, 1, 1) + 1
}

/// The ISO year (astronomical) and the week in it, from 1.
#[inline]
pub(crate) fn iso_week(days: i64) -> (i64, i64) {
    // A week belongs to the year its Thursday is in.
    let thursday = days - weekday_from_monday(days) + 3;
    let year = civil(thursday).year;
    (year, (thursday - days_from_civil(year, 1, 1)) / 7 + 1)
}

/// The Monday of week 1 of an ISO year.
#[inline]
pub(crate) fn iso_year_start(year: i64) -> i64 {
    let fourth = days_from_civil(year, 1, 4);
    fourth - weekday_from_monday(fourth)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::{DATE_MAX, DATE_MIN, POSTGRES_EPOCH_DAYS, is_timestamp};

    #[test]
    fn every_day_of_eight_thousand_years_goes_there_and_back() {
        let mut expected = civil(-1_500_000);
        for days in -1_500_000..1_500_000 {
            let here = civil(days);
            assert_eq!(here, expected, "{days}");
            assert_eq!(days_from_civil(here.year, here.month, here.day), days);
            expected.day += 1;
            if expected.day > days_in_month(expected.year, expected.month) {
                expected.day = 1;
                expected.month += 1;
            }
            if expected.month > 12 {
                expected.month = 1;
                expected.year += 1;
            }
        }
    }

    #[test]
    fn near_days_are_the_same_days() {
        let steps = (-NEAR_DAYS..=NEAR_DAYS).step_by(997).chain(-800_000..800_000);
        for days in steps.chain([-NEAR_DAYS, NEAR_DAYS]) {
            let (year, month, day) = near_civil(days);
            let expected = civil(days.into());
            assert_eq!(
                (i64::from(year), i64::from(month), i64::from(day)),
                (expected.year, expected.month, expected.day)
            );
            assert_eq!(near_weekday(days), weekday_from_sunday(days.into()));
            let start = i64::from(days).saturating_mul(DAY);
            if is_timestamp(start) {
                assert_eq!([near_day(start), near_day(start + DAY - 1)], [days, days]);
            }
        }
    }

    #[test]
    fn iso_weeks_at_the_turn_of_the_year() {
        for ((year, month, day), expected) in [
            ((2005, 1, 1), (2004, 53)),
            ((2005, 1, 3), (2005, 1)),
            ((2008, 12, 29), (2009, 1)),
            ((2020, 12, 31), (2020, 53)),
            ((2024, 12, 30), (2025, 1)),
        ] {
            assert_eq!(iso_week(days_from_civil(year, month, day)), expected);
        }
    }

    #[test]
    fn months_end_where_they_end() {
        let day = |(year, month, day)| days_from_civil(year, month, day);
        for (from, months, to) in [
            ((2024, 1, 31), 1, (2024, 2, 29)),
            ((2024, 3, 31), -13, (2023, 2, 28)),
            ((2024, 12, 15), 1, (2025, 1, 15)),
            ((1, 1, 15), -1, (0, 12, 15)),
        ] {
            assert_eq!(add_months(day(from), months), day(to));
        }
    }

    #[test]
    fn limits_are_postgres_limits() {
        let date = |year, month, day| Civil { year, month, day };
        assert_eq!(civil(DATE_MIN.into()), date(-4713, 11, 24));
        assert_eq!(civil(DATE_MAX.into()), date(5_874_897, 12, 31));
        assert_eq!(civil(POSTGRES_EPOCH_DAYS.into()), date(2000, 1, 1));
        assert_eq!(days_from_civil(5_874_898, 1, 1), i64::from(DATE_MAX) + 1);
    }
}
