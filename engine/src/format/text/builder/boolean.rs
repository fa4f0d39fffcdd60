//! Columns of booleans.

use crate::error::Result;
use crate::format::binary::read;
use crate::format::text::ColumnBuilder;
use crate::format::text::text_in::number;
use arrow_array::{ArrayRef, BooleanArray};
use arrow_buffer::{BooleanBufferBuilder, NullBufferBuilder};
use std::sync::Arc;

/// Booleans, a bit each.
pub(super) struct BooleanColumn {
    values: BooleanBufferBuilder,
    nulls: NullBufferBuilder,
}

impl Default for BooleanColumn {
    fn default() -> Self {
        BooleanColumn {
            values: BooleanBufferBuilder::new(0),
            nulls: NullBufferBuilder::new(0),
        }
    }
}

impl ColumnBuilder for BooleanColumn {
    fn push_text(&mut self, text: &[u8]) -> Result<()> {
        self.values.append(number::parse_boolean(text)?);
        self.nulls.append_non_null();
        Ok(())
    }

    fn push_binary(&mut self, bytes: &[u8]) -> Result<()> {
        self.values.append(read::boolean(bytes)?);
        self.nulls.append_non_null();
        Ok(())
    }

    fn push_null(&mut self) {
        self.values.append(false);
        self.nulls.append_null();
    }

    fn truncate(&mut self, row_count: usize) {
        self.values.truncate(row_count);
        self.nulls.truncate(row_count);
    }

    fn len(&self) -> usize {
        self.values.len()
    }

    fn memory_bytes(&self) -> usize {
        self.values.capacity() / 8 + self.nulls.allocated_size()
    }

    fn finish(&mut self) -> ArrayRef {
        Arc::new(BooleanArray::new(self.values.finish(), self.nulls.finish()))
    }
}
