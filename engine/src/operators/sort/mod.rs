//! Sorts. Every worker collects its rows and sorts them as one run; one stream merges the runs.
//!
//! 1. Keys become integers or bytes that compare as the rows do (see [`super::key`]).
//! 2. A run sorts pairs of a key (or the first bytes of one that tell rows apart) and a row number, never rows.
//! 3. Rows are moved once: when the merged order is handed out, batch by batch.

#[cfg(test)]
mod measure;
mod merge;
mod run;
#[cfg(test)]
mod tests;

pub(crate) use run::sorted_rows;

use super::gather::{batch_bytes, concatenated, retained};
use super::key::{KeyColumns, KeyEncoder, Keys};
use crate::error::{Error, Result};
use crate::pipeline::{Cancel, Demand, MemoryBudget, Reservation, Sink, SinkPart, Source, Stream};
use arrow_array::ArrayRef;
use arrow_schema::DataType;
use merge::MergeStream;
use parking_lot::Mutex;
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
    order: Order,
    /// Types of the columns.
    types: Vec<DataType>,
    /// Only so many first rows are wanted.
    limit: usize,
    batch_rows: usize,
    memory: Arc<MemoryBudget>,
    cancel: Arc<Cancel>,
    runs: Mutex<Vec<Run>>,
}

/// The sorted rows of one worker.
struct Run {
    /// In the order of `columns`.
    keys: Keys,
    /// Rows of `columns` in sorted order.
    rows: Vec<u32>,
    columns: Vec<ArrayRef>,
    _memory: Reservation,
}

impl Sort {
    pub(crate) fn new(
        order: Order,
        types: Vec<DataType>,
        limit: Option<usize>,
        batch_rows: usize,
        memory: Arc<MemoryBudget>,
        cancel: Arc<Cancel>,
    ) -> Arc<Self> {
        Arc::new(Sort {
            order,
            types,
            limit: limit.unwrap_or(usize::MAX),
            batch_rows: batch_rows.max(1),
            memory,
            cancel,
            runs: Mutex::new(Vec::new()),
        })
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
        }))
    }
}

struct SortPart {
    sort: Arc<Sort>,
    batches: Vec<Batch>,
    row_count: usize,
    memory: Reservation,
}

impl SinkPart for SortPart {
    fn consume(&mut self, batch: Batch) -> Result<Demand> {
        let batch = retained(batch);
        self.memory.grow(batch_bytes(&batch))?;
        self.row_count += batch.row_count;
        if self.row_count > RUN_ROWS_MAX {
            return Err(Error::user(
                crate::error::SqlState::PROGRAM_LIMIT_EXCEEDED,
                "too many rows to sort",
            ));
        }
        self.batches.push(batch);
        Ok(Demand::More)
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        if self.row_count == 0 {
            return Ok(());
        }
        let sort = &*self.sort;
        let batch = concatenated(std::mem::take(&mut self.batches), &sort.types)?;
        sort.cancel.check()?;
        let keys = sort.order.keys(&batch)?;
        // Keys stay for the merge; pairs of key and row are there while the run is sorted.
        self.memory
            .grow(keys.memory_bytes() + keys.len() * (4 + run::entry_bytes(&keys)))?;
        sort.cancel.check()?;
        let mut rows = sorted_rows(&keys);
        rows.truncate(sort.limit);
        let memory = std::mem::replace(&mut self.memory, sort.memory.reservation());
        sort.runs.lock().push(Run {
            keys,
            rows,
            columns: batch.columns,
            _memory: memory,
        });
        Ok(())
    }
}

/// The sorted rows, in one stream.
pub(crate) struct SortSource(pub(crate) Arc<Sort>);

impl Source for SortSource {
    fn open(&self) -> Result<Box<dyn Stream>> {
        let runs = std::mem::take(&mut *self.0.runs.lock());
        Ok(Box::new(MergeStream::new(runs, self.0.limit, self.0.batch_rows)))
    }

    fn parallelism_max(&self) -> usize {
        1
    }
}
