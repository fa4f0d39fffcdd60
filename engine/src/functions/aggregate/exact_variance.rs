//! Variances of integers and decimals: count, sum and sum of squares, all exact; rounded once, at the end.
//!
//! A state is the count and both sums, each in two columns: its lowest 127 bits, and those above them. The latter are almost always 0.

use super::rows::{counting_rows, grow, visit, visit_values};
use super::sum::overflow;
use super::variance::Wanted;
use crate::error::{Error, Result};
use crate::functions::{Accumulator, AggregateBinding, Groups};
use crate::types::array_type;
use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{ArrayRef, ArrowPrimitiveType, Decimal128Array, Int64Array};
use arrow_buffer::{BooleanBuffer, i256};
use arrow_schema::DataType;
use std::sync::Arc;

/// States of all groups.
pub(super) struct ExactVariance {
    wanted: Wanted,
    argument: DataType,
    /// Digits behind the point of the argument and of the answer.
    scale: u32,
    answer_scale: u32,
    states: Vec<State>,
}

#[derive(Clone, Default)]
struct State {
    count: i64,
    sum: i256,
    squares: i256,
}

impl State {
    /// `None` on overflow.
    #[inline(always)]
    fn add(&mut self, value: i128) -> Option<()> {
        self.count += 1;
        self.sum = self.sum.checked_add(i256::from_i128(value))?;
        let square = match i64::try_from(value) {
            Ok(value) => i256::from_i128(i128::from(value) * i128::from(value)),
            Err(_) => i256::from_i128(value).checked_mul(i256::from_i128(value))?,
        };
        self.squares = self.squares.checked_add(square)?;
        Some(())
    }
}

impl ExactVariance {
    /// For an integer or numeric argument.
    pub(super) fn new(binding: &AggregateBinding, wanted: Wanted) -> Result<Self> {
        let argument = array_type(&binding.argument_types[0]);
        let DataType::Decimal128(_, answer_scale) = array_type(&binding.return_type) else {
            return Err(Error::Internal(format!("a variance of type {}", binding.return_type)));
        };
        let scale = match argument {
            DataType::Decimal64(_, scale) | DataType::Decimal128(_, scale) => scale,
            _ => 0,
        };
        Ok(ExactVariance {
            wanted,
            argument,
            scale: u32::try_from(scale).unwrap_or(0),
            answer_scale: u32::try_from(answer_scale).unwrap_or(0),
            states: Vec::new(),
        })
    }

    fn take_in<T: ArrowPrimitiveType>(
        &mut self,
        argument: &ArrayRef,
        groups: Groups<'_>,
        mask: Option<&BooleanBuffer>,
    ) -> Result<()>
    where
        T::Native: Into<i128>,
    {
        let mut overflowed = false;
        let values = argument.as_primitive::<T>().values();
        visit_values(values, groups, mask, |group, value| {
            overflowed |= self.states[group].add(value.into()).is_none();
        });
        match overflowed {
            true => Err(overflow()),
            false => Ok(()),
        }
    }

    fn answer(&self, state: &State) -> Result<Option<i128>> {
        let divisor = match self.wanted.is_sample {
            true => state.count - 1,
            false => state.count,
        };
        if divisor <= 0 {
            return Ok(None);
        }
        let answer = match self.wanted.is_root {
            false => variance(state, divisor, self.answer_scale, 2 * self.scale),
            // With twice the digits below the root, the root has the wanted ones.
            true => variance(state, divisor, 2 * self.answer_scale, 2 * self.scale).map(square_root),
        };
        let answer = answer
            .or_else(|| self.approximate(state, divisor))
            .and_then(i256::to_i128)
            .filter(|answer| answer.unsigned_abs() < 10u128.pow(38));
        answer.ok_or_else(overflow).map(Some)
    }

    /// In doubles, where 256 bits do not hold a product.
    fn approximate(&self, state: &State, divisor: i64) -> Option<i256> {
        let count = state.count as f64;
        let sum = to_f64(state.sum);
        let squares = to_f64(state.squares) - sum * sum / count;
        let variance = squares.max(0.0) / divisor as f64 / 10f64.powi(2 * self.scale as i32);
        let value = match self.wanted.is_root {
            true => variance.sqrt(),
            false => variance,
        };
        i256::from_f64((value * 10f64.powi(self.answer_scale as i32)).round())
    }
}

/// `(count * squares - sum^2) / (count * divisor)` with so many digits behind the point, rounded half up; `None` on overflow.
fn variance(state: &State, divisor: i64, digits: u32, input_digits: u32) -> Option<i256> {
    let count = i256::from_i128(i128::from(state.count));
    let sum = state.sum;
    let numerator = count.checked_mul(state.squares)?.checked_sub(sum.checked_mul(sum)?)?;
    let mut denominator = count.checked_mul(i256::from_i128(i128::from(divisor)))?;
    let power = |digits: u32| i256::from_i128(10).checked_pow(digits);
    let digits = match digits.checked_sub(input_digits) {
        Some(digits) => digits,
        None => {
            denominator = denominator.checked_mul(power(input_digits - digits)?)?;
            0
        }
    };
    let whole = numerator.checked_div(denominator)?;
    let remainder = numerator.checked_rem(denominator)?;
    let scaled = remainder.checked_mul(power(digits)?)?;
    let fraction = scaled.checked_div(denominator)?;
    let rest = scaled.checked_rem(denominator)?;
    let rounding = match rest.checked_mul(i256::from_i128(2))? >= denominator {
        true => i256::ONE,
        false => i256::ZERO,
    };
    whole
        .checked_mul(power(digits)?)?
        .checked_add(fraction)?
        .checked_add(rounding)
}

