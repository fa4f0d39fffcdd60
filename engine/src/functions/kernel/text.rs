//! Answers made of text: one buffer for all rows, so that a row costs no allocation.

use crate::error::Result;
use crate::functions::{Call, Value};
use arrow_array::builder::{BinaryViewBuilder, StringViewBuilder};
use std::sync::Arc;

impl Call<'_> {
    /// Answers with one text per row: `write` appends it to an empty string.
    ///
    /// # Errors
    /// As `write` gives them; rows with a NULL argument are not asked for and are NULL.
    pub(crate) fn map_texts(&self, mut write: impl FnMut(usize, &mut String) -> Result<()>) -> Result<Value> {
        self.map_texts_or_null(|row, out| write(row, out).map(|()| true))
    }

    /// As [`Self::map_texts`]; where `write` answers false the row is NULL.
    pub(crate) fn map_texts_or_null(&self, mut write: impl FnMut(usize, &mut String) -> Result<bool>) -> Result<Value> {
        let nulls = self.nulls();
        let mut builder = StringViewBuilder::with_capacity(self.row_count);
        let mut text = String::new();
        for row in 0..self.row_count {
            if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
                builder.append_null();
                continue;
            }
            text.clear();
            if write(row, &mut text)? {
                builder.append_value(&text);
            } else {
                builder.append_null();
            }
        }
        Ok(Value::Array(Arc::new(builder.finish())))
    }

    /// As [`Self::map_texts`], but every row is asked for, NULL arguments or not: for functions that are called on NULLs.
    pub(crate) fn map_every_text(&self, mut write: impl FnMut(usize, &mut String) -> Result<bool>) -> Result<Value> {
        let mut builder = StringViewBuilder::with_capacity(self.row_count);
        let mut text = String::new();
        for row in 0..self.row_count {
            text.clear();
            if write(row, &mut text)? {
                builder.append_value(&text);
            } else {
                builder.append_null();
            }
        }
        Ok(Value::Array(Arc::new(builder.finish())))
    }

    /// As [`Self::map_texts`], for bytes.
    pub(crate) fn map_bytes(&self, mut write: impl FnMut(usize, &mut Vec<u8>) -> Result<()>) -> Result<Value> {
        let nulls = self.nulls();
        let mut builder = BinaryViewBuilder::with_capacity(self.row_count);
        let mut bytes = Vec::new();
        for row in 0..self.row_count {
            if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
                builder.append_null();
                continue;
            }
            bytes.clear();
            write(row, &mut bytes)?;
            builder.append_value(&bytes);
        }
        Ok(Value::Array(Arc::new(builder.finish())))
    }
}
