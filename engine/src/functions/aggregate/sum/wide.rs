//! Exact sums of decimals of more than 18 digits.

use super::{overflow, sum_answers, sum_state_type, sum_states};
use crate::error::Result;
use crate::functions::aggregate::rows::{counting_rows, grow, visit_values};
use crate::functions::{Accumulator, Groups};
use arrow_array::ArrayRef;
use arrow_array::cast::AsArray;
use arrow_array::types::Decimal128Type;
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;

/// Sums in 128 bits; leaving them is the user's error.
pub(in crate::functions::aggregate) struct WideSum {
    sums: Vec<Option<i128>>,
    scale: i8,
}

impl WideSum {
    pub(in crate::functions::aggregate) fn new(scale: i8) -> Self {
        WideSum {
            sums: Vec::new(),
            scale,
        }
    }

    fn take(&mut self, group_count: usize) -> impl Iterator<Item = Option<i128>> + use<> {
        grow(&mut self.sums, group_count, None);
        std::mem::take(&mut self.sums).into_iter()
    }
}

impl Accumulator for WideSum {
    fn update(
        &mut self,
        arguments: &[ArrayRef],
        groups: Groups<'_>,
        selection: Option<&BooleanBuffer>,
        group_count: usize,
    ) -> Result<()> {
        grow(&mut self.sums, group_count, None);
        let mask = counting_rows(&arguments[..1], selection);
        let values = arguments[0].as_primitive::<Decimal128Type>().values();
        let mut overflowed = false;
        visit_values(values, groups, mask.as_ref(), |group, value| {
            let (sum, wrapped) = self.sums[group].unwrap_or(0).overflowing_add(value);
            overflowed |= wrapped;
            self.sums[group] = Some(sum);
        });
        match overflowed {
            true => Err(overflow()),
            false => Ok(()),
        }
    }

    fn merge(&mut self, states: &[ArrayRef], groups: Groups<'_>, group_count: usize) -> Result<()> {
        self.update(states, groups, None, group_count)
    }

    fn state_types(&self) -> Vec<DataType> {
        vec![sum_state_type(self.scale)]
    }

    fn states(&mut self, group_count: usize) -> Result<Vec<ArrayRef>> {
        let scale = self.scale;
        Ok(vec![sum_states(self.take(group_count), scale)])
    }

    fn finish(&mut self, group_count: usize) -> Result<ArrayRef> {
        let answer = sum_state_type(self.scale);
        sum_answers(self.take(group_count), &answer)
    }

    fn memory_bytes(&self) -> usize {
        self.sums.capacity() * size_of::<Option<i128>>()
    }
}
