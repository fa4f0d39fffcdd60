//! The currency: Arrow arrays of equal length with an optional selection of rows.
//!
//! Plain columns are Boolean, Int16/32/64, Float32/64, Decimal64 (precision up to 18), Decimal128, Utf8View, BinaryView, Date32,
//! Time64(Microsecond), Timestamp(Microsecond, None or "UTC"), Interval(MonthDayNano), FixedSizeBinary(16). A scan may
//! hand on a column still encoded, in exactly two forms: `Dictionary(UInt32, plain)` and `RunEndEncoded(Int32, plain)` (a
//! constant is one run). NULLs of an encoded column sit in its values as well as in its codes: ask `logical_nulls`.

mod batch;
pub mod filter;
pub(crate) mod key;
mod key_set;
pub mod multiversion;
mod selection;

pub use batch::{Batch, constant_of, flatten};
pub use key_set::KeySet;
pub use selection::Selection;

use arrow_schema::{DataType, IntervalUnit, TimeUnit};

/// Whether a column of a table may have this type.
pub fn is_stored_type(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Boolean
            | DataType::Int16
            | DataType::Int32
            | DataType::Int64
            | DataType::Float32
            | DataType::Float64
            | DataType::Decimal64(_, _)
            | DataType::Decimal128(_, _)
            | DataType::Utf8View
            | DataType::BinaryView
            | DataType::Date32
            | DataType::Time64(TimeUnit::Microsecond)
            | DataType::Timestamp(TimeUnit::Microsecond, _)
            | DataType::Interval(IntervalUnit::MonthDayNano)
            | DataType::FixedSizeBinary(16)
    )
}

/// The plain type of a column that may be encoded.
pub fn plain_type(data_type: &DataType) -> &DataType {
    match data_type {
        DataType::Dictionary(_, values) => values,
        DataType::RunEndEncoded(_, values) => values.data_type(),
        _ => data_type,
    }
}
