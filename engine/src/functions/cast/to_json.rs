//! Casts to `json` and `jsonb`, and from `jsonb` to truth values and numbers.

use super::Cast;
use super::decimal::{fits, overflow, unscaled_of};
use crate::error::{Error, Result, SqlState};
use crate::types::{LogicalType, array_type};
use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef, BooleanArray, PrimitiveArray, StringViewArray};
use arrow_schema::DataType;
use std::sync::Arc;

pub(super) fn cast(cast: &Cast<'_>, array: &ArrayRef) -> Result<ArrayRef> {
    match (cast.from, cast.to) {
        (LogicalType::Jsonb, LogicalType::Json) => Ok(array.clone()),
        (LogicalType::Json, LogicalType::Jsonb) => cast.read_texts(array),
        _ => cast.parsed(array),
    }
}

fn texts<'a>(cast: &Cast<'_>, array: &'a ArrayRef) -> Result<&'a StringViewArray> {
    array.as_string_view_opt().ok_or_else(|| cast.missing())
}

/// That a jsonb value is of another sort than the target's.
fn wrong_sort(cast: &Cast<'_>, text: &str) -> Error {
    let sort = match text.trim_start().bytes().next() {
        Some(b'"') => "string",
        Some(b'{') => "object",
        Some(b'[') => "array",
        Some(b't' | b'f') => "boolean",
        Some(b'n') => "null",
        _ => "numeric",
    };
    let target = match cast.to {
        LogicalType::Numeric { .. } => "numeric".to_owned(),
        other => other.to_string(),
    };
    Error::user(
        SqlState::INVALID_PARAMETER_VALUE,
        format!("cannot cast jsonb {sort} to type {target}"),
    )
}

pub(super) fn booleans(cast: &Cast<'_>, array: &ArrayRef) -> Result<ArrayRef> {
    let values = texts(cast, array)?.iter().map(|text| match text {
        None => Ok(None),
        Some("true") => Ok(Some(true)),
        Some("false") => Ok(Some(false)),
        Some(text) => Err(wrong_sort(cast, text)),
    });
    Ok(Arc::new(values.collect::<Result<BooleanArray>>()?))
}

/// The text of a number; anything else is refused.
fn number<'t>(cast: &Cast<'_>, text: &'t str) -> Result<&'t str> {
    match text.bytes().next() {
        Some(b'-' | b'0'..=b'9') => Ok(text),
        _ => Err(wrong_sort(cast, text)),
    }
}

pub(super) fn integers<T>(cast: &Cast<'_>, array: &ArrayRef) -> Result<ArrayRef>
where
    T: ArrowPrimitiveType,
    T::Native: TryFrom<i128>,
{
    let values = texts(cast, array)?.iter().map(|text| {
        let Some(text) = text else { return Ok(None) };
        let whole = unscaled_of(number(cast, text)?, 0);
        let value = whole.and_then(|value| T::Native::try_from(value).ok());
        value.map(Some).ok_or_else(|| super::out_of_range(cast.to))
    });
    let values: Vec<Option<T::Native>> = values.collect::<Result<_>>()?;
    Ok(Arc::new(values.into_iter().collect::<PrimitiveArray<T>>()))
}

pub(super) fn floats(cast: &Cast<'_>, array: &ArrayRef) -> Result<ArrayRef> {
    let values = texts(cast, array)?.iter().map(|text| {
        let Some(text) = text else { return Ok(None) };
        let value: f64 = number(cast, text)?.parse().unwrap_or(f64::NAN);
        match value.is_finite() {
            true => Ok(Some(value)),
            false => Err(Error::user(
                SqlState::NUMERIC_VALUE_OUT_OF_RANGE,
                format!("\"{text}\" is out of range for type {}", cast.to),
            )),
        }
    });
    let values: Vec<Option<f64>> = values.collect::<Result<_>>()?;
    if *cast.to == LogicalType::Real {
        let values = values.into_iter().map(|value| value.map(|value| value as f32));
        return Ok(Arc::new(values.collect::<PrimitiveArray<Float32Type>>()));
    }
    Ok(Arc::new(values.into_iter().collect::<PrimitiveArray<Float64Type>>()))
}

pub(super) fn numerics(cast: &Cast<'_>, array: &ArrayRef, precision: u8, scale: u8) -> Result<ArrayRef> {
    let values = texts(cast, array)?.iter().map(|text| {
        let Some(text) = text else { return Ok(None) };
        let value = unscaled_of(number(cast, text)?, scale).filter(|value| fits(*value, precision));
        value.map(Some).ok_or_else(|| overflow(precision, scale))
    });
    let values: Vec<Option<i128>> = values.collect::<Result<_>>()?;
    let target = array_type(cast.to);
    if matches!(target, DataType::Decimal64(_, _)) {
        let values = values.into_iter().map(|value| value.map(|value| value as i64));
        let answer = values.collect::<PrimitiveArray<Decimal64Type>>();
        return Ok(Arc::new(answer.with_data_type(target)));
    }
    let answer = values.into_iter().collect::<PrimitiveArray<Decimal128Type>>();
    debug_assert_eq!(answer.len(), array.len());
    Ok(Arc::new(answer.with_data_type(target)))
}
