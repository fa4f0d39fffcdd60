//! The fields of dates, times, timestamps and intervals as whole columns of numbers: what `extract` and `date_part` give.
//!
//! Every loop is over a slice, with the field resolved before it; values of NULL rows go through too and must not fail.

use super::unit::Unit;
use crate::calendar::{
    DAY, HOUR, JULIAN_EPOCH, MINUTE, NEAR_DAYS, SECOND, civil, days_from_civil, iso_week, microseconds_of, near_civil,
    near_day, near_weekday, shown_year,
};
use arrow_buffer::IntervalMonthDayNano;

/// One field of many values.
#[derive(Debug, PartialEq)]
pub(super) enum Fields {
    /// Numbers with so many of their digits behind the point.
    Decimals { values: Vec<i64>, scale: u8 },
    /// Julian days: timestamps as they came.
    JulianTimestamps(Vec<i64>),
}

fn whole(values: Vec<i64>) -> Option<Fields> {
    Some(Fields::Decimals { values, scale: 0 })
}

fn scaled(values: Vec<i64>, scale: u8) -> Option<Fields> {
    Some(Fields::Decimals { values, scale })
}

/// Groups of years as people count them: the first is 1, the one before it -1.
#[inline]
fn count_years(year: i64, size: i64) -> i64 {
    if year > 0 {
        (year + size - 1) / size
    } else {
        -((size - year) / size)
    }
}

/// A field of days, with the calendar to use.
fn day_field(days: impl Iterator<Item = i32>, unit: Unit, civil: impl Fn(i32) -> (i64, i64, i64)) -> Option<Vec<i64>> {
    Some(match unit {
        Unit::Day => days.map(|day| civil(day).2).collect(),
        Unit::Month => days.map(|day| civil(day).1).collect(),
        Unit::Quarter => days.map(|day| (civil(day).1 - 1) / 3 + 1).collect(),
        Unit::Year => days.map(|day| shown_year(civil(day).0)).collect(),
        Unit::Decade => days.map(|day| civil(day).0.div_euclid(10)).collect(),
        Unit::Century => days.map(|day| count_years(civil(day).0, 100)).collect(),
        Unit::Millennium => days.map(|day| count_years(civil(day).0, 1_000)).collect(),
        Unit::DayOfYear => days
            .map(|day| i64::from(day) - days_from_civil(civil(day).0, 1, 1) + 1)
            .collect(),
        Unit::Week => days.map(|day| iso_week(day.into()).1).collect(),
        Unit::IsoYear => days.map(|day| shown_year(iso_week(day.into()).0)).collect(),
        Unit::DayOfWeek => days.map(near_weekday).collect(),
        Unit::IsoDayOfWeek => days.map(|day| (near_weekday(day) + 6) % 7 + 1).collect(),
        _ => return None,
    })
}

/// For days that are near enough for 32-bit arithmetic.
#[inline]
fn near(days: i32) -> (i64, i64, i64) {
    let (year, month, day) = near_civil(days);
    (year.into(), month.into(), day.into())
}

#[inline]
fn far(days: i32) -> (i64, i64, i64) {
    let civil = civil(days.into());
    (civil.year, civil.month, civil.day)
}

/// A field of dates; `None` where dates have no such field.
pub(super) fn of_dates(days: &[i32], unit: Unit) -> Option<Fields> {
    match unit {
        Unit::Julian => whole(days.iter().map(|day| i64::from(*day) + JULIAN_EPOCH).collect()),
        Unit::Epoch => whole(days.iter().map(|day| i64::from(*day) * (DAY / SECOND)).collect()),
        unit => {
            let all_near = days.iter().all(|day| (-NEAR_DAYS..=NEAR_DAYS).contains(day));
            let days = days.iter().copied();
            let values = if all_near {
                day_field(days, unit, near)
            } else {
                day_field(days, unit, far)
            };
            whole(values?)
        }
    }
}

/// A field within the day, of microseconds from whenever.
fn time_field(times: impl Iterator<Item = i64>, unit: Unit) -> Option<Fields> {
    match unit {
        Unit::Microsecond => whole(times.map(|time| time.rem_euclid(MINUTE)).collect()),
        Unit::Millisecond => scaled(times.map(|time| time.rem_euclid(MINUTE)).collect(), 3),
        Unit::Second => scaled(times.map(|time| time.rem_euclid(MINUTE)).collect(), 6),
        Unit::Minute => whole(times.map(|time| time.rem_euclid(HOUR) / MINUTE).collect()),
        Unit::Hour => whole(times.map(|time| time.rem_euclid(DAY) / HOUR).collect()),
        _ => None,
    }
}

