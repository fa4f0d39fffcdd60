//! Casts to `time`.

use super::Cast;
use super::zone::{DAY, ZoneConverter, is_infinite};
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
            times.map(|time| time.and_then(time_of)).collect()
        }
        LogicalType::TimestampTz => {
            let mut zone = ZoneConverter::new(&cast.statement.time_zone);
            let times = array.as_primitive::<TimestampMicrosecondType>().iter();
            let times = times.map(|time| match time {
                Some(time) => zone.local_of(time).map(time_of),
                None => Ok(None),
            });
            times.collect::<Result<_>>()?
        }
        LogicalType::Interval => array
            .as_primitive::<IntervalMonthDayNanoType>()
            .unary(|interval| (interval.nanoseconds / 1_000).rem_euclid(DAY)),
        _ => return cast.parsed(array),
    };
    Ok(Arc::new(answer))
}

/// The time of day; `infinity` has none.
fn time_of(timestamp: i64) -> Option<i64> {
    (!is_infinite(timestamp)).then(|| timestamp.rem_euclid(DAY))
}
