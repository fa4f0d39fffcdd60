//! Casts to `date`.

use super::Cast;
use super::zone::{ZoneConverter, date_of};
use crate::error::Result;
use crate::types::LogicalType;
use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{ArrayRef, Date32Array};
use std::cell::RefCell;
use std::sync::Arc;

pub(super) fn cast(cast: &Cast<'_>, array: &ArrayRef) -> Result<ArrayRef> {
    let answer: Date32Array = match cast.from {
        LogicalType::Timestamp => array.as_primitive::<TimestampMicrosecondType>().try_unary(date_of)?,
        LogicalType::TimestampTz => {
            let zone = RefCell::new(ZoneConverter::new(&cast.statement.time_zone));
            let local_date = |utc: i64| date_of(zone.borrow_mut().local_of(utc)?);
            array.as_primitive::<TimestampMicrosecondType>().try_unary(local_date)?
        }
        _ => return cast.parsed(array),
    };
    Ok(Arc::new(answer))
}
