//! `to_date(text, template)`

use crate::functions::ScalarFunction;
use crate::functions::scalar::signature::*;

pub(super) static TO_DATE: ScalarFunction = ScalarFunction {
    info: || immutable("to_date", const { &[signature(&[TEXT, TEXT], returns::date)] }),
    documentation: documentation(
        "formatting",
        "The date that a text says by a template.",
        "to_date('29.02.2024', 'DD.MM.YYYY')",
        "2024-02-29",
    ),
    execute: super::template_read::execute_date,
};

#[cfg(test)]
#[path = "to_date_tests.rs"]
mod tests;
