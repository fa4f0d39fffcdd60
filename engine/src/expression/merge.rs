//! One column made of the values of several: each part gives the values of its own rows.

use crate::error::{Error, Result};
use crate::functions::Value;
use crate::types::{LogicalType, array_type};
use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, PrimitiveArray, new_null_array};
use arrow_buffer::{BooleanBuffer, BooleanBufferBuilder, NullBuffer};
use arrow_schema::{DataType, TimeUnit};
use std::sync::Arc;
use stoa_storage::vector::flatten;

/// The values of some rows.
pub(super) struct Part {
    /// Which rows: one bit per row of the whole.
    pub(super) rows: BooleanBuffer,
    /// Their values, plain or encoded: one per set bit, or (`aligned`) one per row of the whole.
    pub(super) value: Value,
    pub(super) aligned: bool,
}

impl Part {
    /// Visits each row with the place of its value.
    fn for_each(&self, mut visit: impl FnMut(usize, usize)) {
        match (&self.value, self.aligned) {
            (Value::Constant(_), _) => self.rows.set_indices().for_each(|row| visit(row, 0)),
            (_, true) => self.rows.set_indices().for_each(|row| visit(row, row)),
            (_, false) => {
                for (at, row) in self.rows.set_indices().enumerate() {
                    visit(row, at);
                }
            }
        }
    }
}

/// The whole column; rows of no part are NULL.
pub(super) fn merge(mut parts: Vec<Part>, row_count: usize, data_type: &LogicalType) -> Result<Value> {
    parts.retain(|part| part.rows.count_set_bits() > 0);
    if let [only] = parts.as_slice()
        && only.rows.count_set_bits() == row_count
    {
        return Ok(only.value.clone());
    }
    for part in &mut parts {
        if let Value::Array(array) = &part.value {
            part.value = Value::Array(flatten(array));
        }
    }
    let target = array_type(data_type);
    macro_rules! primitives {
        ($type:ty) => {
            merge_primitives::<$type>(&parts, row_count, &target)
        };
    }
    let merged = match &target {
        DataType::Int16 => primitives!(Int16Type),
        DataType::Int32 => primitives!(Int32Type),
        DataType::Int64 => primitives!(Int64Type),
        DataType::Float32 => primitives!(Float32Type),
        DataType::Float64 => primitives!(Float64Type),
        DataType::Decimal64(_, _) => primitives!(Decimal64Type),
        DataType::Decimal128(_, _) => primitives!(Decimal128Type),
        DataType::Date32 => primitives!(Date32Type),
        DataType::Time64(TimeUnit::Microsecond) => primitives!(Time64MicrosecondType),
        DataType::Timestamp(TimeUnit::Microsecond, _) => primitives!(TimestampMicrosecondType),
        _ => merge_any(&parts, row_count, &target),
    }?;
    Ok(Value::Array(merged))
}

fn merge_primitives<T: ArrowPrimitiveType>(parts: &[Part], row_count: usize, target: &DataType) -> Result<ArrayRef> {
    let mut values: Vec<T::Native> = vec![T::Native::default(); row_count];
    let mut covered = 0;
    let mut any_null = false;
    for part in parts {
        let array = part
            .value
            .array()
            .as_primitive_opt::<T>()
            .ok_or_else(|| mismatch(&part.value, target))?;
        any_null |= array.null_count() > 0;
        covered += part.rows.count_set_bits();
        let source = array.values();
        part.for_each(|row, at| values[row] = source[at]);
    }
    let nulls = (any_null || covered < row_count).then(|| merge_nulls(parts, row_count));
    let array = PrimitiveArray::<T>::new(values.into(), nulls);
    Ok(Arc::new(array.with_data_type(target.clone())))
}

fn merge_nulls(parts: &[Part], row_count: usize) -> NullBuffer {
    let mut valid = BooleanBufferBuilder::new(row_count);
    valid.append_n(row_count, false);
    for part in parts {
        match part.value.array().nulls() {
            None => part.for_each(|row, _| valid.set_bit(row, true)),
            Some(nulls) => part.for_each(|row, at| {
                if nulls.is_valid(at) {
                    valid.set_bit(row, true);
                }
            }),
        }
    }
    NullBuffer::new(valid.finish())
}

fn merge_any(parts: &[Part], row_count: usize, target: &DataType) -> Result<ArrayRef> {
    let null = new_null_array(target, 1);
    let mut sources: Vec<&dyn Array> = vec![null.as_ref()];
    let mut places = vec![(0, 0); row_count];
    for (number, part) in parts.iter().enumerate() {
        let array = part.value.array();
        if array.data_type() != target {
            return Err(mismatch(&part.value, target));
        }
        sources.push(array.as_ref());
        part.for_each(|row, at| places[row] = (number + 1, at));
    }
    Ok(arrow_select::interleave::interleave(&sources, &places)?)
}

fn mismatch(value: &Value, target: &DataType) -> Error {
    Error::Internal(format!(
        "a value is of array type {}, not {target}",
        value.array().data_type()
    ))
}
