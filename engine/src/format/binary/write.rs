//! Binary out: what Postgres's send functions send. Numbers are big-endian, times count from 2000.

use super::array::type_oid;
use crate::calendar::{
    DATE_INFINITY, DATE_MINUS_INFINITY, POSTGRES_EPOCH_DAYS, POSTGRES_EPOCH_MICROSECONDS, TIMESTAMP_INFINITY,
    TIMESTAMP_MINUS_INFINITY,
};
use crate::format::FormatSettings;
use crate::types::LogicalType;
use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef, ListArray, StructArray};
use arrow_schema::{DataType, TimeUnit};
use stoa_storage::commit::ADDRESS_PLACE_BITS;

/// The version before the text of `jsonb` and `jsonpath`.
const JSON_VERSION: u8 = 1;

/// Digits of a `numeric` are sent four at a time.
const NUMERIC_BASE: u128 = 10_000;

/// See [`super::write_value`].
pub(super) fn write_value(
    array: &ArrayRef,
    row: usize,
    data_type: &LogicalType,
    settings: &FormatSettings,
    out: &mut Vec<u8>,
) {
    match array.data_type() {
        DataType::Boolean => out.push(array.as_boolean().value(row).into()),
        DataType::Int16 => out.extend_from_slice(&array.as_primitive::<Int16Type>().value(row).to_be_bytes()),
        DataType::Int32 => out.extend_from_slice(&array.as_primitive::<Int32Type>().value(row).to_be_bytes()),
        DataType::Int64 => {
            let value = array.as_primitive::<Int64Type>().value(row);
            match data_type {
                // Numbers of the catalog are 32 bits.
                LogicalType::Oid
                | LogicalType::Regclass
                | LogicalType::Regtype
                | LogicalType::Regproc
                | LogicalType::Regnamespace => out.extend_from_slice(&(value as u32).to_be_bytes()),
                LogicalType::Tid => {
                    out.extend_from_slice(&((value >> ADDRESS_PLACE_BITS) as u32).to_be_bytes());
                    out.extend_from_slice(&(value as u16).to_be_bytes());
                }
                _ => out.extend_from_slice(&value.to_be_bytes()),
            }
        }
        DataType::Float32 => out.extend_from_slice(&array.as_primitive::<Float32Type>().value(row).to_be_bytes()),
        DataType::Float64 => out.extend_from_slice(&array.as_primitive::<Float64Type>().value(row).to_be_bytes()),
        DataType::Decimal64(_, scale) => {
            write_numeric(
                array.as_primitive::<Decimal64Type>().value(row).into(),
                *scale as u16,
                out,
            );
        }
        DataType::Decimal128(_, scale) => {
            let (mut value, mut scale) = (array.as_primitive::<Decimal128Type>().value(row), *scale as u16);
            if *data_type == LogicalType::NUMERIC {
                while scale > 0 && value % 10 == 0 {
                    value /= 10;
                    scale -= 1;
                }
            }
            write_numeric(value, scale, out);
        }
        DataType::Utf8View => write_text(array.as_string_view().value(row), data_type, out),
        DataType::BinaryView => out.extend_from_slice(array.as_binary_view().value(row)),
        DataType::Date32 => {
            let days = match array.as_primitive::<Date32Type>().value(row) {
                infinite @ (DATE_INFINITY | DATE_MINUS_INFINITY) => infinite,
                days => days - POSTGRES_EPOCH_DAYS,
            };
            out.extend_from_slice(&days.to_be_bytes());
        }
        DataType::Time64(TimeUnit::Microsecond) => {
            out.extend_from_slice(&array.as_primitive::<Time64MicrosecondType>().value(row).to_be_bytes());
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            let microseconds = match array.as_primitive::<TimestampMicrosecondType>().value(row) {
                infinite @ (TIMESTAMP_INFINITY | TIMESTAMP_MINUS_INFINITY) => infinite,
                microseconds => microseconds.wrapping_sub(POSTGRES_EPOCH_MICROSECONDS),
            };
            out.extend_from_slice(&microseconds.to_be_bytes());
        }
        DataType::Interval(arrow_schema::IntervalUnit::MonthDayNano) => {
            let value = array.as_primitive::<IntervalMonthDayNanoType>().value(row);
            out.extend_from_slice(&(value.nanoseconds / 1_000).to_be_bytes());
            out.extend_from_slice(&value.days.to_be_bytes());
            out.extend_from_slice(&value.months.to_be_bytes());
        }
        DataType::FixedSizeBinary(16) => out.extend_from_slice(array.as_fixed_size_binary().value(row)),
        DataType::List(_) => write_array(array.as_list::<i32>(), row, data_type, settings, out),
        DataType::Struct(_) => write_record(array.as_struct(), row, data_type, settings, out),
        // `void`, which has no bytes.
        _ => {}
    }
}

