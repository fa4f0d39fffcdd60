//! Window functions: rows with further columns, each computed from the rows around.
//!
//! 1. Every worker scatters its rows into buckets by the hash of their partition keys ([`WindowSink`]).
//! 2. Workers take buckets: rows sorted by partition and order, then every call over the whole bucket ([`WindowSource`]).
//!
//! Without PARTITION BY there is one bucket, and one worker has it.

mod aggregate;
mod bucket;
mod frame;
mod range;
mod scan;
#[cfg(test)]
mod tests;
mod tree;

pub(crate) use frame::{Bound, Frame};
pub(crate) use range::RangeOffset;

use super::gather::{SelectedRows, batch_bytes, concatenated, retained};
use super::key::{KeyColumns, KeyEncoder};
use crate::error::Result;
use crate::expression::Expression;
use crate::functions::{Accumulator, AggregateBinding, StatementContext, WindowArguments};
use crate::pipeline::{Cancel, Demand, MemoryBudget, Reservation, Sink, SinkPart, Source, Stream};
use crate::types::LogicalType;
use arrow_array::ArrayRef;
use arrow_schema::DataType;
use parking_lot::Mutex;
use std::sync::Arc;
use stoa_storage::vector::Batch;

/// Buckets of rows where there are partitions.
const BUCKETS: usize = 16;

