//! Where the user's types and the arrays that carry them meet; nowhere else.

mod literal;
pub(crate) mod stored_array;

use arrow_schema::{DataType, Field, IntervalUnit, TimeUnit};
pub use literal::{array_of, array_of_all, literal_at};
use std::sync::Arc;
pub use stoa_sql::literal::Literal;
pub use stoa_sql::types::LogicalType;

/// The largest precision of `numeric` that 64 bits hold.
pub const DECIMAL64_PRECISION_MAX: u8 = 18;

/// The plain array type that carries a logical type.
///
/// The catalog's numbers (`oid`, `regclass` ..) and `tid` are Int64; text-like types, `json`, `jsonb` and `jsonpath` are Utf8View; `timestamptz` is in
/// UTC; arrays are List; records are Struct.
pub fn array_type(data_type: &LogicalType) -> DataType {
    match data_type {
        LogicalType::Boolean => DataType::Boolean,
        LogicalType::SmallInt => DataType::Int16,
        LogicalType::Integer => DataType::Int32,
        LogicalType::BigInt
        | LogicalType::Tid
        | LogicalType::Oid
        | LogicalType::Regclass
        | LogicalType::Regtype
        | LogicalType::Regproc
        | LogicalType::Regnamespace => DataType::Int64,
        LogicalType::Real => DataType::Float32,
        LogicalType::Double => DataType::Float64,
        LogicalType::Numeric { precision, scale } if *precision <= DECIMAL64_PRECISION_MAX => {
            DataType::Decimal64(*precision, *scale as i8)
        }
        LogicalType::Numeric { precision, scale } => DataType::Decimal128(*precision, *scale as i8),
        LogicalType::Text
        | LogicalType::Varchar(_)
        | LogicalType::Char(_)
        | LogicalType::Name
        | LogicalType::SingleChar
        | LogicalType::Json
        | LogicalType::Jsonb
        | LogicalType::Jsonpath
        | LogicalType::Unknown => DataType::Utf8View,
        LogicalType::Date => DataType::Date32,
        LogicalType::Time => DataType::Time64(TimeUnit::Microsecond),
        LogicalType::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
        LogicalType::TimestampTz => DataType::Timestamp(TimeUnit::Microsecond, Some(Arc::from("UTC"))),
        LogicalType::Interval => DataType::Interval(IntervalUnit::MonthDayNano),
        LogicalType::Uuid => DataType::FixedSizeBinary(16),
        LogicalType::Bytea => DataType::BinaryView,
        LogicalType::Int2Vector => list_of(&LogicalType::SmallInt),
        LogicalType::OidVector => list_of(&LogicalType::Oid),
        LogicalType::Array(element) => list_of(element),
        LogicalType::Record(fields) => DataType::Struct(
            fields
                .iter()
                .map(|(name, field)| Field::new(name, array_type(field), true))
                .collect(),
        ),
        LogicalType::Void => DataType::Null,
    }
}

/// The array type that storage keeps a column of a logical type in: as [`array_type`], but arrays are bytes (see [`stored_array`]).
pub(crate) fn stored_type(data_type: &LogicalType) -> DataType {
    match data_type {
        LogicalType::Array(_) => DataType::BinaryView,
        data_type => array_type(data_type),
    }
}

fn list_of(element: &LogicalType) -> DataType {
    DataType::List(Arc::new(Field::new("item", array_type(element), true)))
}
