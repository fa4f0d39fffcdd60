//! Columns whose values are 64-bit integers at heart: whole numbers, ids, dates, timestamps, short decimals.

use arrow_array::types::*;
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, PrimitiveArray};
use arrow_schema::{DataType, TimeUnit};
use std::sync::Arc;

/// Whether a plain column of this type is one.
pub(super) fn is_number(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Int16
            | DataType::Int32
            | DataType::Int64
            | DataType::UInt32
            | DataType::Date32
            | DataType::Decimal64(_, _)
            | DataType::Timestamp(TimeUnit::Microsecond, _)
    )
}

/// Calls a body with the native values of a column for which [`is_number`] holds.
macro_rules! with_numbers {
    ($column:expr, $values:ident => $body:expr) => {{
        use arrow_array::cast::AsArray as _;
        use arrow_array::types::*;
        use arrow_schema::DataType;
        match $column.data_type() {
            DataType::Int16 => {
                let $values = $column.as_primitive::<Int16Type>().values();
                $body
            }
            DataType::Int32 => {
                let $values = $column.as_primitive::<Int32Type>().values();
                $body
            }
            DataType::UInt32 => {
                let $values = $column.as_primitive::<UInt32Type>().values();
                $body
            }
            DataType::Date32 => {
                let $values = $column.as_primitive::<Date32Type>().values();
                $body
            }
            DataType::Decimal64(_, _) => {
                let $values = $column.as_primitive::<Decimal64Type>().values();
                $body
            }
            DataType::Timestamp(_, _) => {
                let $values = $column.as_primitive::<TimestampMicrosecondType>().values();
                $body
            }
            _ => {
                let $values = $column.as_primitive::<Int64Type>().values();
                $body
            }
        }
    }};
}
pub(super) use with_numbers;

/// A native value as 64 bits.
#[inline(always)]
pub(super) fn widened<V: Copy + Into<i64>>(value: &V) -> i64 {
    (*value).into()
}

/// The first value of a column that may be a number.
pub(crate) fn integer_at(column: &ArrayRef) -> Option<i64> {
    if column.is_empty() || column.is_null(0) || !is_number(column.data_type()) {
        return None;
    }
    with_numbers!(column, values => values.first().map(widened))
}

/// Numbers as an array of a type for which [`is_number`] holds.
pub(super) fn number_array(data_type: &DataType, values: impl Iterator<Item = i64>) -> ArrayRef {
    fn of<T: ArrowPrimitiveType>(data_type: &DataType, values: impl Iterator<Item = T::Native>) -> ArrayRef {
        Arc::new(PrimitiveArray::<T>::from_iter_values(values).with_data_type(data_type.clone()))
    }
    match data_type {
        DataType::Int16 => of::<Int16Type>(data_type, values.map(|value| value as i16)),
        DataType::Int32 => of::<Int32Type>(data_type, values.map(|value| value as i32)),
        DataType::UInt32 => of::<UInt32Type>(data_type, values.map(|value| value as u32)),
        DataType::Date32 => of::<Date32Type>(data_type, values.map(|value| value as i32)),
        DataType::Decimal64(_, _) => of::<Decimal64Type>(data_type, values),
        DataType::Timestamp(_, _) => of::<TimestampMicrosecondType>(data_type, values),
        _ => of::<Int64Type>(data_type, values),
    }
}