fn write_text(text: &str, data_type: &LogicalType, out: &mut Vec<u8>) {
    match data_type {
        LogicalType::Jsonb | LogicalType::Jsonpath => out.push(JSON_VERSION),
        // Always one byte: no letter is a zero.
        LogicalType::SingleChar if text.is_empty() => out.push(0),
        _ => {}
    }
    out.extend_from_slice(text.as_bytes());
    if let LogicalType::Char(length) = data_type {
        let missing = (*length as usize).saturating_sub(text.chars().count());
        out.resize(out.len() + missing, b' ');
    }
}

/// Count of digits, weight of the first, sign, digits shown behind the point, then digits in base 10,000.
fn write_numeric(value: i128, scale: u16, out: &mut Vec<u8>) {
    // So that the point stands between two digits of that base.
    let filling = (4 - scale % 4) % 4;
    let magnitude = value.unsigned_abs();
    // The number may have no room for the filling zeros; then its last digits are split off first.
    let unit = 10_u128.pow((4 - filling).into());
    let mut digits = [0_u16; 12];
    let mut count = 0;
    let mut rest = magnitude;
    if filling > 0 {
        digits[count] = ((rest % unit) * 10_u128.pow(filling.into())) as u16;
        count += 1;
        rest /= unit;
    }
    while rest > 0 {
        digits[count] = (rest % NUMERIC_BASE) as u16;
        count += 1;
        rest /= NUMERIC_BASE;
    }
    let fraction_digits = scale.div_ceil(4) as usize;
    let mut digits = &digits[..count];
    while let [shorter @ .., 0] = digits {
        digits = shorter;
    }
    let weight = digits.len() as i16 - fraction_digits as i16 - 1;
    while let [0, shorter @ ..] = digits {
        digits = shorter;
    }
    let sign: u16 = if value < 0 { 0x4000 } else { 0 };
    out.extend_from_slice(&(digits.len() as u16).to_be_bytes());
    out.extend_from_slice(&(if digits.is_empty() { 0 } else { weight }).to_be_bytes());
    out.extend_from_slice(&sign.to_be_bytes());
    out.extend_from_slice(&scale.to_be_bytes());
    out.extend(digits.iter().rev().flat_map(|digit| digit.to_be_bytes()));
}

/// Appends a length and then a value, or -1 for NULL.
fn write_sized(array: &ArrayRef, row: usize, data_type: &LogicalType, settings: &FormatSettings, out: &mut Vec<u8>) {
    if array.is_null(row) {
        return out.extend_from_slice(&(-1_i32).to_be_bytes());
    }
    let begin = out.len();
    out.extend_from_slice(&[0; 4]);
    write_value(array, row, data_type, settings, out);
    let length = (out.len() - begin - 4) as i32;
    out[begin..begin + 4].copy_from_slice(&length.to_be_bytes());
}

/// Dimensions, whether there are NULLs, the elements' type, the size of each dimension and its first index, the elements.
fn write_array(array: &ListArray, row: usize, data_type: &LogicalType, settings: &FormatSettings, out: &mut Vec<u8>) {
    let mut element = data_type.element().unwrap_or(&LogicalType::Unknown);
    let first = i32::from(!data_type.is_vector());
    let mut values = array.value(row);
    let mut dimensions = vec![values.len() as i32];
    // Arrays of arrays are further dimensions; Postgres knows only those of one length.
    while let (LogicalType::Array(inner), Some(list)) = (element, values.as_list_opt::<i32>()) {
        dimensions.push(if list.is_empty() { 0 } else { list.value_length(0) });
        let lengths = list.offsets();
        let (begin, end) = (lengths[0] as usize, lengths[list.len()] as usize);
        let next = list.values().slice(begin, end - begin);
        values = next;
        element = inner;
    }
    if values.is_empty() {
        dimensions.clear();
    }
    out.extend_from_slice(&(dimensions.len() as i32).to_be_bytes());
    out.extend_from_slice(&i32::from(values.null_count() > 0).to_be_bytes());
    out.extend_from_slice(&type_oid(element).to_be_bytes());
    for dimension in dimensions {
        out.extend_from_slice(&dimension.to_be_bytes());
        out.extend_from_slice(&first.to_be_bytes());
    }
    for at in 0..values.len() {
        write_sized(&values, at, element, settings, out);
    }
}

/// The count of fields, then each with its type.
fn write_record(
    record: &StructArray,
    row: usize,
    data_type: &LogicalType,
    settings: &FormatSettings,
    out: &mut Vec<u8>,
) {
    let types = match data_type {
        LogicalType::Record(fields) => fields.as_slice(),
        _ => &[],
    };
    out.extend_from_slice(&(record.num_columns() as i32).to_be_bytes());
    for (at, column) in record.columns().iter().enumerate() {
        let field = types.get(at).map_or(&LogicalType::Unknown, |(_, field)| field);
        out.extend_from_slice(&type_oid(field).to_be_bytes());
        write_sized(column, row, field, settings, out);
    }
}
