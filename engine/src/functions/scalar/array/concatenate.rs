//! Arrays joined: `array_append`, `array_prepend`, `array_cat`, and `||` (dispatched to by the operator).

use super::element::{Assembly, range_of};
use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::Array;
use stoa_sql::types::LogicalType;

pub(super) static ARRAY_APPEND: ScalarFunction = ScalarFunction {
    info: || {
        let signatures = const { &[signature(&[ANY_ARRAY, ANY_ELEMENT], returns::first)] };
        called_on_null(immutable("array_append", signatures))
    },
    documentation: documentation(
        "array",
        "The array with one more element at its end.",
        "array_append(ARRAY[1, 2], 3)",
        "{1,2,3}",
    ),
    execute: |call| join(call, Side::Array, Side::Element),
};
pub(super) static ARRAY_PREPEND: ScalarFunction = ScalarFunction {
    info: || {
        let signatures = const { &[signature(&[ANY_ELEMENT, ANY_ARRAY], returns::second)] };
        called_on_null(immutable("array_prepend", signatures))
    },
    documentation: documentation(
        "array",
        "The array with one more element at its start.",
        "array_prepend(1, ARRAY[2, 3])",
        "{1,2,3}",
    ),
    execute: |call| join(call, Side::Element, Side::Array),
};
pub(super) static ARRAY_CAT: ScalarFunction = ScalarFunction {
    info: || {
        let signatures = const { &[signature(&[ANY_ARRAY, ANY_ARRAY], returns::first)] };
        called_on_null(immutable("array_cat", signatures))
    },
    documentation: documentation(
        "array",
        "Two arrays, one after the other.",
        "array_cat(ARRAY[1, 2], ARRAY[3])",
        "{1,2,3}",
    ),
    execute: |call| join(call, Side::Array, Side::Array),
};

/// What one side of a concatenation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Array,
    Element,
}

/// `array || array`, `array || element`, `element || array`
pub(crate) fn concatenate(call: &Call<'_>) -> Result<Value> {
    let side = |at: usize| -> Result<Side> {
        let here = call.argument_type(at)?;
        let is_element = matches!(call.return_type, LogicalType::Array(element) if **element == *here);
        Ok(if is_element { Side::Element } else { Side::Array })
    };
    join(call, side(0)?, side(1)?)
}

fn join(call: &Call<'_>, left: Side, right: Side) -> Result<Value> {
    let sides = [(call.argument(0)?, left), (call.argument(1)?, right)];
    let mut sources: Vec<&dyn Array> = Vec::new();
    for (value, side) in sides {
        sources.push(match side {
            Side::Array => &**value.lists()?.array().values(),
            Side::Element => &**value.array(),
        });
    }
    let mut assembly = Assembly::new(sources, call.row_count);
    for row in 0..call.row_count {
        let mut all_null = true;
        for (source, (value, side)) in sides.into_iter().enumerate() {
            let place = if value.is_constant() { 0 } else { row };
            match side {
                Side::Element => {
                    assembly.push(source, place);
                    all_null = false;
                }
                Side::Array if value.array().is_null(place) => {}
                Side::Array => {
                    assembly.extend(source, range_of(value.lists()?.array(), place));
                    all_null = false;
                }
            }
        }
        if all_null {
            assembly.null_row();
        } else {
            assembly.finish_row();
        }
    }
    assembly.finish(call)
}

#[cfg(test)]
mod tests {
    use crate::functions::scalar::array::testing::*;
    use crate::functions::scalar::testing::*;
    use crate::types::LogicalType;

    #[test]
    fn joined() {
        check("array_append", &[numbers(&[1]), integer(2)], numbers(&[1, 2]));
        check("array_append", &[no_array(), integer(2)], numbers(&[2]));
        check(
            "array_append",
            &[numbers(&[1]), null(LogicalType::Integer)],
            integers(&[Some(1), None]),
        );
        check("array_prepend", &[integer(1), numbers(&[2])], numbers(&[1, 2]));
        check("array_prepend", &[integer(1), no_array()], numbers(&[1]));
        check("array_cat", &[numbers(&[1]), numbers(&[2, 3])], numbers(&[1, 2, 3]));
        check("array_cat", &[no_array(), numbers(&[2])], numbers(&[2]));
        check("array_cat", &[no_array(), no_array()], no_array());
        check(
            "array_append",
            &[nested(&[&[1, 2]]), numbers(&[3, 4])],
            nested(&[&[1, 2], &[3, 4]]),
        );
    }
}
