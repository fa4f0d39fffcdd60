//! Patterns: LIKE, SIMILAR TO, regular expressions. Compiled once per thread and pattern; matching takes linear time.

mod like;
mod like_pattern;
mod match_regex;
mod one_pass;
mod regex;
mod regexp_count;
mod regexp_instr;
mod regexp_like;
mod regexp_match;
mod regexp_replace;
mod regexp_split;
mod regexp_substr;
mod similar;
mod starts_with;
mod steps;
mod translate;

pub(in crate::functions) use regex::{Patterns, compiled};
pub(in crate::functions) use similar::translate as translate_similar;
pub(in crate::functions) use translate::Flags;

use crate::functions::ScalarFunction;

pub(super) const FUNCTIONS: &[&ScalarFunction] = &[
    &like::LIKE,
    &like::NOT_LIKE,
    &like::ILIKE,
    &like::NOT_ILIKE,
    &like::LIKE_ESCAPE,
    &match_regex::MATCH,
    &match_regex::NOT_MATCH,
    &match_regex::MATCH_ANY_CASE,
    &match_regex::NOT_MATCH_ANY_CASE,
    &regexp_count::REGEXP_COUNT,
    &regexp_instr::REGEXP_INSTR,
    &regexp_like::REGEXP_LIKE,
    &regexp_match::REGEXP_MATCH,
    &regexp_replace::REGEXP_REPLACE,
    &regexp_split::REGEXP_SPLIT_TO_ARRAY,
    &regexp_substr::REGEXP_SUBSTR,
    &similar::SIMILAR_TO_ESCAPE,
    &starts_with::STARTS_WITH,
    &starts_with::STARTS_WITH_OPERATOR,
];

#[cfg(test)]
mod tests;
