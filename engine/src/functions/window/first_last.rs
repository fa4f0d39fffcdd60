//! `first_value(x)`, `last_value(x)`, `nth_value(x, n)`: values of rows of the frame.

use super::window;
use crate::error::{Error, Result, SqlState};
use crate::functions::scalar::signature::*;
use crate::functions::{WindowArguments, WindowFunction};
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, UInt64Array};
use std::ops::Range;

pub(super) static FIRST_VALUE: WindowFunction = WindowFunction {
    info: || window("first_value", const { &[signature(&[ANY_ELEMENT], returns::first)] }),
    documentation: documentation(
        "window",
        "The value of the frame's first row.",
        "first_value(x) OVER (ORDER BY x)",
        "1",
    ),
    execute: |call| {
        pick(call, |frame, counts, _| {
            Ok(frame.iter().cloned().flatten().find(|row| counts(*row)))
        })
    },
};
pub(super) static LAST_VALUE: WindowFunction = WindowFunction {
    info: || window("last_value", const { &[signature(&[ANY_ELEMENT], returns::first)] }),
    documentation: documentation(
        "window",
        "The value of the frame's last row.",
        "last_value(x) OVER (ORDER BY x)",
        "1",
    ),
    execute: |call| {
        pick(call, |frame, counts, _| {
            Ok(frame.iter().cloned().flatten().rev().find(|row| counts(*row)))
        })
    },
};
pub(super) static NTH_VALUE: WindowFunction = WindowFunction {
    info: || {
        window(
            "nth_value",
            const { &[signature(&[ANY_ELEMENT, INTEGER], returns::first)] },
        )
    },
    documentation: documentation(
        "window",
        "The value of the frame's row of a number, from 1; NULL where the frame has fewer.",
        "nth_value(x, 2) OVER (ORDER BY x)",
        "",
    ),
    execute: nth_value,
};

/// Decides which row of a frame answers for a row, given which rows count.
type Choice<'a> = dyn Fn(&[Range<usize>], &dyn Fn(usize) -> bool, usize) -> Result<Option<usize>> + 'a;

fn values<'a>(call: &'a WindowArguments<'_>) -> Result<&'a ArrayRef> {
    let values = call.arguments.first();
    values.ok_or_else(|| Error::Internal("a window function lacks its argument".into()))
}

fn pick(
    call: &WindowArguments<'_>,
    choose: impl Fn(&[Range<usize>], &dyn Fn(usize) -> bool, usize) -> Result<Option<usize>>,
) -> Result<ArrayRef> {
    let values = values(call)?;
    let choose: &Choice<'_> = &choose;
    let counts = |row: usize| !call.ignore_nulls || values.is_valid(row);
    let places = (0..call.row_count).map(|row| {
        let frame = (call.frames)(row);
        Ok(choose(&frame, &counts, row)?.map(|row| row as u64))
    });
    let places = places.collect::<Result<UInt64Array>>()?;
    Ok(arrow_select::take::take(values, &places, None)?)
}

fn nth_value(call: &WindowArguments<'_>) -> Result<ArrayRef> {
    let Some(numbers) = call.arguments.get(1).map(|numbers| numbers.as_primitive::<Int32Type>()) else {
        return Err(Error::Internal("nth_value has two arguments".into()));
    };
    pick(call, |frame, counts, row| {
        if numbers.is_null(row) {
            return Ok(None);
        }
        let before = usize::try_from(numbers.value(row))
            .ok()
            .and_then(|number| number.checked_sub(1));
        let Some(before) = before else {
            let message = "argument of nth_value must be greater than zero";
            return Err(Error::user(SqlState("22016"), message));
        };
        if call.ignore_nulls {
            return Ok(frame.iter().cloned().flatten().filter(|row| counts(*row)).nth(before));
        }
        let mut before = before;
        for range in frame {
            if before < range.len() {
                return Ok(Some(range.start + before));
            }
            before -= range.len();
        }
        Ok(None)
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use std::ops::Range;

    /// From the row before to the row after, without the row itself.
    fn neighbours(row: usize) -> Vec<Range<usize>> {
        vec![row.saturating_sub(1)..row, row + 1..(row + 2).min(4)]
    }

    #[test]
    fn values_of_frames() {
        let values = || integers(vec![None, Some(2), Some(3), Some(4)]);
        let every = |number: Option<i32>| integers(vec![number; 4]);
        for (name, arguments, ignore_nulls, expected) in [
            ("first_value", vec![values()], false, [Some(2), None, Some(2), Some(3)]),
            (
                "first_value",
                vec![values()],
                true,
                [Some(2), Some(3), Some(2), Some(3)],
            ),
            (
                "last_value",
                vec![values()],
                false,
                [Some(2), Some(3), Some(4), Some(3)],
            ),
            (
                "nth_value",
                vec![values(), every(Some(2))],
                false,
                [None, Some(3), Some(4), None],
            ),
            (
                "nth_value",
                vec![values(), every(Some(1))],
                true,
                [Some(2), Some(3), Some(2), Some(3)],
            ),
            ("nth_value", vec![values(), every(None)], false, [None; 4]),
        ] {
            let answer = run_in(name, &arguments, 4, &[0], ignore_nulls, &neighbours).unwrap();
            same(answer, integers(expected.to_vec()));
        }
        let error = run_in("nth_value", &[values(), every(Some(0))], 4, &[0], false, &neighbours).unwrap_err();
        assert_eq!(error.to_string(), "argument of nth_value must be greater than zero");
    }
}
