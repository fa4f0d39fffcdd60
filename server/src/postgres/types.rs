//! The numbers Postgres gives to types: one row per type, with its array's number and its size. Only builtin numbers, so that no
//! client has to ask the catalog what a result is.

use stoa_engine::types::LogicalType;

/// A type as RowDescription tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WireType {
    /// Its number in `pg_type`.
    pub oid: u32,
    /// Bytes of a value, negative where they vary.
    pub size: i16,
    /// Length, or precision and scale, as Postgres packs them; -1 without.
    pub modifier: i32,
}

struct Row {
    data_type: LogicalType,
    oid: u32,
    array_oid: u32,
    size: i16,
}

const fn row(data_type: LogicalType, oid: u32, array_oid: u32, size: i16) -> Row {
    Row {
        data_type,
        oid,
        array_oid,
        size,
    }
}

static TYPES: [Row; 32] = [
    row(LogicalType::Boolean, 16, 1000, 1),
    row(LogicalType::Bytea, 17, 1001, -1),
    row(LogicalType::SingleChar, 18, 1002, 1),
    row(LogicalType::Name, 19, 1003, 64),
    row(LogicalType::BigInt, 20, 1016, 8),
    row(LogicalType::SmallInt, 21, 1005, 2),
    row(LogicalType::Int2Vector, 22, 1006, -1),
    row(LogicalType::Integer, 23, 1007, 4),
    row(LogicalType::Regproc, 24, 1008, 4),
    row(LogicalType::Text, 25, 1009, -1),
    row(LogicalType::Oid, 26, 1028, 4),
    row(LogicalType::Tid, 27, 1010, 6),
    row(LogicalType::OidVector, 30, 1013, -1),
    row(LogicalType::Json, 114, 199, -1),
    row(LogicalType::Real, 700, 1021, 4),
    row(LogicalType::Double, 701, 1022, 8),
    row(LogicalType::Char(1), 1042, 1014, -1),
    row(LogicalType::Varchar(None), 1043, 1015, -1),
    row(LogicalType::Date, 1082, 1182, 4),
    row(LogicalType::Time, 1083, 1183, 8),
    row(LogicalType::Timestamp, 1114, 1115, 8),
    row(LogicalType::TimestampTz, 1184, 1185, 8),
    row(LogicalType::Interval, 1186, 1187, 16),
    row(LogicalType::NUMERIC, 1700, 1231, -1),
    row(LogicalType::Regclass, 2205, 2210, 4),
    row(LogicalType::Regtype, 2206, 2211, 4),
    row(LogicalType::Record(Vec::new()), 2249, 2287, -1),
    row(LogicalType::Void, 2278, 0, 4),
    row(LogicalType::Uuid, 2950, 2951, 16),
    row(LogicalType::Jsonb, 3802, 3807, -1),
    row(LogicalType::Jsonpath, 4072, 4073, -1),
    row(LogicalType::Regnamespace, 4089, 4090, 4),
];

const TEXT_OID: u32 = 25;
const TEXT_ARRAY_OID: u32 = 1009;
const UNKNOWN_OID: u32 = 705;
/// `char` without a length, as a parameter: any length.
const BPCHAR_OID: u32 = 1042;

/// How a type is told to a client. An `unknown` that was never decided is `text`, as in Postgres.
pub fn wire_type(data_type: &LogicalType) -> WireType {
    if let LogicalType::Array(element) = data_type {
        let mut element = element;
        // Further dimensions are of the same type.
        while let LogicalType::Array(inner) = &**element {
            element = inner;
        }
        return WireType {
            oid: find(element).map_or(TEXT_ARRAY_OID, |row| row.array_oid),
            size: -1,
            modifier: modifier(element),
        };
    }
    let (oid, size) = find(data_type).map_or((TEXT_OID, -1), |row| (row.oid, row.size));
    WireType {
        oid,
        size,
        modifier: modifier(data_type),
    }
}

/// The type a client means by a number; `None` for 0, `unknown`, and numbers Stoa has no type for.
pub fn logical_type(oid: u32) -> Option<LogicalType> {
    if oid == 0 || oid == UNKNOWN_OID {
        return None;
    }
    if oid == BPCHAR_OID {
        return Some(LogicalType::Varchar(None));
    }
    TYPES.iter().find_map(|row| {
        if row.oid == oid {
            Some(row.data_type.clone())
        } else if row.array_oid == oid {
            Some(LogicalType::Array(Box::new(row.data_type.clone())))
        } else {
            None
        }
    })
}

/// Whether a number stands for no type at all (0 or `unknown`), or for one that [`logical_type`] knows.
pub fn is_supported(oid: u32) -> bool {
    oid == 0 || oid == UNKNOWN_OID || logical_type(oid).is_some()
}

fn find(data_type: &LogicalType) -> Option<&'static Row> {
    TYPES.iter().find(|row| row.data_type.kind() == data_type.kind())
}

fn modifier(data_type: &LogicalType) -> i32 {
    match data_type {
        numeric if *numeric == LogicalType::NUMERIC => -1,
        LogicalType::Numeric { precision, scale } => ((i32::from(*precision) << 16) | i32::from(*scale)) + 4,
        LogicalType::Varchar(Some(length)) | LogicalType::Char(length) => {
            i32::try_from(*length).map_or(-1, |length| length.saturating_add(4))
        }
        _ => -1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_comes_back_from_its_number() {
        for row in &TYPES {
            let wire = wire_type(&row.data_type);
            assert_eq!((wire.oid, wire.size), (row.oid, row.size));
            if row.oid != BPCHAR_OID {
                assert_eq!(logical_type(row.oid).unwrap().kind(), row.data_type.kind());
            }
            if row.array_oid != 0 {
                let array = LogicalType::Array(Box::new(row.data_type.clone()));
                assert_eq!(wire_type(&array).oid, row.array_oid);
                assert_eq!(logical_type(row.array_oid), Some(array));
            }
        }
    }

    #[test]
    fn numbers_are_told_apart() {
        let mut numbers: Vec<u32> = TYPES
            .iter()
            .flat_map(|row| [row.oid, row.array_oid])
            .filter(|oid| *oid != 0)
            .collect();
        let count = numbers.len();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), count);
        assert_eq!(logical_type(0), None);
        assert_eq!(logical_type(705), None);
        assert!(!is_supported(600), "point is not there");
    }

    #[test]
    fn modifiers_are_packed_as_postgres_does() {
        let numeric = LogicalType::Numeric {
            precision: 12,
            scale: 2,
        };
        assert_eq!(wire_type(&numeric).modifier, (12 << 16 | 2) + 4);
        assert_eq!(wire_type(&LogicalType::NUMERIC).modifier, -1);
        assert_eq!(wire_type(&LogicalType::Varchar(Some(10))).modifier, 14);
        assert_eq!(wire_type(&LogicalType::Unknown).oid, 25);
    }
}
