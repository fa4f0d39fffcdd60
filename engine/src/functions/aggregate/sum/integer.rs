//! Exact sums of integers and decimals.

use super::kernel::{SMALL, are_small, are_small_i128, sum_i32, sum_i64, sum_i128};
use super::{overflow, sum_answers, sum_state_type, sum_states};
use crate::error::Result;
use crate::functions::aggregate::rows::{counting_rows, for_each_word, grow, visit, visit_values};
use crate::functions::{Accumulator, Groups};
use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal64Type, Decimal128Type, Int16Type, Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType};
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;
use std::marker::PhantomData;

/// Integers that sums take in.
pub(in crate::functions::aggregate) trait Summand: ArrowPrimitiveType {
    /// The exact sum; `None` beyond 128 bits.
    fn sum(values: &[Self::Native]) -> Option<i128>;
    /// The lowest 64 bits, all of a small value.
    fn low(value: Self::Native) -> i64;
    /// As 128 bits.
    fn widen(value: Self::Native) -> i128;
    /// Whether `SMALL_ROWS_MAX` such values can be added up in 64 bits.
    fn are_small(values: &[Self::Native]) -> bool;
}

/// Rows of small values that 64 bits can add up.
const SMALL_ROWS_MAX: usize = (i64::MAX / SMALL) as usize / 2;

macro_rules! summand {
    ($type:ty, $sum:expr, $are_small:expr) => {
        impl Summand for $type {
            #[inline(always)]
            fn sum(values: &[Self::Native]) -> Option<i128> {
                $sum(values)
            }
            #[inline(always)]
            fn low(value: Self::Native) -> i64 {
                value as i64
            }
            #[inline(always)]
            fn widen(value: Self::Native) -> i128 {
                i128::from(value)
            }
            #[inline(always)]
            fn are_small(values: &[Self::Native]) -> bool {
                $are_small(values)
            }
        }
    };
}
summand!(
    Int16Type,
    |values: &[i16]| Some(values.iter().map(|value| i128::from(*value)).sum()),
    |_| true
);
summand!(Int32Type, |values| Some(sum_i32(values)), |_| true);
summand!(Int64Type, |values| Some(sum_i64(values)), are_small);
summand!(Decimal64Type, |values| Some(sum_i64(values)), are_small);
summand!(Decimal128Type, sum_i128, are_small_i128);

/// Sums are kept in 64 bits for as long as what was added so far cannot have left them, and beside that in 128; leaving these is the
/// user's error.
pub(in crate::functions::aggregate) struct IntegerSum<T> {
    narrow: Vec<i64>,
    /// What `narrow` holds is the sum of at most so many small values.
    narrow_rows: usize,
    wide: Vec<i128>,
    present: Vec<bool>,
    scale: i8,
    answer: DataType,
    summand: PhantomData<fn() -> T>,
}

/// Groups up to which sums go to several places in turn, so that an addition need not wait for the one before.
const REPLICATED_GROUPS_MAX: usize = 64;
const REPLICAS: usize = 4;
/// Rows from which that pays.
const REPLICATED_ROWS_MIN: usize = 512;

impl<T: Summand> IntegerSum<T> {
    pub(in crate::functions::aggregate) fn new(scale: i8, answer: DataType) -> Self {
        IntegerSum {
            narrow: Vec::new(),
            narrow_rows: 0,
            wide: Vec::new(),
            present: Vec::new(),
            scale,
            answer,
            summand: PhantomData,
        }
    }

    fn add_to_one(&mut self, group: usize, values: &[T::Native], mask: Option<&BooleanBuffer>) -> Result<()> {
        let mut total = Some(0i128);
        let mut present = !values.is_empty();
        match mask {
            None => total = T::sum(values),
            Some(mask) => {
                present = false;
                for_each_word(mask, |range, word| {
                    present = true;
                    let sum = match word {
                        u64::MAX => T::sum(&values[range]),
                        _ => sum_of_bits::<T>(&values[range], word),
                    };
                    total = total.zip(sum).and_then(|(total, sum)| total.checked_add(sum));
                });
            }
        }
        if present {
            grow(&mut self.wide, group + 1, 0);
            if add(&mut self.wide[group], total.ok_or_else(overflow)?) {
                return Err(overflow());
            }
            self.present[group] = true;
        }
        Ok(())
    }

    fn add_per_row(&mut self, groups: &[u32], values: &[T::Native], mask: Option<&BooleanBuffer>) -> Result<()> {
        if !T::are_small(values) {
            grow(&mut self.wide, self.present.len(), 0);
            let mut overflowed = false;
            visit_values(values, Groups::PerRow(groups), mask, |group, value| {
                overflowed |= add(&mut self.wide[group], T::widen(value));
                self.present[group] = true;
            });
            return if overflowed { Err(overflow()) } else { Ok(()) };
        }
        if self.narrow_rows + values.len() > SMALL_ROWS_MAX {
            self.widen();
        }
        self.narrow_rows += values.len();
        let is_worth_replicas = values.len() >= REPLICATED_ROWS_MIN && self.present.len() <= REPLICATED_GROUPS_MAX;
        if mask.is_none() && is_worth_replicas && values.len() <= SMALL_ROWS_MAX {
            self.add_replicated(groups, values);
            return Ok(());
        }
        // Of one length, so that one check of a group serves both.
        let group_count = self.present.len();
        let (narrow, present) = (&mut self.narrow[..group_count], &mut self.present[..group_count]);
        visit_values(values, Groups::PerRow(groups), mask, |group, value| {
            narrow[group] += T::low(value);
            present[group] = true;
        });
        Ok(())
    }

