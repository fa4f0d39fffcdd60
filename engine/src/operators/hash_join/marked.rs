//! Right rows by whether a left row matched them, with NULLs in place of the left columns that are handed on, if any. Runs after the left
//! side has ended.

use super::output::{looked_up, null_column};
use super::{Built, Join, LeftSide, Matched};
use crate::error::Result;
use crate::pipeline::{Source, Stream};
use arrow_array::UInt32Array;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use stoa_storage::vector::Batch;

/// Rows that a worker looks at at a time.
const MORSEL_ROWS: usize = 8 * 1024;

/// The source.
pub(crate) struct MarkedSource {
    join: Arc<Join>,
    left: Arc<LeftSide>,
    next: Arc<AtomicUsize>,
}

impl MarkedSource {
    pub(crate) fn new(join: Arc<Join>, left: Arc<LeftSide>) -> Self {
        MarkedSource {
            join,
            left,
            next: Arc::new(AtomicUsize::new(0)),
        }
    }
}

impl Source for MarkedSource {
    fn open(&self) -> Result<Box<dyn Stream>> {
        Ok(Box::new(MarkedStream {
            join: self.join.clone(),
            left: self.left.clone(),
            next: self.next.clone(),
            block: None,
        }))
    }

    fn parallelism_max(&self) -> usize {
        if self.join.spill.is_used() {
            return self.join.spill.block_count();
        }
        let rows = self.join.built.get().map_or(0, |built| built.row_count);
        rows.div_ceil(8 * MORSEL_ROWS)
    }
}

struct MarkedStream {
    join: Arc<Join>,
    left: Arc<LeftSide>,
    /// The next row, or the next block where the right side is on disk.
    next: Arc<AtomicUsize>,
    /// A block in hand, and its next row.
    block: Option<(Arc<Built>, usize)>,
}

impl MarkedStream {
    /// Rows that nobody else looks at.
    fn next_morsel(&mut self) -> Result<Option<(Arc<Built>, Range<usize>)>> {
        let specification = &self.join.specification;
        let morsel_rows = MORSEL_ROWS.min(specification.batch_rows.max(1));
        if !self.join.spill.is_used() {
            let built = self.join.built()?;
            let from = self.next.fetch_add(morsel_rows, Ordering::Relaxed);
            let to = built.row_count.min(from + morsel_rows);
            return Ok((from < to).then(|| (built.clone(), from..to)));
        }
        loop {
            if let Some((built, from)) = &mut self.block
                && *from < built.row_count
            {
                let to = built.row_count.min(*from + morsel_rows);
                let rows = std::mem::replace(from, to)..to;
                return Ok(Some((built.clone(), rows)));
            }
            self.block = None;
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            if number >= self.join.spill.block_count() {
                return Ok(None);
            }
            self.block = Some((self.join.spill.built(specification, number)?, 0));
        }
    }
}

impl Stream for MarkedStream {
    fn next(&mut self) -> Result<Option<Batch>> {
        loop {
            self.join.specification.cancel.check()?;
            let Some((built, rows)) = self.next_morsel()? else {
                return Ok(None);
            };
            let is_wanted = self.join.specification.kind.hands_out_right() == Some(Matched::Yes);
            let rows: UInt32Array = rows
                .filter(|row| built.is_matched(*row) == is_wanted)
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
