//! The changes of a transaction that are not committed, in order. Rows that the transaction itself deletes again never reach the
//! commit; rows of neighbouring statements become one batch; many rows become segments.

use super::transaction::StatementWrites;
use crate::database::Shared;
use crate::error::{Error, Result};
use crate::limits::{LOGGED_BYTES_MAX, LOGGED_ROWS_MAX};
use crate::operators::gather::batch_bytes;
use crate::pipeline::Reservation;
use crate::statement::row_sink::joined;
use arrow_buffer::BooleanBuffer;
use roaring::RoaringBitmap;
use std::collections::BTreeMap;
use std::sync::Arc;
use stoa_storage::commit::{Change, PartId, RowId};
use stoa_storage::schema::TableId;
use stoa_storage::store::{BulkLoad, Snapshot};
use stoa_storage::vector::{Batch, Selection};

/// A change that is not committed.
#[derive(Clone)]
enum Pending {
    /// Rows in.
    Insert(Inserted),
    /// Anything else; deletes are of rows that exist without the overlay.
    Other(Change),
}

/// Rows that a statement brought.
#[derive(Clone)]
struct Inserted {
    table: TableId,
    /// Where they begin in the overlay.
    place: RowId,
    batch: Batch,
    /// Which of them the transaction deleted again.
    deleted: RoaringBitmap,
}

/// Everything a transaction has changed.
#[derive(Clone, Default)]
pub(super) struct Writes {
    pending: Vec<Pending>,
    /// The inserts among them by where their rows begin.
    inserts: BTreeMap<(PartId, u32), usize>,
    loads: Vec<Arc<dyn BulkLoad>>,
    memory: Vec<Arc<Reservation>>,
    cause: Option<&'static str>,
}

