//! `similar_to_escape(pattern [, escape])`: a SIMILAR TO pattern as a regular expression.

use super::like::invalid_escape;
use crate::error::{Error, Result, SqlState};
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};

pub(super) static SIMILAR_TO_ESCAPE: ScalarFunction = ScalarFunction {
    info: || {
        immutable(
            "similar_to_escape",
            const {
                &[
                    signature(&[TEXT], returns::text),
                    signature(&[TEXT, TEXT], returns::text),
                ]
            },
        )
    },
    documentation: documentation(
        "pattern",
        "The regular expression of a SIMILAR TO pattern.",
        "similar_to_escape('a%(b|c)_')",
        "^(?:a.*(?:b|c).)$",
    ),
    execute,
};

fn execute(call: &Call<'_>) -> Result<Value> {
    let patterns = call.texts(0)?;
    call.map_texts(|row, out| {
        let escape = match call.arguments.get(1) {
            None => Some('\\'),
            Some(value) => {
                let mut characters = value.texts()?.value(row).chars();
                let escape = characters.next();
                if characters.next().is_some() {
                    return Err(invalid_escape());
                }
                escape
            }
        };
        translate(patterns.value(row), escape, out)
    })
}

fn translate(pattern: &str, escape: Option<char>, out: &mut String) -> Result<()> {
    out.push_str("^(?:");
    let (mut escaped, mut in_bracket) = (false, false);
    for character in pattern.chars() {
        if escaped {
            if character == '"' && !in_bracket {
                let message = "escape-double-quote separators in SIMILAR TO patterns are not supported";
                return Err(Error::user(SqlState::FEATURE_NOT_SUPPORTED, message));
            }
            // Literally; letters and digits are no escapes of the regular expression.
            if !character.is_alphanumeric() {
                out.push('\\');
            }
            out.push(character);
            escaped = false;
        } else if Some(character) == escape {
            escaped = true;
        } else if in_bracket {
            if character == '\\' {
                out.push('\\');
            }
            out.push(character);
            in_bracket = character != ']';
        } else {
            match character {
                '[' => {
                    out.push('[');
                    in_bracket = true;
                }
                '%' => out.push_str(".*"),
                '_' => out.push('.'),
                '(' => out.push_str("(?:"),
                '\\' | '.' | '^' | '$' => {
                    out.push('\\');
                    out.push(character);
                }
                other => out.push(other),
            }
        }
    }
    out.push_str(")$");
    Ok(())
}
