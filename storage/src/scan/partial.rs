//! Partials in place of rows: handed out a block at a time, whole.

use super::plan::TableScan;
use crate::error::Result;
use crate::store::segment_file::SegmentFile;
use crate::vector::Batch;
use std::sync::Arc;

/// Where a reader stands within a partial.
pub(crate) struct PartialCursor {
    file: Arc<SegmentFile>,
    block: usize,
}

impl PartialCursor {
    pub(crate) fn new(file: Arc<SegmentFile>) -> Self {
        PartialCursor { file, block: 0 }
    }

    /// The next rows, in the order of the rollup's columns.
    pub(crate) fn next(&mut self, scan: &TableScan) -> Result<Option<Batch>> {
        let reader = self.file.reader()?;
        if self.block == reader.block_count() {
            return Ok(None);
        }
        let rows = reader.block_rows(self.block);
        self.block += 1;
        let columns = scan
            .partial_columns
            .iter()
            .map(|column| reader.decode(*column, rows.clone()));
        Ok(Some(Batch::new(columns.collect::<Result<_>>()?, rows.len())))
    }
}
