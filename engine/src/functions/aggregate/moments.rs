//! States of a few doubles each, as covariances, regressions and higher moments keep them: rounded as rows come, so that the last digits
//! depend on their order.

use super::rows::{counting_rows, visit};
use crate::error::Result;
use crate::functions::{Accumulator, Groups};
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{ArrayRef, Float64Array};
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;
use std::sync::Arc;

/// How `N` doubles take in rows of `A` doubles.
pub(super) trait Moments<const A: usize, const N: usize>: Send + 'static {
    /// Takes a row in.
    fn step(state: &mut [f64; N], row: [f64; A]);
    /// Takes another state in.
    fn combine(state: &mut [f64; N], other: &[f64; N]);
}

/// States of all groups, and what they come to in the end.
pub(super) struct MomentStates<M, const A: usize, const N: usize> {
    states: Vec<[f64; N]>,
    finish: fn(&[[f64; N]]) -> Result<ArrayRef>,
    moments: std::marker::PhantomData<fn() -> M>,
}

impl<M: Moments<A, N>, const A: usize, const N: usize> MomentStates<M, A, N> {
    /// Nothing yet.
    pub(super) fn new(finish: fn(&[[f64; N]]) -> Result<ArrayRef>) -> Self {
        MomentStates {
            states: Vec::new(),
            finish,
            moments: std::marker::PhantomData,
        }
    }

    fn take(&mut self, group_count: usize) -> Vec<[f64; N]> {
        self.grow(group_count);
        std::mem::take(&mut self.states)
    }

    fn grow(&mut self, group_count: usize) {
        super::rows::grow(&mut self.states, group_count, [0.0; N]);
    }
}

impl<M: Moments<A, N>, const A: usize, const N: usize> Accumulator for MomentStates<M, A, N> {
    fn update(
        &mut self,
        arguments: &[ArrayRef],
        groups: Groups<'_>,
        selection: Option<&BooleanBuffer>,
        group_count: usize,
    ) -> Result<()> {
        self.grow(group_count);
        let mask = counting_rows(&arguments[..A], selection);
        let columns: [&[f64]; A] = std::array::from_fn(|at| &arguments[at].as_primitive::<Float64Type>().values()[..]);
        visit(groups, mask.as_ref(), |group, row| {
            M::step(&mut self.states[group], columns.map(|column| column[row]));
        });
        Ok(())
    }

    fn merge(&mut self, states: &[ArrayRef], groups: Groups<'_>, group_count: usize) -> Result<()> {
        self.grow(group_count);
        let columns: [&[f64]; N] = std::array::from_fn(|at| &states[at].as_primitive::<Float64Type>().values()[..]);
        visit(groups, None, |group, row| {
            M::combine(&mut self.states[group], &columns.map(|column| column[row]));
        });
        Ok(())
    }

    fn state_types(&self) -> Vec<DataType> {
        vec![DataType::Float64; N]
    }

    fn states(&mut self, group_count: usize) -> Result<Vec<ArrayRef>> {
        let states = self.take(group_count);
        let column =
            |at: usize| -> ArrayRef { Arc::new(states.iter().map(|state| Some(state[at])).collect::<Float64Array>()) };
        Ok((0..N).map(column).collect())
    }

    fn finish(&mut self, group_count: usize) -> Result<ArrayRef> {
        (self.finish)(&self.take(group_count))
    }

    fn memory_bytes(&self) -> usize {
        self.states.capacity() * size_of::<[f64; N]>()
    }
}

/// Answers as doubles.
pub(super) fn doubles<const N: usize>(
    states: &[[f64; N]],
    answer: impl Fn(&[f64; N]) -> Option<f64>,
) -> Result<ArrayRef> {
    Ok(Arc::new(states.iter().map(answer).collect::<Float64Array>()))
}
