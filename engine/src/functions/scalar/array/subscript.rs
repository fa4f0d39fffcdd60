//! `array_subscript(array, index)`, which `array[index]` means

use super::element::range_of;
use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::UInt32Array;
use arrow_array::types::Int32Type;

pub(super) static ARRAY_SUBSCRIPT: ScalarFunction = ScalarFunction {
    info: || {
        immutable(
            "array_subscript",
            const { &[signature(&[ANY_ARRAY, INTEGER], returns::element)] },
        )
    },
    documentation: documentation(
        "array",
        "The element at a subscript, from 1; NULL where there is none. What array[2] calls.",
        "(ARRAY['a', 'b'])[2]",
        "b",
    ),
    execute,
};

fn execute(call: &Call<'_>) -> Result<Value> {
    let (lists, indexes) = (call.argument(0)?.lists()?, call.primitives::<Int32Type>(1)?);
    let nulls = call.nulls();
    let place = |row: usize| {
        if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            return None;
        }
        let offset = usize::try_from(indexes.value(row)).ok()?.checked_sub(1)?;
        let range = range_of(lists.array(), lists.index(row));
        (offset < range.len()).then(|| u32::try_from(range.start + offset).ok())?
    };
    let places: UInt32Array = (0..call.row_count).map(place).collect();
    Ok(Value::Array(arrow_select::take::take(
        lists.array().values(),
        &places,
        None,
    )?))
}

#[cfg(test)]
mod tests {
    use crate::functions::scalar::array::testing::*;
    use crate::functions::scalar::testing::*;
    use crate::types::LogicalType;

    #[test]
    fn elements() {
        let array = integers(&[Some(7), None, Some(9)]);
        for (index, expected) in [(0, None), (1, Some(7)), (2, None), (3, Some(9)), (4, None), (-1, None)] {
            let expected = expected.map_or(null(LogicalType::Integer), integer);
            check("array_subscript", &[array.clone(), integer(index)], expected);
        }
        check(
            "array_subscript",
            &[nested(&[&[1, 2], &[3, 4]]), integer(2)],
            numbers(&[3, 4]),
        );
    }
}
