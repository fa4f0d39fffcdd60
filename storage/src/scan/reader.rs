//! One thread's way through a scan: the morsel in hand, then the next.

use super::dynamic::DynamicFilters;
use super::memory::MemoryCursor;
use super::partial::PartialCursor;
use super::plan::{Morsel, TableScan};
use super::segment::{Begun, BlockCursor};
use super::{ScanItem, ScanReader};
use crate::error::{Error, Result};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Takes morsels until none is left.
pub(crate) struct MorselReader {
    scan: Arc<TableScan>,
    /// The segment that blocks are taken of.
    segment: Option<usize>,
    cursor: Option<Cursor>,
    dynamic: DynamicFilters,
}

enum Cursor {
    Memory(MemoryCursor),
    Block(BlockCursor),
    Partial(PartialCursor),
}

impl MorselReader {
    pub(crate) fn new(scan: Arc<TableScan>) -> Self {
        MorselReader {
            scan,
            segment: None,
            cursor: None,
            dynamic: DynamicFilters::default(),
        }
    }
}

impl ScanReader for MorselReader {
    fn next(&mut self) -> Result<Option<ScanItem>> {
        loop {
            let request = &self.scan.request;
            if request.cancel.as_ref().is_some_and(|flag| flag.load(Ordering::Relaxed)) {
                return Err(Error::Cancelled);
            }
            let item = match &mut self.cursor {
                Some(Cursor::Memory(cursor)) => cursor.next(&self.scan, &mut self.dynamic)?,
                Some(Cursor::Block(cursor)) => cursor.next(&self.scan)?,
                Some(Cursor::Partial(cursor)) => cursor.next(&self.scan, &mut self.dynamic)?.map(ScanItem::Partials),
                None => None,
            };
            if item.is_some() {
                return Ok(item);
            }
            self.cursor = match self.scan.take(&mut self.segment) {
                None => return Ok(None),
                Some(Morsel::Answers(answers)) => return Ok(Some(ScanItem::Summaries(answers))),
                Some(Morsel::Partials(files)) => Some(Cursor::Partial(PartialCursor::new(files))),
                Some(Morsel::Memory(morsel)) => Some(Cursor::Memory(MemoryCursor::new(&self.scan, &morsel)?)),
                Some(Morsel::Block { segment, block, rows }) => {
                    match BlockCursor::begin(&self.scan, segment, block, rows, &mut self.dynamic)? {
                        Begun::Nothing => None,
                        Begun::Item(item) => return Ok(Some(item)),
                        Begun::Rows(cursor) => Some(Cursor::Block(cursor)),
                    }
                }
            };
        }
    }
}
