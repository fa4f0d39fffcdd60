//! The facade: a folder opened as a database of tables.

mod background;
pub(crate) mod bounds;
mod bulk_load;
mod changes;
pub(crate) mod check;
mod checkpoint;
pub(crate) mod columns;
mod compaction;
mod database;
mod flush;
mod foreign;
pub(crate) mod history;
pub(crate) mod partial;
mod partition;
mod past;
mod policy;
mod recovery;
mod rewrite;
pub(crate) mod segment_file;
mod snapshot;
mod sort;
pub(crate) mod state;
#[cfg(test)]
mod tests;
mod workers;

pub use database::{open, open_on};
pub use partition::kept_from;

use crate::commit::{Change, Changes, CommitVersion, PartId, RowId};
use crate::error::Result;
use crate::ingest::{IngestCounts, LastBatch};
use crate::key_index::LoadedKeys;
use crate::predicate::ColumnPredicate;
use crate::rollup::PartialMaker;
use crate::scan::{Scan, ScanRequest};
use crate::schema::{TableId, TableSchema};
use crate::segment::{ColumnSummary, SegmentMeta};
use crate::temporary::TemporaryFiles;
use crate::vector::Batch;
use std::sync::Arc;

/// How a store works; every field has a sensible default.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// Rows of a table in memory at which they are sealed into segments.
    pub memtable_rows_max: usize,
    /// Bytes of all tables' rows in memory at which the largest is sealed, and above which commits wait.
    pub memtable_bytes_max: usize,
    /// Rows are sealed at the latest after so long.
    pub flush_interval_ms: u64,
    /// Segments smaller than this are merged within their partition.
    pub compaction_rows_min: usize,
    /// Decoded dictionaries that are held for the next query, beside what queries have in hand.
    pub dictionary_bytes_max: usize,
    /// Run flush, compaction and retention in the background; tests call them by hand.
    pub background: bool,
    /// Threads for encoding in flush, compaction and bulk loads.
    pub threads: usize,
    /// Deletes that a table remembers for readers of the past, each what one commit deleted of one part: about 150 bytes in memory and 40
    /// in every manifest. Beyond, the older half is forgotten, and history ends earlier than the table asks for.
    pub deletes_remembered_max: usize,
    /// When a commit is acknowledged.
    pub durability: Durability,
    /// Makes the partials of rollups; without it segments have none.
    pub partial_maker: Option<Arc<dyn PartialMaker>>,
}

/// When a commit is acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// After its log record is synced.
    Sync,
    /// After its log record is handed to the operating system: survives a kill, not a power cut.
    OperatingSystem,
}

impl Default for StoreOptions {
    fn default() -> Self {
        StoreOptions {
            memtable_rows_max: 1 << 20,
            memtable_bytes_max: 512 << 20,
            flush_interval_ms: 30_000,
            compaction_rows_min: 1 << 19,
            dictionary_bytes_max: 2 << 30,
            background: true,
            threads: 2,
            deletes_remembered_max: 1 << 20,
            durability: Durability::Sync,
            partial_maker: None,
        }
    }
}

