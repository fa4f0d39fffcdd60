//! Casts to `interval`.

use super::Cast;
use crate::error::Result;
use crate::types::LogicalType;
use arrow_array::cast::AsArray;
use arrow_array::types::Time64MicrosecondType;
use arrow_array::{ArrayRef, IntervalMonthDayNanoArray};
use arrow_buffer::IntervalMonthDayNano;
use std::sync::Arc;

pub(super) fn cast(cast: &Cast<'_>, array: &ArrayRef) -> Result<ArrayRef> {
    match cast.from {
        LogicalType::Time => {
            let times = array.as_primitive::<Time64MicrosecondType>();
            let answer: IntervalMonthDayNanoArray =
                times.unary(|time| IntervalMonthDayNano::new(0, 0, time.wrapping_mul(1_000)));
            Ok(Arc::new(answer))
        }
        _ => cast.parsed(array),
    }
}
