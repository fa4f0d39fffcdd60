//! Postgres's binary form of every type, out (`write`) and in (`read`).

mod array;
pub(crate) mod read;
mod write;

use super::FormatSettings;
use crate::error::Result;
use crate::types::{Literal, LogicalType};
use arrow_array::ArrayRef;

pub use array::type_oid;

/// Appends a value of a plain array, which must not be NULL, without its length.
pub fn write_value(
    array: &ArrayRef,
    row: usize,
    data_type: &LogicalType,
    settings: &FormatSettings,
    out: &mut Vec<u8>,
) {
    write::write_value(array, row, data_type, settings, out);
}

/// Reads one value.
///
/// # Errors
/// 22P03 where the bytes do not have the type's form.
pub fn parse_value(bytes: &[u8], data_type: &LogicalType, settings: &FormatSettings) -> Result<Literal> {
    read::read_value(bytes, data_type, settings)
}

#[cfg(test)]
#[path = "binary_test.rs"]
mod tests;
