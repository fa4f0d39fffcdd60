//! `split_part(text, delimiter, n)`: the nth part between delimiters, counted from the end where n is negative.

use crate::error::{Error, Result, SqlState};
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::types::Int32Type;

pub(super) static SPLIT_PART: ScalarFunction = ScalarFunction {
    info: || {
        immutable(
            "split_part",
            const { &[signature(&[TEXT, TEXT, INTEGER], returns::text)] },
        )
    },
    documentation: documentation(
        "text",
        "The nth part of a text between delimiters; negative: counted from the end.",
        "split_part('abc~@~def~@~ghi', '~@~', 2)",
        "def",
    ),
    execute,
};

fn execute(call: &Call<'_>) -> Result<Value> {
    let (texts, delimiters) = (call.texts(0)?, call.texts(1)?);
    let places = call.primitives::<Int32Type>(2)?;
    call.map_texts(|row, out| {
        out.push_str(part(texts.value(row), delimiters.value(row), places.value(row))?);
        Ok(())
    })
}

fn part<'t>(text: &'t str, delimiter: &str, place: i32) -> Result<&'t str> {
    if place == 0 {
        let message = "field position must not be zero";
        return Err(Error::user(SqlState::INVALID_PARAMETER_VALUE, message));
    }
    if delimiter.is_empty() {
        return Ok(if place.abs() == 1 { text } else { "" });
    }
    let skipped = place.unsigned_abs() as usize - 1;
    let found = match place > 0 {
        true => text.split(delimiter).nth(skipped),
        false => {
            // Delimiters are found from the front, also where they could overlap.
            let count = text.split(delimiter).count();
            count
                .checked_sub(skipped + 1)
                .and_then(|at| text.split(delimiter).nth(at))
        }
    };
    Ok(found.unwrap_or(""))
}
