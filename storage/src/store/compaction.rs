//! Runs what the policy says, one job at a time; forgets history beyond its time; and drops partitions beyond retention. Readers go
//! on with what they have.

use super::database::Shared;
use super::flush::flush_table;
use super::partial::make_missing;
use super::partition::partition_end;
use super::policy::{Candidate, Job, Limits, jobs};
use super::rewrite::Rewrite;
use super::state::{DatabaseState, TableState};
use crate::commit::logged::{LoggedChange, LoggedEdit};
use crate::commit::moves::Moved;
use crate::commit::{CommitVersion, PartId};
use crate::error::{Error, Result};
use crate::schema::{TableId, TableSchema};

const DAY_MICROSECONDS: i64 = 86_400_000_000;

/// Merges what can be merged: of one table, or all.
pub(crate) fn compact(shared: &Shared, table: Option<TableId>) -> Result<()> {
    shared.sequencer.check_usable()?;
    let tables: Vec<TableId> = match table {
        Some(table) => vec![table],
        None => shared.sequencer.published().tables.keys().copied().collect(),
    };
    for table in tables {
        while run_next(shared, table, true)? {}
        make_missing(shared, table)?;
        forget(shared, table)?;
    }
    shared.checkpoint()
}

/// Forgets what commits deleted that were made before history is kept, and before that where there is too much to remember.
pub(crate) fn forget(shared: &Shared, table: TableId) -> Result<()> {
    let published = shared.sequencer.published();
    let state = published.tables.get(&table);
    let crowded_until = state.and_then(|state| state.crowded_until(shared.options.deletes_remembered_max));
    if let Some(version) = crowded_until {
        tracing::warn!(
            table = table.0,
            version = version.0,
            "history ends early: too many deletes to remember"
        );
    }
    let edit = |newest: &DatabaseState| {
        let state = newest.tables.get(&table)?;
        let history_from = shared.forgotten(state)?.max(crowded_until.unwrap_or_default());
        let edit = LoggedEdit {
            history_from: Some(history_from),
            ..LoggedEdit::new(table)
        };
        state.remembers_until(history_from).then(|| (edit, Moved::default()))
    };
    shared.sequencer.edit(edit).map(drop)
}

/// Runs the next job of a table, if one is due.
pub(crate) fn run_next(shared: &Shared, table: TableId, eager: bool) -> Result<bool> {
    let _turn = shared.compacting.lock();
    let state = shared.sequencer.published();
    let version = state.version;
    let Some(table) = state.tables.get(&table) else {
        return Ok(false);
    };
    let forgotten = shared.forgotten(table).unwrap_or(version);
    let limits = Limits::new(shared.options.compaction_rows_min, table.schema.columns.len());
    let due = jobs(&candidates(table, forgotten), limits, eager);
    match due.into_iter().next() {
        Some(job) => run(shared, table, version, &job).map(|_| true),
        None => Ok(false),
    }
}

fn candidates(table: &TableState, forgotten: CommitVersion) -> Vec<Candidate> {
    let candidate = |segment: &super::state::SegmentState| Candidate {
        id: segment.id(),
        partition: segment.file.meta.partition,
        row_count: segment.file.meta.row_count,
        visible_rows: segment.visible_rows(),
        kept_rows: segment.rows_at(forgotten),
        file_bytes: segment.file.meta.file_bytes,
    };
    table.segments.iter().map(candidate).collect()
}

fn run(shared: &Shared, table: &TableState, version: CommitVersion, job: &Job) -> Result<bool> {
    let mut rewrite = Rewrite::new(shared, table, version);
    for id in &job.segments {
        if shared.bell.is_stopped() {
            return Err(Error::Cancelled);
        }
        if let Some(at) = table.segment_position(*id) {
            rewrite.add_segment(&table.segments[at])?;
        }
    }
    rewrite.finish()
}

/// Drops partitions that ended so many days ago; rows in memory are sealed for that only if asked.
pub(crate) fn apply_retention(shared: &Shared, seals: bool) -> Result<()> {
    shared.sequencer.check_usable()?;
    let state = shared.sequencer.published();
    for (id, table) in &state.tables {
        if table.schema.retention_days.is_some() && table.schema.partition_by.is_some() {
            if seals {
                flush_table(shared, *id)?;
            }
            retain(shared, *id)?;
        }
    }
    Ok(())
}

fn retain(shared: &Shared, table: TableId) -> Result<()> {
    // A merge would take away the segments that are about to be named.
    let _turn = shared.compacting.lock();
    let state = shared.sequencer.published();
    let Some(state_of_table) = state.tables.get(&table) else {
        return Ok(());
    };
    let today = shared.clock.now().div_euclid(DAY_MICROSECONDS);
    let expired = expired(state_of_table, &state_of_table.schema, today);
    if expired.is_empty() {
        return Ok(());
    }
    let change = LoggedChange::RemoveParts(table, expired);
    let retained = shared
        .sequencer
        .commit_logged(vec![change], "retention".into(), state.version);
    retained.map(drop)
}

fn expired(table: &TableState, schema: &TableSchema, today: i64) -> Vec<PartId> {
    let (Some(days), Some(by)) = (schema.retention_days, schema.partition_by) else {
        return Vec::new();
    };
    let kept_from = today - i64::from(days);
    let segments = table
        .segments
        .iter()
        .filter(|segment| match segment.file.meta.partition.0 {
            Some(start) => partition_end(start, by.unit) <= kept_from && segment.visible_rows() > 0,
            None => false,
        });
    segments.map(|segment| segment.id()).collect()
}
