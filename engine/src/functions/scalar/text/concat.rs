//! `concat(..)` and `concat_ws(separator, ..)`: arguments of any type; NULLs are left out.

use super::Made;
use crate::error::Result;
use crate::functions::cast::format_settings;
use crate::functions::kernel::text_form::TextForm;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};

pub(super) static CONCAT: ScalarFunction = ScalarFunction {
    info: || called_on_null(stable("concat", const { &[variadic(&[ANY], returns::text)] })),
    documentation: documentation(
        "text",
        "The arguments one after the other.",
        "concat('abcde', 2, NULL, 22)",
        "abcde222",
    ),
    execute: concat,
};

pub(super) static CONCAT_WS: ScalarFunction = ScalarFunction {
    info: || called_on_null(stable("concat_ws", const { &[variadic(&[TEXT, ANY], returns::text)] })),
    documentation: documentation(
        "text",
        "The arguments one after the other with a separator between them.",
        "concat_ws(',', 'abcde', 2, NULL, 22)",
        "abcde,2,22",
    ),
    execute: concat_with_separator,
};

fn concat(call: &Call<'_>) -> Result<Value> {
    let settings = format_settings(call.statement);
    let forms: Vec<TextForm<'_>> = forms(call, 0, &settings);
    let mut made = Made::default();
    call.map_every_text(|row, out| {
        for form in forms.iter().filter(|form| !form.is_null(row)) {
            form.write(row, out)?;
        }
        made.add(Some(out.len()))?;
        Ok(true)
    })
}

fn concat_with_separator(call: &Call<'_>) -> Result<Value> {
    let settings = format_settings(call.statement);
    let separators = call.texts(0)?;
    let forms = forms(call, 1, &settings);
    let mut made = Made::default();
    call.map_every_text(|row, out| {
        if separators.is_null(row) {
            return Ok(false);
        }
        let separator = separators.value(row);
        let mut first = true;
        for form in forms.iter().filter(|form| !form.is_null(row)) {
            if !first {
                out.push_str(separator);
            }
            first = false;
            form.write(row, out)?;
        }
        made.add(Some(out.len()))?;
        Ok(true)
    })
}

/// How the arguments from one place on are written.
pub(super) fn forms<'a>(
    call: &'a Call<'_>,
    from: usize,
    settings: &'a crate::format::FormatSettings,
) -> Vec<TextForm<'a>> {
    let arguments = call.arguments.iter().zip(call.argument_types).skip(from);
    arguments
        .map(|(value, data_type)| TextForm::new(value, data_type, settings))
        .collect()
}
