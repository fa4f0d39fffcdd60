//! A state as readers see it. Holding one keeps its rows in memory and its files on disk.

use super::changes::changed_rows;
use super::partial::unknown_key;
use super::state::{DatabaseState, TableState};
use super::{RollupCoverage, RowChange, Snapshot, TableSnapshot};
use crate::commit::{CommitVersion, RowId};
use crate::error::Result;
use crate::ingest::{IngestCounts, LastBatch};
use crate::predicate::ColumnPredicate;
use crate::scan::{self, Scan, ScanRequest};
use crate::schema::{ColumnId, TableId, TableSchema};
use crate::segment::{ColumnSummary, SegmentMeta};
use arrow_array::ArrayRef;
use std::sync::Arc;

/// One version of the database.
pub(crate) struct StateSnapshot {
    pub(crate) state: Arc<DatabaseState>,
}

impl StateSnapshot {
    /// As [`Snapshot::changes`], up to a version before the state's.
    pub(crate) fn changes_until(
        &self,
        table: TableId,
        change: RowChange,
        after: Option<CommitVersion>,
        until: CommitVersion,
    ) -> Result<Option<Arc<dyn TableSnapshot>>> {
        let Some(table) = self.state.tables.get(&table) else {
            return Ok(None);
        };
        Ok(Some(Arc::new(StateTable {
            table: Arc::new(changed_rows(table, change, after.unwrap_or(table.history_from), until)?),
            version: until,
        })))
    }
}

impl Snapshot for StateSnapshot {
    fn version(&self) -> CommitVersion {
        self.state.version
    }

    fn definition_version(&self) -> CommitVersion {
        self.state.definition_version
    }

    fn table(&self, id: TableId) -> Option<Arc<dyn TableSnapshot>> {
        let table = self.state.tables.get(&id)?.clone();
        Some(Arc::new(StateTable {
            table,
            version: self.state.version,
        }))
    }

    fn changes(
        &self,
        table: TableId,
        change: RowChange,
        after: Option<CommitVersion>,
    ) -> Result<Option<Arc<dyn TableSnapshot>>> {
        self.changes_until(table, change, after, self.state.version)
    }

    fn tables(&self) -> Vec<Arc<TableSchema>> {
        self.state.tables.values().map(|table| table.schema.clone()).collect()
    }

    fn object(&self, name: &str) -> Option<Arc<[u8]>> {
        self.state.objects.get(name)?.bytes.clone()
    }

    fn last_batch(&self, producer: &str) -> Option<LastBatch> {
        self.state.producers.get(producer).copied()
    }

    fn producers(&self) -> Vec<(Arc<str>, LastBatch)> {
        let producers = self.state.producers.iter();
        producers.map(|(producer, last)| (producer.clone(), *last)).collect()
    }

    fn objects(&self) -> Vec<(String, Arc<[u8]>)> {
        let objects = self.state.objects.iter();
        objects
            .filter_map(|(name, object)| Some((name.clone(), object.bytes.clone()?)))
            .collect()
    }
}

/// One table of a version.
pub(crate) struct StateTable {
    pub(crate) table: Arc<TableState>,
    pub(crate) version: CommitVersion,
}

impl TableSnapshot for StateTable {
    fn schema(&self) -> &Arc<TableSchema> {
        &self.table.schema
    }

    fn row_count(&self) -> u64 {
        self.table.visible_rows()
    }

    fn file_bytes(&self) -> u64 {
        self.table
            .segments
            .iter()
            .map(|segment| segment.file.meta.file_bytes)
            .sum()
    }

    fn column_summary(&self, column: ColumnId) -> Option<ColumnSummary> {
        crate::stats::column_summary(&self.table, column)
    }

    fn column_histogram(&self, column: ColumnId) -> Option<ArrayRef> {
        crate::stats::column_histogram(&self.table, column)
    }

    fn segments(&self) -> Vec<SegmentMeta> {
        self.table
            .segments
            .iter()
            .map(|segment| segment.file.meta.clone())
            .collect()
    }

    fn visible_rows_of_segments(&self) -> Vec<u64> {
        self.table
            .segments
            .iter()
            .map(|segment| segment.visible_rows())
            .collect()
    }

    fn row_count_max(&self, predicate: ColumnPredicate) -> Result<u64> {
        scan::row_count_max(&self.table, predicate)
    }

    fn rollup_coverage(&self, rollup: TableId) -> RollupCoverage {
        let mut coverage = RollupCoverage {
            rows_left: self.table.memory_rows(),
            ..RollupCoverage::default()
        };
        for segment in self.table.segments.iter().filter(|segment| segment.visible_rows() > 0) {
            coverage.segments += 1;
            match segment.partial_of(rollup) {
                None => coverage.rows_left += segment.visible_rows(),
                Some(partial) => {
                    coverage.segments_covered += 1;
                    coverage.group_count += u64::from(partial.file.meta.row_count);
                    coverage.file_bytes += partial.file.meta.file_bytes;
                }
            }
        }
        coverage
    }

    fn ingest(&self) -> Vec<(Arc<str>, IngestCounts)> {
        let sources = self.table.ingest.iter();
        sources.map(|(source, counts)| (source.clone(), *counts)).collect()
    }

    fn memtable_rows(&self) -> u64 {
        self.table.memory_rows()
    }

    fn find(&self, key: TableId, columns: &[ArrayRef]) -> Result<Vec<Option<RowId>>> {
        let schema = self.table.schema.key(key);
        let key = schema.ok_or_else(|| unknown_key(&self.table.schema, key))?;
        crate::key_index::find(&self.table, key, columns)
    }

    fn scan(&self, request: ScanRequest) -> Result<Arc<dyn Scan>> {
        scan::begin(self.table.clone(), self.version, request)
    }
}
