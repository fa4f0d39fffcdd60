//! Casts to arrays, element by element, and to records, field by field.

use super::Cast;
use crate::error::Result;
use crate::types::{LogicalType, array_type};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, ListArray, StructArray};
use arrow_buffer::OffsetBuffer;
use arrow_schema::DataType;
use std::sync::Arc;

pub(super) fn cast_array(cast: &Cast<'_>, array: &ArrayRef, element: &LogicalType) -> Result<ArrayRef> {
    let Some(from) = cast.from.element() else {
        return cast.parsed(array);
    };
    let lists = array.as_list::<i32>();
    let (first, last) = match (lists.value_offsets().first(), lists.value_offsets().last()) {
        (Some(first), Some(last)) => (*first, *last),
        _ => (0, 0),
    };
    // Only what the rows refer to: a value beside them must not fail.
    let values = lists.values().slice(first as usize, (last - first) as usize);
    let inner = Cast {
        from,
        to: element,
        ..*cast
    };
    let values = inner.array(&values)?;
    let offsets: Vec<i32> = lists.value_offsets().iter().map(|offset| offset - first).collect();
    let DataType::List(field) = array_type(cast.to) else {
        return Err(cast.missing());
    };
    let lists = ListArray::try_new(field, OffsetBuffer::new(offsets.into()), values, lists.nulls().cloned())?;
    Ok(Arc::new(lists))
}

pub(super) fn cast_record(cast: &Cast<'_>, array: &ArrayRef, fields: &[(String, LogicalType)]) -> Result<ArrayRef> {
    let LogicalType::Record(from) = cast.from else {
        return Err(cast.missing());
    };
    if from.len() != fields.len() {
        return Err(cast.missing());
    }
    let record = array.as_struct();
    let columns = record.columns().iter().zip(from).zip(fields);
    let columns = columns
        .map(|((column, (_, from)), (_, to))| Cast { from, to, ..*cast }.array(column))
        .collect::<Result<Vec<_>>>()?;
    let DataType::Struct(arrow_fields) = array_type(cast.to) else {
        return Err(cast.missing());
    };
    Ok(Arc::new(StructArray::try_new_with_length(
        arrow_fields,
        columns,
        record.nulls().cloned(),
        record.len(),
    )?))
}
