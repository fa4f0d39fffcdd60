//! Operators of one or two numbers on slices. An operator says of every pair what it gives and whether it fails; failures are
//! gathered without branching and looked at once per batch, NULLs apart.

use super::arguments::{Primitives, nulls_of};
use crate::error::{Error, Result};
use crate::functions::{Call, Value};
use crate::types::array_type;
use arrow_array::types::ArrowPrimitiveType;
use arrow_array::{Array, PrimitiveArray};
use std::sync::Arc;
use stoa_storage::vector::multiversion::{Kernel, dispatch};

/// One value per row, or one for all.
#[derive(Clone, Copy)]
enum Operand<'a, T> {
    Each(&'a [T]),
    Same(T),
}

impl<'a, T: arrow_array::ArrowNativeTypeOp> Operand<'a, T> {
    fn of<A: ArrowPrimitiveType<Native = T>>(column: &Primitives<'a, A>) -> Self {
        match column.constant() {
            Some(value) => Operand::Same(value),
            None => Operand::Each(column.values()),
        }
    }
}

struct Binary<'a, L, R, F> {
    left: Operand<'a, L>,
    right: Operand<'a, R>,
    row_count: usize,
    operate: F,
}

impl<L: Copy, R: Copy, O, F: Fn(L, R) -> (O, bool)> Kernel for Binary<'_, L, R, F> {
    type Output = (Vec<O>, bool);
    #[inline(always)]
    fn run(self) -> (Vec<O>, bool) {
        let mut failed = false;
        let mut note = |(value, fails): (O, bool)| {
            failed |= fails;
            value
        };
        let operate = self.operate;
        let values = match (self.left, self.right) {
            (Operand::Each(left), Operand::Each(right)) => left
                .iter()
                .zip(right)
                .map(|(left, right)| note(operate(*left, *right)))
                .collect(),
            (Operand::Each(left), Operand::Same(right)) => {
                left.iter().map(|left| note(operate(*left, right))).collect()
            }
            (Operand::Same(left), Operand::Each(right)) => {
                right.iter().map(|right| note(operate(left, *right))).collect()
            }
            (Operand::Same(left), Operand::Same(right)) => {
                (0..self.row_count).map(|_| note(operate(left, right))).collect()
            }
        };
        (values, failed)
    }
}

impl Call<'_> {
    /// Answers with `operate` of two arguments; where it says that it fails, and neither is NULL, with `error`.
    pub(crate) fn binary<L, R, O>(
        &self,
        operate: impl Fn(L::Native, R::Native) -> (O::Native, bool) + Copy,
        error: impl Fn(L::Native, R::Native) -> Error,
    ) -> Result<Value>
    where
        L: ArrowPrimitiveType,
        R: ArrowPrimitiveType,
        O: ArrowPrimitiveType,
    {
        let (left, right) = (self.primitives::<L>(0)?, self.primitives::<R>(1)?);
        let nulls = nulls_of(self.arguments, self.row_count);
        let (values, failed) = dispatch(Binary {
            left: Operand::of(&left),
            right: Operand::of(&right),
            row_count: self.row_count,
            operate,
        });
        if failed {
            for row in 0..self.row_count {
                if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
                    continue;
                }
                let (one, other) = (left.value(row), right.value(row));
                if operate(one, other).1 {
                    return Err(error(one, other));
                }
            }
        }
        let array = PrimitiveArray::<O>::new(values.into(), nulls);
        Ok(Value::Array(Arc::new(
            array.with_data_type(array_type(self.return_type)),
        )))
    }

    /// Answers with `operate` of the only argument; where it says that it fails, and the argument is not NULL, with `error`.
    pub(crate) fn unary<I, O>(
        &self,
        operate: impl Fn(I::Native) -> (O::Native, bool) + Copy,
        error: impl Fn(I::Native) -> Error,
    ) -> Result<Value>
    where
        I: ArrowPrimitiveType,
        O: ArrowPrimitiveType,
    {
        let input = self.primitives::<I>(0)?;
        let mut failed = false;
        let values: Vec<O::Native> = input
            .values()
            .iter()
            .map(|value| {
                let (answer, fails) = operate(*value);
                failed |= fails;
                answer
            })
            .collect();
        let nulls = input.array().nulls().cloned();
        if failed {
            for (row, value) in input.values().iter().enumerate() {
                if !input.array().is_null(row) && operate(*value).1 {
                    return Err(error(*value));
                }
            }
        }
        let array = PrimitiveArray::<O>::new(values.into(), nulls).with_data_type(array_type(self.return_type));
        Ok(match input.is_constant() {
            true => Value::Constant(Arc::new(array)),
            false => Value::Array(Arc::new(array)),
        })
    }
}
