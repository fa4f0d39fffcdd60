//! The types that queries are made of, and values that have been trouble elsewhere: extremes, ties, empty texts, NaN, infinity.

use stoa_tests::Random;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
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
    Timestamp,
    TimestampTz,
    Interval,
    Uuid,
    Jsonb,
    Bytea,
    IntegerArray,
    TextArray,
}

use Kind::*;

/// Kinds with every operator of comparison, arrays aside.
pub(crate) const COMPARABLE: &[Kind] = &[
    Boolean,
    SmallInt,
    Integer,
    Integer,
    BigInt,
    Real,
    Double,
    Numeric,
    Text,
    Text,
    Varchar,
    Char,
    Date,
    Timestamp,
    TimestampTz,
    Interval,
    Uuid,
    Jsonb,
    Bytea,
];
pub(crate) const NUMBERS: &[Kind] = &[SmallInt, Integer, BigInt, Real, Double, Numeric];
/// Integers without loss in what they meet.
pub(crate) const STRINGS: &[Kind] = &[Text, Varchar, Char];
pub(crate) const TIMES: &[Kind] = &[Date, Timestamp, TimestampTz];
/// Whose text does not depend on how numbers are computed.
pub(crate) const SHOWN_ALIKE: &[Kind] = &[
    Boolean, SmallInt, Integer, BigInt, Text, Varchar, Char, Date, Timestamp, Uuid, Bytea,
];
/// What `min` and `max` take in Postgres 15.
pub(crate) const WITH_EXTREMES: &[Kind] = &[
    SmallInt,
    Integer,
    BigInt,
    Real,
    Double,
    Numeric,
    Text,
    Char,
    Date,
    Timestamp,
    TimestampTz,
    Interval,
];
pub(crate) const ALL: &[Kind] = &[
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
    Timestamp,
    TimestampTz,
    Interval,
    Uuid,
    Jsonb,
    Bytea,
    IntegerArray,
    TextArray,
];

impl Kind {
    /// Whether equal values may look different, so that any one of them may be shown.
    pub(crate) fn has_many_forms(&self) -> bool {
        matches!(self, Interval | Jsonb)
    }

    /// The type's name in SQL.
    pub(crate) fn sql(self) -> &'static str {
        match self {
            Boolean => "boolean",
            SmallInt => "smallint",
            Integer => "integer",
            BigInt => "bigint",
            Real => "real",
            Double => "double precision",
            Numeric => "numeric(12,2)",
            Text => "text",
            Varchar => "varchar(12)",
            Char => "char(5)",
            Date => "date",
            Timestamp => "timestamp",
            TimestampTz => "timestamptz",
            Interval => "interval",
            Uuid => "uuid",
            Jsonb => "jsonb",
            Bytea => "bytea",
            IntegerArray => "integer[]",
            TextArray => "text[]",
        }
    }

    /// A constant of this type; a tame one is small and takes part in arithmetic without overflow.
    pub(crate) fn constant(self, random: &mut Random, tame: bool) -> String {
        let value = self.bare(random, tame);
        // The smallest integer without its sign would be no integer.
        let takes_plain = value != i32::MIN.to_string() && random.chance(60);
        match self {
            Integer if takes_plain => format!("({value})"),
            Numeric if takes_plain => format!("({value}::{})", self.sql()),
            _ => format!("{}::{}", quoted(&value), self.sql()),
        }
    }

    /// A value as text that the type reads.
    pub(crate) fn bare(self, random: &mut Random, tame: bool) -> String {
        let nasty = !tame && random.chance(35);
        match self {
            Boolean => random.pick(&["t", "f"]).to_string(),
            SmallInt if nasty => random.pick(&["-32768", "32767", "0", "-1", "256"]).to_string(),
            Integer if nasty => random
                .pick(&["-2147483648", "2147483647", "0", "-1", "65536"])
                .to_string(),
            BigInt if nasty => {
                let extremes = [
                    "-9223372036854775808",
                    "9223372036854775807",
                    "0",
                    "-1",
                    "4294967296",
                    "9007199254740993",
                ];
                random.pick(&extremes).to_string()
            }
            SmallInt | Integer | BigInt => random.between(-4, 12).to_string(),
            Real if nasty => random
                .pick(&[
                    "NaN",
                    "Infinity",
                    "-Infinity",
                    "-0.0",
                    "3.4028235e38",
                    "1e-45",
                    "0.1",
                    "16777217",
                ])
                .to_string(),
            Double if nasty => {
                let extremes = [
                    "NaN",
                    "Infinity",
                    "-Infinity",
                    "-0.0",
                    "1.7976931348623157e308",
                    "5e-324",
                    "0.1",
                    "9007199254740993",
                ];
                random.pick(&extremes).to_string()
            }
            Real | Double => format!("{}", random.between(-16, 32) as f64 / 4.0),
            Numeric if nasty => random
                .pick(&["9999999999.99", "-9999999999.99", "0.00", "0.01", "-0.01"])
                .to_string(),
            Numeric => format!("{:.2}", random.between(-16, 48) as f64 / 4.0),
            Text | Varchar | Char => text(self, random, tame),
            Date | Timestamp | TimestampTz => time(self, random, tame),
            Interval => random.pick(INTERVALS).to_string(),
            Uuid => random.pick(UUIDS).to_string(),
            Jsonb => random.pick(DOCUMENTS).to_string(),
            Bytea => random
                .pick(&["\\x", "\\x00", "\\xff", "\\x0102", "\\x61", "\\x6162"])
                .to_string(),
            IntegerArray => random
                .pick(&["{}", "{1}", "{1,2,3}", "{NULL}", "{3,1,NULL}", "{2147483647,-1}"])
                .to_string(),
            TextArray => random
                .pick(&["{}", "{a}", "{a,b,a}", "{NULL}", "{\"\",NULL}", "{B,\" \"}"])
                .to_string(),
        }
    }
}

