//! The database as of an older version: its tables as they are defined now, with the rows that they had. What is left of the past
//! in parts and segments becomes a state like any other, so that reading it costs what reading the newest version does. Reads of
//! segments no more than which commits brought their rows, and that only where some are newer.

use super::snapshot::{StateSnapshot, StateTable};
use super::state::{DatabaseState, SegmentState, TableState};
use super::{RollupCoverage, RowChange, Snapshot, TableSnapshot};
use crate::commit::visibility::Deletes;
use crate::commit::{CommitVersion, RowId};
use crate::error::{Error, Result};
use crate::ingest::{IngestCounts, LastBatch};
use crate::predicate::ColumnPredicate;
use crate::scan::{Scan, ScanRequest};
use crate::schema::{ColumnId, TableId, TableSchema};
use crate::segment::{ColumnSummary, SegmentMeta};
use arrow_array::ArrayRef;
use roaring::RoaringBitmap;
use std::sync::{Arc, OnceLock};

/// See the module.
pub(crate) struct PastSnapshot {
    newest: StateSnapshot,
    version: CommitVersion,
}

impl PastSnapshot {
    /// As of a version before that of the state.
    pub(crate) fn new(newest: Arc<DatabaseState>, version: CommitVersion) -> Self {
        PastSnapshot {
            newest: StateSnapshot { state: newest },
            version,
        }
    }
}

impl Snapshot for PastSnapshot {
    fn version(&self) -> CommitVersion {
        self.version
    }

    fn definition_version(&self) -> CommitVersion {
        self.newest.definition_version()
    }

    fn table(&self, id: TableId) -> Option<Arc<dyn TableSnapshot>> {
        Some(Arc::new(PastTable {
            newest: self.newest.state.tables.get(&id)?.clone(),
            version: self.version,
            then: OnceLock::new(),
        }))
    }

    fn changes(
        &self,
        table: TableId,
        change: RowChange,
        after: Option<CommitVersion>,
    ) -> Result<Option<Arc<dyn TableSnapshot>>> {
        self.newest.changes_until(table, change, after, self.version)
    }

    fn tables(&self) -> Vec<Arc<TableSchema>> {
        self.newest.tables()
    }

    fn object(&self, name: &str) -> Option<Arc<[u8]>> {
        self.newest.object(name)
    }

    fn last_batch(&self, producer: &str) -> Option<LastBatch> {
        self.newest.last_batch(producer)
    }

    fn producers(&self) -> Vec<(Arc<str>, LastBatch)> {
        self.newest.producers()
    }

    fn objects(&self) -> Vec<(String, Arc<[u8]>)> {
        self.newest.objects()
    }
}

/// A table as of an older version; what it was is worked out when somebody asks.
struct PastTable {
    newest: Arc<TableState>,
    version: CommitVersion,
    then: OnceLock<StateTable>,
}

impl PastTable {
    fn then(&self) -> Result<&StateTable> {
        if let Some(then) = self.then.get() {
            return Ok(then);
        }
        let then = StateTable {
            table: Arc::new(table_at(&self.newest, self.version)?),
            version: self.version,
        };
        Ok(self.then.get_or_init(|| then))
    }
}

/// What cannot be told without an error is told as of an empty table: whoever scans it hears why.
impl TableSnapshot for PastTable {
    fn schema(&self) -> &Arc<TableSchema> {
        &self.newest.schema
    }

    fn row_count(&self) -> u64 {
        self.then().map_or(0, StateTable::row_count)
    }

    fn file_bytes(&self) -> u64 {
        self.then().map_or(0, StateTable::file_bytes)
    }

    fn column_summary(&self, column: ColumnId) -> Option<ColumnSummary> {
        self.then().ok()?.column_summary(column)
    }

    fn column_histogram(&self, column: ColumnId) -> Option<arrow_array::ArrayRef> {
        self.then().ok()?.column_histogram(column)
    }

    fn segments(&self) -> Vec<SegmentMeta> {
        self.then().map(StateTable::segments).unwrap_or_default()
    }

