//! Fields of rows on their way to a client: the length of a value and the value, or -1 for NULL. Rows of results and of COPY
//! binary are made of them. A writer per column of a batch looks at its array and its NULLs once and then writes field after field
//! without allocating; it never looks at how long a row becomes.

use super::FormatSettings;
use super::{binary, text};
use crate::types::LogicalType;
use arrow_array::{Array, ArrayRef};
use arrow_buffer::NullBuffer;

/// Stands for NULL instead of a length.
const NULL_LENGTH: [u8; 4] = (-1_i32).to_be_bytes();

/// Writes the fields of one plain array.
pub struct FieldWriter<'a> {
    /// `None` where there are none.
    nulls: Option<NullBuffer>,
    values: Values<'a>,
}

enum Values<'a> {
    Binary(binary::ColumnWriter<'a>),
    Text(text::ColumnWriter<'a>),
}

impl<'a> FieldWriter<'a> {
    /// Writes values in their binary form.
    pub fn binary(array: &'a ArrayRef, data_type: &LogicalType) -> Self {
        let writer = binary::ColumnWriter::new(array, data_type);
        FieldWriter::new(array, Values::Binary(writer))
    }

    /// Writes values in their text form.
    pub fn text(array: &'a ArrayRef, data_type: &LogicalType, settings: &'a FormatSettings) -> Self {
        let writer = text::ColumnWriter::new(array, data_type, settings);
        FieldWriter::new(array, Values::Text(writer))
    }

    fn new(array: &ArrayRef, values: Values<'a>) -> Self {
        FieldWriter {
            // An array of no type holds nothing but NULLs and has no bitmap that says so.
            nulls: array.logical_nulls().filter(|nulls| nulls.null_count() > 0),
            values,
        }
    }

    /// Appends a field.
    #[inline]
    pub fn write(&self, row: usize, out: &mut Vec<u8>) {
        if self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            return out.extend_from_slice(&NULL_LENGTH);
        }
        match &self.values {
            Values::Binary(writer) => writer.write_sized(row, out),
            Values::Text(writer) => put_sized(out, |out| writer.write(row, out)),
        }
    }

    /// Whether some of these rows are NULL.
    pub(super) fn has_nulls(&self, begin: usize, end: usize) -> bool {
        let nulls = self.nulls.as_ref();
        nulls.is_some_and(|nulls| nulls.slice(begin, end - begin).null_count() > 0)
    }
}

/// Appends what `write` appends, its length before it.
#[inline]
pub(super) fn put_sized(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let begin = out.len();
    out.extend_from_slice(&[0; 4]);
    write(out);
    let length = (out.len() - begin - 4) as u32;
    if let Some(place) = out.get_mut(begin..begin + 4) {
        place.copy_from_slice(&length.to_be_bytes());
    }
}

#[cfg(test)]
#[path = "field_test.rs"]
mod tests;
