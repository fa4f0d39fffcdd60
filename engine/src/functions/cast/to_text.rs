//! Casts to `text`, `varchar(n)`, `char(n)`, `name` and `"char"`.

use super::Cast;
use super::to_object::name_of;
use crate::error::{Error, Result, SqlState};
use crate::types::LogicalType;
use arrow_array::builder::StringViewBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, StringViewArray};
use std::sync::Arc;

/// The longest `name`, as in Postgres.
const NAME_BYTES_MAX: usize = 63;

pub(super) fn cast(cast: &Cast<'_>, array: &ArrayRef) -> Result<ArrayRef> {
    let texts = texts(cast, array)?;
    limit(cast, &texts)
}

/// The values as text, of any length.
fn texts(cast: &Cast<'_>, array: &ArrayRef) -> Result<ArrayRef> {
    match cast.from {
        LogicalType::Boolean => {
            let words = array.as_boolean().iter();
            let words = words.map(|value| value.map(|value| if value { "true" } else { "false" }));
            Ok(Arc::new(words.collect::<StringViewArray>()))
        }
        LogicalType::Regclass | LogicalType::Regtype | LogicalType::Regproc | LogicalType::Regnamespace => {
            let names = array.as_primitive::<Int64Type>().iter();
            let names = names.map(|oid| oid.map(|oid| name_of(cast.from, oid, cast.statement)));
            Ok(Arc::new(names.collect::<StringViewArray>()))
        }
        LogicalType::Void => Err(cast.missing()),
        // Text-like types, json and jsonb are kept as their text.
        _ if array.as_string_view_opt().is_some() => Ok(array.clone()),
        _ => {
            let mut builder = StringViewBuilder::with_capacity(array.len());
            cast.write(array, |_, text| {
                builder.append_option(text);
                Ok(())
            })?;
            Ok(Arc::new(builder.finish()))
        }
    }
}

/// Cuts, or refuses, what is longer than the target type allows.
fn limit(cast: &Cast<'_>, texts: &ArrayRef) -> Result<ArrayRef> {
    match cast.to {
        LogicalType::Varchar(Some(length)) => limit_each(texts, |text| limited(text, *length as usize, cast)),
        LogicalType::Char(length) => limit_each(texts, |text| {
            limited(text, *length as usize, cast).map(|text| text.trim_end_matches(' '))
        }),
        LogicalType::Name => limit_each(texts, |text| Ok(&text[..text.floor_char_boundary(NAME_BYTES_MAX)])),
        LogicalType::SingleChar => limit_each(texts, |text| Ok(characters(text, 1))),
        _ => Ok(texts.clone()),
    }
}

fn limit_each(texts: &ArrayRef, limit: impl Fn(&str) -> Result<&str>) -> Result<ArrayRef> {
    let texts_view = texts.as_string_view();
    let mut changed = false;
    let mut limited = Vec::with_capacity(texts.len());
    for text in texts_view {
        let short = text.map(&limit).transpose()?;
        changed |= short.map(str::len) != text.map(str::len);
        limited.push(short);
    }
    if !changed {
        return Ok(texts.clone());
    }
    Ok(Arc::new(limited.into_iter().collect::<StringViewArray>()))
}

/// The first characters.
fn characters(text: &str, count: usize) -> &str {
    if text.len() <= count {
        return text;
    }
    match text.char_indices().nth(count) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

/// At most so many characters: a written cast cuts, otherwise only blanks may be cut.
fn limited<'t>(text: &'t str, length: usize, cast: &Cast<'_>) -> Result<&'t str> {
    let kept = characters(text, length);
    let rest = &text[kept.len()..];
    if cast.explicit || rest.bytes().all(|byte| byte == b' ') {
        return Ok(kept);
    }
    Err(Error::user(
        SqlState::STRING_DATA_RIGHT_TRUNCATION,
        format!("value too long for type {}", cast.to),
    ))
}
