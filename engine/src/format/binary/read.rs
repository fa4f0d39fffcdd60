//! Binary in: what Postgres's receive functions take. Bytes of other lengths than a type's are 22P03, never a panic.

use super::array::type_oid;
use crate::calendar::{
    DATE_INFINITY, DATE_MINUS_INFINITY, DAY, POSTGRES_EPOCH_DAYS, POSTGRES_EPOCH_MICROSECONDS, TIMESTAMP_INFINITY,
    TIMESTAMP_MINUS_INFINITY, is_date, is_timestamp,
};
use crate::error::{Error, Result, SqlState};
use crate::format::FormatSettings;
use crate::format::text::error::{numeric_overflow, numeric_special};
use crate::format::text::{json, string};
use crate::functions::jsonpath;
use crate::types::{Literal, LogicalType};
use stoa_storage::commit::ADDRESS_PLACE_BITS;

/// `22P03`
const INVALID_BINARY_REPRESENTATION: SqlState = SqlState("22P03");

/// Array dimensions that Postgres takes.
const DIMENSIONS_MAX: i32 = 6;

#[cold]
fn incorrect() -> Error {
    Error::user(INVALID_BINARY_REPRESENTATION, "incorrect binary data format")
}

#[cold]
fn invalid(message: impl Into<String>) -> Error {
    Error::user(INVALID_BINARY_REPRESENTATION, message)
}

/// The bytes as exactly so many.
fn exactly<const N: usize>(bytes: &[u8]) -> Result<[u8; N]> {
    bytes.try_into().map_err(|_| incorrect())
}

/// See [`super::parse_value`].
pub(super) fn read_value(bytes: &[u8], data_type: &LogicalType, settings: &FormatSettings) -> Result<Literal> {
    Ok(match data_type {
        LogicalType::Boolean => Literal::Boolean(boolean(bytes)?),
        LogicalType::SmallInt => Literal::Integer(i16(bytes)?.into()),
        LogicalType::Integer => Literal::Integer(i32(bytes)?.into()),
        LogicalType::BigInt => Literal::Integer(i64(bytes)?),
        LogicalType::Oid
        | LogicalType::Regclass
        | LogicalType::Regtype
        | LogicalType::Regproc
        | LogicalType::Regnamespace => Literal::Integer(oid(bytes)?),
        LogicalType::Real => Literal::Float(f32(bytes)?.into()),
        LogicalType::Double => Literal::Float(f64(bytes)?),
        LogicalType::Numeric { precision, scale } => Literal::Numeric(numeric(bytes, *precision, *scale)?),
        LogicalType::SingleChar if bytes == [0] => Literal::Text(String::new()),
        LogicalType::Unknown
        | LogicalType::Text
        | LogicalType::Varchar(_)
        | LogicalType::Char(_)
        | LogicalType::Name
        | LogicalType::SingleChar => Literal::Text(string::fit(string::parse_utf8(bytes)?, data_type)?.to_owned()),
        LogicalType::Json => {
            let text = string::parse_utf8(bytes)?;
            json::validate(text)?;
            Literal::Text(text.to_owned())
        }
        LogicalType::Jsonb => {
            let mut out = Vec::with_capacity(bytes.len());
            json::normalize(jsonb_text(bytes)?, &mut out)?;
            Literal::Text(json::into_text(out)?)
        }
        LogicalType::Jsonpath => {
            let mut out = String::new();
            jsonpath::normalize(jsonpath_text(bytes)?, &mut out)?;
            Literal::Text(out)
        }
        LogicalType::Bytea => Literal::Bytes(bytes.to_vec()),
        LogicalType::Date => Literal::Date(date(bytes)?),
        LogicalType::Time => Literal::Time(time(bytes)?),
        LogicalType::Timestamp | LogicalType::TimestampTz => Literal::Timestamp(timestamp(bytes)?),
        LogicalType::Interval => {
            let (months, days, microseconds) = interval(bytes)?;
            Literal::Interval {
                months,
                days,
                microseconds,
            }
        }
        LogicalType::Uuid => Literal::Uuid(exactly(bytes)?),
        LogicalType::Tid => Literal::Integer(tid(bytes)?),
        LogicalType::Int2Vector => Literal::Array(array(bytes, &LogicalType::SmallInt, 0, settings)?),
        LogicalType::OidVector => Literal::Array(array(bytes, &LogicalType::Oid, 0, settings)?),
        LogicalType::Array(element) => Literal::Array(array(bytes, element, 1, settings)?),
        LogicalType::Record(fields) => Literal::Record(record(bytes, fields, settings)?),
        LogicalType::Void => {
            return Err(Error::user(
                SqlState::FEATURE_NOT_SUPPORTED,
                "cannot accept a value of type void",
            ));
        }
    })
}

