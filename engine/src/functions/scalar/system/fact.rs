//! Functions that hand on what the session knows, row by row.

use crate::error::Result;
use crate::functions::{Call, Value};
use arrow_array::PrimitiveArray;
use arrow_array::builder::{BooleanBuilder, PrimitiveBuilder};
use arrow_array::types::Int64Type;
use std::sync::Arc;

impl Call<'_> {
    /// A fact of the session.
    pub(super) fn fact(&self, kind: &str, key: &str) -> Option<String> {
        self.statement.session.fact(kind, key)
    }
}

/// The first argument's oids as keys.
pub(super) fn oid_keys<'a>(call: &'a Call<'_>) -> Result<impl Fn(usize) -> String + 'a> {
    let oids = call.primitives::<Int64Type>(0)?;
    Ok(move |row: usize| oids.value(row).to_string())
}

/// Texts or NULLs for the rows without NULL arguments.
pub(super) fn texts(call: &Call<'_>, answer: impl Fn(usize) -> Option<String>) -> Result<Value> {
    call.map_texts_or_null(|row, out| {
        let text = answer(row);
        out.push_str(text.as_deref().unwrap_or(""));
        Ok(text.is_some())
    })
}

/// Whole numbers of 64 bits (or of an oid's type) or NULLs for the rows without NULL arguments.
pub(super) fn numbers(call: &Call<'_>, answer: impl Fn(usize) -> Result<Option<i64>>) -> Result<Value> {
    let nulls = call.nulls();
    let mut builder = PrimitiveBuilder::<Int64Type>::with_capacity(call.row_count);
    for row in 0..call.row_count {
        let valid = nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
        builder.append_option(if valid { answer(row)? } else { None });
    }
    let array: PrimitiveArray<Int64Type> = builder.finish();
    Ok(Value::Array(Arc::new(array)))
}

/// Truth values or NULLs for the rows without NULL arguments.
pub(super) fn truths(call: &Call<'_>, answer: impl Fn(usize) -> Result<Option<bool>>) -> Result<Value> {
    let nulls = call.nulls();
    let mut builder = BooleanBuilder::with_capacity(call.row_count);
    for row in 0..call.row_count {
        let valid = nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
        builder.append_option(if valid { answer(row)? } else { None });
    }
    Ok(Value::Array(Arc::new(builder.finish())))
}

/// A fact that is a number.
pub(super) fn number(fact: Option<String>) -> Option<i64> {
    fact?.parse().ok()
}
