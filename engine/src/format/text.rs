//! Postgres's text form of every type, out and in: the front page of one file per family and direction.
//!
//! `text_out` writes values, `text_in` reads them, `builder` reads them into columns.

mod builder;
mod text_in;
pub(crate) mod text_out;

use super::FormatSettings;
use crate::error::Result;
use crate::types::{Literal, LogicalType};
use arrow_array::ArrayRef;

pub(crate) use text_in::error;
pub(crate) use text_in::{datetime, json, number, numeric, string, uuid};
pub use text_out::ColumnWriter;
pub(super) use text_out::write_padded;

/// Reads one value.
///
/// # Errors
/// 22P02, 22003, 22007, 22008, 22001 with Postgres's sentence: `invalid input syntax for type integer: "x"`.
pub fn parse_value(text: &str, data_type: &LogicalType, settings: &FormatSettings) -> Result<Literal> {
    text_in::parse_value(text, data_type, settings)
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
    builder::column_builder(data_type, settings)
}

#[cfg(test)]
#[path = "text_test.rs"]
mod tests;

#[cfg(test)]
#[path = "text_golden_test.rs"]
mod golden_tests;
