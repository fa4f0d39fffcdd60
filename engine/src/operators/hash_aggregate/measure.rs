//! How fast aggregation is: nanoseconds per row on one core, over batches that are made beforehand.
//! `cargo test --release -p stoa-engine --lib hash_aggregate::measure -- --ignored --nocapture`,
//! with the environment's `MEASURE` only those whose name contains it.

use super::tests::{binding, specification, step};
use super::{AggregateSink, AggregateSource, AggregateSpecification, AggregateStep, GroupingLimits};
use crate::operators::project::Projection;
use crate::operators::testing::{Random, TestSource, branch, cancel, collect, memory, run};
use crate::pipeline::Pipeline;
use crate::types::LogicalType;
use arrow_array::types::{Int32Type, UInt32Type};
use arrow_array::{
    ArrayRef, Date32Array, DictionaryArray, Int32Array, Int64Array, RunArray, StringViewArray, UInt32Array,
};
use std::sync::Arc;
use std::time::Instant;
use stoa_storage::vector::Batch;

const BATCH_ROWS: usize = 8 * 1024;
const BATCHES: usize = 256;
const RUNS: usize = 7;

const NUMERIC: LogicalType = LogicalType::Numeric {
    precision: 38,
    scale: 0,
};

fn sum(place: usize) -> AggregateStep {
    step("sum", binding(&[LogicalType::BigInt], NUMERIC, &[]), &[place])
}

fn count() -> AggregateStep {
    step("count", binding(&[], LogicalType::BigInt, &[]), &[])
}

/// Batches of a key column and a column of numbers.
fn batches(mut key: impl FnMut(usize) -> Option<ArrayRef>) -> Vec<Batch> {
    let mut random = Random::new(1);
    (0..BATCHES)
        .map(|number| {
            let values: ArrayRef = Arc::new(Int64Array::from_iter_values(
                (0..BATCH_ROWS).map(|_| random.below(1_000_000) as i64),
            ));
            let columns = key(number).into_iter().chain([values]).collect();
            Batch::new(columns, BATCH_ROWS)
        })
        .collect()
}

fn measure(
    name: &str,
    types: &[LogicalType],
    key_count: usize,
    calls: fn(usize) -> Vec<AggregateStep>,
    batches: &[Batch],
) {
    if std::env::var("MEASURE").is_ok_and(|wanted| !name.contains(&wanted)) {
        return;
    }
    let rows = (batches.len() * BATCH_ROWS) as f64;
    let mut best = f64::MAX;
    let mut groups = 0;
    for _ in 0..RUNS {
        let sink = AggregateSink::with_limits(
            AggregateSpecification {
                arguments: vec![Projection::Column(key_count)],
                ..specification(types, key_count, calls(0))
            },
            memory(),
            cancel(),
            GroupingLimits::default(),
            None,
        );
        let sink = Arc::new(sink);
        let source = AggregateSource::new(&sink, BATCH_ROWS);
        let branches = vec![branch(TestSource::new(batches.to_vec(), 1), Vec::new())];
        let start = Instant::now();
        run(&[Pipeline { branches, sink }], 1).unwrap();
        let result = collect(vec![branch(source, Vec::new())], 1).unwrap();
        best = best.min(start.elapsed().as_nanos() as f64 / rows);
        groups = result.iter().map(|batch| batch.row_count).sum();
    }
    println!("{name:>48}: {best:6.2} ns/row, {groups} groups");
}

#[test]
#[ignore = "a measurement, for release builds"]
fn rates() {
    use LogicalType as Type;
    let sum_only: fn(usize) -> Vec<AggregateStep> = |place| vec![sum(place)];
    let with_count: fn(usize) -> Vec<AggregateStep> = |place| vec![count(), sum(place)];
    let mut random = Random::new(9);

    let plain = batches(|_| None);
    measure("sum(bigint)", &[Type::BigInt], 0, sum_only, &plain);
    measure("count(*), sum(bigint)", &[Type::BigInt], 0, with_count, &plain);

    let dates = [Type::Date, Type::BigInt];
    let mut date = |spread: u64| -> ArrayRef {
        Arc::new(Date32Array::from_iter_values(
            (0..BATCH_ROWS).map(|_| 19_000 + random.below(spread) as i32),
        ))
    };
    let random_dates = batches(|_| Some(date(1100)));
    measure("by 1,100 random dates: sum", &dates, 1, sum_only, &random_dates);
    measure(
        "by 1,100 random dates: count, sum",
        &dates,
        1,
        with_count,
        &random_dates,
    );
    let few_dates = batches(|_| Some(date(7)));
    measure("by 7 random dates: sum", &dates, 1, sum_only, &few_dates);
    let one_date = batches(|number| Some(Arc::new(Date32Array::from(vec![number as i32; BATCH_ROWS])) as ArrayRef));
    measure("by a date per batch, plain: sum", &dates, 1, sum_only, &one_date);
    let run_date = batches(|number| {
        let ends = Int32Array::from(vec![BATCH_ROWS as i32]);
        let value = Date32Array::from(vec![number as i32 / 4]);
        Some(Arc::new(RunArray::<Int32Type>::try_new(&ends, &value).unwrap()) as ArrayRef)
    });
    measure("by a date per batch, one run: sum", &dates, 1, sum_only, &run_date);

    let mut random = Random::new(10);
    let texts: ArrayRef = Arc::new(StringViewArray::from_iter_values(
        (0..200).map(|number| format!("category with number {number}")),
    ));
    let dictionary = batches(|_| {
        let codes = UInt32Array::from_iter_values((0..BATCH_ROWS).map(|_| random.below(200) as u32));
        Some(Arc::new(DictionaryArray::<UInt32Type>::new(codes, texts.clone())) as ArrayRef)
    });
    let text = [Type::Text, Type::BigInt];
    measure("by 200 texts, dictionary: sum", &text, 1, sum_only, &dictionary);
    let flat: Vec<Batch> = dictionary
        .iter()
        .map(|batch| {
            Batch::new(
                batch.columns.iter().map(stoa_storage::vector::flatten).collect(),
                BATCH_ROWS,
            )
        })
        .collect();
    measure("by 200 texts, plain: sum", &text, 1, sum_only, &flat);

    let numbers = [Type::BigInt, Type::BigInt];
    for distinct in [1_000, 100_000, 1_000_000] {
        let mut random = Random::new(11);
        let keys = batches(|_| {
            let keys = (0..BATCH_ROWS).map(|_| random.below(distinct) as i64 * 1_000_003);
            Some(Arc::new(Int64Array::from_iter_values(keys)) as ArrayRef)
        });
        // As often as it takes for most rows to find their group.
        let keys: Vec<Batch> = keys.iter().cycle().take(BATCHES * 4).cloned().collect();
        measure(
            &format!("by {distinct} bigints, spread: count, sum"),
            &numbers,
            1,
            with_count,
            &keys,
        );
    }
}
