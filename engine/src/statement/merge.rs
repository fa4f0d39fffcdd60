//! MERGE: rows out, rows in, and rows in the place of others, in one commit.

use super::delete::{RowSet, first_column};
use super::insert::{Beside, arrived, new_sink};
use super::query::{Planned, plain};
use super::row_sink::RowSink;
use super::{Effect, Run, stored};
use crate::error::{Error, Result, SqlState};
use crate::pipeline::{Demand, Sink, SinkPart};
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, BooleanArray};
use parking_lot::Mutex;
use std::sync::Arc;
use stoa_sql::plan::{Merge, MergeKind};
use stoa_storage::vector::Batch;

/// See the module.
pub(super) fn execute(run: &Run<'_>, merge: &Merge) -> Result<Effect> {
    let relation = run.table(merge.table)?;
    let merged = Arc::new(Merged {
        kinds: merge.kinds.clone(),
        state: Mutex::default(),
        sink: new_sink(run, &relation)?,
    });
    let planned = Planned::new(run, &merge.source, None)?;
    planned.run_into(run, Arc::new(IntoMerged(merged.clone())))?;
    let State { rows, row_count } = std::mem::take(&mut *merged.state.lock());
    let beside = Beside {
        deleted: rows.into_change(stored(&relation)?.schema.id),
        upsert_key: None,
    };
    let arrived = arrived(run, &relation, &merged.sink, "merge", beside)?;
    let row_count = match &arrived.settled {
        Some(_) => arrived.row_count,
        None => row_count,
    };
    Ok(Effect::command(format!("MERGE {row_count}"), arrived.writes))
}

/// What becomes of the source's rows.
struct Merged {
    kinds: Vec<MergeKind>,
    state: Mutex<State>,
    sink: RowSink,
}

#[derive(Default)]
struct State {
    /// Rows that go.
    rows: RowSet,
    /// Rows that something was done with.
    row_count: u64,
}

impl Merged {
    fn add(&self, batch: Batch) -> Result<()> {
        let mut batch = plain(batch);
        let ids = first_column(&batch)?.clone();
        batch.columns.remove(0);
        let whens = first_column(&batch)?.clone();
        batch.columns.remove(0);
        let whens = whens
            .as_primitive_opt::<Int64Type>()
            .ok_or_else(|| Error::Internal("the number of a WHEN is not a bigint".into()))?;
        let kind = |row: usize| {
            let place = usize::try_from(whens.value(row)).ok()?.checked_sub(1)?;
            self.kinds.get(place).copied()
        };
        let kinds: Vec<MergeKind> = (0..batch.row_count)
            .map(|row| kind(row).unwrap_or(MergeKind::Nothing))
            .collect();
        let goes = |kind: &MergeKind| matches!(kind, MergeKind::Update | MergeKind::Delete);
        let comes = |kind: &MergeKind| matches!(kind, MergeKind::Update | MergeKind::Insert);
        let gone = chosen(std::slice::from_ref(&ids), &kinds, goes)?;
        {
            let mut state = self.state.lock();
            state.row_count += kinds.iter().filter(|kind| **kind != MergeKind::Nothing).count() as u64;
            if let Some(ids) = gone.first()
                && !state.rows.add_once(ids)?
            {
                return Err(twice_error());
            }
        }
        let rows = |of: &dyn Fn(&MergeKind) -> bool| {
            let row_count = kinds.iter().filter(|kind| of(kind)).count();
            let ids = chosen(std::slice::from_ref(&ids), &kinds, of)?;
            Ok::<_, Error>((ids, Batch::new(chosen(&batch.columns, &kinds, of)?, row_count)))
        };
        if self.sink.staging().is_some() {
            let (ids, ended) = rows(&|kind| *kind == MergeKind::Delete)?;
            self.sink.append_ended(first_of(&ids)?, ended)?;
        }
        let (ids, coming) = rows(&comes)?;
        self.sink.append_replacing(first_of(&ids)?, coming)
    }
}

fn first_of(columns: &[ArrayRef]) -> Result<&ArrayRef> {
    let first = columns.first();
    first.ok_or_else(|| Error::Internal("rows to change have no identity".into()))
}

fn chosen(columns: &[ArrayRef], kinds: &[MergeKind], is_chosen: impl Fn(&MergeKind) -> bool) -> Result<Vec<ArrayRef>> {
    let mask: BooleanArray = kinds.iter().map(|kind| Some(is_chosen(kind))).collect();
    let filtered = columns
        .iter()
        .map(|column| Ok(arrow_select::filter::filter(column, &mask)?));
    filtered.collect()
}

fn twice_error() -> Error {
    let error = stoa_sql::Error::new(
        SqlState::CARDINALITY_VIOLATION,
        "MERGE command cannot affect row a second time",
    );
    Error::Sql(error.with_hint("Ensure that not more than one source row matches any one target row."))
}

struct IntoMerged(Arc<Merged>);

struct IntoMergedPart(Arc<Merged>);

impl Sink for IntoMerged {
    fn open(&self) -> Result<Box<dyn SinkPart>> {
        Ok(Box::new(IntoMergedPart(self.0.clone())))
    }
}

impl SinkPart for IntoMergedPart {
    fn consume(&mut self, batch: Batch) -> Result<Demand> {
        self.0.add(batch)?;
        Ok(Demand::More)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}
