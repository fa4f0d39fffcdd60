//! `a || b`: texts, bytes, a text and anything, arrays and their elements, jsonb.

use super::Made;
use crate::error::{Error, Result};
use crate::functions::cast::cast;
use crate::functions::scalar::json;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use crate::types::LogicalType;
use arrow_array::{Array, ArrayRef, ListArray, new_empty_array};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::DataType;
use std::sync::Arc;
use stoa_sql::catalog::Signature;

pub(super) static CONCATENATE: ScalarFunction = ScalarFunction {
    info: || called_on_null(immutable("||", SIGNATURES)),
    documentation: documentation(
        "text",
        "The two one after the other: texts, bytes, arrays, an array and an element.",
        "'Post' || 'greSQL'",
        "PostgreSQL",
    ),
    execute,
};

const SIGNATURES: &[Signature] = &[
    signature(&[TEXT, TEXT], returns::text),
    signature(&[BYTEA, BYTEA], returns::bytea),
    signature(&[JSONB, JSONB], returns::jsonb),
    signature(&[ANY_ARRAY, ANY_ARRAY], returns::first),
    signature(&[ANY_ARRAY, ANY_ELEMENT], returns::first),
    signature(&[ANY_ELEMENT, ANY_ARRAY], returns::second),
    signature(&[TEXT, ANY], returns::text),
    signature(&[ANY, TEXT], returns::text),
];

fn execute(call: &Call<'_>) -> Result<Value> {
    match call.return_type {
        LogicalType::Text => texts(call),
        LogicalType::Bytea => bytes(call),
        LogicalType::Jsonb => json::concatenate(call),
        LogicalType::Array(element) => arrays(call, element),
        other => Err(Error::Internal(format!("no concatenation to {other}"))),
    }
}

fn texts(call: &Call<'_>) -> Result<Value> {
    let as_text = |at: usize| -> Result<Value> {
        cast(
            call.argument(at)?,
            call.argument_type(at)?,
            &LogicalType::Text,
            true,
            call.statement,
        )
    };
    let (left, right) = (as_text(0)?, as_text(1)?);
    let (left, right) = (left.texts()?, right.texts()?);
    let mut made = Made::default();
    call.map_texts(|row, out| {
        out.push_str(left.value(row));
        out.push_str(right.value(row));
        made.add(Some(out.len()))
    })
}

fn bytes(call: &Call<'_>) -> Result<Value> {
    let (left, right) = (call.argument(0)?.bytes()?, call.argument(1)?.bytes()?);
    let mut made = Made::default();
    call.map_bytes(|row, out| {
        out.extend_from_slice(left.value(row));
        out.extend_from_slice(right.value(row));
        made.add(Some(out.len()))
    })
}

/// One side of an array concatenation: elements by place.
enum Side<'a> {
    Elements(crate::functions::kernel::Column<'a, ListArray>),
    Single { array: &'a ArrayRef, constant: bool },
}

impl<'a> Side<'a> {
    fn of(value: &'a Value, data_type: &LogicalType, element: &LogicalType) -> Result<Self> {
        let is_list = matches!(data_type, LogicalType::Array(inner) if **inner == *element);
        Ok(match is_list {
            true => Side::Elements(value.lists()?),
            false => Side::Single {
                array: value.array(),
                constant: value.is_constant(),
            },
        })
    }

    fn source(&self) -> &dyn Array {
        match self {
            Side::Elements(lists) => lists.array().values().as_ref(),
            Side::Single { array, .. } => array.as_ref(),
        }
    }

    /// A NULL array counts as none; a NULL element is one.
    fn is_absent(&self, row: usize) -> bool {
        match self {
            Side::Elements(lists) => lists.is_null(row),
            Side::Single { .. } => false,
        }
    }

    fn push(&self, row: usize, number: usize, places: &mut Vec<(usize, usize)>) {
        match self {
            Side::Elements(lists) if lists.is_null(row) => {}
            Side::Elements(lists) => {
                let at = lists.index(row);
                let offsets = lists.array().value_offsets();
                places.extend((offsets[at]..offsets[at + 1]).map(|place| (number, place as usize)));
            }
            Side::Single { constant, .. } => places.push((number, if *constant { 0 } else { row })),
        }
    }
}

fn arrays(call: &Call<'_>, element: &LogicalType) -> Result<Value> {
    let left = Side::of(call.argument(0)?, call.argument_type(0)?, element)?;
    let right = Side::of(call.argument(1)?, call.argument_type(1)?, element)?;
    let mut places = Vec::new();
    let mut lengths = Vec::with_capacity(call.row_count);
    let mut valid = Vec::with_capacity(call.row_count);
    for row in 0..call.row_count {
        let before = places.len();
        left.push(row, 0, &mut places);
        right.push(row, 1, &mut places);
        lengths.push(places.len() - before);
        valid.push(!(left.is_absent(row) && right.is_absent(row)));
    }
    let DataType::List(field) = crate::types::array_type(call.return_type) else {
        return Err(Error::Internal("an array is not a list".into()));
    };
    let values = match places.is_empty() {
        true => new_empty_array(field.data_type()),
        false => arrow_select::interleave::interleave(&[left.source(), right.source()], &places)?,
    };
    let offsets = OffsetBuffer::from_lengths(lengths);
    let nulls = NullBuffer::from(valid);
    let nulls = (nulls.null_count() > 0).then_some(nulls);
    Ok(Value::Array(Arc::new(ListArray::try_new(
        field, offsets, values, nulls,
    )?)))
}
