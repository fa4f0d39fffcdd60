//! `row_number()`

use super::window;
use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{WindowArguments, WindowFunction};
use arrow_array::{ArrayRef, Int64Array};
use std::sync::Arc;

pub(super) static ROW_NUMBER: WindowFunction = WindowFunction {
    info: || window("row_number", const { &[signature(&[], returns::bigint)] }),
    documentation: documentation(
        "window",
        "The number of the row in its partition, from 1.",
        "row_number() OVER (ORDER BY x)",
        "1",
    ),
    execute,
};

fn execute(call: &WindowArguments<'_>) -> Result<ArrayRef> {
    Ok(Arc::new(Int64Array::from_iter_values(1..=call.row_count as i64)))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;

    #[test]
    fn numbers() {
        same(run("row_number", &[], 3, &[0, 1]), bigints([Some(1), Some(2), Some(3)]));
        same(run("row_number", &[], 0, &[]), bigints([]));
    }
}
