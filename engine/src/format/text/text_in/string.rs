//! Text-like types in: UTF-8 without zero bytes, no longer than the type allows.

use super::error;
use crate::error::Result;
use crate::types::LogicalType;

/// Bytes of a `name`.
const NAME_BYTES_MAX: usize = 63;

/// The text as text.
#[inline]
pub(crate) fn parse_utf8(text: &[u8]) -> Result<&str> {
    match std::str::from_utf8(text) {
        Ok(valid) if memchr::memchr(0, text).is_none() => Ok(valid),
        _ => Err(error::invalid_utf8(text)),
    }
}

/// What of a text a type keeps.
///
/// # Errors
/// 22001 where more than blanks would be lost.
#[inline]
pub(crate) fn fit<'a>(text: &'a str, data_type: &LogicalType) -> Result<&'a str> {
    match data_type {
        LogicalType::Varchar(Some(length)) => within(text, *length as usize, "character varying"),
        LogicalType::Char(length) => Ok(within(text, *length as usize, "character")?.trim_end_matches(' ')),
        LogicalType::Name if text.len() > NAME_BYTES_MAX => Ok(&text[..text.floor_char_boundary(NAME_BYTES_MAX)]),
        LogicalType::SingleChar => Ok(text.char_indices().nth(1).map_or(text, |(end, _)| &text[..end])),
        _ => Ok(text),
    }
}

fn within<'a>(text: &'a str, length: usize, type_name: &str) -> Result<&'a str> {
    if text.len() <= length {
        return Ok(text);
    }
    let Some((end, _)) = text.char_indices().nth(length) else {
        return Ok(text);
    };
    match text[end..].bytes().all(|byte| byte == b' ') {
        true => Ok(&text[..end]),
        false => Err(error::too_long(type_name, length)),
    }
}
