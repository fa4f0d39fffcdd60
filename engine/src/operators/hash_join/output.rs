//! Pairs of rows as batches.

use super::table::{NO_ROW, Pairs};
use super::{Built, LeftSide, Residual};
use crate::error::Result;
use crate::operators::gather::{SelectedRows, gather};
use arrow_array::types::UInt32Type;
use arrow_array::{Array, ArrayRef, DictionaryArray, UInt32Array};
use arrow_buffer::{BooleanBuffer, BooleanBufferBuilder, NullBuffer};
use arrow_schema::DataType;
use std::sync::Arc;
use stoa_storage::vector::{Batch, Selection};

/// The rows of a stored column at these indexes. Texts are not moved: the stored column is the dictionary of all batches, so that
/// whoever groups by it or filters it looks at each of its values once.
pub(super) fn looked_up(column: &ArrayRef, indices: &UInt32Array) -> Result<ArrayRef> {
    match column.data_type() {
        DataType::Utf8View | DataType::BinaryView if !column.is_empty() => {
            let dictionary = DictionaryArray::<UInt32Type>::try_new(indices.clone(), column.clone())?;
            Ok(Arc::new(dictionary))
        }
        _ => gather(column, indices),
    }
}

/// Row numbers as indexes, NULL for [`NO_ROW`].
fn indices(rows: &[u32]) -> UInt32Array {
    let has_none = rows.iter().fold(false, |has_none, row| has_none | (*row == NO_ROW));
    let nulls = has_none.then(|| NullBuffer::new(BooleanBuffer::collect_bool(rows.len(), |at| rows[at] != NO_ROW)));
    UInt32Array::new(rows.to_vec().into(), nulls)
}

/// The left and right columns of pairs.
pub(super) fn paired(side: &LeftSide, left: &SelectedRows, built: &Built, pairs: &Pairs) -> Result<Batch> {
    if let Some(batch) = beside(side, left, built, pairs)? {
        return Ok(batch);
    }
    let mut columns = left.columns(&pairs.left, side.output.iter().copied())?;
    let right = indices(&pairs.right);
    for place in &side.right_output {
        columns.push(looked_up(&built.columns[*place], &right)?);
    }
    Ok(Batch::new(columns, pairs.left.len()))
}

/// Pairs in which no left row occurs twice, as the left batch with a narrower selection and the right columns beside it; `None`
/// where copying the left rows is cheaper.
fn beside(side: &LeftSide, left: &SelectedRows, built: &Built, pairs: &Pairs) -> Result<Option<Batch>> {
    let (row_count, pair_count) = (left.batch.row_count, pairs.left.len());
    let (left_width, right_width) = (side.output.len(), side.right_output.len());
    let copied = pair_count * (left_width + right_width);
    let is_unique = || pairs.left.windows(2).all(|rows| rows[0] < rows[1]);
    if pair_count == row_count || row_count * right_width >= copied || built.row_count == 0 || !is_unique() {
        return Ok(None);
    }
    let mut bits = BooleanBufferBuilder::new(row_count);
    bits.append_n(row_count, false);
    let mut right = vec![0; row_count];
    for (row, of) in pairs.left.iter().zip(&pairs.right) {
        let place = left.place(*row as usize);
        bits.set_bit(place, true);
        right[place] = *of;
    }
    let right = indices(&right);
    let mut columns: Vec<ArrayRef> = side
        .output
        .iter()
        .map(|place| left.batch.columns[*place].clone())
        .collect();
    for place in &side.right_output {
        columns.push(looked_up(&built.columns[*place], &right)?);
    }
    Ok(Some(Batch {
        columns,
        row_count,
        selection: Some(Selection::new(bits.finish())),
    }))
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
pub(super) fn null_column(data_type: &DataType, row_count: usize) -> Result<ArrayRef> {
    let null = arrow_array::new_null_array(data_type, 1);
    debug_assert!(null.is_null(0) || *data_type == DataType::Null);
    crate::operators::gather::constant(&null, row_count)
}
