//! `json_agg`, `jsonb_agg`, `json_object_agg`, `jsonb_object_agg`.

mod value;

use super::signature::aggregate;
use super::value_lists::ValueLists;
use crate::error::{Error, Result, SqlState};
use crate::format::FormatSettings;
use crate::functions::{Accumulator, AggregateBinding, AggregateFunction, Documentation, Groups};
use crate::types::{LogicalType, array_type};
use arrow_array::builder::StringViewBuilder;
use arrow_array::{Array, ArrayRef};
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;
use std::collections::BTreeMap;
use std::sync::Arc;
use stoa_sql::catalog::{Parameter, Signature};
use value::JsonWriter;

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
    is_binary: bool,
}

impl JsonAggregate {
    fn new(binding: &AggregateBinding) -> Self {
        let types = binding.argument_types.clone();
        JsonAggregate {
            values: ValueLists::new(types.iter().map(array_type).collect()),
            types,
            is_binary: binding.return_type == LogicalType::Jsonb,
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
        let mut answers = StringViewBuilder::with_capacity(group_count);
        for range in grouped.ranges() {
            if range.is_empty() {
                answers.append_null();
                continue;
            }
            let writer = JsonWriter::new(&settings, self.is_binary);
            let text = match columns[..] {
                [(values, data_type)] => array(&writer, values, data_type, range)?,
                [(keys, key_type), (values, value_type)] => {
                    let keys = range
                        .clone()
                        .map(|row| key(&writer, keys, row, key_type))
                        .collect::<Result<Vec<_>>>()?;
                    match self.is_binary {
                        true => binary_object(&writer, keys, values, value_type, range)?,
                        false => text_object(&writer, &keys, values, value_type, range)?,
                    }
                }
                _ => {
                    return Err(Error::Internal(
                        "a JSON aggregate of other than one or two columns".into(),
                    ));
                }
            };
            answers.append_value(text);
        }
        Ok(Arc::new(answers.finish()))
    }

    fn memory_bytes(&self) -> usize {
        self.values.memory_bytes()
    }
}

fn array(
    writer: &JsonWriter<'_>,
    values: &ArrayRef,
    data_type: &LogicalType,
    rows: std::ops::Range<usize>,
) -> Result<String> {
    let mut text = String::from("[");
    for row in rows.clone() {
        if row > rows.start {
            text.push_str(", ");
        }
        writer.write(values, row, data_type, &mut text)?;
    }
    text.push(']');
    Ok(text)
}

fn key(writer: &JsonWriter<'_>, keys: &ArrayRef, row: usize, data_type: &LogicalType) -> Result<String> {
    if keys.is_null(row) {
        return Err(Error::user(
            SqlState::INVALID_PARAMETER_VALUE,
            "field name must not be null",
        ));
    }
    writer.plain_text(keys, row, data_type)
}

fn text_object(
    writer: &JsonWriter<'_>,
    keys: &[String],
    values: &ArrayRef,
    data_type: &LogicalType,
    rows: std::ops::Range<usize>,
) -> Result<String> {
    let mut text = String::from("{ ");
    for (at, (key, row)) in keys.iter().zip(rows).enumerate() {
        if at > 0 {
            text.push_str(", ");
        }
        value::quote(key, &mut text);
        text.push_str(" : ");
        writer.write(values, row, data_type, &mut text)?;
    }
    text.push_str(" }");
    Ok(text)
}

/// Keys ordered by length, then bytes, as jsonb keeps them.
fn binary_object(
    writer: &JsonWriter<'_>,
    keys: Vec<String>,
    values: &ArrayRef,
    data_type: &LogicalType,
    rows: std::ops::Range<usize>,
) -> Result<String> {
    let fields: BTreeMap<(usize, String), usize> = keys
        .into_iter()
        .zip(rows)
        .map(|(key, row)| ((key.len(), key), row))
        .collect();
    let mut text = String::from("{");
    for (at, ((_, key), row)) in fields.into_iter().enumerate() {
        if at > 0 {
            text.push_str(", ");
        }
        value::quote(&key, &mut text);
        text.push_str(": ");
        writer.write(values, row, data_type, &mut text)?;
    }
    text.push('}');
    Ok(text)
}
