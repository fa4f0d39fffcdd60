//! Window functions run over one partition in tests.

use crate::error::Result;
use crate::functions::{WindowArguments, registry};
use crate::types::LogicalType;
use arrow_array::{ArrayRef, Float64Array, Int32Array, Int64Array};
use std::ops::Range;
use std::sync::Arc;

pub(super) fn integers(values: Vec<Option<i32>>) -> ArrayRef {
    Arc::new(Int32Array::from(values))
}

pub(super) fn bigints<const N: usize>(values: [Option<i64>; N]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

pub(super) fn doubles<const N: usize>(values: [f64; N]) -> ArrayRef {
    Arc::new(Float64Array::from(values.to_vec()))
}

/// A function over a partition, with these frames.
pub(super) fn run_in(
    name: &str,
    arguments: &[ArrayRef],
    row_count: usize,
    peer_starts: &[usize],
    ignore_nulls: bool,
    frames: &dyn Fn(usize) -> Vec<Range<usize>>,
) -> Result<ArrayRef> {
    let function = registry::window_function(name).unwrap();
    let types = vec![LogicalType::Integer; arguments.len()];
    let info = (function.info)();
    let signature = info
        .signatures
        .iter()
        .find(|signature| signature.parameters.len() == types.len())
        .unwrap();
    let answer = (function.execute)(&WindowArguments {
        arguments,
        row_count,
        peer_starts,
        frames,
        ignore_nulls,
        return_type: &(signature.returns)(&types),
    })?;
    assert_eq!(answer.len(), row_count);
    Ok(answer)
}

/// With the whole partition as every frame.
pub(super) fn try_run(
    name: &str,
    arguments: &[ArrayRef],
    row_count: usize,
    peer_starts: &[usize],
    ignore_nulls: bool,
) -> Result<ArrayRef> {
    run_in(name, arguments, row_count, peer_starts, ignore_nulls, &|_| {
        std::iter::once(0..row_count).collect()
    })
}

/// As [`try_run`], of a call that works.
pub(super) fn run(name: &str, arguments: &[ArrayRef], row_count: usize, peer_starts: &[usize]) -> ArrayRef {
    try_run(name, arguments, row_count, peer_starts, false).unwrap()
}

/// That two arrays are equal.
#[track_caller]
pub(super) fn same(answer: ArrayRef, expected: ArrayRef) {
    assert_eq!(&*answer, &*expected);
}
