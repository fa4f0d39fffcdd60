//! Values of a fixed width side by side: doubles and reals that nothing shortens, uuids, intervals.

use crate::encoding::{Cursor, Decoded, malformed};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, IntervalMonthDayNanoType};
use arrow_array::{Array, ArrayRef, PrimitiveArray};
use arrow_buffer::{Buffer, NullBuffer};
use arrow_schema::DataType;
use std::sync::Arc;

/// Bytes of a value; `None` for types that are not stored so.
pub(super) fn width_bytes(data_type: &DataType) -> Option<usize> {
    match data_type {
        DataType::Float32 => Some(4),
        DataType::Float64 => Some(8),
        DataType::FixedSizeBinary(16) | DataType::Interval(_) => Some(16),
        _ => None,
    }
}

pub(super) fn encode(array: &ArrayRef, out: &mut Vec<u8>) {
    match array.data_type() {
        DataType::Float64 => {
            for value in array.as_primitive::<Float64Type>().values() {
                out.extend_from_slice(&value.to_le_bytes());
            }
        }
        DataType::Float32 => {
            for value in array.as_primitive::<Float32Type>().values() {
                out.extend_from_slice(&value.to_le_bytes());
            }
        }
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
        DataType::Float64 => {
            let values: Vec<f64> = bytes
                .as_chunks()
                .0
                .iter()
                .map(|value| f64::from_le_bytes(*value))
                .collect();
            Arc::new(PrimitiveArray::<Float64Type>::new(values.into(), nulls))
        }
        DataType::Float32 => {
            let values: Vec<f32> = bytes
                .as_chunks()
                .0
                .iter()
                .map(|value| f32::from_le_bytes(*value))
                .collect();
            Arc::new(PrimitiveArray::<Float32Type>::new(values.into(), nulls))
        }
        DataType::Interval(_) => {
            let mut values = Vec::with_capacity(bytes.len() / 16);
            let mut cursor = Cursor::new(bytes);
            for _ in 0..bytes.len() / 16 {
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
