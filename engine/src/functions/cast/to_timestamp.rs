//! Casts to `timestamp`.

use super::Cast;
use super::zone::{ZoneConverter, midnight};
use crate::error::Result;
use crate::types::LogicalType;
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, TimestampMicrosecondType};
use arrow_array::{ArrayRef, TimestampMicrosecondArray};
use std::cell::RefCell;
use std::sync::Arc;

pub(super) fn cast(cast: &Cast<'_>, array: &ArrayRef) -> Result<ArrayRef> {
    let answer: TimestampMicrosecondArray = match cast.from {
        LogicalType::Date => array.as_primitive::<Date32Type>().try_unary(midnight)?,
        LogicalType::TimestampTz => {
            let zone = RefCell::new(ZoneConverter::new(&cast.statement.time_zone));
            let local = |utc: i64| zone.borrow_mut().local_of(utc);
            array.as_primitive::<TimestampMicrosecondType>().try_unary(local)?
        }
        _ => return cast.parsed(array),
    };
    Ok(Arc::new(answer))
}