/// `boolean`
pub(crate) fn boolean(bytes: &[u8]) -> Result<bool> {
    Ok(exactly::<1>(bytes)? != [0])
}

/// `smallint`
pub(crate) fn i16(bytes: &[u8]) -> Result<i16> {
    Ok(i16::from_be_bytes(exactly(bytes)?))
}

/// `integer`
pub(crate) fn i32(bytes: &[u8]) -> Result<i32> {
    Ok(i32::from_be_bytes(exactly(bytes)?))
}

/// `bigint`
pub(crate) fn i64(bytes: &[u8]) -> Result<i64> {
    Ok(i64::from_be_bytes(exactly(bytes)?))
}

/// `oid`
pub(crate) fn oid(bytes: &[u8]) -> Result<i64> {
    Ok(u32::from_be_bytes(exactly(bytes)?).into())
}

/// `tid`: block and place.
pub(crate) fn tid(bytes: &[u8]) -> Result<i64> {
    let [a, b, c, d, e, f] = exactly(bytes)?;
    let (block, place) = (u32::from_be_bytes([a, b, c, d]), u16::from_be_bytes([e, f]));
    Ok(i64::from(block) << ADDRESS_PLACE_BITS | i64::from(place))
}

/// `real`
pub(crate) fn f32(bytes: &[u8]) -> Result<f32> {
    Ok(f32::from_be_bytes(exactly(bytes)?))
}

/// `double precision`
pub(crate) fn f64(bytes: &[u8]) -> Result<f64> {
    Ok(f64::from_be_bytes(exactly(bytes)?))
}

/// `uuid`
pub(crate) fn uuid(bytes: &[u8]) -> Result<[u8; 16]> {
    exactly(bytes)
}

/// `date`
pub(crate) fn date(bytes: &[u8]) -> Result<i32> {
    let days = i32(bytes)?;
    if matches!(days, DATE_INFINITY | DATE_MINUS_INFINITY) {
        return Ok(days);
    }
    match days.checked_add(POSTGRES_EPOCH_DAYS) {
        Some(days) if is_date(days.into()) => Ok(days),
        _ => Err(Error::user(SqlState::DATETIME_FIELD_OVERFLOW, "date out of range")),
    }
}

/// `time`
pub(crate) fn time(bytes: &[u8]) -> Result<i64> {
    match i64(bytes)? {
        time @ 0..=DAY => Ok(time),
        _ => Err(Error::user(SqlState::DATETIME_FIELD_OVERFLOW, "time out of range")),
    }
}

/// `timestamp` and `timestamptz`
pub(crate) fn timestamp(bytes: &[u8]) -> Result<i64> {
    let microseconds = i64(bytes)?;
    if matches!(microseconds, TIMESTAMP_INFINITY | TIMESTAMP_MINUS_INFINITY) {
        return Ok(microseconds);
    }
    match microseconds.checked_add(POSTGRES_EPOCH_MICROSECONDS) {
        Some(moment) if is_timestamp(moment) => Ok(moment),
        _ => Err(Error::user(SqlState::DATETIME_FIELD_OVERFLOW, "timestamp out of range")),
    }
}