/// A table's state at one version.
pub trait TableSnapshot: Send + Sync {
    /// The table's definition at that version.
    fn schema(&self) -> &Arc<TableSchema>;
    /// Visible rows, exactly.
    fn row_count(&self) -> u64;
    /// Bytes on disk.
    fn file_bytes(&self) -> u64;
    /// Summary of a column over all segments and rows in memory: bounds for the optimizer (deleted rows may still count).
    fn column_summary(&self, column: crate::schema::ColumnId) -> Option<ColumnSummary>;
    /// Ascending bounds between which about equally many of a column's values are, a frequent value several times over; `None` where
    /// nothing is known. From samples, deleted rows included; may read some segments.
    fn column_histogram(&self, column: crate::schema::ColumnId) -> Option<arrow_array::ArrayRef>;
    /// Its segments, for `stoa.segments`.
    fn segments(&self) -> Vec<SegmentMeta>;
    /// How many rows of each of them are not deleted.
    fn visible_rows_of_segments(&self) -> Vec<u64>;
    /// Visible rows of segments that may have some which meet a condition, and all rows in memory.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid) for a condition that makes no sense.
    fn row_count_max(&self, predicate: ColumnPredicate) -> Result<u64>;
    /// How far a rollup has what there is.
    fn rollup_coverage(&self, rollup: TableId) -> RollupCoverage;
    /// What became of the rows that came, by source.
    fn ingest(&self) -> Vec<(Arc<str>, IngestCounts)>;
    /// Rows in memory.
    fn memtable_rows(&self) -> u64;
    /// For each of these rows, which have a key's values in its order of columns, plain, a visible row of the table with the same
    /// key; none for a row where one of them is NULL. Of several rows with the same key any is given.
    ///
    /// # Errors
    /// [`crate::Error::Invalid`] where the table has no such key; those of reading segments.
    fn find(&self, key: TableId, columns: &[arrow_array::ArrayRef]) -> Result<Vec<Option<RowId>>>;
    /// Begins a scan.
    fn scan(&self, request: ScanRequest) -> Result<Arc<dyn Scan>>;
}

/// What commits did to rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowChange {
    /// Brought them.
    Added,
    /// Took them away.
    Removed,
}

/// How far a rollup has what its table has, as `stoa.rollups` shows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RollupCoverage {
    /// Segments with visible rows.
    pub segments: usize,
    /// Those of them that have a partial of exactly these rows.
    pub segments_covered: usize,
    /// Groups of all those partials.
    pub group_count: u64,
    /// Their bytes on disk.
    pub file_bytes: u64,
    /// Visible rows that no partial stands for: of other segments and in memory.
    pub rows_left: u64,
}

/// The database at one version; what it shows never changes, and its files stay for as long as it lives.
pub trait Snapshot: std::any::Any + Send + Sync {
    /// Which version.
    fn version(&self) -> CommitVersion;
    /// The last version at or before this one that changed a table's definition or an object, or a later one where that is not
    /// known: between two snapshots of the same store that give the same answer, definitions are the same.
    fn definition_version(&self) -> CommitVersion;
    /// A table of that version.
    fn table(&self, id: TableId) -> Option<Arc<dyn TableSnapshot>>;
    /// The rows of a table that commits after a version (or after the oldest that is kept) brought, or took away, up to this one, as a table: of these rows the
    /// deleted ones count as visible, and [`crate::scan::ScanColumn::DeleteVersion`] says which commit took one away.
    ///
    /// # Errors
    /// [`crate::Error::HistoryGone`] where not all of them are kept; those of reading segments.
    fn changes(
        &self,
        table: TableId,
        change: RowChange,
        after: Option<CommitVersion>,
    ) -> Result<Option<Arc<dyn TableSnapshot>>>;
    /// All tables.
    fn tables(&self) -> Vec<Arc<TableSchema>>;
    /// An object of the layers above.
    fn object(&self, name: &str) -> Option<Arc<[u8]>>;
    /// A producer's last batch.
    fn last_batch(&self, producer: &str) -> Option<LastBatch>;
    /// All producers and their last batches.
    fn producers(&self) -> Vec<(Arc<str>, LastBatch)>;
    /// All objects by name.
    fn objects(&self) -> Vec<(String, Arc<[u8]>)>;
}

/// Rows on their way into segments without passing the log: `append` from any thread, then `finish` and commit
/// [`crate::commit::Change::AddSegments`]. Dropped without a commit, its files are removed.
pub trait BulkLoad: Send + Sync {
    /// Takes rows: plain columns in the table's order. May write segments; holds at most the configured memory.
    fn append(&self, batch: Batch) -> Result<()>;
    /// Writes what is left.
    fn finish(&self) -> Result<Vec<SegmentMeta>>;
    /// Rows taken so far.
    fn row_count(&self) -> u64;
}

/// One commit, for `stoa.commits`.
#[derive(Clone, Debug, PartialEq)]
pub struct CommitInfo {
    /// Its version.
    pub version: CommitVersion,
    /// When it was made: microseconds since 1970 UTC.
    pub time: i64,
    /// Why.
    pub cause: String,
    /// Rows in.
    pub rows_inserted: u64,
    /// Rows out.
    pub rows_deleted: u64,
}

