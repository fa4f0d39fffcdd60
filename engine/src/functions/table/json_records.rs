//! Rows of JSON objects with the columns that FROM asks for: `json_to_record`, `json_to_recordset`, and both for `jsonb`.

use super::rows::{argument, has_null, ready};
use super::table;
use crate::error::{Error, Result, SqlState};
use crate::format::text::text_out::write_quoted;
use crate::functions::cast::cast;
use crate::functions::scalar::json::document::{Kind, elements, members, text_into, trim, unescaped};
use crate::functions::scalar::signature::*;
use crate::functions::{TableCall, TableFunction, TableRows, Value};
use arrow_array::ArrayRef;
use arrow_array::builder::StringViewBuilder;
use arrow_array::cast::AsArray;
use std::collections::HashMap;
use std::sync::Arc;
use stoa_sql::catalog::{FunctionInfo, Signature, Volatility};
use stoa_sql::types::LogicalType;

const OF_JSON: &[Signature] = &[signature(&[JSON], record)];
const OF_JSONB: &[Signature] = &[signature(&[JSONB], record)];

/// Its columns are told where it is used.
fn record(_: &[LogicalType]) -> LogicalType {
    LogicalType::Record(Vec::new())
}

macro_rules! functions {
    ($($item:ident = $name:literal $signatures:ident $open:ident $example:literal $result:literal;)*) => {
        $(pub(super) static $item: TableFunction = TableFunction {
            info: || record_table($name, $signatures),
            documentation: documentation("table", "The members of objects as columns of the names and types given.", $example, $result),
            open: |call| $open(call, $name),
        };)*
    };
}

functions! {
    JSON_TO_RECORD = "json_to_record" OF_JSON open_one r#"json_to_record('{"a": 1}') AS r(a integer)"# "1";
    JSON_TO_RECORDSET = "json_to_recordset" OF_JSON open_set r#"json_to_recordset('[{"a": 1}, {"a": 2}]') AS r(a integer)"# "1, 2";
    JSONB_TO_RECORD = "jsonb_to_record" OF_JSONB open_one r#"jsonb_to_record('{"a": 1}') AS r(a integer)"# "1";
    JSONB_TO_RECORDSET = "jsonb_to_recordset" OF_JSONB open_set r#"jsonb_to_recordset('[{"a": 1}, {"a": 2}]') AS r(a integer)"# "1, 2";
}

fn record_table(name: &'static str, signatures: &'static [Signature]) -> FunctionInfo {
    let mut info = table(name, Volatility::Stable, signatures);
    // A single record of NULL is a row of NULLs.
    info.strict = name.ends_with("set");
    info
}

fn open_one(call: &TableCall<'_>, _name: &str) -> Result<Box<dyn TableRows>> {
    if has_null(call) {
        return rows(call, &[HashMap::new()]);
    }
    let document = trim(argument(call, 0)?.as_string_view().value(0));
    let message = |kind| format!("cannot call populate_composite on {}", kind_name(kind));
    rows(call, &[object(document, message)?])
}

fn open_set(call: &TableCall<'_>, name: &str) -> Result<Box<dyn TableRows>> {
    let document = trim(argument(call, 0)?.as_string_view().value(0));
    if Kind::of(document) != Kind::Array {
        let message = match Kind::of(document) {
            Kind::Object => format!("cannot call {name} on an object"),
            _ => format!("cannot call {name} on a scalar"),
        };
        return Err(invalid(message));
    }
    let objects = elements(document)
        .map(|element| {
            object(trim(element), |_| {
                format!("argument of {name} must be an array of objects")
            })
        })
        .collect::<Result<Vec<_>>>()?;
    rows(call, &objects)
}

fn invalid(message: String) -> Error {
    Error::user(SqlState::INVALID_PARAMETER_VALUE, message)
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Array => "an array",
        _ => "a scalar",
    }
}

/// The members by key; of members with one key the last one counts.
fn object(text: &str, message: impl Fn(Kind) -> String) -> Result<HashMap<String, &str>> {
    match Kind::of(text) {
        Kind::Object => Ok(members(text).map(|(key, value)| (unescaped(key), value)).collect()),
        other => Err(invalid(message(other))),
    }
}

/// A row per object.
fn rows(call: &TableCall<'_>, objects: &[HashMap<String, &str>]) -> Result<Box<dyn TableRows>> {
    let LogicalType::Record(fields) = call.return_type else {
        return Err(Error::Internal(
            "a function returning record was not told its columns".into(),
        ));
    };
    let columns = fields
        .iter()
        .map(|(name, data_type)| column(call, objects, name, data_type));
    Ok(ready(columns.collect::<Result<_>>()?))
}

/// The members of one name as values of a type: each is read from its text.
fn column(
    call: &TableCall<'_>,
    objects: &[HashMap<String, &str>],
    name: &str,
    data_type: &LogicalType,
) -> Result<ArrayRef> {
    let mut texts = StringViewBuilder::with_capacity(objects.len());
    let mut text = String::new();
    for object in objects {
        text.clear();
        match object.get(name).map(|value| trim(value)) {
            Some(value) if Kind::of(value) != Kind::Null => {
                written(value, data_type, &mut text).map_err(|message| expected(message, name))?;
                texts.append_value(&text);
            }
            _ => texts.append_null(),
        }
    }
    let texts = Value::Array(Arc::new(texts.finish()));
    match cast(&texts, &LogicalType::Text, data_type, false, call.statement)? {
        Value::Array(values) | Value::Constant(values) => Ok(values),
    }
}

fn expected(message: &str, key: &str) -> Error {
    let error = stoa_sql::Error::new(SqlState::INVALID_TEXT_REPRESENTATION, message)
        .with_hint(format!("See the value of key \"{key}\"."));
    Error::Sql(error)
}

/// A value as the text that a type's values are read from.
fn written(value: &str, data_type: &LogicalType, out: &mut String) -> std::result::Result<(), &'static str> {
    match data_type {
        LogicalType::Json | LogicalType::Jsonb => out.push_str(value),
        LogicalType::Array(element_type) => return written_array(value, element_type, out),
        _ => {
            text_into(value, out);
        }
    }
    Ok(())
}

/// An array of any depth as the text of an array: `{"a",NULL,{..}}`.
fn written_array(value: &str, element_type: &LogicalType, out: &mut String) -> std::result::Result<(), &'static str> {
    if Kind::of(value) != Kind::Array {
        return Err("expected JSON array");
    }
    out.push('{');
    let mut text = String::new();
    for (place, element) in elements(value).map(trim).enumerate() {
        if place > 0 {
            out.push(',');
        }
        text.clear();
        match Kind::of(element) {
            Kind::Null => out.push_str("NULL"),
            Kind::Array if !matches!(element_type, LogicalType::Json | LogicalType::Jsonb) => {
                written_array(element, element_type, out)?;
            }
            _ => {
                written(element, element_type, &mut text)?;
                write_quoted(&text, out);
            }
        }
    }
    out.push('}');
    Ok(())
}
