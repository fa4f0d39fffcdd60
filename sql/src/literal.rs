//! Constants of a statement. A literal's type stands beside it, never in it.

/// One constant value.
#[derive(Clone, Debug)]
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

/// Two literals are equal if nothing tells them apart: NaN equals itself, and `-0` is not `0`, as `atan2` shows.
impl PartialEq for Literal {
    fn eq(&self, other: &Self) -> bool {
        use Literal::*;
        match (self, other) {
            (Null, Null) => true,
            (Boolean(one), Boolean(other)) => one == other,
            (Integer(one), Integer(other)) => one == other,
            (Float(one), Float(other)) => one.to_bits() == other.to_bits(),
            (Numeric(one), Numeric(other)) => one == other,
            (Text(one), Text(other)) => one == other,
            (Bytes(one), Bytes(other)) => one == other,
            (Date(one), Date(other)) => one == other,
            (Time(one), Time(other)) | (Timestamp(one), Timestamp(other)) => one == other,
            (
                Interval {
                    months,
                    days,
                    microseconds,
                },
                Interval {
                    months: other_months,
                    days: other_days,
                    microseconds: other_microseconds,
                },
            ) => (months, days, microseconds) == (other_months, other_days, other_microseconds),
            (Uuid(one), Uuid(other)) => one == other,
            (Array(one), Array(other)) | (Record(one), Record(other)) => one == other,
            _ => false,
        }
    }
}

impl Eq for Literal {}
