//! Window functions: rows with further columns, each computed from the rows around.
//!
//! 1. Every worker scatters its rows into buckets by the hash of their partition keys ([`WindowSink`]).
//! 2. Workers take buckets: rows sorted by partition and order, then every call over the whole bucket ([`WindowSource`]).
//!
//! Without PARTITION BY there is one bucket, and one worker has it.
//!
//! Where rows find no room, all of them go through a sort that can put them on disk, and one worker goes through the sorted rows some
//! partitions at a time ([`ordered`]), and piece by piece through a partition that is too long for that ([`long`]).

mod aggregate;
mod bucket;
mod call;
mod frame;
mod long;
mod ordered;
mod range;
mod scan;
#[cfg(test)]
mod tests;
mod tree;

pub(crate) use call::{Call, Computation, Place, Reach};
pub(crate) use frame::{Bound, Frame};
pub(crate) use range::RangeOffset;

use super::gather::{SelectedRows, batch_bytes, concatenated, retained};
use super::key::{KeyColumns, KeyEncoder, Keys};
use super::sort::{Sort, SortSink};
use crate::error::Result;
use crate::functions::StatementContext;
use crate::pipeline::{Cancel, Demand, MemoryBudget, Reservation, Sink, SinkPart, Source, Stream};
use arrow_schema::DataType;
use ordered::OrderedStream;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use stoa_storage::vector::Batch;

/// Buckets of rows where there are partitions.
const BUCKETS: usize = 16;

/// What is asked for.
pub(crate) struct Specification {
    /// Types of the input's columns.
    pub(crate) types: Vec<DataType>,
    pub(crate) partition: KeyColumns,
    pub(crate) partition_encoder: KeyEncoder,
    pub(crate) order: KeyColumns,
    /// By partition and order keys; takes the rows where they find no room.
    pub(crate) sort: Arc<Sort>,
    /// The first order key is descending.
    pub(crate) descending: bool,
    pub(crate) calls: Vec<Call>,
    pub(crate) statement: Arc<StatementContext>,
    pub(crate) batch_rows: usize,
    /// Workers that may run at once.
    pub(crate) workers: usize,
    pub(crate) memory: Arc<MemoryBudget>,
    pub(crate) cancel: Arc<Cancel>,
}

impl Specification {
    /// Whether rows of a partition have an order.
    fn is_ordered(&self) -> bool {
        !self.order.0.is_empty()
    }

    /// The partition keys of a batch's selected rows.
    fn partition_keys(&self, batch: &Batch) -> Result<Keys> {
        let columns = self.partition.evaluate(batch)?;
        self.partition_encoder.encode(&columns, batch.selected_count())
    }
}

/// A window under way.
pub(crate) struct Window {
    specification: Specification,
    buckets: Vec<Mutex<Bucket>>,
    next: Mutex<usize>,
    /// Rows go through the sort; those that are in buckets yet, too.
    is_sorting: AtomicBool,
}

/// Some partitions' rows, in no order.
#[derive(Default)]
struct Bucket {
    batches: Vec<Batch>,
    row_count: usize,
    memory: Vec<Reservation>,
}

impl Bucket {
    fn append(&mut self, other: Bucket) {
        self.batches.extend(other.batches);
        self.row_count += other.row_count;
        self.memory.extend(other.memory);
    }

    /// Bytes that computing takes besides those that are held.
    fn computing_bytes(&self) -> usize {
        let held: usize = self.memory.iter().map(Reservation::bytes).sum();
        held + self.row_count * bucket::ROW_BYTES
    }

    /// Gives all rows to the sort.
    fn move_to(&mut self, sort: &mut dyn SinkPart, cancel: &Cancel) -> Result<()> {
        for batch in std::mem::take(&mut self.batches) {
            cancel.check()?;
            self.give_back(batch_bytes(&batch))?;
            sort.consume(batch)?;
        }
        *self = Bucket::default();
        Ok(())
    }

    fn give_back(&mut self, mut bytes: usize) -> Result<()> {
        while bytes > 0
            && let Some(memory) = self.memory.last_mut()
        {
            let part = bytes.min(memory.bytes());
            memory.resize(memory.bytes() - part)?;
            bytes -= part;
            if memory.bytes() == 0 {
                self.memory.pop();
            }
        }
        Ok(())
    }
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
            is_sorting: AtomicBool::new(false),
        })
    }

    fn is_sorting(&self) -> bool {
        self.is_sorting.load(Ordering::Relaxed)
    }

    /// Whether as many buckets as there are workers can be computed at once, be they the largest.
    fn has_room(&self) -> bool {
        let buckets = self.buckets.iter();
        let mut bytes: Vec<usize> = buckets.map(|bucket| bucket.lock().computing_bytes()).collect();
        bytes.sort_unstable_by_key(|bytes| std::cmp::Reverse(*bytes));
        let at_once = bytes.into_iter().take(self.specification.workers.max(1));
        self.specification.memory.reservation().try_grow(at_once.sum())
    }
}

