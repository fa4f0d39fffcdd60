//! A segment's file as long as some state refers to it: opened when it is first read and kept open. Once an edit that takes it out
//! is durable it is marked, and its file goes with the last reference.

use super::bounds::ColumnBounds;
use crate::disk::Disk;
use crate::error::Result;
use crate::schema::{ColumnId, TableId};
use crate::segment::{HeldDictionaries, SegmentMeta, SegmentReader};
use arrow_array::ArrayRef;
use parking_lot::Mutex;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// The folder with a folder of segments per table.
pub(crate) const TABLES_FOLDER: &str = "tables";

/// A sealed segment.
pub(crate) struct SegmentFile {
    pub(crate) meta: SegmentMeta,
    pub(crate) path: PathBuf,
    disk: Arc<dyn Disk>,
    held_dictionaries: Arc<HeldDictionaries>,
    obsolete: AtomicBool,
    reader: OnceLock<SegmentReader>,
    /// Held while the reader is opened.
    opening: Mutex<()>,
    /// What is known of each column of `meta`, ready for tests.
    bounds: OnceLock<Box<[ColumnBounds]>>,
    /// All columns, of a small partial that was read.
    rows: OnceLock<Box<[ArrayRef]>>,
}

/// Rows of a partial up to which it is held in memory once it was read: thousands of small ones may have to be read for one answer.
pub(crate) const PARTIAL_ROWS_HELD_MAX: u32 = 256;

/// The folder of a table's segments.
pub(crate) fn table_folder(table: TableId) -> PathBuf {
    Path::new(TABLES_FOLDER).join(table.0.to_string())
}

/// Where a segment's file is.
pub(crate) fn segment_path(table: TableId, id: crate::commit::PartId) -> PathBuf {
    table_folder(table).join(format!("{:012}.segment", id.0))
}

impl SegmentFile {
    pub(crate) fn new(
        disk: Arc<dyn Disk>,
        held_dictionaries: Arc<HeldDictionaries>,
        table: TableId,
        meta: SegmentMeta,
    ) -> Self {
        SegmentFile {
            path: segment_path(table, meta.id),
            meta,
            disk,
            held_dictionaries,
            obsolete: AtomicBool::new(false),
            reader: OnceLock::new(),
            opening: Mutex::new(()),
            bounds: OnceLock::new(),
            rows: OnceLock::new(),
        }
    }

    /// The open file.
    pub(crate) fn reader(&self) -> Result<&SegmentReader> {
        if let Some(reader) = self.reader.get() {
            return Ok(reader);
        }
        let _turn = self.opening.lock();
        if let Some(reader) = self.reader.get() {
            return Ok(reader);
        }
        let reader = SegmentReader::open_among(&*self.disk, &self.path, &self.meta, self.held_dictionaries.clone())?;
        Ok(self.reader.get_or_init(|| reader))
    }

    /// All columns of a small partial, read once; the file does not stay open for it.
    pub(crate) fn held_rows(
        &self,
        read: impl FnOnce(&SegmentReader, Range<u32>) -> Result<Box<[ArrayRef]>>,
    ) -> Result<&[ArrayRef]> {
        if let Some(rows) = self.rows.get() {
            return Ok(rows);
        }
        let held = self.held_dictionaries.clone();
        let reader = SegmentReader::open_among(&*self.disk, &self.path, &self.meta, held)?;
        let rows = read(&reader, 0..self.meta.row_count)?;
        Ok(self.rows.get_or_init(|| rows))
    }

    /// Whether it was read before.
    pub(crate) fn is_open(&self) -> bool {
        self.reader.get().is_some()
    }

    /// Where a column stands in `meta`; `hint` is where it stood in another segment of the table.
    pub(crate) fn column_position(&self, column: ColumnId, hint: usize) -> Option<usize> {
        let columns = &self.meta.columns;
        match columns.get(hint) {
            Some((id, _)) if *id == column => Some(hint),
            _ => columns.iter().position(|(id, _)| *id == column),
        }
    }

    /// What is known of the columns of `meta`, in their order.
    pub(crate) fn bounds(&self) -> &[ColumnBounds] {
        self.bounds.get_or_init(|| {
            let columns = self.meta.columns.iter();
            columns.map(|(_, summary)| ColumnBounds::of(summary)).collect()
        })
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
