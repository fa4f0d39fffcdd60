//! The source: one row per group, partition by partition.

use super::groups::GroupStates;
use super::partitions::PARTITIONS;
use super::sink::{AggregateSink, Shared};
use crate::error::Result;
use crate::pipeline::{Cancel, Reservation, Source, Stream};
use arrow_array::ArrayRef;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use stoa_storage::vector::Batch;

/// Reads what a sink left.
pub(crate) struct AggregateSource {
    shared: Arc<Shared>,
    next_partition: Arc<AtomicUsize>,
    batch_rows: usize,
    cancel: Arc<Cancel>,
}

impl AggregateSource {
    pub(crate) fn new(sink: &AggregateSink, batch_rows: usize, cancel: Arc<Cancel>) -> Self {
        AggregateSource {
            shared: sink.shared.clone(),
            next_partition: Arc::new(AtomicUsize::new(0)),
            batch_rows: batch_rows.max(1),
            cancel,
        }
    }
}

impl Source for AggregateSource {
    fn open(&self) -> Result<Box<dyn Stream>> {
        Ok(Box::new(AggregateStream {
            shared: self.shared.clone(),
            next_partition: self.next_partition.clone(),
            batch_rows: self.batch_rows,
            cancel: self.cancel.clone(),
            rows: None,
        }))
    }

    fn parallelism_max(&self) -> usize {
        match self.shared.partitions() {
            Some(_) => PARTITIONS,
            None => 1,
        }
    }
}

struct AggregateStream {
    shared: Arc<Shared>,
    next_partition: Arc<AtomicUsize>,
    batch_rows: usize,
    cancel: Arc<Cancel>,
    rows: Option<ReadyRows>,
}

/// Result rows, of which some were handed out.
struct ReadyRows {
    columns: Vec<ArrayRef>,
    row_count: usize,
    next_row: usize,
    /// Their memory, until all are handed out.
    _reservation: Reservation,
}

impl AggregateStream {
    fn next_groups(&self) -> Result<Option<(GroupStates, Reservation)>> {
        let Some(partitions) = self.shared.partitions() else {
            return Ok(self.shared.take_merged());
        };
        loop {
            self.cancel.check()?;
            let part = self.next_partition.fetch_add(1, Ordering::Relaxed);
            if part >= PARTITIONS {
                return Ok(None);
            }
            if let Some((groups, reservation)) = partitions.take(part)? {
                return Ok(Some((groups, reservation)));
            }
        }
    }
}

impl Stream for AggregateStream {
    fn next(&mut self) -> Result<Option<Batch>> {
        loop {
            if let Some(rows) = &mut self.rows
                && rows.next_row < rows.row_count
            {
                let (start, length) = (rows.next_row, self.batch_rows.min(rows.row_count - rows.next_row));
                rows.next_row += length;
                let columns = rows.columns.iter().map(|column| column.slice(start, length)).collect();
                return Ok(Some(Batch::new(columns, length)));
            }
            self.rows = None;
            let Some((groups, reservation)) = self.next_groups()? else {
                return Ok(None);
            };
            self.shared.count_groups(&groups);
            let (columns, row_count) = groups.finish()?;
            self.rows = Some(ReadyRows {
                columns,
                row_count,
                next_row: 0,
                _reservation: reservation,
            });
        }
    }
}
