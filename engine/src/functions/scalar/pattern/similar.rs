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
    call.map_texts(|row, out| match call.arguments.get(1) {
        None => translate(patterns.value(row), "\\", out),
        Some(escapes) => translate(patterns.value(row), escapes.texts()?.value(row), out),
    })
}

/// The regular expression of a pattern. Between two escaped double quotes is its only group; what is before it matches as little
/// as it can.
///
/// # Errors
/// 22019 for an escape of several characters, 2200C for more than two separators.
pub(in crate::functions) fn translate(pattern: &str, escape: &str, out: &mut String) -> Result<()> {
    let mut characters = escape.chars();
    let escape = characters.next();
    if characters.next().is_some() {
        return Err(invalid_escape());
    }
    out.push_str("^(?:");
    let (mut escaped, mut in_bracket, mut separators) = (false, false, 0);
    let mut is_lazy = escape.is_some_and(|escape| pattern.contains(&format!("{escape}\"")));
    for character in pattern.chars() {
        if escaped {
            if character == '"' && !in_bracket {
                separators += 1;
                is_lazy = false;
                out.push_str(match separators {
                    1 => ")(",
                    2 => ")(?:",
                    _ => {
                        let message =
                            "SQL regular expression may not contain more than two escape-double-quote separators";
                        return Err(Error::user(SqlState("2200C"), message));
                    }
                });
                escaped = false;
                continue;
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
                '%' if is_lazy => out.push_str(".*?"),
                '*' | '+' | '?' | '}' if is_lazy => {
                    out.push(character);
                    out.push('?');
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
