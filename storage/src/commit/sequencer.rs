//! Assign, log, publish, in order. Committers take turns at the newest state (validate, take the next version, queue the record);
//! then one of those waiting writes and syncs the records of all, publishes the last state among them, and wakes the rest.
//!
//! Invariants: nothing is published before it is as durable as was asked for; versions have no gaps; a failed sync stops
//! everything for good; a full disk takes back every commit that is not published, so that none of them happened.

use super::apply::{Application, Effects, conflict, invalid};
use super::conditions::{self, Claims, Conditions};
use super::logged::{EncodedCommit, LoggedChange, LoggedCommit, LoggedEdit, write_edit};
use super::moves::{Moved, Moves};
use super::prepare::prepare_changes;
use super::{Changes, CommitVersion, OVERLAY_PARTS_FIRST, PartId};
use crate::clock::Clock;
use crate::disk::Disk;
use crate::error::{Error, Result};
use crate::ingest::check_token;
use crate::limits::LOG_RECORD_BYTES_MAX;
use crate::memtable::PART_ROWS_MAX;
use crate::schema::TableId;
use crate::segment::SegmentMeta;
use crate::store::CommitInfo;
use crate::store::check::Retired;
use crate::store::history::History;
use crate::store::state::{DatabaseState, TableState};
use crate::wal::{LogPosition, LogRecord, LogWriter, RecordKind, WriteFailure};
use parking_lot::{Mutex, MutexGuard, RwLock};
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::Thread;

/// Times that a commit is tried again because rows it deletes were moved.
const ATTEMPTS_MAX: usize = 16;

/// Orders everything that changes the database.
pub(crate) struct Sequencer {
    disk: Arc<dyn Disk>,
    clock: Arc<dyn Clock>,
    queue: Mutex<Queue>,
    published: RwLock<Arc<DatabaseState>>,
    /// Held by the one thread that writes; never taken while the queue is held.
    writer: Mutex<LogWriter>,
    history: History,
    next_part: AtomicU64,
    next_overlay_part: AtomicU64,
    /// Segments that are written and not committed: of bulk loads, sealing, merging.
    provisional: Mutex<HashSet<PartId>>,
    retired: Mutex<Retired>,
}

struct Queue {
    /// With everything queued; published once the queue is written.
    newest: Arc<DatabaseState>,
    waiting: Vec<Pending>,
    group: Arc<Group>,
    writing: bool,
    poison: Option<Arc<str>>,
    /// Rows go only into parts from this one on: those before are being sealed.
    append_floor: HashMap<TableId, PartId>,
    moves: Moves,
    claims: Claims,
}

/// A record on its way to the disk, and what holds once it is there.
struct Pending {
    record: LogRecord,
    state: Arc<DatabaseState>,
    info: Option<CommitInfo>,
    effects: Effects,
    loaded: Vec<PartId>,
}

/// Those who wait for the same write. Each is parked by itself: woken together from a condition variable they would only queue up for
/// the lock again.
#[derive(Default)]
struct Group {
    /// Set while the queue is held. Whoever finds it missing under the same lock, and is among those waiting before he lets go of
    /// the lock, will be woken.
    outcome: OnceLock<Outcome>,
    waiting: Mutex<Vec<Thread>>,
}

impl Group {
    /// Decides the outcome; the queue is held. Set once: by whoever wrote the group, or by whoever found that it will not be written.
    fn decide(&self, outcome: Outcome) {
        let _ = self.outcome.set(outcome);
    }

    /// Wakes all, after the outcome is decided.
    fn wake_all(&self) {
        for thread in self.waiting.lock().drain(..) {
            thread.unpark();
        }
    }

    /// Wakes one of them, to write.
    fn wake_one(&self) {
        if let Some(thread) = self.waiting.lock().pop() {
            thread.unpark();
        }
    }
}

#[derive(Clone)]
enum Outcome {
    Done,
    Full(std::path::PathBuf),
    Poisoned(Arc<str>),
}

