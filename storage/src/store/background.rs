//! Threads that seal, merge and drop what is due. They stop when the store is closed or dropped; a panic in one stops the store.

use super::compaction::{apply_retention, forget, run_next};
use super::database::Shared;
use super::flush::flush_table;
use super::partial::{make_missing, make_missing_filter};
use crate::commit::PartId;
use crate::error::{Error, Result};
use crate::schema::TableId;
use crate::wal::LogPosition;
use parking_lot::{Condvar, Mutex};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often the sealing thread looks around.
const SEAL_TICK: Duration = Duration::from_millis(100);
/// How often the merging thread does.
const MERGE_TICK: Duration = Duration::from_millis(1_000);
/// Ticks of the merging thread between two looks at retention and history.
const RETENTION_TICKS: u64 = 60;
/// Bytes of log files at which everything is sealed, so that a start has little to read.
const LOG_BYTES_MAX: u64 = 512 << 20;
/// Ticks that a thread rests after something failed.
const REST_TICKS: u32 = 10;
/// How much the merging thread gives way, as `nice` counts: beside a busy query it gets a tenth of a core.
#[cfg(target_os = "linux")]
const MERGE_NICENESS: libc::c_int = 10;

/// Wakes threads, stops them, and lets commits wait for room.
#[derive(Default)]
pub(crate) struct Bell {
    rung: Mutex<bool>,
    ring: Condvar,
    stopped: AtomicBool,
    /// Why sealing failed last, until it works again.
    trouble: Mutex<Option<Trouble>>,
    room: Condvar,
}

#[derive(Clone, Debug)]
enum Trouble {
    Full(std::path::PathBuf),
    Other(std::path::PathBuf, String),
}

impl Bell {
    /// Something may be due.
    pub(crate) fn ring(&self) {
        *self.rung.lock() = true;
        self.ring.notify_all();
    }

    /// Threads end as soon as they can.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        self.ring();
        self.room.notify_all();
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    fn wait(&self, longest: Duration, takes_rings: bool) {
        let mut rung = self.rung.lock();
        if !(self.is_stopped() || takes_rings && *rung) {
            self.ring.wait_for(&mut rung, longest);
        }
        if takes_rings {
            *rung = false;
        }
    }

    fn tell(&self, trouble: Option<Trouble>) {
        *self.trouble.lock() = trouble;
        self.room.notify_all();
    }
}

/// The running threads.
#[derive(Default)]
pub(crate) struct Background {
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Background {
    /// Starts them.
    pub(crate) fn start(shared: &Arc<Shared>) -> Result<Self> {
        let background = Background::default();
        let sealing = Sealer::default();
        let merging = Merger::default();
        let started = background
            .spawn(shared, "stoa-seal", SEAL_TICK, true, sealing)
            .and_then(|()| background.spawn(shared, "stoa-merge", MERGE_TICK, false, merging));
        if started.is_err() {
            background.stop(shared);
        }
        started.map(|()| background)
    }

    fn spawn(
        &self,
        shared: &Arc<Shared>,
        name: &str,
        tick: Duration,
        takes_rings: bool,
        mut worker: impl Worker,
    ) -> Result<()> {
        let shared = shared.clone();
        let run = move || {
            let mut rest = 0u32;
            worker.begin();
            while !shared.bell.is_stopped() {
                shared.bell.wait(tick, takes_rings && rest == 0);
                if shared.bell.is_stopped() || rest > 0 {
                    rest = rest.saturating_sub(1);
                    continue;
                }
                match catch_unwind(AssertUnwindSafe(|| worker.tick(&shared))) {
                    Ok(Ok(())) | Ok(Err(Error::Cancelled)) => {}
                    Ok(Err(Error::Poisoned { .. })) => break,
                    Ok(Err(error)) => {
                        tracing::warn!(%error, "background work failed and will be tried again");
                        rest = REST_TICKS;
                    }
                    Err(panic) => {
                        let reason = panic_message(&*panic);
                        shared
                            .sequencer
                            .poison(&format!("a background thread panicked: {reason}"));
                        break;
                    }
                }
            }
            shared.bell.room.notify_all();
        };
        let thread = std::thread::Builder::new().name(name.into()).spawn(run);
        match thread {
            Ok(thread) => self.threads.lock().push(thread),
            Err(source) => {
                return Err(Error::Io {
                    operation: "start a thread for",
                    path: std::path::PathBuf::new(),
                    source,
                });
            }
        }
        Ok(())
    }

    /// Stops them and waits until they are gone.
    pub(crate) fn stop(&self, shared: &Shared) {
        shared.bell.stop();
        for thread in self.threads.lock().drain(..) {
            // Its panic was told to the store already.
            let _ = thread.join();
        }
    }
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => (*text).to_owned(),
        (_, Some(text)) => text.clone(),
        _ => "without a message".into(),
    }
}

/// What a thread does when it looks around.
trait Worker: Send + 'static {
    /// Called once, on the thread.
    fn begin(&self) {}

    fn tick(&mut self, shared: &Shared) -> Result<()>;
}

/// Seals by rows, bytes and age; keeps the log short; marks what was synced.
#[derive(Default)]
struct Sealer {
    /// The oldest part of each table in memory, and when it was first seen.
    seen: HashMap<TableId, (PartId, i64)>,
    /// The log's end at the last tick, and the newest mark.
    last: LogPosition,
    marked: LogPosition,
}

