//! The versions that a table has of a statement's keys, read into memory. Never says what becomes of them.

use super::super::query::Planned;
use super::super::unique_key::rows_with_keys;
use super::super::{Run, stored};
use crate::catalog::relation::Relation;
use crate::error::{Error, Result};
use crate::operators::gather::{batch_bytes, retained};
use crate::pipeline::{Demand, Reservation, Sink, SinkPart};
use arrow_array::ArrayRef;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use parking_lot::Mutex;
use std::sync::Arc;
use stoa_sql::catalog::VersionedKey;
use stoa_storage::vector::Batch;

/// Rows of all the table's columns, each with its identity.
pub(super) struct Existing {
    pub(super) row_ids: Vec<Option<i64>>,
    pub(super) batches: Vec<Batch>,
    /// For as long as anything is made of them.
    pub(super) memory: Reservation,
}

/// Reads the versions of keys, given as one array per column of the key.
pub(super) fn existing(
    run: &Run<'_>,
    relation: &Relation,
    versions: &VersionedKey,
    keys: Vec<ArrayRef>,
) -> Result<Existing> {
    let table = run.view.snapshot.table(stored(relation)?.schema.id);
    // A table that the statement makes is not there yet.
    let Retained { mut batches, memory } = match table.is_some_and(|table| table.row_count() > 0) {
        true => rows_of(run, rows_with_keys(run, relation, &versions.columns, keys)?)?,
        false => Retained::none(run),
    };
    let mut row_ids = Vec::new();
    for batch in &mut batches {
        let ids = batch.columns.remove(0);
        let ids = ids.as_primitive_opt::<Int64Type>();
        row_ids.extend(ids.ok_or_else(|| Error::Internal("a row's identity is not a bigint".into()))?);
    }
    Ok(Existing {
        row_ids,
        batches,
        memory,
    })
}

/// Rows in memory that is accounted for, twice: as what they are, and as what is made of them.
pub(super) struct Retained {
    pub(super) batches: Vec<Batch>,
    pub(super) memory: Reservation,
}

impl Retained {
    fn none(run: &Run<'_>) -> Self {
        Retained {
            batches: Vec::new(),
            memory: run.entry.running().memory.reservation(),
        }
    }
}

/// All rows of a plan.
pub(super) fn rows_of(run: &Run<'_>, planned: Planned) -> Result<Retained> {
    let rows = Arc::new(Mutex::new(Retained::none(run)));
    planned.run_into(run, Arc::new(IntoRetained(rows.clone())))?;
    let mut rows = rows.lock();
    Ok(std::mem::replace(&mut rows, Retained::none(run)))
}

struct IntoRetained(Arc<Mutex<Retained>>);

struct IntoRetainedPart(Arc<Mutex<Retained>>);

impl Sink for IntoRetained {
    fn open(&self) -> Result<Box<dyn SinkPart>> {
        Ok(Box::new(IntoRetainedPart(self.0.clone())))
    }
}

impl SinkPart for IntoRetainedPart {
    fn consume(&mut self, batch: Batch) -> Result<Demand> {
        let batch = retained(batch);
        if batch.row_count > 0 {
            let mut rows = self.0.lock();
            rows.memory.grow(batch_bytes(&batch).saturating_mul(2))?;
            rows.batches.push(batch);
        }
        Ok(Demand::More)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}
