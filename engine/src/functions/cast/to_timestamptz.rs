//! Casts to `timestamptz`: local times are those of the session's zone.

use super::Cast;
use crate::calendar::{ZoneClock, midnight};
use crate::error::Result;
use crate::types::{LogicalType, array_type};
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, TimestampMicrosecondType};
use arrow_array::{ArrayRef, TimestampMicrosecondArray};
use std::sync::Arc;

pub(super) fn cast(cast: &Cast<'_>, array: &ArrayRef) -> Result<ArrayRef> {
    let clock = ZoneClock::new(&cast.statement.time_zone);
    let answer: TimestampMicrosecondArray = match cast.from {
        LogicalType::Date => array
            .as_primitive::<Date32Type>()
            .try_unary(|days| clock.to_instant(midnight(days)?))?,
        LogicalType::Timestamp => array
            .as_primitive::<TimestampMicrosecondType>()
            .try_unary(|local| clock.to_instant(local))?,
        _ => return cast.parsed(array),
    };
    Ok(Arc::new(answer.with_data_type(array_type(cast.to))))
}
