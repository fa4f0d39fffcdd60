//! COPY between a client and the database: bytes become rows of a table, all of them or none, and rows become bytes.

use super::session::Session;
use super::{Connection, CopyFormat, Outcome};
use crate::activity::Entry;
use crate::catalog::relation::Relation;
use crate::catalog::view::View;
use crate::error::{Error, Result, SqlState};
use crate::ingest::{CopyDecoder, CopyEncoder, TargetColumn};
use crate::limits::CONFLICT_RETRIES_MAX;
use crate::rows::{RowBatch, Rows};
use crate::statement::Run;
use crate::statement::copy_file::{FileColumns, copy_from, copy_to};
use crate::statement::copy_rows::{Completion, target};
use crate::statement::insert::writes_of;
use crate::statement::query::stream;
use crate::statement::row_sink::RowSink;
use arrow_array::ArrayRef;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::task::{Poll, Waker};
use std::thread::JoinHandle;
use stoa_sql::plan::{Copy, CopyDirection, CopyOptions, CopySource, CopyTarget, Query};

/// Batches that wait for the thread that takes them.
const WAITING_BATCHES_MAX: usize = 2;
/// Batches of a COPY that are taken where they are decoded: a small one needs no thread.
const BATCHES_WITHOUT_THREAD: u32 = 2;

/// Takes batches into a sink; from the third on with a thread of its own, so that decoding and encoding go on at the same time.
struct Taker {
    sink: Arc<RowSink>,
    completion: Arc<Completion>,
    batches: u32,
    thread: Option<Taking>,
}

impl Taker {
    fn take(&mut self, columns: Vec<ArrayRef>, row_count: usize) -> Result<()> {
        self.batches = self.batches.saturating_add(1);
        if self.batches <= BATCHES_WITHOUT_THREAD {
            return self.sink.append(self.completion.complete(columns, row_count)?);
        }
        let (sender, _) = match &mut self.thread {
            Some(thread) => thread,
            none => none.insert(start_taking(self.sink.clone(), self.completion.clone())?),
        };
        match sender.send((columns, row_count)) {
            Ok(()) => Ok(()),
            // The thread has ended: its error is the one to tell.
            Err(_) => self
                .finish()
                .and(Err(Error::Internal("rows of a COPY were not taken".into()))),
        }
    }

    /// Waits until everything is taken.
    fn finish(&mut self) -> Result<()> {
        let Some((sender, thread)) = self.thread.take() else {
            return Ok(());
        };
        drop(sender);
        let ended = thread.join();
        ended.unwrap_or_else(|_| Err(Error::Internal("the thread that takes rows of a COPY panicked".into())))
    }
}

type Taking = (SyncSender<(Vec<ArrayRef>, usize)>, JoinHandle<Result<()>>);

fn start_taking(sink: Arc<RowSink>, completion: Arc<Completion>) -> Result<Taking> {
    let (sender, receiver) = sync_channel(WAITING_BATCHES_MAX);
    let thread = std::thread::Builder::new().name("copy".into()).spawn(move || {
        while let Ok((columns, row_count)) = receiver.recv() {
            sink.append(completion.complete(columns, row_count)?)?;
        }
        Ok(())
    });
    let thread = thread.map_err(|error| Error::Internal(format!("could not start a thread for COPY: {error}")))?;
    Ok((sender, thread))
}

/// What became of the rows of a COPY, unless its commit was a batch that had been committed before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CopyReport {
    /// Rows of the data.
    pub received: u64,
    /// Rows that came into the table; where it keeps versions of them, those that changed one.
    pub stored: u64,
    /// Rows that the table had already; `None` where it keeps versions of its rows.
    pub deduplicated: Option<u64>,
    /// Rows that were put aside.
    pub rejected: u64,
}

impl CopyReport {
    /// What the command's end is called.
    pub fn tag(&self) -> String {
        format!("COPY {}", self.stored)
    }
}

/// Bytes of a client on their way into a table. Dropped without [`CopyIn::finish`], none of them arrive.
pub struct CopyIn {
    view: View,
    session: Arc<Mutex<Session>>,
    entry: Arc<Entry>,
    relation: Arc<Relation>,
    decoder: CopyDecoder,
    sink: Arc<RowSink>,
    taker: Taker,
    format: CopyFormat,
    column_count: usize,
}

impl std::fmt::Debug for CopyIn {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "CopyIn({:?})", self.entry)
    }
}

impl CopyIn {
    /// How the bytes look.
    pub fn format(&self) -> CopyFormat {
        self.format
    }

    /// Columns of the data.
    pub fn column_count(&self) -> usize {
        self.column_count
    }

