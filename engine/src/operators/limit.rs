//! LIMIT and OFFSET: counted over all workers; where the input has an order it has one worker, so the order is kept.

use crate::error::Result;
use crate::pipeline::{Stream, Transform};
use arrow_buffer::BooleanBufferBuilder;
use parking_lot::Mutex;
use std::sync::Arc;
use stoa_storage::vector::{Batch, Selection};

/// The transform.
pub(crate) struct LimitTransform {
    shared: Arc<Mutex<Remaining>>,
}

struct Remaining {
    skip: u64,
    take: u64,
}

impl LimitTransform {
    /// Leaves out `offset` rows, then hands on at most `limit`.
    pub(crate) fn new(offset: u64, limit: Option<u64>) -> Self {
        LimitTransform {
            shared: Arc::new(Mutex::new(Remaining {
                skip: offset,
                take: limit.unwrap_or(u64::MAX),
            })),
        }
    }
}

impl Transform for LimitTransform {
    fn open(&self, input: Box<dyn Stream>) -> Result<Box<dyn Stream>> {
        Ok(Box::new(LimitStream {
            input,
            shared: self.shared.clone(),
        }))
    }
}

struct LimitStream {
    input: Box<dyn Stream>,
    shared: Arc<Mutex<Remaining>>,
}

impl Stream for LimitStream {
    fn next(&mut self) -> Result<Option<Batch>> {
        loop {
            if self.shared.lock().take == 0 {
                return Ok(None);
            }
            let Some(batch) = self.input.next()? else {
                return Ok(None);
            };
            let rows = batch.selected_count() as u64;
            let (skip, take) = {
                let mut remaining = self.shared.lock();
                let skip = remaining.skip.min(rows);
                let take = remaining.take.min(rows - skip);
                remaining.skip -= skip;
                remaining.take -= take;
                (skip as usize, take as usize)
            };
            if take > 0 {
                return Ok(Some(slice(batch, skip, take)));
            }
        }
    }
}

/// The selected rows from `skip` on, `take` of them.
fn slice(batch: Batch, skip: usize, take: usize) -> Batch {
    if skip == 0 && take == batch.selected_count() {
        return batch;
    }
    let Some(selection) = &batch.selection else {
        let columns = batch.columns.iter().map(|column| column.slice(skip, take)).collect();
        return Batch::new(columns, take);
    };
    let mut bits = BooleanBufferBuilder::new(batch.row_count);
    bits.append_n(batch.row_count, false);
    for row in selection.indices().skip(skip).take(take) {
        bits.set_bit(row, true);
    }
    Batch {
        selection: Some(Selection::new(bits.finish())),
        ..batch
    }
}
