//! Pairs of rows as batches.

use super::table::{NO_ROW, Pairs};
use super::{Built, Residual};
use crate::error::Result;
use crate::operators::gather::gather;
use arrow_array::{Array, ArrayRef, UInt32Array};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use stoa_storage::vector::Batch;

/// A left batch with the places of its selected rows.
pub(super) struct LeftRows {
    pub(super) batch: Batch,
    /// `None`: all rows are selected.
    places: Option<Vec<u32>>,
}

impl LeftRows {
    pub(super) fn new(batch: Batch) -> Self {
        let places = batch.selection.as_ref();
        LeftRows {
            places: places.map(|selection| selection.indices().map(|row| row as u32).collect()),
            batch,
        }
    }

    /// Selected rows.
    pub(super) fn count(&self) -> usize {
        self.places.as_ref().map_or(self.batch.row_count, Vec::len)
    }

    /// The place of a selected row.
    pub(super) fn place(&self, row: usize) -> usize {
        self.places.as_ref().map_or(row, |places| places[row] as usize)
    }

    fn columns(&self, rows: &[u32], places: impl Iterator<Item = usize>) -> Result<Vec<ArrayRef>> {
        let is_all = self.places.is_none()
            && rows.len() == self.batch.row_count
            && rows.iter().zip(0..).all(|(row, number)| *row == number);
        if is_all {
            return Ok(places.map(|place| self.batch.columns[place].clone()).collect());
        }
        let indices = match &self.places {
            None => UInt32Array::from(rows.to_vec()),
            Some(selected) => rows.iter().map(|row| selected[*row as usize]).collect(),
        };
        places.map(|place| gather(&self.batch.columns[place], &indices)).collect()
    }
}

/// Row numbers as indexes, NULL for [`NO_ROW`].
fn indices(rows: &[u32]) -> UInt32Array {
    let has_none = rows.iter().fold(false, |has_none, row| has_none | (*row == NO_ROW));
    let nulls = has_none.then(|| NullBuffer::new(BooleanBuffer::collect_bool(rows.len(), |at| rows[at] != NO_ROW)));
    UInt32Array::new(rows.to_vec().into(), nulls)
}

/// The left and right columns of pairs.
pub(super) fn paired(left: &LeftRows, built: &Built, pairs: &Pairs) -> Result<Batch> {
    let mut columns = left.columns(&pairs.left, 0..left.batch.columns.len())?;
    let right = indices(&pairs.right);
    for column in &built.columns {
        columns.push(gather(column, &right)?);
    }
    Ok(Batch::new(columns, pairs.left.len()))
}

/// Keeps the pairs that meet the further conditions.
pub(super) fn retain_matching(residual: &Residual, left: &LeftRows, built: &Built, pairs: &mut Pairs) -> Result<()> {
    for condition in &residual.conditions {
        if pairs.left.is_empty() {
            return Ok(());
        }
        let mut columns = left.columns(&pairs.left, residual.left.iter().copied())?;
        let right = indices(&pairs.right);
        for place in &residual.right {
            columns.push(gather(&built.columns[*place], &right)?);
        }
        let bits = condition.select(&Batch::new(columns, pairs.left.len()))?;
        if bits.count_set_bits() < bits.len() {
            let keep = |rows: &[u32]| bits.set_indices().map(|at| rows[at]).collect();
            *pairs = Pairs {
                left: keep(&pairs.left),
                right: keep(&pairs.right),
            };
        }
    }
    Ok(())
}

/// So many NULLs, however many rows.
pub(super) fn null_column(data_type: &arrow_schema::DataType, row_count: usize) -> Result<ArrayRef> {
    let null = arrow_array::new_null_array(data_type, 1);
    debug_assert!(null.is_null(0) || *data_type == arrow_schema::DataType::Null);
    crate::operators::gather::constant(&null, row_count)
}
