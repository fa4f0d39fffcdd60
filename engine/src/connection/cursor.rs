//! A cursor: a query whose rows are read in parts, and the place where it stands.
//!
//! The query begins with the first row that is asked for, and goes no further than its output lets it. A cursor that cannot go
//! back keeps no row that it has passed; one that can keeps all of them, in memory that its statement accounts for. Invariant: a
//! cursor sees the snapshot of its DECLARE, whatever happens to the tables afterwards.

use super::cursor_rows::{CursorRows, Opening};
use crate::activity::{Entry, Running};
use crate::database::Deadline;
use crate::error::{Error, Result, SqlState};
use crate::rows::{ResultColumn, RowBatch, RowSource, Rows, wait};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Poll, Waker};
use stoa_sql::plan::FetchDirection;

/// What `pg_cursors` tells of a cursor.
#[derive(Clone, Debug)]
pub(crate) struct CursorInfo {
    /// Its name.
    pub(crate) name: String,
    /// The text of its DECLARE.
    pub(crate) text: Arc<str>,
    /// BINARY
    pub(crate) is_binary: bool,
    /// SCROLL
    pub(crate) is_scrollable: bool,
    /// WITH HOLD
    pub(crate) is_holdable: bool,
    /// When it was declared.
    pub(crate) created: i64,
}

/// A cursor of a session.
pub(super) struct Cursor {
    pub(super) info: CursorInfo,
    pub(super) columns: Arc<[ResultColumn]>,
    /// The query, for whoever wants to end it.
    pub(super) running: Arc<Running>,
    /// The transaction that declared it has committed.
    pub(super) is_held: AtomicBool,
    state: Mutex<State>,
}

struct State {
    rows: CursorRows,
    /// Somebody reads it.
    is_read: bool,
    /// Where somebody stopped reading before the end of the way.
    owed: Option<Way>,
}

/// Rows to be passed or given.
#[derive(Clone, Copy)]
pub(super) struct Way {
    is_forward: bool,
    /// `None` for all.
    count: Option<u64>,
}

/// What is left to do once the cursor stands where a FETCH begins.
pub(super) enum Approach {
    /// These rows are to be given.
    Way(Way),
    /// Nothing; so many rows were passed.
    Passed(u64),
}

impl Cursor {
    /// Before its first row.
    pub(super) fn new(info: CursorInfo, columns: Arc<[ResultColumn]>, opening: Opening) -> Self {
        let running = opening.entry.running().clone();
        Cursor {
            columns,
            is_held: AtomicBool::new(false),
            state: Mutex::new(State {
                rows: CursorRows::new(opening, info.is_scrollable),
                is_read: false,
                owed: None,
            }),
            running,
            info,
        }
    }

    /// Goes to where a FETCH or MOVE begins. After an error the cursor is good for nothing, as in Postgres.
    ///
    /// # Errors
    /// 55000 where that is backwards and the cursor cannot go there, or where it failed before; what the query says.
    pub(super) fn approach(
        self: &Arc<Self>,
        direction: FetchDirection,
        is_move: bool,
        reader: &Reader,
    ) -> Result<Approach> {
        self.check_free()?;
        let approach = self.go_to_begin(direction, is_move, reader);
        if approach.is_err() {
            self.state.lock().rows.fail();
        }
        approach
    }

    fn go_to_begin(self: &Arc<Self>, direction: FetchDirection, is_move: bool, reader: &Reader) -> Result<Approach> {
        let owed = self.state.lock().owed.take();
        if let Some(way) = owed {
            self.pass(way, reader)?;
        }
        let forward = |count| Way {
            is_forward: true,
            count,
        };
        let backward = |count| Way {
            is_forward: false,
            count,
        };
        Ok(Approach::Way(match direction {
            FetchDirection::Forward(Some(0)) | FetchDirection::Backward(Some(0)) | FetchDirection::Relative(0) => {
                let is_on_row = self.state.lock().rows.is_on_row();
                if is_move {
                    return Ok(Approach::Passed(u64::from(is_on_row)));
                }
                if is_on_row {
                    self.go_back(Some(1))?;
                }
                forward(Some(u64::from(is_on_row)))
            }
            FetchDirection::Forward(count) => forward(count),
            FetchDirection::Backward(None) if is_move => return self.rewind().map(Approach::Passed),
            FetchDirection::Backward(count) => {
                self.check_scrollable()?;
                backward(count)
            }
            FetchDirection::Absolute(0) => {
                self.rewind()?;
                forward(Some(0))
            }
            FetchDirection::Absolute(number @ 1..) => {
                self.stand_before(number.unsigned_abs(), reader)?;
                forward(Some(1))
            }
            FetchDirection::Absolute(number) => {
                self.pass(forward(None), reader)?;
                self.go_back(Some(number.unsigned_abs() - 1))?;
                backward(Some(1))
            }
            FetchDirection::Relative(distance @ 1..) => {
                self.pass(forward(Some(distance.unsigned_abs() - 1)), reader)?;
                forward(Some(1))
            }
            FetchDirection::Relative(distance) => {
                self.go_back(Some(distance.unsigned_abs() - 1))?;
                backward(Some(1))
            }
        }))
    }

