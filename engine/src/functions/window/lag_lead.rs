//! `lag(value [, offset [, default]])`, `lead(..)`: the value of a row before or after, whatever the frame.

use super::window;
use crate::error::{Error, Result};
use crate::functions::scalar::signature::*;
use crate::functions::{WindowArguments, WindowFunction};
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, new_null_array};
use arrow_select::interleave::interleave;
use stoa_sql::catalog::Signature;

const SIGNATURES: &[Signature] = &[
    signature(&[ANY_ELEMENT], returns::first),
    signature(&[ANY_ELEMENT, INTEGER], returns::first),
    signature(&[ANY_ELEMENT, INTEGER, ANY_ELEMENT], returns::first),
];

pub(super) static LAG: WindowFunction = WindowFunction {
    info: || window("lag", SIGNATURES),
    documentation: documentation(
        "window",
        "The value of the row so many before, 1 if not said; a default or NULL where there is none.",
        "lag(x) OVER (ORDER BY x)",
        "",
    ),
    execute: |call| shift(call, -1),
};
pub(super) static LEAD: WindowFunction = WindowFunction {
    info: || window("lead", SIGNATURES),
    documentation: documentation(
        "window",
        "The value of the row so many after, 1 if not said; a default or NULL where there is none.",
        "lead(x) OVER (ORDER BY x)",
        "2",
    ),
    execute: |call| shift(call, 1),
};

/// Which sources an answer comes from.
const VALUE: usize = 0;
const DEFAULT: usize = 1;

fn shift(call: &WindowArguments<'_>, direction: i64) -> Result<ArrayRef> {
    let Some(values) = call.arguments.first() else {
        return Err(Error::Internal("lag and lead have an argument".into()));
    };
    if call.row_count == 0 {
        return Ok(values.slice(0, 0));
    }
    let nothing = new_null_array(values.data_type(), 1);
    let offsets = call.arguments.get(1).map(|offsets| offsets.as_primitive::<Int32Type>());
    let defaults = call.arguments.get(2);
    // The rows that count, where NULLs do not.
    let counted: Option<Vec<usize>> = call
        .ignore_nulls
        .then(|| (0..call.row_count).filter(|row| values.is_valid(*row)).collect());
    let places: Vec<(usize, usize)> = (0..call.row_count)
        .map(|row| {
            let Some(offset) = offsets.map_or(Some(1), |offsets| offsets.is_valid(row).then(|| offsets.value(row)))
            else {
                return (2, 0);
            };
            let target = match &counted {
                None => in_rows(row, direction * i64::from(offset), call.row_count),
                Some(counted) => in_counted(counted, row, direction * i64::from(offset)),
            };
            match (target, defaults) {
                (Some(target), _) => (VALUE, target),
                (None, Some(_)) => (DEFAULT, row),
                (None, None) => (2, 0),
            }
        })
        .collect();
    let sources: [&dyn Array; 3] = [&**values, &**defaults.unwrap_or(values), &*nothing];
    Ok(interleave(&sources, &places)?)
}

fn in_rows(row: usize, offset: i64, row_count: usize) -> Option<usize> {
    let target = i64::try_from(row).ok()?.checked_add(offset)?;
    usize::try_from(target).ok().filter(|target| *target < row_count)
}

/// The row so many counted rows away; from a row that does not count, the nearest counted one is the first.
fn in_counted(counted: &[usize], row: usize, offset: i64) -> Option<usize> {
    if offset == 0 {
        return Some(row);
    }
    let before = counted.partition_point(|counted| *counted < row);
    let place = match counted.get(before) == Some(&row) || offset < 0 {
        true => i64::try_from(before).ok()?.checked_add(offset)?,
        false => i64::try_from(before).ok()?.checked_add(offset - 1)?,
    };
    usize::try_from(place)
        .ok()
        .and_then(|place| counted.get(place).copied())
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;

    #[test]
    fn rows_before_and_after() {
        let values = || integers(vec![Some(1), Some(2), Some(3)]);
        let every = |offset: Option<i32>| integers(vec![offset; 3]);
        same(run("lag", &[values()], 3, &[0]), integers(vec![None, Some(1), Some(2)]));
        same(
            run("lead", &[values()], 3, &[0]),
            integers(vec![Some(2), Some(3), None]),
        );
        same(
            run("lag", &[values(), every(Some(-1))], 3, &[0]),
            integers(vec![Some(2), Some(3), None]),
        );
        same(run("lead", &[values(), every(None)], 3, &[0]), every(None));
        same(run("lag", &[values(), every(Some(0))], 3, &[0]), values());
        let with_default = [values(), every(Some(2)), every(Some(99))];
        same(
            run("lag", &with_default, 3, &[0]),
            integers(vec![Some(99), Some(99), Some(1)]),
        );
    }

    #[test]
    fn nulls_ignored() {
        let values = integers(vec![Some(1), None, Some(3), None]);
        let lag = try_run("lag", std::slice::from_ref(&values), 4, &[0], true).unwrap();
        same(lag, integers(vec![None, Some(1), Some(1), Some(3)]));
        let lead = try_run("lead", &[values], 4, &[0], true).unwrap();
        same(lead, integers(vec![Some(3), Some(3), None, None]));
    }
}
