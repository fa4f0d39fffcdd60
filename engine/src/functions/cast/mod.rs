//! Casts between types, a file per target: what CAST, `::` and the binder's coercions run.
//!
//! Text forms are written and read by [`crate::format`], never here. What lies below a NULL is not looked at.

pub(crate) mod decimal;
mod settings;
#[cfg(test)]
mod tests;
mod to_array;
mod to_boolean;
mod to_date;
mod to_float;
mod to_integer;
mod to_interval;
mod to_json;
mod to_numeric;
mod to_object;
mod to_text;
mod to_time;
mod to_timestamp;
mod to_timestamptz;

use super::{StatementContext, Value};
use crate::error::{Error, Result, SqlState};
use crate::format::text::{ColumnWriter, column_builder};
use crate::types::LogicalType;
use arrow_array::{Array, ArrayRef};
pub(crate) use settings::format_settings;
use stoa_sql::types::TypeKind;

/// One value per row in another type. `explicit` casts to `varchar(n)`/`char(n)` cut, others fail on overlong values.
///
/// # Errors
/// The user's: 22003, 22P02 and kin; 42846 where there is no such cast.
pub(crate) fn cast(
    value: &Value,
    from: &LogicalType,
    to: &LogicalType,
    explicit: bool,
    statement: &StatementContext,
) -> Result<Value> {
    let cast = Cast {
        from,
        to,
        explicit,
        statement,
    };
    Ok(match value {
        Value::Array(array) => Value::Array(cast.array(array)?),
        Value::Constant(array) => Value::Constant(cast.array(array)?),
    })
}

/// Whether a cast is cheap and cannot fail, whatever the value.
pub(crate) fn never_fails(from: &LogicalType, to: &LogicalType) -> bool {
    use TypeKind as Kind;
    match (from, to) {
        (
            LogicalType::Numeric {
                precision: from_precision,
                scale: from_scale,
            },
            LogicalType::Numeric { precision, scale },
        ) => from_scale <= scale && from_precision - from_scale <= precision - scale,
        (from, LogicalType::Numeric { precision, scale }) if from.is_integer() => {
            let digits = match from.kind() {
                Kind::SmallInt => 5,
                Kind::Integer => 10,
                _ => 19,
            };
            digits <= precision - scale
        }
        (_, LogicalType::Varchar(Some(_))) => false,
        (from, to) => matches!(
            (from.kind(), to.kind()),
            (Kind::SmallInt, Kind::Integer | Kind::BigInt | Kind::Real | Kind::Double)
                | (Kind::Integer, Kind::BigInt | Kind::Real | Kind::Double)
                | (Kind::BigInt, Kind::Real | Kind::Double)
                | (Kind::Real, Kind::Double)
                | (
                    Kind::Varchar | Kind::Char | Kind::Name | Kind::SingleChar,
                    Kind::Text | Kind::Varchar
                )
                | (Kind::Text, Kind::Varchar)
                | (Kind::Jsonb, Kind::Json | Kind::Text)
                | (Kind::Json, Kind::Text)
        ),
    }
}

/// A cast of arrays.
#[derive(Clone, Copy)]
struct Cast<'a> {
    from: &'a LogicalType,
    to: &'a LogicalType,
    explicit: bool,
    statement: &'a StatementContext,
}

impl Cast<'_> {
    fn array(&self, array: &ArrayRef) -> Result<ArrayRef> {
        if self.from == self.to {
            return Ok(array.clone());
        }
        match self.to {
            LogicalType::Boolean => to_boolean::cast(self, array),
            LogicalType::SmallInt | LogicalType::Integer | LogicalType::BigInt => to_integer::cast(self, array),
            LogicalType::Real | LogicalType::Double => to_float::cast(self, array),
            LogicalType::Numeric { precision, scale } => to_numeric::cast(self, array, *precision, *scale),
            LogicalType::Text
            | LogicalType::Varchar(_)
            | LogicalType::Char(_)
            | LogicalType::Name
            | LogicalType::SingleChar
            | LogicalType::Unknown => to_text::cast(self, array),
            LogicalType::Date => to_date::cast(self, array),
            LogicalType::Time => to_time::cast(self, array),
            LogicalType::Timestamp => to_timestamp::cast(self, array),
            LogicalType::TimestampTz => to_timestamptz::cast(self, array),
            LogicalType::Interval => to_interval::cast(self, array),
            LogicalType::Json | LogicalType::Jsonb => to_json::cast(self, array),
            LogicalType::Oid
            | LogicalType::Regclass
            | LogicalType::Regtype
            | LogicalType::Regproc
            | LogicalType::Regnamespace => to_object::cast(self, array),
            LogicalType::Array(element) => to_array::cast_array(self, array, element),
            LogicalType::Record(fields) => to_array::cast_record(self, array, fields),
            LogicalType::Uuid
            | LogicalType::Jsonpath
            | LogicalType::Tid
            | LogicalType::Bytea
            | LogicalType::Int2Vector
            | LogicalType::OidVector => self.parsed(array),
            LogicalType::Void => Err(self.missing()),
        }
    }

    /// That there is no such cast.
    fn missing(&self) -> Error {
        Error::user(
            SqlState::CANNOT_COERCE,
            format!("cannot cast type {} to {}", self.from, self.to),
        )
    }

    /// Reads text as the target type; other sources have no such cast.
    fn parsed(&self, array: &ArrayRef) -> Result<ArrayRef> {
        if !self.from.is_string() && *self.from != LogicalType::Unknown {
            return Err(self.missing());
        }
        self.read_texts(array)
    }

    /// Reads text-like values as the target type.
    fn read_texts(&self, array: &ArrayRef) -> Result<ArrayRef> {
        use arrow_array::cast::AsArray;
        let Some(texts) = array.as_string_view_opt() else {
            return Err(self.missing());
        };
        let mut builder = column_builder(self.to, &format_settings(self.statement))?;
        for text in texts {
            match text {
                Some(text) => builder.push_text(text.as_bytes())?,
                None => builder.push_null(),
            }
        }
        Ok(builder.finish())
    }

    /// Writes every value that is there; `visit` gets its row and text.
    fn write(&self, array: &ArrayRef, mut visit: impl FnMut(usize, Option<&str>) -> Result<()>) -> Result<()> {
        let settings = format_settings(self.statement);
        let writer = ColumnWriter::new(array, self.from, &settings);
        let mut bytes = Vec::new();
        for row in 0..array.len() {
            if array.is_null(row) {
                visit(row, None)?;
                continue;
            }
            bytes.clear();
            writer.write(row, &mut bytes);
            let text = std::str::from_utf8(&bytes)
                .map_err(|_| Error::Internal(format!("the text form of {} is not UTF-8", self.from)))?;
            visit(row, Some(text))?;
        }
        Ok(())
    }
}

/// That a number does not fit a type.
fn out_of_range(data_type: &LogicalType) -> Error {
    let name = match data_type {
        LogicalType::Oid => "OID".to_owned(),
        other => other.to_string(),
    };
    Error::user(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, format!("{name} out of range"))
}
