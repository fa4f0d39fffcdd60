//! UPDATE: the old rows out and the new ones in, in one commit.

use super::delete::{RowSet, first_column};
use super::insert::{new_sink, writes_beside};
use super::query::{Planned, plain};
use super::returning::returned;
use super::row_sink::RowSink;
use super::{Effect, Run, stored};
use crate::error::Result;
use crate::pipeline::{Demand, Sink, SinkPart};
use parking_lot::Mutex;
use std::sync::Arc;
use stoa_sql::plan::Update;
use stoa_storage::vector::Batch;

/// See the module.
pub(super) fn execute(run: &Run<'_>, update: &Update) -> Result<Effect> {
    let relation = run.table(update.table)?;
    let table = stored(&relation)?.schema.id;
    let changed = Arc::new(Changed {
        rows: Mutex::default(),
        sink: new_sink(run, &relation)?.assigning(&update.assigned),
    });
    let planned = Planned::new(run, &update.source, None)?;
    let returned_rows = match &update.returning {
        None => {
            planned.run_into(run, Arc::new(IntoChanged(changed.clone())))?;
            None
        }
        Some(returning) => {
            let layout = planned.layout();
            let batches = planned.collect(run)?;
            for batch in &batches {
                changed.add(batch.clone())?;
            }
            Some((returning, layout, batches))
        }
    };
    let rows = std::mem::take(&mut *changed.rows.lock());
    let tag = format!("UPDATE {}", rows.row_count);
    let (_, writes) = writes_beside(run, &relation, &changed.sink, "update", rows.into_change(table))?;
    Ok(match returned_rows {
        None => Effect::command(tag, writes),
        Some((returning, layout, batches)) => Effect {
            outcome: returned(run, returning, &layout, batches, tag)?,
            writes,
            notices: Vec::new(),
        },
    })
}

/// Old rows by identity, new rows by value.
struct Changed {
    rows: Mutex<RowSet>,
    sink: RowSink,
}

impl Changed {
    fn add(&self, batch: Batch) -> Result<()> {
        let mut batch = plain(batch);
        self.rows.lock().add(first_column(&batch)?)?;
        batch.columns.remove(0);
        self.sink.append(batch)
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
