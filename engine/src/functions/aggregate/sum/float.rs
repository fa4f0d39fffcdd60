//! Sums of floating-point numbers, in doubles.

use super::kernel::sum_f64;
use crate::error::{Error, Result, SqlState};
use crate::functions::aggregate::rows::{counting_rows, grow, visit_values};
use crate::functions::{Accumulator, Groups};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type};
use arrow_array::{ArrayRef, ArrowPrimitiveType, Float32Array, Float64Array};
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;
use std::marker::PhantomData;
use std::sync::Arc;

/// A floating-point type that sums take in and give.
pub(in crate::functions::aggregate) trait Float: ArrowPrimitiveType {
    fn widen(value: Self::Native) -> f64;
    fn sum(values: &[Self::Native]) -> f64;
    fn array(sums: Vec<Option<f64>>) -> ArrayRef;
}

impl Float for Float64Type {
    #[inline(always)]
    fn widen(value: f64) -> f64 {
        value
    }
    fn sum(values: &[f64]) -> f64 {
        sum_f64(values)
    }
    fn array(sums: Vec<Option<f64>>) -> ArrayRef {
        Arc::new(Float64Array::from(sums))
    }
}

impl Float for Float32Type {
    #[inline(always)]
    fn widen(value: f32) -> f64 {
        f64::from(value)
    }
    fn sum(values: &[f32]) -> f64 {
        values.iter().map(|value| f64::from(*value)).sum()
    }
    fn array(sums: Vec<Option<f64>>) -> ArrayRef {
        let sums = sums.into_iter().map(|sum| sum.map(|sum| sum as f32));
        Arc::new(sums.collect::<Float32Array>())
    }
}

/// The order of additions is the order in which rows and other workers' sums arrive.
pub(in crate::functions::aggregate) struct FloatSum<T> {
    sums: Vec<f64>,
    present: Vec<bool>,
    /// An infinity went in, so an infinite sum need not be an overflow.
    saw_infinity: bool,
    float: PhantomData<fn() -> T>,
}

impl<T: Float> FloatSum<T> {
    pub(in crate::functions::aggregate) fn new() -> Self {
        FloatSum {
            sums: Vec::new(),
            present: Vec::new(),
            saw_infinity: false,
            float: PhantomData,
        }
    }

    fn grow(&mut self, group_count: usize) {
        grow(&mut self.sums, group_count, 0.0);
        grow(&mut self.present, group_count, false);
    }

    fn take(&mut self, group_count: usize) -> Vec<Option<f64>> {
        self.grow(group_count);
        let sums = std::mem::take(&mut self.sums).into_iter();
        let present = std::mem::take(&mut self.present).into_iter();
        sums.zip(present).map(|(sum, present)| present.then_some(sum)).collect()
    }
}

impl<T: Float> Accumulator for FloatSum<T> {
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
        self.saw_infinity |= values.iter().any(|value| T::widen(*value).is_infinite());
        match (groups, &mask) {
            (Groups::One { group, .. }, None) => {
                self.sums[group as usize] += T::sum(values);
                self.present[group as usize] |= !values.is_empty();
            }
            (groups, mask) => visit_values(values, groups, mask.as_ref(), |group, value| {
                self.sums[group] += T::widen(value);
                self.present[group] = true;
            }),
        }
        Ok(())
    }

    fn merge(&mut self, states: &[ArrayRef], groups: Groups<'_>, group_count: usize) -> Result<()> {
        self.grow(group_count);
        let sums = states[0].as_primitive::<Float64Type>();
        // Overflows were errors where these were handed out.
        self.saw_infinity |= sums.values().iter().any(|sum| sum.is_infinite());
        let mask = counting_rows(&states[..1], None);
        visit_values(sums.values(), groups, mask.as_ref(), |group, sum| {
            self.sums[group] += sum;
            self.present[group] = true;
        });
        Ok(())
    }

    fn state_types(&self) -> Vec<DataType> {
        vec![DataType::Float64]
    }

    fn states(&mut self, group_count: usize) -> Result<Vec<ArrayRef>> {
        let sums = self.take(group_count);
        check_overflow(&sums, self.saw_infinity, f64::MAX)?;
        Ok(vec![Arc::new(Float64Array::from(sums))])
    }

    fn finish(&mut self, group_count: usize) -> Result<ArrayRef> {
        let sums = self.take(group_count);
        let limit = match T::DATA_TYPE {
            DataType::Float32 => f64::from(f32::MAX),
            _ => f64::MAX,
        };
        check_overflow(&sums, self.saw_infinity, limit)?;
        Ok(T::array(sums))
    }

    fn memory_bytes(&self) -> usize {
        self.sums.capacity() * size_of::<f64>() + self.present.capacity()
    }
}

fn check_overflow(sums: &[Option<f64>], saw_infinity: bool, limit: f64) -> Result<()> {
    if !saw_infinity && sums.iter().flatten().any(|sum| sum.abs() > limit) {
        return Err(Error::user(
            SqlState::NUMERIC_VALUE_OUT_OF_RANGE,
            "value out of range: overflow",
        ));
    }
    Ok(())
}
