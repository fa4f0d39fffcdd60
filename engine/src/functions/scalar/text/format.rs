//! `format(text, ..)`: `%s` a text, `%I` a name, `%L` a constant; `%2$s` by place, `%-10s` and `%*s` with a width.

use super::Made;
use super::characters::count;
use super::concat::forms;
use super::quote::{quote_name, quote_text};
use crate::error::{Error, Result, SqlState};
use crate::functions::cast::format_settings;
use crate::functions::kernel::text_form::TextForm;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use std::iter::Peekable;
use std::str::Chars;

pub(super) static FORMAT: ScalarFunction = ScalarFunction {
    info: || {
        called_on_null(stable(
            "format",
            const { &[signature(&[TEXT], returns::text), variadic(&[TEXT, ANY], returns::text)] },
        ))
    },
    documentation: documentation(
        "text",
        "The text with arguments put in: %s as they are, %I as names, %L as constants.",
        "format('Hello %s, %1$s', 'World')",
        "Hello World, World",
    ),
    execute,
};

fn execute(call: &Call<'_>) -> Result<Value> {
    let settings = format_settings(call.statement);
    let templates = call.texts(0)?;
    let arguments = forms(call, 1, &settings);
    let mut made = Made::default();
    call.map_every_text(|row, out| {
        if templates.is_null(row) {
            return Ok(false);
        }
        let mut filling = Filling {
            arguments: &arguments,
            row,
            next: 0,
        };
        filling.fill(templates.value(row), out)?;
        made.add(Some(out.len()))?;
        Ok(true)
    })
}

fn invalid(message: impl Into<String>) -> Error {
    Error::user(SqlState::INVALID_PARAMETER_VALUE, message)
}

fn with_hint(message: impl Into<String>) -> Error {
    let error = stoa_sql::Error::new(SqlState::INVALID_PARAMETER_VALUE, message);
    Error::Sql(error.with_hint("For a single \"%\" use \"%%\"."))
}

fn unterminated() -> Error {
    with_hint("unterminated format() type specifier")
}

/// A template being filled for one row.
struct Filling<'a> {
    arguments: &'a [TextForm<'a>],
    row: usize,
    /// The argument after the last one used.
    next: usize,
}

impl Filling<'_> {
    fn fill(&mut self, template: &str, out: &mut String) -> Result<()> {
        let mut characters = template.chars().peekable();
        while let Some(character) = characters.next() {
            if character != '%' {
                out.push(character);
            } else if characters.next_if_eq(&'%').is_some() {
                out.push('%');
            } else {
                self.specifier(&mut characters, out)?;
            }
        }
        Ok(())
    }

    /// `[position$][-][width]type` after the percent sign.
    fn specifier(&mut self, characters: &mut Peekable<Chars<'_>>, out: &mut String) -> Result<()> {
        let mut number = digits(characters)?;
        let mut place = None;
        if number.is_some() && characters.next_if_eq(&'$').is_some() {
            place = number.take();
        }
        let mut left_aligned = false;
        let mut width = number.map_or(0, i64::from);
        if number.is_none() {
            while characters.next_if_eq(&'-').is_some() {
                left_aligned = true;
            }
            if characters.next_if_eq(&'*').is_some() {
                width = self.width(characters)?;
                left_aligned |= width < 0;
            } else if let Some(number) = digits(characters)? {
                width = number.into();
            }
        }
        let kind = characters.next().ok_or_else(unterminated)?;
        if !matches!(kind, 's' | 'I' | 'L') {
            return Err(with_hint(format!("unrecognized format() type specifier \"{kind}\"")));
        }
        let mut text = String::new();
        self.value(kind, place, &mut text)?;
        let missing = usize::try_from(width.unsigned_abs())
            .unwrap_or(0)
            .saturating_sub(count(&text));
        if missing > super::TEXT_BYTES_MAX {
            return Err(Error::user(
                SqlState::PROGRAM_LIMIT_EXCEEDED,
                "requested length too large",
            ));
        }
        if left_aligned {
            out.push_str(&text);
        }
        out.extend(std::iter::repeat_n(' ', missing));
        if !left_aligned {
            out.push_str(&text);
        }
        Ok(())
    }

    fn argument(&mut self, place: Option<u32>) -> Result<&TextForm<'_>> {
        let at = match place {
            Some(0) => {
                return Err(invalid(
                    "format specifies argument 0, but arguments are numbered from 1",
                ));
            }
            Some(place) => place as usize - 1,
            None => self.next,
        };
        self.next = at + 1;
        self.arguments
            .get(at)
            .ok_or_else(|| invalid("too few arguments for format()"))
    }

    fn value(&mut self, kind: char, place: Option<u32>, out: &mut String) -> Result<()> {
        let row = self.row;
        let form = self.argument(place)?;
        if form.is_null(row) {
            match kind {
                'I' => {
                    let message = "null values cannot be formatted as an SQL identifier";
                    return Err(Error::user(SqlState("22004"), message));
                }
                'L' => out.push_str("NULL"),
                _ => {}
            }
            return Ok(());
        }
        let mut text = String::new();
        form.write(row, &mut text)?;
        match kind {
            'I' => quote_name(&text, out),
            'L' => quote_text(&text, out),
            _ => out.push_str(&text),
        }
        Ok(())
    }

    /// The width that an argument gives: `*` or `*n$`.
    fn width(&mut self, characters: &mut Peekable<Chars<'_>>) -> Result<i64> {
        let place = digits(characters)?;
        if place.is_some() && characters.next_if_eq(&'$').is_none() {
            return Err(invalid("width argument position must be ended by \"$\""));
        }
        let row = self.row;
        let form = self.argument(place)?;
        if form.is_null(row) {
            return Ok(0);
        }
        let mut text = String::new();
        form.write(row, &mut text)?;
        text.trim().parse::<i32>().map(i64::from).map_err(|_| {
            let message = format!("invalid input syntax for type integer: \"{text}\"");
            Error::user(SqlState::INVALID_TEXT_REPRESENTATION, message)
        })
    }
}

fn digits(characters: &mut Peekable<Chars<'_>>) -> Result<Option<u32>> {
    let mut number: Option<u32> = None;
    while let Some(digit) = characters.peek().and_then(|character| character.to_digit(10)) {
        characters.next();
        let value = number
            .unwrap_or(0)
            .checked_mul(10)
            .and_then(|value| value.checked_add(digit));
        let value = value.filter(|value| i32::try_from(*value).is_ok());
        number = Some(value.ok_or_else(|| invalid("number is out of range"))?);
    }
    Ok(number)
}
