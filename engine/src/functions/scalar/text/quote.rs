//! `quote_ident(text)`, `quote_literal(any)`, `quote_nullable(any)`: as they stand in a statement.

use super::keyword::is_reserved;
use crate::error::Result;
use crate::functions::cast::format_settings;
use crate::functions::kernel::text_form::TextForm;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};

pub(super) static QUOTE_IDENT: ScalarFunction = ScalarFunction {
    info: || immutable("quote_ident", const { &[signature(&[TEXT], returns::text)] }),
    documentation: documentation(
        "text",
        "As a name in a statement.",
        "quote_ident('Foo bar')",
        "\"Foo bar\"",
    ),
    execute: |call| {
        let texts = call.texts(0)?;
        call.map_texts(|row, out| {
            quote_name(texts.value(row), out);
            Ok(())
        })
    },
};

pub(super) static QUOTE_LITERAL: ScalarFunction = ScalarFunction {
    info: || {
        stable(
            "quote_literal",
            const { &[signature(&[TEXT], returns::text), signature(&[ANY], returns::text)] },
        )
    },
    documentation: documentation("text", "As a constant in a statement.", "quote_literal(42.5)", "'42.5'"),
    execute: |call| {
        let settings = format_settings(call.statement);
        let form = TextForm::new(call.argument(0)?, call.argument_type(0)?, &settings);
        let mut text = String::new();
        call.map_texts(|row, out| {
            text.clear();
            form.write(row, &mut text)?;
            quote_text(&text, out);
            Ok(())
        })
    },
};

pub(super) static QUOTE_NULLABLE: ScalarFunction = ScalarFunction {
    info: || {
        called_on_null(stable(
            "quote_nullable",
            const { &[signature(&[TEXT], returns::text), signature(&[ANY], returns::text)] },
        ))
    },
    documentation: documentation(
        "text",
        "As a constant in a statement, NULL too.",
        "quote_nullable(NULL)",
        "NULL",
    ),
    execute: |call: &Call<'_>| -> Result<Value> {
        let settings = format_settings(call.statement);
        let form = TextForm::new(call.argument(0)?, call.argument_type(0)?, &settings);
        let mut text = String::new();
        call.map_every_text(|row, out| {
            if form.is_null(row) {
                out.push_str("NULL");
                return Ok(true);
            }
            text.clear();
            form.write(row, &mut text)?;
            quote_text(&text, out);
            Ok(true)
        })
    },
};

/// Appends a name, quoted where it must be.
pub(super) fn quote_name(name: &str, out: &mut String) {
    let plain = !name.is_empty()
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
        && !is_reserved(name);
    if plain {
        out.push_str(name);
        return;
    }
    out.push('"');
    for character in name.chars() {
        if character == '"' {
            out.push('"');
        }
        out.push(character);
    }
    out.push('"');
}

/// Appends a text constant.
pub(super) fn quote_text(text: &str, out: &mut String) {
    if text.contains('\\') {
        out.push('E');
    }
    out.push('\'');
    for character in text.chars() {
        if matches!(character, '\'' | '\\') {
            out.push(character);
        }
        out.push(character);
    }
    out.push('\'');
}
