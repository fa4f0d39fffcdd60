//! The open connections: how many may be there, which one a cancel request means, and how a stop reaches them all.

use crate::limits::{CLIENT_CHECK_IDLE_INTERVAL_MS, CLIENT_CHECK_INTERVAL_MS};
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};
use std::time::Duration;
use stoa_engine::connection::SessionHandle;
use tokio::sync::watch;

/// Bytes of a cancel key in protocol 3.0.
pub(crate) const SHORT_KEY_BYTES: usize = 4;
/// Bytes of a cancel key in protocol 3.2.
pub(crate) const LONG_KEY_BYTES: usize = 32;

/// Who a connection is, for cancel requests.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    /// Its number, from 1.
    pub(crate) process_id: i32,
    /// What only its client knows.
    pub(crate) secret_key: Vec<u8>,
}

/// What serves a client, as a stop and an administrator reach it.
pub(crate) trait Serving: Send + Sync {
    /// Makes it end at its next look for something of its client.
    fn stop(&self);
    /// Ends its waits for a client that does not read.
    fn abandon(&self);
    /// Whether nobody is there any more to read an answer, for those who do not notice it themselves.
    fn client_has_gone(&self) -> bool {
        false
    }
}

/// An open connection, seen from outside its thread.
pub(crate) struct ConnectionEntry {
    identity: Identity,
    serving: Arc<dyn Serving>,
    handle: SessionHandle,
    load: Arc<Load>,
}

/// How busy the processor is, as far as connections know.
struct Load {
    /// Registered connections that do not wait for their clients.
    at_work: AtomicUsize,
    has_several_cores: bool,
}

impl ConnectionEntry {
    /// Ends what it runs, if it runs anything: a request between two statements must not hit the next one.
    pub(crate) fn cancel(&self) {
        self.handle.cancel();
    }

    fn is_at_work(&self) -> bool {
        !self.handle.is_waiting()
    }

    /// Whether the connection waits for a message of its client. It does not when it is registered, nor when it leaves.
    pub(crate) fn set_waiting(&self, is_waiting: bool) {
        self.handle.set_waiting(is_waiting);
        match is_waiting {
            true => self.load.at_work.fetch_sub(1, Ordering::Relaxed),
            false => self.load.at_work.fetch_add(1, Ordering::Relaxed),
        };
    }

    /// Whether no connection is at work while this one waits, and its thread can stay awake without being in its client's way.
    pub(crate) fn is_alone(&self) -> bool {
        self.load.has_several_cores && self.load.at_work.load(Ordering::Relaxed) == 0
    }
}

/// All open connections.
pub(crate) struct Registry {
    connections: Mutex<HashMap<i32, Arc<ConnectionEntry>>>,
    connections_max: usize,
    last_process_id: AtomicI32,
    stopping: watch::Sender<bool>,
    load: Arc<Load>,
}

impl Registry {
    /// An empty registry with room for so many.
    pub(crate) fn new(connections_max: usize) -> Self {
        Registry {
            connections: Mutex::new(HashMap::new()),
            connections_max,
            last_process_id: AtomicI32::new(0),
            stopping: watch::Sender::new(false),
            load: Arc::new(Load {
                at_work: AtomicUsize::new(0),
                has_several_cores: std::thread::available_parallelism().is_ok_and(|cores| cores.get() > 1),
            }),
        }
    }

    /// A number and a key nobody can guess.
    ///
    /// # Errors
    /// The machine has no randomness to offer.
    pub(crate) fn identity(&self, key_bytes: usize) -> std::io::Result<Identity> {
        use std::io::Read;
        let mut secret_key = vec![0; key_bytes];
        std::fs::File::open("/dev/urandom")?.read_exact(&mut secret_key)?;
        let process_id = self.last_process_id.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        Ok(Identity { process_id, secret_key })
    }

