//! Arithmetic of dates, times and timestamps. Months and days count on the calendar, of `timestamptz` in the session's zone;
//! `infinity` stays what it is.

use crate::calendar::{
    DAY, Span, ZoneClock, checked_date, checked_timestamp, interval_of, interval_out_of_range, is_infinite,
    is_infinite_date, microseconds_of, midnight, moved,
};
use crate::error::{Error, Result, SqlState};
use crate::functions::{Call, Value};
use arrow_array::types::*;
use arrow_buffer::IntervalMonthDayNano;

type Interval = IntervalMonthDayNanoType;
type Stamp = TimestampMicrosecondType;
type Clock = Time64MicrosecondType;

/// An interval that is added, or taken off.
fn signed(interval: IntervalMonthDayNano, minus: bool) -> Span {
    match minus {
        true => -Span::from(interval),
        false => interval.into(),
    }
}

/// `timestamp + interval`, `timestamp - interval`; the timestamp is argument `at`, the interval the other one.
pub(super) fn timestamp_interval(call: &Call<'_>, at: usize, minus: bool) -> Result<Value> {
    let (stamps, intervals) = (call.primitives::<Stamp>(at)?, call.primitives::<Interval>(1 - at)?);
    call.map_rows::<Stamp>(|row| moved(stamps.value(row), signed(intervals.value(row), minus), None))
}

/// `timestamptz + interval`, likewise.
pub(super) fn timestamptz_interval(call: &Call<'_>, at: usize, minus: bool) -> Result<Value> {
    let (stamps, intervals) = (call.primitives::<Stamp>(at)?, call.primitives::<Interval>(1 - at)?);
    let clock = ZoneClock::new(&call.statement.time_zone);
    call.map_rows::<Stamp>(|row| moved(stamps.value(row), signed(intervals.value(row), minus), Some(&clock)))
}

/// `date + interval`, `date - interval`: a timestamp.
pub(super) fn date_interval(call: &Call<'_>, at: usize, minus: bool) -> Result<Value> {
    let (dates, intervals) = (call.primitives::<Date32Type>(at)?, call.primitives::<Interval>(1 - at)?);
    call.map_rows::<Stamp>(|row| moved(midnight(dates.value(row))?, signed(intervals.value(row), minus), None))
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
            date if is_infinite_date(date) => Ok(date),
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
            false => checked_timestamp(midnight.checked_add(times.value(row))),
        }
    })
}

/// `date - date`: days.
pub(super) fn dates(call: &Call<'_>) -> Result<Value> {
    call.binary::<Date32Type, Date32Type, Int32Type>(
        |left, right| {
            (
                left.wrapping_sub(right),
                is_infinite_date(left) | is_infinite_date(right),
            )
        },
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
        let difference = left.checked_sub(right).ok_or_else(interval_out_of_range)?;
        interval_of(0, difference / DAY, difference % DAY)
    })
}

/// `time - time`
pub(super) fn times(call: &Call<'_>) -> Result<Value> {
    call.binary::<Clock, Clock, Interval>(
        |left, right| {
            let nanoseconds = left.wrapping_sub(right).wrapping_mul(1_000);
            (IntervalMonthDayNano::new(0, 0, nanoseconds), false)
        },
        |_, _| interval_out_of_range(),
    )
}

/// `time + interval`, `time - interval`: around the clock.
pub(super) fn time_interval(call: &Call<'_>, at: usize, minus: bool) -> Result<Value> {
    let (times, intervals) = (call.primitives::<Clock>(at)?, call.primitives::<Interval>(1 - at)?);
    call.map_rows::<Clock>(|row| {
        let time = microseconds_of(intervals.value(row)) % DAY;
        Ok((times.value(row) + if minus { -time } else { time }).rem_euclid(DAY))
    })
}
