//! `regexp_count(text, pattern [, start [, flags]])`

use super::regex::{Patterns, at_least, place_of};
use super::regexp_like::flags_at;
use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::types::Int32Type;

pub(super) static REGEXP_COUNT: ScalarFunction = ScalarFunction {
    info: || {
        immutable(
            "regexp_count",
            const {
                &[
                    signature(&[TEXT, TEXT], returns::integer),
                    signature(&[TEXT, TEXT, INTEGER], returns::integer),
                    signature(&[TEXT, TEXT, INTEGER, TEXT], returns::integer),
                ]
            },
        )
    },
    documentation: documentation(
        "pattern",
        "How often a regular expression matches.",
        "regexp_count('123456789012', '\\d\\d\\d', 2)",
        "3",
    ),
    execute,
};

fn execute(call: &Call<'_>) -> Result<Value> {
    let (texts, patterns) = (call.texts(0)?, call.texts(1)?);
    let mut known = Patterns::default();
    call.map_rows::<Int32Type>(|row| {
        let start = at_least("start", integer_at(call, 2, row, 1)?, 1)?;
        let flags = flags_at(call, 3, row)?.without_global("regexp_count")?;
        let matcher = known.matcher(patterns.value(row), flags)?;
        let text = texts.value(row);
        let Some(start) = place_of(text, start) else {
            return Ok(0);
        };
        matcher.begin(start);
        let mut count = 0i32;
        while matcher.advance_whole(text).is_some() {
            count = count.saturating_add(1);
        }
        Ok(count)
    })
}

/// The number that an argument gives, where there is such an argument.
pub(super) fn integer_at(call: &Call<'_>, at: usize, row: usize, absent: i32) -> Result<i32> {
    match call.arguments.get(at) {
        Some(value) => Ok(value.primitives::<Int32Type>()?.value(row)),
        None => Ok(absent),
    }
}
