//! `array_position(array, element [, start])`, `array_positions(array, element)`

use super::element::{Comparison, is_nested, range_of};
use crate::error::{Error, Result, SqlState};
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::Array;
use arrow_array::builder::{Int32Builder, ListBuilder};
use arrow_array::types::Int32Type;
use arrow_schema::{DataType, Field};
use std::sync::Arc;
use stoa_sql::types::LogicalType;

pub(super) static ARRAY_POSITION: ScalarFunction = ScalarFunction {
    info: || {
        let signatures = const {
            &[
                signature(&[ANY_ARRAY, ANY_ELEMENT], returns::integer),
                signature(&[ANY_ARRAY, ANY_ELEMENT, INTEGER], returns::integer),
            ]
        };
        called_on_null(immutable("array_position", signatures))
    },
    documentation: documentation(
        "array",
        "The subscript of the first element that is the same, from a start on.",
        "array_position(ARRAY['a', 'b'], 'b')",
        "2",
    ),
    execute: first,
};

pub(super) static ARRAY_POSITIONS: ScalarFunction = ScalarFunction {
    info: || {
        let signatures = const { &[signature(&[ANY_ARRAY, ANY_ELEMENT], integers)] };
        called_on_null(immutable("array_positions", signatures))
    },
    documentation: documentation(
        "array",
        "The subscripts of all elements that are the same.",
        "array_positions(ARRAY['a', 'b', 'a'], 'a')",
        "{1,3}",
    ),
    execute: all,
};

fn integers(_: &[LogicalType]) -> LogicalType {
    LogicalType::Array(Box::new(LogicalType::Integer))
}

/// Hands each row's subscripts of the element to `take`, `None` where the array is NULL.
fn each(
    call: &Call<'_>,
    mut take: impl FnMut(usize, Option<&mut dyn Iterator<Item = i32>>) -> Result<()>,
) -> Result<()> {
    let lists = call.argument(0)?.lists()?;
    if is_nested(&lists) {
        return Err(Error::user(
            SqlState::FEATURE_NOT_SUPPORTED,
            "searching for elements in multidimensional arrays is not supported",
        ));
    }
    let wanted = call.argument(1)?;
    let (values, elements) = (lists.array().values(), wanted.array());
    let comparison = Comparison::new(values, elements)?;
    for row in 0..call.row_count {
        if lists.is_null(row) {
            take(row, None)?;
            continue;
        }
        let place = if wanted.is_constant() { 0 } else { row };
        let is_null = elements.is_null(place);
        let range = range_of(lists.array(), lists.index(row));
        let is_it = |at: &usize| match values.is_null(*at) {
            true => is_null,
            false => !is_null && comparison.is_same(*at, place),
        };
        let start = range.start;
        let mut found = range
            .filter(is_it)
            .map(|at| i32::try_from(at - start + 1).unwrap_or(i32::MAX));
        take(row, Some(&mut found))?;
    }
    Ok(())
}

fn first(call: &Call<'_>) -> Result<Value> {
    let starts = match call.arguments.len() {
        3 => Some(call.primitives::<Int32Type>(2)?),
        _ => None,
    };
    let mut builder = Int32Builder::with_capacity(call.row_count);
    each(call, |row, found| {
        let Some(mut found) = found else {
            builder.append_null();
            return Ok(());
        };
        let start = match &starts {
            Some(starts) if starts.is_null(row) => {
                let message = "initial position must not be null";
                return Err(Error::user(SqlState("22004"), message));
            }
            Some(starts) => starts.value(row),
            None => 1,
        };
        builder.append_option(Iterator::find(&mut found, |subscript| *subscript >= start));
        Ok(())
    })?;
    Ok(Value::Array(Arc::new(builder.finish())))
}

fn all(call: &Call<'_>) -> Result<Value> {
    let field = Field::new("item", DataType::Int32, true);
    let mut builder = ListBuilder::new(Int32Builder::new()).with_field(field);
    each(call, |_, found| {
        let valid = found.is_some();
        for subscript in found.into_iter().flatten() {
            builder.values().append_value(subscript);
        }
        builder.append(valid);
        Ok(())
    })?;
    Ok(Value::Array(Arc::new(builder.finish())))
}

#[cfg(test)]
mod tests {
    use crate::functions::scalar::array::testing::*;
    use crate::functions::scalar::testing::*;
    use crate::types::LogicalType;

    #[test]
    fn positions() {
        let array = integers(&[Some(1), Some(2), None, Some(2)]);
        let nothing = null(LogicalType::Integer);
        check("array_position", &[array.clone(), integer(2)], integer(2));
        check("array_position", &[array.clone(), nothing.clone()], integer(3));
        check("array_position", &[array.clone(), integer(2), integer(3)], integer(4));
        check("array_position", &[array.clone(), integer(5)], nothing.clone());
        check("array_position", &[no_array(), integer(5)], nothing);
        check("array_positions", &[array.clone(), integer(2)], numbers(&[2, 4]));
        check("array_positions", &[array, integer(9)], numbers(&[]));
        check("array_positions", &[no_array(), integer(1)], no_array());
        let words = text_array(&[Some("a"), Some("a much longer text than fits inline")]);
        check(
            "array_position",
            &[words, text("a much longer text than fits inline")],
            integer(2),
        );
    }
}
