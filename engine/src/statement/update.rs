//! UPDATE: the old rows out and the new ones in, in one commit.

use super::delete::{RowSet, first_column};
use super::insert::{Arrived, Beside, arrived, new_sink};
use super::query::{Planned, plain};
use super::returning::returned;
use super::row_sink::RowSink;
use super::versions_of_key::as_versions;
use super::{Effect, Run, stored};
use crate::catalog::relation::Relation;
use crate::error::Result;
use crate::expression::Layout;
use crate::pipeline::{Demand, Sink, SinkPart};
use parking_lot::Mutex;
use std::sync::Arc;
use stoa_sql::plan::{Plan, Returning, Update};
use stoa_storage::vector::Batch;

/// See the module.
pub(super) fn execute(run: &Run<'_>, update: &Update) -> Result<Effect> {
    let relation = run.table(update.table)?;
    let sink = new_sink(run, &relation)?.assigning(&update.assigned);
    let replacement = Replacement::run(run, &update.source, update.returning.is_some(), sink)?;
    let replaced_count = replacement.replaced_count();
    let arrived = replacement.arrive(run, &relation, "update", None)?;
    let count = match &arrived.settled {
        Some(_) => arrived.row_count,
        None => replaced_count,
    };
    let tag = format!("UPDATE {count}");
    replacement.effect(run, &relation, update.returning.as_ref(), tag, arrived)
}

/// Rows in the place of others: a source whose first column is the identity of the row that goes, and what it gave. Behind the table's
/// columns may be others that only RETURNING reads.
pub(super) struct Replacement {
    changed: Arc<Changed>,
    returned: Option<(Arc<Layout>, Vec<Batch>)>,
}

impl Replacement {
    /// Runs the source to its end, keeping its rows where they are to be returned.
    pub(super) fn run(run: &Run<'_>, source: &Plan, keeps_rows: bool, sink: RowSink) -> Result<Self> {
        let changed = Arc::new(Changed {
            rows: Mutex::default(),
            sink,
        });
        let planned = Planned::new(run, source, None)?;
        let returned = if keeps_rows {
            let layout = planned.layout();
            let batches = planned.collect(run)?;
            for batch in &batches {
                changed.add(batch.clone())?;
            }
            Some((layout, batches))
        } else {
            planned.run_into(run, Arc::new(IntoChanged(changed.clone())))?;
            None
        };
        Ok(Replacement { changed, returned })
    }

    /// How many rows go.
    pub(super) fn replaced_count(&self) -> u64 {
        self.changed.rows.lock().row_count
    }

    /// What comes of the rows, once.
    pub(super) fn arrive(
        &self,
        run: &Run<'_>,
        relation: &Relation,
        cause: &'static str,
        upsert_key: Option<&str>,
    ) -> Result<Arrived> {
        let rows = std::mem::take(&mut *self.changed.rows.lock());
        let beside = Beside {
            deleted: rows.into_change(stored(relation)?.schema.id),
            upsert_key,
        };
        arrived(run, relation, &self.changed.sink, cause, beside)
    }

    /// What the client gets.
    pub(super) fn effect(
        self,
        run: &Run<'_>,
        relation: &Relation,
        returning: Option<&Returning>,
        tag: String,
        arrived: Arrived,
    ) -> Result<Effect> {
        let writes = arrived.writes;
        let (Some(returning), Some((layout, mut batches))) = (returning, self.returned) else {
            return Ok(Effect::command(tag, writes));
        };
        if let Some(settled) = &arrived.settled {
            batches = as_versions(batches, relation, settled, 1)?;
        }
        Ok(Effect {
            outcome: returned(run, returning, &layout, batches, tag)?,
            writes,
            notices: Vec::new(),
        })
    }
}

/// Old rows by identity, new rows by value.
struct Changed {
    rows: Mutex<RowSet>,
    sink: RowSink,
}

impl Changed {
    fn add(&self, batch: Batch) -> Result<()> {
        let mut batch = plain(batch);
        let row_ids = first_column(&batch)?.clone();
        self.rows.lock().add(&row_ids)?;
        batch.columns.remove(0);
        // What RETURNING names of other tables comes behind.
        batch.columns.truncate(self.sink.column_count());
        self.sink.append_replacing(&row_ids, batch)
    }
}

struct IntoChanged(Arc<Changed>);

struct IntoChangedPart(Arc<Changed>);

impl Sink for IntoChanged {
    fn open(&self) -> Result<Box<dyn SinkPart>> {
        Ok(Box::new(IntoChangedPart(self.0.clone())))
    }
}

impl SinkPart for IntoChangedPart {
    fn consume(&mut self, batch: Batch) -> Result<Demand> {
        self.0.add(batch)?;
        Ok(Demand::More)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}
