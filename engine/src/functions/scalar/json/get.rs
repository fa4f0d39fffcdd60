//! `->`, `->>`: a member by its key, an element by its index; and the functions they are, `jsonb_object_field` and kin.

use super::document::{element, is_scalar, member, text_into, trim};
use crate::error::Result;
use crate::functions::kernel::Column;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, Documentation, ScalarFunction, Value};
use arrow_array::StringViewArray;
use arrow_array::builder::StringViewBuilder;
use arrow_array::types::Int32Type;
use std::sync::Arc;
use stoa_sql::catalog::Signature;
use stoa_sql::types::LogicalType;

const VALUES: &[Signature] = &[
    signature(&[JSONB, TEXT], returns::jsonb),
    signature(&[JSONB, INTEGER], returns::jsonb),
    signature(&[JSON, TEXT], returns::json),
    signature(&[JSON, INTEGER], returns::json),
];
const TEXTS: &[Signature] = &[
    signature(&[JSONB, TEXT], returns::text),
    signature(&[JSONB, INTEGER], returns::text),
    signature(&[JSON, TEXT], returns::text),
    signature(&[JSON, INTEGER], returns::text),
];

const VALUE: Documentation = documentation(
    "json",
    "The member of an object by its key, the element of an array by its index from 0 (negative: from the end).",
    r#"'{"a": {"b": 1}}'::jsonb -> 'a'"#,
    r#"{"b": 1}"#,
);
const AS_TEXT: Documentation = documentation(
    "json",
    "As ->, but as text: a string without its quotes, null as NULL.",
    r#"'{"a": "x"}'::jsonb ->> 'a'"#,
    "x",
);

macro_rules! functions {
    ($($item:ident = $name:literal $signatures:ident $documentation:ident $execute:ident;)*) => {
        $(pub(super) static $item: ScalarFunction = ScalarFunction {
            info: || immutable($name, $signatures),
            documentation: $documentation,
            execute: $execute,
        };)*
    };
}

const JSON_FIELD: &[Signature] = &[signature(&[JSON, TEXT], returns::json)];
const JSON_FIELD_TEXT: &[Signature] = &[signature(&[JSON, TEXT], returns::text)];
const JSON_ELEMENT: &[Signature] = &[signature(&[JSON, INTEGER], returns::json)];
const JSON_ELEMENT_TEXT: &[Signature] = &[signature(&[JSON, INTEGER], returns::text)];
const JSONB_FIELD: &[Signature] = &[signature(&[JSONB, TEXT], returns::jsonb)];
const JSONB_FIELD_TEXT: &[Signature] = &[signature(&[JSONB, TEXT], returns::text)];
const JSONB_ELEMENT: &[Signature] = &[signature(&[JSONB, INTEGER], returns::jsonb)];
const JSONB_ELEMENT_TEXT: &[Signature] = &[signature(&[JSONB, INTEGER], returns::text)];

functions! {
    ARROW = "->" VALUES VALUE values;
    ARROW_TEXT = "->>" TEXTS AS_TEXT texts;
    JSON_OBJECT_FIELD = "json_object_field" JSON_FIELD VALUE values;
    JSON_OBJECT_FIELD_TEXT = "json_object_field_text" JSON_FIELD_TEXT AS_TEXT texts;
    JSON_ARRAY_ELEMENT = "json_array_element" JSON_ELEMENT VALUE values;
    JSON_ARRAY_ELEMENT_TEXT = "json_array_element_text" JSON_ELEMENT_TEXT AS_TEXT texts;
    JSONB_OBJECT_FIELD = "jsonb_object_field" JSONB_FIELD VALUE values;
    JSONB_OBJECT_FIELD_TEXT = "jsonb_object_field_text" JSONB_FIELD_TEXT AS_TEXT texts;
    JSONB_ARRAY_ELEMENT = "jsonb_array_element" JSONB_ELEMENT VALUE values;
    JSONB_ARRAY_ELEMENT_TEXT = "jsonb_array_element_text" JSONB_ELEMENT_TEXT AS_TEXT texts;
}

