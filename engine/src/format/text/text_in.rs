//! Text in: one value at a time, straight from bytes. The files beside this one read a family of types each.

pub(crate) mod bytea;
pub(crate) mod composite;
pub(crate) mod datetime;
mod datetime_fields;
mod datetime_tokens;
mod datetime_words;
pub(crate) mod error;
pub(crate) mod interval;
pub(crate) mod json;
pub(crate) mod number;
pub(crate) mod numeric;
pub(crate) mod string;
pub(crate) mod tid;
pub(crate) mod uuid;

use crate::error::{Error, Result, SqlState};
use crate::format::FormatSettings;
use crate::functions::jsonpath;
use crate::types::{DECIMAL64_PRECISION_MAX, Literal, LogicalType};

/// See [`super::parse_value`].
pub(super) fn parse_value(text: &str, data_type: &LogicalType, settings: &FormatSettings) -> Result<Literal> {
    let bytes = text.as_bytes();
    Ok(match data_type {
        LogicalType::Boolean => Literal::Boolean(number::parse_boolean(bytes)?),
        LogicalType::SmallInt => Literal::Integer(number::parse_integer::<i16>(bytes, "smallint")?.into()),
        LogicalType::Integer => Literal::Integer(number::parse_integer::<i32>(bytes, "integer")?.into()),
        LogicalType::BigInt => Literal::Integer(number::parse_integer(bytes, "bigint")?),
        LogicalType::Real => Literal::Float(number::parse_f32(bytes)?.into()),
        LogicalType::Double => Literal::Float(number::parse_f64(bytes)?),
        LogicalType::Numeric { precision, scale } => Literal::Numeric(match *precision <= DECIMAL64_PRECISION_MAX {
            true => numeric::parse_decimal64(bytes, *precision, *scale)?.into(),
            false => numeric::parse_decimal128(bytes, *precision, *scale)?,
        }),
        LogicalType::Unknown
        | LogicalType::Text
        | LogicalType::Varchar(_)
        | LogicalType::Char(_)
        | LogicalType::Name
        | LogicalType::SingleChar => Literal::Text(string::fit(string::parse_utf8(bytes)?, data_type)?.to_owned()),
        LogicalType::Date => Literal::Date(datetime::parse_date(bytes, settings)?),
        LogicalType::Time => Literal::Time(datetime::parse_time(bytes, settings)?),
        LogicalType::Timestamp => Literal::Timestamp(datetime::parse_timestamp(bytes, settings)?),
        LogicalType::TimestampTz => Literal::Timestamp(datetime::parse_timestamp_tz(bytes, settings)?),
        LogicalType::Interval => interval::parse(bytes, settings.interval_style)?.into(),
        LogicalType::Uuid => Literal::Uuid(uuid::parse(bytes)?),
        LogicalType::Tid => Literal::Integer(tid::parse(bytes)?),
        LogicalType::Json => {
            json::validate(text)?;
            Literal::Text(text.to_owned())
        }
        LogicalType::Jsonb => {
            let mut out = Vec::with_capacity(text.len());
            json::normalize(text, &mut out)?;
            Literal::Text(json::into_text(out)?)
        }
        LogicalType::Jsonpath => {
            let mut out = String::with_capacity(text.len());
            jsonpath::normalize(text, &mut out)?;
            Literal::Text(out)
        }
        LogicalType::Bytea => {
            let mut out = Vec::new();
            bytea::parse(bytes, &mut out)?;
            Literal::Bytes(out)
        }
        LogicalType::Oid => Literal::Integer(number::parse_oid(bytes)?),
        LogicalType::Regclass | LogicalType::Regtype | LogicalType::Regproc | LogicalType::Regnamespace => {
            Literal::Integer(parse_reference(text, data_type, settings)?)
        }
        LogicalType::Int2Vector => vector(text, &LogicalType::SmallInt, settings)?,
        LogicalType::OidVector => vector(text, &LogicalType::Oid, settings)?,
        LogicalType::Array(element) => Literal::Array(composite::parse_array(text, element, settings)?),
        LogicalType::Record(fields) => Literal::Record(composite::parse_record(text, fields, settings)?),
        LogicalType::Void => {
            return Err(Error::user(
                SqlState::FEATURE_NOT_SUPPORTED,
                "cannot accept a value of type void",
            ));
        }
    })
}

/// `1 2 3`
fn vector(text: &str, element: &LogicalType, settings: &FormatSettings) -> Result<Literal> {
    let elements = text.split_ascii_whitespace();
    let elements = elements.map(|word| parse_value(word, element, settings));
    elements.collect::<Result<_>>().map(Literal::Array)
}

/// The number of a catalog object, or its name where somebody knows names.
fn parse_reference(text: &str, data_type: &LogicalType, settings: &FormatSettings) -> Result<i64> {
    if text == "-" {
        return Ok(0);
    }
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return number::parse_oid(text.as_bytes());
    }
    let (state, kind, fact) = match data_type {
        LogicalType::Regclass => (SqlState::UNDEFINED_TABLE, "relation", "relation_oid"),
        LogicalType::Regproc => (SqlState::UNDEFINED_FUNCTION, "function", "function_oid"),
        LogicalType::Regnamespace => (SqlState::INVALID_SCHEMA_NAME, "schema", "namespace_oid"),
        _ => (SqlState::UNDEFINED_OBJECT, "type", "type_oid"),
    };
    let found = settings.objects.as_ref().and_then(|objects| objects.fact(fact, text));
    if let Some(oid) = found.and_then(|oid| oid.parse().ok()) {
        return Ok(oid);
    }
    Err(Error::user(state, format!("{kind} \"{text}\" does not exist")))
}

impl From<interval::Interval> for Literal {
    fn from(interval: interval::Interval) -> Self {
        Literal::Interval {
            months: interval.months,
            days: interval.days,
            microseconds: interval.microseconds,
        }
    }
}
