//! What goes wrong in arithmetic, in Postgres's words.

use crate::error::{Error, SqlState};
use crate::types::LogicalType;

/// `integer out of range` and kin.
pub(super) fn out_of_range(data_type: &LogicalType) -> Error {
    Error::user(
        SqlState::NUMERIC_VALUE_OUT_OF_RANGE,
        format!("{data_type} out of range"),
    )
}

/// `division by zero`
pub(in crate::functions::scalar) fn division_by_zero() -> Error {
    Error::user(SqlState::DIVISION_BY_ZERO, "division by zero")
}

/// A finite computation gives infinity.
pub(in crate::functions::scalar) fn overflow() -> Error {
    Error::user(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, "value out of range: overflow")
}

/// A computation gives zero that should not.
pub(in crate::functions::scalar) fn underflow() -> Error {
    Error::user(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, "value out of range: underflow")
}