/// The square root rounded to the nearest.
fn square_root(value: i256) -> i256 {
    if value <= i256::ZERO {
        return i256::ZERO;
    }
    // Newton's method from above: each step comes closer until the floor of the root is reached.
    let bits = 256 - value.leading_zeros();
    let mut root = i256::ONE << u8::try_from(bits.div_ceil(2)).unwrap_or(127);
    loop {
        let next = (root.wrapping_add(value.wrapping_div(root))).wrapping_div(i256::from_i128(2));
        if next >= root {
            break;
        }
        root = next;
    }
    let rest = value.wrapping_sub(root.wrapping_mul(root));
    match rest > root {
        true => root.wrapping_add(i256::ONE),
        false => root,
    }
}

/// The lowest 127 bits of a number, and those above them.
fn parted(value: i256) -> (i128, i128) {
    let (low, high) = value.to_parts();
    ((low & i128::MAX as u128) as i128, high << 1 | (low >> 127) as i128)
}

/// The number that [`parted`] took apart.
fn joined(low: i128, high: i128) -> i256 {
    i256::from_parts(low as u128 | (high as u128) << 127, high >> 1)
}

fn to_f64(value: i256) -> f64 {
    let (low, high) = value.to_parts();
    high as f64 * 2f64.powi(128) + low as f64
}

impl Accumulator for ExactVariance {
    fn update(
        &mut self,
        arguments: &[ArrayRef],
        groups: Groups<'_>,
        selection: Option<&BooleanBuffer>,
        group_count: usize,
    ) -> Result<()> {
        grow(&mut self.states, group_count, State::default());
        let mask = counting_rows(&arguments[..1], selection);
        let (argument, mask) = (&arguments[0], mask.as_ref());
        match self.argument {
            DataType::Int16 => self.take_in::<Int16Type>(argument, groups, mask),
            DataType::Int32 => self.take_in::<Int32Type>(argument, groups, mask),
            DataType::Int64 => self.take_in::<Int64Type>(argument, groups, mask),
            DataType::Decimal64(_, _) => self.take_in::<Decimal64Type>(argument, groups, mask),
            DataType::Decimal128(_, _) => self.take_in::<Decimal128Type>(argument, groups, mask),
            ref other => Err(Error::Internal(format!("a variance of {other}"))),
        }
    }

    fn merge(&mut self, states: &[ArrayRef], groups: Groups<'_>, group_count: usize) -> Result<()> {
        grow(&mut self.states, group_count, State::default());
        let counts = states[0].as_primitive::<Int64Type>().values();
        let halves = |at: usize| states[at].as_primitive::<Decimal128Type>().values();
        let [sum_lows, sum_highs, square_lows, square_highs] = [1, 2, 3, 4].map(halves);
        let mut overflowed = false;
        visit(groups, None, |group, row| {
            let state = &mut self.states[group];
            state.count += counts[row];
            let sum = state.sum.checked_add(joined(sum_lows[row], sum_highs[row]));
            let squares = state.squares.checked_add(joined(square_lows[row], square_highs[row]));
            overflowed |= sum.is_none() || squares.is_none();
            (state.sum, state.squares) = (sum.unwrap_or_default(), squares.unwrap_or_default());
        });
        match overflowed {
            true => Err(overflow()),
            false => Ok(()),
        }
    }

    fn state_types(&self) -> Vec<DataType> {
        let half = DataType::Decimal128(38, 0);
        vec![DataType::Int64, half.clone(), half.clone(), half.clone(), half]
    }

    fn states(&mut self, group_count: usize) -> Result<Vec<ArrayRef>> {
        grow(&mut self.states, group_count, State::default());
        let states = std::mem::take(&mut self.states);
        let counts = Int64Array::from_iter_values(states.iter().map(|state| state.count));
        let column = |half: &dyn Fn(&State) -> i128| -> ArrayRef {
            let halves = Decimal128Array::from_iter_values(states.iter().map(half));
            Arc::new(halves.with_data_type(DataType::Decimal128(38, 0)))
        };
        Ok(vec![
            Arc::new(counts),
            column(&|state| parted(state.sum).0),
            column(&|state| parted(state.sum).1),
            column(&|state| parted(state.squares).0),
            column(&|state| parted(state.squares).1),
        ])
    }

    fn finish(&mut self, group_count: usize) -> Result<ArrayRef> {
        grow(&mut self.states, group_count, State::default());
        let states = std::mem::take(&mut self.states);
        let answers = states.iter().map(|state| self.answer(state));
        let answers = answers.collect::<Result<Decimal128Array>>()?;
        let scale = i8::try_from(self.answer_scale).unwrap_or(38);
        Ok(Arc::new(answers.with_data_type(DataType::Decimal128(38, scale))))
    }

    fn memory_bytes(&self) -> usize {
        self.states.capacity() * size_of::<State>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_come_back() {
        let ones = i256::from_i128(-1);
        let large = i256::from_i128(i128::MAX);
        for value in [
            i256::ZERO,
            i256::ONE,
            ones,
            large,
            -large,
            large * large,
            -(large * large),
        ] {
            let (low, high) = parted(value);
            assert!(low >= 0);
            assert_eq!(joined(low, high), value);
        }
        assert_eq!(parted(i256::from_i128(5)), (5, 0));
    }

    #[test]
    fn roots_round_to_the_nearest() {
        let root = |value: i128| square_root(i256::from_i128(value)).to_i128().unwrap();
        let cases = [
            (0, 0),
            (1, 1),
            (2, 1),
            (3, 2),
            (4, 2),
            (6, 2),
            (7, 3),
            (10i128.pow(32) * 2, 14_142_135_623_730_950),
        ];
        for (value, expected) in cases {
            assert_eq!(root(value), expected, "{value}");
        }
        assert_eq!(root(i128::MAX), 13_043_817_825_332_782_212);
    }
}