impl Outcome {
    fn into_result(self) -> Result<()> {
        match self {
            Outcome::Done => Ok(()),
            Outcome::Full(path) => Err(Error::Full { path }),
            Outcome::Poisoned(reason) => Err(poisoned(&reason)),
        }
    }
}

/// Nothing queued will be written, now or later.
fn poison_queue(queue: &mut Queue, reason: String) -> Outcome {
    let reason: Arc<str> = reason.into();
    tracing::error!(%reason, "the store stops: what the log holds is not known any more");
    queue.poison = Some(reason.clone());
    let later = std::mem::take(&mut queue.group);
    later.decide(Outcome::Poisoned(reason.clone()));
    later.wake_all();
    Outcome::Poisoned(reason)
}

fn poisoned(reason: &str) -> Error {
    Error::Poisoned { reason: reason.into() }
}

/// A batch that was committed before is that, whatever else would be wrong with it now.
fn check_batch(commit: &LoggedCommit, newest: &DatabaseState) -> Result<()> {
    let mut tokens = commit.changes.iter().filter_map(|change| match change {
        LoggedChange::Token(token) => Some(token),
        _ => None,
    });
    tokens.try_for_each(|token| check_token(&newest.producers, token))
}

impl Sequencer {
    pub(crate) fn new(
        disk: Arc<dyn Disk>,
        clock: Arc<dyn Clock>,
        writer: LogWriter,
        state: DatabaseState,
        history: History,
        next_part: u64,
    ) -> Self {
        let state = Arc::new(state);
        Sequencer {
            disk,
            clock,
            queue: Mutex::new(Queue {
                newest: state.clone(),
                waiting: Vec::new(),
                group: Arc::default(),
                writing: false,
                poison: None,
                append_floor: HashMap::new(),
                moves: Moves::default(),
                claims: Claims::default(),
            }),
            published: RwLock::new(state),
            writer: Mutex::new(writer),
            history,
            next_part: AtomicU64::new(next_part),
            next_overlay_part: AtomicU64::new(0),
            provisional: Mutex::default(),
            retired: Mutex::default(),
        }
    }

    /// The newest state whose record is durable.
    pub(crate) fn published(&self) -> Arc<DatabaseState> {
        self.published.read().clone()
    }

    pub(crate) fn history(&self) -> &History {
        &self.history
    }

    /// A new identity.
    pub(crate) fn new_part_id(&self) -> PartId {
        PartId(self.next_part.fetch_add(1, Ordering::Relaxed))
    }

    /// A new identity of a part in an overlay.
    pub(crate) fn new_overlay_part_id(&self) -> PartId {
        PartId(OVERLAY_PARTS_FIRST + self.next_overlay_part.fetch_add(1, Ordering::Relaxed))
    }

    /// One more than the largest identity given.
    pub(crate) fn next_part_id(&self) -> u64 {
        self.next_part.load(Ordering::Relaxed)
    }

    /// Segments that a bulk load wrote: may be added by a commit, once.
    pub(crate) fn register_loaded(&self, ids: impl IntoIterator<Item = PartId>) {
        self.provisional.lock().extend(ids);
    }

    /// Segments whose files are there without being part of the published state: written and not committed yet.
    pub(crate) fn provisional(&self) -> HashSet<PartId> {
        self.provisional.lock().clone()
    }

    /// Likewise: taken out, and still read by someone.
    pub(crate) fn retired(&self) -> HashSet<PartId> {
        self.retired.lock().ids().collect()
    }

    /// Gives up segments of a bulk load that were not committed; those listed may be removed.
    pub(crate) fn abandon_loaded(&self, ids: &[PartId]) -> Vec<PartId> {
        if self.queue.lock().poison.is_some() {
            return Vec::new();
        }
        let mut provisional = self.provisional.lock();
        ids.iter().copied().filter(|id| provisional.remove(id)).collect()
    }

    /// Makes changes happen together.
    pub(crate) fn commit(&self, changes: Changes, base: CommitVersion) -> Result<CommitVersion> {
        let state = self.published();
        let cause = changes.cause.clone().into_owned();
        let (changes, conditions) = conditions::split(changes.changes);
        self.commit_under(prepare_changes(changes, &state)?, cause, base, &conditions)
    }

