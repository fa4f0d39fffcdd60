//! `array_remove`, `array_replace`, `trim_array`

use super::element::{Assembly, Comparison, is_nested, range_of};
use crate::error::{Error, Result, SqlState};
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::Array;
use arrow_array::types::Int32Type;

pub(super) static ARRAY_REMOVE: ScalarFunction = ScalarFunction {
    info: || {
        let signatures = const { &[signature(&[ANY_ARRAY, ANY_ELEMENT], returns::first)] };
        called_on_null(immutable("array_remove", signatures))
    },
    documentation: documentation(
        "array",
        "The array without the elements that are the same.",
        "array_remove(ARRAY[1, 2, 1], 1)",
        "{2}",
    ),
    execute: remove,
};
pub(super) static ARRAY_REPLACE: ScalarFunction = ScalarFunction {
    info: || {
        let signatures = const { &[signature(&[ANY_ARRAY, ANY_ELEMENT, ANY_ELEMENT], returns::first)] };
        called_on_null(immutable("array_replace", signatures))
    },
    documentation: documentation(
        "array",
        "The array with another element in the place of those that are the same.",
        "array_replace(ARRAY[1, 2, 1], 1, 9)",
        "{9,2,9}",
    ),
    execute: replace,
};
pub(super) static TRIM_ARRAY: ScalarFunction = ScalarFunction {
    info: || {
        immutable(
            "trim_array",
            const { &[signature(&[ANY_ARRAY, INTEGER], returns::first)] },
        )
    },
    documentation: documentation(
        "array",
        "The array without so many elements at its end.",
        "trim_array(ARRAY[1, 2, 3], 1)",
        "{1,2}",
    ),
    execute: trim,
};

/// The array of each row, with what `place` says in the place of elements that are the same as the second argument.
fn exchange(call: &Call<'_>, replaces: bool) -> Result<Value> {
    let (lists, wanted) = (call.argument(0)?.lists()?, call.argument(1)?);
    let (values, elements) = (lists.array().values(), wanted.array());
    let mut sources: Vec<&dyn Array> = vec![&**values];
    let substitute = if replaces { Some(call.argument(2)?) } else { None };
    sources.extend(substitute.map(|value| &**value.array() as &dyn Array));
    if is_nested(&lists) {
        let message = match replaces {
            true => "replacing elements in multidimensional arrays is not supported",
            false => "removing elements from multidimensional arrays is not supported",
        };
        return Err(Error::user(SqlState::FEATURE_NOT_SUPPORTED, message));
    }
    let comparison = Comparison::new(values, elements)?;
    let mut assembly = Assembly::new(sources, call.row_count);
    for row in 0..call.row_count {
        if lists.is_null(row) {
            assembly.null_row();
            continue;
        }
        let place = if wanted.is_constant() { 0 } else { row };
        let is_null = elements.is_null(place);
        for at in range_of(lists.array(), lists.index(row)) {
            let is_it = match values.is_null(at) {
                true => is_null,
                false => !is_null && comparison.is_same(at, place),
            };
            match substitute {
                _ if !is_it => assembly.push(0, at),
                Some(value) => assembly.push(1, if value.is_constant() { 0 } else { row }),
                None => {}
            }
        }
        assembly.finish_row();
    }
    assembly.finish(call)
}

fn remove(call: &Call<'_>) -> Result<Value> {
    exchange(call, false)
}

fn replace(call: &Call<'_>) -> Result<Value> {
    exchange(call, true)
}

fn trim(call: &Call<'_>) -> Result<Value> {
    let (lists, counts) = (call.argument(0)?.lists()?, call.primitives::<Int32Type>(1)?);
    let nulls = call.nulls();
    let mut assembly = Assembly::new(vec![&**lists.array().values()], call.row_count);
    for row in 0..call.row_count {
        if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            assembly.null_row();
            continue;
        }
        let range = range_of(lists.array(), lists.index(row));
        let count = usize::try_from(counts.value(row))
            .ok()
            .filter(|count| *count <= range.len());
        let Some(count) = count else {
            let message = format!("number of elements to trim must be between 0 and {}", range.len());
            return Err(Error::user(SqlState("2202E"), message));
        };
        assembly.extend(0, range.start..range.end - count);
        assembly.finish_row();
    }
    assembly.finish(call)
}

#[cfg(test)]
mod tests {
    use crate::functions::scalar::array::testing::*;
    use crate::functions::scalar::testing::*;
    use crate::types::LogicalType;

    #[test]
    fn elements_removed_and_replaced() {
        let array = integers(&[Some(1), Some(2), None, Some(2)]);
        let nothing = null(LogicalType::Integer);
        check("array_remove", &[array.clone(), integer(2)], integers(&[Some(1), None]));
        check("array_remove", &[array.clone(), nothing.clone()], numbers(&[1, 2, 2]));
        check(
            "array_replace",
            &[array.clone(), nothing.clone(), integer(9)],
            numbers(&[1, 2, 9, 2]),
        );
        check(
            "array_replace",
            &[array, integer(2), nothing],
            integers(&[Some(1), None, None, None]),
        );
        check("array_remove", &[no_array(), integer(2)], no_array());
        let message = "removing elements from multidimensional arrays is not supported";
        check_error("array_remove", &[nested(&[&[1]]), numbers(&[1])], "0A000", message);
    }

    #[test]
    fn ends_trimmed() {
        check("trim_array", &[numbers(&[1, 2, 3]), integer(1)], numbers(&[1, 2]));
        check("trim_array", &[numbers(&[1, 2, 3]), integer(3)], numbers(&[]));
        for count in [4, -1] {
            let message = "number of elements to trim must be between 0 and 3";
            check_error("trim_array", &[numbers(&[1, 2, 3]), integer(count)], "2202E", message);
        }
    }
}