impl Writes {
    /// Whether nothing was changed.
    pub(super) fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// Why, for `stoa.commits`.
    pub(super) fn cause(&self) -> &'static str {
        self.cause.unwrap_or("transaction")
    }

    /// The first part that the transaction's overlays made.
    pub(super) fn own_from(&self) -> Option<PartId> {
        self.inserts.keys().next().map(|(part, _)| *part)
    }

    /// Adds a statement's changes; `places` says where its inserts' rows begin in the overlay.
    ///
    /// # Errors
    /// Too few places: a bug.
    pub(super) fn add(&mut self, statement: StatementWrites, places: Vec<RowId>) -> Result<()> {
        let mut places = places.into_iter();
        for change in statement.changes {
            match change {
                Change::Insert(table, batch) => {
                    let place = places
                        .next()
                        .ok_or_else(|| Error::Internal("an overlay named too few places".into()))?;
                    self.inserts.insert((place.part, place.row), self.pending.len());
                    self.pending.push(Pending::Insert(Inserted {
                        table,
                        place,
                        batch: batch.compact(),
                        deleted: RoaringBitmap::new(),
                    }));
                }
                Change::Delete(table, sets) => self.delete(table, sets),
                other => self.pending.push(Pending::Other(other)),
            }
        }
        self.loads.extend(statement.loads);
        self.memory.extend(statement.memory.into_iter().map(Arc::new));
        self.cause = match self.cause {
            None => Some(statement.cause),
            Some(cause) if cause == statement.cause => Some(cause),
            Some(_) => Some("transaction"),
        };
        Ok(())
    }

    /// Deletes of rows that the transaction itself brought stay with those rows.
    fn delete(&mut self, table: TableId, sets: Vec<(PartId, RoaringBitmap)>) {
        let mut others = Vec::new();
        for (part, rows) in sets {
            let is_own = self.inserts.range((part, 0)..=(part, u32::MAX)).next().is_some();
            if !is_own {
                others.push((part, rows));
                continue;
            }
            for row in rows {
                let insert = self.inserts.range(..=(part, row)).next_back();
                let insert = insert.and_then(|(_, place)| self.pending.get_mut(*place));
                if let Some(Pending::Insert(inserted)) = insert {
                    inserted.deleted.insert(row - inserted.place.row);
                }
            }
        }
        if !others.is_empty() {
            self.pending.push(Pending::Other(Change::Delete(table, others)));
        }
    }

    /// All changes as one commit takes them, and the bulk loads that must live until then.
    ///
    /// # Errors
    /// What storage says to segments that are written now.
    pub(super) fn into_changes(
        self,
        shared: &Shared,
        base: &dyn Snapshot,
    ) -> Result<(Vec<Change>, Vec<Arc<dyn BulkLoad>>)> {
        let is_redefined = |table: TableId, changes: &[Pending]| {
            changes.iter().any(|pending| match pending {
                Pending::Other(Change::CreateTable(schema) | Change::AlterTable(schema)) => schema.id == table,
                Pending::Other(Change::DropTable(id) | Change::Truncate(id)) => *id == table,
                _ => false,
            })
        };
        let mut loads = self.loads;
        let mut changes = Vec::with_capacity(self.pending.len().min(1_024));
        let mut large = BTreeMap::new();
        for table in large_tables(&self.pending) {
            // Rows whose table changes on the way go through the log, in order.
            let schema = base.table(table).map(|table| table.schema().clone());
            if let Some(schema) = schema.filter(|_| !is_redefined(table, &self.pending)) {
                let load = shared.store.bulk_load(schema, shared.config.bulk_load_bytes_max())?;
                large.insert(table, load);
            }
        }
        let mut neighbours: Vec<Batch> = Vec::new();
        let mut neighbours_table = None;
        for pending in self.pending {
            match pending {
                Pending::Insert(inserted) => {
                    let table = inserted.table;
                    let Some(batch) = inserted.kept() else { continue };
                    if let Some(load) = large.get(&table) {
                        load.append(batch)?;
                        continue;
                    }
                    if neighbours_table != Some(table) {
                        join_into(&mut changes, neighbours_table.replace(table), &mut neighbours)?;
                    }
                    neighbours.push(batch);
                }
                Pending::Other(change) => {
                    join_into(&mut changes, neighbours_table.take(), &mut neighbours)?;
                    changes.push(change);
                }
            }
        }
        join_into(&mut changes, neighbours_table, &mut neighbours)?;
        for (table, load) in large {
            changes.push(Change::AddSegments(table, load.finish()?));
            loads.push(load);
        }
        Ok((changes, loads))
    }
}

/// Tables with more rows than should go through the log at once.
fn large_tables(pending: &[Pending]) -> Vec<TableId> {
    let mut totals: BTreeMap<TableId, (usize, usize)> = BTreeMap::new();
    for pending in pending {
        if let Pending::Insert(inserted) = pending {
            let (rows, bytes) = totals.entry(inserted.table).or_default();
            *rows += inserted.batch.row_count;
            *bytes += batch_bytes(&inserted.batch);
        }
    }
    let is_large = |(rows, bytes): &(usize, usize)| *rows > LOGGED_ROWS_MAX || *bytes > LOGGED_BYTES_MAX;
    let large = totals.into_iter().filter(|(_, total)| is_large(total));
    large.map(|(table, _)| table).collect()
}

/// Batches of one table as one insert.
fn join_into(changes: &mut Vec<Change>, table: Option<TableId>, batches: &mut Vec<Batch>) -> Result<()> {
    if let Some(table) = table.filter(|_| !batches.is_empty()) {
        changes.push(Change::Insert(table, joined(std::mem::take(batches))?));
    }
    Ok(())
}

impl Inserted {
    /// The rows that are still there.
    fn kept(self) -> Option<Batch> {
        let batch = self.batch;
        if self.deleted.is_empty() {
            return Some(batch);
        }
        let kept = BooleanBuffer::collect_bool(batch.row_count, |row| !self.deleted.contains(row as u32));
        let batch = Batch {
            selection: Some(Selection::new(kept)),
            ..batch
        };
        let batch = batch.compact();
        (batch.row_count > 0).then_some(batch)
    }
}
