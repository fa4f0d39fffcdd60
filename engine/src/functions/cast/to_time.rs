//! Casts to `time`.

use super::Cast;
use crate::calendar::{DAY, ZoneClock, is_infinite, microseconds_of, split};
use crate::error::Result;
use crate::types::LogicalType;
use arrow_array::cast::AsArray;
use arrow_array::types::{IntervalMonthDayNanoType, TimestampMicrosecondType};
use arrow_array::{ArrayRef, Time64MicrosecondArray};
use std::sync::Arc;

pub(super) fn cast(cast: &Cast<'_>, array: &ArrayRef) -> Result<ArrayRef> {
    let answer: Time64MicrosecondArray = match cast.from {
        LogicalType::Timestamp => {
            let times = array.as_primitive::<TimestampMicrosecondType>().iter();
            times.map(|time| time_of(time?, split)).collect()
        }
        LogicalType::TimestampTz => {
            let clock = ZoneClock::new(&cast.statement.time_zone);
            let times = array.as_primitive::<TimestampMicrosecondType>().iter();
            times
                .map(|time| time_of(time?, |time| clock.local_day_and_time(time)))
                .collect()
        }
        LogicalType::Interval => array
            .as_primitive::<IntervalMonthDayNanoType>()
            .unary(|interval| microseconds_of(interval).rem_euclid(DAY)),
        _ => return cast.parsed(array),
    };
    Ok(Arc::new(answer))
}

/// The time of day; `infinity` has none.
fn time_of(timestamp: i64, day_and_time: impl Fn(i64) -> (i64, i64)) -> Option<i64> {
    (!is_infinite(timestamp)).then(|| day_and_time(timestamp).1)
}
