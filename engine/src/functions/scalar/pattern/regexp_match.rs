//! `regexp_match(text, pattern [, flags])`: the groups of the first match as an array.

use super::regex::Patterns;
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
    let mut known = Patterns::default();
    for row in 0..call.row_count {
        if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            builder.append_null();
            continue;
        }
        let flags = flags_at(call, 2, row)?.without_global("regexp_match")?;
        let matcher = known.matcher(patterns.value(row), flags)?;
        let text = texts.value(row);
        matcher.begin(0);
        if matcher.advance(text).is_none() {
            builder.append_null();
            continue;
        }
        let first = usize::from(matcher.group_count() > 1);
        for number in first..matcher.group_count() {
            builder
                .values()
                .append_option(matcher.group(number).map(|found| &text[found]));
        }
        builder.append(true);
    }
    let lists: ListArray = builder.finish();
    Ok(Value::Array(Arc::new(lists)))
}
