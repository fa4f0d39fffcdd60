//! Plain Arrow columns as bytes of a log record and back. Self-describing: each column says its identity and type. Values are as
//! Arrow has them; text is lengths and bytes.

use crate::limits::COLUMNS_MAX;
use crate::schema::ColumnId;
use crate::serial::{ByteReader, ByteWriter, ReadResult};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, make_array};
use arrow_buffer::{Buffer, NullBuffer};
use arrow_data::ArrayData;
use arrow_schema::{DataType, IntervalUnit, TimeUnit};
use std::sync::Arc;

/// Writes a type.
pub(crate) fn write_type(writer: &mut ByteWriter, data_type: &DataType) {
    let (tag, first, second) = match data_type {
        DataType::Boolean => (1, 0, 0),
        DataType::Int16 => (2, 0, 0),
        DataType::Int32 => (3, 0, 0),
        DataType::Int64 => (4, 0, 0),
        DataType::Float32 => (5, 0, 0),
        DataType::Float64 => (6, 0, 0),
        DataType::Decimal64(precision, scale) => (7, *precision, *scale as u8),
        DataType::Decimal128(precision, scale) => (8, *precision, *scale as u8),
        DataType::Utf8View => (9, 0, 0),
        DataType::BinaryView => (10, 0, 0),
        DataType::Date32 => (11, 0, 0),
        DataType::Time64(_) => (12, 0, 0),
        DataType::Timestamp(_, None) => (13, 0, 0),
        DataType::Timestamp(_, Some(_)) => (14, 0, 0),
        DataType::Interval(_) => (15, 0, 0),
        DataType::FixedSizeBinary(_) => (16, 0, 0),
        // Refused when the table was made; written as a tag that no reader takes.
        _ => (0, 0, 0),
    };
    for byte in [tag, first, second] {
        writer.u8(byte);
    }
}

/// Reads a type.
pub(crate) fn read_type(reader: &mut ByteReader<'_>) -> ReadResult<DataType> {
    let (tag, precision, scale) = (reader.u8()?, reader.u8()?, reader.u8()? as i8);
    let data_type = match tag {
        1 => DataType::Boolean,
        2 => DataType::Int16,
        3 => DataType::Int32,
        4 => DataType::Int64,
        5 => DataType::Float32,
        6 => DataType::Float64,
        7 if (1..=18).contains(&precision) => DataType::Decimal64(precision, scale),
        8 if (1..=38).contains(&precision) => DataType::Decimal128(precision, scale),
        9 => DataType::Utf8View,
        10 => DataType::BinaryView,
        11 => DataType::Date32,
        12 => DataType::Time64(TimeUnit::Microsecond),
        13 => DataType::Timestamp(TimeUnit::Microsecond, None),
        14 => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        15 => DataType::Interval(IntervalUnit::MonthDayNano),
        16 => DataType::FixedSizeBinary(16),
        other => return reader.damage(format!("{other} is no type of a column")),
    };
    Ok(data_type)
}

/// Bytes of a value, where all have the same.
fn value_bytes(data_type: &DataType) -> Option<usize> {
    match data_type {
        DataType::FixedSizeBinary(length) => Some(*length as usize),
        other => other.primitive_width(),
    }
}

/// Writes an array without its length.
pub(crate) fn write_array(writer: &mut ByteWriter, array: &dyn Array) {
    write_type(writer, array.data_type());
    match array.nulls().filter(|nulls| nulls.null_count() > 0) {
        None => writer.u8(0),
        Some(nulls) => {
            writer.u8(1);
            write_bits(writer, nulls.inner().iter());
        }
    }
    match array.data_type() {
        DataType::Boolean => write_bits(writer, array.as_boolean().values().iter()),
        DataType::Utf8View => write_values(writer, array, |row| array.as_string_view().value(row).as_bytes()),
        DataType::BinaryView => write_values(writer, array, |row| array.as_binary_view().value(row)),
        other => {
            let width = value_bytes(other).unwrap_or(0);
            let data = array.to_data();
            let start = data.offset() * width;
            let values = data.buffers().first().map_or(&[][..], |buffer| buffer.as_slice());
            writer
                .bytes
                .extend_from_slice(&values[start..start + array.len() * width]);
        }
    }
}

