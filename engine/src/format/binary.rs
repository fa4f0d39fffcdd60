//! Postgres's binary form of every type, out (`write`, with `numeric` and `composite`) and in (`read`).

mod array;
mod composite;
mod numeric;
pub(crate) mod read;
mod write;

use super::FormatSettings;
use crate::error::Result;
use crate::types::{Literal, LogicalType};

pub use array::type_oid;
pub(super) use write::ColumnWriter;

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
