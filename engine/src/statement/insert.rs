//! INSERT: the source's rows into the table, as one change.

use super::query::Planned;
use super::returning::returned;
use super::row_sink::{IntoTable, RowSink};
use super::unique_key::enforce_keys;
use super::update::Replacement;
use super::{Effect, Run};
use crate::catalog::relation::Relation;
use crate::connection::StatementWrites;
use crate::error::Result;
use std::sync::Arc;
use stoa_sql::plan::{Insert, Plan};
use stoa_storage::commit::Change;

/// See the module.
pub(super) fn execute(run: &Run<'_>, insert: &Insert) -> Result<Effect> {
    let relation = run.table(insert.table)?;
    if let Some(upsert) = &insert.upsert {
        return execute_upsert(run, insert, &relation, &upsert.key);
    }
    let sink = Arc::new(new_sink(run, &relation)?);
    let Some(returning) = &insert.returning else {
        run_source(run, &insert.source, &sink)?;
        let (count, writes) = writes_of(run, &relation, &sink, "insert")?;
        return Ok(Effect::command(format!("INSERT 0 {count}"), writes));
    };
    let planned = Planned::new(run, &insert.source, None)?;
    let layout = planned.layout();
    let batches = planned.collect(run)?;
    for batch in &batches {
        sink.append(batch.clone())?;
    }
    let (count, writes) = writes_of(run, &relation, &sink, "insert")?;
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
    let (count, writes) = replacement.writes(run, relation, "insert", Some(key))?;
    replacement.effect(run, insert.returning.as_ref(), format!("INSERT 0 {count}"), writes)
}

/// A sink for a table's rows.
pub(super) fn new_sink(run: &Run<'_>, relation: &Relation) -> Result<RowSink> {
    RowSink::new(&run.view, relation, &run.entry.running().memory)
}

/// Runs a plan into a sink.
pub(super) fn run_source(run: &Run<'_>, source: &Plan, sink: &Arc<RowSink>) -> Result<()> {
    Planned::new(run, source, None)?.run_into(run, Arc::new(IntoTable(sink.clone())))
}

/// How many rows a sink took, and what they are as changes that the table's keys allow.
pub(crate) fn writes_of(
    run: &Run<'_>,
    relation: &Relation,
    sink: &RowSink,
    cause: &'static str,
) -> Result<(u64, StatementWrites)> {
    writes_beside(run, relation, sink, cause, Beside::default())
}

/// What goes with the rows of a sink.
#[derive(Default)]
pub(super) struct Beside<'k> {
    /// The rows that go for them.
    pub(super) deleted: Option<Change>,
    /// The key by which DO UPDATE found those.
    pub(super) upsert_key: Option<&'k str>,
}

/// As [`writes_of`], together with what goes with the rows.
pub(super) fn writes_beside(
    run: &Run<'_>,
    relation: &Relation,
    sink: &RowSink,
    cause: &'static str,
    beside: Beside<'_>,
) -> Result<(u64, StatementWrites)> {
    let written = sink.finish()?;
    let mut writes = StatementWrites {
        changes: beside.deleted.into_iter().chain(written.changes).collect(),
        loads: written.loads,
        memory: vec![written.memory],
        cause,
    };
    enforce_keys(run, relation, &mut writes, written.keys, beside.upsert_key)?;
    Ok((written.row_count, writes))
}
