//! Values of any type as JSON: what `to_jsonb`, `jsonb_build_object` and kin write.

use super::document::{ObjectBuilder, quote_into};
use crate::error::{Error, Result};
use crate::format::FormatSettings;
use crate::format::text::{ColumnWriter, parse_value};
use crate::functions::StatementContext;
use crate::types::{Literal, LogicalType};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type};
use arrow_array::{Array, ArrayRef, BooleanArray, ListArray, StringViewArray};

/// How it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// `[1,2]`, `{"a":1}`; objects keep their keys as they come.
    Json,
    /// `[1, 2]`, `{"a": 1}`; objects in normal form.
    Jsonb,
}

impl Style {
    fn comma(self) -> &'static str {
        match self {
            Style::Json => ",",
            Style::Jsonb => ", ",
        }
    }
}

/// What decides how times look in JSON.
pub(crate) fn settings_of(statement: &StatementContext) -> FormatSettings {
    FormatSettings {
        time_zone: statement.time_zone.clone(),
        ..FormatSettings::default()
    }
}

/// Writes values of one array; resolved once.
pub(crate) struct JsonWriter<'a> {
    array: &'a ArrayRef,
    style: Style,
    form: Form<'a>,
}

enum Form<'a> {
    Boolean(&'a BooleanArray),
    /// Digits, or a string for NaN and infinities.
    Number(ColumnWriter<'a>),
    Real,
    Double,
    String(&'a StringViewArray),
    /// A string of the type's text form.
    Quoted(ColumnWriter<'a>),
    /// As `Quoted`, with a `T` between date and time.
    Timestamp(ColumnWriter<'a>, bool),
    /// JSON already.
    Json(&'a StringViewArray),
    /// JSON of the other kind, to be brought into normal form.
    Normalized(&'a StringViewArray, &'a FormatSettings),
    List(&'a ListArray, Box<JsonWriter<'a>>),
    Record(Vec<(&'a str, JsonWriter<'a>)>),
    Null,
}

impl<'a> JsonWriter<'a> {
    /// For a plain array.
    pub(crate) fn new(
        array: &'a ArrayRef,
        data_type: &'a LogicalType,
        style: Style,
        settings: &'a FormatSettings,
    ) -> Self {
        let writer = || ColumnWriter::new(array, data_type, settings);
        let form = match data_type {
            LogicalType::Boolean => Form::Boolean(array.as_boolean()),
            LogicalType::SmallInt | LogicalType::Integer | LogicalType::BigInt | LogicalType::Numeric { .. } => {
                Form::Number(writer())
            }
            LogicalType::Real => Form::Real,
            LogicalType::Double => Form::Double,
            LogicalType::Text | LogicalType::Varchar(_) | LogicalType::Name | LogicalType::Unknown => {
                Form::String(array.as_string_view())
            }
            LogicalType::Timestamp => Form::Timestamp(writer(), false),
            LogicalType::TimestampTz => Form::Timestamp(writer(), true),
            LogicalType::Json if style == Style::Jsonb => Form::Normalized(array.as_string_view(), settings),
            LogicalType::Json | LogicalType::Jsonb => Form::Json(array.as_string_view()),
            LogicalType::Array(element) => {
                let list = array.as_list::<i32>();
                Form::List(list, Box::new(JsonWriter::new(list.values(), element, style, settings)))
            }
            LogicalType::Record(fields) => {
                let columns = array.as_struct().columns().iter().zip(fields);
                let field = |(column, (name, data_type)): (&'a ArrayRef, &'a (String, LogicalType))| {
                    (name.as_str(), JsonWriter::new(column, data_type, style, settings))
                };
                Form::Record(columns.map(field).collect())
            }
            LogicalType::Void => Form::Null,
            _ => Form::Quoted(writer()),
        };
        JsonWriter { array, style, form }
    }

    /// Appends a row's value; NULL is null.
    ///
    /// # Errors
    /// Where a `json` value has no normal form.
    pub(crate) fn write(&self, row: usize, out: &mut String) -> Result<()> {
        if self.array.is_null(row) {
            out.push_str("null");
            return Ok(());
        }
        match &self.form {
            Form::Null => out.push_str("null"),
            Form::Boolean(array) => out.push_str(if array.value(row) { "true" } else { "false" }),
            Form::Number(writer) => out.push_str(&text_of(writer, row)?),
            Form::Real => {
                let value = self.array.as_primitive::<Float32Type>().value(row);
                self.write_float(f64::from(value), format!("{value}"), format!("{value:e}"), out);
            }
            Form::Double => {
                let value = self.array.as_primitive::<Float64Type>().value(row);
                self.write_float(value, format!("{value}"), format!("{value:e}"), out);
            }
            Form::String(array) => quote_into(array.value(row), out),
            Form::Quoted(writer) => quote_into(&text_of(writer, row)?, out),
            Form::Timestamp(writer, zoned) => write_timestamp(&text_of(writer, row)?, *zoned, out),
            Form::Json(array) => out.push_str(array.value(row)),
            Form::Normalized(array, settings) => match parse_value(array.value(row), &LogicalType::Jsonb, settings)? {
                Literal::Text(text) => out.push_str(&text),
                other => return Err(Error::Internal(format!("jsonb was read as {other:?}"))),
            },
            Form::List(list, elements) => {
                let offsets = list.value_offsets();
                let range = |at: usize| {
                    offsets
                        .get(at)
                        .and_then(|offset| usize::try_from(*offset).ok())
                        .unwrap_or(0)
                };
                out.push('[');
                for (at, element) in (range(row)..range(row + 1)).enumerate() {
                    if at > 0 {
                        out.push_str(self.style.comma());
                    }
                    elements.write(element, out)?;
                }
                out.push(']');
            }
            Form::Record(fields) => self.write_record(fields, row, out)?,
        }
        Ok(())
    }

    fn write_record(&self, fields: &[(&str, JsonWriter<'_>)], row: usize, out: &mut String) -> Result<()> {
        if self.style == Style::Jsonb {
            let mut builder = ObjectBuilder::default();
            for (name, writer) in fields {
                let mut value = String::new();
                writer.write(row, &mut value)?;
                builder.push((*name).to_owned(), value);
            }
            builder.finish(out);
            return Ok(());
        }
        out.push('{');
        for (at, (name, writer)) in fields.iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            quote_into(name, out);
            out.push(':');
            writer.write(row, out)?;
        }
        out.push('}');
        Ok(())
    }

    /// Floating point: in full for jsonb, whose numbers are exact; with an exponent where Postgres has one for json.
    fn write_float(&self, value: f64, full: String, scientific: String, out: &mut String) {
        if !value.is_finite() {
            let name = if value.is_nan() {
                "NaN"
            } else if value > 0.0 {
                "Infinity"
            } else {
                "-Infinity"
            };
            quote_into(name, out);
            return;
        }
        let exponent: i32 = scientific
            .split_once('e')
            .and_then(|(_, exponent)| exponent.parse().ok())
            .unwrap_or(0);
        if self.style == Style::Jsonb || (-4..15).contains(&exponent) {
            // The numbers of jsonb are numerics, which know no negative zero.
            out.push_str(if full == "-0" && self.style == Style::Jsonb {
                "0"
            } else {
                &full
            });
            return;
        }
        let mantissa = scientific
            .split_once('e')
            .map_or(scientific.as_str(), |(mantissa, _)| mantissa);
        let sign = if exponent < 0 { '-' } else { '+' };
        out.push_str(&format!("{mantissa}e{sign}{:02}", exponent.abs()));
    }

    /// Appends a row's value as the key of an object, without quotes. False for a key that none can be.
    pub(crate) fn write_key(&self, row: usize, out: &mut String) -> Result<bool> {
        match &self.form {
            Form::List(..) | Form::Record(_) | Form::Json(_) | Form::Normalized(..) => return Ok(false),
            Form::String(array) => out.push_str(array.value(row)),
            Form::Quoted(writer) => out.push_str(&text_of(writer, row)?),
            _ => {
                let mut value = String::new();
                self.write(row, &mut value)?;
                out.push_str(value.trim_matches('"'));
            }
        }
        Ok(true)
    }
}

fn text_of(writer: &ColumnWriter<'_>, row: usize) -> Result<String> {
    let mut bytes = Vec::new();
    writer.write(row, &mut bytes);
    String::from_utf8(bytes).map_err(|_| Error::Internal("a text form is not UTF-8".into()))
}

/// `2024-02-29 12:30:00+01` as `2024-02-29T12:30:00+01:00`
fn write_timestamp(text: &str, zoned: bool, out: &mut String) {
    let (text, era) = match text.strip_suffix(" BC") {
        Some(rest) => (rest, " BC"),
        None => (text, ""),
    };
    let mut iso = text.replacen(' ', "T", 1);
    if zoned && let Some(time) = iso.find('T') {
        let offset = iso
            .get(time..)
            .and_then(|rest| rest.find(['+', '-']))
            .map(|at| time + at);
        if offset.is_some_and(|at| iso.len() - at == 3) {
            iso.push_str(":00");
        }
    }
    iso.push_str(era);
    quote_into(&iso, out);
}
