//! The connected sessions of a database: what `pg_stat_activity` lists, and how anybody ends a session's statement or the session
//! itself. Never runs anything, and never waits for a session.

use super::session::Session;
use crate::activity::Running;
use crate::error::{CancelReason, Error, Result};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

/// What to do when a session is to end: its client may have to be woken.
type OnTerminate = Arc<dyn Fn() + Send + Sync>;

/// All of them, in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    last_number: AtomicU64,
    connected: Mutex<BTreeMap<u64, SessionHandle>>,
}

impl Sessions {
    /// A session comes; it is listed as long as the answer lives.
    pub(super) fn enter(self: &Arc<Self>, handle: SessionHandle) -> Place {
        let number = self.last_number.fetch_add(1, Ordering::Relaxed) + 1;
        self.connected.lock().insert(number, handle);
        Place {
            sessions: self.clone(),
            number,
        }
    }

    fn find(&self, process_id: i32) -> Option<SessionHandle> {
        let connected = self.connected.lock();
        let mut handles = connected.values();
        handles.find(|handle| handle.0.process_id == process_id).cloned()
    }

    /// Whether there is a session of this number.
    pub(crate) fn is_connected(&self, process_id: i32) -> bool {
        self.find(process_id).is_some()
    }

    /// Ends a session's statement, or the session; false where there is none of this number.
    pub(crate) fn signal(&self, process_id: i32, terminate: bool) -> bool {
        let handle = self.find(process_id);
        match (&handle, terminate) {
            (Some(handle), true) => handle.terminate(),
            (Some(handle), false) => handle.cancel(),
            (None, _) => {}
        }
        handle.is_some()
    }

    /// What all sessions do.
    pub(crate) fn list(&self) -> Vec<SessionActivity> {
        let handles: Vec<_> = self.connected.lock().values().cloned().collect();
        handles.iter().map(SessionHandle::activity).collect()
    }
}

/// A session's place in the list.
#[derive(Debug)]
pub(super) struct Place {
    sessions: Arc<Sessions>,
    number: u64,
}

impl Place {
    /// The session's number among those of this process.
    pub(super) fn number(&self) -> u64 {
        self.number
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.sessions.connected.lock().remove(&self.number);
    }
}

/// A session, seen from outside of its thread; may be used from any.
#[derive(Clone)]
pub struct SessionHandle(Arc<Connected>);

struct Connected {
    process_id: i32,
    user: String,
    database: String,
    started: i64,
    session: Weak<Mutex<Session>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The statement under way.
    running: Weak<Running>,
    /// The last statement that began.
    last: Option<LastStatement>,
    /// It waits for its client.
    is_waiting: bool,
    /// When that changed last: microseconds since 1970 UTC.
    changed: i64,
    is_terminated: bool,
    on_terminate: Option<OnTerminate>,
}

/// A statement that a session runs or ran last.
#[derive(Clone, Debug)]
pub(crate) struct LastStatement {
    /// Its number in `stoa.queries`.
    pub(crate) id: u64,
    /// Its text, cut.
    pub(crate) text: Arc<str>,
    /// When it began.
    pub(crate) started: i64,
}

/// What a session does at the moment.
#[derive(Clone, Debug)]
pub(crate) struct SessionActivity {
    /// Its number.
    pub(crate) process_id: i32,
    /// Its user.
    pub(crate) user: String,
    /// Its database, as the client named it.
    pub(crate) database: String,
    /// `application_name`
    pub(crate) application_name: String,
    /// When it came.
    pub(crate) started: i64,
    /// When its transaction began.
    pub(crate) transaction_started: Option<i64>,
    /// What it runs, or ran last.
    pub(crate) statement: Option<LastStatement>,
    /// Since when `state` holds.
    pub(crate) changed: i64,
    /// As Postgres calls it.
    pub(crate) state: &'static str,
}

impl std::fmt::Debug for SessionHandle {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "SessionHandle({}, {})", self.0.process_id, self.0.user)
    }
}

