//! What is wrong with a value's text, in Postgres's sentences. Built only when a value is refused.

use crate::error::{Error, SqlState};

/// `22015`
const INTERVAL_FIELD_OVERFLOW: SqlState = SqlState("22015");
/// `22009`
const INVALID_TIME_ZONE_DISPLACEMENT: SqlState = SqlState("22009");

/// The text is not of the type's form.
#[cold]
pub(crate) fn invalid_syntax(type_name: &str, text: &[u8]) -> Error {
    Error::user(
        SqlState::INVALID_TEXT_REPRESENTATION,
        format!("invalid input syntax for type {type_name}: \"{}\"", shown(text)),
    )
}

/// An integer or oid does not fit.
#[cold]
pub(crate) fn integer_out_of_range(type_name: &str, text: &[u8]) -> Error {
    Error::user(
        SqlState::NUMERIC_VALUE_OUT_OF_RANGE,
        format!("value \"{}\" is out of range for type {type_name}", shown(text)),
    )
}

/// A floating-point number does not fit.
#[cold]
pub(crate) fn float_out_of_range(type_name: &str, text: &[u8]) -> Error {
    Error::user(
        SqlState::NUMERIC_VALUE_OUT_OF_RANGE,
        format!("\"{}\" is out of range for type {type_name}", shown(text)),
    )
}

/// A number has too many digits for `numeric(precision, scale)`.
#[cold]
pub(crate) fn numeric_overflow(precision: u8, scale: u8) -> Error {
    let digits = i32::from(precision) - i32::from(scale);
    let bound = match digits {
        0 => "1".to_owned(),
        digits => format!("10^{digits}"),
    };
    Error::Sql(
        stoa_sql::Error::new(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, "numeric field overflow").with_detail(format!(
            "A field with precision {precision}, scale {scale} must round to an absolute value less than {bound}."
        )),
    )
}

/// `NaN` and the infinities, which Stoa's decimals do not have.
#[cold]
pub(crate) fn numeric_special(text: &[u8]) -> Error {
    Error::user(
        SqlState::FEATURE_NOT_SUPPORTED,
        format!("numeric value \"{}\" is not supported", shown(text)),
    )
}

/// Bytes that are not UTF-8, or a zero byte, which text cannot hold.
#[cold]
pub(crate) fn invalid_utf8(text: &[u8]) -> Error {
    let valid = match std::str::from_utf8(text) {
        Ok(valid) => valid.find('\0').unwrap_or(valid.len()),
        Err(error) => error.valid_up_to(),
    };
    let bad = text.get(valid..).unwrap_or_default();
    let length = match bad.first() {
        Some(0xC0..=0xDF) => 2,
        Some(0xE0..=0xEF) => 3,
        Some(0xF0..=0xF7) => 4,
        _ => 1,
    };
    let bytes: Vec<String> = bad.iter().take(length).map(|byte| format!("0x{byte:02x}")).collect();
    Error::user(
        SqlState::CHARACTER_NOT_IN_REPERTOIRE,
        format!("invalid byte sequence for encoding \"UTF8\": {}", bytes.join(" ")),
    )
}

/// More characters than the type may have: `character varying(3)`.
#[cold]
pub(crate) fn too_long(type_name: &str, length: usize) -> Error {
    Error::user(
        SqlState::STRING_DATA_RIGHT_TRUNCATION,
        format!("value too long for type {type_name}({length})"),
    )
}

/// What is wrong with a date, time or interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DateTimeProblem {
    /// Not of any form.
    Format,
    /// A field that is too large or small for what it is.
    Field,
    /// Likewise for a month or a day, where another DateStyle might help.
    MonthOrDay,
    /// A field of an interval is too large.
    IntervalField,
    /// All fields of an interval are in range, but not what they come to.
    IntervalRange,
    /// An offset from UTC beyond 15 hours.
    Displacement,
    /// No time zone has this name.
    UnknownZone(String),
    /// Everything is in range, only Stoa's (and Postgres's) range of the type is not: `date out of range`.
    Range(&'static str),
}

impl DateTimeProblem {
    /// The error to report.
    #[cold]
    pub(crate) fn into_error(self, type_name: &str, text: &[u8]) -> Error {
        let text = shown(text);
        match self {
            DateTimeProblem::Format => Error::user(
                SqlState::INVALID_DATETIME_FORMAT,
                format!("invalid input syntax for type {type_name}: \"{text}\""),
            ),
            DateTimeProblem::Field => Error::user(
                SqlState::DATETIME_FIELD_OVERFLOW,
                format!("date/time field value out of range: \"{text}\""),
            ),
            DateTimeProblem::MonthOrDay => Error::Sql(
                stoa_sql::Error::new(
                    SqlState::DATETIME_FIELD_OVERFLOW,
                    format!("date/time field value out of range: \"{text}\""),
                )
                .with_hint("Perhaps you need a different \"datestyle\" setting."),
            ),
            DateTimeProblem::IntervalField => Error::user(
                INTERVAL_FIELD_OVERFLOW,
                format!("interval field value out of range: \"{text}\""),
            ),
            DateTimeProblem::IntervalRange => Error::user(SqlState::DATETIME_FIELD_OVERFLOW, "interval out of range"),
            DateTimeProblem::Displacement => Error::user(
                INVALID_TIME_ZONE_DISPLACEMENT,
                format!("time zone displacement out of range: \"{text}\""),
            ),
            DateTimeProblem::UnknownZone(name) => Error::user(
                SqlState::INVALID_PARAMETER_VALUE,
                format!("time zone \"{name}\" not recognized"),
            ),
            DateTimeProblem::Range(what) => Error::user(
                SqlState::DATETIME_FIELD_OVERFLOW,
                format!("{what} out of range: \"{text}\""),
            ),
        }
    }
}

/// The text as a message can show it.
fn shown(text: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(text)
}
