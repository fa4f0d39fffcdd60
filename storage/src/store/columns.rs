//! Rows of plain columns joined, picked and measured on their way into segments.

use super::partition::Rows;
use crate::error::{Error, Result};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, UInt32Array};
use arrow_schema::DataType;
use std::sync::Arc;

/// Some rows of all columns. A slice that would keep a much larger batch in memory is copied instead.
pub(crate) fn pick(columns: &[ArrayRef], rows: Rows, row_count: usize) -> Result<Vec<ArrayRef>> {
    let indices = match rows {
        Rows::All => return Ok(columns.to_vec()),
        Rows::Range(range) if range.len() * 4 >= row_count => {
            return Ok(columns
                .iter()
                .map(|column| column.slice(range.start, range.len()))
                .collect());
        }
        Rows::Range(range) => UInt32Array::from_iter_values(range.start as u32..range.end as u32),
        Rows::Listed(list) => UInt32Array::from(list),
    };
    let copied = columns.iter().map(|column| Ok(own_values(take(column, &indices)?)));
    copied.collect()
}

/// The rows of a column at these places.
pub(crate) fn take(column: &ArrayRef, rows: &UInt32Array) -> Result<ArrayRef> {
    arrow_select::take::take(column, rows, None).map_err(|error| Error::Invalid {
        reason: format!("rows cannot be moved: {error}"),
    })
}

/// Arrays one after the other.
pub(crate) fn join(parts: &[ArrayRef]) -> Result<ArrayRef> {
    if let [one] = parts {
        return Ok(one.clone());
    }
    let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
    arrow_select::concat::concat(&parts).map_err(|error| Error::Invalid {
        reason: format!("rows cannot be joined: {error}"),
    })
}

/// Text that refers to its own buffers only.
fn own_values(array: ArrayRef) -> ArrayRef {
    match array.data_type() {
        DataType::Utf8View => Arc::new(array.as_string_view().gc()),
        DataType::BinaryView => Arc::new(array.as_binary_view().gc()),
        _ => array,
    }
}

/// About how much memory rows take.
pub(crate) fn bytes_of(columns: &[ArrayRef]) -> usize {
    let lengths = |views: &[u128]| -> usize {
        views
            .iter()
            .map(|view| *view as u32 as usize)
            .filter(|length| *length > 12)
            .sum()
    };
    let one = |column: &ArrayRef| match column.data_type() {
        DataType::Boolean => column.len() / 8 + 1,
        DataType::Utf8View => column.len() * 16 + lengths(column.as_string_view().views()),
        DataType::BinaryView => column.len() * 16 + lengths(column.as_binary_view().views()),
        DataType::FixedSizeBinary(width) => column.len() * *width as usize,
        other => column.len() * other.primitive_width().unwrap_or(8),
    };
    columns.iter().map(one).sum()
}
