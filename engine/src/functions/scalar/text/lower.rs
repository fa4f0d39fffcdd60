//! `lower(text)`

use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};

pub(super) static LOWER: ScalarFunction = ScalarFunction {
    info: || immutable("lower", const { &[signature(&[TEXT], returns::text)] }),
    documentation: documentation("text", "The text in lower case.", "lower('ToM')", "tom"),
    execute,
};

fn execute(call: &Call<'_>) -> Result<Value> {
    let texts = call.texts(0)?;
    call.map_texts(|row, out| {
        lower_into(texts.value(row), out);
        Ok(())
    })
}

/// Appends the text in lower case, character by character (as Postgres does: a final sigma is none of its own).
pub(in crate::functions::scalar) fn lower_into(text: &str, out: &mut String) {
    if text.is_ascii() {
        let start = out.len();
        out.push_str(text);
        out[start..].make_ascii_lowercase();
    } else {
        out.extend(text.chars().map(|character| {
            let mut lower = character.to_lowercase();
            match (lower.next(), lower.next()) {
                (Some(single), None) => single,
                _ => character,
            }
        }));
    }
}

#[cfg(test)]
mod tests {
    use crate::functions::scalar::testing::*;

    #[test]
    fn answers() {
        for (argument, expected) in [
            ("ToM", "tom"),
            ("", ""),
            ("ÄÖÜ Straße 7", "äöü straße 7"),
            ("ΣΑΣ", "σασ"),
        ] {
            check("lower", &[text(argument)], text(expected));
        }
    }
}
