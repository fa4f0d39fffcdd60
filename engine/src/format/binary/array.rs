//! Type numbers as they stand in binary arrays and records.

use crate::types::LogicalType;

/// Postgres's number of a type.
pub fn type_oid(data_type: &LogicalType) -> u32 {
    match data_type {
        LogicalType::Unknown => 705,
        LogicalType::Boolean => 16,
        LogicalType::SmallInt => 21,
        LogicalType::Integer => 23,
        LogicalType::BigInt => 20,
        LogicalType::Real => 700,
        LogicalType::Double => 701,
        LogicalType::Numeric { .. } => 1700,
        LogicalType::Text => 25,
        LogicalType::Varchar(_) => 1043,
        LogicalType::Char(_) => 1042,
        LogicalType::Date => 1082,
        LogicalType::Time => 1083,
        LogicalType::Timestamp => 1114,
        LogicalType::TimestampTz => 1184,
        LogicalType::Interval => 1186,
        LogicalType::Uuid => 2950,
        LogicalType::Json => 114,
        LogicalType::Jsonb => 3802,
        LogicalType::Bytea => 17,
        LogicalType::Oid => 26,
        LogicalType::Name => 19,
        LogicalType::SingleChar => 18,
        LogicalType::Regclass => 2205,
        LogicalType::Regtype => 2206,
        LogicalType::Regproc => 24,
        LogicalType::Regnamespace => 4089,
        LogicalType::Int2Vector => 22,
        LogicalType::OidVector => 30,
        LogicalType::Array(element) => array_oid(element),
        LogicalType::Record(_) => 2249,
        LogicalType::Void => 2278,
    }
}

/// Postgres's number of an array's type; that of an array of arrays is that of its innermost elements.
fn array_oid(element: &LogicalType) -> u32 {
    match element {
        LogicalType::Unknown | LogicalType::Text => 1009,
        LogicalType::Boolean => 1000,
        LogicalType::SmallInt => 1005,
        LogicalType::Integer => 1007,
        LogicalType::BigInt => 1016,
        LogicalType::Real => 1021,
        LogicalType::Double => 1022,
        LogicalType::Numeric { .. } => 1231,
        LogicalType::Varchar(_) => 1015,
        LogicalType::Char(_) => 1014,
        LogicalType::Date => 1182,
        LogicalType::Time => 1183,
        LogicalType::Timestamp => 1115,
        LogicalType::TimestampTz => 1185,
        LogicalType::Interval => 1187,
        LogicalType::Uuid => 2951,
        LogicalType::Json => 199,
        LogicalType::Jsonb => 3807,
        LogicalType::Bytea => 1001,
        LogicalType::Oid => 1028,
        LogicalType::Name => 1003,
        LogicalType::SingleChar => 1002,
        LogicalType::Regclass => 2210,
        LogicalType::Regtype => 2211,
        LogicalType::Regproc => 1008,
        LogicalType::Regnamespace => 4090,
        LogicalType::Int2Vector => 1006,
        LogicalType::OidVector => 1013,
        LogicalType::Array(element) => array_oid(element),
        LogicalType::Record(_) => 2287,
        LogicalType::Void => 0,
    }
}
