//! Comparisons of plain values of one type: numbers by value (NaN equal to itself and above everything), text and bytes by
//! bytes, intervals by length, arrays and records element by element, jsonb in its own order.

mod bytes;
mod json;
mod ordering;
mod primitive;

pub(crate) use json::{compare_jsonb, jsonb_key};
pub(crate) use ordering::order;
pub(crate) use primitive::interval_length;

use super::bits::Truth;
use crate::error::Result;
use crate::functions::Value;
use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef, FixedSizeBinaryArray};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use arrow_schema::{DataType, TimeUnit};
use std::cmp::Ordering;
use stoa_sql::plan::CompareOp;
use stoa_sql::types::LogicalType;

/// `left op right` per row, for plain values of the type; two constants count as one value per row.
pub(crate) fn compare(
    op: CompareOp,
    left: &Value,
    right: &Value,
    data_type: &LogicalType,
    row_count: usize,
) -> Result<Truth> {
    let null_safe = matches!(op, CompareOp::Distinct | CompareOp::NotDistinct);
    if !null_safe && (left.is_null_constant() || right.is_null_constant()) {
        return Ok(Truth::unknown(row_count));
    }
    let value_op = if null_safe { CompareOp::Equal } else { op };
    let bits = match (left, right) {
        (Value::Array(left), Value::Array(right)) => compare_arrays(value_op, left, right, data_type),
        (Value::Array(left), Value::Constant(right)) => compare_constant(value_op, left, right, data_type),
        (Value::Constant(left), Value::Array(right)) => compare_constant(value_op.flipped(), right, left, data_type),
        (Value::Constant(_), Value::Constant(_)) => {
            let (left, right) = (left.expand(row_count)?, right.expand(row_count)?);
            compare_arrays(value_op, &left, &right, data_type)
        }
    };
    let left_nulls = nulls(left, row_count);
    let right_nulls = nulls(right, row_count);
    if !null_safe {
        return Ok(Truth {
            bits,
            nulls: NullBuffer::union(left_nulls.as_ref(), right_nulls.as_ref()),
        });
    }
    let same = not_distinct(bits, left_nulls.as_ref(), right_nulls.as_ref());
    Ok(Truth::known(match op {
        CompareOp::Distinct => !&same,
        _ => same,
    }))
}

fn nulls(value: &Value, row_count: usize) -> Option<NullBuffer> {
    match value {
        Value::Constant(array) if array.is_null(0) => Some(NullBuffer::new_null(row_count)),
        Value::Constant(_) => None,
        Value::Array(array) => array.logical_nulls().filter(|nulls| nulls.null_count() > 0),
    }
}

/// Both there and equal, or both NULL.
fn not_distinct(equal: BooleanBuffer, left: Option<&NullBuffer>, right: Option<&NullBuffer>) -> BooleanBuffer {
    match (left, right) {
        (None, None) => equal,
        (Some(one), None) | (None, Some(one)) => &equal & one.inner(),
        (Some(left), Some(right)) => {
            let both = left.inner() & right.inner();
            let neither = !&(left.inner() | right.inner());
            &(&equal & &both) | &neither
        }
    }
}

/// Whether an ordering satisfies a comparison.
pub(crate) fn satisfies(op: CompareOp, ordering: Ordering) -> bool {
    match op {
        CompareOp::Equal | CompareOp::NotDistinct => ordering.is_eq(),
        CompareOp::NotEqual | CompareOp::Distinct => ordering.is_ne(),
        CompareOp::Less => ordering.is_lt(),
        CompareOp::LessOrEqual => ordering.is_le(),
        CompareOp::Greater => ordering.is_gt(),
        CompareOp::GreaterOrEqual => ordering.is_ge(),
    }
}

/// Calls a macro's body with the Arrow type of an array whose values compare as numbers.
macro_rules! with_number_type {
    ($data_type:expr, $name:ident => $body:expr, $otherwise:expr) => {
        match $data_type {
            DataType::Int16 => {
                type $name = Int16Type;
                $body
            }
            DataType::Int32 => {
                type $name = Int32Type;
                $body
            }
            DataType::Int64 => {
                type $name = Int64Type;
                $body
            }
            DataType::Float32 => {
                type $name = Float32Type;
                $body
            }
            DataType::Float64 => {
                type $name = Float64Type;
                $body
            }
            DataType::Decimal64(_, _) => {
                type $name = Decimal64Type;
                $body
            }
            DataType::Decimal128(_, _) => {
                type $name = Decimal128Type;
                $body
            }
            DataType::Date32 => {
                type $name = Date32Type;
                $body
            }
            DataType::Time64(TimeUnit::Microsecond) => {
                type $name = Time64MicrosecondType;
                $body
            }
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                type $name = TimestampMicrosecondType;
                $body
            }
            DataType::Interval(_) => {
                type $name = IntervalMonthDayNanoType;
                $body
            }
            _ => $otherwise,
        }
    };
}

