//! Casts to `oid` and the types that name objects by it: `regclass`, `regtype`, `regproc`, `regnamespace`.

use super::{Cast, out_of_range};
use crate::error::{Error, Result, SqlState};
use crate::functions::StatementContext;
use crate::types::LogicalType;
use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{ArrayRef, Int64Array, PrimitiveArray};
use std::sync::Arc;

pub(super) fn cast(cast: &Cast<'_>, array: &ArrayRef) -> Result<ArrayRef> {
    match cast.from {
        LogicalType::SmallInt => unsigned::<Int16Type>(array),
        LogicalType::Integer => unsigned::<Int32Type>(array),
        LogicalType::BigInt => {
            let check = |value: i64| match u32::try_from(value) {
                Ok(_) => Ok(value),
                Err(_) => Err(out_of_range(&LogicalType::Oid)),
            };
            let answer: Int64Array = array.as_primitive::<Int64Type>().try_unary(check)?;
            Ok(Arc::new(answer))
        }
        LogicalType::Oid
        | LogicalType::Regclass
        | LogicalType::Regtype
        | LogicalType::Regproc
        | LogicalType::Regnamespace => Ok(array.clone()),
        _ if *cast.to == LogicalType::Oid => cast.parsed(array),
        from if from.is_string() || *from == LogicalType::Unknown => {
            let names = array.as_string_view().iter();
            let oids = names.map(|name| name.map(|name| oid_of(cast.to, name, cast.statement)).transpose());
            Ok(Arc::new(oids.collect::<Result<Int64Array>>()?))
        }
        _ => Err(cast.missing()),
    }
}

/// A negative number is the unsigned one with the same bits, as in Postgres.
fn unsigned<T>(array: &ArrayRef) -> Result<ArrayRef>
where
    T: ArrowPrimitiveType,
    T::Native: Into<i64>,
{
    let answer: PrimitiveArray<Int64Type> = array.as_primitive::<T>().unary(|value| {
        let value: i64 = value.into();
        value & i64::from(u32::MAX)
    });
    Ok(Arc::new(answer))
}

/// What the session calls the look-ups of a type: by name, by oid.
fn kinds(data_type: &LogicalType) -> (&'static str, &'static str) {
    match data_type {
        LogicalType::Regtype => ("type_oid", "type_name"),
        LogicalType::Regproc => ("function_oid", "function_name"),
        LogicalType::Regnamespace => ("namespace_oid", "namespace_name"),
        _ => ("relation_oid", "relation_name"),
    }
}

/// The name an object is shown by: its oid where it has none.
pub(super) fn name_of(data_type: &LogicalType, oid: i64, statement: &StatementContext) -> String {
    if oid == 0 {
        return "-".to_owned();
    }
    let key = oid.to_string();
    statement.session.fact(kinds(data_type).1, &key).unwrap_or(key)
}

fn oid_of(data_type: &LogicalType, name: &str, statement: &StatementContext) -> Result<i64> {
    if name == "-" {
        return Ok(0);
    }
    if let Ok(oid) = name.parse::<u32>() {
        return Ok(oid.into());
    }
    let oid = statement.session.fact(kinds(data_type).0, name);
    oid.and_then(|oid| oid.parse().ok()).ok_or_else(|| {
        let (state, what) = match data_type {
            LogicalType::Regtype => (SqlState::UNDEFINED_OBJECT, "type"),
            LogicalType::Regproc => (SqlState::UNDEFINED_FUNCTION, "function"),
            LogicalType::Regnamespace => (SqlState::INVALID_SCHEMA_NAME, "schema"),
            _ => (SqlState::UNDEFINED_TABLE, "relation"),
        };
        Error::user(state, format!("{what} \"{name}\" does not exist"))
    })
}
