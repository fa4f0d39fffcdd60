//! Postgres's text form of every type, out and in.

use super::FormatSettings;
use crate::error::{Error, Result};
use crate::types::{Literal, LogicalType};
use arrow_array::ArrayRef;

/// Writes values of one plain array.
pub struct ColumnWriter<'a> {
    array: &'a ArrayRef,
    settings: &'a FormatSettings,
}

impl<'a> ColumnWriter<'a> {
    /// Resolves the array once.
    pub fn new(array: &'a ArrayRef, data_type: &LogicalType, settings: &'a FormatSettings) -> Self {
        let _ = data_type;
        ColumnWriter { array, settings }
    }

    /// Appends a value, which must not be NULL.
    pub fn write(&self, row: usize, out: &mut Vec<u8>) {
        let _ = (self.array, self.settings, row, out);
    }
}

/// Reads one value.
///
/// # Errors
/// 22P02, 22003, 22007, 22008, 22001 with Postgres's sentence: `invalid input syntax for type integer: "x"`.
pub fn parse_value(text: &str, data_type: &LogicalType, settings: &FormatSettings) -> Result<Literal> {
    let _ = (text, data_type, settings);
    Err(Error::Internal("text input is not there yet".into()))
}

/// Builds a column from text values: what COPY and casts from text use. `char(n)` and `varchar(n)` fail on overlong values.
pub trait ColumnBuilder: Send {
    /// Appends the value a text stands for.
    ///
    /// # Errors
    /// As [`parse_value`]; nothing was appended.
    fn push_text(&mut self, text: &[u8]) -> Result<()>;
    /// Appends the value a binary form (as in COPY binary) stands for.
    ///
    /// # Errors
    /// 22P03 where the bytes do not have the type's form; nothing was appended.
    fn push_binary(&mut self, bytes: &[u8]) -> Result<()>;
    /// Appends NULL.
    fn push_null(&mut self);
    /// Removes what was appended after the first `row_count` rows, so that a bad row leaves nothing.
    fn truncate(&mut self, row_count: usize);
    /// Rows so far.
    fn len(&self) -> usize;
    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// About how much memory is held.
    fn memory_bytes(&self) -> usize;
    /// The plain array ([`crate::types::array_type`]) of all rows; the builder is empty afterwards.
    fn finish(&mut self) -> ArrayRef;
}

/// A builder for a type.
///
/// # Errors
/// Where the type cannot be read from text.
pub fn column_builder(data_type: &LogicalType, settings: &FormatSettings) -> Result<Box<dyn ColumnBuilder>> {
    let _ = (data_type, settings);
    Err(Error::Internal("text input is not there yet".into()))
}
