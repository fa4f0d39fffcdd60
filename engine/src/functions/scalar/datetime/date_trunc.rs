//! `date_trunc(unit, timestamp | timestamptz | interval)`, `date_trunc(unit, timestamptz, zone)`

use super::unit::{Unit, not_recognized, not_supported};
use super::zone::zone;
use crate::calendar::{
    DAY, HOUR, MINUTE, SECOND, ZoneClock, checked_timestamp, days_from_civil, is_infinite, near_civil, near_day,
    weekday_from_monday,
};
use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use crate::types::array_type;
use arrow_array::PrimitiveArray;
use arrow_array::types::{IntervalMonthDayNanoType, TimestampMicrosecondType};
use arrow_buffer::IntervalMonthDayNano;
use std::sync::Arc;
use stoa_sql::types::LogicalType;

pub(super) static DATE_TRUNC: ScalarFunction = ScalarFunction {
    info: || {
        stable(
            "date_trunc",
            const {
                &[
                    signature(&[TEXT, TIMESTAMP], returns::timestamp),
                    signature(&[TEXT, TIMESTAMPTZ], returns::timestamptz),
                    signature(&[TEXT, TIMESTAMPTZ, TEXT], returns::timestamptz),
                    signature(&[TEXT, INTERVAL], returns::interval),
                ]
            },
        )
    },
    documentation: documentation(
        "date and time",
        "The time cut down to a unit: microsecond to millennium, week and quarter included.",
        "date_trunc('month', timestamp '2024-02-29 12:30')",
        "2024-02-01 00:00:00",
    ),
    execute,
};

fn execute(call: &Call<'_>) -> Result<Value> {
    match call.argument_type(1)? {
        LogicalType::Interval => truncate_intervals(call),
        LogicalType::TimestampTz => match call.arguments.len() {
            3 => truncate_in_given_zones(call),
            _ => truncate_instants(call),
        },
        _ => truncate_timestamps(call),
    }
}

/// The unit, if it is one that times are cut down to.
fn unit_of(name: &str, data_type: &LogicalType) -> Result<Unit> {
    match Unit::of(name) {
        None
        | Some(Unit::DayOfWeek | Unit::IsoDayOfWeek | Unit::DayOfYear | Unit::Epoch | Unit::IsoYear | Unit::Julian) => {
            Err(not_recognized(name, data_type))
        }
        Some(Unit::Timezone | Unit::TimezoneHour | Unit::TimezoneMinute) => Err(not_supported(name, data_type)),
        Some(unit) => Ok(unit),
    }
}

#[inline]
fn start_of_day(days: i64) -> i64 {
    days.wrapping_mul(DAY)
}

#[inline]
fn start_of_year(year: i64) -> i64 {
    start_of_day(days_from_civil(year, 1, 1))
}

/// The first year of the group of `size` years that a year is in; groups end with a round year, as centuries do.
#[inline]
fn start_of_years(year: i64, size: i64) -> i64 {
    (year - 1).div_euclid(size) * size + 1
}

#[inline]
fn start_of_month(timestamp: i64) -> i64 {
    let days = near_day(timestamp);
    let (_, _, day) = near_civil(days);
    start_of_day(i64::from(days - day as i32 + 1))
}

#[inline]
fn start_of_quarter(timestamp: i64) -> i64 {
    let (year, month, _) = near_civil(near_day(timestamp));
    start_of_day(days_from_civil(i64::from(year), i64::from((month - 1) / 3 * 3 + 1), 1))
}

#[inline]
fn start_of_week(timestamp: i64) -> i64 {
    let days = i64::from(near_day(timestamp));
    start_of_day(days - weekday_from_monday(days))
}

#[inline]
fn year_of(timestamp: i64) -> i64 {
    i64::from(near_civil(near_day(timestamp)).0)
}

fn map(values: &[i64], truncate: impl Fn(i64) -> i64) -> Vec<i64> {
    values.iter().map(|value| truncate(*value)).collect()
}

