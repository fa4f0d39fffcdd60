//! Values of sixteen bytes side by side: uuids and intervals.

use crate::encoding::{Cursor, Decoded, malformed};
use arrow_array::cast::AsArray;
use arrow_array::types::IntervalMonthDayNanoType;
use arrow_array::{Array, ArrayRef, PrimitiveArray};
use arrow_buffer::{Buffer, NullBuffer};
use arrow_schema::DataType;
use std::sync::Arc;

/// Bytes of a value.
pub(super) const WIDTH_BYTES: usize = 16;

pub(super) fn encode(array: &ArrayRef, out: &mut Vec<u8>) {
    match array.data_type() {
        DataType::Interval(_) => {
            for value in array.as_primitive::<IntervalMonthDayNanoType>().values() {
                out.extend_from_slice(&value.months.to_le_bytes());
                out.extend_from_slice(&value.days.to_le_bytes());
                out.extend_from_slice(&value.nanoseconds.to_le_bytes());
            }
        }
        _ => {
            let values = array.as_fixed_size_binary();
            for row in 0..values.len() {
                out.extend_from_slice(values.value(row));
            }
        }
    }
}

pub(super) fn read(bytes: &[u8], data_type: &DataType, nulls: Option<NullBuffer>) -> Decoded<ArrayRef> {
    Ok(match data_type {
        DataType::Interval(_) => {
            let mut values = Vec::with_capacity(bytes.len() / WIDTH_BYTES);
            let mut cursor = Cursor::new(bytes);
            for _ in 0..bytes.len() / WIDTH_BYTES {
                values.push(arrow_buffer::IntervalMonthDayNano::new(
                    cursor.i32()?,
                    cursor.i32()?,
                    cursor.i64()?,
                ));
            }
            Arc::new(PrimitiveArray::<IntervalMonthDayNanoType>::new(values.into(), nulls))
        }
        _ => match arrow_array::FixedSizeBinaryArray::try_new(16, Buffer::from(bytes), nulls) {
            Ok(array) => Arc::new(array),
            Err(error) => return malformed(error.to_string()),
        },
    })
}
