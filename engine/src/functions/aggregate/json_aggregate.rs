//! `json_agg`, `jsonb_agg`, `json_object_agg`, `jsonb_object_agg`. Times with a zone are shown in UTC: an aggregate knows no session.

use super::signature::aggregate;
use super::value_lists::ValueLists;
use crate::error::{Error, Result, SqlState};
use crate::format::FormatSettings;
use crate::format::text::ColumnWriter;
use crate::functions::scalar::json::document::{ObjectBuilder, quote_into};
use crate::functions::scalar::json::write::{JsonWriter, Style};
use crate::functions::{Accumulator, AggregateBinding, AggregateFunction, Documentation, Groups};
use crate::types::{LogicalType, array_type};
use arrow_array::builder::StringViewBuilder;
use arrow_array::{Array, ArrayRef};
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;
use std::ops::Range;
use std::sync::Arc;
use stoa_sql::catalog::{Parameter, Signature};

macro_rules! json {
    ($static:ident, $name:literal, $summary:literal, $example:literal, $result:literal, $signatures:expr) => {
        static $static: AggregateFunction = AggregateFunction {
            info: || aggregate($name, $signatures),
            documentation: Documentation {
                category: "json",
                summary: $summary,
                example: $example,
                result: $result,
            },
            accumulator: |binding| Ok(Box::new(JsonAggregate::new(binding))),
            summary: None,
        };
    };
}

pub(super) static FUNCTIONS: &[&AggregateFunction] = &[&JSON_AGG, &JSONB_AGG, &JSON_OBJECT_AGG, &JSONB_OBJECT_AGG];

json!(
    JSON_AGG,
    "json_agg",
    "All values, NULLs included, as a JSON array.",
    "json_agg(x ORDER BY x)",
    "[1, 2, 3]",
    &[Signature {
        parameters: &[Parameter::AnyElement],
        variadic: false,
        returns: |_| LogicalType::Json,
    }]
);
json!(
    JSONB_AGG,
    "jsonb_agg",
    "All values, NULLs included, as a JSON array.",
    "jsonb_agg(x ORDER BY x)",
    "[1, 2, 3]",
    &[Signature {
        parameters: &[Parameter::AnyElement],
        variadic: false,
        returns: |_| LogicalType::Jsonb,
    }]
);
json!(
    JSON_OBJECT_AGG,
    "json_object_agg",
    "All pairs of key and value as a JSON object.",
    "json_object_agg(k, v)",
    "{ \"a\" : 1, \"b\" : 2 }",
    &[Signature {
        parameters: &[Parameter::Any, Parameter::Any],
        variadic: false,
        returns: |_| LogicalType::Json,
    }]
);
json!(
    JSONB_OBJECT_AGG,
    "jsonb_object_agg",
    "All pairs of key and value as a JSON object; of equal keys the last stays.",
    "jsonb_object_agg(k, v)",
    "{\"a\": 1, \"b\": 2}",
    &[Signature {
        parameters: &[Parameter::Any, Parameter::Any],
        variadic: false,
        returns: |_| LogicalType::Jsonb,
    }]
);

struct JsonAggregate {
    values: ValueLists,
    types: Vec<LogicalType>,
    style: Style,
}

impl JsonAggregate {
    fn new(binding: &AggregateBinding) -> Self {
        let types = binding.argument_types.clone();
        JsonAggregate {
            values: ValueLists::new(types.iter().map(array_type).collect()),
            types,
            style: match binding.return_type {
                LogicalType::Jsonb => Style::Jsonb,
                _ => Style::Json,
            },
        }
    }
}

impl Accumulator for JsonAggregate {
    fn update(
        &mut self,
        arguments: &[ArrayRef],
        groups: Groups<'_>,
        selection: Option<&BooleanBuffer>,
        _group_count: usize,
    ) -> Result<()> {
        self.values.add(&arguments[..self.types.len()], groups, selection)
    }

    fn merge(&mut self, states: &[ArrayRef], groups: Groups<'_>, _group_count: usize) -> Result<()> {
        self.values.merge(states, groups)
    }

    fn state_types(&self) -> Vec<DataType> {
        self.values.state_types()
    }

    fn states(&mut self, group_count: usize) -> Result<Vec<ArrayRef>> {
        self.values.states(group_count)
    }

    fn finish(&mut self, group_count: usize) -> Result<ArrayRef> {
        let grouped = self.values.take(group_count)?;
        let settings = FormatSettings::default();
        let columns: Vec<(&ArrayRef, &LogicalType)> = grouped.columns.iter().zip(&self.types).collect();
        let writer = |(array, data_type)| JsonWriter::new(array, data_type, self.style, &settings);
        let mut answers = StringViewBuilder::with_capacity(group_count);
        for range in grouped.ranges() {
            if range.is_empty() {
                answers.append_null();
                continue;
            }
            answers.append_value(match columns[..] {
                [values @ (column, data_type)] => {
                    // Arrays and records begin a line each in json; a NULL does not.
                    let is_nested = matches!(data_type, LogicalType::Array(_) | LogicalType::Record(_));
                    let begins_line = |row| is_nested && self.style == Style::Json && column.is_valid(row);
                    array(&writer(values), range, begins_line)?
                }
                [(keys, key_type), values] => {
                    let names = ColumnWriter::new(keys, key_type, &settings);
                    let members = range.map(|row| Ok((key(keys, &names, row)?, row)));
                    match self.style {
                        Style::Jsonb => binary_object(&writer(values), members)?,
                        Style::Json => text_object(&writer(values), members)?,
                    }
                }
                _ => {
                    return Err(Error::Internal(
                        "a JSON aggregate of other than one or two columns".into(),
                    ));
                }
            });
        }
        Ok(Arc::new(answers.finish()))
    }

    fn memory_bytes(&self) -> usize {
        self.values.memory_bytes()
    }
}

fn array(values: &JsonWriter<'_>, rows: Range<usize>, begins_line: impl Fn(usize) -> bool) -> Result<String> {
    let mut text = String::from("[");
    for row in rows.clone() {
        if row > rows.start {
            text.push_str(if begins_line(row) { ", \n " } else { ", " });
        }
        values.write(row, &mut text)?;
    }
    text.push(']');
    Ok(text)
}

/// The text of a key.
fn key(keys: &ArrayRef, names: &ColumnWriter<'_>, row: usize) -> Result<String> {
    if keys.is_null(row) {
        return Err(Error::user(
            SqlState::INVALID_PARAMETER_VALUE,
            "field name must not be null",
        ));
    }
    let mut name = Vec::new();
    names.write(row, &mut name);
    String::from_utf8(name).map_err(|_| Error::Internal("a text form that is not UTF-8".into()))
}

/// Members as they come.
fn text_object(values: &JsonWriter<'_>, members: impl Iterator<Item = Result<(String, usize)>>) -> Result<String> {
    let mut text = String::from("{ ");
    for (at, member) in members.enumerate() {
        let (key, row) = member?;
        if at > 0 {
            text.push_str(", ");
        }
        quote_into(&key, &mut text);
        text.push_str(" : ");
        values.write(row, &mut text)?;
    }
    text.push_str(" }");
    Ok(text)
}

/// Members in jsonb's order, the last of each key.
fn binary_object(values: &JsonWriter<'_>, members: impl Iterator<Item = Result<(String, usize)>>) -> Result<String> {
    let mut object = ObjectBuilder::default();
    for member in members {
        let (key, row) = member?;
        let mut value = String::new();
        values.write(row, &mut value)?;
        object.push(key, value);
    }
    let mut text = String::new();
    object.finish(&mut text);
    Ok(text)
}
