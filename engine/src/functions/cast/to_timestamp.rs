//! Casts to `timestamp`.

use super::Cast;
use crate::calendar::{ZoneClock, midnight};
use crate::error::Result;
use crate::types::LogicalType;
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, TimestampMicrosecondType};
use arrow_array::{ArrayRef, TimestampMicrosecondArray};
use std::sync::Arc;

pub(super) fn cast(cast: &Cast<'_>, array: &ArrayRef) -> Result<ArrayRef> {
    let answer: TimestampMicrosecondArray = match cast.from {
        LogicalType::Date => array.as_primitive::<Date32Type>().try_unary(midnight)?,
        LogicalType::TimestampTz => {
            let clock = ZoneClock::new(&cast.statement.time_zone);
            let local = |instant| clock.to_local(instant);
            array.as_primitive::<TimestampMicrosecondType>().try_unary(local)?
        }
        _ => return cast.parsed(array),
    };
    Ok(Arc::new(answer))
}
