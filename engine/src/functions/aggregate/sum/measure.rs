//! How fast sums of floating-point numbers are: nanoseconds per value on one core, over batches that are made beforehand.
//! `cargo test --release -p stoa-engine --lib sum::measure -- --ignored --nocapture`

use super::FloatSum;
use super::float::Float;
use crate::functions::{Accumulator, Groups};
use crate::operators::testing::Random;
use arrow_array::types::{Float32Type, Float64Type};
use arrow_array::{ArrayRef, Float32Array, Float64Array};
use arrow_buffer::BooleanBuffer;
use std::sync::Arc;
use std::time::Instant;

const BATCH_ROWS: usize = 8 * 1024;
const BATCHES: usize = 512;
const RUNS: usize = 7;

fn measure<T: Float>(name: &str, batches: &[ArrayRef], group_count: usize, mask: Option<&BooleanBuffer>) {
    let mut random = Random::new(2);
    let groups: Vec<u32> = (0..BATCHES * BATCH_ROWS)
        .map(|_| random.below(group_count as u64) as u32)
        .collect();
    let (mut update, mut rest) = (f64::MAX, f64::MAX);
    for _ in 0..RUNS {
        let mut sum = FloatSum::<T>::new();
        let start = Instant::now();
        for (batch, groups) in batches.iter().zip(groups.chunks(BATCH_ROWS)) {
            let groups = match group_count {
                1 => Groups::One {
                    group: 0,
                    row_count: BATCH_ROWS,
                },
                _ => Groups::PerRow(groups),
            };
            sum.update(std::slice::from_ref(batch), groups, mask, group_count)
                .unwrap();
        }
        update = update.min(start.elapsed().as_nanos() as f64 / groups.len() as f64);
        let start = Instant::now();
        let states = sum.states(group_count).unwrap();
        let same: Vec<u32> = (0..group_count as u32).collect();
        sum.merge(&states, Groups::PerRow(&same), group_count).unwrap();
        std::hint::black_box(sum.finish(group_count).unwrap());
        rest = rest.min(start.elapsed().as_nanos() as f64 / group_count as f64);
    }
    println!(
        "{name:>28} {group_count:>8} groups {update:6.2} ns a value, {rest:8.1} ns a group to hand out, merge and finish"
    );
}

#[test]
#[ignore = "a measurement, for release builds"]
fn rates() {
    let mut random = Random::new(1);
    let values: Vec<f64> = (0..BATCHES * BATCH_ROWS)
        .map(|_| random.below(1_000_000) as f64 * 0.01 - 2000.0)
        .collect();
    let narrow: Vec<f32> = values.iter().map(|value| *value as f32).collect();
    let doubles = values.chunks(BATCH_ROWS);
    let doubles: Vec<ArrayRef> = doubles
        .map(|values| Arc::new(Float64Array::from(values.to_vec())) as ArrayRef)
        .collect();
    let singles = narrow.chunks(BATCH_ROWS);
    let singles: Vec<ArrayRef> = singles
        .map(|values| Arc::new(Float32Array::from(values.to_vec())) as ArrayRef)
        .collect();
    // More than pairs of doubles have room for.
    let wide = values.chunks(BATCH_ROWS).map(|values| {
        let magnitude = |(at, value): (usize, &f64)| value * 2f64.powi(at as i32 * 37 % 600 - 300);
        let values = values.iter().enumerate().map(magnitude);
        Arc::new(Float64Array::from_iter_values(values)) as ArrayRef
    });
    let wide: Vec<ArrayRef> = wide.collect();
    let most = BooleanBuffer::collect_bool(BATCH_ROWS, |row| row % 10 != 3);
    for group_count in [1, 4, 30, 100, 10_000, 1_000_000] {
        measure::<Float64Type>("float8", &doubles, group_count, None);
        measure::<Float32Type>("float4", &singles, group_count, None);
        measure::<Float64Type>("float8 of all magnitudes", &wide, group_count, None);
        measure::<Float64Type>("float8, 9 of 10 rows", &doubles, group_count, Some(&most));
    }
}
