//! DELETE: the source says which rows; they become sets of rows per part. UPDATE shares the collecting of them.

use super::query::{Planned, plain};
use super::returning::returned;
use super::{Effect, Run, stored, versions_of_key};
use crate::connection::StatementWrites;
use crate::error::{Error, Result};
use crate::pipeline::{Demand, Sink, SinkPart};
use arrow_array::ArrayRef;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use parking_lot::Mutex;
use roaring::RoaringBitmap;
use std::collections::BTreeMap;
use std::sync::Arc;
use stoa_sql::plan::Delete;
use stoa_storage::commit::{Change, PartId, RowId};
use stoa_storage::vector::Batch;

/// Rows by their identity.
#[derive(Default)]
pub(super) struct RowSet {
    parts: BTreeMap<PartId, RoaringBitmap>,
    pub(super) row_count: u64,
}

impl RowSet {
    /// Adds rows by their packed identities.
    ///
    /// # Errors
    /// The column is no column of identities.
    pub(super) fn add(&mut self, column: &ArrayRef) -> Result<()> {
        let ids = column
            .as_primitive_opt::<Int64Type>()
            .ok_or_else(|| Error::Internal("a row's identity is not a bigint".into()))?;
        // A row that replaces none has no identity there.
        for id in ids.iter().flatten() {
            self.row_count += 1;
            let id = RowId::unpack(id);
            self.parts.entry(id.part).or_default().insert(id.row);
        }
        Ok(())
    }

    /// As [`Self::add`]; false where one of them is there already.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub(super) fn add_once(&mut self, column: &ArrayRef) -> Result<bool> {
        let known: u64 = self.parts.values().map(RoaringBitmap::len).sum();
        let before = self.row_count;
        self.add(column)?;
        let after: u64 = self.parts.values().map(RoaringBitmap::len).sum();
        Ok(after - known == self.row_count - before)
    }

    /// The rows out, as a change.
    pub(super) fn into_change(self, table: stoa_storage::schema::TableId) -> Option<Change> {
        (self.row_count > 0).then(|| Change::Delete(table, self.parts.into_iter().collect()))
    }
}

/// See the module.
pub(super) fn execute(run: &Run<'_>, delete: &Delete) -> Result<Effect> {
    let relation = run.table(delete.table)?;
    if relation.info.versions.is_some() {
        return versions_of_key::end(run, delete, &relation);
    }
    let table = stored(&relation)?.schema.id;
    let planned = Planned::new(run, &delete.source, None)?;
    let rows = Arc::new(Mutex::new(RowSet::default()));
    let returned_rows = match &delete.returning {
        None => {
            planned.run_into(run, Arc::new(IntoRowSet(rows.clone())))?;
            None
        }
        Some(returning) => {
            let layout = planned.layout();
            let batches = planned.collect(run)?;
            for batch in &batches {
                rows.lock().add(first_column(batch)?)?;
            }
            Some((returning, layout, batches))
        }
    };
    let rows = std::mem::take(&mut *rows.lock());
    let tag = format!("DELETE {}", rows.row_count);
    let writes = StatementWrites::new("delete", rows.into_change(table).into_iter().collect());
    Ok(match returned_rows {
        None => Effect::command(tag, writes),
        Some((returning, layout, batches)) => Effect {
            outcome: returned(run, returning, &layout, batches, tag)?,
            writes,
            notices: Vec::new(),
        },
    })
}

/// The column of identities.
pub(super) fn first_column(batch: &Batch) -> Result<&ArrayRef> {
    let column = batch.columns.first();
    column.ok_or_else(|| Error::Internal("rows to change have no identity".into()))
}

struct IntoRowSet(Arc<Mutex<RowSet>>);

struct IntoRowSetPart(Arc<Mutex<RowSet>>, RowSet);

impl Sink for IntoRowSet {
    fn open(&self) -> Result<Box<dyn SinkPart>> {
        Ok(Box::new(IntoRowSetPart(self.0.clone(), RowSet::default())))
    }
}

impl SinkPart for IntoRowSetPart {
    fn consume(&mut self, batch: Batch) -> Result<Demand> {
        self.1.add(first_column(&plain(batch))?)?;
        Ok(Demand::More)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        let mut total = self.0.lock();
        total.row_count += self.1.row_count;
        for (part, rows) in self.1.parts {
            *total.parts.entry(part).or_default() |= rows;
        }
        Ok(())
    }
}
