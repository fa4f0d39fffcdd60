//! Narrowing a set of rows: by bits, and by filters of the layer above.

use crate::error::{Error, Result};
use crate::predicate::RowPredicate;
use crate::schema::ColumnId;
use crate::vector::Selection;
use arrow_array::ArrayRef;
use arrow_buffer::{BooleanBuffer, BooleanBufferBuilder};
use roaring::RoaringBitmap;
use std::ops::Range;
use std::sync::Arc;

/// Narrows a set of rows; `None` is all.
pub(super) fn and(rows: &mut Option<BooleanBuffer>, other: BooleanBuffer) {
    *rows = Some(match rows.take() {
        None => other,
        Some(rows) => &rows & &other,
    });
}

/// One bit per row, set where the row is in a set.
pub(super) fn bits_of(set: &RoaringBitmap, rows: &Range<u32>) -> BooleanBuffer {
    let mut bits = BooleanBufferBuilder::new(rows.len());
    bits.append_n(rows.len(), false);
    for row in set.range(rows.clone()) {
        bits.set_bit((row - rows.start) as usize, true);
    }
    bits.finish()
}

/// Whether a set of rows is empty.
pub(super) fn is_empty(rows: &Option<BooleanBuffer>) -> bool {
    rows.as_ref().is_some_and(|bits| !bits.has_true())
}

/// Leaves the rows that pass the filters of the layer above. A filter never sees a row that is out already: it may fail on such.
pub(super) fn narrow(
    rows: &mut Option<BooleanBuffer>,
    row_count: usize,
    predicates: &[Arc<dyn RowPredicate>],
    mut column: impl FnMut(ColumnId) -> Result<ArrayRef>,
) -> Result<()> {
    for predicate in predicates {
        if is_empty(rows) {
            return Ok(());
        }
        let columns = predicate.columns().iter().map(|id| column(*id));
        let mut columns = columns.collect::<Result<Vec<_>>>()?;
        let selection = rows.take().map(Selection::new);
        let selection = selection.filter(|selection| selection.selected_count() < row_count);
        let Some(selection) = selection else {
            *rows = Some(passes(&**predicate, &columns, row_count)?);
            continue;
        };
        for column in &mut columns {
            *column = selection.filter(column);
        }
        let passing = passes(&**predicate, &columns, selection.selected_count())?;
        *rows = Some(spread(&selection, &passing));
    }
    Ok(())
}

fn passes(predicate: &dyn RowPredicate, columns: &[ArrayRef], row_count: usize) -> Result<BooleanBuffer> {
    let passing = predicate.evaluate(columns, row_count).map_err(Error::Predicate)?;
    match passing.len() == row_count {
        true => Ok(passing),
        false => Err(Error::Invalid {
            reason: format!("a filter answered for {} of {row_count} rows", passing.len()),
        }),
    }
}

/// The selected rows that pass; `passing` has a bit per selected row.
fn spread(selection: &Selection, passing: &BooleanBuffer) -> BooleanBuffer {
    let mut bits = BooleanBufferBuilder::new(selection.bits().len());
    bits.append_n(selection.bits().len(), false);
    for (at, row) in selection.indices().enumerate() {
        if passing.value(at) {
            bits.set_bit(row, true);
        }
    }
    bits.finish()
}
