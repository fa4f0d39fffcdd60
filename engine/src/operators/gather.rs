//! Rows put together anew: by index, one after the other, from several batches. Columns may be encoded where it says so.

use crate::error::{Error, Result};
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, Int32Array, ListArray, RunArray, UInt32Array, new_empty_array, new_null_array};
use arrow_data::MAX_INLINE_VIEW_LEN;
use arrow_schema::DataType;
use std::sync::Arc;
use stoa_storage::vector::{Batch, constant_of, flatten};

/// View arrays hold on to buffers that others filled; what is more than this many times what they need is copied instead.
const WASTE_MAX: usize = 2;
/// Buffers of a joined view array.
const BUFFERS_MAX: usize = 16;
/// Buffers up to this are not worth a copy, in bytes.
const WASTE_BYTES_MIN: usize = 16 * 1024;

/// The column's rows at these indexes, in their order; a NULL index gives NULL. Dictionaries stay; constants stay where no
/// index is NULL.
pub(crate) fn gather(column: &ArrayRef, indices: &UInt32Array) -> Result<ArrayRef> {
    if indices.null_count() == 0
        && let Some(value) = constant_of(column)
    {
        return constant(&value, indices.len());
    }
    if column.is_empty() {
        return Ok(new_null_array(
            stoa_storage::vector::plain_type(column.data_type()),
            indices.len(),
        ));
    }
    let plain;
    let column = match column.data_type() {
        DataType::RunEndEncoded(_, _) => {
            plain = flatten(column);
            &plain
        }
        _ => column,
    };
    Ok(arrow_select::take::take(column, indices, None)?)
}

/// So many times the same value.
pub(crate) fn constant(value: &ArrayRef, row_count: usize) -> Result<ArrayRef> {
    if row_count == 0 {
        return Ok(new_empty_array(value.data_type()));
    }
    let end = i32::try_from(row_count).map_err(|_| Error::Internal("a batch of too many rows".into()))?;
    Ok(Arc::new(RunArray::<Int32Type>::try_new(
        &Int32Array::from(vec![end]),
        value,
    )?))
}

/// The selected rows as plain columns that hold on to no more than they need.
pub(crate) fn retained(batch: Batch) -> Batch {
    let mut batch = batch.compact();
    for column in &mut batch.columns {
        *column = unpinned(flatten(column));
    }
    batch
}

/// A plain column without the buffers that it hardly uses.
fn unpinned(column: ArrayRef) -> ArrayRef {
    macro_rules! views {
        ($array:expr) => {{
            let array = $array;
            let held: usize = array.data_buffers().iter().map(|buffer| buffer.len()).sum();
            if held <= WASTE_BYTES_MIN || held <= WASTE_MAX * array.total_buffer_bytes_used() {
                return column;
            }
            Arc::new(array.gc())
        }};
    }
    match column.data_type() {
        DataType::Utf8View => views!(column.as_string_view()),
        DataType::BinaryView => views!(column.as_binary_view()),
        DataType::List(_) => {
            let (field, offsets, values, nulls) = column.as_list::<i32>().clone().into_parts();
            Arc::new(ListArray::new(field, offsets, unpinned(values), nulls))
        }
        _ => column,
    }
}

/// About how many bytes the columns of a batch take.
pub(crate) fn batch_bytes(batch: &Batch) -> usize {
    batch.columns.iter().map(column_bytes).sum::<usize>() + 64
}

/// About how many bytes a column takes.
pub(crate) fn column_bytes(column: &ArrayRef) -> usize {
    let views =
        |buffers: &[arrow_buffer::Buffer]| column.len() * 16 + buffers.iter().map(|buffer| buffer.len()).sum::<usize>();
    match column.data_type() {
        DataType::Utf8View => views(column.as_string_view().data_buffers()),
        DataType::BinaryView => views(column.as_binary_view().data_buffers()),
        DataType::List(_) => {
            let lists = column.as_list::<i32>();
            let (start, end) = (lists.offsets()[0], lists.offsets()[lists.len()]);
            column.len() * 4 + column_bytes(&lists.values().slice(start as usize, (end - start) as usize))
        }
        _ => column
            .to_data()
            .get_slice_memory_size()
            .unwrap_or_else(|_| column.get_array_memory_size()),
    }
}

