//! `regexp_replace(text, pattern, replacement [, flags])`, `regexp_replace(text, pattern, replacement, start [, n [, flags]])`

use super::regex::{Matcher, Patterns, at_least, place_of};
use super::regexp_count::integer_at;
use super::regexp_like::flags_at;
use super::translate::Flags;
use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use crate::types::LogicalType;

pub(super) static REGEXP_REPLACE: ScalarFunction = ScalarFunction {
    info: || {
        immutable(
            "regexp_replace",
            const {
                &[
                    signature(&[TEXT, TEXT, TEXT], returns::text),
                    signature(&[TEXT, TEXT, TEXT, TEXT], returns::text),
                    signature(&[TEXT, TEXT, TEXT, INTEGER], returns::text),
                    signature(&[TEXT, TEXT, TEXT, INTEGER, INTEGER], returns::text),
                    signature(&[TEXT, TEXT, TEXT, INTEGER, INTEGER, TEXT], returns::text),
                ]
            },
        )
    },
    documentation: documentation(
        "pattern",
        "The text with the first match (with flag `g` all, with n the nth) replaced; \\1 stands for the first group, \\& for all.",
        "regexp_replace('foobarbaz', 'b(..)', 'X\\1Y', 'g')",
        "fooXarYXazY",
    ),
    execute,
};

fn execute(call: &Call<'_>) -> Result<Value> {
    let (texts, patterns, replacements) = (call.texts(0)?, call.texts(1)?, call.texts(2)?);
    let by_place = call.argument_types.get(3) == Some(&LogicalType::Integer);
    let mut known = Patterns::default();
    call.map_texts(|row, out| {
        let text = texts.value(row);
        // Which match is replaced, counted from 1; 0 is all.
        let (flags, start, which) = if by_place {
            let start = at_least("start", integer_at(call, 3, row, 1)?, 1)?;
            let which = at_least("n", integer_at(call, 4, row, 1)?, 0)?;
            // With n given, n decides, not the flag.
            let flags = flags_at(call, 5, row)?;
            (flags, start, which)
        } else {
            let flags = flags_at(call, 3, row)?;
            (flags, 1, i32::from(!flags.global))
        };
        let flags = Flags { global: false, ..flags };
        let matcher = known.matcher(patterns.value(row), flags)?;
        let Some(start) = place_of(text, start) else {
            out.push_str(text);
            return Ok(());
        };
        let replacement = replacements.value(row);
        let by_group = replacement.contains('\\');
        let mut copied = 0;
        let mut number = 0;
        matcher.begin(start);
        loop {
            let found = match by_group {
                true => matcher.advance(text),
                false => matcher.advance_whole(text),
            };
            let Some(found) = found else { break };
            number += 1;
            if which != 0 && number != which {
                continue;
            }
            out.push_str(&text[copied..found.start]);
            match by_group {
                true => expand(replacement, matcher, text, out),
                false => out.push_str(replacement),
            }
            copied = found.end;
            if which != 0 {
                break;
            }
        }
        out.push_str(&text[copied..]);
        Ok(())
    })
}

/// The replacement with `\1` .. `\9` and `\&` filled in; any other backslash but `\\` stands for itself.
fn expand(replacement: &str, matcher: &Matcher, text: &str, out: &mut String) {
    let mut rest = replacement;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let group = match after.as_bytes().first() {
            Some(digit @ b'1'..=b'9') => Some(usize::from(digit - b'0')),
            Some(b'&') => Some(0),
            _ => None,
        };
        rest = match (group, after.starts_with('\\')) {
            (Some(group), _) => {
                out.push_str(matcher.group(group).map_or("", |found| &text[found]));
                &after[1..]
            }
            (None, true) => {
                out.push('\\');
                &after[1..]
            }
            (None, false) => {
                out.push('\\');
                after
            }
        };
    }
    out.push_str(rest);
}