    fn add_replicated(&mut self, groups: &[u32], values: &[T::Native]) {
        let mut replicas = [[(0i64, 0i64); REPLICATED_GROUPS_MAX]; REPLICAS];
        let (group_chunks, value_chunks) = (groups.chunks(REPLICAS), values.chunks(REPLICAS));
        for (groups, values) in group_chunks.zip(value_chunks) {
            for ((replica, group), value) in replicas.iter_mut().zip(groups).zip(values) {
                let (sum, count) = &mut replica[*group as usize % REPLICATED_GROUPS_MAX];
                *sum += T::low(*value);
                *count = 1;
            }
        }
        for replica in &replicas {
            for (group, present) in self.present.iter_mut().enumerate() {
                let (sum, count) = replica[group];
                self.narrow[group] += sum;
                *present |= count > 0;
            }
        }
    }

    /// Moves what is in 64 bits to 128.
    fn widen(&mut self) {
        grow(&mut self.wide, self.narrow.len(), 0);
        for (wide, narrow) in self.wide.iter_mut().zip(&mut self.narrow) {
            *wide += i128::from(std::mem::take(narrow));
        }
        self.narrow_rows = 0;
    }

    fn take_some(&mut self, groups: &[u32], group_count: usize) -> Vec<Option<i128>> {
        grow(&mut self.present, group_count, false);
        let (narrow, wide) = (std::mem::take(&mut self.narrow), std::mem::take(&mut self.wide));
        let present = std::mem::take(&mut self.present);
        let sum = |group: usize| {
            let narrow = narrow.get(group).copied().unwrap_or(0);
            wide.get(group).copied().unwrap_or(0) + i128::from(narrow)
        };
        let groups = groups.iter().map(|group| *group as usize);
        groups.map(|group| present[group].then(|| sum(group))).collect()
    }

    fn take(&mut self, group_count: usize) -> impl Iterator<Item = Option<i128>> + use<T> {
        grow(&mut self.present, group_count, false);
        grow(&mut self.narrow, group_count, 0);
        self.widen();
        self.narrow = Vec::new();
        let sums = std::mem::take(&mut self.wide).into_iter();
        let present = std::mem::take(&mut self.present).into_iter();
        sums.zip(present).map(|(sum, present)| present.then_some(sum))
    }
}

/// Sums up to here have room for what 64 bits add to them; they are beyond 38 digits already.
const WIDE_MAX: u128 = i128::MAX as u128 - (1 << 64);

/// Adds, and tells whether the sum is too large.
#[inline(always)]
fn add(sum: &mut i128, value: i128) -> bool {
    let (total, wrapped) = sum.overflowing_add(value);
    *sum = total;
    wrapped | (total.unsigned_abs() > WIDE_MAX)
}

/// The sum of the values whose bits are set.
#[inline(always)]
fn sum_of_bits<T: Summand>(values: &[T::Native], word: u64) -> Option<i128> {
    let kept = values
        .iter()
        .enumerate()
        .map(|(bit, value)| T::widen(*value) & -i128::from(word >> bit & 1));
    let (mut sum, mut overflowed) = (0i128, false);
    kept.for_each(|value| overflowed |= add(&mut sum, value));
    (!overflowed).then_some(sum)
}

impl<T: Summand> Accumulator for IntegerSum<T> {
    fn update(
        &mut self,
        arguments: &[ArrayRef],
        groups: Groups<'_>,
        selection: Option<&BooleanBuffer>,
        group_count: usize,
    ) -> Result<()> {
        grow(&mut self.present, group_count, false);
        let mask = counting_rows(&arguments[..1], selection);
        let values = arguments[0].as_primitive::<T>().values();
        match groups {
            Groups::One { group, .. } => self.add_to_one(group as usize, values, mask.as_ref()),
            Groups::PerRow(groups) => {
                grow(&mut self.narrow, self.present.len(), 0);
                self.add_per_row(groups, values, mask.as_ref())
            }
        }
    }

    fn merge(&mut self, states: &[ArrayRef], groups: Groups<'_>, group_count: usize) -> Result<()> {
        grow(&mut self.present, group_count, false);
        grow(&mut self.wide, group_count, 0);
        let sums = states[0].as_primitive::<Decimal128Type>();
        let mask = sums.nulls().map(|nulls| nulls.inner().clone());
        let mut overflowed = false;
        visit(groups, mask.as_ref(), |group, row| {
            overflowed |= add(&mut self.wide[group], sums.values()[row]);
            self.present[group] = true;
        });
        if overflowed { Err(overflow()) } else { Ok(()) }
    }

    fn state_types(&self) -> Vec<DataType> {
        vec![sum_state_type(self.scale)]
    }

    fn states(&mut self, group_count: usize) -> Result<Vec<ArrayRef>> {
        let scale = self.scale;
        Ok(vec![sum_states(self.take(group_count), scale)])
    }

    fn finish(&mut self, group_count: usize) -> Result<ArrayRef> {
        let sums = self.take(group_count);
        sum_answers(sums, &self.answer)
    }

    fn states_of(&mut self, groups: &[u32], group_count: usize) -> Result<Vec<ArrayRef>> {
        let scale = self.scale;
        Ok(vec![sum_states(self.take_some(groups, group_count).into_iter(), scale)])
    }

    fn finish_some(&mut self, groups: &[u32], group_count: usize) -> Result<ArrayRef> {
        let sums = self.take_some(groups, group_count);
        sum_answers(sums.into_iter(), &self.answer)
    }

    fn memory_bytes(&self) -> usize {
        self.narrow.capacity() * size_of::<i64>() + self.wide.capacity() * size_of::<i128>() + self.present.capacity()
    }
}
