//! A transaction: the snapshot it reads, the changes it has made and not committed, and the savepoints in between.
//!
//! Writes are collected, and put on top of the snapshot as an overlay of storage, so that the transaction's own statements read
//! them by the ordinary scans. At COMMIT all of them become one commit at the snapshot's version: storage refuses what somebody
//! else has changed since (40001), and then nothing happens. Invariant: `current` is `base` with `writes` on top.

use crate::catalog::CatalogState;
use crate::database::Shared;
use crate::error::{Error, Result, SqlState};
use crate::pipeline::Reservation;
use crate::settings::Settings;
use arrow_buffer::BooleanBuffer;
use roaring::RoaringBitmap;
use std::sync::Arc;
use stoa_storage::commit::{Change, Changes, PartId};
use stoa_storage::schema::TableId;
use stoa_storage::store::{BulkLoad, Snapshot};
use stoa_storage::vector::{Batch, Selection};

/// What one statement changes.
#[derive(Default)]
pub(crate) struct StatementWrites {
    /// In order.
    pub(crate) changes: Vec<Change>,
    /// Bulk loads whose segments are among the changes; they must live until the commit.
    pub(crate) loads: Vec<Arc<dyn BulkLoad>>,
    /// Memory that the rows take.
    pub(crate) memory: Option<Reservation>,
    /// For `stoa.commits`.
    pub(crate) cause: &'static str,
}

impl StatementWrites {
    /// Changes of a statement of this name.
    pub(crate) fn new(cause: &'static str, changes: Vec<Change>) -> Self {
        StatementWrites {
            changes,
            cause,
            ..StatementWrites::default()
        }
    }

    /// Makes the changes happen by themselves.
    pub(crate) fn commit(self, shared: &Shared, base: &dyn Snapshot) -> Result<()> {
        if self.changes.is_empty() {
            return Ok(());
        }
        let changes = Changes {
            changes: self.changes,
            cause: self.cause,
        };
        shared.store.commit(changes, base.version()).map_err(conflict_error)?;
        Ok(())
    }
}

/// Somebody else's change came between.
pub(crate) fn conflict_error(error: stoa_storage::Error) -> Error {
    match error {
        stoa_storage::Error::Conflict { reason } => {
            let error = stoa_sql::Error::new(
                SqlState::SERIALIZATION_FAILURE,
                "could not serialize access due to concurrent update",
            );
            Error::Sql(error.with_detail(reason))
        }
        error => error.into(),
    }
}

/// A change that is not committed.
#[derive(Clone)]
enum Pending {
    /// Rows in, and which of them the transaction deleted again.
    Insert {
        table: TableId,
        /// The part they are in in the overlay.
        part: PartId,
        batch: Batch,
        deleted: RoaringBitmap,
    },
    /// Anything else; deletes are of rows that exist without the overlay.
    Other(Change),
}

/// Everything a transaction has changed.
#[derive(Clone, Default)]
struct Writes {
    pending: Vec<Pending>,
    loads: Vec<Arc<dyn BulkLoad>>,
    memory: Vec<Arc<Reservation>>,
    cause: Option<&'static str>,
}

/// The state that ROLLBACK TO brings back.
struct Savepoint {
    name: String,
    writes: Writes,
    current: Option<Arc<dyn Snapshot>>,
    catalog: Option<Arc<CatalogState>>,
    settings: (Arc<Settings>, Arc<Settings>),
}

/// An open transaction.
pub(crate) struct Transaction {
    /// BEGIN was said; otherwise it belongs to one text or pipeline of statements.
    pub(crate) is_block: bool,
    /// A statement failed: only its end is left.
    pub(crate) is_failed: bool,
    /// READ ONLY.
    pub(crate) is_read_only: bool,
    /// When it began: what `now()` gives.
    pub(crate) time: i64,
    /// Settings before it, and what remains of them after COMMIT.
    pub(crate) settings_before: Arc<Settings>,
    pub(crate) settings_after: Arc<Settings>,
    base: Option<Arc<dyn Snapshot>>,
    current: Option<Arc<dyn Snapshot>>,
    /// Definitions of `current`, where the transaction has changed some.
    catalog: Option<Arc<CatalogState>>,
    writes: Writes,
    savepoints: Vec<Savepoint>,
}

impl Transaction {
    /// One that has seen nothing yet.
    pub(crate) fn new(is_block: bool, is_read_only: bool, time: i64, settings: Arc<Settings>) -> Self {
        Transaction {
            is_block,
            is_failed: false,
            is_read_only,
            time,
            settings_before: settings.clone(),
            settings_after: settings,
            base: None,
            current: None,
            catalog: None,
            writes: Writes::default(),
            savepoints: Vec::new(),
        }
    }

    /// Whether a statement has read or written.
    pub(crate) fn has_begun(&self) -> bool {
        self.base.is_some()
    }

    /// What its statements read; the first one fixes it.
    pub(crate) fn snapshot(&mut self, shared: &Shared) -> Result<(Arc<dyn Snapshot>, Arc<CatalogState>)> {
        let current = match &self.current {
            Some(current) => current.clone(),
            None => {
                let snapshot = shared.store.snapshot();
                self.base = Some(snapshot.clone());
                self.current = Some(snapshot.clone());
                snapshot
            }
        };
        let catalog = match &self.catalog {
            Some(catalog) => catalog.clone(),
            None => shared.catalog_of(&*current)?,
        };
        Ok((current, catalog))
    }

