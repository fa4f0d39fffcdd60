//! Batches of columns to finished DataRow messages, straight into the write buffer.
//!
//! Each batch's arrays are resolved once; then rows are written value by value without an allocation. The types that carry bulk
//! results have their own arms; every other value goes through the engine's text and binary forms, so there is one definition
//! of each form.

use super::message::Format;
use crate::limits::RESPONSE_BYTES_MAX;
use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::types::{Date32Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef, BinaryViewArray, BooleanArray, FixedSizeBinaryArray, StringViewArray};
use arrow_schema::{DataType, TimeUnit};
use std::ops::Range;
use stoa_engine::error::SqlState;
use stoa_engine::format::text::ColumnWriter;
use stoa_engine::format::{FormatSettings, binary};
use stoa_engine::rows::{ResultColumn, RowBatch};
use stoa_engine::types::LogicalType;
use stoa_engine::{Error, Result};

/// Days from 1970-01-01 to 2000-01-01, where Postgres counts from.
const POSTGRES_EPOCH_DAYS: i32 = 10_957;
/// The same in microseconds.
const POSTGRES_EPOCH_MICROSECONDS: i64 = 946_684_800_000_000;
/// What stands for NULL instead of a value's length.
const NULL_LENGTH: [u8; 4] = (-1_i32).to_be_bytes();

/// How a result's columns are written.
pub(super) struct RowEncoder {
    columns: Vec<(LogicalType, Format)>,
    settings: FormatSettings,
}

impl RowEncoder {
    /// Writes these columns in these formats.
    pub(super) fn new(columns: &[ResultColumn], formats: &[Format], settings: FormatSettings) -> Self {
        let columns = columns
            .iter()
            .zip(formats)
            .map(|(column, format)| (column.data_type.clone(), *format))
            .collect();
        RowEncoder { columns, settings }
    }

    /// Appends rows of a batch until `out` has reached `out_bytes_max`; returns how many it appended.
    ///
    /// # Errors
    /// A batch that does not have these columns, or a row too long for a message.
    pub(super) fn encode(
        &self,
        batch: &RowBatch,
        rows: Range<usize>,
        out: &mut Vec<u8>,
        out_bytes_max: usize,
    ) -> Result<usize> {
        let count = u16::try_from(self.columns.len())
            .ok()
            .filter(|_| batch.columns.len() == self.columns.len())
            .ok_or_else(|| Error::Internal("a batch does not have the columns of its result".into()))?;
        let values: Vec<Values> = self
            .columns
            .iter()
            .zip(&batch.columns)
            .map(|((data_type, format), array)| Values::resolve(array, data_type, *format, &self.settings))
            .collect();
        let first = rows.start;
        let end = rows.end.min(batch.row_count);
        for row in first..end {
            let start = out.len();
            if start >= out_bytes_max {
                return Ok(row - first);
            }
            out.extend_from_slice(b"D\0\0\0\0");
            out.extend_from_slice(&count.to_be_bytes());
            for column in &values {
                column.write(row, &self.settings, out);
            }
            let length = out.len() - start - 1;
            if length > RESPONSE_BYTES_MAX {
                out.truncate(start);
                return Err(row_too_long(length));
            }
            put_length(out, start + 1, length);
        }
        Ok(end.saturating_sub(first))
    }
}

fn row_too_long(length: usize) -> Error {
    Error::user(
        SqlState::PROGRAM_LIMIT_EXCEEDED,
        format!("a row of the result has {length} bytes, the protocol carries at most {RESPONSE_BYTES_MAX}"),
    )
}

fn put_length(out: &mut [u8], at: usize, length: usize) {
    if let Some(place) = out.get_mut(at..at + 4) {
        place.copy_from_slice(&(length as u32).to_be_bytes());
    }
}