/// No two of them are equal, so that it does not matter which of equal ones a group shows.
const INTERVALS: &[&str] = &[
    "0",
    "1 day",
    "1 mon",
    "-1 mon +2 days",
    "01:30:00",
    "1 year 2 mons 3 days 04:05:06.789",
    "-00:00:00.000001",
    "-3 days",
    "10 years",
    "23:59:59.999999",
];
const UUIDS: &[&str] = &[
    "00000000-0000-0000-0000-000000000000",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
    "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12",
];
/// Likewise.
const DOCUMENTS: &[&str] = &[
    "null",
    "true",
    "false",
    "1",
    "-3",
    "2.5",
    "\"a\"",
    "\"\"",
    "[]",
    "{}",
    "[1, 2, null]",
    "[\"a\", \"b\"]",
    "{\"a\": 1}",
    "{\"a\": {\"b\": [1, 2]}}",
    "{\"b\": null, \"a\": \"x\"}",
    "[[1], {\"a\": 2}]",
];

fn text(kind: Kind, random: &mut Random, tame: bool) -> String {
    let plain = ["a", "b", "ab", "abc", "B", "c", "10", "zebra"];
    let nasty = [
        "", " ", "A", "a b", "%", "_", "é", "ß", "日本", "x'y", "\\", "Abc Def", "null", "a\nb", "aaaa", "ab ", "-1",
    ];
    let text = match tame || random.chance(55) {
        true => *random.pick(&plain),
        false => *random.pick(&nasty),
    };
    match kind {
        Char => text.chars().take(5).collect(),
        _ => text.to_owned(),
    }
}

fn time(kind: Kind, random: &mut Random, tame: bool) -> String {
    let day = match tame || random.chance(70) {
        true => format!("2024-0{}-{:02}", random.between(1, 3), random.between(1, 29)),
        false => {
            let days = [
                "infinity",
                "-infinity",
                "0001-01-01",
                "9999-12-31",
                "1970-01-01",
                "1969-12-31",
                "2000-02-29",
                "2023-12-31",
                "2024-03-31",
            ];
            random.pick(&days).to_string()
        }
    };
    if kind == Date || day.contains("inf") {
        return day;
    }
    let clocks = [
        "00:00:00",
        "12:00:00",
        "23:59:59.999999",
        "01:30:00",
        "02:30:00",
        "06:07:08.9",
        "00:00:00.000001",
    ];
    let clock = random.pick(&clocks);
    match kind {
        TimestampTz => format!("{day} {clock}{}", random.pick(&["+00", "+00", "+02", "-05:30"])),
        _ => format!("{day} {clock}"),
    }
}

pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
