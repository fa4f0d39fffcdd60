//! Arithmetic of intervals: fields by themselves, fractions of months as days and of days as time.

use super::error::division_by_zero;
use crate::calendar::interval_out_of_range;
use crate::error::{Error, Result};
use crate::functions::{Call, Value};
use arrow_array::types::{Float64Type, IntervalMonthDayNanoType};
use arrow_buffer::IntervalMonthDayNano;

type Interval = IntervalMonthDayNanoType;

/// The nanoseconds of a microsecond.
const MICROSECOND: i64 = 1_000;

fn checked(value: Option<IntervalMonthDayNano>) -> (IntervalMonthDayNano, bool) {
    match value {
        Some(value) => (value, false),
        None => (IntervalMonthDayNano::ZERO, true),
    }
}

fn sum(left: IntervalMonthDayNano, right: IntervalMonthDayNano) -> Option<IntervalMonthDayNano> {
    Some(IntervalMonthDayNano::new(
        left.months.checked_add(right.months)?,
        left.days.checked_add(right.days)?,
        left.nanoseconds.checked_add(right.nanoseconds)?,
    ))
}

fn negated(value: IntervalMonthDayNano) -> Option<IntervalMonthDayNano> {
    Some(IntervalMonthDayNano::new(
        value.months.checked_neg()?,
        value.days.checked_neg()?,
        value.nanoseconds.checked_neg()?,
    ))
}

/// `interval + interval`
pub(super) fn add(call: &Call<'_>) -> Result<Value> {
    call.binary::<Interval, Interval, Interval>(|left, right| checked(sum(left, right)), |_, _| interval_out_of_range())
}

/// `interval - interval`
pub(super) fn subtract(call: &Call<'_>) -> Result<Value> {
    let difference = |left, right| negated(right).and_then(|right| sum(left, right));
    call.binary::<Interval, Interval, Interval>(
        |left, right| checked(difference(left, right)),
        |_, _| interval_out_of_range(),
    )
}

/// `- interval`
pub(super) fn negate(call: &Call<'_>) -> Result<Value> {
    call.unary::<Interval, Interval>(|value| checked(negated(value)), |_| interval_out_of_range())
}

/// `interval * factor`
pub(super) fn multiply(call: &Call<'_>) -> Result<Value> {
    call.binary::<Interval, Float64Type, Interval>(
        |interval, factor| checked(scaled(interval, |field| field * factor)),
        |_, _| interval_out_of_range(),
    )
}

/// `factor * interval`
pub(super) fn multiply_reversed(call: &Call<'_>) -> Result<Value> {
    call.binary::<Float64Type, Interval, Interval>(
        |factor, interval| checked(scaled(interval, |field| field * factor)),
        |_, _| interval_out_of_range(),
    )
}

/// `interval / divisor`
pub(super) fn divide(call: &Call<'_>) -> Result<Value> {
    let error = |_, divisor: f64| -> Error {
        match divisor == 0.0 {
            true => division_by_zero(),
            false => interval_out_of_range(),
        }
    };
    call.binary::<Interval, Float64Type, Interval>(
        |interval, divisor| match divisor == 0.0 {
            true => checked(None),
            false => checked(scaled(interval, |field| field / divisor)),
        },
        error,
    )
}

/// Every field scaled; what is left of a month becomes days of 30 to the month, what is left of a day becomes time.
fn scaled(value: IntervalMonthDayNano, scale: impl Fn(f64) -> f64) -> Option<IntervalMonthDayNano> {
    const DAYS_PER_MONTH: f64 = 30.0;
    const SECONDS_PER_DAY: f64 = 86_400.0;
    let rounded = |value: f64| (value * 1e6).round_ties_even() / 1e6;
    let whole = |value: f64| {
        (-2_147_483_648.0..2_147_483_648.0)
            .contains(&value)
            .then_some(value as i32)
    };
    let (months_exact, days_exact) = (scale(value.months.into()), scale(value.days.into()));
    let (months, mut days) = (whole(months_exact)?, whole(days_exact)?);
    let month_days = rounded((months_exact - f64::from(months)) * DAYS_PER_MONTH);
    let day_rest = days_exact - f64::from(days) + month_days - month_days.trunc();
    let mut seconds = rounded(day_rest * SECONDS_PER_DAY);
    if seconds.abs() >= SECONDS_PER_DAY {
        let more = (seconds / SECONDS_PER_DAY).trunc();
        days = days.checked_add(more as i32)?;
        seconds -= more * SECONDS_PER_DAY;
    }
    days = days.checked_add(month_days as i32)?;
    let time = scale((value.nanoseconds / MICROSECOND) as f64) + seconds * 1e6;
    let time = time.round_ties_even();
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if !(-LIMIT..LIMIT).contains(&time) {
        return None;
    }
    let nanoseconds = (time as i64).checked_mul(MICROSECOND)?;
    Some(IntervalMonthDayNano::new(months, days, nanoseconds))
}
