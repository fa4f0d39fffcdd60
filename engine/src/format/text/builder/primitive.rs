//! Columns of values of one fixed width.

use crate::error::Result;
use crate::format::binary::read;
use crate::format::text::ColumnBuilder;
use arrow_array::types::ArrowPrimitiveType;
use arrow_array::{ArrayRef, FixedSizeBinaryArray, PrimitiveArray};
use arrow_buffer::{Buffer, NullBufferBuilder, ScalarBuffer};
use arrow_schema::DataType;
use std::sync::Arc;

/// Numbers, dates and times.
pub(super) struct PrimitiveColumn<T: ArrowPrimitiveType, P, B> {
    values: Vec<T::Native>,
    nulls: NullBufferBuilder,
    data_type: DataType,
    parse: P,
    read: B,
}

impl<T: ArrowPrimitiveType, P, B> PrimitiveColumn<T, P, B>
where
    P: Fn(&[u8]) -> Result<T::Native> + Send,
    B: Fn(&[u8]) -> Result<T::Native> + Send,
{
    pub(super) fn new(data_type: DataType, parse: P, read: B) -> Self {
        PrimitiveColumn {
            values: Vec::new(),
            nulls: NullBufferBuilder::new(0),
            data_type,
            parse,
            read,
        }
    }
}

impl<T: ArrowPrimitiveType, P, B> ColumnBuilder for PrimitiveColumn<T, P, B>
where
    P: Fn(&[u8]) -> Result<T::Native> + Send,
    B: Fn(&[u8]) -> Result<T::Native> + Send,
{
    fn push_text(&mut self, text: &[u8]) -> Result<()> {
        self.values.push((self.parse)(text)?);
        self.nulls.append_non_null();
        Ok(())
    }

    fn push_binary(&mut self, bytes: &[u8]) -> Result<()> {
        self.values.push((self.read)(bytes)?);
        self.nulls.append_non_null();
        Ok(())
    }

    fn push_null(&mut self) {
        self.values.push(T::Native::default());
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
        self.values.capacity() * size_of::<T::Native>() + self.nulls.allocated_size()
    }

    fn finish(&mut self) -> ArrayRef {
        let values = ScalarBuffer::from(std::mem::take(&mut self.values));
        let nulls = self.nulls.finish();
        Arc::new(PrimitiveArray::<T>::new(values, nulls).with_data_type(self.data_type.clone()))
    }
}

/// Uuids.
pub(super) struct UuidColumn {
    values: Vec<[u8; 16]>,
    nulls: NullBufferBuilder,
    parse: fn(&[u8]) -> Result<[u8; 16]>,
}

impl UuidColumn {
    pub(super) fn new(parse: fn(&[u8]) -> Result<[u8; 16]>) -> Self {
        UuidColumn {
            values: Vec::new(),
            nulls: NullBufferBuilder::new(0),
            parse,
        }
    }
}

impl ColumnBuilder for UuidColumn {
    fn push_text(&mut self, text: &[u8]) -> Result<()> {
        self.values.push((self.parse)(text)?);
        self.nulls.append_non_null();
        Ok(())
    }

    fn push_binary(&mut self, bytes: &[u8]) -> Result<()> {
        self.values.push(read::uuid(bytes)?);
        self.nulls.append_non_null();
        Ok(())
    }

    fn push_null(&mut self) {
        self.values.push([0; 16]);
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
        self.values.capacity() * 16 + self.nulls.allocated_size()
    }

    fn finish(&mut self) -> ArrayRef {
        let values = std::mem::take(&mut self.values).into_flattened();
        Arc::new(FixedSizeBinaryArray::new(
            16,
            Buffer::from_vec(values),
            self.nulls.finish(),
        ))
    }
}
