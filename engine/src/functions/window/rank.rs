//! `rank()`, `dense_rank()`, `percent_rank()`, `cume_dist()`: places among peers.

use super::window;
use crate::functions::scalar::signature::*;
use crate::functions::{WindowArguments, WindowFunction};
use arrow_array::{ArrayRef, Float64Array, Int64Array};
use std::ops::Range;
use std::sync::Arc;

pub(super) static RANK: WindowFunction = WindowFunction {
    info: || window("rank", const { &[signature(&[], returns::bigint)] }),
    documentation: documentation(
        "window",
        "The number of the first peer of the row: equal rows share a rank and leave a gap behind.",
        "rank() OVER (ORDER BY x)",
        "1",
    ),
    execute: |call| Ok(bigints(call, |_, peers| peers.start as i64 + 1)),
};
pub(super) static DENSE_RANK: WindowFunction = WindowFunction {
    info: || window("dense_rank", const { &[signature(&[], returns::bigint)] }),
    documentation: documentation(
        "window",
        "The number of the row's group of peers: equal rows share a rank and leave no gap.",
        "dense_rank() OVER (ORDER BY x)",
        "1",
    ),
    execute: |call| Ok(bigints(call, |group, _| group as i64 + 1)),
};
pub(super) static PERCENT_RANK: WindowFunction = WindowFunction {
    info: || window("percent_rank", const { &[signature(&[], returns::double)] }),
    documentation: documentation(
        "window",
        "The rank from 0 to 1: (rank - 1) / (rows - 1).",
        "percent_rank() OVER (ORDER BY x)",
        "0",
    ),
    execute: |call| {
        let others = call.row_count.saturating_sub(1).max(1) as f64;
        Ok(doubles(call, |peers| peers.start as f64 / others))
    },
};
pub(super) static CUME_DIST: WindowFunction = WindowFunction {
    info: || window("cume_dist", const { &[signature(&[], returns::double)] }),
    documentation: documentation(
        "window",
        "The part of the rows that come before the row or are its peers.",
        "cume_dist() OVER (ORDER BY x)",
        "0.25",
    ),
    execute: |call| {
        let rows = call.row_count as f64;
        Ok(doubles(call, |peers| peers.end as f64 / rows))
    },
};

/// The rows of each group of peers.
fn groups(call: &WindowArguments<'_>) -> impl Iterator<Item = Range<usize>> {
    let starts = call.peer_starts.iter().copied();
    let ends = starts.clone().skip(1).chain(std::iter::once(call.row_count));
    starts
        .zip(ends)
        .map(|(start, end)| start..end)
        .collect::<Vec<_>>()
        .into_iter()
}

fn bigints(call: &WindowArguments<'_>, answer: impl Fn(usize, Range<usize>) -> i64) -> ArrayRef {
    let mut values = Vec::with_capacity(call.row_count);
    for (group, peers) in groups(call).enumerate() {
        values.resize(peers.end, answer(group, peers));
    }
    Arc::new(Int64Array::from(values))
}

fn doubles(call: &WindowArguments<'_>, answer: impl Fn(Range<usize>) -> f64) -> ArrayRef {
    let mut values = Vec::with_capacity(call.row_count);
    for peers in groups(call) {
        values.resize(peers.end, answer(peers));
    }
    Arc::new(Float64Array::from(values))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;

    #[test]
    fn peers_share() {
        let starts = [0, 1, 3];
        let some = |values: [i64; 4]| bigints(values.map(Some));
        same(run("rank", &[], 4, &starts), some([1, 2, 2, 4]));
        same(run("dense_rank", &[], 4, &starts), some([1, 2, 2, 3]));
        same(
            run("percent_rank", &[], 4, &starts),
            doubles([0.0, 1.0 / 3.0, 1.0 / 3.0, 1.0]),
        );
        same(run("cume_dist", &[], 4, &starts), doubles([0.25, 0.75, 0.75, 1.0]));
        same(run("percent_rank", &[], 1, &[0]), doubles([0.0]));
    }
}
