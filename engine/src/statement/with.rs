//! WITH and statements that change rows: each runs once and to its end, over the snapshot of the whole statement, so that none sees
//! what another changes; what one returns, later ones read. All changes are one change.

use super::{Effect, Run, execute as execute_statement};
use crate::connection::{Outcome, RowsTag, StatementWrites};
use crate::error::{Error, Result};
use crate::operators::cte::{CteRows, CteSink};
use crate::statement::query::{Planned, result_columns, row_batch, stored_rows};
use std::collections::HashMap;
use std::sync::Arc;
use stoa_sql::plan::{CteId, Statement, WithEntry, WithStatement};
use stoa_storage::vector::Batch;

/// The rows that earlier parts of a statement returned.
pub(crate) type ReturnedRows = Arc<HashMap<CteId, Arc<CteRows>>>;

/// See the module.
pub(super) fn execute(run: &Run<'_>, with: &WithStatement) -> Result<Effect> {
    let mut returned: HashMap<CteId, Arc<CteRows>> = HashMap::new();
    let mut writes = StatementWrites::default();
    let mut notices = Vec::new();
    for entry in &with.entries {
        let run = part(run, &returned, &writes);
        let rows = CteRows::new(run.entry.running().memory.clone());
        let effect = execute_entry(&run, entry, &rows)?;
        notices.extend(effect.notices);
        writes.join(effect.writes)?;
        returned.insert(entry.id, rows);
    }
    let run = part(run, &returned, &writes);
    let effect = match &with.body {
        body if matches!(**body, Statement::Query(_)) => Effect::outcome(query_rows(&run, body)?),
        body => execute_statement(&run, body)?,
    };
    writes.join(effect.writes)?;
    notices.extend(effect.notices);
    Ok(Effect {
        outcome: effect.outcome,
        writes,
        notices,
    })
}

/// The rows of the body, all of them before anything is committed: it may fail.
fn query_rows(run: &Run<'_>, body: &Statement) -> Result<Outcome> {
    let Statement::Query(query) = body else {
        return Err(Error::Internal("a query is none".into()));
    };
    let batches = Planned::new(run, &query.plan, None)?.collect(run)?;
    let batches = batches.into_iter().map(row_batch).collect();
    let rows = stored_rows(result_columns(&query.plan, &query.names), batches);
    Ok(Outcome::Rows(rows, RowsTag::Select))
}

/// What a part of the statement runs with: the same snapshot, the rows returned before it, and the changes made before it, among which
/// its keys must be unique.
fn part<'r>(run: &Run<'r>, returned: &HashMap<CteId, Arc<CteRows>>, writes: &StatementWrites) -> Run<'r> {
    Run {
        view: run.view.clone(),
        entry: run.entry.clone(),
        parameters: run.parameters,
        seen: run.seen.clone(),
        returned: Arc::new(returned.clone()),
        compile_time: run.compile_time,
        changed_before: writes.changes.clone(),
    }
}

/// Runs a part of WITH, whose rows are kept.
fn execute_entry(run: &Run<'_>, entry: &WithEntry, rows: &Arc<CteRows>) -> Result<Effect> {
    if let Statement::Query(query) = &entry.statement {
        Planned::new(run, &query.plan, None)?.run_into(run, Arc::new(CteSink(rows.clone())))?;
        return Ok(Effect::command("SELECT", StatementWrites::default()));
    }
    let mut effect = execute_statement(run, &entry.statement)?;
    let outcome = std::mem::replace(&mut effect.outcome, Outcome::Empty);
    let Outcome::Rows(mut batches, _) = outcome else {
        return Ok(effect);
    };
    let mut kept = Vec::new();
    while let Some(batch) = batches.next_batch()? {
        if batch.columns.len() != entry.columns.len() {
            return Err(Error::Internal(format!(
                "{} returns other columns than it said",
                entry.name
            )));
        }
        kept.push(Batch::new(batch.columns, batch.row_count));
    }
    rows.replace(kept)?;
    Ok(effect)
}
