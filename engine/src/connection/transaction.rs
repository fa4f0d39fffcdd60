//! A transaction: the snapshot it reads, the changes it has made and not committed, and the savepoints in between.
//!
//! Writes are collected, and put on top of the snapshot as an overlay of storage, so that the transaction's own statements read
//! them by the ordinary scans. At COMMIT all of them become one commit at the snapshot's version: storage refuses what somebody
//! else has changed since (40001), and then nothing happens. Invariant: `current` is `base` with `writes` on top.

use super::batch::CommitLabel;
use super::on_commit::on_commit;
use super::pending::Writes;
use crate::catalog::CatalogState;
use crate::database::{Exported, ExportedSnapshots, Shared};
use crate::error::{Error, Result, SqlState};
use crate::pipeline::Reservation;
use crate::settings::Settings;
use roaring::RoaringBitmap;
use std::sync::Arc;
use stoa_storage::commit::{Change, Changes, CommitVersion, PartId};
use stoa_storage::schema::TableId;
use stoa_storage::store::{BulkLoad, Snapshot};

/// What one statement changes.
#[derive(Default)]
pub(crate) struct StatementWrites {
    /// In order.
    pub(crate) changes: Vec<Change>,
    /// Bulk loads whose segments are among the changes; they must live until the commit.
    pub(crate) loads: Vec<Arc<dyn BulkLoad>>,
    /// Memory that the rows take.
    pub(crate) memory: Vec<Reservation>,
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

    /// Adds what another part of the same statement changes.
    ///
    /// # Errors
    /// 0A000 where both change the same row.
    pub(crate) fn join(&mut self, other: StatementWrites) -> Result<()> {
        let deletes = |changes: &[Change]| -> Vec<(TableId, PartId, RoaringBitmap)> {
            let deletes = changes.iter().filter_map(|change| match change {
                Change::Delete(table, sets) => Some((*table, sets)),
                _ => None,
            });
            deletes
                .flat_map(|(table, sets)| sets.iter().map(move |(part, rows)| (table, *part, rows.clone())))
                .collect()
        };
        let before = deletes(&self.changes);
        for (table, part, rows) in deletes(&other.changes) {
            let mut known = before.iter().filter(|known| known.0 == table && known.1 == part);
            if known.any(|(_, _, known)| !known.is_disjoint(&rows)) {
                return Err(Error::user(
                    SqlState::FEATURE_NOT_SUPPORTED,
                    "changing a row in two parts of one statement is not supported",
                ));
            }
        }
        if self.cause.is_empty() {
            self.cause = other.cause;
        }
        self.changes.extend(other.changes);
        self.loads.extend(other.loads);
        self.memory.extend(other.memory);
        Ok(())
    }

    /// Makes the changes happen by themselves. `None` where there was nothing to commit.
    pub(crate) fn commit(
        mut self,
        shared: &Shared,
        base: &dyn Snapshot,
        label: CommitLabel,
    ) -> Result<Option<CommitVersion>> {
        self.changes.extend(label.token.map(Change::Token));
        if self.changes.is_empty() {
            return Ok(None);
        }
        let changes = Changes {
            changes: self.changes,
            cause: label.cause.map_or(self.cause.into(), Into::into),
        };
        let committed = shared.store.commit(changes, base.version());
        committed.map(Some).map_err(conflict_error)
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

/// The state that ROLLBACK TO brings back.
struct Savepoint {
    name: String,
    writes: Writes,
    current: Option<Arc<dyn Snapshot>>,
    catalog: Option<Arc<CatalogState>>,
    settings: (Arc<Settings>, Arc<Settings>),
    /// Stand for the cursors that there were and for the advisory locks that had been taken.
    marks: (u64, u64),
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
    /// A statement that writes was run, whether it found something to write or not.
    has_written: bool,
    savepoints: Vec<Savepoint>,
    exported: Vec<Exported>,
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
            has_written: false,
            savepoints: Vec::new(),
            exported: Vec::new(),
        }
    }

    /// Reads a snapshot that another transaction, or its own first statement, has read.
    pub(crate) fn import(&mut self, snapshot: Arc<dyn Snapshot>) {
        self.base = Some(snapshot.clone());
        self.current = Some(snapshot);
    }

