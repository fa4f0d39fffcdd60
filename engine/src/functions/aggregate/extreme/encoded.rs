//! The smallest or largest value per group of types that compare by their row encoding: uuid and arrays.

use super::End;
use crate::error::Result;
use crate::functions::aggregate::rows::{counting_rows, grow, visit};
use crate::functions::{Accumulator, Groups};
use arrow_array::ArrayRef;
use arrow_buffer::BooleanBuffer;
use arrow_row::{OwnedRow, RowConverter, SortField};
use arrow_schema::{DataType, SortOptions};
use std::marker::PhantomData;

/// NULLs inside arrays are above all values, as in Postgres.
const ORDER: SortOptions = SortOptions {
    descending: false,
    nulls_first: false,
};

/// A row per group.
pub(in crate::functions::aggregate) struct EncodedExtreme<E> {
    data_type: DataType,
    converter: RowConverter,
    values: Vec<Option<OwnedRow>>,
    bytes: usize,
    end: PhantomData<fn() -> E>,
}

impl<E: End> EncodedExtreme<E> {
    pub(in crate::functions::aggregate) fn new(data_type: DataType) -> Result<Self> {
        let field = SortField::new_with_options(data_type.clone(), ORDER);
        Ok(EncodedExtreme {
            data_type,
            converter: RowConverter::new(vec![field])?,
            values: Vec::new(),
            bytes: 0,
            end: PhantomData,
        })
    }
}

impl<E: End> Accumulator for EncodedExtreme<E> {
    fn update(
        &mut self,
        arguments: &[ArrayRef],
        groups: Groups<'_>,
        selection: Option<&BooleanBuffer>,
        group_count: usize,
    ) -> Result<()> {
        grow(&mut self.values, group_count, None);
        let mask = counting_rows(&arguments[..1], selection);
        let rows = self.converter.convert_columns(&arguments[..1])?;
        visit(groups, mask.as_ref(), |group, row| {
            let (state, row) = (&mut self.values[group], rows.row(row));
            let is_better = match state {
                None => true,
                Some(known) if E::IS_LARGEST => row > known.row(),
                Some(known) => row < known.row(),
            };
            if is_better {
                self.bytes += row.as_ref().len();
                self.bytes -= state.as_ref().map_or(0, |known| known.as_ref().len());
                *state = Some(row.owned());
            }
        });
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
        let nothing = self
            .converter
            .convert_columns(&[arrow_array::new_null_array(&self.data_type, 1)])?;
        let rows = values.iter().map(|value| match value {
            Some(value) => value.row(),
            None => nothing.row(0),
        });
        let mut columns = self.converter.convert_rows(rows)?;
        Ok(columns.remove(0))
    }

    fn memory_bytes(&self) -> usize {
        self.values.capacity() * size_of::<Option<OwnedRow>>() + self.bytes
    }
}