/// `interval`: months, days, microseconds
pub(crate) fn interval(bytes: &[u8]) -> Result<(i32, i32, i64)> {
    let bytes: [u8; 16] = exactly(bytes)?;
    let microseconds = i64(&bytes[..8])?;
    match microseconds.checked_mul(1_000) {
        Some(_) => Ok((i32(&bytes[12..])?, i32(&bytes[8..12])?, microseconds)),
        None => Err(Error::user(SqlState::DATETIME_FIELD_OVERFLOW, "interval out of range")),
    }
}

/// The text of a `jsonb`.
pub(crate) fn jsonb_text(bytes: &[u8]) -> Result<&str> {
    versioned_text(bytes, "jsonb")
}

/// The text of a `jsonpath`.
pub(crate) fn jsonpath_text(bytes: &[u8]) -> Result<&str> {
    versioned_text(bytes, "jsonpath")
}

/// The text behind a version, which is 1.
fn versioned_text<'b>(bytes: &'b [u8], name: &str) -> Result<&'b str> {
    match bytes {
        [1, text @ ..] => string::parse_utf8(text),
        [version, ..] => Err(Error::user(
            SqlState::INTERNAL_ERROR,
            format!("unsupported {name} version number {version}"),
        )),
        [] => Err(incorrect()),
    }
}

/// The unscaled number of a `numeric`, rounded to its scale.
pub(crate) fn numeric(bytes: &[u8], precision: u8, scale: u8) -> Result<i128> {
    let mut reader = Reader { rest: bytes };
    let count = i32::from(reader.take_u16()?);
    let weight = i32::from(reader.take_u16()? as i16);
    let sign = reader.take_u16()?;
    let _shown_scale = reader.take_u16()?;
    if reader.rest.len() != count as usize * 2 {
        return Err(incorrect());
    }
    match sign {
        0 | 0x4000 => {}
        0xC000 => return Err(numeric_special(b"NaN")),
        0xD000 => return Err(numeric_special(b"Infinity")),
        0xF000 => return Err(numeric_special(b"-Infinity")),
        _ => return Err(invalid("invalid sign in external \"numeric\" value")),
    }
    let overflow = || numeric_overflow(precision, scale);
    let mut value = 0_u128;
    let mut rounds_up = false;
    for at in 0..count {
        let digit = reader.take_u16()?;
        if digit >= 10_000 {
            return Err(invalid("invalid digit in external \"numeric\" value"));
        }
        // The digit counts 10^power in units of the scale.
        let power = (weight - at) * 4 + i32::from(scale);
        if power >= 0 {
            let unit = 10_u128.checked_pow(power as u32);
            let part = match (digit, unit) {
                (0, _) => Some(0),
                (digit, Some(unit)) => unit.checked_mul(digit.into()),
                _ => None,
            };
            value = part.and_then(|part| value.checked_add(part)).ok_or_else(overflow)?;
        } else if power >= -4 {
            // The digit that the scale ends in or before.
            let unit = 10_u128.pow(power.unsigned_abs());
            value = value.checked_add(u128::from(digit) / unit).ok_or_else(overflow)?;
            rounds_up = u128::from(digit) % unit * 2 >= unit;
        }
    }
    value = value.checked_add(rounds_up.into()).ok_or_else(overflow)?;
    match 10_u128.checked_pow(precision.into()) {
        Some(bound) if value < bound => {
            let value = value as i128;
            Ok(if sign == 0x4000 { -value } else { value })
        }
        _ => Err(overflow()),
    }
}

/// Bytes that are taken from the front.
struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self
            .rest
            .split_at_checked(count)
            .ok_or_else(|| invalid("insufficient data left in message"))?;
        self.rest = rest;
        Ok(taken)
    }

    fn take_u16(&mut self) -> Result<u16> {
        Ok(u16::from_be_bytes(exactly(self.take(2)?)?))
    }

    fn take_i32(&mut self) -> Result<i32> {
        i32(self.take(4)?)
    }

    /// A value behind its length; `None` for NULL.
    fn take_sized(&mut self) -> Result<Option<&'a [u8]>> {
        match self.take_i32()? {
            -1 => Ok(None),
            length => {
                let length = usize::try_from(length).map_err(|_| invalid("insufficient data left in message"))?;
                self.take(length).map(Some)
            }
        }
    }
}

