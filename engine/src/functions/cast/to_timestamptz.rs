//! Casts to `timestamptz`: local times are those of the session's zone.

use super::Cast;
use super::zone::{ZoneConverter, midnight};
use crate::error::Result;
use crate::types::{LogicalType, array_type};
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, TimestampMicrosecondType};
use arrow_array::{ArrayRef, TimestampMicrosecondArray};
use std::cell::RefCell;
use std::sync::Arc;

pub(super) fn cast(cast: &Cast<'_>, array: &ArrayRef) -> Result<ArrayRef> {
    let zone = RefCell::new(ZoneConverter::new(&cast.statement.time_zone));
    let answer: TimestampMicrosecondArray = match cast.from {
        LogicalType::Date => array
            .as_primitive::<Date32Type>()
            .try_unary(|days| zone.borrow_mut().utc_of(midnight(days)?))?,
        LogicalType::Timestamp => array
            .as_primitive::<TimestampMicrosecondType>()
            .try_unary(|local| zone.borrow_mut().utc_of(local))?,
        _ => return cast.parsed(array),
    };
    Ok(Arc::new(answer.with_data_type(array_type(cast.to))))
}
