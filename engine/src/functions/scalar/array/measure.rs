//! Sizes of arrays: `array_length`, `array_lower`, `array_upper`, `array_ndims`, `array_dims`, `cardinality`.

use super::element::{dimensions, leaves};
use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::PrimitiveArray;
use arrow_array::builder::PrimitiveBuilder;
use arrow_array::types::Int32Type;
use std::fmt::Write;
use std::sync::Arc;
use stoa_sql::catalog::Signature;

const BY_DIMENSION: &[Signature] = &[signature(&[ANY_ARRAY, INTEGER], returns::integer)];
const WHOLE: &[Signature] = &[signature(&[ANY_ARRAY], returns::integer)];

pub(super) static ARRAY_LENGTH: ScalarFunction = ScalarFunction {
    info: || immutable("array_length", BY_DIMENSION),
    documentation: documentation(
        "array",
        "How many elements a dimension has.",
        "array_length(ARRAY[1, 2, 3], 1)",
        "3",
    ),
    execute: |call| by_dimension(call, |size| size),
};
pub(super) static ARRAY_UPPER: ScalarFunction = ScalarFunction {
    info: || immutable("array_upper", BY_DIMENSION),
    documentation: documentation(
        "array",
        "The last subscript of a dimension.",
        "array_upper(ARRAY[1, 2, 3], 1)",
        "3",
    ),
    execute: |call| by_dimension(call, |size| size),
};
pub(super) static ARRAY_LOWER: ScalarFunction = ScalarFunction {
    info: || immutable("array_lower", BY_DIMENSION),
    documentation: documentation(
        "array",
        "The first subscript of a dimension.",
        "array_lower(ARRAY[1, 2, 3], 1)",
        "1",
    ),
    execute: |call| by_dimension(call, |_| 1),
};
pub(super) static ARRAY_NDIMS: ScalarFunction = ScalarFunction {
    info: || immutable("array_ndims", WHOLE),
    documentation: documentation(
        "array",
        "How many dimensions an array has.",
        "array_ndims(ARRAY[[1, 2], [3, 4]])",
        "2",
    ),
    execute: dimension_count,
};
pub(super) static ARRAY_DIMS: ScalarFunction = ScalarFunction {
    info: || immutable("array_dims", const { &[signature(&[ANY_ARRAY], returns::text)] }),
    documentation: documentation(
        "array",
        "The dimensions as text.",
        "array_dims(ARRAY[[1, 2], [3, 4]])",
        "[1:2][1:2]",
    ),
    execute: shown_dimensions,
};
pub(super) static CARDINALITY: ScalarFunction = ScalarFunction {
    info: || immutable("cardinality", WHOLE),
    documentation: documentation(
        "array",
        "How many elements an array has in all.",
        "cardinality(ARRAY[[1, 2], [3, 4]])",
        "4",
    ),
    execute: cardinality,
};

fn integer(size: usize) -> i32 {
    i32::try_from(size).unwrap_or(i32::MAX)
}

/// Integers or NULLs for the rows without NULL arguments.
fn optional(call: &Call<'_>, compute: impl Fn(usize) -> Option<i32>) -> PrimitiveArray<Int32Type> {
    let nulls = call.nulls();
    let mut builder = PrimitiveBuilder::<Int32Type>::with_capacity(call.row_count);
    for row in 0..call.row_count {
        let valid = nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
        builder.append_option(if valid { compute(row) } else { None });
    }
    builder.finish()
}

fn by_dimension(call: &Call<'_>, answer: fn(i32) -> i32) -> Result<Value> {
    let (lists, wanted) = (call.argument(0)?.lists()?, call.primitives::<Int32Type>(1)?);
    let answers = optional(call, |row| {
        let place = usize::try_from(wanted.value(row)).ok()?.checked_sub(1)?;
        let sizes = dimensions(lists.array(), lists.index(row));
        sizes.get(place).map(|size| answer(integer(*size)))
    });
    Ok(Value::Array(Arc::new(answers)))
}

fn dimension_count(call: &Call<'_>) -> Result<Value> {
    let lists = call.argument(0)?.lists()?;
    let answers = optional(call, |row| match dimensions(lists.array(), lists.index(row)).len() {
        0 => None,
        count => Some(integer(count)),
    });
    Ok(Value::Array(Arc::new(answers)))
}

fn shown_dimensions(call: &Call<'_>) -> Result<Value> {
    let lists = call.argument(0)?.lists()?;
    call.map_texts_or_null(|row, out| {
        let sizes = dimensions(lists.array(), lists.index(row));
        for size in &sizes {
            let _ = write!(out, "[1:{size}]");
        }
        Ok(!sizes.is_empty())
    })
}

fn cardinality(call: &Call<'_>) -> Result<Value> {
    let lists = call.argument(0)?.lists()?;
    call.map_rows::<Int32Type>(|row| Ok(integer(leaves(lists.array(), lists.index(row)).1.len())))
}

#[cfg(test)]
mod tests {
    use crate::functions::scalar::array::testing::*;
    use crate::functions::scalar::testing::*;
    use crate::types::LogicalType;

    fn optional(value: Option<i32>) -> Typed {
        value.map_or(null(LogicalType::Integer), integer)
    }

    #[test]
    fn sizes() {
        let two_by_three = nested(&[&[1, 2, 3], &[4, 5, 6]]);
        for (array, dimension, length, lower) in [
            (numbers(&[]), 1, None, None),
            (numbers(&[7, 8]), 1, Some(2), Some(1)),
            (numbers(&[7, 8]), 2, None, None),
            (numbers(&[7, 8]), 0, None, None),
            (two_by_three.clone(), 1, Some(2), Some(1)),
            (two_by_three.clone(), 2, Some(3), Some(1)),
        ] {
            check("array_length", &[array.clone(), integer(dimension)], optional(length));
            check("array_upper", &[array.clone(), integer(dimension)], optional(length));
            check("array_lower", &[array, integer(dimension)], optional(lower));
        }
        check("array_ndims", std::slice::from_ref(&two_by_three), integer(2));
        check("array_ndims", &[numbers(&[])], null(LogicalType::Integer));
        check("array_dims", std::slice::from_ref(&two_by_three), text("[1:2][1:3]"));
        check("array_dims", &[numbers(&[])], null(LogicalType::Text));
        check("cardinality", &[two_by_three], integer(6));
        check("cardinality", &[numbers(&[])], integer(0));
    }
}
