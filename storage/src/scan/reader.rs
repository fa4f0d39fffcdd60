//! One thread's way through a scan: the morsel in hand, then the next.

use super::memory::MemoryCursor;
use super::plan::{Morsel, TableScan};
use super::{ScanItem, ScanReader};
use crate::error::Result;
use std::sync::Arc;

/// Takes morsels until none is left.
pub(crate) struct MorselReader {
    scan: Arc<TableScan>,
    cursor: Option<Cursor>,
}

enum Cursor {
    Memory(MemoryCursor),
}

impl MorselReader {
    pub(crate) fn new(scan: Arc<TableScan>) -> Self {
        MorselReader { scan, cursor: None }
    }
}

impl ScanReader for MorselReader {
    fn next(&mut self) -> Result<Option<ScanItem>> {
        loop {
            let item = match &mut self.cursor {
                Some(Cursor::Memory(cursor)) => cursor.next(&self.scan)?,
                None => None,
            };
            if item.is_some() {
                return Ok(item);
            }
            self.cursor = match self.scan.take() {
                None => return Ok(None),
                Some(Morsel::Memory(morsel)) => Some(Cursor::Memory(MemoryCursor::new(&self.scan.table, morsel))),
            };
        }
    }
}
