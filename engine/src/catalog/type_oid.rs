//! The numbers that Postgres gives to types: what `pg_type` lists and clients know by heart.

use stoa_sql::types::LogicalType;

/// A type of `pg_type`.
#[derive(Clone, Debug)]
pub(crate) struct TypeEntry {
    /// The type; its parameters are an example only.
    pub(crate) data_type: LogicalType,
    /// `pg_type.typname`.
    pub(crate) name: &'static str,
    /// Its number.
    pub(crate) oid: u32,
    /// The number of its array type; 0 where there is none.
    pub(crate) array_oid: u32,
    /// `typlen`: bytes of a value, negative where they vary.
    pub(crate) length: i16,
    /// `typcategory`.
    pub(crate) category: char,
    /// `typispreferred`.
    pub(crate) is_preferred: bool,
}

const fn entry(
    data_type: LogicalType,
    name: &'static str,
    oid: u32,
    array_oid: u32,
    length: i16,
    category: char,
) -> TypeEntry {
    let is_preferred = matches!(oid, 16 | 25 | 26 | 701 | 1184 | 1186);
    TypeEntry {
        data_type,
        name,
        oid,
        array_oid,
        length,
        category,
        is_preferred,
    }
}

/// All types.
pub(crate) static TYPES: [TypeEntry; 33] = [
    entry(LogicalType::Boolean, "bool", 16, 1000, 1, 'B'),
    entry(LogicalType::Bytea, "bytea", 17, 1001, -1, 'U'),
    entry(LogicalType::SingleChar, "char", 18, 1002, 1, 'Z'),
    entry(LogicalType::Name, "name", 19, 1003, 64, 'S'),
    entry(LogicalType::BigInt, "int8", 20, 1016, 8, 'N'),
    entry(LogicalType::SmallInt, "int2", 21, 1005, 2, 'N'),
    entry(LogicalType::Int2Vector, "int2vector", 22, 1006, -1, 'A'),
    entry(LogicalType::Integer, "int4", 23, 1007, 4, 'N'),
    entry(LogicalType::Regproc, "regproc", 24, 1008, 4, 'N'),
    entry(LogicalType::Text, "text", 25, 1009, -1, 'S'),
    entry(LogicalType::Oid, "oid", 26, 1028, 4, 'N'),
    entry(LogicalType::Tid, "tid", 27, 1010, 6, 'U'),
    entry(LogicalType::OidVector, "oidvector", 30, 1013, -1, 'A'),
    entry(LogicalType::Json, "json", 114, 199, -1, 'U'),
    entry(LogicalType::Real, "float4", 700, 1021, 4, 'N'),
    entry(LogicalType::Double, "float8", 701, 1022, 8, 'N'),
    entry(LogicalType::Unknown, "unknown", 705, 0, -2, 'X'),
    entry(LogicalType::Char(1), "bpchar", 1042, 1014, -1, 'S'),
    entry(LogicalType::Varchar(None), "varchar", 1043, 1015, -1, 'S'),
    entry(LogicalType::Date, "date", 1082, 1182, 4, 'D'),
    entry(LogicalType::Time, "time", 1083, 1183, 8, 'D'),
    entry(LogicalType::Timestamp, "timestamp", 1114, 1115, 8, 'D'),
    entry(LogicalType::TimestampTz, "timestamptz", 1184, 1185, 8, 'D'),
    entry(LogicalType::Interval, "interval", 1186, 1187, 16, 'T'),
    entry(LogicalType::NUMERIC, "numeric", 1700, 1231, -1, 'N'),
    entry(LogicalType::Regclass, "regclass", 2205, 2210, 4, 'N'),
    entry(LogicalType::Regtype, "regtype", 2206, 2211, 4, 'N'),
    entry(LogicalType::Record(Vec::new()), "record", 2249, 2287, -1, 'P'),
    entry(LogicalType::Void, "void", 2278, 0, 4, 'P'),
    entry(LogicalType::Uuid, "uuid", 2950, 2951, 16, 'U'),
    entry(LogicalType::Jsonb, "jsonb", 3802, 3807, -1, 'U'),
    entry(LogicalType::Jsonpath, "jsonpath", 4072, 4073, -1, 'U'),
    entry(LogicalType::Regnamespace, "regnamespace", 4089, 4090, 4, 'N'),
];

/// The entry of a type; arrays have that of their element, whatever their dimensions.
pub(crate) fn entry_of(data_type: &LogicalType) -> Option<&'static TypeEntry> {
    let mut data_type = data_type;
    while let LogicalType::Array(element) = data_type {
        data_type = element;
    }
    TYPES.iter().find(|entry| entry.data_type.kind() == data_type.kind())
}

/// A type's number; 0 where it has none.
pub(crate) fn type_oid(data_type: &LogicalType) -> u32 {
    let is_array = matches!(data_type, LogicalType::Array(_));
    entry_of(data_type).map_or(0, |entry| if is_array { entry.array_oid } else { entry.oid })
}

/// The type of a number.
pub(crate) fn type_of_oid(oid: u32) -> Option<LogicalType> {
    TYPES.iter().find_map(|entry| match oid {
        0 => None,
        oid if oid == entry.oid => Some(entry.data_type.clone()),
        oid if oid == entry.array_oid => Some(LogicalType::Array(Box::new(entry.data_type.clone()))),
        _ => None,
    })
}

/// `atttypmod`: length, or precision and scale, as Postgres packs them; -1 without.
pub(crate) fn type_modifier(data_type: &LogicalType) -> i32 {
    match data_type {
        numeric if *numeric == LogicalType::NUMERIC => -1,
        LogicalType::Numeric { precision, scale } => ((i32::from(*precision) << 16) | i32::from(*scale)) + 4,
        LogicalType::Varchar(Some(length)) | LogicalType::Char(length) => {
            i32::try_from(*length).map_or(-1, |length| length.saturating_add(4))
        }
        LogicalType::Array(element) => type_modifier(element),
        _ => -1,
    }
}

/// `attndims` of a type.
pub(crate) fn dimensions(data_type: &LogicalType) -> i64 {
    match data_type {
        LogicalType::Array(element) => 1 + dimensions(element),
        _ => 0,
    }
}

/// `typlen` of a type.
pub(crate) fn type_length(data_type: &LogicalType) -> i16 {
    match data_type {
        LogicalType::Array(_) => -1,
        other => entry_of(other).map_or(-1, |entry| entry.length),
    }
}
