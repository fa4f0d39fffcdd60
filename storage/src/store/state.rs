//! The database at one version, as values that share what did not change: a snapshot is one of these, a commit makes the next.

use super::segment_file::SegmentFile;
use crate::commit::visibility::Deletes;
use crate::commit::{CommitVersion, PartId};
use crate::disk::Disk;
use crate::ingest::{Producers, Sources};
use crate::key_index::KeyFilters;
use crate::memtable::Part;
use crate::schema::{ColumnId, TableId, TableSchema};
use crate::segment::{HeldDictionaries, Partial, SegmentMeta};
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
    pub(crate) producers: Arc<Producers>,
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
    /// The least version as of which its rows are still known.
    pub(crate) history_from: CommitVersion,
    /// Identities of its columns in order; parts made under this definition share it.
    pub(crate) column_ids: Arc<[ColumnId]>,
    /// By identity, ascending.
    pub(crate) segments: Arc<Vec<SegmentState>>,
    /// Parts in memory by identity, ascending; the last may still grow in later states.
    pub(crate) parts: Vec<Arc<Part>>,
    /// What became of the rows that came.
    pub(crate) ingest: Arc<Sources>,
    /// Of the keys of segments, those of other versions, too.
    pub(crate) key_filters: Arc<KeyFilters>,
}

/// A segment, which of its rows are deleted, and what rollups and keys have of it.
#[derive(Clone, Debug)]
pub(crate) struct SegmentState {
    pub(crate) file: Arc<SegmentFile>,
    pub(crate) deletes: Option<Arc<Deletes>>,
    pub(crate) partials: Arc<[PartialState]>,
}

/// What a rollup has of a segment's rows, or the index of a key.
#[derive(Clone, Debug)]
pub(crate) struct PartialState {
    pub(crate) owner: TableId,
    /// So many of the rows are not in it: all that were deleted when it was made; of a key none.
    pub(crate) deleted_rows: u32,
    pub(crate) file: Arc<SegmentFile>,
}

impl PartialState {
    /// Of what a log or manifest says of it.
    pub(crate) fn new(disk: &Arc<dyn Disk>, held: &Arc<HeldDictionaries>, partial: Partial) -> Self {
        let file = SegmentFile::new(disk.clone(), held.clone(), partial.owner, partial.segment);
        PartialState {
            owner: partial.owner,
            deleted_rows: partial.deleted_rows,
            file: Arc::new(file),
        }
    }
}

impl SegmentState {
    /// Of what a log or manifest says of it; nothing of it is deleted.
    pub(crate) fn new(
        disk: &Arc<dyn Disk>,
        held: &Arc<HeldDictionaries>,
        table: TableId,
        mut meta: SegmentMeta,
    ) -> Self {
        let partials = std::mem::take(&mut meta.partials).into_iter();
        let partials = partials.map(|partial| PartialState::new(disk, held, partial));
        SegmentState {
            partials: partials.collect(),
            file: Arc::new(SegmentFile::new(disk.clone(), held.clone(), table, meta)),
            deletes: None,
        }
    }

    /// What a manifest says of it.
    pub(crate) fn meta(&self) -> SegmentMeta {
        let partials = self.partials.iter().map(|partial| Partial {
            owner: partial.owner,
            deleted_rows: partial.deleted_rows,
            segment: partial.file.meta.clone(),
        });
        SegmentMeta {
            partials: partials.collect(),
            ..self.file.meta.clone()
        }
    }

    /// Its files.
    pub(crate) fn files(&self) -> impl Iterator<Item = &Arc<SegmentFile>> {
        std::iter::once(&self.file).chain(self.partials.iter().map(|partial| &partial.file))
    }

    /// What a rollup has of exactly the rows that are visible.
    pub(crate) fn partial_of(&self, rollup: TableId) -> Option<&PartialState> {
        let (mut partials, deleted) = (self.partials.iter(), self.deleted_rows());
        partials.find(|partial| partial.owner == rollup && partial.deleted_rows == deleted)
    }

    /// The index of a key.
    pub(crate) fn key_index(&self, key: TableId) -> Option<&PartialState> {
        self.partials.iter().find(|partial| partial.owner == key)
    }

    pub(crate) fn id(&self) -> PartId {
        self.file.meta.id
    }