impl Sealer {
    fn due(&mut self, shared: &Shared) -> Vec<TableId> {
        let state = shared.sequencer.published();
        let options = &shared.options;
        let now = shared.clock.now();
        let interval = i64::try_from(options.flush_interval_ms.saturating_mul(1_000)).unwrap_or(i64::MAX);
        let mut due = Vec::new();
        let mut largest: Option<(usize, TableId)> = None;
        let mut bytes = 0;
        self.seen.retain(|table, _| state.tables.contains_key(table));
        for (id, table) in &state.tables {
            let Some(oldest) = table.parts.first() else {
                self.seen.remove(id);
                continue;
            };
            let seen = self.seen.entry(*id).or_insert((oldest.id, now));
            if seen.0 != oldest.id || seen.1 > now {
                *seen = (oldest.id, now);
            }
            let held = table.memory_bytes();
            bytes += held;
            largest = largest.max(Some((held, *id)));
            if table.memory_rows() >= options.memtable_rows_max as u64 || now.saturating_sub(seen.1) >= interval {
                due.push(*id);
            }
        }
        let log_bytes = shared.sequencer.with_writer(|writer| writer.length_bytes());
        if log_bytes > LOG_BYTES_MAX {
            return state.tables.keys().copied().collect();
        }
        // Commits wait at the limit; sealing begins at half of it, so that they seldom do.
        if bytes >= options.memtable_bytes_max / 2 {
            due.extend(largest.map(|(_, id)| id).filter(|id| !due.contains(id)));
        }
        due
    }

    fn seal(&mut self, shared: &Shared) -> Result<()> {
        let due = self.due(shared);
        for table in &due {
            flush_table(shared, *table)?;
            shared.bell.room.notify_all();
        }
        match due.is_empty() {
            true => Ok(()),
            false => shared.checkpoint(),
        }
    }

    /// While nothing happens, says in the log that everything before was synced.
    fn mark(&mut self, shared: &Shared) -> Result<()> {
        let position = shared.sequencer.published().position;
        let is_idle = position == self.last;
        self.last = position;
        if is_idle && shared.sequencer.with_writer(|writer| writer.needs_mark(self.marked)) {
            self.marked = shared.sequencer.write_mark()?;
            self.last = self.marked;
        }
        Ok(())
    }
}

impl Worker for Sealer {
    fn tick(&mut self, shared: &Shared) -> Result<()> {
        let sealed = self.seal(shared);
        shared.bell.tell(match &sealed {
            Ok(()) => None,
            Err(Error::Full { path }) => Some(Trouble::Full(path.clone())),
            Err(error) => Some(Trouble::Other(
                shared.disk.describe(std::path::Path::new("")),
                error.to_string(),
            )),
        });
        sealed?;
        self.mark(shared)
    }
}

/// Merges small segments, makes partials that are missing, forgets old history and drops old partitions.
#[derive(Default)]
struct Merger {
    ticks: u64,
}

/// Lets other threads go first. Queries are waited for, merges are not.
fn give_way() {
    #[cfg(target_os = "linux")]
    {
        // SAFETY: the call takes numbers only. On Linux 0 is the calling thread, and those it starts inherit.
        let status = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, MERGE_NICENESS) };
        if status != 0 {
            tracing::warn!(error = %std::io::Error::last_os_error(), "merging does not give way to queries");
        }
    }
}

impl Worker for Merger {
    fn begin(&self) {
        give_way();
    }

    fn tick(&mut self, shared: &Shared) -> Result<()> {
        let is_turn = self.ticks.is_multiple_of(RETENTION_TICKS);
        if is_turn {
            apply_retention(shared, false)?;
        }
        self.ticks += 1;
        let tables: Vec<TableId> = shared.sequencer.published().tables.keys().copied().collect();
        for table in tables.iter().copied() {
            if is_turn {
                forget(shared, table)?;
            }
            while !shared.bell.is_stopped() && run_next(shared, table, false)? {}
            make_missing(shared, table)?;
        }
        // One each, so that merging goes on meanwhile.
        tables
            .iter()
            .try_for_each(|table| make_missing_filter(shared, *table).map(drop))
    }
}

/// Waits while rows in memory take more than they may.
pub(crate) fn wait_for_room(shared: &Shared) -> Result<()> {
    let limit = shared.options.memtable_bytes_max;
    let held = || -> usize {
        let state = shared.sequencer.published();
        state.tables.values().map(|table| table.memory_bytes()).sum()
    };
    let mut now = held();
    if now >= limit / 2 {
        shared.bell.ring();
    }
    while now >= limit {
        shared.sequencer.check_usable()?;
        let mut trouble = shared.bell.trouble.lock();
        match trouble.clone() {
            Some(Trouble::Full(path)) => return Err(Error::Full { path }),
            Some(Trouble::Other(path, reason)) => {
                return Err(Error::Io {
                    operation: "seal rows into",
                    path,
                    source: std::io::Error::other(reason),
                });
            }
            None => {}
        }
        shared.bell.room.wait_for(&mut trouble, SEAL_TICK);
        drop(trouble);
        now = held();
    }
    Ok(())
}
