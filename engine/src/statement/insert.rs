//! INSERT: the source's rows into the table, as one change.

use super::indexed_key::{Duplicates, RowsLeftOut, look_up};
use super::query::{Planned, plain};
use super::returning::returned;
use super::row_sink::{IntoTable, RowSink};
use super::unique_key::enforce_keys;
use super::update::Replacement;
use super::versions_of_key::{Settled, arrived_versions, as_versions};
use super::{Effect, Run, stored};
use crate::catalog::relation::Relation;
use crate::connection::StatementWrites;
use crate::connection::batch::producer;
use crate::error::{Error, Result, SqlState};
use std::sync::Arc;
use stoa_sql::plan::{Insert, Plan};
use stoa_storage::commit::Change;
use stoa_storage::vector::{Batch, Selection};

/// See the module.
pub(super) fn execute(run: &Run<'_>, insert: &Insert) -> Result<Effect> {
    let relation = run.table(insert.table)?;
    if let Some(upsert) = &insert.upsert {
        return execute_upsert(run, insert, &relation, &upsert.key);
    }
    let sink = Arc::new(receiving_sink(run, &relation)?);
    let Some(returning) = &insert.returning else {
        run_source(run, &insert.source, &sink)?;
        let (count, writes) = writes_of(run, &relation, &sink, "insert")?;
        return Ok(Effect::command(format!("INSERT 0 {count}"), writes));
    };
    let planned = Planned::new(run, &insert.source, None)?;
    let layout = planned.layout();
    let mut batches = planned.collect(run)?;
    for batch in &mut batches {
        *batch = sink.admitted(std::mem::replace(batch, Batch::new(Vec::new(), 0)))?;
        sink.append_admitted(batch.clone())?;
    }
    let arrived = arrived_or_left_out(run, &relation, &sink, "insert")?;
    let (count, writes) = (arrived.row_count, arrived.writes);
    let batches = match &arrived.settled {
        Some(settled) => as_versions(batches, &relation, settled, 0)?,
        None => without(batches, arrived.left_out)?,
    };
    let outcome = returned(run, returning, &layout, batches, format!("INSERT 0 {count}"))?;
    Ok(Effect {
        outcome,
        writes,
        notices: Vec::new(),
    })
}

/// ON CONFLICT DO UPDATE
fn execute_upsert(run: &Run<'_>, insert: &Insert, relation: &Relation, key: &str) -> Result<Effect> {
    let sink = new_sink(run, relation)?;
    let replacement = Replacement::run(run, &insert.source, insert.returning.is_some(), sink)?;
    let arrived = replacement.arrive(run, relation, "upsert", Some(key))?;
    let tag = format!("INSERT 0 {}", arrived.row_count);
    replacement.effect(run, relation, insert.returning.as_ref(), tag, arrived)
}

/// A sink for rows that a statement changes.
pub(super) fn new_sink(run: &Run<'_>, relation: &Relation) -> Result<RowSink> {
    let sink = RowSink::new(&run.view, relation, &run.entry.running().memory)?;
    Ok(sink.settling(relation))
}

/// A sink for rows that come from outside.
pub(super) fn receiving_sink(run: &Run<'_>, relation: &Relation) -> Result<RowSink> {
    RowSink::receiving(&run.view, relation, &run.entry.running().memory)
}

/// Runs a plan into a sink.
pub(super) fn run_source(run: &Run<'_>, source: &Plan, sink: &Arc<RowSink>) -> Result<()> {
    Planned::new(run, source, None)?.run_into(run, Arc::new(IntoTable(sink.clone())))
}

/// What came of the rows of a sink.
pub(super) struct Arrived {
    /// How many come.
    pub(super) row_count: u64,
    pub(super) writes: StatementWrites,
    left_out: RowsLeftOut,
    /// Of a table that keeps versions of its rows: which versions these are.
    pub(super) settled: Option<Settled>,
}

/// How many rows of a sink come, and what they are as changes that the table's keys allow.
pub(crate) fn writes_of(
    run: &Run<'_>,
    relation: &Relation,
    sink: &RowSink,
    cause: &'static str,
) -> Result<(u64, StatementWrites)> {
    let arrived = arrived_or_left_out(run, relation, sink, cause)?;
    Ok((arrived.row_count, arrived.writes))
}

/// As [`writes_of`], with what became of which row.
fn arrived_or_left_out(run: &Run<'_>, relation: &Relation, sink: &RowSink, cause: &'static str) -> Result<Arrived> {
    arrived_as(run, relation, sink, cause, Beside::default(), Duplicates::LeftOut)
}

/// The rows without those that do not come.
fn without(mut batches: Vec<Batch>, left_out: RowsLeftOut) -> Result<Vec<Batch>> {
    let Some(rows) = left_out.rows else {
        return match left_out.count {
            0 => Ok(batches),
            _ => Err(Error::user(
                SqlState::FEATURE_NOT_SUPPORTED,
                "RETURNING of so many rows, some of which the table has already, is not supported",
            )),
        };
    };
    let mut first_row = 0;
    for batch in &mut batches {
        *batch = plain(std::mem::replace(batch, Batch::new(Vec::new(), 0)));
        let row_count = batch.row_count;
        let kept = (0..row_count as u32).map(|row| !rows.contains(first_row + row));
        batch.selection = Some(Selection::new(kept.collect()));
        *batch = batch.clone().compact();
        first_row += row_count as u32;
    }
    Ok(batches)
}

/// What goes with the rows of a sink.
#[derive(Default)]
pub(super) struct Beside<'k> {
    /// The rows that go for them.
    pub(super) deleted: Option<Change>,
    /// The key by which DO UPDATE found those.
    pub(super) upsert_key: Option<&'k str>,
}

/// As [`writes_of`], together with what goes with the rows: whatever key is there already is an error.
pub(super) fn arrived(
    run: &Run<'_>,
    relation: &Relation,
    sink: &RowSink,
    cause: &'static str,
    beside: Beside<'_>,
) -> Result<Arrived> {
    arrived_as(run, relation, sink, cause, beside, Duplicates::Error)
}

/// The rows of a sink as changes, with all keys looked at.
fn arrived_as(
    run: &Run<'_>,
    relation: &Relation,
    sink: &RowSink,
    cause: &'static str,
    beside: Beside<'_>,
    duplicates: Duplicates,
) -> Result<Arrived> {
    if let Some(staging) = sink.staging() {
        return arrived_versions(run, relation, staging, cause, &beside);
    }
    let written = sink.finish()?;
    let mut changes: Vec<Change> = beside.deleted.into_iter().chain(written.changes).collect();
    let mut left_out = RowsLeftOut::default();
    for (index, key) in &written.indexed_keys {
        let duplicates = match beside.upsert_key == Some(key.name.as_str()) {
            true => Duplicates::ErrorOfUpsert,
            false => duplicates,
        };
        left_out = look_up(run, relation, (key, *index), &mut changes, duplicates)?;
    }
    if let (Duplicates::LeftOut, Some(counts)) = (duplicates, sink.counts(left_out.count)) {
        let table = stored(relation)?.schema.id;
        changes.push(Change::Ingest(table, producer(&run.view.settings), counts));
    }
    let mut writes = StatementWrites {
        changes,
        loads: written.loads,
        memory: vec![written.memory],
        cause,
    };
    enforce_keys(run, relation, &mut writes, written.keys, beside.upsert_key)?;
    Ok(Arrived {
        row_count: written.row_count - left_out.count,
        writes,
        left_out,
        settled: None,
    })
}