    pub(crate) fn visible_rows(&self) -> u64 {
        u64::from(self.file.meta.row_count - self.deleted_rows())
    }

    /// Rows that are deleted. Deletes are never taken back, so that it says which.
    pub(crate) fn deleted_rows(&self) -> u32 {
        self.deletes.as_ref().map_or(0, |deletes| deletes.count())
    }

    /// Rows that no commit up to a version deleted.
    pub(crate) fn rows_at(&self, version: CommitVersion) -> u64 {
        let deleted = self.deletes.as_ref().map_or(0, |deletes| deletes.count_at(version));
        u64::from(self.file.meta.row_count - deleted)
    }
}

impl TableState {
    /// An empty table.
    pub(crate) fn new(schema: Arc<TableSchema>, version: CommitVersion) -> Self {
        TableState {
            column_ids: schema.columns.iter().map(|column| column.id).collect(),
            schema,
            schema_version: version,
            history_from: version,
            segments: Arc::default(),
            parts: Vec::new(),
            ingest: Arc::default(),
            key_filters: Arc::default(),
        }
    }

    /// Whether deleted rows can be read as of older versions.
    pub(crate) fn keeps_history(&self) -> bool {
        self.schema.history_ms > 0
    }

    /// From now on the table cannot be read as of versions before this one.
    pub(crate) fn forget_before(&mut self, version: CommitVersion) {
        if version <= self.history_from {
            return;
        }
        self.history_from = version;
        let forget = |deletes: &mut Option<Arc<Deletes>>| {
            if let Some(known) = deletes.as_ref().filter(|known| known.remembers_until(version)) {
                *deletes = Some(Arc::new(known.forgetting(version)));
            }
        };
        let remembers =
            |deletes: &Option<Arc<Deletes>>| deletes.as_ref().is_some_and(|deletes| deletes.remembers_until(version));
        if self.segments.iter().any(|segment| remembers(&segment.deletes)) {
            let segments = Arc::make_mut(&mut self.segments);
            segments.iter_mut().for_each(|segment| forget(&mut segment.deletes));
        }
        for part in self.parts.iter_mut().filter(|part| remembers(&part.deletes)) {
            forget(&mut Arc::make_mut(part).deletes);
        }
    }

    /// Whether there is something to be forgotten before a version.
    pub(crate) fn remembers_until(&self, version: CommitVersion) -> bool {
        self.deletes().any(|deletes| deletes.remembers_until(version))
    }

    /// Where more deletes are remembered than so many, the version up to which forgetting leaves half of them.
    pub(crate) fn crowded_until(&self, deletes_max: usize) -> Option<CommitVersion> {
        let mut versions: Vec<CommitVersion> = self.deletes().flat_map(|deletes| deletes.remembered()).collect();
        if versions.len() <= deletes_max {
            return None;
        }
        let middle = versions.len() / 2;
        Some(*versions.select_nth_unstable(middle).1)
    }

    fn deletes(&self) -> impl Iterator<Item = &Deletes> {
        let of_segments = self.segments.iter().map(|segment| &segment.deletes);
        let all = of_segments.chain(self.parts.iter().map(|part| &part.deletes));
        all.filter_map(|deletes| deletes.as_deref())
    }

    /// Rows that are not deleted.
    pub(crate) fn visible_rows(&self) -> u64 {
        let in_segments: u64 = self.segments.iter().map(SegmentState::visible_rows).sum();
        let in_memory: u64 = self.parts.iter().map(|part| part.visible_rows()).sum();
        in_segments + in_memory
    }

    /// Whether commits after a version brought rows.
    pub(crate) fn has_rows_since(&self, version: CommitVersion) -> bool {
        let segments = self.segments.iter();
        let mut segments = segments.map(|segment| segment.file.meta.version_max);
        segments.any(|newest| newest > version) || self.parts.iter().any(|part| part.newest_version() > version)
    }

    /// Whether commits after a version deleted rows, or may have.
    pub(crate) fn has_deletes_since(&self, version: CommitVersion) -> bool {
        let gone = self.history_from > version && !self.keeps_history();
        gone || self.deletes().any(|deletes| deletes.version() > version)
    }

    /// Segments with rows that are not deleted: the others are for readers of the past.
    pub(crate) fn visible_segments(&self) -> impl Iterator<Item = &SegmentState> {
        self.segments.iter().filter(|segment| segment.visible_rows() > 0)
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