    /// A connection that is about to be registered.
    pub(crate) fn entry(
        &self,
        identity: Identity,
        serving: Arc<dyn Serving>,
        handle: SessionHandle,
    ) -> Arc<ConnectionEntry> {
        // An administrator may end the session while its thread waits for the client, whichever way.
        let to_end = Arc::clone(&serving);
        handle.on_terminate(move || {
            to_end.stop();
            to_end.abandon();
        });
        Arc::new(ConnectionEntry {
            identity,
            serving,
            handle,
            load: Arc::clone(&self.load),
        })
    }

    /// Enters a connection; it leaves when the guard is dropped. `None` where there is no room.
    pub(crate) fn enter(self: &Arc<Self>, entry: &Arc<ConnectionEntry>) -> Option<Registration> {
        let mut connections = self.connections.lock();
        if connections.len() >= self.connections_max {
            return None;
        }
        connections.insert(entry.identity.process_id, Arc::clone(entry));
        self.load.at_work.fetch_add(1, Ordering::Relaxed);
        if self.is_stopping() {
            entry.serving.stop();
        }
        Some(Registration {
            registry: Arc::clone(self),
            entry: Arc::clone(entry),
        })
    }

    /// Ends what a connection runs, if the key is its own.
    pub(crate) fn cancel(&self, process_id: i32, secret_key: &[u8]) {
        let entry = self.connections.lock().get(&process_id).cloned();
        if let Some(entry) = entry
            && same_bytes(&entry.identity.secret_key, secret_key)
        {
            entry.cancel();
        }
    }

    /// Connections open now.
    pub(crate) fn count(&self) -> usize {
        self.connections.lock().len()
    }

    /// Whether a stop has begun.
    pub(crate) fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Tells when a stop begins.
    pub(crate) fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }

    /// Ends what connections run whose clients have gone, as long as it is polled. They get one interval more: what is short still
    /// finishes.
    pub(crate) async fn watch_clients(&self) {
        let mut gone_before = HashSet::new();
        loop {
            let interval_ms = match self.load.at_work.load(Ordering::Relaxed) {
                0 => CLIENT_CHECK_IDLE_INTERVAL_MS,
                _ => CLIENT_CHECK_INTERVAL_MS,
            };
            tokio::time::sleep(Duration::from_millis(interval_ms)).await;
            let mut gone = HashSet::new();
            self.each(|entry| {
                if entry.is_at_work() && entry.serving.client_has_gone() {
                    gone.insert(entry.identity.process_id);
                    if gone_before.contains(&entry.identity.process_id) {
                        entry.cancel();
                    }
                }
            });
            gone_before = gone;
        }
    }

    /// Ends all connections: idle ones now, busy ones after their statement or, when `grace` is over, by cancelling it; at
    /// last, those that wait for their client.
    pub(crate) async fn stop(&self, grace: Duration, cancel: Duration) {
        self.stopping.send_replace(true);
        self.each(|entry| entry.serving.stop());
        if self.wait_until_empty(grace, || ()).await {
            return;
        }
        tracing::info!("cancelling the statements of {} connections", self.count());
        if self
            .wait_until_empty(cancel, || self.each(ConnectionEntry::cancel))
            .await
        {
            return;
        }
        self.each(|entry| entry.serving.abandon());
        self.wait_until_empty(cancel, || ()).await;
    }

    fn each(&self, visit: impl FnMut(&ConnectionEntry)) {
        let mut visit = visit;
        self.connections.lock().values().for_each(|entry| visit(entry));
    }

    async fn wait_until_empty(&self, limit: Duration, poke: impl Fn()) -> bool {
        let deadline = tokio::time::Instant::now() + limit;
        loop {
            if self.count() == 0 {
                return true;
            }
            if tokio::time::Instant::now() >= deadline {
                return false;
            }
            poke();
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Takes as long for a wrong key as for the right one.
fn same_bytes(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}

/// A connection's place in the registry.
pub(crate) struct Registration {
    registry: Arc<Registry>,
    entry: Arc<ConnectionEntry>,
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.registry.connections.lock().remove(&self.entry.identity.process_id);
        self.registry.load.at_work.fetch_sub(1, Ordering::Relaxed);
    }
}
