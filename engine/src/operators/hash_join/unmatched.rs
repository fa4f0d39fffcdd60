//! Right rows that no left row matched, with NULLs in place of the left columns. Runs after the left side has ended.

use super::output::{looked_up, null_column};
use super::{Join, LeftSide};
use crate::error::{Error, Result};
use crate::pipeline::{Source, Stream};
use arrow_array::UInt32Array;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use stoa_storage::vector::Batch;

/// Rows that a worker looks at at a time.
const MORSEL_ROWS: usize = 8 * 1024;

/// The source.
pub(crate) struct UnmatchedSource {
    join: Arc<Join>,
    left: Arc<LeftSide>,
    next: Arc<AtomicUsize>,
}

impl UnmatchedSource {
    pub(crate) fn new(join: Arc<Join>, left: Arc<LeftSide>) -> Self {
        UnmatchedSource {
            join,
            left,
            next: Arc::new(AtomicUsize::new(0)),
        }
    }
}

impl Source for UnmatchedSource {
    fn open(&self) -> Result<Box<dyn Stream>> {
        Ok(Box::new(UnmatchedStream {
            join: self.join.clone(),
            left: self.left.clone(),
            next: self.next.clone(),
        }))
    }

    fn parallelism_max(&self) -> usize {
        let rows = self.join.built.get().map_or(0, |built| built.row_count);
        rows.div_ceil(8 * MORSEL_ROWS)
    }
}

struct UnmatchedStream {
    join: Arc<Join>,
    left: Arc<LeftSide>,
    next: Arc<AtomicUsize>,
}

impl Stream for UnmatchedStream {
    fn next(&mut self) -> Result<Option<Batch>> {
        let built = self
            .join
            .built
            .get()
            .ok_or_else(|| Error::Internal("a join's right side was not built".into()))?;
        let specification = &self.join.specification;
        let morsel_rows = MORSEL_ROWS.min(specification.batch_rows.max(1));
        loop {
            specification.cancel.check()?;
            let from = self.next.fetch_add(morsel_rows, Ordering::Relaxed);
            if from >= built.row_count {
                return Ok(None);
            }
            let to = built.row_count.min(from + morsel_rows);
            let rows: UInt32Array = (from..to)
                .filter(|row| !built.is_matched(*row))
                .map(|row| row as u32)
                .collect::<Vec<_>>()
                .into();
            if rows.values().is_empty() {
                continue;
            }
            let left = self
                .left
                .output_types
                .iter()
                .map(|data_type| null_column(data_type, rows.values().len()));
            let mut columns = left.collect::<Result<Vec<_>>>()?;
            for place in &self.left.right_output {
                columns.push(looked_up(&built.columns[*place], &rows)?);
            }
            return Ok(Some(Batch::new(columns, rows.values().len())));
        }
    }
}
