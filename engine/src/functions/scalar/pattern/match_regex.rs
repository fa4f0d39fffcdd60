//! `~`, `!~`, `~*`, `!~*`: whether a regular expression matches somewhere. `~ a` of one integer is its bits negated.

use super::regex::{Patterns, compiled};
use super::translate::Flags;
use crate::error::Result;
use crate::functions::scalar::arithmetic::bitwise_not;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use stoa_sql::catalog::Signature;

pub(super) static MATCH: ScalarFunction = ScalarFunction {
    info: || immutable("~", MATCH_SIGNATURES),
    documentation: documentation(
        "pattern",
        "Whether a regular expression matches; of one integer, its bits negated.",
        "'thomas' ~ 't.*ma'",
        "t",
    ),
    execute: |call| match call.arguments.len() {
        1 => bitwise_not(call),
        _ => match_all(call, false, false),
    },
};

pub(super) static NOT_MATCH: ScalarFunction = ScalarFunction {
    info: || immutable("!~", SIGNATURES),
    documentation: documentation(
        "pattern",
        "Whether a regular expression does not match.",
        "'thomas' !~ 't.*max'",
        "t",
    ),
    execute: |call| match_all(call, false, true),
};

pub(super) static MATCH_ANY_CASE: ScalarFunction = ScalarFunction {
    info: || immutable("~*", SIGNATURES),
    documentation: documentation(
        "pattern",
        "Whether a regular expression matches without regard to case.",
        "'thomas' ~* 'T.*ma'",
        "t",
    ),
    execute: |call| match_all(call, true, false),
};

pub(super) static NOT_MATCH_ANY_CASE: ScalarFunction = ScalarFunction {
    info: || immutable("!~*", SIGNATURES),
    documentation: documentation(
        "pattern",
        "Whether a regular expression does not match, without regard to case.",
        "'thomas' !~* 'T.*ma'",
        "f",
    ),
    execute: |call| match_all(call, true, true),
};

const SIGNATURES: &[Signature] = &[signature(&[TEXT, TEXT], returns::boolean)];
const MATCH_SIGNATURES: &[Signature] = &[
    signature(&[TEXT, TEXT], returns::boolean),
    signature(&[INTEGER], returns::integer),
    signature(&[BIGINT], returns::bigint),
    signature(&[SMALLINT], returns::smallint),
];

fn match_all(call: &Call<'_>, any_case: bool, negated: bool) -> Result<Value> {
    let (texts, patterns) = (call.texts(0)?, call.texts(1)?);
    let flags = Flags {
        any_case,
        ..Flags::default()
    };
    if patterns.is_constant() {
        let regex = compiled(patterns.value(0), flags)?;
        return call.map_booleans(|row| Ok(regex.is_match(texts.value(row)) != negated));
    }
    let mut known = Patterns::default();
    call.map_booleans(|row| Ok(known.matcher(patterns.value(row), flags)?.is_match(texts.value(row)) != negated))
}