/// A field of times of day; `None` where they have no such field.
pub(super) fn of_times(times: &[i64], unit: Unit) -> Option<Fields> {
    match unit {
        // 24:00 is a time, too.
        Unit::Hour => whole(times.iter().map(|time| time / HOUR).collect()),
        Unit::Epoch => scaled(times.to_vec(), 6),
        unit => time_field(times.iter().copied(), unit),
    }
}

/// A field of local timestamps; `None` where they have no such field.
pub(super) fn of_timestamps(timestamps: &[i64], unit: Unit) -> Option<Fields> {
    match unit {
        Unit::Epoch => scaled(timestamps.to_vec(), 6),
        Unit::Julian => Some(Fields::JulianTimestamps(timestamps.to_vec())),
        unit => time_field(timestamps.iter().copied(), unit).or_else(|| {
            let days = timestamps.iter().map(|timestamp| near_day(*timestamp));
            whole(day_field(days, unit, near)?)
        }),
    }
}

/// A field of a zone's offsets, in microseconds east of UTC.
pub(super) fn of_offsets(offsets: impl Iterator<Item = i64>, unit: Unit) -> Option<Fields> {
    match unit {
        Unit::Timezone => whole(offsets.map(|offset| offset / SECOND).collect()),
        Unit::TimezoneHour => whole(offsets.map(|offset| offset / HOUR).collect()),
        Unit::TimezoneMinute => whole(offsets.map(|offset| offset % HOUR / MINUTE).collect()),
        _ => None,
    }
}

/// A field of intervals; `None` where they have no such field.
pub(super) fn of_intervals(intervals: &[IntervalMonthDayNano], unit: Unit) -> Option<Fields> {
    fn each(intervals: &[IntervalMonthDayNano], field: impl Fn(i64, i64, i64) -> i64) -> Vec<i64> {
        let fields = |interval: &IntervalMonthDayNano| {
            field(interval.months.into(), interval.days.into(), microseconds_of(*interval))
        };
        intervals.iter().map(fields).collect()
    }
    match unit {
        Unit::Microsecond => whole(each(intervals, |_, _, time| time % MINUTE)),
        Unit::Millisecond => scaled(each(intervals, |_, _, time| time % MINUTE), 3),
        Unit::Second => scaled(each(intervals, |_, _, time| time % MINUTE), 6),
        Unit::Minute => whole(each(intervals, |_, _, time| time % HOUR / MINUTE)),
        Unit::Hour => whole(each(intervals, |_, _, time| time / HOUR)),
        Unit::Day => whole(each(intervals, |_, days, _| days)),
        Unit::Month => whole(each(intervals, |months, _, _| months % 12)),
        Unit::Quarter => whole(each(intervals, |months, _, _| months % 12 / 3 + 1)),
        Unit::Year => whole(each(intervals, |months, _, _| months / 12)),
        Unit::Decade => whole(each(intervals, |months, _, _| months / 120)),
        Unit::Century => whole(each(intervals, |months, _, _| months / 1_200)),
        Unit::Millennium => whole(each(intervals, |months, _, _| months / 12_000)),
        Unit::Epoch => scaled(each(intervals, interval_epoch), 6),
        _ => None,
    }
}

/// Microseconds of an interval, with years of 365.25 days and months of 30.
fn interval_epoch(months: i64, days: i64, time: i64) -> i64 {
    let quarter_days = months / 12 * 1_461 + months % 12 * 120 + days * 4;
    quarter_days.saturating_mul(DAY / 4).saturating_add(time)
}

/// Whether a field of an infinite time is infinite; the others are NULL.
pub(super) fn grows_forever(unit: Unit) -> bool {
    matches!(
        unit,
        Unit::Year | Unit::Decade | Unit::Century | Unit::Millennium | Unit::Julian | Unit::IsoYear | Unit::Epoch
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_and_far_days_agree() {
        let days: Vec<i32> = (-2_000_000..2_000_000).step_by(331).collect();
        for unit in [
            Unit::Year,
            Unit::Month,
            Unit::Day,
            Unit::DayOfYear,
            Unit::Century,
            Unit::Quarter,
        ] {
            assert_eq!(
                day_field(days.iter().copied(), unit, near),
                day_field(days.iter().copied(), unit, far)
            );
        }
    }
}
