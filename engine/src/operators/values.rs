//! Rows that are there already: computed constants, system tables, materialized results.

use crate::error::Result;
use crate::pipeline::{Source, Stream};
use arrow_array::ArrayRef;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use stoa_storage::vector::Batch;

/// Plain columns, handed out in slices, in order, by one worker.
pub(crate) struct ArraysSource {
    shared: Arc<Arrays>,
}

struct Arrays {
    columns: Vec<ArrayRef>,
    row_count: usize,
    batch_rows: usize,
    next: AtomicUsize,
}

impl ArraysSource {
    /// These columns, each of `row_count` values.
    pub(crate) fn new(columns: Vec<ArrayRef>, row_count: usize, batch_rows: usize) -> Self {
        ArraysSource {
            shared: Arc::new(Arrays {
                columns,
                row_count,
                batch_rows: batch_rows.max(1),
                next: AtomicUsize::new(0),
            }),
        }
    }
}

impl Source for ArraysSource {
    fn open(&self) -> Result<Box<dyn Stream>> {
        Ok(Box::new(ArraysStream {
            shared: self.shared.clone(),
        }))
    }

    fn parallelism_max(&self) -> usize {
        1
    }
}

struct ArraysStream {
    shared: Arc<Arrays>,
}

impl Stream for ArraysStream {
    fn next(&mut self) -> Result<Option<Batch>> {
        let arrays = &*self.shared;
        let from = arrays.next.fetch_add(arrays.batch_rows, Ordering::Relaxed);
        if from >= arrays.row_count {
            return Ok(None);
        }
        let rows = arrays.batch_rows.min(arrays.row_count - from);
        let columns = arrays.columns.iter().map(|column| column.slice(from, rows)).collect();
        Ok(Some(Batch::new(columns, rows)))
    }
}