    /// Makes prepared changes happen together.
    pub(crate) fn commit_logged(
        &self,
        changes: Vec<LoggedChange>,
        cause: String,
        base: CommitVersion,
    ) -> Result<CommitVersion> {
        self.commit_under(changes, cause, base, &Conditions::default())
    }

    fn commit_under(
        &self,
        changes: Vec<LoggedChange>,
        cause: String,
        base: CommitVersion,
        conditions: &Conditions,
    ) -> Result<CommitVersion> {
        let mut commit = LoggedCommit {
            version: CommitVersion(0),
            time: 0,
            cause,
            changes,
        };
        for _ in 0..ATTEMPTS_MAX {
            match self.attempt(&mut commit, base, conditions) {
                // Rows that were sealed or merged between the look at where they are and the commit's turn are looked for again.
                Err(Error::Conflict { reason }) => {
                    let queue = self.queue.lock();
                    if !queue.moves.translate(&mut commit.changes, &queue.newest)? {
                        return conflict(reason);
                    }
                }
                outcome => return outcome,
            }
        }
        conflict("the rows to be deleted keep being moved")
    }

    fn attempt(
        &self,
        commit: &mut LoggedCommit,
        base: CommitVersion,
        conditions: &Conditions,
    ) -> Result<CommitVersion> {
        let encoded = EncodedCommit::new(commit);
        if encoded.length_bytes() > LOG_RECORD_BYTES_MAX {
            return invalid(format!(
                "{} bytes are too many for one commit, which has at most {LOG_RECORD_BYTES_MAX}",
                encoded.length_bytes()
            ));
        }
        let mut queue = self.queue.lock();
        self.refuse_if_poisoned(&queue)?;
        let checked = check_batch(commit, &queue.newest)
            .and_then(|()| conditions.check(&queue.claims, &queue.newest, base))
            .and_then(|()| self.sequence(&queue, commit, encoded, base));
        let pending = match checked {
            Err(refused @ (Error::Conflict { .. } | Error::RepeatedBatch { .. })) => {
                // Whoever tries again must see what came between, and what is told to be there must be durable.
                self.wait_until_written(queue)?;
                return Err(refused);
            }
            sequenced => sequenced?,
        };
        let version = commit.version;
        conditions.remember(&mut queue.claims, version);
        self.enqueue_and_wait(queue, pending)?;
        Ok(version)
    }

    /// Validates against the newest state and decides version, time and places.
    fn sequence(
        &self,
        queue: &Queue,
        commit: &mut LoggedCommit,
        encoded: EncodedCommit,
        base: CommitVersion,
    ) -> Result<Pending> {
        let newest = &queue.newest;
        if base > newest.version {
            return conflict(format!("version {} does not exist yet", base.0));
        }
        commit.version = CommitVersion(newest.version.0 + 1);
        commit.time = self.clock.now().max(newest.time);
        let position = newest.position + 1;
        let record_bytes = encoded.length_bytes();
        let mut application = Application::new(&self.disk, (**newest).clone(), base);
        application.begin(commit, position);
        let mut loaded = Vec::new();
        for change in &mut commit.changes {
            match change {
                LoggedChange::Insert {
                    table,
                    part,
                    first_row,
                    rows,
                } => {
                    rows.bytes = record_bytes.max(rows.row_count * 8 * rows.columns.len());
                    let floor = queue.append_floor.get(table).copied().unwrap_or(PartId(0));
                    let state = application.table(*table)?;
                    if !Arc::ptr_eq(&state.column_ids, &rows.column_ids) && state.column_ids != rows.column_ids {
                        return conflict("the table's definition was changed meanwhile");
                    }
                    (*part, *first_row) = self.place(state, rows.row_count as u32, floor);
                }
                LoggedChange::AddSegments(_, segments) => {
                    let provisional = self.provisional.lock();
                    if let Some(segment) = segments.iter().find(|segment| !provisional.contains(&segment.id)) {
                        return invalid(format!("segment {} is not of an open bulk load", segment.id.0));
                    }
                    loaded.extend(segments.iter().flat_map(SegmentMeta::ids));
                }
                _ => {}
            }
            application.change(change)?;
        }
        let info = CommitInfo {
            version: commit.version,
            time: commit.time,
            cause: commit.cause.clone(),
            rows_inserted: application.effects.rows_inserted,
            rows_deleted: application.effects.rows_deleted,
        };
        Ok(Pending {
            record: LogRecord {
                kind: RecordKind::Commit,
                position,
                payload: encoded.finish(commit),
                makes_room: commit.makes_room(),
            },
            state: Arc::new(application.state),
            info: Some(info),
            effects: application.effects,
            loaded,
        })
    }

