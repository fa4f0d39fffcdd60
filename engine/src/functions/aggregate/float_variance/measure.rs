//! How fast variances of floating-point numbers are: nanoseconds per value on one core, over batches that are made beforehand.
//! `cargo test --release -p stoa-engine --lib float_variance::measure -- --ignored --nocapture`

use super::FloatVariance;
use crate::functions::aggregate::variance::Wanted;
use crate::functions::{Accumulator, Groups};
use crate::operators::testing::Random;
use arrow_array::{ArrayRef, Float64Array};
use std::sync::Arc;
use std::time::Instant;

const BATCH_ROWS: usize = 8 * 1024;
const BATCHES: usize = 256;
const RUNS: usize = 5;

fn measure(name: &str, batches: &[ArrayRef], group_count: usize) {
    let mut random = Random::new(2);
    let groups: Vec<u32> = (0..BATCHES * BATCH_ROWS)
        .map(|_| random.below(group_count as u64) as u32)
        .collect();
    let (mut update, mut finish) = (f64::MAX, f64::MAX);
    for _ in 0..RUNS {
        let mut variance = FloatVariance::new(Wanted::DEVIATION_SAMP);
        let start = Instant::now();
        for (batch, groups) in batches.iter().zip(groups.chunks(BATCH_ROWS)) {
            let groups = match group_count {
                1 => Groups::One {
                    group: 0,
                    row_count: BATCH_ROWS,
                },
                _ => Groups::PerRow(groups),
            };
            variance
                .update(std::slice::from_ref(batch), groups, None, group_count)
                .unwrap();
        }
        update = update.min(start.elapsed().as_nanos() as f64 / groups.len() as f64);
        let start = Instant::now();
        std::hint::black_box(variance.finish(group_count).unwrap());
        finish = finish.min(start.elapsed().as_nanos() as f64 / group_count as f64);
    }
    println!("{name:>20} {group_count:>8} groups {update:6.2} ns a value, {finish:8.1} ns a group to finish");
}

#[test]
#[ignore = "a measurement, for release builds"]
fn rates() {
    let mut random = Random::new(1);
    let values: Vec<f64> = (0..BATCHES * BATCH_ROWS)
        .map(|_| random.below(1_000_000) as f64 * 0.01 - 2000.0)
        .collect();
    let batches = |change: &dyn Fn(f64) -> f64| -> Vec<ArrayRef> {
        let chunks = values.chunks(BATCH_ROWS);
        let changed = chunks.map(|values| values.iter().map(|value| change(*value)));
        changed
            .map(|values| Arc::new(Float64Array::from_iter_values(values)) as ArrayRef)
            .collect()
    };
    for group_count in [1, 4, 30, 100, 10_000, 1_000_000] {
        measure("cents", &batches(&|value| value), group_count);
        measure("far from 0", &batches(&|value| value + 1e12), group_count);
        measure("equal", &batches(&|_| 0.1), group_count);
    }
}
