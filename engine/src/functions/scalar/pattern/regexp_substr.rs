//! `regexp_substr(text, pattern [, start [, n [, flags [, subexpression]]]])`

use super::regex::{Patterns, at_least, place_of};
use super::regexp_count::integer_at;
use super::regexp_like::flags_at;
use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};

pub(super) static REGEXP_SUBSTR: ScalarFunction = ScalarFunction {
    info: || {
        immutable(
            "regexp_substr",
            const {
                &[
                    signature(&[TEXT, TEXT], returns::text),
                    signature(&[TEXT, TEXT, INTEGER], returns::text),
                    signature(&[TEXT, TEXT, INTEGER, INTEGER], returns::text),
                    signature(&[TEXT, TEXT, INTEGER, INTEGER, TEXT], returns::text),
                    signature(&[TEXT, TEXT, INTEGER, INTEGER, TEXT, INTEGER], returns::text),
                ]
            },
        )
    },
    documentation: documentation(
        "pattern",
        "The nth match of a regular expression, or a group of it; NULL for none.",
        "regexp_substr('ABCDEF', 'c(.)(..)', 1, 1, 'i')",
        "CDEF",
    ),
    execute,
};

fn execute(call: &Call<'_>) -> Result<Value> {
    let (texts, patterns) = (call.texts(0)?, call.texts(1)?);
    let mut known = Patterns::default();
    call.map_texts_or_null(|row, out| {
        let start = at_least("start", integer_at(call, 2, row, 1)?, 1)?;
        let nth = at_least("n", integer_at(call, 3, row, 1)?, 1)?;
        let flags = flags_at(call, 4, row)?.without_global("regexp_substr")?;
        let group = at_least("subexpr", integer_at(call, 5, row, 0)?, 0)?;
        let matcher = known.matcher(patterns.value(row), flags)?;
        let text = texts.value(row);
        let Some(start) = place_of(text, start) else {
            return Ok(false);
        };
        match matcher.nth_group(text, start, nth, group) {
            Some(found) => out.push_str(&text[found]),
            None => return Ok(false),
        }
        Ok(true)
    })
}