    /// Where the next rows of a table go.
    fn place(&self, table: &TableState, row_count: u32, floor: PartId) -> (PartId, u32) {
        match table.parts.last() {
            Some(part)
                if part.id >= floor
                    && part.row_count.saturating_add(row_count) <= PART_ROWS_MAX
                    && part.column_ids == table.column_ids =>
            {
                (part.id, part.row_count)
            }
            _ => (self.new_part_id(), 0),
        }
    }

    /// Makes an edit durable and visible. `decide` sees the newest state and gives the edit and what it moves where, or nothing
    /// where it has become pointless.
    pub(crate) fn edit(&self, decide: impl FnOnce(&DatabaseState) -> Option<(LoggedEdit, Moved)>) -> Result<bool> {
        let mut queue = self.queue.lock();
        self.refuse_if_poisoned(&queue)?;
        let Some((edit, moved)) = decide(&queue.newest) else {
            return Ok(false);
        };
        let position = queue.newest.position + 1;
        let mut application = Application::new(&self.disk, (*queue.newest).clone(), queue.newest.version);
        application.edit(&edit, position)?;
        queue.moves.add(moved);
        let pending = Pending {
            record: LogRecord {
                kind: RecordKind::Edit,
                position,
                payload: write_edit(&edit),
                makes_room: true,
            },
            state: Arc::new(application.state),
            info: None,
            effects: application.effects,
            loaded: edit.ids().collect(),
        };
        self.enqueue_and_wait(queue, pending)?;
        Ok(true)
    }

    /// From now on rows of the table go into new parts; gives back the state in which the parts before are complete.
    pub(crate) fn close_parts(&self, table: TableId) -> Result<(Arc<DatabaseState>, PartId)> {
        let mut queue = self.queue.lock();
        self.refuse_if_poisoned(&queue)?;
        let floor = PartId(self.next_part_id());
        queue.append_floor.insert(table, floor);
        self.wait_until_written(queue)?;
        Ok((self.published(), floor))
    }

