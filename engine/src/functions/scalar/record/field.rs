//! `record_field(record, place)`, which `(record).field` means

use crate::error::{Error, Result, SqlState};
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, make_array};
use arrow_buffer::NullBuffer;

pub(super) static RECORD_FIELD: ScalarFunction = ScalarFunction {
    info: || {
        immutable(
            "record_field",
            const { &[signature(&[RECORD, INTEGER], returns::text)] },
        )
    },
    documentation: documentation(
        "record",
        "The field at a constant place, from 1. What (record).name calls.",
        "(row(1, 'a')).f2",
        "a",
    ),
    execute,
};

fn execute(call: &Call<'_>) -> Result<Value> {
    let (records, places) = (call.argument(0)?, call.primitives::<Int32Type>(1)?);
    let place = match call.row_count {
        0 => 1,
        _ => places.value(0),
    };
    let record = records
        .array()
        .as_struct_opt()
        .ok_or_else(|| Error::Internal("a record is no record".into()))?;
    let field = usize::try_from(place)
        .ok()
        .and_then(|place| record.columns().get(place.checked_sub(1)?));
    let field = field.ok_or_else(|| {
        Error::user(
            SqlState::UNDEFINED_COLUMN,
            format!("a record of {} fields has no field {place}", record.num_columns()),
        )
    })?;
    let field = without(field, record.nulls())?;
    Ok(match records {
        Value::Constant(_) => Value::Constant(field),
        Value::Array(_) => Value::Array(field),
    })
}

/// The field, NULL wherever the record is.
fn without(field: &ArrayRef, nulls: Option<&NullBuffer>) -> Result<ArrayRef> {
    if nulls.is_none_or(|nulls| nulls.null_count() == 0) {
        return Ok(field.clone());
    }
    let nulls = NullBuffer::union(field.nulls(), nulls);
    Ok(make_array(field.to_data().into_builder().nulls(nulls).build()?))
}
