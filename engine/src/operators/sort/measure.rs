//! How fast sorts are: nanoseconds per row on one core, over batches that are made beforehand.
//! `cargo test --release -p stoa-engine --lib sort::measure -- --ignored --nocapture`

use super::*;
use crate::operators::key::{KeyField, Nulls};
use crate::operators::project::Projection;
use crate::operators::testing::{Random, TestSource, branch, cancel, collect, memory, run};
use crate::operators::top_n::{TopN, top_n};
use crate::pipeline::{Branch, Pipeline};
use arrow_array::{Int32Array, Int64Array, StringViewArray};
use std::time::Instant;

const BATCH_ROWS: usize = 8 * 1024;
const BATCHES: usize = 256;

fn order(data_type: &DataType) -> Order {
    Order {
        columns: KeyColumns(vec![Projection::Column(0)]),
        encoder: KeyEncoder::new(vec![KeyField {
            data_type: data_type.clone(),
            descending: false,
            nulls: Nulls::Last,
        }])
        .unwrap(),
    }
}

fn measure(name: &str, key: impl Fn(&mut Random) -> ArrayRef) {
    let mut random = Random::new(3);
    let batches: Vec<Batch> = (0..BATCHES)
        .map(|_| {
            let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..BATCH_ROWS as i64));
            Batch::new(vec![key(&mut random), numbers], BATCH_ROWS)
        })
        .collect();
    let types: Vec<DataType> = batches[0]
        .columns
        .iter()
        .map(|column| column.data_type().clone())
        .collect();
    let source = || vec![branch(TestSource::new(batches.clone(), 1), vec![])];
    let rows = (BATCHES * BATCH_ROWS) as f64;
    let (mut whole, mut top) = (f64::MAX, f64::MAX);
    for _ in 0..5 {
        let start = Instant::now();
        let sort = Sort::new(order(&types[0]), types.clone(), None, BATCH_ROWS, memory(), cancel(), 1);
        let sink = Arc::new(SortSink(sort.clone()));
        let branches = source();
        run(&[Pipeline { branches, sink }], 1).unwrap();
        collect(vec![branch(SortSource(sort), vec![])], 1).unwrap();
        whole = whole.min(start.elapsed().as_nanos() as f64 / rows);
        let start = Instant::now();
        let (sink, result) = top_n(TopN {
            order: order(&types[0]),
            limit: 10,
            batch_rows: BATCH_ROWS,
            cancel: cancel(),
            memory: memory(),
            publishes: true,
            condition: Arc::default(),
        });
        let branches = source();
        run(&[Pipeline { branches, sink }], 1).unwrap();
        let result = Branch {
            source: Arc::from(result),
            transforms: vec![],
        };
        collect(vec![result], 1).unwrap();
        top = top.min(start.elapsed().as_nanos() as f64 / rows);
    }
    println!("{name:>40}: sort {whole:6.2}, top 10 {top:6.2} ns/row");
}

#[test]
#[ignore = "a measurement, for release builds"]
fn rates() {
    measure("random bigint", |random| {
        Arc::new(Int64Array::from_iter_values(
            (0..BATCH_ROWS).map(|_| random.below(u64::MAX) as i64),
        ))
    });
    measure("random integer below 10,000", |random| {
        Arc::new(Int32Array::from_iter_values(
            (0..BATCH_ROWS).map(|_| random.below(10_000) as i32),
        ))
    });
    measure("texts of 20 bytes", |random| {
        Arc::new(StringViewArray::from_iter_values(
            (0..BATCH_ROWS).map(|_| format!("a text {:013}", random.below(1 << 40))),
        ))
    });
}
