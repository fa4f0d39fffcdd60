//! `regexp_like(text, pattern [, flags])`

use super::regex::Patterns;
use super::translate::Flags;
use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};

pub(super) static REGEXP_LIKE: ScalarFunction = ScalarFunction {
    info: || {
        immutable(
            "regexp_like",
            const {
                &[
                    signature(&[TEXT, TEXT], returns::boolean),
                    signature(&[TEXT, TEXT, TEXT], returns::boolean),
                ]
            },
        )
    },
    documentation: documentation(
        "pattern",
        "Whether a regular expression matches somewhere.",
        "regexp_like('Hello World', 'world$', 'i')",
        "t",
    ),
    execute,
};

fn execute(call: &Call<'_>) -> Result<Value> {
    let (texts, patterns) = (call.texts(0)?, call.texts(1)?);
    let mut known = Patterns::default();
    call.map_booleans(|row| {
        let flags = flags_at(call, 2, row)?.without_global("regexp_like")?;
        Ok(known.matcher(patterns.value(row), flags)?.is_match(texts.value(row)))
    })
}

/// The flags that an argument gives, where there is such an argument.
pub(super) fn flags_at(call: &Call<'_>, at: usize, row: usize) -> Result<Flags> {
    match call.arguments.get(at) {
        Some(value) => Flags::read(value.texts()?.value(row)),
        None => Ok(Flags::default()),
    }
}
