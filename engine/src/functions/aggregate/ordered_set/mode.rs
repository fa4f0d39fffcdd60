//! `mode` over rows that arrive sorted.

use crate::error::Result;
use crate::functions::aggregate::rows::counting_rows;
use crate::functions::aggregate::value_lists::ValueLists;
use crate::functions::{Accumulator, Groups};
use crate::operators::key::{KeyEncoder, KeyField};
use arrow_array::{ArrayRef, UInt32Array, new_null_array};
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;
use std::cmp::Ordering;

/// The ordered values, until the end.
pub(super) struct Mode {
    values: ValueLists,
    data_type: DataType,
    keys: KeyEncoder,
}

impl Mode {
    pub(super) fn new(data_type: DataType) -> Result<Self> {
        Ok(Mode {
            values: ValueLists::new(vec![data_type.clone()]),
            keys: KeyEncoder::new(vec![KeyField::without_nulls(data_type.clone())])?,
            data_type,
        })
    }
}

impl Accumulator for Mode {
    fn update(
        &mut self,
        arguments: &[ArrayRef],
        groups: Groups<'_>,
        selection: Option<&BooleanBuffer>,
        _group_count: usize,
    ) -> Result<()> {
        let mask = counting_rows(&arguments[..1], selection);
        self.values.add(&arguments[..1], groups, mask.as_ref())
    }

    fn merge(&mut self, states: &[ArrayRef], groups: Groups<'_>, _group_count: usize) -> Result<()> {
        self.values.merge(states, groups)
    }

    fn state_types(&self) -> Vec<DataType> {
        self.values.state_types()
    }

    fn states(&mut self, group_count: usize) -> Result<Vec<ArrayRef>> {
        self.values.states(group_count)
    }

    fn finish(&mut self, group_count: usize) -> Result<ArrayRef> {
        let grouped = self.values.take(group_count)?;
        let values = &grouped.columns[0];
        if values.is_empty() {
            return Ok(new_null_array(&self.data_type, group_count));
        }
        let keys = self.keys.encode(&grouped.columns, values.len())?;
        let mut modes: Vec<Option<u32>> = Vec::with_capacity(group_count);
        for range in grouped.ranges() {
            let (mut best, mut best_count, mut start) = (None, 0, range.start);
            for row in range.clone() {
                if keys.compare(start, row) != Ordering::Equal {
                    start = row;
                }
                if row - start + 1 > best_count {
                    (best, best_count) = (Some(start as u32), row - start + 1);
                }
            }
            modes.push(best);
        }
        Ok(arrow_select::take::take(values, &UInt32Array::from(modes), None)?)
    }

    fn memory_bytes(&self) -> usize {
        self.values.memory_bytes()
    }
}
