//! `translate(text, from, to)`: every character of `from` becomes the one of `to` at the same place, or goes.

use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};

pub(super) static TRANSLATE: ScalarFunction = ScalarFunction {
    info: || immutable("translate", const { &[signature(&[TEXT, TEXT, TEXT], returns::text)] }),
    documentation: documentation(
        "text",
        "The text with single characters replaced or, where there is nothing to replace them with, left out.",
        "translate('12345', '143', 'ax')",
        "a2x5",
    ),
    execute,
};

fn execute(call: &Call<'_>) -> Result<Value> {
    let (texts, froms, tos) = (call.texts(0)?, call.texts(1)?, call.texts(2)?);
    call.map_texts(|row, out| {
        let (from, to) = (froms.value(row), tos.value(row));
        for character in texts.value(row).chars() {
            match from.chars().position(|other| other == character) {
                None => out.push(character),
                Some(at) => out.extend(to.chars().nth(at)),
            }
        }
        Ok(())
    })
}
