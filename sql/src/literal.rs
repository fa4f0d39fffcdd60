//! Constants of a statement. A literal's type stands beside it, never in it.

/// One constant value.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// NULL of whatever type stands beside it.
    Null,
    /// `boolean`
    Boolean(bool),
    /// `smallint`, `integer`, `bigint`, `oid` and the other catalog numbers; `tid`, its block in front of 16 bits
    Integer(i64),
    /// `real`, `double precision`
    Float(f64),
    /// `numeric`: the unscaled value; the scale is the type's.
    Numeric(i128),
    /// Every text-like type, `json`, `jsonb`, and `unknown`
    Text(String),
    /// `bytea`
    Bytes(Vec<u8>),
    /// `date`: days since 1970-01-01
    Date(i32),
    /// `time`: microseconds since midnight
    Time(i64),
    /// `timestamp`, `timestamptz`: microseconds since 1970-01-01 00:00 (UTC)
    Timestamp(i64),
    /// `interval`
    Interval {
        /// Whole months.
        months: i32,
        /// Whole days.
        days: i32,
        /// The rest.
        microseconds: i64,
    },
    /// `uuid`
    Uuid([u8; 16]),
    /// An array's elements.
    Array(Vec<Literal>),
    /// A record's fields.
    Record(Vec<Literal>),
}