    /// Lets others read what this transaction reads, but for its own changes, until it ends; gives back the name.
    ///
    /// # Errors
    /// 25001 behind a savepoint; 53400 where there are too many.
    pub(crate) fn export(&mut self, session: i32, snapshots: &Arc<ExportedSnapshots>) -> Result<String> {
        if !self.savepoints.is_empty() {
            return Err(Error::user(
                SqlState::ACTIVE_SQL_TRANSACTION,
                "cannot export a snapshot from a subtransaction",
            ));
        }
        let base = self.base.clone();
        let base = base.ok_or_else(|| Error::Internal("a transaction reads nothing".into()))?;
        let exported = snapshots.export(session, base)?;
        let name = exported.name().to_owned();
        self.exported.push(exported);
        Ok(name)
    }

    /// Whether a statement that writes was run.
    pub(crate) fn has_written(&self) -> bool {
        self.has_written
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

    /// Adds what its end does to the temporary tables of a schema.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub(crate) fn add_on_commit(&mut self, shared: &Shared, temporary_schema: &str) -> Result<()> {
        let (snapshot, catalog) = self.snapshot(shared)?;
        self.add(shared, on_commit(&catalog, &*snapshot, temporary_schema))
    }

    /// Adds a statement's changes.
    ///
    /// # Errors
    /// Where they do not fit what is there; nothing was added then.
    pub(crate) fn add(&mut self, shared: &Shared, statement: StatementWrites) -> Result<()> {
        self.has_written |= !statement.cause.is_empty();
        if statement.changes.is_empty() {
            return Ok(());
        }
        let (current, _) = self.snapshot(shared)?;
        let (changes, own_from) = (statement.changes.clone(), self.writes.own_from());
        let overlay = shared.store.overlay(&current, changes, own_from);
        let (next, places) = overlay.map_err(conflict_error)?;
        if next_defines(&statement.changes) {
            self.catalog = Some(Arc::new(CatalogState::read(&*next)?));
        }
        self.current = Some(next);
        self.writes.add(statement, places)
    }

    /// Makes everything happen together. `None` where there was nothing to commit.
    ///
    /// # Errors
    /// 40001 where somebody else changed the same; nothing happened then.
    pub(crate) fn commit(self, shared: &Shared, label: CommitLabel) -> Result<Option<CommitVersion>> {
        let CommitLabel { token, cause } = label;
        let Some(base) = self.base.filter(|_| !self.writes.is_empty() || token.is_some()) else {
            return Ok(None);
        };
        let cause = cause.map_or(self.writes.cause().into(), Into::into);
        // The loads must live until their segments are committed.
        let (mut changes, _loads) = self.writes.into_changes(shared, &*base)?;
        changes.extend(token.map(Change::Token));
        if changes.is_empty() {
            return Ok(None);
        }
        let changes = Changes { changes, cause };
        let committed = shared.store.commit(changes, base.version());
        committed.map(Some).map_err(conflict_error)
    }

    /// SAVEPOINT
    pub(crate) fn set_savepoint(&mut self, name: &str, settings: &Arc<Settings>, marks: (u64, u64)) {
        self.savepoints.push(Savepoint {
            name: name.to_owned(),
            writes: self.writes.clone(),
            current: self.current.clone(),
            catalog: self.catalog.clone(),
            settings: (settings.clone(), self.settings_after.clone()),
            marks,
        });
    }

    fn savepoint_place(&self, name: &str) -> Result<usize> {
        self.savepoints
            .iter()
            .rposition(|savepoint| savepoint.name == name)
            .ok_or_else(|| Error::user(SqlState("3B001"), format!("savepoint \"{name}\" does not exist")))
    }

    /// ROLLBACK TO; gives back the settings of then and the marks of the cursors there were and the locks that had been taken.
    ///
    /// # Errors
    /// 3B001
    pub(crate) fn roll_back_to(&mut self, name: &str) -> Result<(Arc<Settings>, (u64, u64))> {
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
        Ok((savepoint.settings.0.clone(), savepoint.marks))
    }

    /// The mark of the locks that had been taken at the last savepoint, or of none.
    pub(crate) fn locks_at_savepoint(&self) -> u64 {
        self.savepoints.last().map_or(0, |savepoint| savepoint.marks.1)
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