/// Every value cut down; the infinite ones are not looked at.
fn truncate_finite(values: &[i64], unit: Unit) -> Vec<i64> {
    match unit {
        Unit::Microsecond => values.to_vec(),
        Unit::Millisecond => map(values, |value| value.wrapping_sub(value.rem_euclid(1_000))),
        Unit::Second => map(values, |value| value.wrapping_sub(value.rem_euclid(SECOND))),
        Unit::Minute => map(values, |value| value.wrapping_sub(value.rem_euclid(MINUTE))),
        Unit::Hour => map(values, |value| value.wrapping_sub(value.rem_euclid(HOUR))),
        Unit::Day => map(values, |value| value.wrapping_sub(value.rem_euclid(DAY))),
        Unit::Week => map(values, start_of_week),
        Unit::Month => map(values, start_of_month),
        Unit::Quarter => map(values, start_of_quarter),
        Unit::Year => map(values, |value| start_of_year(year_of(value))),
        // Decades begin with a round year, centuries and millennia end with one.
        Unit::Decade => map(values, |value| start_of_year(year_of(value).div_euclid(10) * 10)),
        Unit::Century => map(values, |value| start_of_year(start_of_years(year_of(value), 100))),
        Unit::Millennium => map(values, |value| start_of_year(start_of_years(year_of(value), 1_000))),
        _ => values.to_vec(),
    }
}

/// Every local time cut down to the unit; infinities stay.
pub(crate) fn truncate(values: &[i64], unit: Unit) -> Vec<i64> {
    let mut answers = truncate_finite(values, unit);
    if values.iter().any(|value| is_infinite(*value)) {
        for (answer, value) in answers.iter_mut().zip(values) {
            if is_infinite(*value) {
                *answer = *value;
            }
        }
    }
    answers
}

/// One local time.
fn truncate_one(value: i64, unit: Unit) -> i64 {
    truncate(&[value], unit).first().copied().unwrap_or(value)
}

/// Instants cut down in a zone's local time.
fn truncate_in_zone(values: &[i64], unit: Unit, clock: &ZoneClock) -> Vec<i64> {
    if let Some(offset) = clock.fixed_offset() {
        if offset == 0 {
            return truncate(values, unit);
        }
        let locals: Vec<i64> = values.iter().map(|value| to_local(*value, offset)).collect();
        return map(&truncate(&locals, unit), |local| to_local(local, -offset));
    }
    // Units within a day keep their offset, so that both hours of a repeated hour stay apart.
    let keeps_offset = unit != Unit::Day && unit.microseconds().is_some();
    let offsets: Vec<i64> = values.iter().map(|value| clock.offset(*value)).collect();
    let locals: Vec<i64> = values
        .iter()
        .zip(&offsets)
        .map(|(value, offset)| to_local(*value, *offset))
        .collect();
    let mut starts = truncate(&locals, unit);
    if keeps_offset {
        for (start, offset) in starts.iter_mut().zip(&offsets) {
            *start = to_local(*start, -offset);
        }
    } else {
        for start in starts.iter_mut().filter(|start| !is_infinite(**start)) {
            *start = clock.instant_of(*start);
        }
    }
    starts
}

#[inline]
fn to_local(timestamp: i64, offset: i64) -> i64 {
    if is_infinite(timestamp) {
        timestamp
    } else {
        timestamp.saturating_add(offset)
    }
}

fn answer(call: &Call<'_>, values: Vec<i64>) -> Result<Value> {
    let nulls = call.nulls();
    let is_value = |row: usize| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
    for (row, value) in values.iter().enumerate() {
        if *value < FIRST_YEARS_END && is_value(row) {
            in_range(*value)?;
        }
    }
    let array = PrimitiveArray::<TimestampMicrosecondType>::new(values.into(), nulls);
    Ok(Value::Array(Arc::new(
        array.with_data_type(array_type(call.return_type)),
    )))
}

/// 3714 BC, about: the first day that there is lies a millennium before at most.
const FIRST_YEARS_END: i64 = -2_074_200 * DAY;

/// The start of a unit may lie before the first time that there is.
fn in_range(start: i64) -> Result<i64> {
    match is_infinite(start) {
        true => Ok(start),
        false => checked_timestamp(Some(start)),
    }
}