    /// Adds a statement's changes.
    ///
    /// # Errors
    /// Where they do not fit what is there; nothing was added then.
    pub(crate) fn add(&mut self, shared: &Shared, statement: StatementWrites) -> Result<()> {
        if statement.changes.is_empty() {
            return Ok(());
        }
        let (current, _) = self.snapshot(shared)?;
        let changes = statement.changes.clone();
        let (next, parts) = shared.store.overlay(&current, changes).map_err(conflict_error)?;
        if next_defines(&statement.changes) {
            self.catalog = Some(Arc::new(CatalogState::read(&*next)?));
        }
        self.current = Some(next);
        let mut parts = parts.into_iter();
        for change in statement.changes {
            match change {
                Change::Insert(table, batch) => {
                    let part = parts
                        .next()
                        .ok_or_else(|| Error::Internal("an overlay named too few parts".into()))?;
                    self.writes.pending.push(Pending::Insert {
                        table,
                        part,
                        batch: batch.compact(),
                        deleted: RoaringBitmap::new(),
                    });
                }
                Change::Delete(table, sets) => self.writes.delete(table, sets),
                other => self.writes.pending.push(Pending::Other(other)),
            }
        }
        self.writes.loads.extend(statement.loads);
        self.writes.memory.extend(statement.memory.map(Arc::new));
        self.writes.cause = match self.writes.cause {
            None => Some(statement.cause),
            Some(cause) if cause == statement.cause => Some(cause),
            Some(_) => Some("transaction"),
        };
        Ok(())
    }

    /// Makes everything happen together.
    ///
    /// # Errors
    /// 40001 where somebody else changed the same; nothing happened then.
    pub(crate) fn commit(self, shared: &Shared) -> Result<()> {
        let Some(base) = self.base.filter(|_| !self.writes.pending.is_empty()) else {
            return Ok(());
        };
        let changes = Changes {
            changes: self
                .writes
                .pending
                .into_iter()
                .filter_map(Pending::into_change)
                .collect(),
            cause: self.writes.cause.unwrap_or("transaction"),
        };
        if changes.changes.is_empty() {
            return Ok(());
        }
        shared.store.commit(changes, base.version()).map_err(conflict_error)?;
        Ok(())
    }

    /// SAVEPOINT
    pub(crate) fn set_savepoint(&mut self, name: &str, settings: &Arc<Settings>) {
        self.savepoints.push(Savepoint {
            name: name.to_owned(),
            writes: self.writes.clone(),
            current: self.current.clone(),
            catalog: self.catalog.clone(),
            settings: (settings.clone(), self.settings_after.clone()),
        });
    }

    fn savepoint_place(&self, name: &str) -> Result<usize> {
        self.savepoints
            .iter()
            .rposition(|savepoint| savepoint.name == name)
            .ok_or_else(|| Error::user(SqlState("3B001"), format!("savepoint \"{name}\" does not exist")))
    }

    /// ROLLBACK TO; gives back the settings of then.
    ///
    /// # Errors
    /// 3B001
    pub(crate) fn roll_back_to(&mut self, name: &str) -> Result<Arc<Settings>> {
        let place = self.savepoint_place(name)?;
        self.savepoints.truncate(place + 1);
        let Some(savepoint) = self.savepoints.last() else {
            return Err(Error::Internal("a savepoint is lost".into()));
        };
        self.writes = savepoint.writes.clone();
        // Where nothing had been read at the savepoint, the snapshot may be kept: it is the transaction's first.
        self.current = savepoint.current.clone().or_else(|| self.base.clone());
        self.catalog = savepoint.catalog.clone();
        self.settings_after = savepoint.settings.1.clone();
        self.is_failed = false;
        Ok(savepoint.settings.0.clone())
    }

    /// RELEASE
    ///
    /// # Errors
    /// 3B001
    pub(crate) fn release(&mut self, name: &str) -> Result<()> {
        let place = self.savepoint_place(name)?;
        self.savepoints.truncate(place);
        Ok(())
    }
}

/// Whether any of the changes is one of definitions.
fn next_defines(changes: &[Change]) -> bool {
    changes.iter().any(|change| {
        matches!(
            change,
            Change::CreateTable(_) | Change::AlterTable(_) | Change::DropTable(_) | Change::PutObject(..)
        )
    })
}

impl Writes {
    /// Deletes of rows that the transaction itself brought stay with those rows.
    fn delete(&mut self, table: TableId, sets: Vec<(PartId, RoaringBitmap)>) {
        let mut others = Vec::new();
        for (set_part, rows) in sets {
            let own = self.pending.iter_mut().find_map(|pending| match pending {
                Pending::Insert { part, deleted, .. } if *part == set_part => Some(deleted),
                _ => None,
            });
            match own {
                Some(deleted) => *deleted |= rows,
                None => others.push((set_part, rows)),
            }
        }
        if !others.is_empty() {
            self.pending.push(Pending::Other(Change::Delete(table, others)));
        }
    }
}

impl Pending {
    fn into_change(self) -> Option<Change> {
        match self {
            Pending::Other(change) => Some(change),
            Pending::Insert {
                table, batch, deleted, ..
            } => {
                if deleted.is_empty() {
                    return Some(Change::Insert(table, batch));
                }
                let kept = BooleanBuffer::collect_bool(batch.row_count, |row| !deleted.contains(row as u32));
                let batch = Batch {
                    selection: Some(Selection::new(kept)),
                    ..batch
                };
                let batch = batch.compact();
                (batch.row_count > 0).then_some(Change::Insert(table, batch))
            }
        }
    }
}
