//! A segment's file as long as some state refers to it. Once an edit that takes it out is durable it is marked, and its file goes
//! with the last reference.

use crate::disk::Disk;
use crate::schema::TableId;
use crate::segment::SegmentMeta;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The folder with a folder of segments per table.
pub(crate) const TABLES_FOLDER: &str = "tables";

/// A sealed segment.
pub(crate) struct SegmentFile {
    pub(crate) meta: SegmentMeta,
    pub(crate) path: PathBuf,
    disk: Arc<dyn Disk>,
    obsolete: AtomicBool,
}

/// The folder of a table's segments.
pub(crate) fn table_folder(table: TableId) -> PathBuf {
    Path::new(TABLES_FOLDER).join(table.0.to_string())
}

/// Where a segment's file is.
pub(crate) fn segment_path(table: TableId, id: crate::commit::PartId) -> PathBuf {
    table_folder(table).join(format!("{:012}.segment", id.0))
}

impl SegmentFile {
    pub(crate) fn new(disk: Arc<dyn Disk>, table: TableId, meta: SegmentMeta) -> Self {
        SegmentFile {
            path: segment_path(table, meta.id),
            meta,
            disk,
            obsolete: AtomicBool::new(false),
        }
    }

    /// Nothing durable refers to it any more: the file goes with the last reader.
    pub(crate) fn mark_obsolete(&self) {
        self.obsolete.store(true, Ordering::Release);
    }
}

impl Drop for SegmentFile {
    fn drop(&mut self) {
        if self.obsolete.load(Ordering::Acquire)
            && let Err(error) = self.disk.remove(&self.path)
        {
            tracing::warn!(%error, "a segment that is not needed any more stays until the next start");
        }
    }
}

impl std::fmt::Debug for SegmentFile {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "SegmentFile({})", self.path.display())
    }
}
