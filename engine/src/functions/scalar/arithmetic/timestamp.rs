//! Arithmetic of dates, times and timestamps. Months and days count on the calendar, of `timestamptz` in the session's zone;
//! `infinity` stays what it is.

use crate::error::{Error, Result, SqlState};
use crate::functions::cast::zone::{DAY, ZoneConverter, is_infinite, midnight};
use crate::functions::kernel::calendar::{add_months, checked_date, checked_timestamp};
use crate::functions::{Call, Value};
use arrow_array::types::*;
use arrow_buffer::IntervalMonthDayNano;

type Interval = IntervalMonthDayNanoType;
type Stamp = TimestampMicrosecondType;
type Clock = Time64MicrosecondType;

/// The nanoseconds of a microsecond.
const MICROSECOND: i64 = 1_000;

/// Whether what is added is taken off instead.
pub(super) fn signed(value: IntervalMonthDayNano, minus: bool) -> (i64, i64, i64) {
    let fields = (
        i64::from(value.months),
        i64::from(value.days),
        value.nanoseconds / MICROSECOND,
    );
    match minus {
        true => (-fields.0, -fields.1, -fields.2),
        false => fields,
    }
}

/// A local timestamp some months and days later, the time of day kept.
fn add_calendar(local: i64, months: i64, days: i64) -> Result<i64> {
    if months == 0 && days == 0 {
        return Ok(local);
    }
    let (mut date, time) = (local.div_euclid(DAY), local.rem_euclid(DAY));
    if months != 0 {
        date = add_months(date, months);
    }
    checked_timestamp(i128::from(date + days) * i128::from(DAY) + i128::from(time))
}

/// A local timestamp and an interval.
fn add_local(local: i64, interval: IntervalMonthDayNano, minus: bool) -> Result<i64> {
    if is_infinite(local) {
        return Ok(local);
    }
    let (months, days, time) = signed(interval, minus);
    let moved = add_calendar(local, months, days)?;
    checked_timestamp(i128::from(moved) + i128::from(time))
}

/// `timestamp + interval`, `timestamp - interval`; the timestamp is argument `at`, the interval the other one.
pub(super) fn timestamp_interval(call: &Call<'_>, at: usize, minus: bool) -> Result<Value> {
    let (stamps, intervals) = (call.primitives::<Stamp>(at)?, call.primitives::<Interval>(1 - at)?);
    call.map_rows::<Stamp>(|row| add_local(stamps.value(row), intervals.value(row), minus))
}

/// `timestamptz + interval`, likewise.
pub(super) fn timestamptz_interval(call: &Call<'_>, at: usize, minus: bool) -> Result<Value> {
    let (stamps, intervals) = (call.primitives::<Stamp>(at)?, call.primitives::<Interval>(1 - at)?);
    let mut zone = ZoneConverter::new(&call.statement.time_zone);
    call.map_rows::<Stamp>(|row| {
        let stamp = stamps.value(row);
        if is_infinite(stamp) {
            return Ok(stamp);
        }
        let (months, days, time) = signed(intervals.value(row), minus);
        let mut moved = stamp;
        if months != 0 {
            let local = zone.local_of(moved)?;
            moved = zone.utc_of(add_calendar(local, months, 0)?)?;
        }
        if days != 0 {
            let local = zone.local_of(moved)?;
            moved = zone.utc_of(add_calendar(local, 0, days)?)?;
        }
        checked_timestamp(i128::from(moved) + i128::from(time))
    })
}

/// `date + interval`, `date - interval`: a timestamp.
pub(super) fn date_interval(call: &Call<'_>, at: usize, minus: bool) -> Result<Value> {
    let (dates, intervals) = (call.primitives::<Date32Type>(at)?, call.primitives::<Interval>(1 - at)?);
    call.map_rows::<Stamp>(|row| add_local(midnight(dates.value(row))?, intervals.value(row), minus))
}

/// `date + integer`, `date - integer`
pub(super) fn date_integer(call: &Call<'_>, at: usize, minus: bool) -> Result<Value> {
    let (dates, days) = (
        call.primitives::<Date32Type>(at)?,
        call.primitives::<Int32Type>(1 - at)?,
    );
    call.map_rows::<Date32Type>(|row| {
        let (date, days) = (dates.value(row), i64::from(days.value(row)));
        match date {
            i32::MIN | i32::MAX => Ok(date),
            date if minus => checked_date(i64::from(date) - days),
            date => checked_date(i64::from(date) + days),
        }
    })
}

/// `date + time`: a timestamp.
pub(super) fn date_time(call: &Call<'_>, at: usize) -> Result<Value> {
    let (dates, times) = (call.primitives::<Date32Type>(at)?, call.primitives::<Clock>(1 - at)?);
    call.map_rows::<Stamp>(|row| {
        let midnight = midnight(dates.value(row))?;
        match is_infinite(midnight) {
            true => Ok(midnight),
            false => checked_timestamp(i128::from(midnight) + i128::from(times.value(row))),
        }
    })
}

/// `date - date`: days.
pub(super) fn dates(call: &Call<'_>) -> Result<Value> {
    let infinite = |date: i32| date == i32::MAX || date == i32::MIN;
    call.binary::<Date32Type, Date32Type, Int32Type>(
        |left, right| (left.wrapping_sub(right), infinite(left) | infinite(right)),
        |_, _| Error::user(SqlState::DATETIME_FIELD_OVERFLOW, "cannot subtract infinite dates"),
    )
}

/// `timestamp - timestamp`: days and time.
pub(super) fn timestamps(call: &Call<'_>) -> Result<Value> {
    let (left, right) = (call.primitives::<Stamp>(0)?, call.primitives::<Stamp>(1)?);
    call.map_rows::<Interval>(|row| {
        let (left, right) = (left.value(row), right.value(row));
        if is_infinite(left) || is_infinite(right) {
            let message = "cannot subtract infinite timestamps";
            return Err(Error::user(SqlState::DATETIME_FIELD_OVERFLOW, message));
        }
        let difference = left
            .checked_sub(right)
            .ok_or_else(super::error::interval_out_of_range)?;
        Ok(IntervalMonthDayNano::new(
            0,
            (difference / DAY) as i32,
            difference % DAY * MICROSECOND,
        ))
    })
}

/// `time - time`
pub(super) fn times(call: &Call<'_>) -> Result<Value> {
    call.binary::<Clock, Clock, Interval>(
        |left, right| {
            let nanoseconds = left.wrapping_sub(right).wrapping_mul(MICROSECOND);
            (IntervalMonthDayNano::new(0, 0, nanoseconds), false)
        },
        |_, _| super::error::interval_out_of_range(),
    )
}

/// `time + interval`, `time - interval`: around the clock.
pub(super) fn time_interval(call: &Call<'_>, at: usize, minus: bool) -> Result<Value> {
    let (times, intervals) = (call.primitives::<Clock>(at)?, call.primitives::<Interval>(1 - at)?);
    call.map_rows::<Clock>(|row| {
        let (_, _, time) = signed(intervals.value(row), minus);
        Ok((times.value(row) + time % DAY).rem_euclid(DAY))
    })
}
