//! Arrays `{1,NULL,"a b"}` and records `(1,,"a b")` out.

use super::{ColumnWriter, write_element};
use crate::format::FormatSettings;
use crate::types::LogicalType;
use arrow_array::{Array, ListArray, StructArray};
use arrow_buffer::{NullBuffer, OffsetBuffer};

/// Writes rows of an array column.
pub(crate) struct ArrayWriter<'a> {
    offsets: &'a OffsetBuffer<i32>,
    nulls: Option<NullBuffer>,
    elements: ColumnWriter<'a>,
    /// The elements are arrays: a further dimension, never quoted.
    is_nested: bool,
    is_plain: bool,
    /// A vector of the catalog: blanks between elements, nothing around them.
    is_vector: bool,
}

impl<'a> ArrayWriter<'a> {
    pub(crate) fn new(array: &'a ListArray, data_type: &LogicalType, settings: &'a FormatSettings) -> Self {
        let element = data_type.element().unwrap_or(&LogicalType::Unknown);
        let elements = ColumnWriter::new(array.values(), element, settings);
        ArrayWriter {
            offsets: array.offsets(),
            nulls: array.values().nulls().cloned(),
            is_nested: matches!(element, LogicalType::Array(_)),
            is_plain: elements.is_plain(),
            is_vector: data_type.is_vector(),
            elements,
        }
    }

    pub(crate) fn write(&self, row: usize, out: &mut Vec<u8>) {
        let (open, separator, close): (&[u8], u8, &[u8]) = match self.is_vector {
            true => (b"", b' ', b""),
            false => (b"{", b',', b"}"),
        };
        out.extend_from_slice(open);
        let (begin, end) = (self.offsets[row] as usize, self.offsets[row + 1] as usize);
        for at in begin..end {
            if at > begin {
                out.push(separator);
            }
            if self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(at)) {
                out.extend_from_slice(b"NULL");
            } else if self.is_nested || self.is_plain {
                self.elements.write(at, out);
            } else {
                write_element(&self.elements, at, out, needs_quotes_in_array, escape_in_array);
            }
        }
        out.extend_from_slice(close);
    }
}

/// Writes rows of a record column.
pub(crate) struct RecordWriter<'a> {
    fields: Vec<(Option<NullBuffer>, ColumnWriter<'a>)>,
}

impl<'a> RecordWriter<'a> {
    pub(crate) fn new(array: &'a StructArray, data_type: &LogicalType, settings: &'a FormatSettings) -> Self {
        let types = match data_type {
            LogicalType::Record(fields) => fields.as_slice(),
            _ => &[],
        };
        let fields = array.columns().iter().enumerate().map(|(at, column)| {
            let field = types.get(at).map_or(&LogicalType::Unknown, |(_, field)| field);
            (column.nulls().cloned(), ColumnWriter::new(column, field, settings))
        });
        RecordWriter {
            fields: fields.collect(),
        }
    }

    pub(crate) fn write(&self, row: usize, out: &mut Vec<u8>) {
        out.push(b'(');
        for (at, (nulls, field)) in self.fields.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
                continue;
            }
            write_element(field, row, out, needs_quotes_in_record, escape_in_record);
        }
        out.push(b')');
    }
}

/// White space as Postgres's array and record syntax sees it.
pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0B | 0x0C)
}

fn needs_quotes_in_array(text: &[u8]) -> bool {
    text.is_empty()
        || text.eq_ignore_ascii_case(b"null")
        || text
            .iter()
            .any(|byte| matches!(byte, b'"' | b'\\' | b'{' | b'}' | b',') || is_space(*byte))
}

fn escape_in_array(byte: u8) -> Option<u8> {
    matches!(byte, b'"' | b'\\').then_some(b'\\')
}

fn needs_quotes_in_record(text: &[u8]) -> bool {
    text.is_empty()
        || text
            .iter()
            .any(|byte| matches!(byte, b'"' | b'\\' | b'(' | b')' | b',') || is_space(*byte))
}

fn escape_in_record(byte: u8) -> Option<u8> {
    matches!(byte, b'"' | b'\\').then_some(byte)
}
