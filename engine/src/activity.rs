//! Statements that run and those that ran last: what `stoa.queries` lists, and how anybody ends one.

use crate::database::Deadline;
use crate::error::{CancelReason, Error};
use crate::pipeline::{Cancel, MemoryBudget, Output};
use parking_lot::Mutex;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Instant;

/// Ended statements that are remembered.
const RECENT_MAX: usize = 256;
/// Bytes of a statement's text that are kept.
const TEXT_BYTES_MAX: usize = 4 << 10;

/// All statements of a database.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    next_id: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    running: BTreeMap<u64, Arc<Running>>,
    recent: VecDeque<Finished>,
}

/// Who asked.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    /// The connection's number.
    pub(crate) process_id: i32,
    /// The user.
    pub(crate) user: String,
    /// `application_name`.
    pub(crate) application_name: String,
}

/// A statement under way.
pub(crate) struct Running {
    /// Its number.
    pub(crate) id: u64,
    /// Its text, cut.
    pub(crate) text: Arc<str>,
    /// Who asked.
    pub(crate) client: Client,
    /// When it began: microseconds since 1970 UTC.
    pub(crate) started: i64,
    /// Its memory.
    pub(crate) memory: Arc<MemoryBudget>,
    pub(crate) cancel: Arc<Cancel>,
    begun: Instant,
    /// Where its rows wait, so that workers which wait there notice a cancellation.
    output: Mutex<Weak<Output>>,
    /// The query of the cursor that it reads: it ends with the reader.
    reads_from: Mutex<Weak<Running>>,
}

impl std::fmt::Debug for Running {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Running({}, {:?})", self.id, self.text)
    }
}

/// A statement that ended.
#[derive(Clone, Debug)]
pub(crate) struct Finished {
    /// See [`Running::id`].
    pub(crate) id: u64,
    /// See [`Running::text`].
    pub(crate) text: Arc<str>,
    /// Who asked.
    pub(crate) client: Client,
    /// When it began.
    pub(crate) started: i64,
    /// How long it took, in microseconds.
    pub(crate) duration: u64,
    /// The most memory it reserved.
    pub(crate) memory_peak_bytes: usize,
    /// SQLSTATE and sentence, where it failed.
    pub(crate) error: Option<(&'static str, String)>,
}

impl Running {
    /// Its rows wait there.
    pub(crate) fn set_output(&self, output: &Arc<Output>) {
        *self.output.lock() = Arc::downgrade(output);
        // A cancellation that came before must not be slept through.
        if self.cancel.check().is_err() {
            output.release();
        }
    }

    /// It reads the rows of a cursor's query, and takes that along where it is ended.
    pub(crate) fn set_reads_from(&self, query: &Arc<Running>) {
        *self.reads_from.lock() = Arc::downgrade(query);
        if self.cancel.check().is_err() {
            query.cancel(self.cancel.reason());
        }
    }

    /// Ends it.
    pub(crate) fn cancel(&self, reason: CancelReason) {
        self.cancel.cancel(reason);
        let reads_from = self.reads_from.lock().upgrade();
        if let Some(query) = reads_from {
            query.cancel(reason);
        }
        let output = self.output.lock().upgrade();
        if let Some(output) = output {
            output.release();
        }
    }

    /// For how long it has run, in microseconds.
    pub(crate) fn duration(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

impl Activity {
    /// A statement begins.
    pub(crate) fn begin(
        self: &Arc<Self>,
        text: &str,
        client: Client,
        started: i64,
        memory: Arc<MemoryBudget>,
        cancel: Arc<Cancel>,
    ) -> Entry {
        let mut end = text.len().min(TEXT_BYTES_MAX);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let running = Arc::new(Running {
            id: self.next_id.fetch_add(1, Ordering::Relaxed) + 1,
            text: Arc::from(text.get(..end).unwrap_or_default()),
            client,
            started,
            memory,
            cancel,
            begun: Instant::now(),
            output: Mutex::new(Weak::new()),
            reads_from: Mutex::new(Weak::new()),
        });
        self.state.lock().running.insert(running.id, running.clone());
        Entry {
            activity: self.clone(),
            running,
            error: Mutex::new(None),
            deadline: Mutex::new(None),
        }
    }

    /// Running statements, oldest first.
    pub(crate) fn running(&self) -> Vec<Arc<Running>> {
        self.state.lock().running.values().cloned().collect()
    }

    /// Statements that ended, newest first.
    pub(crate) fn recent(&self) -> Vec<Finished> {
        self.state.lock().recent.iter().cloned().collect()
    }

    /// Ends all statements.
    pub(crate) fn cancel_all(&self, reason: CancelReason) {
        for running in self.running() {
            running.cancel(reason);
        }
    }
}

/// A running statement's place in the list; it ends when this goes.
#[derive(Debug)]
pub(crate) struct Entry {
    activity: Arc<Activity>,
    running: Arc<Running>,
    error: Mutex<Option<(&'static str, String)>>,
    deadline: Mutex<Option<Deadline>>,
}

impl Entry {
    /// It is ended at a time; the timer forgets it when the statement ends.
    pub(crate) fn set_deadline(&self, deadline: Deadline) {
        *self.deadline.lock() = Some(deadline);
    }

    /// The statement.
    pub(crate) fn running(&self) -> &Arc<Running> {
        &self.running
    }

    /// It failed.
    pub(crate) fn failed(&self, error: &Error) {
        self.error.lock().get_or_insert((error.state().0, error.to_string()));
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let running = &self.running;
        let finished = Finished {
            id: running.id,
            text: running.text.clone(),
            client: running.client.clone(),
            started: running.started,
            duration: running.duration(),
            memory_peak_bytes: running.memory.peak_bytes(),
            error: self.error.lock().take(),
        };
        let mut state = self.activity.state.lock();
        state.running.remove(&running.id);
        state.recent.push_front(finished);
        state.recent.truncate(RECENT_MAX);
    }
}
