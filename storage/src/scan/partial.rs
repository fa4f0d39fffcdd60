//! Partials in place of rows. Small ones, of which there may be thousands, are held in memory and come many at a time; others a block
//! at a time.

use super::dynamic::DynamicFilters;
use super::evaluate::{and, is_empty};
use super::plan::TableScan;
use super::planned::Planned;
use crate::error::Result;
use crate::index::Verdict;
use crate::schema::ColumnId;
use crate::store::columns::join;
use crate::store::segment_file::{PARTIAL_ROWS_HELD_MAX, SegmentFile};
use crate::vector::filter::evaluate_test;
use crate::vector::{Batch, Selection, flatten};
use arrow_array::ArrayRef;
use arrow_buffer::BooleanBuffer;
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

    /// The next rows, of the columns asked for, without what dynamic conditions leave out.
    pub(crate) fn next(&mut self, scan: &TableScan, dynamic: &mut DynamicFilters) -> Result<Option<Batch>> {
        let filters = key_filters(scan, dynamic)?;
        while let Some(file) = self.files.last() {
            if file.meta.row_count <= PARTIAL_ROWS_HELD_MAX {
                let batch = self.small_ones(scan)?;
                let keys = filters
                    .iter()
                    .map(|filter| batch.columns[filter.place].clone())
                    .collect::<Vec<_>>();
                let selected = selected(&filters, &keys, dynamic);
                return Ok(Some(Batch {
                    selection: selected.map(Selection::new),
                    ..batch
                }));
            }
            let reader = file.reader()?;
            if self.block == reader.block_count() {
                self.files.pop();
                self.block = 0;
                continue;
            }
            let (block, rows) = (self.block, reader.block_rows(self.block));
            self.block += 1;
            let is_ruled_out =
                |filter: &KeyFilter| reader.prune(block, filter.column, filter.planned.pruning()) == Verdict::NoRow;
            if filters.iter().any(is_ruled_out) {
                continue;
            }
            let keys = filters.iter().map(|filter| reader.decode(filter.column, rows.clone()));
            let selected = selected(&filters, &keys.collect::<Result<Vec<_>>>()?, dynamic);
            if is_empty(&selected) {
                continue;
            }
            let columns = scan.partial_columns.iter();
            let columns = columns.map(|(_, column)| reader.decode(*column, rows.clone()));
            return Ok(Some(Batch {
                selection: selected.map(Selection::new),
                ..Batch::new(columns.collect::<Result<_>>()?, rows.len())
            }));
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

/// A dynamic condition on a column of the table that partials have.
struct KeyFilter {
    planned: Arc<Planned>,
    /// The column of a partial,
    column: ColumnId,
    /// and its place among those asked for.
    place: usize,
}

/// The dynamic conditions as they are now, as far as they are cheap to ask of partials.
fn key_filters(scan: &TableScan, dynamic: &mut DynamicFilters) -> Result<Vec<KeyFilter>> {
    let Some(request) = &scan.request.partial else {
        return Ok(Vec::new());
    };
    if request.keys.is_empty() || scan.request.dynamic_predicates.is_empty() {
        return Ok(Vec::new());
    }
    let current = dynamic.current(scan)?.into_iter();
    let cheap = current.filter(|planned| planned.is_cheap() && dynamic.is_useful(planned));
    let filters = cheap.filter_map(|planned| {
        let mut keys = request.keys.iter();
        let (_, column) = *keys.find(|(column, _)| *column == planned.predicate.column)?;
        let mut asked = scan.partial_columns.iter();
        let place = asked.position(|(_, asked)| *asked == column)?;
        Some(KeyFilter { planned, column, place })
    });
    Ok(filters.collect())
}

/// The rows whose keys pass; `None` is all.
fn selected(filters: &[KeyFilter], keys: &[ArrayRef], dynamic: &mut DynamicFilters) -> Option<BooleanBuffer> {
    let mut passing: Option<BooleanBuffer> = None;
    for (filter, keys) in filters.iter().zip(keys) {
        let before = passing.as_ref().map_or(keys.len(), BooleanBuffer::count_set_bits);
        and(&mut passing, evaluate_test(keys, &filter.planned.test));
        let after = passing.as_ref().map_or(before, BooleanBuffer::count_set_bits);
        dynamic.learn(&filter.planned, before, after);
    }
    passing.filter(|bits| bits.count_set_bits() < bits.len())
}
