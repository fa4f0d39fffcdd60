//! How fast joins are: nanoseconds per row on one core, over batches that are made beforehand.
//! `cargo test --release -p stoa-engine --lib hash_join::measure -- --ignored --nocapture`

use super::*;
use crate::operators::key::KeyField;
use crate::operators::project::Projection;
use crate::operators::testing::{Random, TestSource, branch, cancel, memory, run};
use crate::pipeline::{Demand, Pipeline, Sink, SinkPart};
use arrow_array::{Int64Array, StringViewArray};
use std::time::Instant;
use stoa_storage::vector::Batch;

const BATCH_ROWS: usize = 8 * 1024;
const PROBE_ROWS: usize = 256 * BATCH_ROWS;

/// Takes rows and forgets them.
struct Nothing;

impl Sink for Nothing {
    fn open(&self) -> crate::error::Result<Box<dyn SinkPart>> {
        Ok(Box::new(Nothing))
    }
}

impl SinkPart for Nothing {
    fn consume(&mut self, _batch: Batch) -> crate::error::Result<Demand> {
        Ok(Demand::More)
    }
    fn finish(self: Box<Self>) -> crate::error::Result<()> {
        Ok(())
    }
}

/// Batches of a key and a number.
fn batches(rows: usize, mut key: impl FnMut(usize) -> i64, as_text: bool) -> Vec<Batch> {
    let starts = (0..rows).step_by(BATCH_ROWS);
    let of = starts.map(|start| {
        let places = start..rows.min(start + BATCH_ROWS);
        let count = places.len();
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(places.clone().map(|row| row as i64)));
        let keys: Vec<i64> = places.map(&mut key).collect();
        let keys: ArrayRef = match as_text {
            false => Arc::new(Int64Array::from(keys)),
            true => Arc::new(StringViewArray::from_iter_values(
                keys.iter().map(|key| format!("the key {key:010}")),
            )),
        };
        Batch::new(vec![keys, numbers], count)
    });
    of.collect()
}

fn measure(name: &str, kind: Kind, left: &[Batch], right: &[Batch]) {
    let types: Vec<DataType> = right[0]
        .columns
        .iter()
        .map(|column| column.data_type().clone())
        .collect();
    let rows = |batches: &[Batch]| batches.iter().map(|batch| batch.row_count).sum::<usize>() as f64;
    let (mut build, mut probe) = (f64::MAX, f64::MAX);
    for _ in 0..5 {
        let join = Join::new(Specification {
            kind,
            keys: Some(JoinKeys {
                right: KeyColumns(vec![Projection::Column(0)]),
                encoder: KeyEncoder::new(vec![KeyField::without_nulls(types[0].clone())]).unwrap(),
            }),
            has_residual: false,
            stored: if kind.asks_existence() { vec![] } else { vec![1] },
            stored_types: if kind.asks_existence() {
                vec![]
            } else {
                vec![types[1].clone()]
            },
            publications: vec![],
            batch_rows: BATCH_ROWS,
            workers: 1,
            memory: memory(),
            cancel: cancel(),
            profile: None,
        });
        let side = Arc::new(LeftSide {
            keys: KeyColumns(vec![Projection::Column(0)]),
            residual: None,
            output: vec![1],
            output_types: vec![types[1].clone()],
            right_output: if kind.asks_existence() { vec![] } else { vec![0] },
        });
        let pipeline = |source: crate::pipeline::Branch, sink: Arc<dyn Sink>| Pipeline {
            branches: vec![source],
            sink,
        };
        let right_source = branch(TestSource::new(right.to_vec(), 1), vec![]);
        let left_source = branch(
            TestSource::new(left.to_vec(), 1),
            vec![Arc::new(ProbeTransform {
                join: join.clone(),
                left: side,
            })],
        );
        let start = Instant::now();
        let collect = pipeline(right_source, Arc::new(BuildSink(join.clone())));
        let tasks = pipeline(
            branch(BuildTasks(join.clone()), vec![]),
            Arc::new(BuildTasksSink(join.clone())),
        );
        run(&[collect, tasks], 1).unwrap();
        build = build.min(start.elapsed().as_nanos() as f64 / rows(right));
        let start = Instant::now();
        run(&[pipeline(left_source, Arc::new(Nothing))], 1).unwrap();
        probe = probe.min(start.elapsed().as_nanos() as f64 / rows(left));
    }
    println!("{name:>56}: build {build:6.2}, probe {probe:6.2} ns/row");
}

#[test]
#[ignore = "a measurement, for release builds"]
fn rates() {
    for (size, text) in [
        (2_000usize, false),
        (200_000, false),
        (2_000_000, false),
        (200_000, true),
    ] {
        let mut random = Random::new(size as u64);
        let kind = if text { "texts" } else { "integers" };
        // Sparse keys go into the hash table, dense ones into an array.
        for (spread, table) in [(1, "dense"), (1_000_003, "sparse")] {
            let right = batches(size, |row| row as i64 * spread, text);
            let mut of = |hits: u64| {
                let limit = size as u64 * hits;
                batches(PROBE_ROWS, |_| random.below(limit) as i64 * spread, text)
            };
            let (all, some) = (of(1), of(10));
            measure(&format!("{size} {table} {kind}, all match"), Kind::Inner, &all, &right);
            measure(
                &format!("{size} {table} {kind}, a tenth matches"),
                Kind::Inner,
                &some,
                &right,
            );
            measure(
                &format!("{size} {table} {kind}, semi, a tenth"),
                Kind::Semi,
                &some,
                &right,
            );
        }
    }
}