fn sized_literal(reader: &mut Reader<'_>, data_type: &LogicalType, settings: &FormatSettings) -> Result<Literal> {
    match reader.take_sized()? {
        None => Ok(Literal::Null),
        Some(bytes) => read_value(bytes, data_type, settings),
    }
}

fn array(bytes: &[u8], element: &LogicalType, first: i32, settings: &FormatSettings) -> Result<Vec<Literal>> {
    let mut reader = Reader { rest: bytes };
    let dimensions = reader.take_i32()?;
    if !(0..=DIMENSIONS_MAX).contains(&dimensions) {
        return Err(invalid(format!("invalid number of dimensions: {dimensions}")));
    }
    if !matches!(reader.take_i32()?, 0 | 1) {
        return Err(invalid("invalid array flags"));
    }
    let oid = u32::from_be_bytes(exactly(reader.take(4)?)?);
    let mut sizes = Vec::with_capacity(dimensions as usize);
    for _ in 0..dimensions {
        sizes.push(usize::try_from(reader.take_i32()?).map_err(|_| incorrect())?);
        if reader.take_i32()? != first {
            return Err(Error::user(
                SqlState::FEATURE_NOT_SUPPORTED,
                format!("arrays that do not count from {first} are not supported"),
            ));
        }
    }
    let mut innermost = element;
    let mut depth = 1;
    while let LogicalType::Array(inner) = innermost {
        innermost = inner;
        depth += 1;
    }
    if oid != type_oid(innermost) {
        return Err(Error::user(SqlState::DATATYPE_MISMATCH, "wrong element type"));
    }
    let literals = match sizes.len() {
        0 => Vec::new(),
        dimensions if dimensions == depth => elements(&mut reader, &sizes, innermost, settings)?,
        _ => {
            return Err(Error::user(
                SqlState::FEATURE_NOT_SUPPORTED,
                format!("multidimensional arrays of {innermost} are not supported"),
            ));
        }
    };
    match reader.rest.is_empty() {
        true => Ok(literals),
        false => Err(incorrect()),
    }
}

/// The elements of one dimension; every element takes four bytes at least, so that a false size ends soon.
fn elements(
    reader: &mut Reader<'_>,
    sizes: &[usize],
    innermost: &LogicalType,
    settings: &FormatSettings,
) -> Result<Vec<Literal>> {
    let mut literals = Vec::new();
    let Some((size, inner)) = sizes.split_first() else {
        return Ok(literals);
    };
    for _ in 0..*size {
        if reader.rest.is_empty() {
            return Err(invalid("insufficient data left in message"));
        }
        literals.push(match inner {
            [] => sized_literal(reader, innermost, settings)?,
            inner => Literal::Array(elements(reader, inner, innermost, settings)?),
        });
    }
    Ok(literals)
}

fn record(bytes: &[u8], fields: &[(String, LogicalType)], settings: &FormatSettings) -> Result<Vec<Literal>> {
    let mut reader = Reader { rest: bytes };
    let count = reader.take_i32()?;
    if usize::try_from(count) != Ok(fields.len()) {
        return Err(Error::user(
            SqlState::DATATYPE_MISMATCH,
            format!("wrong number of columns: {count}, expected {}", fields.len()),
        ));
    }
    let mut values = Vec::with_capacity(fields.len());
    for (at, (_, field)) in fields.iter().enumerate() {
        let oid = u32::from_be_bytes(exactly(reader.take(4)?)?);
        if oid != type_oid(field) {
            return Err(Error::user(
                SqlState::DATATYPE_MISMATCH,
                format!(
                    "wrong data type: {oid}, expected {} in record column {}",
                    type_oid(field),
                    at + 1
                ),
            ));
        }
        values.push(sized_literal(&mut reader, field, settings)?);
    }
    match reader.rest.is_empty() {
        true => Ok(values),
        false => Err(incorrect()),
    }
}
