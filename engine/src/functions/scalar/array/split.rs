//! `string_to_array(text, delimiter [, null])`

use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::builder::{ListBuilder, StringViewBuilder};
use arrow_schema::{DataType, Field};
use std::sync::Arc;

pub(super) static STRING_TO_ARRAY: ScalarFunction = ScalarFunction {
    info: || {
        let signatures = const {
            &[
                signature(&[TEXT, TEXT], returns::text_array),
                signature(&[TEXT, TEXT, TEXT], returns::text_array),
            ]
        };
        called_on_null(immutable("string_to_array", signatures))
    },
    documentation: documentation(
        "array",
        "The parts of a text between delimiters (NULL: its characters); parts that are the third argument become NULL.",
        "string_to_array('a,b,c', ',')",
        "{a,b,c}",
    ),
    execute,
};

/// The parts of a text; a delimiter that is NULL cuts it into characters.
pub(crate) fn parts<'t>(text: &'t str, delimiter: Option<&'t str>) -> Box<dyn Iterator<Item = &'t str> + Send + 't> {
    match delimiter {
        _ if text.is_empty() => Box::new(std::iter::empty()),
        Some("") => Box::new(std::iter::once(text)),
        Some(delimiter) => Box::new(text.split(delimiter)),
        None => Box::new(
            text.char_indices()
                .map(move |(at, character)| text.get(at..at + character.len_utf8()).unwrap_or("")),
        ),
    }
}

fn execute(call: &Call<'_>) -> Result<Value> {
    let (texts, delimiters) = (call.texts(0)?, call.texts(1)?);
    let nulls = match call.arguments.len() {
        3 => Some(call.texts(2)?),
        _ => None,
    };
    let field = Field::new("item", DataType::Utf8View, true);
    let mut builder = ListBuilder::new(StringViewBuilder::new()).with_field(field);
    for row in 0..call.row_count {
        if texts.is_null(row) {
            builder.append(false);
            continue;
        }
        let delimiter = (!delimiters.is_null(row)).then(|| delimiters.value(row));
        let null = nulls.as_ref().filter(|nulls| !nulls.is_null(row)).map(|nulls| nulls.value(row));
        for part in parts(texts.value(row), delimiter) {
            builder.values().append_option(Some(part).filter(|part| Some(*part) != null));
        }
        builder.append(true);
    }
    Ok(Value::Array(Arc::new(builder.finish())))
}

#[cfg(test)]
mod tests {
    use crate::functions::scalar::testing::*;
    use crate::types::LogicalType;

    #[test]
    fn texts() {
        for (value, delimiter, expected) in [
            ("a,b,,c", Some(","), &["a", "b", "", "c"][..]),
            ("aé", None, &["a", "é"]),
            ("a,b", Some(""), &["a,b"]),
            ("", Some(","), &[]),
            ("aXXbXX", Some("XX"), &["a", "b", ""]),
        ] {
            let delimiter = delimiter.map_or(null(LogicalType::Text), text);
            let expected: Vec<Option<&str>> = expected.iter().copied().map(Some).collect();
            check("string_to_array", &[text(value), delimiter], text_array(&expected));
        }
        let with_null = [text("a,NULL,b"), text(","), text("NULL")];
        check("string_to_array", &with_null, text_array(&[Some("a"), None, Some("b")]));
        let nothing = LogicalType::Array(Box::new(LogicalType::Text));
        check("string_to_array", &[null(LogicalType::Text), text(",")], null(nothing));
    }
}
