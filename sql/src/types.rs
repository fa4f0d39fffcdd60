//! The types a user sees. How they are laid out in memory is the engine's business.

use std::fmt;

/// A type with its parameters.
///
/// Postgres's catalog types (`oid`, `name`, `"char"`, `regclass` ...) are here because clients ask the catalog with them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LogicalType {
    /// The type of an untyped string literal or NULL before the context decides; never the type of a stored column.
    Unknown,
    /// `boolean`
    Boolean,
    /// `smallint`, 16 bits
    SmallInt,
    /// `integer`, 32 bits
    Integer,
    /// `bigint`, 64 bits
    BigInt,
    /// `real`
    Real,
    /// `double precision`
    Double,
    /// `numeric(precision, scale)`: precision 1 to 38, scale 0 to precision. `numeric` without parameters is
    /// [`LogicalType::NUMERIC`].
    Numeric {
        /// Digits in all.
        precision: u8,
        /// Digits behind the point.
        scale: u8,
    },
    /// `text`
    Text,
    /// `varchar` or `varchar(n)`: at most n characters.
    Varchar(Option<u32>),
    /// `char(n)`: values are kept without their padding and compare without trailing blanks.
    Char(u32),
    /// `date`
    Date,
    /// `time`
    Time,
    /// `timestamp` without time zone, microseconds
    Timestamp,
    /// `timestamptz`, microseconds since the Unix epoch in UTC
    TimestampTz,
    /// `interval`: months, days, nanoseconds (shown as microseconds)
    Interval,
    /// `uuid`
    Uuid,
    /// `tid`: where a row is, a block of 32 bits and a place in it of 16
    Tid,
    /// `json`: text as given
    Json,
    /// `jsonb`: normalized as Postgres does
    Jsonb,
    /// `jsonpath`: the text in Postgres's canonical form
    Jsonpath,
    /// `bytea`
    Bytea,
    /// `oid`
    Oid,
    /// `name`
    Name,
    /// `"char"`: a single byte
    SingleChar,
    /// `regclass`
    Regclass,
    /// `regtype`
    Regtype,
    /// `regproc`
    Regproc,
    /// `regnamespace`
    Regnamespace,
    /// `int2vector`: what the catalog lists columns by; counts from 0 and is shown as `1 2`, otherwise an array of `smallint`.
    Int2Vector,
    /// `oidvector`: the same of `oid`.
    OidVector,
    /// `element[]`
    Array(Box<LogicalType>),
    /// A row of values with field names.
    Record(Vec<(String, LogicalType)>),
    /// `void`: what a function that only acts returns.
    Void,
}

/// A [`LogicalType`] without its parameters: what overloads are chosen by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "named as in LogicalType")]
pub enum TypeKind {
    Unknown,
    Boolean,
    SmallInt,
    Integer,
    BigInt,
    Real,
    Double,
    Numeric,
    Text,
    Varchar,
    Char,
    Date,
    Time,
    Timestamp,
    TimestampTz,
    Interval,
    Uuid,
    Tid,
    Json,
    Jsonb,
    Jsonpath,
    Bytea,
    Oid,
    Name,
    SingleChar,
    Regclass,
    Regtype,
    Regproc,
    Regnamespace,
    Int2Vector,
    OidVector,
    Array,
    Record,
    Void,
}

/// The largest precision of `numeric`.
pub const NUMERIC_PRECISION_MAX: u8 = 38;

impl LogicalType {
    /// `numeric` without parameters: 38 digits, 10 of them behind the point.
    pub const NUMERIC: LogicalType = LogicalType::Numeric {
        precision: NUMERIC_PRECISION_MAX,
        scale: 10,
    };

