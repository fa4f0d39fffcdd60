//! Type names to types: Postgres's names and aliases, with or without `pg_catalog`.

use super::name::fold;
use super::{Binder, not_supported};
use crate::error::{Error, Result, SqlState};
use crate::types::{LogicalType, NUMERIC_PRECISION_MAX};
use sqlparser::ast::{
    ArrayElemTypeDef, CharacterLength, DataType, ExactNumberInfo, ObjectNamePart, TimezoneInfo, TypeModifier,
};

/// The longest `varchar(n)` and `char(n)`, as in Postgres.
const CHARACTERS_MAX: u64 = 10_485_760;

impl Binder<'_> {
    /// The type a type name stands for.
    ///
    /// # Errors
    /// 42704 for an unknown name, 22023 for parameters out of range, 0A000 for a type Stoa lacks.
    pub(super) fn bind_data_type(&self, data_type: &DataType) -> Result<LogicalType> {
        Ok(match data_type {
            DataType::Bool | DataType::Boolean => LogicalType::Boolean,
            DataType::SmallInt(None) | DataType::Int2(None) => LogicalType::SmallInt,
            DataType::Int(None) | DataType::Int4(None) | DataType::Integer(None) => LogicalType::Integer,
            DataType::BigInt(None) | DataType::Int8(None) => LogicalType::BigInt,
            DataType::Real | DataType::Float4 => LogicalType::Real,
            DataType::DoublePrecision | DataType::Float8 | DataType::Double(ExactNumberInfo::None) => {
                LogicalType::Double
            }
            DataType::Float(info) => float(info)?,
            DataType::Numeric(info) | DataType::Decimal(info) | DataType::Dec(info) => numeric(info)?,
            DataType::Text => LogicalType::Text,
            DataType::Varchar(length) | DataType::CharacterVarying(length) | DataType::CharVarying(length) => {
                LogicalType::Varchar(characters(length.as_ref())?)
            }
            DataType::Char(length) | DataType::Character(length) => {
                LogicalType::Char(characters(length.as_ref())?.unwrap_or(1))
            }
            DataType::Date => LogicalType::Date,
            DataType::Time(_, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => LogicalType::Time,
            DataType::Timestamp(_, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => LogicalType::Timestamp,
            DataType::Timestamp(_, TimezoneInfo::WithTimeZone | TimezoneInfo::Tz) => LogicalType::TimestampTz,
            DataType::Interval { .. } => LogicalType::Interval,
            DataType::Uuid => LogicalType::Uuid,
            DataType::JSON => LogicalType::Json,
            DataType::JSONB => LogicalType::Jsonb,
            DataType::Bytea => LogicalType::Bytea,
            DataType::Regclass => LogicalType::Regclass,
            DataType::Array(
                ArrayElemTypeDef::SquareBracket(element, _)
                | ArrayElemTypeDef::Qualified(element, _)
                | ArrayElemTypeDef::AngleBracket(element),
            ) => LogicalType::Array(Box::new(self.bind_data_type(element)?)),
            DataType::Collate(inner, _) => self.bind_data_type(inner)?,
            DataType::Custom(name, modifiers) => {
                let parts: Vec<String> = name
                    .0
                    .iter()
                    .filter_map(|part| match part {
                        ObjectNamePart::Identifier(identifier) => Some(fold(identifier)),
                        ObjectNamePart::Function(_) => None,
                    })
                    .collect();
                let quoted = name
                    .0
                    .last()
                    .and_then(|part| part.as_ident())
                    .is_some_and(|identifier| identifier.quote_style.is_some());
                named(&parts, quoted, modifiers).map_err(|error| error.at(self.span(name)))?
            }
            other => return Err(not_supported(format!("type {}", other.to_string().to_lowercase()))),
        })
    }
}

fn out_of_range(message: String) -> Error {
    Error::new(SqlState::INVALID_PARAMETER_VALUE, message)
}

fn float(info: &ExactNumberInfo) -> Result<LogicalType> {
    match info {
        ExactNumberInfo::None => Ok(LogicalType::Double),
        ExactNumberInfo::Precision(1..=24) => Ok(LogicalType::Real),
        ExactNumberInfo::Precision(25..=53) => Ok(LogicalType::Double),
        _ => Err(out_of_range(
            "precision for type float must be between 1 and 53 bits".to_owned(),
        )),
    }
}

fn numeric(info: &ExactNumberInfo) -> Result<LogicalType> {
    let (precision, scale) = match info {
        ExactNumberInfo::None => return Ok(LogicalType::NUMERIC),
        ExactNumberInfo::Precision(precision) => (*precision, 0),
        ExactNumberInfo::PrecisionAndScale(precision, scale) => (*precision, *scale),
    };
    numeric_of(precision, scale)
}

fn numeric_of(precision: u64, scale: i64) -> Result<LogicalType> {
    if precision == 0 || precision > 1000 {
        return Err(out_of_range(format!(
            "NUMERIC precision {precision} must be between 1 and 1000"
        )));
    }
    if precision > u64::from(NUMERIC_PRECISION_MAX) {
        return Err(not_supported(format!("NUMERIC precision {precision}"))
            .with_hint(format!("The largest precision is {NUMERIC_PRECISION_MAX}.")));
    }
    match (u8::try_from(precision), u8::try_from(scale)) {
        (Ok(precision), Ok(scale)) if scale <= precision => Ok(LogicalType::Numeric { precision, scale }),
        _ => Err(not_supported(format!("NUMERIC scale {scale}")).with_hint(format!(
            "The scale of numeric({precision},..) lies between 0 and {precision}."
        ))),
    }
}

fn characters(length: Option<&CharacterLength>) -> Result<Option<u32>> {
    match length {
        None | Some(CharacterLength::Max) => Ok(None),
        Some(CharacterLength::IntegerLength { length, .. }) => character_count(*length).map(Some),
    }
}

fn character_count(length: u64) -> Result<u32> {
    match u32::try_from(length) {
        Ok(count) if count > 0 && length <= CHARACTERS_MAX => Ok(count),
        _ => Err(out_of_range(format!(
            "length for a character type must be between 1 and {CHARACTERS_MAX}"
        ))),
    }
}

fn modifier_numbers(modifiers: &[TypeModifier]) -> Vec<u64> {
    modifiers
        .iter()
        .filter_map(|modifier| match modifier {
            TypeModifier::Number(text, _) => text.parse().ok(),
            TypeModifier::Identifier(_) | TypeModifier::String(_) => None,
        })
        .collect()
}

fn named(parts: &[String], quoted: bool, modifiers: &[TypeModifier]) -> Result<LogicalType> {
    let unknown = || {
        Error::new(
            SqlState::UNDEFINED_OBJECT,
            format!("type \"{}\" does not exist", parts.join(".")),
        )
    };
    let name = match parts {
        [name] => name,
        [schema, name] if schema == "pg_catalog" => name,
        _ => return Err(unknown()),
    };
    if let Some(element) = name.strip_prefix('_')
        && let Ok(element) = named(&[element.to_owned()], quoted, &[])
    {
        return Ok(LogicalType::Array(Box::new(element)));
    }
    let numbers = modifier_numbers(modifiers);
    let length = |default: Option<u32>| match numbers.first() {
        Some(length) => character_count(*length).map(Some),
        None => Ok(default),
    };
    Ok(match name.as_str() {
        "bool" | "boolean" => LogicalType::Boolean,
        "int2" | "smallint" => LogicalType::SmallInt,
        "int4" | "int" | "integer" | "serial" | "serial4" if !name.starts_with("serial") => LogicalType::Integer,
        "int8" | "bigint" => LogicalType::BigInt,
        "float4" | "real" => LogicalType::Real,
        "float8" => LogicalType::Double,
        "numeric" | "decimal" => match numbers.as_slice() {
            [] => LogicalType::NUMERIC,
            [precision] => numeric_of(*precision, 0)?,
            [precision, scale, ..] => numeric_of(*precision, i64::try_from(*scale).unwrap_or(i64::MAX))?,
        },
        "text" | "citext" if name == "text" => LogicalType::Text,
        "varchar" => LogicalType::Varchar(length(None)?),
        "char" if quoted => LogicalType::SingleChar,
        "bpchar" | "char" | "character" => LogicalType::Char(length(Some(1))?.unwrap_or(1)),
        "date" => LogicalType::Date,
        "time" => LogicalType::Time,
        "timestamp" => LogicalType::Timestamp,
        "timestamptz" => LogicalType::TimestampTz,
        "interval" => LogicalType::Interval,
        "uuid" => LogicalType::Uuid,
        "tid" => LogicalType::Tid,
        "json" => LogicalType::Json,
        "jsonb" => LogicalType::Jsonb,
        "jsonpath" => LogicalType::Jsonpath,
        "bytea" => LogicalType::Bytea,
        // A transaction or command number is what it is made of.
        "oid" | "xid" | "cid" => LogicalType::Oid,
        "oidvector" => LogicalType::OidVector,
        "int2vector" => LogicalType::Int2Vector,
        "name" | "cstring" | "sql_identifier" => LogicalType::Name,
        "character_data" | "yes_or_no" => LogicalType::Text,
        "cardinal_number" => LogicalType::Integer,
        "regclass" => LogicalType::Regclass,
        "regtype" => LogicalType::Regtype,
        "regproc" | "regprocedure" | "regoper" | "regoperator" => LogicalType::Regproc,
        "regnamespace" | "regrole" => LogicalType::Regnamespace,
        "unknown" => LogicalType::Text,
        "void" => LogicalType::Void,
        "serial" | "serial4" | "bigserial" | "serial8" | "smallserial" | "timetz" | "money" | "inet" | "cidr"
        | "macaddr" | "xml" | "point" | "tsvector" | "tsquery" | "hstore" | "citext" | "bit" | "varbit" => {
            return Err(not_supported(format!("type {name}")));
        }
        _ => return Err(unknown()),
    })
}
