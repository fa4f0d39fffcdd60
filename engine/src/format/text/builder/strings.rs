//! Columns of text, bytes and json: view arrays.

use crate::error::{Error, Result, SqlState};
use crate::format::binary::read;
use crate::format::text::ColumnBuilder;
use crate::format::text::text_in::{bytea, json, string};
use crate::functions::jsonpath;
use crate::types::LogicalType;
use arrow_array::builder::{ArrayBuilder, BinaryViewBuilder, GenericByteViewBuilder, StringViewBuilder};
use arrow_array::types::ByteViewType;
use arrow_array::{Array, ArrayRef, GenericByteViewArray};
use std::sync::Arc;

/// Bytes of a value; Postgres's own limit.
const VALUE_BYTES_MAX: usize = 1 << 30;

#[cold]
fn too_large() -> Error {
    Error::user(
        SqlState::PROGRAM_LIMIT_EXCEEDED,
        format!("a value has more than {VALUE_BYTES_MAX} bytes"),
    )
}

fn append<T: ByteViewType>(builder: &mut GenericByteViewBuilder<T>, value: &T::Native) -> Result<()> {
    if AsRef::<[u8]>::as_ref(value).len() > VALUE_BYTES_MAX {
        return Err(too_large());
    }
    builder.try_append_value(value).map_err(|_| too_large())
}

/// A view builder cannot be cut; the values that stay are built again. Only a bad row asks for it.
fn truncate<T: ByteViewType>(builder: &mut GenericByteViewBuilder<T>, row_count: usize) {
    if row_count < builder.len() {
        let kept: GenericByteViewArray<T> = builder.finish().slice(0, row_count);
        for at in 0..kept.len() {
            match kept.is_null(at) {
                true => builder.append_null(),
                false => builder.append_value(kept.value(at)),
            }
        }
    }
}

/// Text-like types.
pub(super) struct TextColumn {
    builder: StringViewBuilder,
    data_type: LogicalType,
    /// The type takes any text as it is.
    is_unbounded: bool,
}

impl TextColumn {
    pub(super) fn new(data_type: LogicalType) -> Self {
        TextColumn {
            builder: StringViewBuilder::with_capacity(0),
            is_unbounded: matches!(
                data_type,
                LogicalType::Text | LogicalType::Varchar(None) | LogicalType::Unknown
            ),
            data_type,
        }
    }
}

impl ColumnBuilder for TextColumn {
    fn push_text(&mut self, text: &[u8]) -> Result<()> {
        let mut text = string::parse_utf8(text)?;
        if !self.is_unbounded {
            text = string::fit(text, &self.data_type)?;
        }
        append(&mut self.builder, text)
    }

    fn push_binary(&mut self, bytes: &[u8]) -> Result<()> {
        // No letter is sent as a zero.
        let is_none = self.data_type == LogicalType::SingleChar && bytes == [0];
        self.push_text(if is_none { &[] } else { bytes })
    }

    fn push_null(&mut self) {
        self.builder.append_null();
    }

    fn truncate(&mut self, row_count: usize) {
        truncate(&mut self.builder, row_count);
    }

    fn len(&self) -> usize {
        self.builder.len()
    }

    fn memory_bytes(&self) -> usize {
        self.builder.allocated_size()
    }

    fn finish(&mut self) -> ArrayRef {
        Arc::new(self.builder.finish())
    }
}

/// `json` as it is, `jsonb` and `jsonpath` normalized.
pub(super) struct JsonColumn {
    builder: StringViewBuilder,
    data_type: LogicalType,
    buffer: Vec<u8>,
}

impl JsonColumn {
    pub(super) fn new(data_type: LogicalType) -> Self {
        JsonColumn {
            builder: StringViewBuilder::with_capacity(0),
            data_type,
            buffer: Vec::new(),
        }
    }

    fn push(&mut self, text: &str) -> Result<()> {
        match self.data_type {
            LogicalType::Jsonb => {
                self.buffer.clear();
                json::normalize(text, &mut self.buffer)?;
                append(&mut self.builder, string::parse_utf8(&self.buffer)?)
            }
            LogicalType::Jsonpath => {
                let mut path = String::with_capacity(text.len());
                jsonpath::normalize(text, &mut path)?;
                append(&mut self.builder, path.as_str())
            }
            _ => {
                json::validate(text)?;
                append(&mut self.builder, text)
            }
        }
    }
}

impl ColumnBuilder for JsonColumn {
    fn push_text(&mut self, text: &[u8]) -> Result<()> {
        self.push(string::parse_utf8(text)?)
    }

    fn push_binary(&mut self, bytes: &[u8]) -> Result<()> {
        match self.data_type {
            LogicalType::Jsonb => self.push(read::jsonb_text(bytes)?),
            LogicalType::Jsonpath => self.push(read::jsonpath_text(bytes)?),
            _ => self.push_text(bytes),
        }
    }

    fn push_null(&mut self) {
        self.builder.append_null();
    }

    fn truncate(&mut self, row_count: usize) {
        truncate(&mut self.builder, row_count);
    }

    fn len(&self) -> usize {
        self.builder.len()
    }

    fn memory_bytes(&self) -> usize {
        self.builder.allocated_size() + self.buffer.capacity()
    }

    fn finish(&mut self) -> ArrayRef {
        Arc::new(self.builder.finish())
    }
}

/// `bytea`
#[derive(Default)]
pub(super) struct BytesColumn {
    builder: BinaryViewBuilder,
    buffer: Vec<u8>,
}

impl ColumnBuilder for BytesColumn {
    fn push_text(&mut self, text: &[u8]) -> Result<()> {
        self.buffer.clear();
        bytea::parse(text, &mut self.buffer)?;
        append(&mut self.builder, self.buffer.as_slice())
    }

    fn push_binary(&mut self, bytes: &[u8]) -> Result<()> {
        append(&mut self.builder, bytes)
    }

    fn push_null(&mut self) {
        self.builder.append_null();
    }

    fn truncate(&mut self, row_count: usize) {
        truncate(&mut self.builder, row_count);
    }

    fn len(&self) -> usize {
        self.builder.len()
    }

    fn memory_bytes(&self) -> usize {
        self.builder.allocated_size() + self.buffer.capacity()
    }

    fn finish(&mut self) -> ArrayRef {
        Arc::new(self.builder.finish())
    }
}