    /// Waits until everything queued so far is published.
    fn wait_until_written<'a>(&'a self, queue: MutexGuard<'a, Queue>) -> Result<()> {
        if queue.waiting.is_empty() && !queue.writing {
            return Ok(());
        }
        let group = queue.group.clone();
        if queue.waiting.is_empty() {
            let position = queue.newest.position + 1;
            let mark = self.mark(&queue, position);
            return self.enqueue_and_wait(queue, mark);
        }
        self.wait(queue, &group)
    }

    fn mark(&self, queue: &Queue, position: LogPosition) -> Pending {
        Pending {
            record: LogRecord {
                kind: RecordKind::SyncMark,
                position,
                payload: Vec::new(),
                makes_room: true,
            },
            state: Arc::new(DatabaseState {
                position,
                ..(*queue.newest).clone()
            }),
            info: None,
            effects: Effects::default(),
            loaded: Vec::new(),
        }
    }

    /// Writes a record that says up to where the log is synced, so that damage to what was acknowledged can be told from a
    /// torn tail.
    pub(crate) fn write_mark(&self) -> Result<LogPosition> {
        let queue = self.queue.lock();
        self.refuse_if_poisoned(&queue)?;
        let position = queue.newest.position + 1;
        let mark = self.mark(&queue, position);
        self.enqueue_and_wait(queue, mark)?;
        Ok(position)
    }

    fn refuse_if_poisoned(&self, queue: &Queue) -> Result<()> {
        match &queue.poison {
            Some(reason) => Err(poisoned(reason)),
            None => Ok(()),
        }
    }

    fn enqueue_and_wait<'a>(&'a self, mut queue: MutexGuard<'a, Queue>, pending: Pending) -> Result<()> {
        queue.newest = pending.state.clone();
        queue.waiting.push(pending);
        let group = queue.group.clone();
        self.wait(queue, &group)
    }

    /// Waits for a group, writing it if nobody else is writing.
    fn wait<'a>(&'a self, mut queue: MutexGuard<'a, Queue>, group: &Arc<Group>) -> Result<()> {
        loop {
            if let Some(outcome) = group.outcome.get() {
                return outcome.clone().into_result();
            }
            if !queue.writing {
                self.write_group(queue);
            } else {
                group.waiting.lock().push(std::thread::current());
                drop(queue);
                std::thread::park();
                if let Some(outcome) = group.outcome.get() {
                    return outcome.clone().into_result();
                }
            }
            queue = self.queue.lock();
        }
    }

    /// Writes everything that waits, as the only writer.
    fn write_group(&self, mut queue: MutexGuard<'_, Queue>) {
        queue.writing = true;
        let group = std::mem::take(&mut queue.group);
        let mut written = std::mem::take(&mut queue.waiting);
        let records: Vec<LogRecord> = written
            .iter_mut()
            .map(|pending| LogRecord {
                kind: pending.record.kind,
                position: pending.record.position,
                payload: std::mem::take(&mut pending.record.payload),
                makes_room: pending.record.makes_room,
            })
            .collect();
        // Files that this takes out are removed for good: the log must have said so by then, whatever durability was asked for.
        let must_sync = written
            .iter()
            .any(|pending| pending.info.is_none() || !pending.effects.removed.is_empty());
        let failure = MutexGuard::unlocked(&mut queue, || {
            let write = || self.writer.lock().append(&records, must_sync);
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(write))
        });
        queue.writing = false;
        let outcome = match failure {
            Ok(Ok(())) => {
                self.publish(written);
                Outcome::Done
            }
            Ok(Err(WriteFailure::Full(error))) => self.take_back(&mut queue, &error),
            Ok(Err(WriteFailure::Fatal(error))) => poison_queue(&mut queue, error.to_string()),
            Err(_) => poison_queue(&mut queue, "the log writer panicked".into()),
        };
        group.decide(outcome);
        // The next group's writer goes on while this one wakes its own.
        queue.group.wake_one();
        drop(queue);
        group.wake_all();
    }

    fn publish(&self, written: Vec<Pending>) {
        let Some(last) = written.last() else { return };
        *self.published.write() = last.state.clone();
        let mut provisional = self.provisional.lock();
        for pending in &written {
            for part in &pending.loaded {
                provisional.remove(part);
            }
            for file in &pending.effects.removed {
                file.mark_obsolete();
                self.retired.lock().add(file);
            }
        }
        drop(provisional);
        self.history
            .record(written.into_iter().filter_map(|pending| pending.info));
    }

    /// Nothing that is not published happened.
    fn take_back(&self, queue: &mut Queue, error: &Error) -> Outcome {
        let path = match error {
            Error::Full { path } => path.clone(),
            _ => self.disk.describe(std::path::Path::new("")),
        };
        queue.newest = self.published();
        queue.waiting.clear();
        let later = std::mem::take(&mut queue.group);
        later.decide(Outcome::Full(path.clone()));
        later.wake_all();
        Outcome::Full(path)
    }

    /// Refuses everything from now on.
    pub(crate) fn poison(&self, reason: &str) {
        let mut queue = self.queue.lock();
        if queue.poison.is_none() {
            queue.poison = Some(reason.into());
        }
    }

    /// Whether calls are still taken.
    pub(crate) fn check_usable(&self) -> Result<()> {
        self.refuse_if_poisoned(&self.queue.lock())
    }

    /// The writing end of the log, while nobody else writes.
    pub(crate) fn with_writer<T>(&self, act: impl FnOnce(&mut LogWriter) -> T) -> T {
        act(&mut self.writer.lock())
    }
}
