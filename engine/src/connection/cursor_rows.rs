//! The rows of a cursor: where they come from, which of them are here, and the place among them where the cursor stands.

use super::prepared::Bound;
use crate::activity::Entry;
use crate::catalog::view::View;
use crate::error::{Error, Result};
use crate::pipeline::Reservation;
use crate::rows::{RowBatch, Rows};
use crate::statement::{Run, query};
use crate::types::Literal;
use arrow_array::{ArrayRef, UInt32Array};
use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Poll, Waker};
use stoa_sql::plan::{Query, Statement};

/// A query that has not begun.
pub(super) struct Opening {
    pub(super) view: View,
    pub(super) entry: Arc<Entry>,
    pub(super) parameters: Vec<Literal>,
    pub(super) bound: Arc<Bound>,
}

enum Source {
    Unopened(Box<Opening>),
    Open(Rows),
    Ended,
    Failed,
}

/// See the module.
pub(super) struct CursorRows {
    source: Source,
    /// Rows that are here, in order.
    kept: VecDeque<Kept>,
    /// Rows stay here until they are passed, even if others come.
    keeps_all: bool,
    /// They stay here afterwards, too.
    is_scrollable: bool,
    /// Rows that have come.
    known: u64,
    /// The row where the cursor stands: 0 before the first, `known + 1` behind the last.
    pub(super) row: u64,
    memory: Reservation,
    reserved_bytes: usize,
}

/// A batch of rows that are here.
struct Kept {
    /// The number of its first row.
    first: u64,
    batch: RowBatch,
    /// What is reserved for it.
    bytes: usize,
}

impl Opening {
    /// The query.
    ///
    /// # Errors
    /// The statement has none: a bug.
    pub(super) fn query(&self) -> Result<&Query> {
        match &self.bound.statement {
            Statement::DeclareCursor(declare) => Ok(&declare.query),
            Statement::Query(query) => Ok(query),
            _ => Err(Error::Internal("a cursor has no query".into())),
        }
    }

    fn open(self) -> Result<Rows> {
        let Query { plan, names } = self.query()?.clone();
        let run = Run {
            view: self.view,
            entry: self.entry,
            parameters: &self.parameters,
            seen: self.bound.seen.clone(),
            returned: Default::default(),
            compile_time: self.bound.compile_time,
            changed_before: Vec::new(),
        };
        query::stream(&run, &plan, &names).map_err(|error| {
            let error = run.entry.running().cancel.told(error);
            run.entry.failed(&error);
            error
        })
    }
}

impl CursorRows {
    /// Before the first row of a query.
    pub(super) fn new(opening: Opening, is_scrollable: bool) -> Self {
        CursorRows {
            memory: opening.entry.running().memory.reservation(),
            source: Source::Unopened(Box::new(opening)),
            kept: VecDeque::new(),
            keeps_all: is_scrollable,
            is_scrollable,
            known: 0,
            row: 0,
            reserved_bytes: 0,
        }
    }

    /// There are no further rows, and none of those that were there.
    pub(super) fn fail(&mut self) {
        self.source = Source::Failed;
    }

    /// Whether the query failed.
    pub(super) fn has_failed(&self) -> bool {
        matches!(self.source, Source::Failed)
    }

    /// Rows that come from now on stay until they are passed.
    pub(super) fn keep_all(&mut self) {
        self.keeps_all = true;
    }

    /// Whether the cursor stands on a row.
    pub(super) fn is_on_row(&self) -> bool {
        (1..=self.known).contains(&self.row)
    }

    /// Passes rows backwards; before the first where there are fewer.
    pub(super) fn go_back(&mut self, count: Option<u64>) {
        let before = self.row.saturating_sub(1);
        match count {
            Some(count) if count <= before => self.row -= count,
            _ => self.row = 0,
        }
    }

