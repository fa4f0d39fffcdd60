//! The rows of a table that commits between two versions brought, or took away, as tables of their own: what is left of the past in
//! parts and segments becomes a state like any other, in which all other rows are deleted. A row that came and went between the two
//! is in both. Nothing is written here.

use super::RowChange;
use super::past::{check_kept, rows_brought};
use super::state::{SegmentState, TableState};
use crate::commit::CommitVersion;
use crate::commit::visibility::Deletes;
use crate::error::Result;
use crate::memtable::Part;
use roaring::RoaringBitmap;
use std::sync::Arc;

/// The rows that commits after the first version brought or took away, up to the second one.
///
/// # Errors
/// [`crate::Error::HistoryGone`] where not all of them are kept; those of reading segments.
pub(super) fn changed_rows(
    newest: &TableState,
    change: RowChange,
    after: CommitVersion,
    until: CommitVersion,
) -> Result<TableState> {
    check_kept(newest, after)?;
    let segments = newest.segments.iter();
    let segments = segments.filter_map(|segment| changed_segment(segment, change, after, until).transpose());
    let parts = newest.parts.iter();
    Ok(TableState {
        segments: Arc::new(segments.collect::<Result<_>>()?),
        parts: parts
            .filter_map(|part| changed_part(part, change, after, until))
            .collect(),
        ..newest.clone()
    })
}

fn changed_segment(
    segment: &SegmentState,
    change: RowChange,
    after: CommitVersion,
    until: CommitVersion,
) -> Result<Option<SegmentState>> {
    let meta = &segment.file.meta;
    let deletes = segment.deletes.as_deref();
    let rows = match change {
        RowChange::Removed => removed(deletes, after, until),
        RowChange::Added if meta.version_max <= after || meta.version_min > until => return Ok(None),
        RowChange::Added => rows_brought(segment, after, until)?,
    };
    Ok(
        shown_alone(&rows, meta.row_count, deletes, until).map(|deletes| SegmentState {
            file: segment.file.clone(),
            deletes: Some(deletes),
            // They are of other rows.
            partials: Arc::default(),
        }),
    )
}

fn changed_part(part: &Arc<Part>, change: RowChange, after: CommitVersion, until: CommitVersion) -> Option<Arc<Part>> {
    let deletes = part.deletes.as_deref();
    let rows = match change {
        RowChange::Removed => removed(deletes, after, until),
        RowChange::Added => {
            let mut rows = RoaringBitmap::new();
            // Rows come in the order of their commits.
            rows.insert_range(part.rows_until(after)..part.rows_until(until));
            rows
        }
    };
    let deletes = shown_alone(&rows, part.row_count, deletes, until)?;
    Some(Arc::new(Part {
        deletes: Some(deletes),
        ..(**part).clone()
    }))
}

/// What commits after a version up to another one took away.
fn removed(deletes: Option<&Deletes>, after: CommitVersion, until: CommitVersion) -> RoaringBitmap {
    let mut rows = RoaringBitmap::new();
    let later = deletes.into_iter().flat_map(|deletes| deletes.after(after));
    for (_, removed) in later.filter(|(version, _)| *version <= until) {
        rows |= removed;
    }
    rows
}

/// All rows but these deleted; `None` where there are none of these.
fn shown_alone(
    rows: &RoaringBitmap,
    row_count: u32,
    known: Option<&Deletes>,
    version: CommitVersion,
) -> Option<Arc<Deletes>> {
    (!rows.is_empty()).then(|| Arc::new(Deletes::of_all_but(rows, row_count, known, version)))
}