/// One bit per row, arbitrary where a side is NULL.
fn compare_arrays(op: CompareOp, left: &ArrayRef, right: &ArrayRef, data_type: &LogicalType) -> BooleanBuffer {
    with_number_type!(left.data_type(), T => {
        primitive::compare_pairs(op, left.as_primitive::<T>().values(), right.as_primitive::<T>().values())
    }, match left.data_type() {
        DataType::Boolean => compare_bits(op, left.as_boolean().values(), right.as_boolean().values()),
        DataType::FixedSizeBinary(16) => {
            let (left, right) = (uuid_keys(left.as_fixed_size_binary()), uuid_keys(right.as_fixed_size_binary()));
            primitive::compare_pairs(op, &left, &right)
        }
        DataType::Utf8View if *data_type != LogicalType::Jsonb => {
            bytes::compare_pairs(op, left.as_string_view(), right.as_string_view())
        }
        DataType::BinaryView => bytes::compare_pairs(op, left.as_binary_view(), right.as_binary_view()),
        _ => BooleanBuffer::collect_bool(left.len(), |row| {
            satisfies(op, order(left.as_ref(), row, right.as_ref(), row, data_type))
        }),
    })
}

/// One bit per row against one value, which is not NULL or whose answers do not count.
fn compare_constant(op: CompareOp, left: &ArrayRef, right: &ArrayRef, data_type: &LogicalType) -> BooleanBuffer {
    if right.is_null(0) {
        return BooleanBuffer::new_unset(left.len());
    }
    with_number_type!(left.data_type(), T => {
        primitive::compare_constant(op, left.as_primitive::<T>().values(), right.as_primitive::<T>().value(0))
    }, match left.data_type() {
        DataType::Boolean => {
            let right = match right.as_boolean().value(0) {
                true => BooleanBuffer::new_set(left.len()),
                false => BooleanBuffer::new_unset(left.len()),
            };
            compare_bits(op, left.as_boolean().values(), &right)
        }
        DataType::FixedSizeBinary(16) => {
            let keys = uuid_keys(left.as_fixed_size_binary());
            let right = uuid_keys(right.as_fixed_size_binary()).first().copied().unwrap_or(0);
            primitive::compare_constant(op, &keys, right)
        }
        DataType::Utf8View if *data_type != LogicalType::Jsonb => {
            bytes::compare_constant(op, left.as_string_view(), right.as_string_view())
        }
        DataType::BinaryView => bytes::compare_constant(op, left.as_binary_view(), right.as_binary_view()),
        _ => BooleanBuffer::collect_bool(left.len(), |row| {
            satisfies(op, order(left.as_ref(), row, right.as_ref(), 0, data_type))
        }),
    })
}

fn compare_bits(op: CompareOp, left: &BooleanBuffer, right: &BooleanBuffer) -> BooleanBuffer {
    match op {
        CompareOp::Equal | CompareOp::NotDistinct => !&(left ^ right),
        CompareOp::NotEqual | CompareOp::Distinct => left ^ right,
        CompareOp::Less => &!left & right,
        CompareOp::LessOrEqual => &!left | right,
        CompareOp::Greater => left & &!right,
        CompareOp::GreaterOrEqual => left | &!right,
    }
}

/// Uuids as numbers that order the same way.
fn uuid_keys(uuids: &FixedSizeBinaryArray) -> Vec<i128> {
    let bytes = uuids.value_data().as_chunks::<16>().0;
    let start = uuids.offset().min(bytes.len());
    let end = (start + uuids.len()).min(bytes.len());
    let mut keys: Vec<i128> = bytes[start..end]
        .iter()
        .map(|bytes| (u128::from_be_bytes(*bytes) ^ 1 << 127) as i128)
        .collect();
    keys.resize(uuids.len(), 0);
    keys
}

#[cfg(test)]
mod tests;
