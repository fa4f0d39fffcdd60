//! Rows in memory: filtered and handed out piece by piece.

use super::address::addresses;
use super::dynamic::DynamicFilters;
use super::evaluate::{and, bits_of, is_empty, narrow};
use super::plan::TableScan;
use super::planned::{Planned, constant, missing_value, unknown_column};
use super::{ScanColumn, ScanItem};
use crate::commit::RowId;
use crate::commit::visibility::Deletes;
use crate::error::Result;
use crate::memtable::{Part, Piece};
use crate::schema::ColumnId;
use crate::store::state::TableState;
use crate::vector::filter::evaluate_test;
use crate::vector::{Batch, Selection};
use arrow_array::{Array, ArrayRef, Int64Array};
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;
use roaring::RoaringBitmap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// One part in memory.
#[derive(Clone, Debug)]
pub(crate) struct MemoryMorsel {
    /// Its position among the table's parts.
    pub(crate) part: usize,
}

/// Where a reader stands within a part.
#[derive(Debug)]
pub(crate) struct MemoryCursor {
    part: Arc<Part>,
    /// The rows that are asked for by their addresses; `None` is all.
    wanted: Option<RoaringBitmap>,
    piece: usize,
    /// The next row within the piece.
    row: usize,
}

impl MemoryCursor {
    pub(crate) fn new(scan: &TableScan, morsel: &MemoryMorsel) -> Result<Self> {
        let part = scan.table.parts[morsel.part].clone();
        let wanted = scan.wanted_rows(part.id, part.row_count)?;
        let is_empty = wanted.as_ref().is_some_and(RoaringBitmap::is_empty);
        Ok(MemoryCursor {
            piece: if is_empty { part.pieces.len() } else { 0 },
            part,
            wanted,
            row: 0,
        })
    }

    /// The next rows that pass, if any are left.
    pub(crate) fn next(&mut self, scan: &TableScan, dynamic: &mut DynamicFilters) -> Result<Option<ScanItem>> {
        let filters = dynamic.current(scan)?;
        while let Some(piece) = self.part.pieces.get(self.piece) {
            let end = (self.row + scan.batch_rows).min(piece.row_count as usize);
            let rows = self.row..end;
            let view = PieceView {
                scan,
                part: &self.part,
                wanted: self.wanted.as_ref(),
                piece,
                rows: rows.clone(),
            };
            let batch = view.read(&filters)?;
            self.row = end;
            if end == piece.row_count as usize {
                (self.piece, self.row) = (self.piece + 1, 0);
            }
            if batch.is_some() {
                return Ok(batch.map(ScanItem::Rows));
            }
        }
        Ok(None)
    }
}

/// Some rows of a piece.
struct PieceView<'a> {
    scan: &'a TableScan,
    part: &'a Part,
    wanted: Option<&'a RoaringBitmap>,
    piece: &'a Piece,
    /// Within the piece.
    rows: Range<usize>,
}

impl PieceView<'_> {
    fn read(&self, filters: &[Arc<Planned>]) -> Result<Option<Batch>> {
        let statistics = &self.scan.statistics;
        let count = self.rows.len();
        statistics.rows_scanned.fetch_add(count as u64, Ordering::Relaxed);
        let start = self.piece.first_row + self.rows.start as u32;
        let deletes = self.part.deletes.as_ref();
        let rows = start..start + count as u32;
        let mut alive = deletes.and_then(|deletes| deletes.alive(&rows));
        if let Some(wanted) = self.wanted {
            and(&mut alive, bits_of(wanted, &rows));
        }
        let cheap = filters
            .iter()
            .map(|filter| &**filter)
            .filter(|filter| filter.is_cheap());
        for planned in self.scan.predicates_in_memory().iter().chain(cheap) {
            if is_empty(&alive) {
                return Ok(None);
            }
            let column = self.column(planned.predicate.column)?;
            and(&mut alive, evaluate_test(&column, &planned.test));
        }
        narrow(&mut alive, count, &self.scan.request.row_predicates, |id| {
            self.column(id)
        })?;
        self.hand_out(alive)
    }

    fn hand_out(&self, alive: Option<BooleanBuffer>) -> Result<Option<Batch>> {
        let count = self.rows.len();
        let selection = alive
            .map(Selection::new)
            .filter(|selection| selection.selected_count() < count);
        let selected = selection.as_ref().map_or(count, Selection::selected_count);
        if selected == 0 {
            return Ok(None);
        }
        let statistics = &self.scan.statistics;
        statistics.rows_selected.fetch_add(selected as u64, Ordering::Relaxed);
        let columns = self.scan.request.columns.iter().map(|column| match column {
            ScanColumn::Table(id) => self.column(*id),
            ScanColumn::RowId => Ok(self.row_ids()),
            ScanColumn::Address => {
                let first = self.piece.first_row + self.rows.start as u32;
                addresses(self.part.id, first..first + self.rows.len() as u32)
            }
            ScanColumn::CommitVersion => Ok(self.versions()),
            ScanColumn::DeleteVersion => {
                let first = self.piece.first_row + self.rows.start as u32;
                Ok(delete_versions(
                    self.part.deletes.as_deref(),
                    &(first..first + self.rows.len() as u32),
                ))
            }
        });
        let batch = Batch {
            columns: columns.collect::<Result<_>>()?,
            row_count: count,
            selection,
        };
        Ok(Some(if selected * 4 < count { batch.compact() } else { batch }))
    }

    fn column(&self, id: ColumnId) -> Result<ArrayRef> {
        match self.part.column_position(id) {
            Some(at) => Ok(self.piece.columns[at].slice(self.rows.start, self.rows.len())),
            None => missing_column(&self.scan.table, id, self.rows.len()),
        }
    }

    fn row_ids(&self) -> ArrayRef {
        let first = self.piece.first_row + self.rows.start as u32;
        row_ids(self.part.id, first..first + self.rows.len() as u32)
    }

    fn versions(&self) -> ArrayRef {
        let versions = self.piece.versions.array(self.piece.row_count as usize);
        Arc::new(versions.slice(self.rows.start, self.rows.len()))
    }
}

/// Which commits deleted rows.
pub(super) fn delete_versions(deletes: Option<&Deletes>, rows: &Range<u32>) -> ArrayRef {
    match deletes {
        Some(deletes) => Arc::new(deletes.versions_of(rows)),
        None => arrow_array::new_null_array(&DataType::Int64, rows.len()),
    }
}

/// Packed identities of rows.
pub(super) fn row_ids(part: crate::commit::PartId, rows: impl Iterator<Item = u32>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(rows.map(|row| RowId { part, row }.pack())))
}

/// A column that was added after the rows: the value it was given then.
fn missing_column(table: &TableState, id: ColumnId, row_count: usize) -> Result<ArrayRef> {
    match table.schema.columns.iter().position(|column| column.id == id) {
        Some(position) => Ok(constant(&missing_value(table, position), row_count)),
        None => Err(unknown_column(table, id)),
    }
}