/// About how many bytes the values of a column take, where they may lie in buffers that others hold, too.
pub(crate) fn value_bytes(column: &ArrayRef) -> usize {
    let long = |views: &[u128]| {
        let lengths = views.iter().map(|view| *view as u32);
        let long = lengths.filter(|length| *length > MAX_INLINE_VIEW_LEN);
        size_of_val(views) + long.map(|length| length as usize).sum::<usize>()
    };
    match column.data_type() {
        DataType::Utf8View => long(column.as_string_view().views()),
        DataType::BinaryView => long(column.as_binary_view().views()),
        _ => column_bytes(column),
    }
}

/// Plain columns of retained batches, all rows one after the other. Takes the batches apart on the way, so that no two
/// copies of more than one column are there at a time.
pub(crate) fn concatenated(batches: Vec<Batch>, types: &[DataType]) -> Result<Batch> {
    if batches.len() == 1 {
        return Ok(batches.into_iter().next().unwrap_or_else(|| Batch::new(Vec::new(), 0)));
    }
    let row_count = batches.iter().map(|batch| batch.row_count).sum();
    let mut columns: Vec<Vec<ArrayRef>> = types.iter().map(|_| Vec::with_capacity(batches.len())).collect();
    for batch in batches {
        for (parts, column) in columns.iter_mut().zip(batch.columns) {
            parts.push(column);
        }
    }
    let columns = columns
        .into_iter()
        .zip(types)
        .map(|(parts, data_type)| joined(&parts, data_type));
    Ok(Batch::new(columns.collect::<Result<_>>()?, row_count))
}

/// Plain arrays of one type, one after the other.
pub(crate) fn joined(parts: &[ArrayRef], data_type: &DataType) -> Result<ArrayRef> {
    match parts {
        [] => Ok(new_empty_array(data_type)),
        [part] => Ok(part.clone()),
        parts => {
            let parts: Vec<&dyn Array> = parts.iter().map(|part| &**part).collect();
            Ok(in_few_buffers(arrow_select::concat::concat(&parts)?))
        }
    }
}

/// A plain column whose views do not point into very many buffers: every take copies the list of them.
fn in_few_buffers(column: ArrayRef) -> ArrayRef {
    match column.data_type() {
        DataType::Utf8View if column.as_string_view().data_buffers().len() > BUFFERS_MAX => {
            Arc::new(column.as_string_view().gc())
        }
        DataType::BinaryView if column.as_binary_view().data_buffers().len() > BUFFERS_MAX => {
            Arc::new(column.as_binary_view().gc())
        }
        _ => column,
    }
}

/// Rows of several plain columns of one type, each named by its column and its place there.
pub(crate) fn interleaved(parts: &[ArrayRef], rows: &[(usize, usize)]) -> Result<ArrayRef> {
    let parts: Vec<&dyn Array> = parts.iter().map(|part| &**part).collect();
    Ok(arrow_select::interleave::interleave(&parts, rows)?)
}

/// A batch with the places of its selected rows.
pub(crate) struct SelectedRows {
    pub(crate) batch: Batch,
    /// `None`: all rows are selected.
    places: Option<Vec<u32>>,
}

impl SelectedRows {
    pub(crate) fn new(batch: Batch) -> Self {
        let places = batch.selection.as_ref();
        SelectedRows {
            places: places.map(|selection| selection.indices().map(|row| row as u32).collect()),
            batch,
        }
    }

    /// Selected rows.
    pub(crate) fn count(&self) -> usize {
        self.places.as_ref().map_or(self.batch.row_count, Vec::len)
    }

    /// The place of a selected row.
    pub(crate) fn place(&self, row: usize) -> usize {
        self.places.as_ref().map_or(row, |places| places[row] as usize)
    }

    /// The columns at these places, with these of the selected rows in their order.
    pub(crate) fn columns(&self, rows: &[u32], places: impl Iterator<Item = usize>) -> Result<Vec<ArrayRef>> {
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
        places
            .map(|place| gather(&self.batch.columns[place], &indices))
            .collect()
    }
}