/// A column of a batch, its array resolved.
enum Values<'a> {
    Bytes16(&'a [i16], &'a ArrayRef),
    Bytes32(&'a [i32], &'a ArrayRef),
    Bytes64(&'a [i64], &'a ArrayRef),
    Float32(&'a [f32], &'a ArrayRef),
    Float64(&'a [f64], &'a ArrayRef),
    Date(&'a [i32], &'a ArrayRef),
    Timestamp(&'a [i64], &'a ArrayRef),
    Boolean(&'a BooleanArray),
    String(&'a StringViewArray),
    Bytes(&'a BinaryViewArray),
    Fixed(&'a FixedSizeBinaryArray),
    Text(ColumnWriter<'a>, &'a ArrayRef),
    Binary(&'a ArrayRef, &'a LogicalType),
}

impl<'a> Values<'a> {
    fn resolve(array: &'a ArrayRef, data_type: &'a LogicalType, format: Format, settings: &'a FormatSettings) -> Self {
        use LogicalType as Type;
        let is_string = matches!(
            data_type,
            Type::Text | Type::Varchar(_) | Type::Name | Type::Json | Type::Unknown
        );
        match (data_type, array.data_type()) {
            (_, DataType::Utf8View) if is_string => Values::String(array.as_string_view()),
            _ if format == Format::Text => Values::Text(ColumnWriter::new(array, data_type, settings), array),
            (Type::SmallInt, DataType::Int16) => Values::Bytes16(array.as_primitive::<Int16Type>().values(), array),
            (Type::Integer, DataType::Int32) => Values::Bytes32(array.as_primitive::<Int32Type>().values(), array),
            (Type::BigInt, DataType::Int64) => Values::Bytes64(array.as_primitive::<Int64Type>().values(), array),
            (Type::Real, DataType::Float32) => Values::Float32(array.as_primitive::<Float32Type>().values(), array),
            (Type::Double, DataType::Float64) => Values::Float64(array.as_primitive::<Float64Type>().values(), array),
            (Type::Date, DataType::Date32) => Values::Date(array.as_primitive::<Date32Type>().values(), array),
            (Type::Timestamp | Type::TimestampTz, DataType::Timestamp(TimeUnit::Microsecond, _)) => {
                Values::Timestamp(array.as_primitive::<TimestampMicrosecondType>().values(), array)
            }
            (Type::Boolean, DataType::Boolean) => Values::Boolean(array.as_boolean()),
            (Type::Bytea, DataType::BinaryView) => Values::Bytes(array.as_binary_view()),
            (Type::Uuid, DataType::FixedSizeBinary(16)) => Values::Fixed(array.as_fixed_size_binary()),
            _ => Values::Binary(array, data_type),
        }
    }

    /// Appends the value's length and the value.
    fn write(&self, row: usize, settings: &FormatSettings, out: &mut Vec<u8>) {
        match self {
            Values::Bytes16(values, array) => put(out, array, row, || values[row].to_be_bytes()),
            Values::Bytes32(values, array) => put(out, array, row, || values[row].to_be_bytes()),
            Values::Bytes64(values, array) => put(out, array, row, || values[row].to_be_bytes()),
            Values::Float32(values, array) => put(out, array, row, || values[row].to_be_bytes()),
            Values::Float64(values, array) => put(out, array, row, || values[row].to_be_bytes()),
            Values::Date(values, array) => put(out, array, row, || date_bytes(values[row])),
            Values::Timestamp(values, array) => put(out, array, row, || timestamp_bytes(values[row])),
            Values::Boolean(array) => put(out, *array, row, || [u8::from(array.value(row))]),
            Values::String(array) => put_slice(out, *array, row, || array.value(row).as_bytes()),
            Values::Bytes(array) => put_slice(out, *array, row, || array.value(row)),
            Values::Fixed(array) => put_slice(out, *array, row, || array.value(row)),
            Values::Text(writer, array) if is_null(array, row) => out.extend_from_slice(&NULL_LENGTH),
            Values::Text(writer, _) => put_form(out, |out| writer.write(row, out)),
            Values::Binary(array, _) if is_null(array, row) => out.extend_from_slice(&NULL_LENGTH),
            Values::Binary(array, data_type) => {
                put_form(out, |out| binary::write_value(array, row, data_type, settings, out));
            }
        }
    }
}

/// Infinities keep their place at the ends of the range.
fn date_bytes(days: i32) -> [u8; 4] {
    match days {
        i32::MAX | i32::MIN => days.to_be_bytes(),
        days => days.saturating_sub(POSTGRES_EPOCH_DAYS).to_be_bytes(),
    }
}

fn timestamp_bytes(microseconds: i64) -> [u8; 8] {
    match microseconds {
        i64::MAX | i64::MIN => microseconds.to_be_bytes(),
        microseconds => microseconds.saturating_sub(POSTGRES_EPOCH_MICROSECONDS).to_be_bytes(),
    }
}

fn put<const N: usize>(out: &mut Vec<u8>, array: &dyn Array, row: usize, value: impl FnOnce() -> [u8; N]) {
    if array.is_null(row) {
        out.extend_from_slice(&NULL_LENGTH);
    } else {
        out.extend_from_slice(&(N as u32).to_be_bytes());
        out.extend_from_slice(&value());
    }
}

fn put_slice<'a>(out: &mut Vec<u8>, array: &dyn Array, row: usize, value: impl FnOnce() -> &'a [u8]) {
    if array.is_null(row) {
        out.extend_from_slice(&NULL_LENGTH);
    } else {
        let value = value();
        out.extend_from_slice(&(value.len() as u32).to_be_bytes());
        out.extend_from_slice(value);
    }
}

/// What the engine writes, with its length before it.
fn put_form(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    write(out);
    let length = out.len() - start - 4;
    put_length(out, start, length);
}

/// An array of no type holds nothing but NULLs and has no bitmap that says so.
fn is_null(array: &ArrayRef, row: usize) -> bool {
    array.is_null(row) || *array.data_type() == DataType::Null
}

#[cfg(test)]
#[path = "row_encoder_test.rs"]
mod tests;
