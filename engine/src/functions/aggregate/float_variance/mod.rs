//! Variances of floating-point numbers, correctly rounded: from the count, the exact sum and the exact sum of squares. They depend on no
//! order of rows, and on no division into parts. Nothing is rounded before the end but what a square has below the smallest double.
//!
//! A state is the count and the states of three exact sums (`sum::FloatSum`): of the values, of their squares as doubles, and of what
//! those lack. A value beyond 1.3e154 has no square: of several values with one among them the variance is an error (22003), as where
//! Postgres's recurrence overflows. An infinity or NaN makes it NaN. Of squares below 1e-292 bits beneath the smallest double are
//! rounded, each for itself, which a variance of normal size never shows.

mod answer;
#[cfg(test)]
mod measure;
#[cfg(test)]
mod tests;

use super::count::Count;
use super::rows::counting_rows;
use super::sum::FloatSum;
use super::variance::Wanted;
use crate::error::Result;
use crate::functions::{Accumulator, Groups};
use answer::PowerSums;
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{ArrayRef, Float64Array};
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;
use std::sync::Arc;
use stoa_storage::vector::multiversion::{Kernel, dispatch};

/// States of all groups.
pub(super) struct FloatVariance {
    wanted: Wanted,
    count: Count,
    sum: FloatSum<Float64Type>,
    squares: FloatSum<Float64Type>,
    /// What the squares lack as doubles. Added to the same sums they would fill more bits than a pair of doubles has.
    errors: FloatSum<Float64Type>,
}

impl FloatVariance {
    /// Nothing yet.
    pub(super) fn new(wanted: Wanted) -> Self {
        FloatVariance {
            wanted,
            count: Count::default(),
            sum: FloatSum::new(),
            squares: FloatSum::new(),
            errors: FloatSum::new(),
        }
    }

    fn sums(&mut self) -> [&mut FloatSum<Float64Type>; 3] {
        [&mut self.sum, &mut self.squares, &mut self.errors]
    }
}

/// The squares of values as doubles, and what those lack.
struct Squares<'a>(&'a [f64]);

impl Kernel for Squares<'_> {
    type Output = (Vec<f64>, Vec<f64>);

    #[inline(always)]
    fn run(self) -> Self::Output {
        let (mut squares, mut errors) = (vec![0.0; self.0.len()], vec![0.0; self.0.len()]);
        for ((value, square), error) in self.0.iter().zip(&mut squares).zip(&mut errors) {
            *square = value * value;
            *error = value.mul_add(*value, -*square);
        }
        (squares, errors)
    }
}

impl Accumulator for FloatVariance {
    fn update(
        &mut self,
        arguments: &[ArrayRef],
        groups: Groups<'_>,
        selection: Option<&BooleanBuffer>,
        group_count: usize,
    ) -> Result<()> {
        let mask = counting_rows(&arguments[..1], selection);
        let mask = mask.as_ref();
        self.count.add(groups, mask, group_count);
        let (squares, errors) = dispatch(Squares(arguments[0].as_primitive::<Float64Type>().values()));
        let [squares, errors] = [squares, errors].map(|values| Arc::new(Float64Array::from(values)) as ArrayRef);
        self.sum.update(arguments, groups, mask, group_count)?;
        self.squares.update(&[squares], groups, mask, group_count)?;
        self.errors.update(&[errors], groups, mask, group_count)
    }

    fn merge(&mut self, states: &[ArrayRef], groups: Groups<'_>, group_count: usize) -> Result<()> {
        let (count, sums) = states.split_at(1);
        self.count.merge(count, groups, group_count)?;
        let columns = sums.len() / 3;
        for (sum, states) in self.sums().into_iter().zip(sums.chunks(columns)) {
            sum.merge(states, groups, group_count)?;
        }
        Ok(())
    }

    fn state_types(&self) -> Vec<DataType> {
        let sums = [&self.sum, &self.squares, &self.errors];
        let types = sums.iter().flat_map(|sum| sum.state_types());
        [DataType::Int64].into_iter().chain(types).collect()
    }

    fn state_bytes(&self) -> Option<usize> {
        Some(size_of::<i64>() + 3 * self.sum.state_bytes()?)
    }

    fn states(&mut self, group_count: usize) -> Result<Vec<ArrayRef>> {
        let mut states = vec![self.count.finish(group_count)?];
        for sum in self.sums() {
            states.extend(sum.states(group_count)?);
        }
        Ok(states)
    }

    fn finish(&mut self, group_count: usize) -> Result<ArrayRef> {
        let wanted = self.wanted;
        let counts = self.count.take(group_count);
        let [sums, squares, errors] = self.sums().map(|sum| sum.parts(group_count));
        let groups = counts.into_iter().zip(sums).zip(squares).zip(errors);
        let answers = groups.map(|(((count, sum), squares), errors)| match (sum, squares, errors) {
            (Some(sum), Some(squares), Some(errors)) => {
                let sums = PowerSums {
                    count,
                    sum,
                    squares,
                    errors,
                };
                sums.answer(wanted)
            }
            _ => Ok(None),
        });
        Ok(Arc::new(answers.collect::<Result<Float64Array>>()?))
    }

    fn memory_bytes(&self) -> usize {
        let sums = [&self.sum, &self.squares, &self.errors];
        self.count.memory_bytes() + sums.iter().map(|sum| sum.memory_bytes()).sum::<usize>()
    }
}