    /// The next rows, at most so many; `None` behind the last.
    pub(super) fn poll_forward(&mut self, rows_max: u64, waker: &Waker) -> Poll<Result<Option<RowBatch>>> {
        loop {
            if self.row < self.known {
                return Poll::Ready(Ok(self.take_forward(rows_max)));
            }
            match self.poll_source(waker) {
                Poll::Ready(Ok(true)) => {}
                Poll::Ready(Ok(false)) => {
                    self.row = self.known + 1;
                    return Poll::Ready(Ok(None));
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// Takes in what the query has next; false at its end.
    pub(super) fn poll_source(&mut self, waker: &Waker) -> Poll<Result<bool>> {
        let polled = match std::mem::replace(&mut self.source, Source::Failed) {
            Source::Failed => return Poll::Ready(Err(Error::Internal("a cursor that failed was read".into()))),
            Source::Ended => Poll::Ready(Ok(None)),
            Source::Open(rows) => self.poll_rows(rows, waker),
            Source::Unopened(opening) => match opening.open() {
                Ok(rows) => self.poll_rows(rows, waker),
                Err(error) => Poll::Ready(Err(error)),
            },
        };
        match polled {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(None)) => {
                self.source = Source::Ended;
                Poll::Ready(Ok(false))
            }
            Poll::Ready(Ok(Some(batch))) => {
                let kept = self.keep(batch);
                if kept.is_err() {
                    self.source = Source::Failed;
                }
                Poll::Ready(kept.map(|()| true))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
        }
    }

    fn poll_rows(&mut self, mut rows: Rows, waker: &Waker) -> Poll<Result<Option<RowBatch>>> {
        let polled = rows.poll_batch(waker);
        if matches!(polled, Poll::Pending | Poll::Ready(Ok(Some(_)))) {
            self.source = Source::Open(rows);
        }
        polled
    }

    fn keep(&mut self, batch: RowBatch) -> Result<()> {
        let mut bytes = 0;
        if self.keeps_all {
            bytes = batch.columns.iter().map(|column| column.get_array_memory_size()).sum();
            self.memory.grow(bytes)?;
            self.reserved_bytes += bytes;
        } else {
            self.kept.clear();
        }
        let first = self.known + 1;
        self.known += batch.row_count as u64;
        if batch.row_count > 0 {
            self.kept.push_back(Kept { first, batch, bytes });
        }
        Ok(())
    }

    fn kept_with(&self, row: u64) -> Option<&Kept> {
        let place = self.kept.partition_point(|kept| kept.first <= row);
        self.kept.get(place.checked_sub(1)?)
    }

    fn take_forward(&mut self, rows_max: u64) -> Option<RowBatch> {
        let next = self.row + 1;
        let kept = self.kept_with(next)?;
        let offset = (next - kept.first) as usize;
        let count = kept.rows_from(offset, rows_max);
        let columns = kept.batch.columns.iter().map(|column| column.slice(offset, count));
        let batch = RowBatch {
            columns: columns.collect(),
            row_count: count,
        };
        self.row += count as u64;
        self.forget_passed();
        Some(batch)
    }

    /// The rows before, at most so many, the nearest first; `None` before the first.
    pub(super) fn take_backward(&mut self, rows_max: u64) -> Result<Option<RowBatch>> {
        let before = self.row.saturating_sub(1);
        let Some(kept) = self.kept_with(before).filter(|_| before > 0) else {
            self.row = 0;
            return Ok(None);
        };
        let offset = (before - kept.first) as u32;
        let count = u32::try_from(rows_max).unwrap_or(u32::MAX).min(offset + 1);
        let places = UInt32Array::from_iter_values((offset + 1 - count..=offset).rev());
        let columns = kept.batch.columns.iter();
        let columns = columns.map(|column| Ok(arrow_select::take::take(column, &places, None)?));
        let batch = RowBatch {
            columns: columns.collect::<Result<Vec<ArrayRef>>>()?,
            row_count: count as usize,
        };
        self.row -= u64::from(count);
        Ok(Some(batch))
    }

    /// Gives back the memory of rows to which the cursor cannot go back.
    fn forget_passed(&mut self) {
        while !self.is_scrollable
            && let Some(kept) = self.kept.front()
            && kept.first + kept.batch.row_count as u64 <= self.row + 1
        {
            self.reserved_bytes -= kept.bytes;
            // Less than before always fits.
            let _ = self.memory.resize(self.reserved_bytes);
            self.kept.pop_front();
        }
    }
}

impl Kept {
    fn rows_from(&self, offset: usize, rows_max: u64) -> usize {
        let left = self.batch.row_count.saturating_sub(offset);
        usize::try_from(rows_max).unwrap_or(usize::MAX).min(left)
    }
}
