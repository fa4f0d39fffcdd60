//! The order of two values of any type, one pair at a time: for arrays, records and jsonb, and for whoever has no faster way.

use super::json::compare_jsonb;
use super::primitive::{Ordered, interval_length};
use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_schema::{DataType, TimeUnit};
use std::cmp::Ordering;
use stoa_sql::types::LogicalType;

/// How two values of plain arrays of the type order. NULLs are equal and come after everything else, as inside arrays and rows.
pub(crate) fn order(
    left: &dyn Array,
    left_row: usize,
    right: &dyn Array,
    right_row: usize,
    data_type: &LogicalType,
) -> Ordering {
    match (left.is_null(left_row), right.is_null(right_row)) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    macro_rules! numbers {
        ($type:ty) => {{
            let one = left.as_primitive::<$type>().value(left_row);
            let other = right.as_primitive::<$type>().value(right_row);
            total(one, other)
        }};
    }
    match left.data_type() {
        DataType::Boolean => left
            .as_boolean()
            .value(left_row)
            .cmp(&right.as_boolean().value(right_row)),
        DataType::Int16 => numbers!(Int16Type),
        DataType::Int32 => numbers!(Int32Type),
        DataType::Int64 => numbers!(Int64Type),
        DataType::Float32 => numbers!(Float32Type),
        DataType::Float64 => numbers!(Float64Type),
        DataType::Decimal64(_, _) => numbers!(Decimal64Type),
        DataType::Decimal128(_, _) => numbers!(Decimal128Type),
        DataType::Date32 => numbers!(Date32Type),
        DataType::Time64(TimeUnit::Microsecond) => numbers!(Time64MicrosecondType),
        DataType::Timestamp(TimeUnit::Microsecond, _) => numbers!(TimestampMicrosecondType),
        DataType::Interval(_) => {
            let one = left.as_primitive::<IntervalMonthDayNanoType>().value(left_row);
            let other = right.as_primitive::<IntervalMonthDayNanoType>().value(right_row);
            interval_length(one).cmp(&interval_length(other))
        }
        DataType::FixedSizeBinary(_) => {
            let one = left.as_fixed_size_binary().value(left_row);
            one.cmp(right.as_fixed_size_binary().value(right_row))
        }
        DataType::BinaryView => left
            .as_binary_view()
            .value(left_row)
            .cmp(right.as_binary_view().value(right_row)),
        DataType::Utf8View => {
            let (one, other) = (
                left.as_string_view().value(left_row),
                right.as_string_view().value(right_row),
            );
            match data_type {
                LogicalType::Jsonb => compare_jsonb(one, other),
                _ => one.as_bytes().cmp(other.as_bytes()),
            }
        }
        DataType::List(_) => {
            let element = match data_type {
                LogicalType::Array(element) => element,
                other => other,
            };
            order_lists(
                &*left.as_list::<i32>().value(left_row),
                &*right.as_list::<i32>().value(right_row),
                element,
            )
        }
        DataType::Struct(_) => order_records(left, left_row, right, right_row, data_type),
        _ => Ordering::Equal,
    }
}

fn total<T: Ordered>(left: T, right: T) -> Ordering {
    if left.less(right) {
        Ordering::Less
    } else if left.equal(right) {
        Ordering::Equal
    } else {
        Ordering::Greater
    }
}

/// Element by element; of two that agree as far as the shorter one goes, the shorter one comes first.
fn order_lists(left: &dyn Array, right: &dyn Array, element: &LogicalType) -> Ordering {
    (0..left.len().min(right.len()))
        .map(|at| order(left, at, right, at, element))
        .find(|ordering| ordering.is_ne())
        .unwrap_or_else(|| left.len().cmp(&right.len()))
}

fn order_records(
    left: &dyn Array,
    left_row: usize,
    right: &dyn Array,
    right_row: usize,
    data_type: &LogicalType,
) -> Ordering {
    let LogicalType::Record(fields) = data_type else {
        return Ordering::Equal;
    };
    let columns = left.as_struct().columns().iter().zip(right.as_struct().columns());
    columns
        .zip(fields)
        .map(|((one, other), (_, field))| order(one.as_ref(), left_row, other.as_ref(), right_row, field))
        .find(|ordering| ordering.is_ne())
        .unwrap_or(Ordering::Equal)
}