    fn visible_rows_of_segments(&self) -> Vec<u64> {
        self.then()
            .map(StateTable::visible_rows_of_segments)
            .unwrap_or_default()
    }

    fn row_count_max(&self, predicate: ColumnPredicate) -> Result<u64> {
        self.then()?.row_count_max(predicate)
    }

    fn rollup_coverage(&self, rollup: TableId) -> RollupCoverage {
        let then = self.then();
        then.map(|table| table.rollup_coverage(rollup)).unwrap_or_default()
    }

    fn ingest(&self) -> Vec<(Arc<str>, IngestCounts)> {
        self.then().map(StateTable::ingest).unwrap_or_default()
    }

    fn memtable_rows(&self) -> u64 {
        self.then().map_or(0, StateTable::memtable_rows)
    }

    fn find(&self, key: TableId, columns: &[ArrayRef]) -> Result<Vec<Option<RowId>>> {
        self.then()?.find(key, columns)
    }

    fn scan(&self, request: ScanRequest) -> Result<Arc<dyn Scan>> {
        self.then()?.scan(request)
    }
}

/// A table's rows as of a version, under its newest definition.
///
/// # Errors
/// [`Error::HistoryGone`]; those of reading segments.
fn table_at(newest: &TableState, version: CommitVersion) -> Result<TableState> {
    check_kept(newest, version)?;
    let segments = newest.segments.iter();
    let segments = segments.filter_map(|segment| segment_at(segment, version).transpose());
    Ok(TableState {
        segments: Arc::new(segments.collect::<Result<_>>()?),
        parts: newest.parts.iter().filter_map(|part| part.at(version)).collect(),
        ..newest.clone()
    })
}

/// Whether a table can be read as of a version.
///
/// # Errors
/// [`Error::HistoryGone`]
pub(super) fn check_kept(newest: &TableState, version: CommitVersion) -> Result<()> {
    match version < newest.history_from {
        true => Err(Error::HistoryGone {
            oldest: newest.history_from.0,
        }),
        false => Ok(()),
    }
}

/// A segment as of a version; `None` where none of its rows was there.
fn segment_at(segment: &SegmentState, version: CommitVersion) -> Result<Option<SegmentState>> {
    let meta = &segment.file.meta;
    if meta.version_min > version {
        return Ok(None);
    }
    let is_older = |deletes: &Arc<Deletes>| deletes.version() <= version;
    let mut deletes = match &segment.deletes {
        Some(known) if !is_older(known) => known.at(version).map(Arc::new),
        known => known.clone(),
    };
    if meta.version_max > version {
        let mut rows = rows_brought(segment, version, CommitVersion(u64::MAX))?;
        rows |= deletes.map(|deletes| deletes.rows()).unwrap_or_default();
        deletes = Deletes::of(&rows, version).map(Arc::new);
    }
    let then = SegmentState {
        file: segment.file.clone(),
        deletes,
        partials: match meta.version_max > version {
            // They are of the newer rows, too.
            true => Arc::default(),
            false => segment.partials.clone(),
        },
    };
    Ok((then.visible_rows() > 0).then_some(then))
}

/// Rows that commits after a version brought, up to another one.
pub(super) fn rows_brought(
    segment: &SegmentState,
    after: CommitVersion,
    until: CommitVersion,
) -> Result<RoaringBitmap> {
    let reader = segment.file.reader()?;
    let is_between = |version: u64| version > after.0 && version <= until.0;
    let mut brought = RoaringBitmap::new();
    for block in 0..reader.block_count() {
        let rows = reader.block_rows(block);
        match reader.versions(rows.clone())? {
            Some(versions) => {
                let rows = versions.values().iter().zip(rows);
                brought.extend(
                    rows.filter(|(version, _)| is_between(**version as u64))
                        .map(|(_, row)| row),
                );
            }
            // All rows are of one commit.
            None if is_between(segment.file.meta.version_min.0) => {
                brought.insert_range(rows);
            }
            None => {}
        }
    }
    Ok(brought)
}
