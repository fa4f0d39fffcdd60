//! `regexp_split_to_array(text, pattern [, flags])`

use super::regex::Patterns;
use super::regexp_like::flags_at;
use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::builder::{ListBuilder, StringViewBuilder};
use std::sync::Arc;

pub(super) static REGEXP_SPLIT_TO_ARRAY: ScalarFunction = ScalarFunction {
    info: || {
        immutable(
            "regexp_split_to_array",
            const {
                &[
                    signature(&[TEXT, TEXT], returns::text_array),
                    signature(&[TEXT, TEXT, TEXT], returns::text_array),
                ]
            },
        )
    },
    documentation: documentation(
        "pattern",
        "The parts of a text between the matches of a regular expression.",
        "regexp_split_to_array('hello world', '\\s+')",
        "{hello,world}",
    ),
    execute,
};

fn execute(call: &Call<'_>) -> Result<Value> {
    let (texts, patterns) = (call.texts(0)?, call.texts(1)?);
    let nulls = call.nulls();
    let mut builder = ListBuilder::with_capacity(StringViewBuilder::new(), call.row_count);
    let mut known = Patterns::default();
    for row in 0..call.row_count {
        if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            builder.append_null();
            continue;
        }
        let flags = flags_at(call, 2, row)?.without_global("regexp_split_to_array")?;
        let matcher = known.matcher(patterns.value(row), flags)?;
        let text = texts.value(row);
        let (mut start, mut last_end) = (0, 0);
        matcher.begin(0);
        while let Some(found) = matcher.advance_whole(text) {
            // An empty match at the start, at the end or right behind another one splits nothing.
            if found.start < text.len() && found.end > last_end {
                builder.values().append_value(&text[start..found.start]);
                start = found.end;
            }
            last_end = found.end;
        }
        builder.values().append_value(&text[start..]);
        builder.append(true);
    }
    Ok(Value::Array(Arc::new(builder.finish())))
}
