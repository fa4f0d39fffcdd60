//! One thread that ends statements at their deadlines, whether their workers run, wait for a client or stand in a queue.

use crate::activity::Running;
use crate::error::CancelReason;
use parking_lot::{Condvar, Mutex};
use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Instant;

/// The thread; it ends with its owner.
#[derive(Debug)]
pub(crate) struct Timer {
    shared: Arc<Waiting>,
    thread: Option<std::thread::JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Waiting {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// By deadline and a number that keeps equal ones apart.
    statements: BTreeMap<(Instant, u64), Weak<Running>>,
    next_number: u64,
    is_stopped: bool,
}

impl Timer {
    /// Starts the thread.
    pub(super) fn start() -> std::io::Result<Self> {
        let shared = Arc::<Waiting>::default();
        let waiting = shared.clone();
        let thread = std::thread::Builder::new()
            .name("timer".into())
            .spawn(move || waiting.run())?;
        Ok(Timer {
            shared,
            thread: Some(thread),
        })
    }

    /// Ends a statement at a time, unless the answer is dropped before.
    pub(crate) fn end_at(&self, deadline: Instant, statement: &Arc<Running>) -> Deadline {
        let mut state = self.shared.state.lock();
        state.next_number += 1;
        let key = (deadline, state.next_number);
        state.statements.insert(key, Arc::downgrade(statement));
        if state.statements.keys().next() == Some(&key) {
            self.shared.changed.notify_one();
        }
        Deadline {
            waiting: self.shared.clone(),
            key,
        }
    }
}

/// A deadline that is waited for.
#[derive(Debug)]
pub(crate) struct Deadline {
    waiting: Arc<Waiting>,
    key: (Instant, u64),
}

impl Drop for Deadline {
    fn drop(&mut self) {
        self.waiting.state.lock().statements.remove(&self.key);
    }
}

impl Waiting {
    fn run(&self) {
        let mut state = self.state.lock();
        while !state.is_stopped {
            let Some((&(deadline, number), _)) = state.statements.first_key_value() else {
                self.changed.wait(&mut state);
                continue;
            };
            if Instant::now() < deadline {
                self.changed.wait_until(&mut state, deadline);
                continue;
            }
            let statement = state.statements.remove(&(deadline, number));
            let statement = statement.and_then(|statement| statement.upgrade());
            parking_lot::MutexGuard::unlocked(&mut state, || {
                if let Some(statement) = statement {
                    statement.cancel(CancelReason::Timeout);
                }
            });
        }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.shared.state.lock().is_stopped = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
