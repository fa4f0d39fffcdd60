//! Arrays in tests.

use crate::functions::scalar::testing::Typed;
use crate::types::{Literal, LogicalType};

/// `integer[]`
pub(crate) fn integers(values: &[Option<i64>]) -> Typed {
    let elements = values
        .iter()
        .map(|value| value.map_or(Literal::Null, Literal::Integer))
        .collect();
    (
        Literal::Array(elements),
        LogicalType::Array(Box::new(LogicalType::Integer)),
    )
}

/// `integer[]` without NULLs
pub(crate) fn numbers(values: &[i64]) -> Typed {
    let values: Vec<_> = values.iter().copied().map(Some).collect();
    integers(&values)
}

/// `integer[][]`
pub(crate) fn nested(values: &[&[i64]]) -> Typed {
    let rows = values.iter().map(|row| numbers(row).0).collect();
    let inner = LogicalType::Array(Box::new(LogicalType::Integer));
    (Literal::Array(rows), LogicalType::Array(Box::new(inner)))
}

/// A NULL array of integers.
pub(crate) fn no_array() -> Typed {
    (Literal::Null, LogicalType::Array(Box::new(LogicalType::Integer)))
}
