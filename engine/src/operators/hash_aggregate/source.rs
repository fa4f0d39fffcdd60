//! The source: one row per group, partition by partition.

use super::interned::Interned;
use super::shared_groups::SharedGroups;
use super::sink::AggregateSink;
use crate::error::Result;
use crate::pipeline::{Reservation, Source, Stream};
use arrow_array::ArrayRef;
use std::ops::Range;
use std::sync::Arc;
use stoa_storage::vector::Batch;

/// Reads what a sink left.
pub(crate) struct AggregateSource {
    shared: Arc<SharedGroups>,
    interned: Option<Arc<Interned>>,
    /// Keys, from the first on, whose ids are handed on where they have some.
    id_count: usize,
    /// Keys of which nothing is asked but whether they are NULL.
    counted: Range<usize>,
    batch_rows: usize,
}

impl AggregateSource {
    pub(crate) fn new(sink: &AggregateSink, batch_rows: usize) -> Self {
        AggregateSource {
            shared: sink.shared.clone(),
            interned: sink.interned.clone(),
            id_count: 0,
            counted: 0..0,
            batch_rows: batch_rows.max(1),
        }
    }

    /// For an aggregation [after](AggregateSink::after) this one, which shares so many keys and takes ids for their texts, and of some
    /// others only counts those that are not NULL.
    pub(crate) fn with_ids(self, id_count: usize, counted: Range<usize>) -> Self {
        AggregateSource {
            id_count,
            counted,
            ..self
        }
    }

    /// Where the groups are by ids.
    fn interned(&self) -> Option<&Arc<Interned>> {
        self.interned.as_ref().filter(|interned| interned.holds_result())
    }

    fn result(&self) -> &Arc<SharedGroups> {
        self.interned().map_or(&self.shared, |interned| &interned.shared)
    }
}

impl Source for AggregateSource {
    fn open(&self) -> Result<Box<dyn Stream>> {
        Ok(Box::new(AggregateStream {
            shared: self.result().clone(),
            interned: self.interned().cloned(),
            id_count: self.id_count,
            counted: self.counted.clone(),
            batch_rows: self.batch_rows,
            rows: None,
        }))
    }

    fn parallelism_max(&self) -> usize {
        self.result().part_count()
    }
}

struct AggregateStream {
    shared: Arc<SharedGroups>,
    interned: Option<Arc<Interned>>,
    id_count: usize,
    counted: Range<usize>,
    batch_rows: usize,
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
            let Some((groups, reservation)) = self.shared.take_groups()? else {
                return Ok(None);
            };
            self.shared.count_groups(&groups);
            let (mut columns, row_count) = groups.finish()?;
            if let Some(interned) = &self.interned {
                interned
                    .keys
                    .leave_nulls(&mut columns[self.counted.clone()], self.counted.start);
                columns = interned.keys.texts(&columns, self.id_count)?;
            }
            self.rows = Some(ReadyRows {
                columns,
                row_count,
                next_row: 0,
                _reservation: reservation,
            });
        }
    }
}
