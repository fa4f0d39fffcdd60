//! `~~` (LIKE), `!~~`, `~~*` (ILIKE), `!~~*`, and `like_escape`, which brings another escape character to the backslash.

use super::like_pattern::LikePattern;
use crate::error::{Error, Result, SqlState};
use crate::functions::scalar::signature::*;
use crate::functions::scalar::text::lower_into;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::BooleanArray;
use arrow_buffer::BooleanBufferBuilder;
use std::sync::Arc;
use stoa_sql::catalog::Signature;

pub(super) static LIKE: ScalarFunction = ScalarFunction {
    info: || immutable("~~", SIGNATURES),
    documentation: documentation(
        "pattern",
        "Whether the whole text matches a pattern of `%` (anything) and `_` (one character): LIKE.",
        "'abc' LIKE '_b%'",
        "t",
    ),
    execute: |call| match_all(call, false, false),
};

pub(super) static NOT_LIKE: ScalarFunction = ScalarFunction {
    info: || immutable("!~~", SIGNATURES),
    documentation: documentation("pattern", "The opposite: NOT LIKE.", "'abc' NOT LIKE 'x%'", "t"),
    execute: |call| match_all(call, false, true),
};

pub(super) static ILIKE: ScalarFunction = ScalarFunction {
    info: || immutable("~~*", SIGNATURES),
    documentation: documentation(
        "pattern",
        "LIKE without regard to case: ILIKE.",
        "'ABC' ILIKE 'a%'",
        "t",
    ),
    execute: |call| match_all(call, true, false),
};

pub(super) static NOT_ILIKE: ScalarFunction = ScalarFunction {
    info: || immutable("!~~*", SIGNATURES),
    documentation: documentation("pattern", "The opposite: NOT ILIKE.", "'ABC' NOT ILIKE 'a%'", "f"),
    execute: |call| match_all(call, true, true),
};

pub(super) static LIKE_ESCAPE: ScalarFunction = ScalarFunction {
    info: || immutable("like_escape", const { &[signature(&[TEXT, TEXT], returns::text)] }),
    documentation: documentation(
        "pattern",
        "The pattern with the backslash in place of its escape character.",
        "like_escape('a#%', '#')",
        "a\\%",
    ),
    execute: like_escape,
};

const SIGNATURES: &[Signature] = &[signature(&[TEXT, TEXT], returns::boolean)];

fn match_all(call: &Call<'_>, any_case: bool, negated: bool) -> Result<Value> {
    let (texts, patterns) = (call.texts(0)?, call.texts(1)?);
    let nulls = call.nulls();
    let mut bits = BooleanBufferBuilder::new(call.row_count);
    let mut known: Option<(&str, LikePattern)> = None;
    let mut lower = String::new();
    for row in 0..call.row_count {
        if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            bits.append(false);
            continue;
        }
        if !patterns.is_constant() || known.is_none() {
            let pattern = patterns.value(row);
            if known.as_ref().is_none_or(|(last, _)| *last != pattern) {
                known = Some((pattern, compile(pattern, any_case)));
            }
        }
        let Some((_, pattern)) = &known else { continue };
        let text = texts.value(row);
        let matches = if any_case {
            lower.clear();
            lower_into(text, &mut lower);
            pattern.matches(&lower)?
        } else {
            pattern.matches(text)?
        };
        bits.append(matches != negated);
    }
    Ok(Value::Array(Arc::new(BooleanArray::new(bits.finish(), nulls))))
}

fn compile(pattern: &str, any_case: bool) -> LikePattern {
    if !any_case {
        return LikePattern::new(pattern);
    }
    let mut lower = String::new();
    lower_into(pattern, &mut lower);
    LikePattern::new(&lower)
}

fn like_escape(call: &Call<'_>) -> Result<Value> {
    let (patterns, escapes) = (call.texts(0)?, call.texts(1)?);
    call.map_texts(|row, out| {
        let pattern = patterns.value(row);
        let mut escapes = escapes.value(row).chars();
        let escape = escapes.next();
        if escapes.next().is_some() {
            return Err(invalid_escape());
        }
        let mut after_escape = false;
        for character in pattern.chars() {
            if Some(character) == escape && !after_escape {
                out.push('\\');
                after_escape = true;
                continue;
            }
            if character == '\\' && !after_escape {
                out.push('\\');
            }
            out.push(character);
            after_escape = false;
        }
        Ok(())
    })
}

/// That an escape is longer than a character.
pub(super) fn invalid_escape() -> Error {
    Error::Sql(
        stoa_sql::Error::new(SqlState("22025"), "invalid escape string")
            .with_hint("Escape string must be empty or one character."),
    )
}
