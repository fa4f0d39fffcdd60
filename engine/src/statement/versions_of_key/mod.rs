//! Tables with `history = 'scd2'`: INSERT, COPY, UPDATE, DELETE and MERGE say what is valid from when on, and what becomes of the
//! versions that are there is decided here, when a statement ends and all its rows are known. At any time one version of a key at most
//! is valid; that no other writer brings another one meanwhile is said by claims on the keys. Versions are ordinary rows: storage knows
//! nothing of them.

mod errors;
mod existing;
mod rows;
mod settle;
mod timeline;

use super::delete::{RowSet, first_column};
use super::insert::{Arrived, Beside, arrived, new_sink};
use super::query::{Planned, plain};
use super::returning::returned;
use super::row_sink::RowSink;
use super::unique_key::{key_scan, shown_key};
use super::{Effect, Run, stored};
use crate::catalog::relation::Relation;
use crate::error::{Error, Result, SqlState};
use crate::operators::gather::{batch_bytes, retained};
use crate::pipeline::{MemoryBudget, Reservation};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMicrosecondType};
use arrow_array::{ArrayRef, Int64Array, TimestampMicrosecondArray, UInt32Array};
use existing::rows_of;
use parking_lot::Mutex;
use rows::{encoded, in_one};
pub(super) use settle::Settled;
use settle::settle;
use std::cmp::Ordering;
use std::sync::Arc;
use stoa_sql::catalog::VersionedKey;
use stoa_sql::plan::{Delete, Plan};
use stoa_storage::commit::Change;
use stoa_storage::key_index::KeyHashes;
use stoa_storage::schema::TableId;
use stoa_storage::vector::Batch;
use timeline::{OPEN, Period, Timeline, Version};

/// What a statement says of versions, kept until all of it is known.
pub(super) struct Staging {
    versions: VersionedKey,
    staged: Mutex<Staged>,
}

struct Staged {
    rows: Vec<StagedRows>,
    memory: Reservation,
}

/// Rows with all the table's columns.
#[derive(Clone)]
struct StagedRows {
    batch: Batch,
    /// The versions that they are to follow, where they are no new ones: these are valid from now on at the earliest.
    row_ids: Option<Int64Array>,
    /// Nothing is valid in their place.
    ends: bool,
}

impl Staging {
    /// For a table; `None` where it keeps no versions.
    pub(super) fn of(relation: &Relation, memory: &Arc<MemoryBudget>) -> Option<Self> {
        let versions = relation.info.versions.clone()?;
        Some(Staging {
            versions,
            staged: Mutex::new(Staged {
                rows: Vec::new(),
                memory: memory.reservation(),
            }),
        })
    }

    /// Takes rows: new ones, or such that follow others.
    ///
    /// # Errors
    /// No memory is left.
    pub(super) fn add(&self, batch: Batch, row_ids: Option<&ArrayRef>, ends: bool) -> Result<()> {
        if batch.row_count == 0 {
            return Ok(());
        }
        let not_ids = || Error::Internal("a row's identity is not a bigint".into());
        let row_ids = row_ids.map(|ids| ids.as_primitive_opt::<Int64Type>().cloned().ok_or_else(not_ids));
        let row_ids = row_ids.transpose()?;
        let mut staged = self.staged.lock();
        // Once here, once beside the versions that are there, and once more as what becomes of them.
        let batch = retained(batch);
        staged.memory.grow(batch_bytes(&batch).saturating_mul(3))?;
        staged.rows.push(StagedRows { batch, row_ids, ends });
        Ok(())
    }
}

/// The rows of a sink as changes of versions. Rows that say nothing new change nothing, and are not counted.
///
/// # Errors
/// What the versions, the table's constraints or storage say.
pub(super) fn arrived_versions(
    run: &Run<'_>,
    relation: &Relation,
    staging: &Staging,
    cause: &'static str,
    beside: &Beside<'_>,
) -> Result<Arrived> {
    let table = stored(relation)?.schema.id;
    let is_of_table = |change: &Change| matches!(change, Change::Claim(claimed, _) if *claimed == table);
    if run.changed_before.iter().any(is_of_table) {
        return Err(Error::user(
            SqlState::FEATURE_NOT_SUPPORTED,
            format!(
                "changing \"{}\" in two parts of one statement is not supported",
                relation.name()
            ),
        ));
    }
    let settled = settle(run, relation, staging, beside.upsert_key.is_some())?;
    let sink = RowSink::new(&run.view, relation, &run.entry.running().memory)?;
    sink.append(settled.rows.clone())?;
    let mut gone = RowSet::default();
    let ids: ArrayRef = Arc::new(Int64Array::from(settled.gone.clone()));
    gone.add(&ids)?;
    let deleted = Beside {
        deleted: gone.into_change(table),
        upsert_key: None,
    };
    let mut arrived = arrived(run, relation, &sink, cause, deleted)?;
    if !settled.gone.is_empty() || settled.rows.row_count > 0 {
        arrived.writes.changes.push(claim(table, &settled.keys));
    }
    arrived.row_count = settled.periods.iter().flatten().count() as u64;
    arrived.settled = Some(settled);
    Ok(arrived)
}

/// The keys as a commit claims them: no other one changes the versions of one of them meanwhile.
fn claim(table: TableId, keys: &[ArrayRef]) -> Change {
    let hashes = KeyHashes::new(keys);
    let mut claimed: Vec<u64> = hashes.iter().map(|(_, hash)| hash).collect();
    claimed.sort_unstable();
    claimed.dedup();
    Change::Claim(table, claimed.into())
}

