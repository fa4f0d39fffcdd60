//! `replace(text, part, replacement)`

use super::Made;
use crate::error::Result;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use memchr::memmem::Finder;

pub(super) static REPLACE: ScalarFunction = ScalarFunction {
    info: || immutable("replace", const { &[signature(&[TEXT, TEXT, TEXT], returns::text)] }),
    documentation: documentation(
        "text",
        "The text with every occurrence of a part replaced.",
        "replace('abcdefabcdef', 'cd', 'XX')",
        "abXXefabXXef",
    ),
    execute,
};

fn execute(call: &Call<'_>) -> Result<Value> {
    let (texts, parts, replacements) = (call.texts(0)?, call.texts(1)?, call.texts(2)?);
    let constant = parts.is_constant().then(|| Finder::new(parts.value(0)));
    let mut made = Made::default();
    call.map_texts(|row, out| {
        let (text, part, replacement) = (texts.value(row), parts.value(row), replacements.value(row));
        if part.is_empty() {
            out.push_str(text);
            return made.add(Some(out.len()));
        }
        let own;
        let finder = match &constant {
            Some(finder) => finder,
            None => {
                own = Finder::new(part);
                &own
            }
        };
        let mut copied = 0;
        for at in finder.find_iter(text.as_bytes()) {
            out.push_str(&text[copied..at]);
            out.push_str(replacement);
            copied = at + part.len();
            // Before the text grows beyond all bounds.
            if out.len() > super::TEXT_BYTES_MAX {
                break;
            }
        }
        out.push_str(&text[copied..]);
        made.add(Some(out.len()))
    })
}
