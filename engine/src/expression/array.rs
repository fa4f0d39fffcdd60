//! `ARRAY[a, b]`: as many elements in every row.

use super::frame::Frame;
use super::node::Node;
use crate::error::{Error, Result};
use crate::functions::Value;
use crate::types::{LogicalType, array_type};
use arrow_array::{Array, ListArray, new_empty_array};
use arrow_buffer::OffsetBuffer;
use arrow_schema::DataType;
use std::sync::Arc;

/// One array per row.
pub(super) fn evaluate(elements: &[Node], frame: &Frame<'_>, data_type: &LogicalType) -> Result<Value> {
    let values = elements
        .iter()
        .map(|element| element.evaluate_plain(frame))
        .collect::<Result<Vec<Value>>>()?;
    let constant = values.iter().all(Value::is_constant);
    let row_count = if constant { 1 } else { frame.row_count() };
    let DataType::List(field) = array_type(data_type) else {
        return Err(Error::Internal(format!("an array is of type {data_type}")));
    };
    let items = if values.is_empty() {
        new_empty_array(field.data_type())
    } else {
        let sources: Vec<&dyn Array> = values.iter().map(|value| value.array().as_ref()).collect();
        let mut places = Vec::with_capacity(row_count * values.len());
        for row in 0..row_count {
            places.extend(values.iter().enumerate().map(|(number, value)| match value {
                Value::Array(_) => (number, row),
                Value::Constant(_) => (number, 0),
            }));
        }
        arrow_select::interleave::interleave(&sources, &places)?
    };
    let offsets = OffsetBuffer::from_repeated_length(values.len(), row_count);
    let list = Arc::new(ListArray::try_new(field, offsets, items, None)?);
    Ok(match constant {
        true => Value::Constant(list),
        false => Value::Array(list),
    })
}
