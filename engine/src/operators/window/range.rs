//! Distances in the values of an order key: `RANGE BETWEEN x PRECEDING ..`.

use crate::calendar::{DAY, Span, ZoneClock, date_out_of_range_for_timestamp, microseconds_of, midnight, moved};
use crate::error::{Error, Result, SqlState};
use crate::operators::key::interval_nanoseconds;
use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef};
use arrow_buffer::{IntervalMonthDayNano, NullBuffer};
use arrow_schema::{DataType, TimeUnit};
use jiff::tz::TimeZone;
use std::cmp::Ordering;
use std::ops::Range;

/// A distance; never negative.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RangeOffset {
    /// For integers and decimals, unscaled.
    Exact(i128),
    /// For floats.
    Float(f64),
    /// For dates, times and intervals.
    Interval(IntervalMonthDayNano),
}

impl RangeOffset {
    /// The distance that a value of a plain array of length 1 is, for an order key of a type.
    ///
    /// # Errors
    /// A negative one.
    pub(crate) fn new(value: &ArrayRef, key_type: &DataType) -> Result<Self> {
        let offset = match value.data_type() {
            DataType::Float32 => RangeOffset::Float(value.as_primitive::<Float32Type>().value(0).into()),
            DataType::Float64 => RangeOffset::Float(value.as_primitive::<Float64Type>().value(0)),
            DataType::Interval(_) => RangeOffset::Interval(value.as_primitive::<IntervalMonthDayNanoType>().value(0)),
            _ => RangeOffset::Exact(exact_values(value)?.first().copied().unwrap_or(0)),
        };
        let is_negative = match offset {
            RangeOffset::Exact(offset) => offset < 0,
            RangeOffset::Float(offset) => offset < 0.0 || offset.is_nan(),
            // Of an interval along times of day only the time counts.
            RangeOffset::Interval(offset) if matches!(key_type, DataType::Time64(_)) => offset.nanoseconds < 0,
            RangeOffset::Interval(offset) => interval_nanoseconds(offset) < 0,
        };
        match is_negative {
            true => Err(Error::user(
                SqlState("22013"),
                "invalid preceding or following size in window function",
            )),
            false => Ok(offset),
        }
    }
}

/// The values of an order key.
pub(super) struct RangeKeys {
    values: Values,
    nulls: Option<NullBuffer>,
    /// The session's time zone.
    clock: ZoneClock,
}

enum Values {
    /// Integers, decimals.
    Exact(Vec<i128>),
    Float(Vec<f64>),
    /// Dates and timestamps, in microseconds, infinite dates as infinite timestamps; whether days are those of the session's zone.
    Times(Vec<i128>, bool),
    /// Times of day, in microseconds.
    TimesOfDay(Vec<i128>),
    /// In nanoseconds.
    Intervals(Vec<i128>),
}

/// A value that others are compared with.
#[derive(Debug)]
pub(super) enum Limit {
    Exact(i128),
    Float(f64),
}

fn exact_values(array: &dyn Array) -> Result<Vec<i128>> {
    fn widened<T: arrow_array::ArrowPrimitiveType>(array: &dyn Array) -> Vec<i128>
    where
        i128: From<T::Native>,
    {
        let values = array.as_primitive::<T>().values().iter();
        values.map(|value| i128::from(*value)).collect()
    }
    Ok(match array.data_type() {
        DataType::Int16 => widened::<Int16Type>(array),
        DataType::Int32 => widened::<Int32Type>(array),
        DataType::Int64 => widened::<Int64Type>(array),
        DataType::Decimal64(_, _) => widened::<Decimal64Type>(array),
        DataType::Decimal128(_, _) => widened::<Decimal128Type>(array),
        DataType::Date32 => widened::<Date32Type>(array),
        DataType::Time64(TimeUnit::Microsecond) => widened::<Time64MicrosecondType>(array),
        DataType::Timestamp(TimeUnit::Microsecond, _) => widened::<TimestampMicrosecondType>(array),
        other => return Err(Error::Internal(format!("a distance along {other}"))),
    })
}

/// A date's midnight, that of dates beyond all timestamps included.
fn microseconds(date: i32) -> i128 {
    midnight(date).map_or_else(|_| i128::from(date) * i128::from(DAY), i128::from)
}