    /// Takes the next bytes, split anywhere.
    ///
    /// # Errors
    /// The data is wrong, with its line and column; the copy can only be dropped then.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let taker = &mut self.taker;
        let taken = self.entry.running().cancel.check().and_then(|()| {
            self.decoder
                .write(bytes, &mut |columns, row_count| taker.take(columns, row_count))
        });
        self.noted(taken)
    }

    /// The data is complete: the rows arrive together. Tells what became of them.
    ///
    /// # Errors
    /// The data ends within a row, or the commit failed; no row arrived then.
    pub fn finish(mut self) -> Result<CopyReport> {
        let finished = self.finish_rows();
        self.noted(finished)
    }

    fn finish_rows(&mut self) -> Result<CopyReport> {
        self.entry.running().cancel.check()?;
        let taker = &mut self.taker;
        self.decoder
            .finish(&mut |columns, row_count| taker.take(columns, row_count))?;
        taker.finish()?;
        let mut attempts = 0;
        loop {
            let is_alone = self.session.lock().transaction.is_none();
            match self.write_rows(is_alone) {
                Err(error)
                    if is_alone
                        && error.state() == SqlState::SERIALIZATION_FAILURE
                        && attempts < CONFLICT_RETRIES_MAX =>
                {
                    attempts += 1
                }
                written => return written,
            }
        }
    }

    /// Where the copy is no part of a transaction, much may have been committed since it began; rows alone do not depend on it.
    fn write_rows(&self, is_alone: bool) -> Result<CopyReport> {
        let mut view = self.view.clone();
        if is_alone {
            view.refresh_rows(&self.relation);
        }
        let run = Run {
            view,
            entry: self.entry.clone(),
            parameters: &[],
            seen: Vec::new(),
            returned: Default::default(),
            compile_time: std::time::Duration::ZERO,
            changed_before: Vec::new(),
        };
        let (stored, writes) = writes_of(&run, &self.relation, &self.sink, "copy")?;
        let mut session = self.session.lock();
        session.write(&run.view.shared, writes, &run.view)?;
        let (received, admitted) = (self.decoder.row_count(), self.sink.row_count());
        let is_plain = !self.sink.keeps_versions();
        Ok(CopyReport {
            received,
            stored,
            deduplicated: is_plain.then(|| admitted.saturating_sub(stored)),
            rejected: received.saturating_sub(admitted),
        })
    }

    /// The client gave up, or has gone.
    pub fn fail(self, message: &str) {
        let error = Error::user(SqlState::QUERY_CANCELED, format!("COPY from stdin failed: {message}"));
        let _ = self.noted::<()>(Err(error));
    }

    /// An error is remembered, and fails the transaction.
    fn noted<T>(&self, result: Result<T>) -> Result<T> {
        if let Err(error) = &result {
            self.entry.failed(error);
            if let Some(transaction) = &mut self.session.lock().transaction {
                transaction.is_failed = true;
            }
        }
        result
    }
}

/// Some rows of a COPY to a client. The protocol carries one row per message, and clients rely on it.
#[derive(Debug)]
pub struct CopyChunk {
    /// The rows' bytes, one after the other.
    pub bytes: Vec<u8>,
    /// Where each message ends.
    pub ends: Vec<usize>,
}

impl CopyChunk {
    /// The bytes of each message.
    pub fn messages(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let ranges = starts.zip(&self.ends);
        ranges.filter_map(|(start, end)| self.bytes.get(start..*end))
    }
}

/// Rows on their way to a client as bytes.
pub struct CopyOut {
    rows: Rows,
    encoder: CopyEncoder,
    format: CopyFormat,
    row_count: u64,
    state: Sending,
    /// What the next message begins with: the binary format's header shares one with the first row.
    prefix: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sending {
    Header,
    Rows,
    Done,
}

impl std::fmt::Debug for CopyOut {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "CopyOut({:?})", self.rows)
    }
}

/// Bytes that go in one message; none where there are none.
fn one_message(bytes: Vec<u8>) -> Option<CopyChunk> {
    (!bytes.is_empty()).then(|| CopyChunk {
        ends: vec![bytes.len()],
        bytes,
    })
}

impl CopyOut {
    fn new(rows: Rows, options: &CopyOptions, view: &View) -> Result<Self> {
        Ok(CopyOut {
            encoder: CopyEncoder::new(rows.columns(), options, &view.format)?,
            rows,
            format: options.format,
            row_count: 0,
            state: Sending::Header,
            prefix: Vec::new(),
        })
    }