impl SessionHandle {
    pub(super) fn new(
        process_id: i32,
        user: &str,
        database: &str,
        started: i64,
        session: &Arc<Mutex<Session>>,
    ) -> Self {
        SessionHandle(Arc::new(Connected {
            process_id,
            user: user.to_owned(),
            database: database.to_owned(),
            started,
            session: Arc::downgrade(session),
            state: Mutex::new(State {
                changed: started,
                ..State::default()
            }),
        }))
    }

    /// A statement begins.
    ///
    /// # Errors
    /// 57P01: the session is to end.
    pub(super) fn begin(&self, running: &Arc<Running>) -> Result<()> {
        let mut state = self.0.state.lock();
        state.running = Arc::downgrade(running);
        state.changed = running.started;
        state.last = Some(LastStatement {
            id: running.id,
            text: running.text.clone(),
            started: running.started,
        });
        match state.is_terminated {
            true => Err(Error::Cancelled(CancelReason::Shutdown)),
            false => Ok(()),
        }
    }

    /// Something runs for the session that is not a statement of its own.
    pub(super) fn set_running(&self, running: &Arc<Running>) {
        self.0.state.lock().running = Arc::downgrade(running);
    }

    /// Ends the statement that runs now, if one does; it then fails with 57014. A session that waits for its client runs none.
    pub fn cancel(&self) {
        let running = {
            let state = self.0.state.lock();
            state.running.upgrade().filter(|_| !state.is_waiting)
        };
        if let Some(running) = running {
            running.cancel(CancelReason::User);
        }
    }

    /// Whether the statement that runs now should go on, for whoever holds its rows and waits for something else.
    ///
    /// # Errors
    /// 57014, 57P01: it was cancelled, or its time is over.
    pub fn check(&self) -> Result<()> {
        let running = self.0.state.lock().running.upgrade();
        running.map_or(Ok(()), |running| running.cancel.asked())
    }

    /// Ends the session: what it runs fails with 57P01, and so does whatever would come after it.
    pub fn terminate(&self) {
        let (running, on_terminate) = {
            let mut state = self.0.state.lock();
            state.is_terminated = true;
            (state.running.upgrade(), state.on_terminate.clone())
        };
        if let Some(running) = running {
            running.cancel(CancelReason::Shutdown);
        }
        if let Some(on_terminate) = on_terminate {
            on_terminate();
        }
    }

    /// Whoever serves the session hears of its end, which the session itself notices only when it runs something.
    pub fn on_terminate(&self, act: impl Fn() + Send + Sync + 'static) {
        self.0.state.lock().on_terminate = Some(Arc::new(act));
    }

    /// Whether the session waits for its client, in whose hands it is then.
    pub fn set_waiting(&self, is_waiting: bool) {
        let now = stoa_storage::clock::Clock::now(&stoa_storage::clock::SystemClock);
        let mut state = self.0.state.lock();
        state.is_waiting = is_waiting;
        state.changed = now;
    }

    /// As `set_waiting` told.
    pub fn is_waiting(&self) -> bool {
        self.0.state.lock().is_waiting
    }

    fn activity(&self) -> SessionActivity {
        let connected = &self.0;
        let (running, statement, changed) = {
            let state = connected.state.lock();
            let running = state.running.upgrade().filter(|_| !state.is_waiting);
            (running, state.last.clone(), state.changed)
        };
        let mut activity = SessionActivity {
            process_id: connected.process_id,
            user: connected.user.clone(),
            database: connected.database.clone(),
            application_name: String::new(),
            started: connected.started,
            transaction_started: running.as_ref().map(|running| running.started),
            statement,
            changed,
            state: if running.is_some() { "active" } else { "idle" },
        };
        if let Some(running) = &running {
            activity.application_name.clone_from(&running.client.application_name);
        }
        // A session that commits holds on to itself: it is listed by what is known without asking it.
        let session = connected.session.upgrade();
        let session = session.as_ref().and_then(|session| session.try_lock());
        if let Some(session) = session {
            activity.application_name = session.settings.get("application_name").unwrap_or_default();
            if let Some(transaction) = &session.transaction {
                activity.transaction_started = Some(transaction.time);
                activity.state = match (running.is_some(), transaction.is_failed) {
                    (true, _) => "active",
                    (false, false) => "idle in transaction",
                    (false, true) => "idle in transaction (aborted)",
                };
            }
        }
        activity
    }
}
