//! `regexp_match(text, pattern [, flags])`: the groups of the first match as an array.

use super::regex::compiled;
use super::regexp_like::flags_at;
use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::ListArray;
use arrow_array::builder::{ListBuilder, StringViewBuilder};
use std::sync::Arc;

pub(super) static REGEXP_MATCH: ScalarFunction = ScalarFunction {
    info: || {
        immutable(
            "regexp_match",
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
        "The groups of a regular expression's first match, or the whole match where it has no groups; NULL for none.",
        "regexp_match('foobarbequebaz', '(bar)(beque)')",
        "{bar,beque}",
    ),
    execute,
};

fn execute(call: &Call<'_>) -> Result<Value> {
    let (texts, patterns) = (call.texts(0)?, call.texts(1)?);
    let nulls = call.nulls();
    let mut builder = ListBuilder::with_capacity(StringViewBuilder::new(), call.row_count);
    for row in 0..call.row_count {
        if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            builder.append_null();
            continue;
        }
        let flags = flags_at(call, 2, row)?.without_global("regexp_match")?;
        let regex = compiled(patterns.value(row), flags)?;
        match regex.captures(texts.value(row)) {
            None => builder.append_null(),
            Some(captures) => {
                let first = usize::from(captures.len() > 1);
                for group in captures.iter().skip(first) {
                    builder.values().append_option(group.map(|group| group.as_str()));
                }
                builder.append(true);
            }
        }
    }
    let lists: ListArray = builder.finish();
    Ok(Value::Array(Arc::new(lists)))
}
