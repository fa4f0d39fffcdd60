//! What a segment's own indexes say about a scan's conditions: asked once per scan, by the first reader that comes to it.

use super::ScanColumn;
use super::plan::{PlannedSegment, TableScan};
use crate::error::Result;
use crate::index::Verdict;
use crate::schema::ColumnId;
use crate::segment::PreparedCondition;
use crate::store::state::SegmentState;
use roaring::RoaringBitmap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// An index's rows are used where they are at most one in so many of all; more are found faster by reading the column.
const INDEXED_SHARE: u64 = 16;

/// A segment ready to be read.
pub(crate) struct Prepared {
    /// Conditions that rows must still be tested against, made ready for the segment; by their places in [`TableScan::predicates`].
    pub(crate) open: Vec<(usize, PreparedCondition)>,
    /// The only rows that can pass, where an index knows.
    pub(crate) rows: Option<RoaringBitmap>,
    /// No row passes.
    pub(crate) is_empty: bool,
}

/// Asks the indexes, unless that was done.
pub(crate) fn prepare(scan: &TableScan, planned: &PlannedSegment) -> Result<Arc<Prepared>> {
    let mut known = planned.prepared.lock();
    if let Some(prepared) = &*known {
        return Ok(prepared.clone());
    }
    let segment = &scan.table.segments[planned.position];
    let first_time = !segment.file.is_open();
    let prepared = Arc::new(ask(scan, planned, segment)?);
    match prepared.is_empty {
        true => {
            scan.statistics.segments_pruned.fetch_add(1, Ordering::Relaxed);
        }
        false if first_time => announce(scan, segment)?,
        false => {}
    }
    *known = Some(prepared.clone());
    Ok(prepared)
}

fn ask(scan: &TableScan, planned: &PlannedSegment, segment: &SegmentState) -> Result<Prepared> {
    let reader = segment.file.reader()?;
    let row_count = u64::from(reader.row_count());
    let mut prepared = Prepared {
        open: Vec::new(),
        rows: scan.wanted_rows(segment.id(), reader.row_count())?,
        is_empty: false,
    };
    if prepared.rows.as_ref().is_some_and(RoaringBitmap::is_empty) {
        prepared.is_empty = true;
        return Ok(prepared);
    }
    for (place, condition) in scan.predicates.iter().enumerate() {
        let predicate = &condition.predicate;
        let is_decided = |verdict| verdict != Verdict::SomeRows;
        if !planned.open.contains(place)
            || !reader.has_column(predicate.column) && is_decided(condition.verdict(&segment.file))
        {
            continue;
        }
        let condition = reader.prepare_condition(predicate.column, &predicate.condition)?;
        if !reader.may_contain(&condition)? {
            prepared.is_empty = true;
            return Ok(prepared);
        }
        match reader.index_rows(&condition)? {
            Some(rows) if rows.len() * INDEXED_SHARE <= row_count => {
                prepared.rows = Some(match prepared.rows.take() {
                    None => rows,
                    Some(known) => known & rows,
                });
            }
            _ => prepared.open.push((place, condition)),
        }
    }
    prepared.is_empty = prepared.rows.as_ref().is_some_and(RoaringBitmap::is_empty);
    Ok(prepared)
}

/// Tells the medium what will be read of a segment that nobody read before: what rows are tested by, and where all of them pass, the rest.
fn announce(scan: &TableScan, segment: &SegmentState) -> Result<()> {
    let reader = segment.file.reader()?;
    let request = &scan.request;
    let is_filtered =
        !scan.predicates.is_empty() || !request.row_predicates.is_empty() || !request.dynamic_predicates.is_empty();
    let tested = scan.predicates.iter().map(|planned| planned.predicate.column);
    let columns: Vec<ColumnId> = match is_filtered {
        true => tested.collect(),
        false => read_columns(scan).collect(),
    };
    for column in columns {
        for block in 0..reader.block_count() {
            reader.will_need(column, block);
        }
    }
    Ok(())
}

/// The columns that are read of rows that pass the conditions on single columns.
pub(super) fn read_columns(scan: &TableScan) -> impl Iterator<Item = ColumnId> {
    let wanted = scan.request.columns.iter().filter_map(|column| match column {
        ScanColumn::Table(id) => Some(*id),
        _ => None,
    });
    let tested = scan.request.row_predicates.iter();
    wanted.chain(tested.flat_map(|predicate| predicate.columns().iter().copied()))
}
