//! Postgres's binary form of every type, out and in.

use super::FormatSettings;
use crate::error::{Error, Result};
use crate::types::{Literal, LogicalType};
use arrow_array::ArrayRef;

/// Appends a value of a plain array, which must not be NULL, without its length.
pub fn write_value(
    array: &ArrayRef,
    row: usize,
    data_type: &LogicalType,
    settings: &FormatSettings,
    out: &mut Vec<u8>,
) {
    let _ = (array, row, data_type, settings, out);
}

/// Reads one value.
///
/// # Errors
/// 22P03 where the bytes do not have the type's form.
pub fn parse_value(bytes: &[u8], data_type: &LogicalType, settings: &FormatSettings) -> Result<Literal> {
    let _ = (bytes, data_type, settings);
    Err(Error::Internal("binary input is not there yet".into()))
}
