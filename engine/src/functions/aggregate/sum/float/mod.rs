//! Sums of floating-point numbers: exact until the end, and rounded once then. They depend on no order, and on no division into parts.
//!
//! A state is three columns: the nearest double, the double that is nearest to what that lacks, and, where both together are not the
//! sum, the rest as [`WideSum::encoded`](wide::WideSum::encoded) has it. The same values give the same state.

mod groups;
mod pair;
#[cfg(test)]
mod tests;
mod wide;

use crate::error::{Error, Result, SqlState};
use crate::functions::aggregate::rows::{counting_rows, visit};
use crate::functions::{Accumulator, Groups};
use arrow_array::builder::{ArrayBuilder, BinaryViewBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, Float64Array, PrimitiveArray, new_null_array};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use arrow_schema::DataType;
use groups::GroupSums;
pub(in crate::functions::aggregate) use groups::Parts;
pub(in crate::functions::aggregate) use pair::two_sum;
use std::marker::PhantomData;
use std::sync::Arc;

/// A floating-point type that sums take in and give.
pub(in crate::functions::aggregate) trait Float: ArrowPrimitiveType {
    fn widen(value: Self::Native) -> f64;
    /// What is nearest to a sum whose nearest double is this, and which lies on this side of it.
    fn nearest(double: f64, missing: f64) -> Self::Native;
    fn is_infinite(value: Self::Native) -> bool;
}

impl Float for Float64Type {
    #[inline(always)]
    fn widen(value: f64) -> f64 {
        value
    }
    fn nearest(double: f64, _missing: f64) -> f64 {
        double
    }
    fn is_infinite(value: f64) -> bool {
        value.is_infinite()
    }
}

impl Float for Float32Type {
    #[inline(always)]
    fn widen(value: f32) -> f64 {
        f64::from(value)
    }
    /// Rounding twice is rounding once where the first is to odd (S. Boldo and G. Melquiond, "Emulation of a FMA and correctly rounded
    /// sums", 2008): of the doubles around the sum, the one whose last bit is set.
    fn nearest(double: f64, missing: f64) -> f32 {
        let bits = double.to_bits();
        let is_odd = bits & 1 == 1;
        let odd = match missing == 0.0 || is_odd || !double.is_finite() {
            true => bits,
            false if (missing < 0.0) == (double < 0.0) => bits + 1,
            false => bits - 1,
        };
        f64::from_bits(odd) as f32
    }
    fn is_infinite(value: f32) -> bool {
        value.is_infinite()
    }
}

/// Exact sums of a floating-point type.
pub(in crate::functions::aggregate) struct FloatSum<T> {
    sums: GroupSums,
    float: PhantomData<fn() -> T>,
}

impl<T: Float> FloatSum<T> {
    pub(in crate::functions::aggregate) fn new() -> Self {
        FloatSum {
            sums: GroupSums::default(),
            float: PhantomData,
        }
    }

    /// All sums, taken apart, `None` of groups without values; nothing is left.
    pub(in crate::functions::aggregate) fn parts(&mut self, group_count: usize) -> impl Iterator<Item = Option<Parts>> {
        self.sums.take(group_count)
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
        self.sums.grow(group_count);
        let mask = counting_rows(&arguments[..1], selection);
        let values = arguments[0].as_primitive::<T>().values();
        self.sums.add::<T>(values, groups, mask.as_ref());
        Ok(())
    }

    fn merge(&mut self, states: &[ArrayRef], groups: Groups<'_>, group_count: usize) -> Result<()> {
        self.sums.grow(group_count);
        let [nearest, missing] = [0, 1].map(|column| states[column].as_primitive::<Float64Type>().values());
        let rests = &states[2];
        let mask = counting_rows(&states[..1], None);
        if rests.null_count() == rests.len() {
            self.sums.add::<Float64Type>(nearest, groups, mask.as_ref());
            self.sums.add::<Float64Type>(missing, groups, mask.as_ref());
            return Ok(());
        }
        let rests = rests.as_binary_view();
        let mut is_known = true;
        visit(groups, mask.as_ref(), |group, row| {
            let has_rest = rests.is_valid(row);
            // Beyond the doubles all of a sum is the rest.
            if !has_rest || nearest[row].is_finite() {
                self.sums.add_value(group, nearest[row]);
                self.sums.add_value(group, missing[row]);
            }
            is_known &= !has_rest || self.sums.add_rest(group, rests.value(row)).is_some();
        });
        match is_known {
            true => Ok(()),
            false => Err(Error::Internal("what should be the rest of a sum is none".into())),
        }
    }

    fn state_types(&self) -> Vec<DataType> {
        vec![DataType::Float64, DataType::Float64, DataType::BinaryView]
    }

    fn state_bytes(&self) -> Option<usize> {
        // Hardly a group has a rest: its view remains.
        Some(2 * size_of::<f64>() + size_of::<u128>())
    }

    fn states(&mut self, group_count: usize) -> Result<Vec<ArrayRef>> {
        let (mut nearest, mut missing) = (Vec::with_capacity(group_count), Vec::with_capacity(group_count));
        let mut present = Vec::with_capacity(group_count);
        let mut rests = Vec::new();
        for (group, sum) in self.sums.take(group_count).enumerate() {
            present.push(sum.is_some());
            let sum = sum.unwrap_or(Parts {
                nearest: 0.0,
                missing: 0.0,
                rest: None,
            });
            nearest.push(sum.nearest);
            missing.push(sum.missing);
            rests.extend(sum.rest.map(|rest| (group, rest.encoded())));
        }
        let present = Some(NullBuffer::from(present)).filter(|present| present.null_count() > 0);
        Ok(vec![
            Arc::new(Float64Array::new(nearest.into(), present.clone())),
            Arc::new(Float64Array::new(missing.into(), present)),
            rest_column(&rests, group_count),
        ])
    }

    fn finish(&mut self, group_count: usize) -> Result<ArrayRef> {
        let answers = self.sums.take(group_count).map(|sum| sum.map(answer::<T>).transpose());
        Ok(Arc::new(answers.collect::<Result<PrimitiveArray<T>>>()?))
    }

    fn memory_bytes(&self) -> usize {
        self.sums.memory_bytes()
    }
}

/// The rests of a few groups of many, ascending.
fn rest_column(rests: &[(usize, Vec<u8>)], group_count: usize) -> ArrayRef {
    if rests.is_empty() {
        return new_null_array(&DataType::BinaryView, group_count);
    }
    let mut column = BinaryViewBuilder::with_capacity(group_count);
    for (group, rest) in rests {
        (column.len()..*group).for_each(|_| column.append_null());
        column.append_value(rest);
    }
    (column.len()..group_count).for_each(|_| column.append_null());
    Arc::new(column.finish())
}

/// A sum, rounded.
///
/// # Errors
/// 22003: all values were finite, and the type has nothing as large as their sum.
fn answer<T: Float>(sum: Parts) -> Result<T::Native> {
    let answer = T::nearest(sum.nearest, sum.missing);
    if sum.is_overflow() || (T::is_infinite(answer) && sum.nearest.is_finite()) {
        return Err(Error::user(
            SqlState::NUMERIC_VALUE_OUT_OF_RANGE,
            "value out of range: overflow",
        ));
    }
    Ok(answer)
}
