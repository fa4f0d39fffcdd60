//! Sorts. Every worker collects its rows and sorts them as one run; one stream merges the runs.
//!
//! 1. Keys become integers or bytes that compare as the rows do (see [`super::key`]).
//! 2. A run sorts pairs of a key (or the first bytes of one that tell rows apart) and a row number, never rows.
//! 3. Rows are moved once: when the merged order is handed out, batch by batch.
//! 4. A worker without room for more rows writes its run to disk ([`spill`]) and begins another. Where there are more runs than
//!    blocks of them fit into memory, some are merged into longer ones first.

#[cfg(test)]
mod measure;
mod merge;
mod run;
mod spill;
#[cfg(test)]
mod tests;

pub(crate) use run::sorted_rows;

use super::gather::{batch_bytes, concatenated, retained};
use super::key::{KeyColumns, KeyEncoder, KeyWidth, Keys};
use crate::error::Result;
use crate::pipeline::{Cancel, Demand, MemoryBudget, Reservation, Sink, SinkPart, Source, Stream};
use arrow_array::ArrayRef;
use arrow_schema::DataType;
use merge::SortedStream;
use parking_lot::Mutex;
use spill::{RunWriter, SpilledRun};
use std::sync::Arc;
use stoa_storage::vector::Batch;

/// Rows that one run can number.
const RUN_ROWS_MAX: usize = u32::MAX as usize;

/// What rows are sorted by.
#[derive(Debug)]
pub(crate) struct Order {
    /// The key columns.
    pub(crate) columns: KeyColumns,
    /// How they compare.
    pub(crate) encoder: KeyEncoder,
}

impl Order {
    /// The keys of a batch's selected rows.
    pub(crate) fn keys(&self, batch: &Batch) -> Result<Keys> {
        self.encoder
            .encode(&self.columns.evaluate(batch)?, batch.selected_count())
    }
}

/// A sort under way: the sink that takes rows, the source that hands them out.
pub(crate) struct Sort {
    order: Arc<Order>,
    /// Types of the columns.
    types: Vec<DataType>,
    /// Only so many first rows are wanted.
    limit: usize,
    batch_rows: usize,
    memory: Arc<MemoryBudget>,
    cancel: Arc<Cancel>,
    /// So many sorts hand out their rows at once.
    sorts: usize,
    runs: Mutex<Runs>,
}

/// What the workers sorted.
#[derive(Default)]
struct Runs {
    in_memory: Vec<Run>,
    spilled: Vec<SpilledRun>,
}

/// Sorted rows in memory.
struct Run {
    /// In the order of `columns`.
    keys: Keys,
    /// Rows of `columns` in sorted order.
    rows: Vec<u32>,
    columns: Vec<ArrayRef>,
    _memory: Reservation,
}

impl Sort {
    /// `sorts` is how many like this one hand out their rows at once.
    pub(crate) fn new(
        order: impl Into<Arc<Order>>,
        types: Vec<DataType>,
        limit: Option<usize>,
        batch_rows: usize,
        memory: Arc<MemoryBudget>,
        cancel: Arc<Cancel>,
        sorts: usize,
    ) -> Arc<Self> {
        Arc::new(Sort {
            order: order.into(),
            types,
            limit: limit.unwrap_or(usize::MAX),
            batch_rows: batch_rows.max(1),
            memory,
            cancel,
            sorts: sorts.max(1),
            runs: Mutex::default(),
        })
    }

    /// Rows of the batches that it hands out.
    pub(crate) fn batch_rows(&self) -> usize {
        self.batch_rows
    }

    /// What rows are sorted by.
    pub(crate) fn order(&self) -> &Order {
        &self.order
    }

    /// About what a batch takes until its run is sorted: its rows, their keys, and pairs of key and row.
    fn sorting_bytes(&self, batch: &Batch) -> usize {
        let rows = batch_bytes(batch);
        rows + match self.order.encoder.width() {
            KeyWidth::Narrow => batch.row_count * (8 + 4 + 16),
            KeyWidth::Wide => batch.row_count * (16 + 4 + 32),
            // Keys of bytes are hardly longer than the row.
            KeyWidth::Bytes => rows + batch.row_count * (8 + 4 + 16),
        }
    }
}

/// The end of the pipeline that sorts.
pub(crate) struct SortSink(pub(crate) Arc<Sort>);

impl Sink for SortSink {
    fn open(&self) -> Result<Box<dyn SinkPart>> {
        Ok(Box::new(SortPart {
            memory: self.0.memory.reservation(),
            sort: self.0.clone(),
            batches: Vec::new(),
            row_count: 0,
            spilled: None,
        }))
    }
}

struct SortPart {
    sort: Arc<Sort>,
    /// Rows of the run to come.
    batches: Vec<Batch>,
    row_count: usize,
    memory: Reservation,
    /// Runs that had no room.
    spilled: Option<RunWriter>,
}

impl SortPart {
    /// Sorts what was collected as one run.
    fn sort_run(&mut self) -> Result<Run> {
        let sort = &*self.sort;
        self.row_count = 0;
        let batch = concatenated(std::mem::take(&mut self.batches), &sort.types)?;
        sort.cancel.check()?;
        let keys = sort.order.keys(&batch)?;
        sort.cancel.check()?;
        let mut rows = sorted_rows(&keys);
        rows.truncate(sort.limit);
        Ok(Run {
            keys,
            rows,
            columns: batch.columns,
            _memory: std::mem::replace(&mut self.memory, sort.memory.reservation()),
        })
    }

    /// Puts what was collected on disk.
    fn spill(&mut self) -> Result<()> {
        if self.row_count == 0 {
            return Ok(());
        }
        let run = self.sort_run()?;
        let writer = match &mut self.spilled {
            Some(writer) => writer,
            none => none.insert(RunWriter::create(&self.sort.memory)?),
        };
        writer.write_run(&run, &self.sort.memory)
    }
}

impl SinkPart for SortPart {
    fn consume(&mut self, batch: Batch) -> Result<Demand> {
        let batch = retained(batch);
        let bytes = self.sort.sorting_bytes(&batch);
        let is_full = self.row_count + batch.row_count > RUN_ROWS_MAX;
        if is_full || !self.memory.try_grow(bytes) {
            self.spill()?;
            self.memory.grow(bytes)?;
        }
        self.row_count += batch.row_count;
        self.batches.push(batch);
        Ok(Demand::More)
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        if self.spilled.is_some() {
            // The merge needs the room.
            self.spill()?;
        }
        if let Some(writer) = self.spilled.take() {
            let spilled = writer.finish()?;
            self.sort.runs.lock().spilled.extend(spilled);
        } else if self.row_count > 0 {
            let run = self.sort_run()?;
            self.sort.runs.lock().in_memory.push(run);
        }
        Ok(())
    }
}

/// The sorted rows, in one stream.
pub(crate) struct SortSource(pub(crate) Arc<Sort>);

impl Source for SortSource {
    fn open(&self) -> Result<Box<dyn Stream>> {
        Ok(Box::new(SortedStream::new(self.0.clone())))
    }

    fn parallelism_max(&self) -> usize {
        1
    }
}
