//! The one type of several: both sides of a comparison, branches of CASE, columns of UNION.

use crate::types::{LogicalType, NUMERIC_PRECISION_MAX, TypeKind};

/// Postgres's categories, as far as implicit conversions look at them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Category {
    Unknown,
    Boolean,
    Number,
    String,
    DateTime,
    Interval,
    Array,
    /// A type of its own: only itself.
    Other(TypeKind),
}

/// The category of a type.
pub(super) fn category(kind: TypeKind) -> Category {
    match kind {
        TypeKind::Unknown => Category::Unknown,
        TypeKind::Boolean => Category::Boolean,
        TypeKind::SmallInt
        | TypeKind::Integer
        | TypeKind::BigInt
        | TypeKind::Real
        | TypeKind::Double
        | TypeKind::Numeric
        | TypeKind::Oid
        | TypeKind::Regclass
        | TypeKind::Regtype
        | TypeKind::Regproc
        | TypeKind::Regnamespace => Category::Number,
        TypeKind::Text | TypeKind::Varchar | TypeKind::Char | TypeKind::Name | TypeKind::SingleChar => Category::String,
        TypeKind::Date | TypeKind::Timestamp | TypeKind::TimestampTz => Category::DateTime,
        TypeKind::Time | TypeKind::Interval => Category::Interval,
        TypeKind::Array | TypeKind::Int2Vector | TypeKind::OidVector => Category::Array,
        TypeKind::Uuid
        | TypeKind::Tid
        | TypeKind::Json
        | TypeKind::Jsonb
        | TypeKind::Jsonpath
        | TypeKind::Bytea
        | TypeKind::Record
        | TypeKind::Void => Category::Other(kind),
    }
}

/// The type Postgres prefers in a category.
pub(super) fn is_preferred(kind: TypeKind) -> bool {
    matches!(
        kind,
        TypeKind::Double
            | TypeKind::Oid
            | TypeKind::Text
            | TypeKind::TimestampTz
            | TypeKind::Interval
            | TypeKind::Boolean
    )
}

/// An integer or oid type as the smallest numeric that holds all its values.
pub(super) fn as_numeric(data_type: &LogicalType) -> LogicalType {
    let precision = match data_type.kind() {
        TypeKind::SmallInt => 5,
        TypeKind::Integer => 10,
        TypeKind::BigInt | TypeKind::Oid => 19,
        TypeKind::Numeric => return data_type.clone(),
        _ => return LogicalType::NUMERIC,
    };
    LogicalType::Numeric { precision, scale: 0 }
}

/// The numeric type that holds the values of both; digits before the point give way beyond 38 digits.
fn wider_numeric(left: &LogicalType, right: &LogicalType) -> LogicalType {
    let (
        LogicalType::Numeric {
            precision: left_precision,
            scale: left_scale,
        },
        LogicalType::Numeric {
            precision: right_precision,
            scale: right_scale,
        },
    ) = (as_numeric(left), as_numeric(right))
    else {
        return LogicalType::NUMERIC;
    };
    let whole = (left_precision - left_scale).max(right_precision - right_scale);
    let scale = left_scale.max(right_scale);
    LogicalType::Numeric {
        precision: (whole + scale).min(NUMERIC_PRECISION_MAX),
        scale,
    }
}

/// The type that both convert to without being told; `None` where there is none.
pub(super) fn common_type(left: &LogicalType, right: &LogicalType) -> Option<LogicalType> {
    use TypeKind as Kind;
    if left == right {
        return Some(left.clone());
    }
    let (left_kind, right_kind) = (left.kind(), right.kind());
    match (category(left_kind), category(right_kind)) {
        (Category::Unknown, _) => Some(right.clone()),
        (_, Category::Unknown) => Some(left.clone()),
        (Category::Number, Category::Number) => Some(common_number(left, right)),
        (Category::String, Category::String) => Some(LogicalType::Text),
        // regclass and its kin are compared with names.
        (Category::String, Category::Number) if is_object(right_kind) => Some(right.clone()),
        (Category::Number, Category::String) if is_object(left_kind) => Some(left.clone()),
        (Category::DateTime, Category::DateTime) => Some(match (left_kind, right_kind) {
            (Kind::TimestampTz, _) | (_, Kind::TimestampTz) => LogicalType::TimestampTz,
            _ => LogicalType::Timestamp,
        }),
        (Category::Interval, Category::Interval) => Some(LogicalType::Interval),
        (Category::Array, Category::Array) => {
            let (LogicalType::Array(left), LogicalType::Array(right)) = (left, right) else {
                return None;
            };
            Some(LogicalType::Array(Box::new(common_type(left, right)?)))
        }
        (Category::Other(Kind::Json), Category::Other(Kind::Jsonb))
        | (Category::Other(Kind::Jsonb), Category::Other(Kind::Json)) => Some(LogicalType::Jsonb),
        (Category::Other(Kind::Record), Category::Other(Kind::Record)) => common_record(left, right),
        _ => None,
    }
}

fn common_record(left: &LogicalType, right: &LogicalType) -> Option<LogicalType> {
    let (LogicalType::Record(left), LogicalType::Record(right)) = (left, right) else {
        return None;
    };
    if left.len() != right.len() {
        return None;
    }
    let fields = left.iter().zip(right).map(|((name, left), (_, right))| {
        let data_type = common_type(left, right)?;
        Some((name.clone(), data_type))
    });
    fields.collect::<Option<Vec<_>>>().map(LogicalType::Record)
}

fn is_object(kind: TypeKind) -> bool {
    matches!(
        kind,
        TypeKind::Regclass | TypeKind::Regtype | TypeKind::Regproc | TypeKind::Regnamespace
    )
}

fn common_number(left: &LogicalType, right: &LogicalType) -> LogicalType {
    use TypeKind as Kind;
    let (left_kind, right_kind) = (left.kind(), right.kind());
    let either = |kind: TypeKind| left_kind == kind || right_kind == kind;
    if is_object(left_kind) || is_object(right_kind) || either(Kind::Oid) {
        if either(Kind::BigInt) {
            return LogicalType::BigInt;
        }
        return LogicalType::Oid;
    }
    if either(Kind::Double) || either(Kind::Real) {
        return LogicalType::Double;
    }
    if either(Kind::Numeric) {
        return wider_numeric(left, right);
    }
    if either(Kind::BigInt) {
        return LogicalType::BigInt;
    }
    LogicalType::Integer
}

/// The type of a CASE, COALESCE, UNION column and the like: as [`common_type`], with text where nothing is known.
pub(super) fn common_type_of<'t>(
    types: impl IntoIterator<Item = &'t LogicalType>,
) -> Result<LogicalType, (LogicalType, LogicalType)> {
    let mut result = LogicalType::Unknown;
    for data_type in types {
        result = match common_type(&result, data_type) {
            Some(LogicalType::Double) if result == LogicalType::Real && *data_type != LogicalType::Double => {
                LogicalType::Real
            }
            // Of two that convert to each other Postgres takes the first.
            Some(LogicalType::Text) if matches!(result, LogicalType::Varchar(_)) => LogicalType::Varchar(None),
            Some(common) => common,
            None => return Err((result, data_type.clone())),
        };
    }
    Ok(result)
}
