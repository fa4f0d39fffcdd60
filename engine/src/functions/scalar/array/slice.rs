//! `array_slice(array, from, to)`, which `array[from:to]` means

use super::element::{Assembly, range_of};
use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::types::Int32Type;

pub(super) static ARRAY_SLICE: ScalarFunction = ScalarFunction {
    info: || {
        let signatures = const { &[signature(&[ANY_ARRAY, INTEGER, INTEGER], returns::first)] };
        called_on_null(immutable("array_slice", signatures))
    },
    documentation: documentation(
        "array",
        "The elements from one subscript to another; a bound that is NULL is the array's own. What array[2:3] calls.",
        "(ARRAY[1, 2, 3, 4])[2:3]",
        "{2,3}",
    ),
    execute,
};

fn execute(call: &Call<'_>) -> Result<Value> {
    let lists = call.argument(0)?.lists()?;
    let (from, to) = (call.primitives::<Int32Type>(1)?, call.primitives::<Int32Type>(2)?);
    let mut assembly = Assembly::new(vec![&**lists.array().values()], call.row_count);
    for row in 0..call.row_count {
        if lists.is_null(row) {
            assembly.null_row();
            continue;
        }
        let range = range_of(lists.array(), lists.index(row));
        let first = if from.is_null(row) {
            1
        } else {
            i64::from(from.value(row)).max(1)
        };
        let last = if to.is_null(row) {
            i64::MAX
        } else {
            i64::from(to.value(row))
        };
        let skipped = usize::try_from(first - 1).unwrap_or(0).min(range.len());
        let kept = usize::try_from(last.max(0)).unwrap_or(usize::MAX).min(range.len());
        if skipped < kept {
            assembly.extend(0, range.start + skipped..range.start + kept);
        }
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
    fn slices() {
        let bound = |value: Option<i32>| value.map_or(null(LogicalType::Integer), integer);
        for (from, to, expected) in [
            (Some(2), Some(3), &[2, 3][..]),
            (None, Some(2), &[1, 2]),
            (Some(2), None, &[2, 3]),
            (Some(5), Some(6), &[]),
            (Some(-1), Some(2), &[1, 2]),
            (Some(3), Some(2), &[]),
            (Some(i32::MIN), Some(i32::MIN), &[]),
        ] {
            check(
                "array_slice",
                &[numbers(&[1, 2, 3]), bound(from), bound(to)],
                numbers(expected),
            );
        }
        check("array_slice", &[no_array(), integer(1), integer(2)], no_array());
    }
}
