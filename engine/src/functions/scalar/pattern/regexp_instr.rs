//! `regexp_instr(text, pattern [, start [, n [, endoption [, flags [, subexpression]]]]])`

use super::regex::{Patterns, at_least, invalid_value, place_of};
use super::regexp_count::integer_at;
use super::regexp_like::flags_at;
use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::types::Int32Type;

pub(super) static REGEXP_INSTR: ScalarFunction = ScalarFunction {
    info: || {
        immutable(
            "regexp_instr",
            const {
                &[
                    signature(&[TEXT, TEXT], returns::integer),
                    signature(&[TEXT, TEXT, INTEGER], returns::integer),
                    signature(&[TEXT, TEXT, INTEGER, INTEGER], returns::integer),
                    signature(&[TEXT, TEXT, INTEGER, INTEGER, INTEGER], returns::integer),
                    signature(&[TEXT, TEXT, INTEGER, INTEGER, INTEGER, TEXT], returns::integer),
                    signature(
                        &[TEXT, TEXT, INTEGER, INTEGER, INTEGER, TEXT, INTEGER],
                        returns::integer,
                    ),
                ]
            },
        )
    },
    documentation: documentation(
        "pattern",
        "Where the nth match of a regular expression begins (or, with endoption 1, where it has ended); 0 for none.",
        "regexp_instr('ABCDEF', 'c(.)(..)', 1, 1, 0, 'i')",
        "3",
    ),
    execute,
};

fn execute(call: &Call<'_>) -> Result<Value> {
    let (texts, patterns) = (call.texts(0)?, call.texts(1)?);
    let mut known = Patterns::default();
    call.map_rows::<Int32Type>(|row| {
        let start = at_least("start", integer_at(call, 2, row, 1)?, 1)?;
        let nth = at_least("n", integer_at(call, 3, row, 1)?, 1)?;
        let after = match integer_at(call, 4, row, 0)? {
            0 => false,
            1 => true,
            other => return Err(invalid_value("endoption", other)),
        };
        let flags = flags_at(call, 5, row)?.without_global("regexp_instr")?;
        let group = at_least("subexpr", integer_at(call, 6, row, 0)?, 0)?;
        let matcher = known.matcher(patterns.value(row), flags)?;
        let text = texts.value(row);
        let Some(start) = place_of(text, start) else {
            return Ok(0);
        };
        let Some(found) = matcher.nth_group(text, start, nth, group) else {
            return Ok(0);
        };
        let place = if after { found.end } else { found.start };
        Ok(text[..place].chars().count() as i32 + 1)
    })
}