    /// How the bytes look.
    pub fn format(&self) -> CopyFormat {
        self.format
    }

    /// Columns of the data.
    pub fn column_count(&self) -> usize {
        self.rows.columns().len()
    }

    /// The next bytes, waiting for them; `None` at the end.
    ///
    /// # Errors
    /// What the query ends with.
    pub fn next_chunk(&mut self) -> Result<Option<CopyChunk>> {
        if let Some(chunk) = self.begin() {
            return Ok(Some(chunk));
        }
        if self.state == Sending::Done {
            return Ok(None);
        }
        let batch = self.rows.next_batch()?;
        self.encoded(batch)
    }

    /// Takes the rows that are left and forgets them: a query that was told to end says why.
    ///
    /// # Errors
    /// The query failed or was cancelled.
    pub fn skip_rest(&mut self) -> Result<()> {
        while self.rows.next_batch()?.is_some() {}
        Ok(())
    }

    /// The next bytes if there are some, `Ready(Ok(None))` at the end; otherwise the waker is called once there are.
    pub fn poll_chunk(&mut self, waker: &Waker) -> Poll<Result<Option<CopyChunk>>> {
        if let Some(chunk) = self.begin() {
            return Poll::Ready(Ok(Some(chunk)));
        }
        if self.state == Sending::Done {
            return Poll::Ready(Ok(None));
        }
        self.rows
            .poll_batch(waker)
            .map(|batch| batch.and_then(|batch| self.encoded(batch)))
    }

    /// What stands before the rows, if anything does.
    fn begin(&mut self) -> Option<CopyChunk> {
        if self.state != Sending::Header {
            return None;
        }
        self.state = Sending::Rows;
        let mut out = Vec::new();
        self.encoder.write_header(&mut out);
        if self.format == CopyFormat::Binary {
            self.prefix = out;
            return None;
        }
        one_message(out)
    }

    fn encoded(&mut self, batch: Option<RowBatch>) -> Result<Option<CopyChunk>> {
        let mut bytes = std::mem::take(&mut self.prefix);
        Ok(match batch {
            Some(batch) => {
                self.row_count += batch.row_count as u64;
                let ends = self.encoder.write_batch(&batch.columns, batch.row_count, &mut bytes)?;
                Some(CopyChunk { bytes, ends })
            }
            None => {
                self.state = Sending::Done;
                self.encoder.write_trailer(&mut bytes);
                one_message(bytes)
            }
        })
    }

    /// The command's tag, known at the end.
    pub fn tag(&self) -> String {
        format!("COPY {}", self.row_count)
    }
}

/// COPY, either way.
pub(super) fn execute(connection: &Connection, run: &Run<'_>, copy: &Copy) -> Result<Outcome> {
    match &copy.direction {
        CopyDirection::From {
            table,
            columns,
            defaults,
            source: CopySource::Stdin,
            ..
        } => {
            let relation = run.table(*table)?;
            let target_columns: Vec<TargetColumn> = target(&relation, columns)?;
            let memory = &run.entry.running().memory;
            let sink = Arc::new(RowSink::receiving(&run.view, &relation, memory)?);
            let decoder = CopyDecoder::new(relation.name(), &target_columns, &copy.options, &run.view.format)?;
            Ok(Outcome::CopyIn(CopyIn {
                view: run.view.clone(),
                session: connection.session.clone(),
                entry: run.entry.clone(),
                decoder,
                taker: Taker {
                    sink: sink.clone(),
                    completion: Arc::new(Completion::new(run, &relation, columns, defaults)?),
                    batches: 0,
                    thread: None,
                },
                sink,
                relation,
                format: copy.options.format,
                column_count: target_columns.len(),
            }))
        }
        CopyDirection::To {
            query,
            target: CopyTarget::Stdout,
        } => Ok(Outcome::CopyOut(copy_out(run, query, &copy.options)?)),
        CopyDirection::From {
            table,
            columns,
            defaults,
            source: CopySource::File(pattern),
            ..
        } => {
            let to = FileColumns {
                table: *table,
                columns,
                defaults,
            };
            let effect = copy_from(run, &to, pattern, &copy.options)?;
            connection.finish(effect, &run.view)
        }
        CopyDirection::To {
            query,
            target: CopyTarget::File(path),
        } => {
            let effect = copy_to(run, query, path, &copy.options)?;
            connection.finish(effect, &run.view)
        }
    }
}

fn copy_out(run: &Run<'_>, query: &Query, options: &CopyOptions) -> Result<CopyOut> {
    let rows = stream(run, &query.plan, &query.names)?;
    CopyOut::new(rows, options, &run.view)
}