fn write_bits(writer: &mut ByteWriter, bits: impl Iterator<Item = bool>) {
    let (mut byte, mut filled) = (0u8, 0);
    for bit in bits {
        byte |= u8::from(bit) << filled;
        filled += 1;
        if filled == 8 {
            writer.u8(byte);
            (byte, filled) = (0, 0);
        }
    }
    if filled > 0 {
        writer.u8(byte);
    }
}

/// Lengths of all values, then their bytes; NULLs are empty.
fn write_values<'a>(writer: &mut ByteWriter, array: &dyn Array, value: impl Fn(usize) -> &'a [u8]) {
    let present = |row: usize| if array.is_null(row) { &[][..] } else { value(row) };
    for row in 0..array.len() {
        writer.count(present(row).len());
    }
    for row in 0..array.len() {
        writer.bytes.extend_from_slice(present(row));
    }
}

/// Reads an array of `row_count` values.
pub(crate) fn read_array(reader: &mut ByteReader<'_>, row_count: usize) -> ReadResult<ArrayRef> {
    let data_type = read_type(reader)?;
    let nulls = match reader.u8()? {
        0 => None,
        _ => Some(Buffer::from(reader.take(row_count.div_ceil(8))?)),
    };
    let nulls = nulls.map(|bits| NullBuffer::new(arrow_buffer::BooleanBuffer::new(bits, 0, row_count)));
    match data_type {
        DataType::Utf8View | DataType::BinaryView => read_values(reader, &data_type, row_count, nulls),
        _ => {
            let length = match value_bytes(&data_type) {
                Some(width) => row_count.checked_mul(width),
                None => Some(row_count.div_ceil(8)),
            };
            let Some(length) = length else {
                return reader.damage("the count of rows is absurd");
            };
            let values = Buffer::from(reader.take(length)?);
            let data = ArrayData::builder(data_type)
                .len(row_count)
                .add_buffer(values)
                .nulls(nulls)
                .build();
            match data {
                Ok(data) => Ok(make_array(data)),
                Err(error) => reader.damage(error.to_string()),
            }
        }
    }
}

fn read_values(
    reader: &mut ByteReader<'_>,
    data_type: &DataType,
    row_count: usize,
    nulls: Option<NullBuffer>,
) -> ReadResult<ArrayRef> {
    let Some(lengths_bytes) = row_count.checked_mul(4) else {
        return reader.damage("the count of rows is absurd");
    };
    let mut lengths = ByteReader::new(reader.take(lengths_bytes)?);
    let mut builder = arrow_array::builder::BinaryViewBuilder::with_capacity(row_count);
    for row in 0..row_count {
        let length = lengths.u32()? as usize;
        let value = reader.take(length)?;
        match nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            true => builder.append_null(),
            false => builder.append_value(value),
        }
    }
    let values = builder.finish();
    match data_type {
        DataType::Utf8View => match values.to_string_view() {
            Ok(text) => Ok(Arc::new(text)),
            Err(_) => reader.damage("text is not UTF-8"),
        },
        _ => Ok(Arc::new(values)),
    }
}

/// Rows of identified columns.
#[derive(Clone, Debug)]
pub(crate) struct LoggedRows {
    pub(crate) column_ids: Arc<[ColumnId]>,
    pub(crate) columns: Vec<ArrayRef>,
    pub(crate) row_count: usize,
    /// Bytes in the log: what they count for in memory.
    pub(crate) bytes: usize,
}

/// Writes rows.
pub(crate) fn write_rows(writer: &mut ByteWriter, rows: &LoggedRows) {
    writer.count(rows.row_count);
    writer.count(rows.columns.len());
    for (id, column) in rows.column_ids.iter().zip(&rows.columns) {
        writer.u32(id.0);
        write_array(writer, column);
    }
}

/// Reads rows.
pub(crate) fn read_rows(reader: &mut ByteReader<'_>) -> ReadResult<LoggedRows> {
    let start = reader.position();
    let row_count = reader.u32()? as usize;
    let column_count = reader.count(4)?;
    if column_count > COLUMNS_MAX || row_count > 1 << crate::commit::ROW_BITS {
        return reader.damage(format!("{row_count} rows of {column_count} columns are too many"));
    }
    let mut column_ids = Vec::with_capacity(column_count);
    let mut columns = Vec::with_capacity(column_count);
    for _ in 0..column_count {
        column_ids.push(ColumnId(reader.u32()?));
        columns.push(read_array(reader, row_count)?);
    }
    Ok(LoggedRows {
        column_ids: column_ids.into(),
        columns,
        row_count,
        bytes: reader.position() - start,
    })
}
