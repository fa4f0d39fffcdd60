//! The database at one version, as values that share what did not change: a snapshot is one of these, a commit makes the next.

use super::segment_file::SegmentFile;
use crate::commit::visibility::Deletes;
use crate::commit::{CommitVersion, PartId};
use crate::memtable::Part;
use crate::schema::{ColumnId, TableId, TableSchema};
use crate::segment::HeldDictionaries;
use crate::wal::LogPosition;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Everything at one version.
#[derive(Clone, Debug, Default)]
pub(crate) struct DatabaseState {
    pub(crate) version: CommitVersion,
    /// When the version was made: microseconds since 1970 UTC; never falls.
    pub(crate) time: i64,
    /// The last log record that is part of this.
    pub(crate) position: LogPosition,
    /// The last commit that changed a table's definition or an object; no older than the state where that is not known.
    pub(crate) definition_version: CommitVersion,
    pub(crate) tables: BTreeMap<TableId, Arc<TableState>>,
    pub(crate) objects: Arc<BTreeMap<String, StoredObject>>,
    /// Of all segments, those of other versions, too.
    pub(crate) held_dictionaries: Arc<HeldDictionaries>,
}

/// An object of the layers above; one that is gone is kept as such until the next start, so that late changes conflict.
#[derive(Clone, Debug)]
pub(crate) struct StoredObject {
    pub(crate) version: CommitVersion,
    pub(crate) bytes: Option<Arc<[u8]>>,
}

/// A table.
#[derive(Clone, Debug)]
pub(crate) struct TableState {
    pub(crate) schema: Arc<TableSchema>,
    /// The commit that gave it this definition.
    pub(crate) schema_version: CommitVersion,
    /// Identities of its columns in order; parts made under this definition share it.
    pub(crate) column_ids: Arc<[ColumnId]>,
    /// By identity, ascending.
    pub(crate) segments: Arc<Vec<SegmentState>>,
    /// Parts in memory by identity, ascending; the last may still grow in later states.
    pub(crate) parts: Vec<Arc<Part>>,
}

/// A segment and which of its rows are deleted.
#[derive(Clone, Debug)]
pub(crate) struct SegmentState {
    pub(crate) file: Arc<SegmentFile>,
    pub(crate) deletes: Option<Arc<Deletes>>,
}

impl SegmentState {
    pub(crate) fn id(&self) -> PartId {
        self.file.meta.id
    }

    pub(crate) fn visible_rows(&self) -> u64 {
        u64::from(self.file.meta.row_count - self.deletes.as_ref().map_or(0, |deletes| deletes.count()))
    }
}

impl TableState {
    /// An empty table.
    pub(crate) fn new(schema: Arc<TableSchema>, version: CommitVersion) -> Self {
        TableState {
            column_ids: schema.columns.iter().map(|column| column.id).collect(),
            schema,
            schema_version: version,
            segments: Arc::default(),
            parts: Vec::new(),
        }
    }

    /// Rows that are not deleted.
    pub(crate) fn visible_rows(&self) -> u64 {
        let in_segments: u64 = self.segments.iter().map(SegmentState::visible_rows).sum();
        let in_memory: u64 = self.parts.iter().map(|part| part.visible_rows()).sum();
        in_segments + in_memory
    }

    /// Where a segment stands.
    pub(crate) fn segment_position(&self, id: PartId) -> Option<usize> {
        self.segments.binary_search_by_key(&id, SegmentState::id).ok()
    }

    /// Where a part in memory stands.
    pub(crate) fn part_position(&self, id: PartId) -> Option<usize> {
        self.parts.binary_search_by_key(&id, |part| part.id).ok()
    }

    /// Rows in memory, deleted ones included.
    pub(crate) fn memory_rows(&self) -> u64 {
        self.parts.iter().map(|part| u64::from(part.row_count)).sum()
    }

    /// About how much memory the parts hold.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.parts.iter().map(|part| part.bytes).sum()
    }
}
