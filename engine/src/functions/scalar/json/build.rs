//! `jsonb_build_object`, `jsonb_build_array`, `json_build_object`, `json_build_array`

use super::change::invalid;
use super::document::{ObjectBuilder, quote_into};
use super::write::{JsonWriter, Style, settings_of};
use crate::error::{Result, SqlState};
use crate::functions::scalar::signature::*;
use crate::functions::{Call, Documentation, ScalarFunction, Value};
use arrow_array::{Array, ArrayRef};

const OBJECT: Documentation = documentation(
    "json",
    "An object of alternating keys and values.",
    "jsonb_build_object('a', 1, 'b', 'x')",
    r#"{"a": 1, "b": "x"}"#,
);
const ARRAY: Documentation = documentation(
    "json",
    "An array of the arguments.",
    "jsonb_build_array(1, 'x', NULL)",
    r#"[1, "x", null]"#,
);

pub(super) static JSONB_BUILD_OBJECT: ScalarFunction = ScalarFunction {
    info: || {
        let signatures = const { &[signature(&[], returns::jsonb), variadic(&[ANY], returns::jsonb)] };
        called_on_null(stable("jsonb_build_object", signatures))
    },
    documentation: OBJECT,
    execute: |call| object(call, Style::Jsonb, "jsonb_build_object"),
};
pub(super) static JSON_BUILD_OBJECT: ScalarFunction = ScalarFunction {
    info: || {
        let signatures = const { &[signature(&[], returns::json), variadic(&[ANY], returns::json)] };
        called_on_null(stable("json_build_object", signatures))
    },
    documentation: OBJECT,
    execute: |call| object(call, Style::Json, "json_build_object"),
};
pub(super) static JSONB_BUILD_ARRAY: ScalarFunction = ScalarFunction {
    info: || {
        let signatures = const { &[signature(&[], returns::jsonb), variadic(&[ANY], returns::jsonb)] };
        called_on_null(stable("jsonb_build_array", signatures))
    },
    documentation: ARRAY,
    execute: |call| array(call, Style::Jsonb),
};
pub(super) static JSON_BUILD_ARRAY: ScalarFunction = ScalarFunction {
    info: || {
        let signatures = const { &[signature(&[], returns::json), variadic(&[ANY], returns::json)] };
        called_on_null(stable("json_build_array", signatures))
    },
    documentation: ARRAY,
    execute: |call| array(call, Style::Json),
};

/// An argument's writer, and whether there is one value for all rows.
struct Arguments<'a> {
    writers: Vec<(JsonWriter<'a>, &'a ArrayRef, bool)>,
}

impl<'a> Arguments<'a> {
    fn of(call: &'a Call<'_>, style: Style, settings: &'a crate::format::FormatSettings) -> Self {
        let writers = call
            .arguments
            .iter()
            .zip(call.argument_types)
            .map(|(value, data_type)| {
                let writer = JsonWriter::new(value.array(), data_type, style, settings);
                (writer, value.array(), value.is_constant())
            });
        Arguments {
            writers: writers.collect(),
        }
    }
}

fn array(call: &Call<'_>, style: Style) -> Result<Value> {
    let settings = settings_of(call.statement);
    let arguments = Arguments::of(call, style, &settings);
    call.map_every_text(|row, out| {
        out.push('[');
        for (at, (writer, _, constant)) in arguments.writers.iter().enumerate() {
            if at > 0 {
                out.push_str(", ");
            }
            writer.write(if *constant { 0 } else { row }, out)?;
        }
        out.push(']');
        Ok(true)
    })
}

fn object(call: &Call<'_>, style: Style, name: &str) -> Result<Value> {
    if !call.arguments.len().is_multiple_of(2) {
        let message = "argument list must have even number of elements";
        return Err(stoa_sql::Error::new(SqlState::INVALID_PARAMETER_VALUE, message)
            .with_hint(format!(
                "The arguments of {name}() must consist of alternating keys and values."
            ))
            .into());
    }
    let settings = settings_of(call.statement);
    let arguments = Arguments::of(call, style, &settings);
    call.map_every_text(|row, out| {
        let mut builder = ObjectBuilder::default();
        let mut members = 0;
        if style == Style::Json {
            out.push('{');
        }
        for (at, pair) in arguments.writers.chunks_exact(2).enumerate() {
            let [(keys, key_array, key_constant), (values, _, value_constant)] = pair else {
                continue;
            };
            let key_row = if *key_constant { 0 } else { row };
            let value_row = if *value_constant { 0 } else { row };
            if key_array.is_null(key_row) {
                return Err(null_key(style, at));
            }
            let mut key = String::new();
            if !keys.write_key(key_row, &mut key)? {
                return Err(invalid("key value must be scalar, not array, composite, or json"));
            }
            if style == Style::Jsonb {
                let mut value = String::new();
                values.write(value_row, &mut value)?;
                builder.push(key, value);
                continue;
            }
            if members > 0 {
                out.push_str(", ");
            }
            members += 1;
            quote_into(&key, out);
            out.push_str(" : ");
            values.write(value_row, out)?;
        }
        match style {
            Style::Json => out.push('}'),
            Style::Jsonb => builder.finish(out),
        }
        Ok(true)
    })
}

fn null_key(style: Style, pair: usize) -> crate::error::Error {
    match style {
        Style::Jsonb => invalid(&format!("argument {}: key must not be null", pair * 2 + 1)),
        Style::Json => crate::error::Error::user(SqlState("22004"), "null value not allowed for object key"),
    }
}

#[cfg(test)]
mod tests {
    use crate::functions::scalar::json::testing::*;
    use crate::functions::scalar::testing::*;
    use crate::types::LogicalType;

    #[test]
    fn objects_and_arrays() {
        let arguments = [
            text("bb"),
            text("x\""),
            text("a"),
            boolean(true),
            text("c"),
            null(LogicalType::Text),
        ];
        check(
            "jsonb_build_object",
            &arguments,
            jsonb(r#"{"a": true, "c": null, "bb": "x\""}"#),
        );
        check(
            "json_build_object",
            &arguments,
            json(r#"{"bb" : "x\"", "a" : true, "c" : null}"#),
        );
        check(
            "jsonb_build_array",
            &arguments[..4],
            jsonb(r#"["bb", "x\"", "a", true]"#),
        );
        check("jsonb_build_object", &[], jsonb("{}"));
        check("json_build_array", &[], json("[]"));
        let nested = [text("j"), jsonb(r#"{"x": 1}"#), text("d"), double(1.5)];
        check("jsonb_build_object", &nested, jsonb(r#"{"d": 1.5, "j": {"x": 1}}"#));
    }

    #[test]
    fn keys_that_are_none() {
        let message = "argument list must have even number of elements";
        check_error("jsonb_build_object", &[text("a")], "22023", message);
        let null_key = [null(LogicalType::Text), text("a")];
        check_error(
            "jsonb_build_object",
            &null_key,
            "22023",
            "argument 1: key must not be null",
        );
        let array_key = [text_array(&[]), text("a")];
        let message = "key value must be scalar, not array, composite, or json";
        check_error("jsonb_build_object", &array_key, "22023", message);
    }
}