fn truncate_timestamps(call: &Call<'_>) -> Result<Value> {
    let units = call.texts(0)?;
    let values = call.primitives::<TimestampMicrosecondType>(1)?;
    if units.is_constant() && !values.is_constant() && !units.is_null(0) {
        let unit = unit_of(units.value(0), &LogicalType::Timestamp)?;
        return answer(call, truncate(values.values(), unit));
    }
    call.map_rows::<TimestampMicrosecondType>(|row| {
        let unit = unit_of(units.value(row), &LogicalType::Timestamp)?;
        in_range(truncate_one(values.value(row), unit))
    })
}

fn truncate_instants(call: &Call<'_>) -> Result<Value> {
    let units = call.texts(0)?;
    let values = call.primitives::<TimestampMicrosecondType>(1)?;
    let clock = ZoneClock::new(&call.statement.time_zone);
    if units.is_constant() && !values.is_constant() && !units.is_null(0) {
        let unit = unit_of(units.value(0), &LogicalType::TimestampTz)?;
        return answer(call, truncate_in_zone(values.values(), unit, &clock));
    }
    call.map_rows::<TimestampMicrosecondType>(|row| {
        let unit = unit_of(units.value(row), &LogicalType::TimestampTz)?;
        let value = values.value(row);
        let start = truncate_in_zone(&[value], unit, &clock).first().copied();
        in_range(start.unwrap_or(value))
    })
}

fn truncate_in_given_zones(call: &Call<'_>) -> Result<Value> {
    let (units, zones) = (call.texts(0)?, call.texts(2)?);
    let values = call.primitives::<TimestampMicrosecondType>(1)?;
    let constant = units.is_constant() && zones.is_constant() && !units.is_null(0) && !zones.is_null(0);
    if constant && !values.is_constant() {
        let unit = unit_of(units.value(0), &LogicalType::TimestampTz)?;
        let clock = ZoneClock::new(&zone(zones.value(0))?);
        return answer(call, truncate_in_zone(values.values(), unit, &clock));
    }
    call.map_rows::<TimestampMicrosecondType>(|row| {
        let unit = unit_of(units.value(row), &LogicalType::TimestampTz)?;
        let value = values.value(row);
        let clock = ZoneClock::new(&zone(zones.value(row))?);
        let start = truncate_in_zone(&[value], unit, &clock).first().copied();
        in_range(start.unwrap_or(value))
    })
}

fn truncate_intervals(call: &Call<'_>) -> Result<Value> {
    let units = call.texts(0)?;
    let values = call.primitives::<IntervalMonthDayNanoType>(1)?;
    call.map_rows::<IntervalMonthDayNanoType>(|row| truncate_interval(values.value(row), units.value(row)))
}

/// Fields below the unit become 0; towards 0, as every field has its own sign.
fn truncate_interval(value: IntervalMonthDayNano, name: &str) -> Result<IntervalMonthDayNano> {
    let unit = match Unit::of(name) {
        Some(Unit::Week) => {
            let error = not_supported(name, &LogicalType::Interval);
            let crate::error::Error::Sql(error) = error else {
                return Err(error);
            };
            return Err(error.with_detail("Months usually have fractional weeks.").into());
        }
        _ => unit_of(name, &LogicalType::Interval)?,
    };
    let months = |size: i32| IntervalMonthDayNano::new(value.months / size * size, 0, 0);
    Ok(match unit {
        Unit::Millennium => months(12_000),
        Unit::Century => months(1_200),
        Unit::Decade => months(120),
        Unit::Year => months(12),
        Unit::Quarter => months(3),
        Unit::Month => months(1),
        Unit::Day => IntervalMonthDayNano::new(value.months, value.days, 0),
        unit => {
            let size = unit.microseconds().unwrap_or(1).saturating_mul(1_000);
            IntervalMonthDayNano::new(value.months, value.days, value.nanoseconds / size * size)
        }
    })
}

#[cfg(test)]
#[path = "date_trunc_tests.rs"]
mod tests;
