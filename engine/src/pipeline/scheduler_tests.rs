//! Which query comes to its end first: short ones beside long ones that come back after every batch, and beside such that never do.

use super::{Cancel, Output, Pipeline, QueryRun, Source, Stream, Workers};
use crate::error::Result;
use crate::operators::testing::{Collected, branch, cancel};
use arrow_array::{ArrayRef, Int64Array};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};
use stoa_storage::vector::Batch;

/// A batch after every so much time, so many times.
#[derive(Clone)]
struct Busy {
    per_batch: Duration,
    batches: usize,
}

impl Source for Busy {
    fn open(&self) -> Result<Box<dyn Stream>> {
        Ok(Box::new(self.clone()))
    }
}

impl Stream for Busy {
    fn next(&mut self) -> Result<Option<Batch>> {
        if self.batches == 0 {
            return Ok(None);
        }
        self.batches -= 1;
        let start = Instant::now();
        while start.elapsed() < self.per_batch {
            std::thread::sleep(Duration::from_micros(100));
        }
        let column: ArrayRef = Arc::new(Int64Array::from(vec![1]));
        Ok(Some(Batch::new(vec![column], 1)))
    }
}

fn start(workers: &Workers, busy: &Busy, pipelines: usize, name: &'static str, ended: &Sender<&'static str>) {
    let pipelines = (0..pipelines).map(|_| Pipeline {
        branches: vec![branch(busy.clone(), Vec::new())],
        sink: Arc::new(Collected::default()),
    });
    let ended = ended.clone();
    let output = Output::new(workers.queue().clone());
    let cancel: Arc<Cancel> = cancel();
    QueryRun::start(workers.queue(), pipelines.collect(), cancel, output, 1, move |result| {
        let _ = ended.send(name);
        result
    });
}

/// The names of queries in the order of their ends: long ones first, and a short one of several pipelines when they are under way.
fn order_of_ends(long: &Busy, long_count: usize) -> Vec<&'static str> {
    let workers = Workers::start(2).unwrap();
    let (ended, ends) = channel();
    for _ in 0..long_count {
        start(&workers, long, 1, "long", &ended);
    }
    std::thread::sleep(Duration::from_millis(60));
    let short = Busy {
        per_batch: Duration::from_micros(200),
        batches: 2,
    };
    start(&workers, &short, 4, "short", &ended);
    drop(ended);
    ends.iter().collect()
}

#[test]
fn a_short_query_ends_before_long_ones_that_came_first() {
    let long = Busy {
        per_batch: Duration::from_millis(1),
        batches: 400,
    };
    let ends = order_of_ends(&long, 6);
    assert_eq!(ends.len(), 7);
    assert_eq!(ends[0], "short", "{ends:?}");
}

#[test]
fn a_short_query_does_not_wait_for_work_that_never_comes_back() {
    let long = Busy {
        per_batch: Duration::from_secs(1),
        batches: 1,
    };
    let ends = order_of_ends(&long, 4);
    assert_eq!(ends.len(), 5);
    assert_eq!(ends[0], "short", "{ends:?}");
}

#[test]
fn a_long_query_ends_while_short_ones_keep_coming() {
    let workers = Workers::start(1).unwrap();
    let (ended, ends) = channel();
    let long = Busy {
        per_batch: Duration::from_millis(1),
        batches: 100,
    };
    start(&workers, &long, 1, "long", &ended);
    std::thread::sleep(Duration::from_millis(30));
    let short = Busy {
        per_batch: Duration::from_millis(2),
        batches: 1,
    };
    // As many as would keep the worker busy for two seconds.
    for _ in 0..1_000 {
        start(&workers, &short, 1, "short", &ended);
    }
    drop(ended);
    let ends: Vec<&str> = ends.iter().collect();
    assert_eq!(ends.len(), 1_001);
    let place = ends.iter().position(|name| *name == "long").unwrap();
    assert!(place < 500, "the long one was the {place}th");
}
