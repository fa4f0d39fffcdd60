//! `string_to_array(text, delimiter [, null])`

use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::builder::{ListBuilder, StringViewBuilder};
use std::sync::Arc;

pub(super) static STRING_TO_ARRAY: ScalarFunction = ScalarFunction {
    info: || {
        called_on_null(immutable(
            "string_to_array",
            const {
                &[
                    signature(&[TEXT, TEXT], returns::text_array),
                    signature(&[TEXT, TEXT, TEXT], returns::text_array),
                ]
            },
        ))
    },
    documentation: documentation(
        "text",
        "The parts between delimiters (NULL: the characters) as an array; parts that are the third text become NULL.",
        "string_to_array('xx~~yy~~zz', '~~', 'yy')",
        "{xx,NULL,zz}",
    ),
    execute,
};

fn execute(call: &Call<'_>) -> Result<Value> {
    let (texts, delimiters) = (call.texts(0)?, call.texts(1)?);
    let nulls = match call.arguments.len() {
        3 => Some(call.texts(2)?),
        _ => None,
    };
    let mut builder = ListBuilder::with_capacity(StringViewBuilder::new(), call.row_count);
    for row in 0..call.row_count {
        if texts.is_null(row) {
            builder.append_null();
            continue;
        }
        let text = texts.value(row);
        let null = nulls
            .as_ref()
            .filter(|nulls| !nulls.is_null(row))
            .map(|nulls| nulls.value(row));
        let mut push = |part: &str| match Some(part) == null {
            true => builder.values().append_null(),
            false => builder.values().append_value(part),
        };
        if text.is_empty() {
            // No parts at all.
        } else if delimiters.is_null(row) {
            let mut buffer = [0; 4];
            text.chars()
                .for_each(|character| push(character.encode_utf8(&mut buffer)));
        } else if delimiters.value(row).is_empty() {
            push(text);
        } else {
            text.split(delimiters.value(row)).for_each(push);
        }
        builder.append(true);
    }
    Ok(Value::Array(Arc::new(builder.finish())))
}