impl RangeKeys {
    pub(super) fn new(column: &ArrayRef, zone: &TimeZone) -> Result<Self> {
        let values = match column.data_type() {
            DataType::Float32 => {
                let values = column.as_primitive::<Float32Type>().values().iter();
                Values::Float(values.map(|value| f64::from(*value)).collect())
            }
            DataType::Float64 => Values::Float(column.as_primitive::<Float64Type>().values().to_vec()),
            DataType::Date32 => {
                let days = column.as_primitive::<Date32Type>().values().iter();
                Values::Times(days.map(|day| microseconds(*day)).collect(), false)
            }
            DataType::Timestamp(_, zone) => Values::Times(exact_values(column)?, zone.is_some()),
            DataType::Time64(_) => Values::TimesOfDay(exact_values(column)?),
            DataType::Interval(_) => {
                let values = column.as_primitive::<IntervalMonthDayNanoType>().values().iter();
                Values::Intervals(values.map(|value| interval_nanoseconds(*value)).collect())
            }
            _ => Values::Exact(exact_values(column)?),
        };
        Ok(RangeKeys {
            values,
            nulls: column.nulls().cloned(),
            clock: ZoneClock::new(zone),
        })
    }

    /// Those of a partition's sorted rows that are not NULL: NULLs are at one of its ends.
    pub(super) fn values_within(&self, rows: Range<usize>) -> Range<usize> {
        let Some(nulls) = &self.nulls else { return rows };
        let count = nulls.slice(rows.start, rows.len()).null_count();
        match count {
            0 => rows,
            _ if nulls.is_null(rows.start) => rows.start + count..rows.end,
            _ => rows.start..rows.end - count,
        }
    }

    /// A row's value moved by a distance, down or up.
    pub(super) fn moved(&self, row: usize, offset: &RangeOffset, down: bool) -> Result<Limit> {
        let signed = |distance: i128| if down { -distance } else { distance };
        Ok(match (&self.values, offset) {
            (Values::Exact(values), RangeOffset::Exact(offset)) => {
                Limit::Exact(values[row].saturating_add(signed(*offset)))
            }
            (Values::Float(values), RangeOffset::Float(offset)) => {
                let (value, signed) = (values[row], if down { -offset } else { *offset });
                let sum = value + signed;
                // Infinities that cancel out: everything on the way is within reach.
                Limit::Float(if sum.is_nan() && !value.is_nan() { signed } else { sum })
            }
            (Values::Times(values, in_zone), RangeOffset::Interval(offset)) => {
                Limit::Exact(self.moved_time(values[row], *offset, down, *in_zone)?)
            }
            (Values::TimesOfDay(values), RangeOffset::Interval(offset)) => {
                Limit::Exact(values[row] + signed(i128::from(microseconds_of(*offset))))
            }
            (Values::Intervals(values), RangeOffset::Interval(offset)) => {
                Limit::Exact(values[row] + signed(interval_nanoseconds(*offset)))
            }
            _ => return Err(Error::Internal("a distance of another type than its order key".into())),
        })
    }

    /// A time moved by an interval as `+` and `-` do.
    fn moved_time(&self, value: i128, offset: IntervalMonthDayNano, down: bool, in_zone: bool) -> Result<i128> {
        let time = i64::try_from(value).map_err(|_| date_out_of_range_for_timestamp())?;
        let span = Span::from(offset);
        let to = moved(time, if down { -span } else { span }, in_zone.then_some(&self.clock))?;
        Ok(to.into())
    }

    /// How a row's value compares with a limit; NaN is above all numbers.
    pub(super) fn compare(&self, row: usize, limit: &Limit) -> Ordering {
        match (&self.values, limit) {
            (Values::Float(values), Limit::Float(limit)) => {
                let value = values[row];
                match (value.is_nan(), limit.is_nan()) {
                    (true, true) => Ordering::Equal,
                    (true, false) => Ordering::Greater,
                    (false, true) => Ordering::Less,
                    (false, false) => value.partial_cmp(limit).unwrap_or(Ordering::Equal),
                }
            }
            (
                Values::Exact(values)
                | Values::Times(values, _)
                | Values::TimesOfDay(values)
                | Values::Intervals(values),
                Limit::Exact(limit),
            ) => values[row].cmp(limit),
            _ => Ordering::Equal,
        }
    }
}