/// DELETE: versions that are valid end now, those that would be valid later never are.
pub(super) fn end(run: &Run<'_>, delete: &Delete, relation: &Relation) -> Result<Effect> {
    let sink = new_sink(run, relation)?;
    let planned = Planned::new(run, &delete.source, None)?;
    let layout = planned.layout();
    let batches = planned.collect(run)?;
    for batch in &batches {
        let mut batch = plain(batch.clone());
        let ids = first_column(&batch)?.clone();
        batch.columns.remove(0);
        batch.columns.truncate(sink.column_count());
        sink.append_ended(&ids, batch)?;
    }
    let arrived = arrived(run, relation, &sink, "delete", Beside::default())?;
    let tag = format!("DELETE {}", arrived.row_count);
    let Some(returning) = &delete.returning else {
        return Ok(Effect::command(tag, arrived.writes));
    };
    Ok(Effect {
        outcome: returned(run, returning, &layout, batches, tag)?,
        writes: arrived.writes,
        notices: Vec::new(),
    })
}

/// A statement's rows as the versions that they became, without those that changed nothing. The table's columns are those from
/// `first_column` on.
///
/// # Errors
/// None but bugs.
pub(super) fn as_versions(
    batches: Vec<Batch>,
    relation: &Relation,
    settled: &Settled,
    first_column: usize,
) -> Result<Vec<Batch>> {
    let Some(versions) = &relation.info.versions else {
        return Ok(batches);
    };
    let mut periods = settled.periods.iter();
    let mut shown = Vec::with_capacity(batches.len());
    for batch in batches {
        let batch = plain(batch);
        let of_batch = periods.by_ref().take(batch.row_count).enumerate();
        let (rows, kept): (Vec<u32>, Vec<Period>) = of_batch.filter_map(|(row, of)| Some((row as u32, (*of)?))).unzip();
        let mut columns = take_rows(&batch.columns, rows)?;
        set_periods(columns.get_mut(first_column..).unwrap_or_default(), versions, &kept);
        shown.push(Batch::new(columns, kept.len()));
    }
    Ok(shown)
}

/// That the rows of a table are versions already: for each key at most one is valid at any time.
///
/// # Errors
/// 23514 where two are, or one never is.
pub(super) fn check_versions(run: &Run<'_>, relation: &Relation, versions: &VersionedKey) -> Result<()> {
    let mut places = versions.columns.clone();
    places.extend([versions.valid_from, versions.valid_to]);
    let (scan, definitions) = key_scan(relation, &places)?;
    let rows = rows_of(run, Planned::new(run, &Plan::Scan(scan), None)?)?;
    if rows.batches.is_empty() {
        return Ok(());
    }
    let all = in_one(rows.batches)?;
    let (key, period) = all.columns.split_at(versions.columns.len());
    let keys = encoded(key, all.row_count)?;
    let periods = periods_of(period)?;
    let mut order: Vec<usize> = (0..all.row_count).collect();
    order.sort_unstable_by(|a, b| keys.compare(*a, *b).then(periods[*a].from.cmp(&periods[*b].from)));
    for group in order.chunk_by(|a, b| keys.compare(*a, *b) == Ordering::Equal) {
        let version = |row: &usize| Version {
            period: periods[*row],
            row: *row,
        };
        if Timeline::new(group.iter().map(version).collect()).is_none() {
            let shown = Batch::new(take_rows(key, vec![group[0] as u32])?, 1);
            let shown = shown_key(&definitions[..key.len()], &shown, &run.view.format);
            let error = stoa_sql::Error::new(
                SqlState::CHECK_VIOLATION,
                format!("rows of \"{}\" are valid at the same time", relation.name()),
            );
            let error = error.with_detail(format!(
                "Key {shown} has periods that overlap, or that end before they begin."
            ));
            return Err(Error::Sql(
                error.with_hint("A row is valid from valid_from on and before valid_to."),
            ));
        }
    }
    Ok(())
}

/// The periods of rows by their two columns; a beginning that is NULL is refused elsewhere.
fn periods_of(columns: &[ArrayRef]) -> Result<Vec<Period>> {
    let mut times = columns
        .iter()
        .map(|column| column.as_primitive_opt::<TimestampMicrosecondType>());
    let (Some(from), Some(to)) = (times.next().flatten(), times.next().flatten()) else {
        return Err(Error::Internal("a period is not of timestamptz".into()));
    };
    let periods = from.values().iter().zip(to).map(|(from, to)| Period {
        from: *from,
        to: to.unwrap_or(OPEN),
    });
    Ok(periods.collect())
}

/// Puts periods into the columns of a table's rows.
fn set_periods(columns: &mut [ArrayRef], versions: &VersionedKey, periods: &[Period]) {
    let from = periods.iter().map(|period| Some(period.from));
    let to = periods.iter().map(|period| Some(period.to).filter(|to| *to < OPEN));
    let both = [
        (versions.valid_from, from.collect::<TimestampMicrosecondArray>()),
        (versions.valid_to, to.collect()),
    ];
    for (place, times) in both {
        if let Some(column) = columns.get_mut(place) {
            *column = Arc::new(times.with_timezone("UTC"));
        }
    }
}

fn take_rows(columns: &[ArrayRef], rows: Vec<u32>) -> Result<Vec<ArrayRef>> {
    let rows = UInt32Array::from(rows);
    let taken = columns
        .iter()
        .map(|column| Ok(arrow_select::take::take(column, &rows, None)?));
    taken.collect()
}
