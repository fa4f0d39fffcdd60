//! Text out: a writer per column that has looked at its array once and then writes value after value without allocating.

pub(crate) mod bytea;
pub(crate) mod composite;
pub(crate) mod datetime;
pub(crate) mod float;
pub(crate) mod interval;
pub(crate) mod number;

use crate::calendar::ZoneClock;
use crate::format::{FormatSettings, IntervalStyle};
use crate::functions::SessionFacts;
use crate::types::LogicalType;
use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef, BinaryViewArray, BooleanArray, FixedSizeBinaryArray, StringViewArray};
use arrow_buffer::IntervalMonthDayNano;
use arrow_schema::{DataType, TimeUnit};
use composite::{ArrayWriter, RecordWriter};
use stoa_storage::commit::ADDRESS_PLACE_BITS;

/// Writes values of one plain array.
pub struct ColumnWriter<'a> {
    values: Values<'a>,
    settings: &'a FormatSettings,
}

/// An array, resolved.
enum Values<'a> {
    Boolean(&'a BooleanArray),
    Int16(&'a [i16]),
    Int32(&'a [i32]),
    Int64(&'a [i64]),
    Tid(&'a [i64]),
    /// `regclass`, `regproc` ..: 0 is `-`, others go by their names where somebody knows them.
    Reference(&'a [i64], &'static str, Option<&'a dyn SessionFacts>),
    Float32(&'a [f32]),
    Float64(&'a [f64]),
    Decimal64(&'a [i64], u8),
    Decimal128(&'a [i128], u8),
    /// `numeric` without a scale of its own: trailing zeros are left out.
    Unscaled(&'a [i128], u8),
    Text(&'a StringViewArray),
    /// `char(n)`: filled up with blanks to so many characters.
    Padded(&'a StringViewArray, usize),
    Bytea(&'a BinaryViewArray),
    Date(&'a [i32]),
    Time(&'a [i64]),
    Timestamp(&'a [i64]),
    TimestampTz(&'a [i64], ZoneClock),
    Interval(&'a [IntervalMonthDayNano], IntervalStyle),
    Uuid(&'a FixedSizeBinaryArray),
    Array(Box<ArrayWriter<'a>>),
    Record(RecordWriter<'a>),
    /// `void`, which has no text.
    Nothing,
}

impl<'a> ColumnWriter<'a> {
    /// Resolves the array once.
    pub fn new(array: &'a ArrayRef, data_type: &LogicalType, settings: &'a FormatSettings) -> Self {
        ColumnWriter {
            values: resolve(array, data_type, settings),
            settings,
        }
    }

    /// Appends a value, which must not be NULL.
    #[inline]
    pub fn write(&self, row: usize, out: &mut Vec<u8>) {
        match &self.values {
            Values::Boolean(array) => out.push(if array.value(row) { b't' } else { b'f' }),
            Values::Int16(values) => number::write_integer(values[row].into(), out),
            Values::Int32(values) => number::write_integer(values[row].into(), out),
            Values::Int64(values) => number::write_integer(values[row], out),
            Values::Tid(values) => write_tid(values[row], out),
            Values::Reference(values, ..) if values[row] == 0 => out.push(b'-'),
            Values::Reference(values, fact, objects) => {
                let name = objects.and_then(|objects| objects.fact(fact, &values[row].to_string()));
                match name {
                    Some(name) => out.extend_from_slice(name.as_bytes()),
                    None => number::write_integer(values[row], out),
                }
            }
            Values::Float32(values) => float::write_f32(values[row], self.settings.extra_float_digits, out),
            Values::Float64(values) => float::write_f64(values[row], self.settings.extra_float_digits, out),
            Values::Decimal64(values, scale) => number::write_decimal64(values[row], *scale, out),
            Values::Decimal128(values, scale) => number::write_decimal128(values[row], *scale, out),
            Values::Unscaled(values, scale) => number::write_unscaled(values[row], *scale, out),
            Values::Text(array) => out.extend_from_slice(array.value(row).as_bytes()),
            Values::Padded(array, length) => write_padded(array.value(row), *length, out),
            Values::Bytea(array) => bytea::write(array.value(row), self.settings.bytea_escape, out),
            Values::Date(values) => datetime::write_date(values[row], out),
            Values::Time(values) => datetime::write_time(values[row], out),
            Values::Timestamp(values) => datetime::write_timestamp(values[row], out),
            Values::TimestampTz(values, zone) => datetime::write_timestamp_tz(values[row], zone, out),
            Values::Interval(values, style) => interval::write(values[row], *style, out),
            Values::Uuid(array) => write_uuid(array.value(row), out),
            Values::Array(array) => array.write(row, out),
            Values::Record(record) => record.write(row, out),
            Values::Nothing => {}
        }
    }

    /// Whether no value has a character beyond digits, letters, `.`, `+`, `-` and `:`, so that no surrounding form (COPY, an
    /// array, a record) has to quote or escape it.
    pub fn is_plain(&self) -> bool {
        matches!(
            self.values,
            Values::Boolean(_)
                | Values::Int16(_)
                | Values::Int32(_)
                | Values::Int64(_)
                | Values::Float32(_)
                | Values::Float64(_)
                | Values::Decimal64(_, _)
                | Values::Decimal128(_, _)
                | Values::Unscaled(_, _)
                | Values::Time(_)
                | Values::Uuid(_)
        )
    }
}

/// By the array's form first, so that nothing can be misread; the logical type only decides between looks.
fn resolve<'a>(array: &'a ArrayRef, data_type: &LogicalType, settings: &'a FormatSettings) -> Values<'a> {
    match array.data_type() {
        DataType::Boolean => Values::Boolean(array.as_boolean()),
        DataType::Int16 => Values::Int16(array.as_primitive::<Int16Type>().values()),
        DataType::Int32 => Values::Int32(array.as_primitive::<Int32Type>().values()),
        DataType::Int64 => {
            let values = array.as_primitive::<Int64Type>().values();
            let fact = match data_type {
                LogicalType::Tid => return Values::Tid(values),
                LogicalType::Regclass => "relation_name",
                LogicalType::Regtype => "type_name",
                LogicalType::Regproc => "function_name",
                LogicalType::Regnamespace => "namespace_name",
                _ => return Values::Int64(values),
            };
            Values::Reference(values, fact, settings.objects.as_deref())
        }
        DataType::Float32 => Values::Float32(array.as_primitive::<Float32Type>().values()),
        DataType::Float64 => Values::Float64(array.as_primitive::<Float64Type>().values()),
        DataType::Decimal64(_, scale) => {
            Values::Decimal64(array.as_primitive::<Decimal64Type>().values(), scale_of(*scale))
        }
        DataType::Decimal128(_, scale) => {
            let values = array.as_primitive::<Decimal128Type>().values();
            match *data_type == LogicalType::NUMERIC {
                true => Values::Unscaled(values, scale_of(*scale)),
                false => Values::Decimal128(values, scale_of(*scale)),
            }
        }
        DataType::Utf8View => match data_type {
            LogicalType::Char(length) => Values::Padded(array.as_string_view(), *length as usize),
            _ => Values::Text(array.as_string_view()),
        },
        DataType::BinaryView => Values::Bytea(array.as_binary_view()),
        DataType::Date32 => Values::Date(array.as_primitive::<Date32Type>().values()),
        DataType::Time64(TimeUnit::Microsecond) => Values::Time(array.as_primitive::<Time64MicrosecondType>().values()),
        DataType::Timestamp(TimeUnit::Microsecond, zone) => {
            let values = array.as_primitive::<TimestampMicrosecondType>().values();
            match zone {
                Some(_) => Values::TimestampTz(values, ZoneClock::new(&settings.time_zone)),
                None => Values::Timestamp(values),
            }
        }
        DataType::Interval(arrow_schema::IntervalUnit::MonthDayNano) => Values::Interval(
            array.as_primitive::<IntervalMonthDayNanoType>().values(),
            settings.interval_style,
        ),
        DataType::FixedSizeBinary(16) => Values::Uuid(array.as_fixed_size_binary()),
        DataType::List(_) => Values::Array(Box::new(ArrayWriter::new(array.as_list::<i32>(), data_type, settings))),
        DataType::Struct(_) => Values::Record(RecordWriter::new(array.as_struct(), data_type, settings)),
        _ => Values::Nothing,
    }
}

/// Digits behind the point; Stoa's decimals have no negative scale.
fn scale_of(scale: i8) -> u8 {
    u8::try_from(scale).unwrap_or(0)
}

/// `(block,place)`
fn write_tid(address: i64, out: &mut Vec<u8>) {
    out.push(b'(');
    number::write_integer(address >> ADDRESS_PLACE_BITS, out);
    out.push(b',');
    number::write_integer(address & ((1 << ADDRESS_PLACE_BITS) - 1), out);
    out.push(b')');
}

pub(crate) fn write_padded(text: &str, length: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(text.as_bytes());
    let missing = length.saturating_sub(text.chars().count());
    out.resize(out.len() + missing, b' ');
}

/// `a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11`
pub(crate) fn write_uuid(bytes: &[u8], out: &mut Vec<u8>) {
    let mut text = [b'-'; 36];
    let mut at = 0;
    for (index, byte) in bytes.iter().take(16).enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            at += 1;
        }
        text[at..at + 2].copy_from_slice(&bytea::HEX_PAIRS[usize::from(*byte)]);
        at += 2;
    }
    out.extend_from_slice(&text);
}

/// An element of an array's text in quotes, whatever it is.
pub(crate) fn write_quoted(element: &str, out: &mut String) {
    out.push('"');
    for character in element.chars() {
        if matches!(character, '"' | '\\') {
            out.push('\\');
        }
        out.push(character);
    }
    out.push('"');
}

/// Writes a value and then, where its text asks for it, puts it in quotes, in place.
pub(crate) fn write_element(
    writer: &ColumnWriter<'_>,
    row: usize,
    out: &mut Vec<u8>,
    needs_quotes: fn(&[u8]) -> bool,
    escape: fn(u8) -> Option<u8>,
) {
    let begin = out.len();
    writer.write(row, out);
    if !needs_quotes(&out[begin..]) {
        return;
    }
    let length = out.len() - begin;
    let escapes = out[begin..].iter().filter(|byte| escape(**byte).is_some()).count();
    out.resize(out.len() + escapes + 2, b'"');
    // From the end, so that nothing is overwritten before it has moved.
    let mut target = out.len() - 1;
    for source in (begin..begin + length).rev() {
        let byte = out[source];
        target -= 1;
        out[target] = byte;
        if let Some(before) = escape(byte) {
            target -= 1;
            out[target] = before;
        }
    }
    out[begin] = b'"';
}
