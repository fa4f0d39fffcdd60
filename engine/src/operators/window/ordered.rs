//! Rows that found no room: they come from the sort by partition and in order, and are computed some whole partitions at a time. One
//! worker does all of it.

use super::long::{LongPartition, is_possible};
use super::{Ready, Specification, Window, bucket, sliced};
use crate::error::{Error, Result};
use crate::operators::gather::{batch_bytes, concatenated, retained};
use crate::operators::key::Keys;
use crate::operators::sort::{SortSink, SortSource};
use crate::pipeline::{Reservation, Sink, Source, Stream};
use std::collections::VecDeque;
use std::sync::Arc;
use stoa_storage::vector::Batch;

/// Rows that are computed at a time may take this part of the budget, unless they need others around them.
pub(super) const PIECE_PARTS: usize = 16;

/// All rows with their further columns.
pub(super) struct OrderedStream {
    window: Arc<Window>,
    /// Opened when its first row is asked for.
    rows: Option<OrderedRows>,
    ready: Option<Ready>,
    /// The partition that is gone through, where it is a long one.
    long: Option<LongPartition>,
}

impl OrderedStream {
    pub(super) fn new(window: Arc<Window>) -> Self {
        OrderedStream {
            window,
            rows: None,
            ready: None,
            long: None,
        }
    }
}

impl Stream for OrderedStream {
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
            let rows = match &mut self.rows {
                Some(rows) => rows,
                none => none.insert(OrderedRows::new(&window)?),
            };
            if let Some(long) = &mut self.long {
                match long.next(specification, rows)? {
                    Some(batch) => self.ready = Some(Ready::new(batch, Vec::new())),
                    None => self.long = None,
                }
                continue;
            }
            match rows.next_piece(specification)? {
                Piece::End => return Ok(None),
                Piece::Partitions(batch, memory) => {
                    let sorted = bucket::sorted_already(specification, batch)?;
                    let batch = bucket::compute_sorted(specification, sorted)?;
                    self.ready = Some(Ready::new(batch, vec![memory]));
                }
                Piece::Long(key) => self.long = Some(LongPartition::new(specification, rows, key)?),
            }
        }
    }
}

/// What is computed next.
enum Piece {
    /// The rows of some partitions.
    Partitions(Batch, Reservation),
    /// A partition that is too long for that, with this key.
    Long(Keys),
    End,
}

/// Sorted rows, read a little ahead.
pub(super) struct OrderedRows {
    rows: Box<dyn Stream>,
    ahead: VecDeque<Batch>,
    /// Of the rows ahead.
    memory: Reservation,
    is_end: bool,
}

impl OrderedRows {
    /// The sort gets what other workers have left in buckets.
    fn new(window: &Window) -> Result<Self> {
        let specification = &window.specification;
        let mut sort = SortSink(specification.sort.clone()).open()?;
        for bucket in &window.buckets {
            bucket.lock().move_to(&mut *sort, &specification.cancel)?;
        }
        sort.finish()?;
        Ok(OrderedRows {
            rows: SortSource(specification.sort.clone()).open()?,
            ahead: VecDeque::new(),
            memory: specification.memory.reservation(),
            is_end: false,
        })
    }

    /// Reads further rows; false at the end.
    fn read(&mut self) -> Result<bool> {
        if self.is_end {
            return Ok(false);
        }
        let Some(batch) = self.rows.next()? else {
            self.is_end = true;
            return Ok(false);
        };
        self.put(retained(batch), false)?;
        Ok(true)
    }

    fn put(&mut self, batch: Batch, first: bool) -> Result<()> {
        self.memory.grow(piece_bytes(&batch)).map_err(beyond_memory)?;
        match first {
            true => self.ahead.push_front(batch),
            false => self.ahead.push_back(batch),
        }
        Ok(())
    }

    fn next_piece(&mut self, specification: &Specification) -> Result<Piece> {
        let mut goal = specification.memory.limit_bytes() / PIECE_PARTS;
        loop {
            while self.memory.bytes() < goal && self.read()? {
                specification.cancel.check()?;
            }
            if self.ahead.is_empty() {
                return Ok(Piece::End);
            }
            let batches = std::mem::take(&mut self.ahead).into();
            let batch = concatenated(batches, &specification.types)?;
            let keys = specification.partition_keys(&batch)?;
            let last = batch.row_count - 1;
            let rest = match self.is_end {
                true => batch.row_count,
                false => leading(batch.row_count, |row| keys.compare(row, last).is_ne()),
            };
            if rest > 0 {
                self.memory.resize(0)?;
                let mut memory = specification.memory.reservation();
                let piece = retained(sliced(&batch, 0..rest));
                memory.grow(piece_bytes(&piece)).map_err(beyond_memory)?;
                if rest < batch.row_count {
                    self.put(retained(sliced(&batch, rest..batch.row_count)), true)?;
                }
                return Ok(Piece::Partitions(piece, memory));
            }
            let first = is_possible(specification).then(|| sliced(&batch, 0..1));
            self.ahead.push_front(batch);
            if let Some(first) = first {
                return Ok(Piece::Long(specification.partition_keys(&first)?));
            }
            // The whole partition is needed at once.
            goal = self.memory.bytes() * 2;
        }
    }

    /// The next rows of the partition with a key; `None` where it has no more.
    pub(super) fn next_of_partition(&mut self, specification: &Specification, key: &Keys) -> Result<Option<Batch>> {
        if self.ahead.is_empty() && !self.read()? {
            return Ok(None);
        }
        let Some(batch) = self.ahead.pop_front() else {
            return Ok(None);
        };
        let keys = specification.partition_keys(&batch)?;
        let count = leading(batch.row_count, |row| keys.compare_with(row, key, 0).is_eq());
        self.memory.resize(self.ahead.iter().map(piece_bytes).sum())?;
        if count == batch.row_count {
            return Ok(Some(batch));
        }
        self.put(retained(sliced(&batch, count..batch.row_count)), true)?;
        Ok((count > 0).then(|| retained(sliced(&batch, 0..count))))
    }
}

/// How many rows something holds for, which are the first ones.
fn leading(row_count: usize, holds: impl Fn(usize) -> bool) -> usize {
    let (mut from, mut to) = (0, row_count);
    while from < to {
        let middle = from + (to - from) / 2;
        match holds(middle) {
            true => from = middle + 1,
            false => to = middle,
        }
    }
    from
}

/// What rows take while they are computed: they are copied on the way.
pub(super) fn piece_bytes(batch: &Batch) -> usize {
    batch_bytes(batch) * 2 + batch.row_count * bucket::ROW_BYTES
}

/// Says what it is that finds no room.
pub(super) fn beyond_memory(error: Error) -> Error {
    error.of_whole("the rows of a window's partition that are needed at once")
}
