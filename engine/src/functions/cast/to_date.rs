//! Casts to `date`.

use super::Cast;
use crate::calendar::{
    DATE_INFINITY, DATE_MINUS_INFINITY, TIMESTAMP_INFINITY, TIMESTAMP_MINUS_INFINITY, ZoneClock, checked_date, split,
};
use crate::error::Result;
use crate::types::LogicalType;
use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{ArrayRef, Date32Array};
use std::sync::Arc;

pub(super) fn cast(cast: &Cast<'_>, array: &ArrayRef) -> Result<ArrayRef> {
    let answer: Date32Array = match cast.from {
        LogicalType::Timestamp => array
            .as_primitive::<TimestampMicrosecondType>()
            .try_unary(|local| date_of(local, split))?,
        LogicalType::TimestampTz => {
            let clock = ZoneClock::new(&cast.statement.time_zone);
            let local_date = |instant| date_of(instant, |instant| clock.local_day_and_time(instant));
            array.as_primitive::<TimestampMicrosecondType>().try_unary(local_date)?
        }
        _ => return cast.parsed(array),
    };
    Ok(Arc::new(answer))
}

/// The day; `infinity` stays so.
fn date_of(timestamp: i64, day_and_time: impl Fn(i64) -> (i64, i64)) -> Result<i32> {
    match timestamp {
        TIMESTAMP_INFINITY => Ok(DATE_INFINITY),
        TIMESTAMP_MINUS_INFINITY => Ok(DATE_MINUS_INFINITY),
        timestamp => checked_date(day_and_time(timestamp).0),
    }
}