/// Hands what each row's document has at the second argument to `take`; rows without are NULL.
fn each(call: &Call<'_>, mut take: impl FnMut(&str, &mut StringViewBuilder)) -> Result<Value> {
    let documents = call.texts(0)?;
    let sorted = *call.argument_type(0)? == LogicalType::Jsonb;
    let nulls = call.nulls();
    let mut builder = StringViewBuilder::with_capacity(call.row_count);
    let mut hand_on = |found: Option<&str>, builder: &mut StringViewBuilder| match found {
        Some(value) => take(value, builder),
        None => builder.append_null(),
    };
    let is_null = |row: usize| nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
    let document = |row: usize| match sorted {
        true => documents.value(row),
        false => trim(documents.value(row)),
    };
    if *call.argument_type(1)? == LogicalType::Integer {
        let indexes = call.primitives::<Int32Type>(1)?;
        for row in 0..call.row_count {
            let found = if is_null(row) {
                None
            } else {
                let index = indexes.value(row).into();
                match element(document(row), index) {
                    // To jsonb, a value that is neither an object nor an array is an array of itself.
                    None if sorted && matches!(index, 0 | -1) && is_scalar(document(row)) => Some(document(row)),
                    found => found,
                }
            };
            hand_on(found, &mut builder);
        }
    } else {
        let keys: Column<'_, StringViewArray> = call.texts(1)?;
        for row in 0..call.row_count {
            let found = if is_null(row) {
                None
            } else {
                member(document(row), keys.value(row), sorted)
            };
            hand_on(found, &mut builder);
        }
    }
    Ok(Value::Array(Arc::new(builder.finish())))
}

fn values(call: &Call<'_>) -> Result<Value> {
    each(call, |value, builder| builder.append_value(value))
}

fn texts(call: &Call<'_>) -> Result<Value> {
    let mut text = String::new();
    each(call, |value, builder| append_text(value, &mut text, builder))
}

/// Appends a value as text; a string without escapes goes over as it is.
pub(super) fn append_text(value: &str, scratch: &mut String, builder: &mut StringViewBuilder) {
    let plain = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    if let Some(plain) = plain.filter(|plain| memchr::memchr(b'\\', plain.as_bytes()).is_none()) {
        builder.append_value(plain);
        return;
    }
    scratch.clear();
    if text_into(value, scratch) {
        builder.append_value(scratch.as_str());
    } else {
        builder.append_null();
    }
}

#[cfg(test)]
mod tests {
    use crate::functions::scalar::json::testing::*;
    use crate::functions::scalar::testing::*;
    use crate::types::LogicalType;

    #[test]
    fn members_of_objects() {
        for (document, key, value, as_text) in [
            (r#"{"a": 1, "b": [1, 2]}"#, "b", Some("[1, 2]"), Some("[1, 2]")),
            (r#"{"a": "x\"\n"}"#, "a", Some(r#""x\"\n""#), Some("x\"\n")),
            (r#"{"a": null}"#, "a", Some("null"), None),
            (r#"{"a": 1}"#, "b", None, None),
            (r#"[1]"#, "0", None, None),
            ("1", "a", None, None),
        ] {
            check("->", &[jsonb(document), text(key)], optional(value, LogicalType::Jsonb));
            check(
                "->>",
                &[jsonb(document), text(key)],
                optional(as_text, LogicalType::Text),
            );
            check(
                "jsonb_object_field_text",
                &[jsonb(document), text(key)],
                optional(as_text, LogicalType::Text),
            );
        }
    }

    #[test]
    fn elements_of_arrays() {
        for (document, index, value) in [
            (r#"[1, [2]]"#, 1, Some("[2]")),
            (r#"[1, [2]]"#, -2, Some("1")),
            (r#"[1, [2]]"#, 2, None),
            (r#"{"0": 1}"#, 0, None),
        ] {
            check(
                "->",
                &[jsonb(document), integer(index)],
                optional(value, LogicalType::Jsonb),
            );
            check(
                "->>",
                &[jsonb(document), integer(index)],
                optional(value, LogicalType::Text),
            );
        }
    }

    #[test]
    fn json_keeps_its_text_and_its_last_key() {
        check("->", &[json(r#" {"a" : {"b":  1}}"#), text("a")], json(r#"{"b":  1}"#));
        check("->", &[json(r#"{"a": 1, "a":2}"#), text("a")], json("2"));
        check("->>", &[json(r#"{"a":"x\u0041\n"}"#), text("a")], text("xA\n"));
    }
}
