//! Columns of arrays, records and catalog references: no table stores them, so nothing here is in a hurry.

use crate::error::{Error, Result, SqlState};
use crate::format::text::ColumnBuilder;
use crate::format::{FormatSettings, binary, text};
use crate::types::{Literal, LogicalType, array_of, array_type};
use arrow_array::{Array, ArrayRef, new_empty_array, new_null_array};

/// Bytes of a column: far fewer elements than the 32-bit offsets of lists can count.
const BYTES_MAX: usize = 1 << 30;

/// Values as arrays of one until the end.
pub(super) struct LiteralColumn {
    values: Vec<ArrayRef>,
    /// Of the values together.
    bytes: usize,
    data_type: LogicalType,
    settings: FormatSettings,
}

impl LiteralColumn {
    pub(super) fn new(data_type: LogicalType, settings: FormatSettings) -> Self {
        LiteralColumn {
            values: Vec::new(),
            bytes: 0,
            data_type,
            settings,
        }
    }

    fn push(&mut self, value: &Literal) -> Result<()> {
        let value = array_of(value, &self.data_type)?;
        self.bytes += value.get_array_memory_size();
        if self.bytes > BYTES_MAX {
            return Err(Error::user(
                SqlState::PROGRAM_LIMIT_EXCEEDED,
                format!("values of type {} take more than {BYTES_MAX} bytes", self.data_type),
            ));
        }
        self.values.push(value);
        Ok(())
    }
}

impl ColumnBuilder for LiteralColumn {
    fn push_text(&mut self, text: &[u8]) -> Result<()> {
        let text = text::text_in::string::parse_utf8(text)?;
        let value = text::parse_value(text, &self.data_type, &self.settings)?;
        self.push(&value)
    }

    fn push_binary(&mut self, bytes: &[u8]) -> Result<()> {
        let value = binary::parse_value(bytes, &self.data_type, &self.settings)?;
        self.push(&value)
    }

    fn push_null(&mut self) {
        self.values.push(new_null_array(&array_type(&self.data_type), 1));
    }

    fn truncate(&mut self, row_count: usize) {
        self.values.truncate(row_count);
        self.bytes = self.values.iter().map(|value| value.get_array_memory_size()).sum();
    }

    fn len(&self) -> usize {
        self.values.len()
    }

    fn memory_bytes(&self) -> usize {
        self.bytes
    }

    fn finish(&mut self) -> ArrayRef {
        self.bytes = 0;
        let values = std::mem::take(&mut self.values);
        let arrays: Vec<&dyn Array> = values.iter().map(|value| &**value).collect();
        match arrow_select::concat::concat(&arrays) {
            Ok(array) => array,
            // Nothing cannot be put together; anything else can, being of one type and below the limit.
            Err(_) => new_empty_array(&array_type(&self.data_type)),
        }
    }
}