    /// Rows on a way, as they come.
    pub(super) fn read(self: &Arc<Self>, way: Way, reader: &Reader) -> Rows {
        self.state.lock().is_read = true;
        let source = FetchRows {
            cursor: self.clone(),
            way,
            reader: reader.clone(),
        };
        Rows::new(self.columns.clone(), Box::new(source))
    }

    /// Passes rows; the answer is how many.
    pub(super) fn pass(self: &Arc<Self>, way: Way, reader: &Reader) -> Result<u64> {
        let mut rows = self.read(way, reader);
        let mut count = 0;
        while let Some(batch) = rows.next_batch()? {
            count += batch.row_count as u64;
        }
        Ok(count)
    }

    /// Takes in all rows that are left: the cursor needs its snapshot no longer.
    ///
    /// # Errors
    /// What the query says; 53200.
    pub(super) fn hold(&self) -> Result<()> {
        let mut state = self.state.lock();
        state.rows.keep_all();
        while wait(|waker| state.rows.poll_source(waker))? {}
        Ok(())
    }

    /// Whether the query failed.
    pub(super) fn has_failed(&self) -> bool {
        self.state.lock().rows.has_failed()
    }

    pub(super) fn is_held(&self) -> bool {
        self.is_held.load(Ordering::Relaxed)
    }

    /// Refuses a cursor whose query failed, and one that another statement has not read to its end.
    fn check_free(&self) -> Result<()> {
        let state = self.state.lock();
        match state.is_read || state.rows.has_failed() {
            true => Err(Error::user(
                SqlState("55000"),
                format!("portal \"{}\" cannot be run", self.info.name),
            )),
            false => Ok(()),
        }
    }

    fn check_scrollable(&self) -> Result<()> {
        if self.info.is_scrollable {
            return Ok(());
        }
        let error = stoa_sql::Error::new(SqlState("55000"), "cursor can only scan forward");
        Err(Error::Sql(
            error.with_hint("Declare it with SCROLL option to enable backward scan."),
        ))
    }

    /// Goes before the first row; the answer is how many rows that passes.
    fn rewind(&self) -> Result<u64> {
        let mut state = self.state.lock();
        if state.rows.row > 0 {
            self.check_scrollable()?;
        }
        let passed = state.rows.row.saturating_sub(1);
        state.rows.row = 0;
        Ok(passed)
    }

    fn go_back(&self, count: Option<u64>) -> Result<()> {
        self.check_scrollable()?;
        self.state.lock().rows.go_back(count);
        Ok(())
    }

    fn stand_before(self: &Arc<Self>, number: u64, reader: &Reader) -> Result<()> {
        let row = self.state.lock().rows.row;
        if number <= row {
            self.check_scrollable()?;
            self.state.lock().rows.row = number - 1;
            return Ok(());
        }
        let way = Way {
            is_forward: true,
            count: Some(number - row - 1),
        };
        self.pass(way, reader).map(|_| ())
    }
}

/// Who reads a cursor.
#[derive(Clone)]
pub(super) enum Reader {
    /// A statement: FETCH, MOVE.
    Statement(Arc<Entry>),
    /// The client, in whose place the query itself is what runs; it may have to be done by a time.
    Client(#[expect(dead_code, reason = "it is waited for as long as it lives")] Option<Arc<Deadline>>),
}

impl Reader {
    fn check(&self) -> Result<()> {
        match self {
            Reader::Statement(entry) => entry.running().cancel.asked(),
            Reader::Client(_) => Ok(()),
        }
    }
}

/// Rows of a cursor on their way to whoever fetches them.
struct FetchRows {
    cursor: Arc<Cursor>,
    /// What is left of it.
    way: Way,
    reader: Reader,
}

impl RowSource for FetchRows {
    fn poll_batch(&mut self, waker: &Waker) -> Poll<Result<Option<RowBatch>>> {
        let left = self.way.count.unwrap_or(u64::MAX);
        if left == 0 {
            return Poll::Ready(Ok(None));
        }
        let mut state = self.cursor.state.lock();
        let polled = match self.reader.check() {
            Err(error) => Poll::Ready(Err(error)),
            Ok(()) if self.way.is_forward => state.rows.poll_forward(left, waker),
            Ok(()) => Poll::Ready(state.rows.take_backward(left)),
        };
        match &polled {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Ok(Some(batch))) => {
                self.way.count = self.way.count.map(|count| count.saturating_sub(batch.row_count as u64));
            }
            Poll::Ready(Ok(None)) => self.way.count = Some(0),
            Poll::Ready(Err(error)) => {
                state.rows.fail();
                self.way.count = Some(0);
                if let Reader::Statement(entry) = &self.reader {
                    entry.failed(error);
                }
            }
        }
        polled
    }
}

impl Drop for FetchRows {
    fn drop(&mut self) {
        let mut state = self.cursor.state.lock();
        state.is_read = false;
        // Whoever reads a FETCH in part has fetched all of it.
        state.owed = Some(self.way).filter(|way| way.count != Some(0));
    }
}
