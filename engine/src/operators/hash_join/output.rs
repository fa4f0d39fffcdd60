//! Pairs of rows as batches.

use super::table::{NO_ROW, Pairs};
use super::{Built, Residual};
use crate::error::Result;
use crate::operators::gather::{SelectedRows, gather};
use arrow_array::{Array, ArrayRef, UInt32Array};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use stoa_storage::vector::Batch;

/// Row numbers as indexes, NULL for [`NO_ROW`].
fn indices(rows: &[u32]) -> UInt32Array {
    let has_none = rows.iter().fold(false, |has_none, row| has_none | (*row == NO_ROW));
    let nulls = has_none.then(|| NullBuffer::new(BooleanBuffer::collect_bool(rows.len(), |at| rows[at] != NO_ROW)));
    UInt32Array::new(rows.to_vec().into(), nulls)
}

/// The left and right columns of pairs.
pub(super) fn paired(left: &SelectedRows, built: &Built, pairs: &Pairs) -> Result<Batch> {
    let mut columns = left.columns(&pairs.left, 0..left.batch.columns.len())?;
    let right = indices(&pairs.right);
    for column in &built.columns {
        columns.push(gather(column, &right)?);
    }
    Ok(Batch::new(columns, pairs.left.len()))
}

/// Keeps the pairs that meet the further conditions.
pub(super) fn retain_matching(
    residual: &Residual,
    left: &SelectedRows,
    built: &Built,
    pairs: &mut Pairs,
) -> Result<()> {
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