/// What computes a call's values.
pub(crate) enum Computation {
    /// `row_number()`
    RowNumber,
    /// `rank()`
    Rank,
    /// `dense_rank()`
    DenseRank,
    /// Any other window function.
    Function(fn(&WindowArguments<'_>) -> Result<ArrayRef>),
    /// An aggregate over the frame.
    Aggregate {
        accumulator: fn(&AggregateBinding) -> Result<Box<dyn Accumulator>>,
        binding: AggregateBinding,
    },
}

/// One call.
pub(crate) struct Call {
    pub(crate) computation: Computation,
    pub(crate) arguments: Vec<Expression>,
    pub(crate) filter: Option<Expression>,
    pub(crate) ignore_nulls: bool,
    pub(crate) frame: Frame,
    pub(crate) return_type: LogicalType,
}

/// What is asked for.
pub(crate) struct Specification {
    /// Types of the input's columns.
    pub(crate) types: Vec<DataType>,
    pub(crate) partition: KeyColumns,
    pub(crate) partition_encoder: KeyEncoder,
    pub(crate) order: KeyColumns,
    /// Of partition and order keys.
    pub(crate) sort_encoder: KeyEncoder,
    /// The first order key is descending.
    pub(crate) descending: bool,
    pub(crate) calls: Vec<Call>,
    pub(crate) statement: Arc<StatementContext>,
    pub(crate) batch_rows: usize,
    pub(crate) memory: Arc<MemoryBudget>,
    pub(crate) cancel: Arc<Cancel>,
}

/// A window under way.
pub(crate) struct Window {
    specification: Specification,
    buckets: Vec<Mutex<Bucket>>,
    next: Mutex<usize>,
}

#[derive(Default)]
struct Bucket {
    batches: Vec<Batch>,
    memory: Vec<Reservation>,
}

impl Window {
    pub(crate) fn new(specification: Specification) -> Arc<Self> {
        let buckets = match specification.partition.0.is_empty() {
            true => 1,
            false => BUCKETS,
        };
        Arc::new(Window {
            specification,
            buckets: (0..buckets).map(|_| Mutex::new(Bucket::default())).collect(),
            next: Mutex::new(0),
        })
    }
}

/// The end of the pipeline below.
pub(crate) struct WindowSink(pub(crate) Arc<Window>);

impl Sink for WindowSink {
    fn open(&self) -> Result<Box<dyn SinkPart>> {
        let buckets = self.0.buckets.iter();
        Ok(Box::new(WindowPart {
            buckets: buckets
                .map(|_| (Vec::new(), self.0.specification.memory.reservation()))
                .collect(),
            window: self.0.clone(),
        }))
    }
}

struct WindowPart {
    window: Arc<Window>,
    buckets: Vec<(Vec<Batch>, Reservation)>,
}

impl WindowPart {
    fn keep(&mut self, bucket: usize, batch: Batch) -> Result<()> {
        let batch = retained(batch);
        let (batches, memory) = &mut self.buckets[bucket];
        memory.grow(batch_bytes(&batch))?;
        batches.push(batch);
        Ok(())
    }
}

impl SinkPart for WindowPart {
    fn consume(&mut self, batch: Batch) -> Result<Demand> {
        let count = self.buckets.len();
        if count == 1 {
            self.keep(0, batch)?;
            return Ok(Demand::More);
        }
        let specification = &self.window.specification;
        let keys = specification.partition.evaluate(&batch)?;
        let keys = specification.partition_encoder.encode(&keys, batch.selected_count())?;
        let mut by_bucket: Vec<Vec<u32>> = vec![Vec::new(); count];
        for (row, hash) in keys.hashes().into_iter().enumerate() {
            by_bucket[(hash >> 32) as usize % count].push(row as u32);
        }
        let rows = SelectedRows::new(batch);
        for (bucket, selected) in by_bucket.into_iter().enumerate() {
            if !selected.is_empty() {
                let columns = rows.columns(&selected, 0..rows.batch.columns.len())?;
                self.keep(bucket, Batch::new(columns, selected.len()))?;
            }
        }
        Ok(Demand::More)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        for (bucket, (batches, memory)) in self.window.buckets.iter().zip(self.buckets) {
            let mut bucket = bucket.lock();
            bucket.batches.extend(batches);
            bucket.memory.push(memory);
        }
        Ok(())
    }
}

/// The rows with their further columns, bucket by bucket.
pub(crate) struct WindowSource(pub(crate) Arc<Window>);

impl Source for WindowSource {
    fn open(&self) -> Result<Box<dyn Stream>> {
        Ok(Box::new(WindowStream {
            window: self.0.clone(),
            current: None,
        }))
    }

    fn parallelism_max(&self) -> usize {
        let buckets = self.0.buckets.iter();
        buckets.filter(|bucket| !bucket.lock().batches.is_empty()).count()
    }
}

struct WindowStream {
    window: Arc<Window>,
    /// A computed bucket, how many of its rows were handed out, and what it holds.
    current: Option<(Batch, usize, Vec<Reservation>)>,
}

impl WindowStream {
    /// The next bucket that has rows.
    fn take(&self) -> Option<Bucket> {
        let mut next = self.window.next.lock();
        while let Some(bucket) = self.window.buckets.get(*next) {
            *next += 1;
            let bucket = std::mem::take(&mut *bucket.lock());
            if !bucket.batches.is_empty() {
                return Some(bucket);
            }
        }
        None
    }
}

impl Stream for WindowStream {
    fn next(&mut self) -> Result<Option<Batch>> {
        let window = self.window.clone();
        let specification = &window.specification;
        loop {
            specification.cancel.check()?;
            if let Some((batch, given, memory)) = self.current.take() {
                let count = specification.batch_rows.max(1).min(batch.row_count - given);
                if count > 0 {
                    let columns = batch.columns.iter().map(|column| column.slice(given, count));
                    let part = Batch::new(columns.collect(), count);
                    self.current = Some((batch, given + count, memory));
                    return Ok(Some(part));
                }
            }
            let Some(Bucket { batches, mut memory }) = self.take() else {
                return Ok(None);
            };
            let batch = concatenated(batches, &specification.types)?;
            let mut sorted = specification.memory.reservation();
            sorted.grow(batch_bytes(&batch) + batch.row_count * bucket::ROW_BYTES)?;
            memory.push(sorted);
            let computed = bucket::compute(specification, batch)?;
            self.current = Some((computed, 0, memory));
        }
    }
}
