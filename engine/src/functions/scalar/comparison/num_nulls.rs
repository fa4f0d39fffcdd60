//! `num_nulls(..)`, `num_nonnulls(..)`

use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::{Array, Int32Array};
use std::sync::Arc;
use stoa_sql::catalog::Signature;

pub(super) static NUM_NULLS: ScalarFunction = ScalarFunction {
    info: || called_on_null(immutable("num_nulls", SIGNATURES)),
    documentation: documentation(
        "comparison",
        "How many arguments are NULL.",
        "num_nulls(1, NULL, 2)",
        "1",
    ),
    execute: |call| count(call, true),
};

pub(super) static NUM_NONNULLS: ScalarFunction = ScalarFunction {
    info: || called_on_null(immutable("num_nonnulls", SIGNATURES)),
    documentation: documentation(
        "comparison",
        "How many arguments are not NULL.",
        "num_nonnulls(1, NULL, 2)",
        "2",
    ),
    execute: |call| count(call, false),
};

const SIGNATURES: &[Signature] = &[variadic(&[ANY], returns::integer)];

fn count(call: &Call<'_>, nulls: bool) -> Result<Value> {
    let mut counts = vec![0i32; call.row_count];
    for argument in call.arguments {
        match argument {
            Value::Constant(_) => {
                let counted = i32::from(argument.is_null_constant() == nulls);
                counts.iter_mut().for_each(|count| *count += counted);
            }
            Value::Array(array) => {
                let own = array.logical_nulls();
                for (row, count) in counts.iter_mut().enumerate() {
                    let is_null = own.as_ref().is_some_and(|own| own.is_null(row));
                    *count += i32::from(is_null == nulls);
                }
            }
        }
    }
    Ok(Value::Array(Arc::new(Int32Array::from(counts))))
}

#[cfg(test)]
mod tests {
    use crate::functions::scalar::testing::*;
    use crate::types::LogicalType;

    #[test]
    fn counts() {
        let arguments = [integer(1), null(LogicalType::Text), text("x")];
        check("num_nulls", &arguments, integer(1));
        check("num_nonnulls", &arguments, integer(2));
    }
}
