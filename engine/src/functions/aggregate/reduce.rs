//! States that are one value of the argument's type, or nothing yet: extremes and bit operations of primitives.

use super::rows::{counting_rows, grow, visit_values};
use crate::error::Result;
use crate::functions::{Accumulator, Groups};
use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, ArrowPrimitiveType, PrimitiveArray};
use arrow_buffer::{BooleanBuffer, NullBuffer, ScalarBuffer};
use arrow_schema::DataType;
use std::marker::PhantomData;
use std::sync::Arc;

/// How two values become one. Associative and commutative.
pub(super) trait Reduction<V>: Send + 'static {
    /// The value of both.
    fn reduce(left: V, right: V) -> V;
}

/// One value per group.
pub(super) struct Reduce<T: ArrowPrimitiveType, R> {
    data_type: DataType,
    values: Vec<T::Native>,
    present: Vec<bool>,
    reduction: PhantomData<fn() -> R>,
}

impl<T: ArrowPrimitiveType, R: Reduction<T::Native>> Reduce<T, R> {
    /// For arguments of this type.
    pub(super) fn new(data_type: DataType) -> Self {
        Reduce {
            data_type,
            values: Vec::new(),
            present: Vec::new(),
            reduction: PhantomData,
        }
    }

    fn grow(&mut self, group_count: usize) {
        grow(&mut self.values, group_count, T::default_value());
        grow(&mut self.present, group_count, false);
    }

    #[inline(always)]
    fn take_in(&mut self, group: usize, value: T::Native) {
        self.values[group] = match self.present[group] {
            true => R::reduce(self.values[group], value),
            false => value,
        };
        self.present[group] = true;
    }

    fn array(&mut self, group_count: usize) -> ArrayRef {
        self.grow(group_count);
        let values = ScalarBuffer::from(std::mem::take(&mut self.values));
        let nulls = NullBuffer::from(std::mem::take(&mut self.present));
        let array = PrimitiveArray::<T>::new(values, Some(nulls).filter(|nulls| nulls.null_count() > 0));
        Arc::new(array.with_data_type(self.data_type.clone()))
    }
}

impl<T: ArrowPrimitiveType, R: Reduction<T::Native>> Accumulator for Reduce<T, R> {
    fn update(
        &mut self,
        arguments: &[ArrayRef],
        groups: Groups<'_>,
        selection: Option<&BooleanBuffer>,
        group_count: usize,
    ) -> Result<()> {
        self.grow(group_count);
        let mask = counting_rows(&arguments[..1], selection);
        let values = arguments[0].as_primitive::<T>().values();
        match (groups, &mask) {
            (Groups::One { group, .. }, None) => {
                if let Some(value) = reduce_all::<T, R>(values) {
                    self.take_in(group as usize, value);
                }
            }
            (groups, mask) => visit_values(values, groups, mask.as_ref(), |group, value| self.take_in(group, value)),
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
        Ok(vec![self.array(group_count)])
    }

    fn finish(&mut self, group_count: usize) -> Result<ArrayRef> {
        Ok(self.array(group_count))
    }

    fn memory_bytes(&self) -> usize {
        self.values.capacity() * size_of::<T::Native>() + self.present.capacity()
    }
}

/// All values as one. Eight lanes, so that one step need not wait for the other.
fn reduce_all<T: ArrowPrimitiveType, R: Reduction<T::Native>>(values: &[T::Native]) -> Option<T::Native> {
    let first = *values.first()?;
    let mut lanes = [first; 8];
    let chunks = values.chunks_exact(8);
    let rest = chunks.remainder();
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane = R::reduce(*lane, *value);
        }
    }
    lanes.iter().chain(rest).copied().reduce(R::reduce)
}
