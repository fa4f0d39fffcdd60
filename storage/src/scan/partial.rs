//! Partials in place of rows. Small ones, of which there may be thousands, are held in memory and come many at a time; others a block
//! at a time.

use super::plan::TableScan;
use crate::error::Result;
use crate::store::columns::join;
use crate::store::segment_file::{PARTIAL_ROWS_HELD_MAX, SegmentFile};
use crate::vector::{Batch, flatten};
use arrow_array::ArrayRef;
use std::sync::Arc;

/// Where a reader stands within partials.
pub(crate) struct PartialCursor {
    /// The next one comes last.
    files: Vec<Arc<SegmentFile>>,
    /// The next block of it.
    block: usize,
}

impl PartialCursor {
    pub(crate) fn new(mut files: Vec<Arc<SegmentFile>>) -> Self {
        files.reverse();
        PartialCursor { files, block: 0 }
    }

    /// The next rows, of the columns asked for.
    pub(crate) fn next(&mut self, scan: &TableScan) -> Result<Option<Batch>> {
        while let Some(file) = self.files.last() {
            if file.meta.row_count <= PARTIAL_ROWS_HELD_MAX {
                return self.small_ones(scan).map(Some);
            }
            let reader = file.reader()?;
            if self.block == reader.block_count() {
                self.files.pop();
                self.block = 0;
                continue;
            }
            let rows = reader.block_rows(self.block);
            self.block += 1;
            let columns = scan.partial_columns.iter();
            let columns = columns.map(|(_, column)| reader.decode(*column, rows.clone()));
            return Ok(Some(Batch::new(columns.collect::<Result<_>>()?, rows.len())));
        }
        Ok(None)
    }

    /// Partials as one batch, up to one that is not small.
    fn small_ones(&mut self, scan: &TableScan) -> Result<Batch> {
        let mut columns: Vec<Vec<ArrayRef>> = vec![Vec::new(); scan.partial_columns.len()];
        let mut row_count = 0;
        while let Some(file) = self.files.last()
            && file.meta.row_count <= PARTIAL_ROWS_HELD_MAX
            && row_count < scan.batch_rows
        {
            let held = file.held_rows(|reader, rows| {
                let columns = scan.all_partial_columns.iter();
                columns
                    .map(|column| Ok(flatten(&reader.decode(*column, rows.clone())?)))
                    .collect()
            })?;
            for (parts, (place, _)) in columns.iter_mut().zip(&scan.partial_columns) {
                parts.push(held[*place].clone());
            }
            row_count += file.meta.row_count as usize;
            self.files.pop();
        }
        let columns = columns.iter().map(|parts| join(parts));
        Ok(Batch::new(columns.collect::<Result<_>>()?, row_count))
    }
}
