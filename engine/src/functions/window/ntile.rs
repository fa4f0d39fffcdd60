//! `ntile(buckets)`

use super::window;
use crate::error::{Error, Result, SqlState};
use crate::functions::scalar::signature::*;
use crate::functions::{WindowArguments, WindowFunction};
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, Int32Array, new_null_array};
use arrow_schema::DataType;
use std::ops::Range;
use std::sync::Arc;

pub(super) static NTILE: WindowFunction = WindowFunction {
    info: || window("ntile", const { &[signature(&[INTEGER], returns::integer)] }),
    documentation: documentation(
        "window",
        "The number of the row's bucket when the partition is cut into so many as equal as can be.",
        "ntile(4) OVER (ORDER BY x)",
        "1",
    ),
    execute,
};

fn execute(call: &WindowArguments<'_>) -> Result<ArrayRef> {
    match call.arguments.first() {
        Some(buckets) => ntile_buckets(buckets, 0..call.row_count, call.row_count),
        None => Err(Error::Internal("ntile has no argument".into())),
    }
}

/// The buckets of some of the rows of a partition, which are as many as its first row says.
///
/// # Errors
/// 22014 where they are fewer than one.
pub(crate) fn ntile_buckets(buckets: &ArrayRef, rows: Range<usize>, row_count: usize) -> Result<ArrayRef> {
    let buckets = buckets.as_primitive::<Int32Type>();
    if row_count == 0 || buckets.is_null(0) {
        return Ok(new_null_array(&DataType::Int32, rows.len()));
    }
    let Some(buckets) = usize::try_from(buckets.value(0)).ok().filter(|buckets| *buckets > 0) else {
        return Err(Error::user(
            SqlState("22014"),
            "argument of ntile must be greater than zero",
        ));
    };
    let (size, larger) = (row_count / buckets, row_count % buckets);
    let in_larger = larger * (size + 1);
    let bucket = |row: usize| match row < in_larger {
        true => row / (size + 1),
        false => larger + (row - in_larger) / size.max(1),
    };
    let values = rows.map(|row| i32::try_from(bucket(row) + 1).unwrap_or(i32::MAX));
    Ok(Arc::new(Int32Array::from_iter_values(values)))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;

    #[test]
    fn buckets() {
        for (count, rows, expected) in [(3, 7, &[1, 1, 1, 2, 2, 3, 3][..]), (3, 2, &[1, 2]), (1, 2, &[1, 1])] {
            let buckets = integers(vec![Some(count); rows]);
            let expected = integers(expected.iter().copied().map(Some).collect::<Vec<_>>());
            same(run("ntile", &[buckets], rows, &[0]), expected);
        }
        same(
            run("ntile", &[integers(vec![None, Some(1)])], 2, &[0]),
            integers(vec![None, None]),
        );
        let error = try_run("ntile", &[integers(vec![Some(0)])], 1, &[0], false).unwrap_err();
        assert_eq!(
            (error.state().0, error.to_string().as_str()),
            ("22014", "argument of ntile must be greater than zero")
        );
    }
}