/// What `check` found.
#[derive(Clone, Debug, Default)]
pub struct CheckReport {
    /// Files read and bytes verified.
    pub files: u64,
    /// Bytes verified.
    pub bytes: u64,
    /// Everything that is wrong, a sentence each.
    pub problems: Vec<String>,
}

/// An open database folder.
pub trait Store: Send + Sync {
    /// The newest published version, whole.
    fn snapshot(&self) -> Arc<dyn Snapshot>;
    /// The rows of a version, or the newest one at or before it, under the definitions of now: a column that was added since has its
    /// default, and a table that is gone is gone. Scans of a table whose rows of then are not kept any more fail with
    /// [`crate::Error::HistoryGone`].
    ///
    /// # Errors
    /// None so far.
    fn snapshot_at(&self, version: CommitVersion) -> Result<Arc<dyn Snapshot>>;
    /// Makes changes happen together: validates against the newest state, logs, syncs, publishes, returns the version. On an error
    /// nothing happened, and no version was used.
    ///
    /// `base` is the version the changes were computed at; deletes and definitions conflict with anything that touched the
    /// same rows or table since.
    fn commit(&self, changes: Changes, base: CommitVersion) -> Result<CommitVersion>;
    /// A snapshot with changes on top that nobody else sees, and where the rows of each [`Change::Insert`] begin, in order: what a
    /// transaction reads of its own writes. Their parts exist in such snapshots only; `own_from` is the first part that an overlay
    /// below `base` made, if `base` is one. Its version stays the base's.
    ///
    /// # Errors
    /// As [`Store::commit`].
    fn overlay(
        &self,
        base: &Arc<dyn Snapshot>,
        changes: Vec<Change>,
        own_from: Option<PartId>,
    ) -> Result<(Arc<dyn Snapshot>, Vec<RowId>)>;
    /// Begins a bulk load into a table of this definition, which may be one that the committing transaction creates or alters.
    fn bulk_load(&self, schema: Arc<TableSchema>, memory_bytes_max: usize) -> Result<Arc<dyn BulkLoad>>;
    /// Which rows of a bulk load into a table have a key that a row has that is visible in the snapshot, or an earlier row of the load.
    /// `segments` are what [`BulkLoad::finish`] gave.
    ///
    /// # Errors
    /// [`crate::Error::Invalid`] where the table has no such key; those of reading segments.
    fn loaded_keys(
        &self,
        snapshot: &Arc<dyn Snapshot>,
        schema: &Arc<TableSchema>,
        key: TableId,
        segments: &[SegmentMeta],
    ) -> Result<LoadedKeys>;
    /// An id for a new table.
    fn next_table_id(&self) -> TableId;
    /// Seals rows in memory into segments: one table's, or all.
    fn flush(&self, table: Option<TableId>) -> Result<()>;
    /// Merges small segments now, until none are left to merge: one table's, or all.
    fn compact(&self, table: Option<TableId>) -> Result<()>;
    /// Makes the partials and indexes of keys that segments of a table lack, as goes on in the background anyway.
    fn make_partials(&self, table: TableId) -> Result<()>;
    /// Drops partitions beyond retention.
    fn apply_retention(&self) -> Result<()>;
    /// The latest commits and, for longer, those that took rows away, newest first.
    fn commits(&self, count_max: usize) -> Vec<CommitInfo>;
    /// The last version committed at or before a time in microseconds since 1970 UTC; of commits before the latest ones, the last of
    /// each minute is known.
    fn version_at(&self, time: i64) -> Option<CommitVersion>;
    /// Verifies every checksum and reference; `progress` hears bytes done and bytes in all.
    fn check(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<CheckReport>;
    /// Where running queries put what does not fit into memory.
    fn temporary_files(&self) -> &Arc<TemporaryFiles>;
    /// Stops background work, seals what is in memory if asked, and releases the folder. Later calls fail as poisoned.
    fn close(&self, flush: bool) -> Result<()>;
}
