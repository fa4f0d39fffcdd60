//! Binary out: what Postgres's send functions send. Numbers are big-endian, times count from 2000. A writer per column has looked at
//! its array once and then writes value after value without allocating.

use super::composite::{ArrayWriter, RecordWriter};
use super::numeric::write_numeric;
use crate::calendar::{
    DATE_INFINITY, DATE_MINUS_INFINITY, POSTGRES_EPOCH_DAYS, POSTGRES_EPOCH_MICROSECONDS, TIMESTAMP_INFINITY,
    TIMESTAMP_MINUS_INFINITY,
};
use crate::format::field::put_sized;
use crate::format::text::write_padded;
use crate::types::LogicalType;
use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef, BinaryViewArray, BooleanArray, FixedSizeBinaryArray, StringViewArray};
use arrow_buffer::IntervalMonthDayNano;
use arrow_schema::{DataType, IntervalUnit, TimeUnit};
use stoa_storage::commit::ADDRESS_PLACE_BITS;

/// The version before the text of `jsonb` and `jsonpath`.
const JSON_VERSION: u8 = 1;

/// The longest value of a type whose values have one length.
const VALUE_BYTES_MAX: usize = 16;

/// Writes values of one plain array, each with its length before it.
pub(in crate::format) enum ColumnWriter<'a> {
    Int16(&'a [i16]),
    Int32(&'a [i32]),
    Int64(&'a [i64]),
    Float32(&'a [f32]),
    Float64(&'a [f64]),
    Date(&'a [i32]),
    Timestamp(&'a [i64]),
    Text(&'a StringViewArray),
    /// Behind a call, so that the types of most bulk results are written without one.
    Rarer(Rarer<'a>),
}

/// Types whose values cost more than a call, or are seldom many.
pub(in crate::format) enum Rarer<'a> {
    Boolean(&'a BooleanArray),
    /// Numbers of the catalog, which are 32 bits.
    Number(&'a [i64]),
    Tid(&'a [i64]),
    Decimal64(&'a [i64], u16),
    Decimal128(&'a [i128], u16),
    /// `numeric` without a scale of its own: trailing zeros are left out.
    Unscaled(&'a [i128], u16),
    /// With a version before them.
    Json(&'a StringViewArray),
    /// Always one byte: no letter is a zero.
    Letter(&'a StringViewArray),
    /// `char(n)`: filled up with blanks to so many characters.
    Padded(&'a StringViewArray, usize),
    Bytea(&'a BinaryViewArray),
    Interval(&'a [IntervalMonthDayNano]),
    Uuid(&'a FixedSizeBinaryArray),
    Array(Box<ArrayWriter<'a>>),
    Record(RecordWriter<'a>),
    /// `void`, which has no bytes.
    Nothing,
}

impl<'a> ColumnWriter<'a> {
    /// By the array's form first, so that nothing can be misread; the logical type only decides between looks.
    pub(in crate::format) fn new(array: &'a ArrayRef, data_type: &LogicalType) -> Self {
        match array.data_type() {
            DataType::Int16 => ColumnWriter::Int16(array.as_primitive::<Int16Type>().values()),
            DataType::Int32 => ColumnWriter::Int32(array.as_primitive::<Int32Type>().values()),
            DataType::Int64 => integers(array.as_primitive::<Int64Type>().values(), data_type),
            DataType::Float32 => ColumnWriter::Float32(array.as_primitive::<Float32Type>().values()),
            DataType::Float64 => ColumnWriter::Float64(array.as_primitive::<Float64Type>().values()),
            DataType::Utf8View => texts(array.as_string_view(), data_type),
            DataType::Date32 => ColumnWriter::Date(array.as_primitive::<Date32Type>().values()),
            DataType::Time64(TimeUnit::Microsecond) => {
                ColumnWriter::Int64(array.as_primitive::<Time64MicrosecondType>().values())
            }
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                ColumnWriter::Timestamp(array.as_primitive::<TimestampMicrosecondType>().values())
            }
            _ => ColumnWriter::Rarer(Rarer::new(array, data_type)),
        }
    }

    /// Appends the length of a value, which must not be NULL, and the value.
    #[inline]
    pub(in crate::format) fn write_sized(&self, row: usize, out: &mut Vec<u8>) {
        match self {
            ColumnWriter::Int16(values) => put(out, values[row].to_be_bytes()),
            ColumnWriter::Int32(values) => put(out, values[row].to_be_bytes()),
            ColumnWriter::Int64(values) => put(out, values[row].to_be_bytes()),
            ColumnWriter::Float32(values) => put(out, values[row].to_be_bytes()),
            ColumnWriter::Float64(values) => put(out, values[row].to_be_bytes()),
            ColumnWriter::Date(values) => put(out, date_bytes(values[row])),
            ColumnWriter::Timestamp(values) => put(out, timestamp_bytes(values[row])),
            ColumnWriter::Text(array) => put_bytes(out, array.value(row).as_bytes()),
            ColumnWriter::Rarer(values) => values.write_sized(row, out),
        }
    }
}

impl<'a> Rarer<'a> {
    fn new(array: &'a ArrayRef, data_type: &LogicalType) -> Self {
        match array.data_type() {
            DataType::Boolean => Rarer::Boolean(array.as_boolean()),
            DataType::Decimal64(_, scale) => {
                Rarer::Decimal64(array.as_primitive::<Decimal64Type>().values(), *scale as u16)
            }
            DataType::Decimal128(_, scale) => {
                let values = array.as_primitive::<Decimal128Type>().values();
                match *data_type == LogicalType::NUMERIC {
                    true => Rarer::Unscaled(values, *scale as u16),
                    false => Rarer::Decimal128(values, *scale as u16),
                }
            }
            DataType::BinaryView => Rarer::Bytea(array.as_binary_view()),
            DataType::Interval(IntervalUnit::MonthDayNano) => {
                Rarer::Interval(array.as_primitive::<IntervalMonthDayNanoType>().values())
            }
            DataType::FixedSizeBinary(16) => Rarer::Uuid(array.as_fixed_size_binary()),
            DataType::List(_) => Rarer::Array(Box::new(ArrayWriter::new(array.as_list::<i32>(), data_type))),
            DataType::Struct(_) => Rarer::Record(RecordWriter::new(array.as_struct(), data_type)),
            _ => Rarer::Nothing,
        }
    }

    #[inline(never)]
    fn write_sized(&self, row: usize, out: &mut Vec<u8>) {
        match self {
            Rarer::Boolean(array) => put(out, [array.value(row).into()]),
            Rarer::Number(values) => put(out, (values[row] as u32).to_be_bytes()),
            Rarer::Tid(values) => put(out, tid_bytes(values[row])),
            Rarer::Decimal64(values, scale) => {
                put_sized(out, |out| write_numeric(values[row].into(), *scale, out));
            }
            Rarer::Decimal128(values, scale) => put_sized(out, |out| write_numeric(values[row], *scale, out)),
            Rarer::Unscaled(values, scale) => put_sized(out, |out| write_unscaled(values[row], *scale, out)),
            Rarer::Json(array) => put_sized(out, |out| {
                out.push(JSON_VERSION);
                out.extend_from_slice(array.value(row).as_bytes());
            }),
            Rarer::Letter(array) => match array.value(row) {
                "" => put(out, [0]),
                letter => put_bytes(out, letter.as_bytes()),
            },
            Rarer::Padded(array, length) => put_sized(out, |out| write_padded(array.value(row), *length, out)),
            Rarer::Bytea(array) => put_bytes(out, array.value(row)),
            Rarer::Interval(values) => put(out, interval_bytes(values[row])),
            Rarer::Uuid(array) => put_bytes(out, array.value(row)),
            Rarer::Array(array) => put_sized(out, |out| array.write(row, out)),
            Rarer::Record(record) => put_sized(out, |out| record.write(row, out)),
            Rarer::Nothing => put(out, []),
        }
    }
}

fn integers<'a>(values: &'a [i64], data_type: &LogicalType) -> ColumnWriter<'a> {
    match data_type {
        LogicalType::Oid
        | LogicalType::Regclass
        | LogicalType::Regtype
        | LogicalType::Regproc
        | LogicalType::Regnamespace => ColumnWriter::Rarer(Rarer::Number(values)),
        LogicalType::Tid => ColumnWriter::Rarer(Rarer::Tid(values)),
        _ => ColumnWriter::Int64(values),
    }
}

fn texts<'a>(array: &'a StringViewArray, data_type: &LogicalType) -> ColumnWriter<'a> {
    match data_type {
        LogicalType::Jsonb | LogicalType::Jsonpath => ColumnWriter::Rarer(Rarer::Json(array)),
        LogicalType::SingleChar => ColumnWriter::Rarer(Rarer::Letter(array)),
        LogicalType::Char(length) => ColumnWriter::Rarer(Rarer::Padded(array, *length as usize)),
        _ => ColumnWriter::Text(array),
    }
}

/// Length and value in one go.
#[inline]
fn put<const LENGTH: usize>(out: &mut Vec<u8>, value: [u8; LENGTH]) {
    let mut field = [0; 4 + VALUE_BYTES_MAX];
    field[..4].copy_from_slice(&(LENGTH as u32).to_be_bytes());
    field[4..4 + LENGTH].copy_from_slice(&value);
    out.extend_from_slice(&field[..4 + LENGTH]);
}

#[inline]
fn put_bytes(out: &mut Vec<u8>, value: &[u8]) {
    out.extend_from_slice(&(value.len() as u32).to_be_bytes());
    out.extend_from_slice(value);
}

/// Infinities keep their place at the ends of the range.
#[inline]
fn date_bytes(days: i32) -> [u8; 4] {
    match days {
        DATE_INFINITY | DATE_MINUS_INFINITY => days.to_be_bytes(),
        days => days.wrapping_sub(POSTGRES_EPOCH_DAYS).to_be_bytes(),
    }
}

#[inline]
fn timestamp_bytes(microseconds: i64) -> [u8; 8] {
    match microseconds {
        TIMESTAMP_INFINITY | TIMESTAMP_MINUS_INFINITY => microseconds.to_be_bytes(),
        microseconds => microseconds.wrapping_sub(POSTGRES_EPOCH_MICROSECONDS).to_be_bytes(),
    }
}

/// Microseconds, days, months.
fn interval_bytes(interval: IntervalMonthDayNano) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&(interval.nanoseconds / 1_000).to_be_bytes());
    bytes[8..12].copy_from_slice(&interval.days.to_be_bytes());
    bytes[12..].copy_from_slice(&interval.months.to_be_bytes());
    bytes
}

/// Block, place.
fn tid_bytes(address: i64) -> [u8; 6] {
    let mut bytes = [0; 6];
    bytes[..4].copy_from_slice(&((address >> ADDRESS_PLACE_BITS) as u32).to_be_bytes());
    bytes[4..].copy_from_slice(&(address as u16).to_be_bytes());
    bytes
}

fn write_unscaled(mut value: i128, mut scale: u16, out: &mut Vec<u8>) {
    while scale > 0 && value % 10 == 0 {
        value /= 10;
        scale -= 1;
    }
    write_numeric(value, scale, out);
}