    /// The type without its parameters.
    pub fn kind(&self) -> TypeKind {
        match self {
            LogicalType::Unknown => TypeKind::Unknown,
            LogicalType::Boolean => TypeKind::Boolean,
            LogicalType::SmallInt => TypeKind::SmallInt,
            LogicalType::Integer => TypeKind::Integer,
            LogicalType::BigInt => TypeKind::BigInt,
            LogicalType::Real => TypeKind::Real,
            LogicalType::Double => TypeKind::Double,
            LogicalType::Numeric { .. } => TypeKind::Numeric,
            LogicalType::Text => TypeKind::Text,
            LogicalType::Varchar(_) => TypeKind::Varchar,
            LogicalType::Char(_) => TypeKind::Char,
            LogicalType::Date => TypeKind::Date,
            LogicalType::Time => TypeKind::Time,
            LogicalType::Timestamp => TypeKind::Timestamp,
            LogicalType::TimestampTz => TypeKind::TimestampTz,
            LogicalType::Interval => TypeKind::Interval,
            LogicalType::Uuid => TypeKind::Uuid,
            LogicalType::Tid => TypeKind::Tid,
            LogicalType::Json => TypeKind::Json,
            LogicalType::Jsonb => TypeKind::Jsonb,
            LogicalType::Jsonpath => TypeKind::Jsonpath,
            LogicalType::Bytea => TypeKind::Bytea,
            LogicalType::Oid => TypeKind::Oid,
            LogicalType::Name => TypeKind::Name,
            LogicalType::SingleChar => TypeKind::SingleChar,
            LogicalType::Regclass => TypeKind::Regclass,
            LogicalType::Regtype => TypeKind::Regtype,
            LogicalType::Regproc => TypeKind::Regproc,
            LogicalType::Regnamespace => TypeKind::Regnamespace,
            LogicalType::Int2Vector => TypeKind::Int2Vector,
            LogicalType::OidVector => TypeKind::OidVector,
            LogicalType::Array(_) => TypeKind::Array,
            LogicalType::Record(_) => TypeKind::Record,
            LogicalType::Void => TypeKind::Void,
        }
    }

    /// The element of an array, or of a vector of the catalog.
    pub fn element(&self) -> Option<&LogicalType> {
        match self {
            LogicalType::Array(element) => Some(element),
            LogicalType::Int2Vector => Some(&LogicalType::SmallInt),
            LogicalType::OidVector => Some(&LogicalType::Oid),
            _ => None,
        }
    }

    /// A vector of the catalog, which everything but its looks and its subscripts takes for an array.
    pub fn is_vector(&self) -> bool {
        matches!(self, LogicalType::Int2Vector | LogicalType::OidVector)
    }

    /// Text-like: `text`, `varchar`, `char`, `name`.
    pub fn is_string(&self) -> bool {
        matches!(
            self.kind(),
            TypeKind::Text | TypeKind::Varchar | TypeKind::Char | TypeKind::Name | TypeKind::SingleChar
        )
    }

    /// `smallint`, `integer` or `bigint`.
    pub fn is_integer(&self) -> bool {
        matches!(self.kind(), TypeKind::SmallInt | TypeKind::Integer | TypeKind::BigInt)
    }

    /// Any number.
    pub fn is_numeric(&self) -> bool {
        self.is_integer() || matches!(self.kind(), TypeKind::Real | TypeKind::Double | TypeKind::Numeric)
    }
}

/// The name as Postgres's `format_type` prints it: `numeric(12,2)`, `timestamp with time zone`, `integer[]`.
impl fmt::Display for LogicalType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            LogicalType::Unknown => "unknown",
            LogicalType::Boolean => "boolean",
            LogicalType::SmallInt => "smallint",
            LogicalType::Integer => "integer",
            LogicalType::BigInt => "bigint",
            LogicalType::Real => "real",
            LogicalType::Double => "double precision",
            LogicalType::Numeric { .. } if *self == LogicalType::NUMERIC => "numeric",
            LogicalType::Numeric { precision, scale } => return write!(formatter, "numeric({precision},{scale})"),
            LogicalType::Text => "text",
            LogicalType::Varchar(None) => "character varying",
            LogicalType::Varchar(Some(length)) => return write!(formatter, "character varying({length})"),
            LogicalType::Char(length) => return write!(formatter, "character({length})"),
            LogicalType::Date => "date",
            LogicalType::Time => "time without time zone",
            LogicalType::Timestamp => "timestamp without time zone",
            LogicalType::TimestampTz => "timestamp with time zone",
            LogicalType::Interval => "interval",
            LogicalType::Uuid => "uuid",
            LogicalType::Tid => "tid",
            LogicalType::Json => "json",
            LogicalType::Jsonb => "jsonb",
            LogicalType::Jsonpath => "jsonpath",
            LogicalType::Bytea => "bytea",
            LogicalType::Oid => "oid",
            LogicalType::Name => "name",
            LogicalType::SingleChar => "\"char\"",
            LogicalType::Regclass => "regclass",
            LogicalType::Regtype => "regtype",
            LogicalType::Regproc => "regproc",
            LogicalType::Regnamespace => "regnamespace",
            LogicalType::Int2Vector => "int2vector",
            LogicalType::OidVector => "oidvector",
            LogicalType::Array(element) => return write!(formatter, "{element}[]"),
            LogicalType::Record(_) => "record",
            LogicalType::Void => "void",
        };
        formatter.write_str(name)
    }
}