/// The end of the pipeline below.
pub(crate) struct WindowSink(pub(crate) Arc<Window>);

impl Sink for WindowSink {
    fn open(&self) -> Result<Box<dyn SinkPart>> {
        let bucket = |_| Bucket {
            memory: vec![self.0.specification.memory.reservation()],
            ..Bucket::default()
        };
        Ok(Box::new(WindowPart {
            buckets: self.0.buckets.iter().map(bucket).collect(),
            window: self.0.clone(),
            sort: None,
        }))
    }

    fn finish(&self) -> Result<()> {
        if !self.0.is_sorting() && !self.0.has_room() {
            self.0.is_sorting.store(true, Ordering::Relaxed);
        }
        Ok(())
    }
}

struct WindowPart {
    window: Arc<Window>,
    buckets: Vec<Bucket>,
    /// Takes all rows since there was no room for one.
    sort: Option<Box<dyn SinkPart>>,
}

impl WindowPart {
    fn keep(&mut self, number: usize, batch: Batch) -> Result<()> {
        let batch = retained(batch);
        let bytes = batch_bytes(&batch);
        let bucket = &mut self.buckets[number];
        if self.sort.is_none()
            && let Some(memory) = bucket.memory.last_mut()
            && memory.try_resize_partition(memory.bytes() + bytes)
        {
            bucket.row_count += batch.row_count;
            bucket.batches.push(batch);
            return Ok(());
        }
        self.sort()?.consume(batch)?;
        Ok(())
    }

    /// The sort; from now on it has all rows of this worker.
    fn sort(&mut self) -> Result<&mut dyn SinkPart> {
        let sort = match &mut self.sort {
            Some(sort) => sort,
            none => {
                let specification = &self.window.specification;
                self.window.is_sorting.store(true, Ordering::Relaxed);
                let mut sort = SortSink(specification.sort.clone()).open()?;
                for bucket in &mut self.buckets {
                    bucket.move_to(&mut *sort, &specification.cancel)?;
                }
                none.insert(sort)
            }
        };
        Ok(&mut **sort)
    }
}

impl SinkPart for WindowPart {
    fn consume(&mut self, batch: Batch) -> Result<Demand> {
        if let Some(sort) = &mut self.sort {
            return sort.consume(batch);
        }
        let count = self.buckets.len();
        if count == 1 {
            self.keep(0, batch)?;
            return Ok(Demand::More);
        }
        let keys = self.window.specification.partition_keys(&batch)?;
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
        if let Some(sort) = self.sort {
            return sort.finish();
        }
        for (bucket, part) in self.window.buckets.iter().zip(self.buckets) {
            bucket.lock().append(part);
        }
        Ok(())
    }
}

/// The rows with their further columns, bucket by bucket.
pub(crate) struct WindowSource(pub(crate) Arc<Window>);

impl Source for WindowSource {
    fn open(&self) -> Result<Box<dyn Stream>> {
        Ok(match self.0.is_sorting() {
            true => Box::new(OrderedStream::new(self.0.clone())),
            false => Box::new(WindowStream {
                window: self.0.clone(),
                ready: None,
            }),
        })
    }

    fn parallelism_max(&self) -> usize {
        if self.0.is_sorting() {
            return 1;
        }
        let buckets = self.0.buckets.iter();
        buckets.filter(|bucket| !bucket.lock().batches.is_empty()).count()
    }
}

/// Rows that were computed, and how many of them were handed out.
struct Ready {
    batch: Batch,
    given: usize,
    /// Held until they are handed out.
    _memory: Vec<Reservation>,
}

impl Ready {
    fn new(batch: Batch, memory: Vec<Reservation>) -> Self {
        Ready {
            batch,
            given: 0,
            _memory: memory,
        }
    }

    fn next(&mut self, batch_rows: usize) -> Option<Batch> {
        let count = batch_rows.max(1).min(self.batch.row_count - self.given);
        let rows = self.given..self.given + count;
        self.given += count;
        (count > 0).then(|| sliced(&self.batch, rows))
    }
}

/// Rows of a batch that has no selection.
fn sliced(batch: &Batch, rows: std::ops::Range<usize>) -> Batch {
    Batch::new(super::split::sliced(&batch.columns, &rows), rows.len())
}

struct WindowStream {
    window: Arc<Window>,
    ready: Option<Ready>,
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
            if let Some(ready) = &mut self.ready
                && let Some(batch) = ready.next(specification.batch_rows)
            {
                return Ok(Some(batch));
            }
            self.ready = None;
            let Some(Bucket {
                batches, mut memory, ..
            }) = self.take()
            else {
                return Ok(None);
            };
            let batch = concatenated(batches, &specification.types)?;
            let mut sorted = specification.memory.reservation();
            sorted.grow(batch_bytes(&batch) + batch.row_count * bucket::ROW_BYTES)?;
            memory.push(sorted);
            self.ready = Some(Ready::new(bucket::compute(specification, batch)?, memory));
        }
    }
}
