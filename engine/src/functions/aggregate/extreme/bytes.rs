//! The smallest or largest text or bytea value per group.

use super::End;
use crate::error::Result;
use crate::functions::aggregate::rows::{counting_rows, grow, visit};
use crate::functions::{Accumulator, Groups};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BinaryViewArray};
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;
use std::marker::PhantomData;
use std::sync::Arc;

/// Owned bytes per group: a new extreme is rarer the longer a group lives.
pub(in crate::functions::aggregate) struct BytesExtreme<E> {
    data_type: DataType,
    values: Vec<Option<Box<[u8]>>>,
    /// Of the values, not counting the list.
    bytes: usize,
    end: PhantomData<fn() -> E>,
}

impl<E: End> BytesExtreme<E> {
    pub(in crate::functions::aggregate) fn new(data_type: DataType) -> Self {
        BytesExtreme {
            data_type,
            values: Vec::new(),
            bytes: 0,
            end: PhantomData,
        }
    }

    #[inline]
    fn take_in(&mut self, group: usize, value: &[u8]) {
        let state = &mut self.values[group];
        let is_better = match state {
            None => true,
            Some(known) if E::IS_LARGEST => *value > **known,
            Some(known) => *value < **known,
        };
        if is_better {
            self.bytes += value.len();
            self.bytes -= state.as_ref().map_or(0, |known| known.len());
            *state = Some(value.into());
        }
    }
}

impl<E: End> Accumulator for BytesExtreme<E> {
    fn update(
        &mut self,
        arguments: &[ArrayRef],
        groups: Groups<'_>,
        selection: Option<&BooleanBuffer>,
        group_count: usize,
    ) -> Result<()> {
        grow(&mut self.values, group_count, None);
        let mask = counting_rows(&arguments[..1], selection);
        match arguments[0].data_type() {
            DataType::Utf8View => {
                let values = arguments[0].as_string_view();
                visit(groups, mask.as_ref(), |group, row| {
                    self.take_in(group, values.value(row).as_bytes());
                });
            }
            _ => {
                let values = arguments[0].as_binary_view();
                visit(groups, mask.as_ref(), |group, row| {
                    self.take_in(group, values.value(row))
                });
            }
        }
        Ok(())
    }

    fn merge(&mut self, states: &[ArrayRef], groups: Groups<'_>, group_count: usize) -> Result<()> {
        self.update(states, groups, None, group_count)
    }

    fn state_types(&self) -> Vec<DataType> {
        vec![self.data_type.clone()]
    }

    fn states(&mut self, group_count: usize) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.finish(group_count)?])
    }

    fn finish(&mut self, group_count: usize) -> Result<ArrayRef> {
        grow(&mut self.values, group_count, None);
        self.bytes = 0;
        let values = std::mem::take(&mut self.values);
        let values = BinaryViewArray::from_iter(values.iter().map(Option::as_deref));
        Ok(match self.data_type {
            DataType::Utf8View => Arc::new(values.to_string_view()?),
            _ => Arc::new(values),
        })
    }

    fn memory_bytes(&self) -> usize {
        self.values.capacity() * size_of::<Option<Box<[u8]>>>() + self.bytes
    }
}
