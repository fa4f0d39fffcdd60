//! Compiled regular expressions, remembered per thread, and their matches in Postgres's order: after an empty match the search
//! goes on one character later, after any other where it ended.

use super::translate::{Flags, invalid, translate};
use crate::error::{Error, Result, SqlState};
use ::regex::{Captures, Regex, RegexBuilder};
use std::cell::RefCell;
use std::rc::Rc;

/// The most memory a compiled expression may take.
const COMPILED_BYTES_MAX: usize = 10 << 20;
/// Expressions remembered per thread.
const REMEMBERED_MAX: usize = 32;

thread_local! {
    /// The latest ones last.
    static REMEMBERED: RefCell<Vec<(String, Flags, Rc<Regex>)>> = const { RefCell::new(Vec::new()) };
}

/// The compiled expression.
///
/// # Errors
/// 2201B where it is none, 0A000 for what is not supported.
pub(in crate::functions) fn compiled(pattern: &str, flags: Flags) -> Result<Rc<Regex>> {
    let known = REMEMBERED.with_borrow_mut(|remembered| {
        let at = remembered
            .iter()
            .rposition(|(text, known, _)| text == pattern && *known == flags)?;
        // The one just used stands last and goes last.
        if at + 1 < remembered.len() {
            let entry = remembered.remove(at);
            remembered.push(entry);
        }
        remembered.last().map(|(_, _, regex)| regex.clone())
    });
    if let Some(regex) = known {
        return Ok(regex);
    }
    let regex = Rc::new(compile(pattern, flags)?);
    REMEMBERED.with_borrow_mut(|remembered| {
        if remembered.len() >= REMEMBERED_MAX {
            remembered.remove(0);
        }
        remembered.push((pattern.to_owned(), flags, regex.clone()));
    });
    Ok(regex)
}

fn compile(pattern: &str, flags: Flags) -> Result<Regex> {
    let mut flags = flags;
    let translated = translate(pattern, &mut flags)?;
    RegexBuilder::new(&translated)
        .case_insensitive(flags.any_case)
        .dot_matches_new_line(!flags.line_ends_apart)
        .multi_line(flags.lines)
        .ignore_whitespace(flags.expanded)
        .size_limit(COMPILED_BYTES_MAX)
        .dfa_size_limit(COMPILED_BYTES_MAX)
        .build()
        .map_err(|error| match error {
            ::regex::Error::CompiledTooBig(_) => Error::user(
                SqlState("2201B"),
                "invalid regular expression: regular expression is too complex",
            ),
            error => invalid(reason(&error.to_string())),
        })
}

/// The library's complaint in Postgres's words.
fn reason(complaint: &str) -> &'static str {
    let known = [
        ("unclosed group", "parentheses () not balanced"),
        ("unopened group", "parentheses () not balanced"),
        ("unclosed character class", "brackets [] not balanced"),
        ("repetition operator missing expression", "quantifier operand invalid"),
        ("invalid repetition count range", "invalid repetition count(s)"),
        ("repetition quantifier expects", "invalid repetition count(s)"),
        ("invalid character class range", "invalid character range"),
        ("POSIX character class not found", "invalid character class"),
    ];
    known
        .iter()
        .find(|(part, _)| complaint.contains(part))
        .map_or("invalid pattern", |(_, reason)| reason)
}

/// The matches of an expression in a text from a byte on.
pub(in crate::functions) struct Matches<'r, 't> {
    regex: &'r Regex,
    text: &'t str,
    next: Option<usize>,
}

impl<'r, 't> Matches<'r, 't> {
    /// From a place on, which must be a character's begin.
    pub(in crate::functions) fn new(regex: &'r Regex, text: &'t str, start: usize) -> Self {
        Matches {
            regex,
            text,
            next: (start <= text.len()).then_some(start),
        }
    }
}

impl<'t> Iterator for Matches<'_, 't> {
    type Item = Captures<'t>;

    fn next(&mut self) -> Option<Captures<'t>> {
        let captures = self.regex.captures_at(self.text, self.next?)?;
        let whole = captures.get_match();
        self.next = match whole.is_empty() {
            false => Some(whole.end()),
            true => self.text[whole.end()..]
                .chars()
                .next()
                .map(|character| whole.end() + character.len_utf8()),
        };
        Some(captures)
    }
}

/// Where the `position`th character (from 1) begins; `None` beyond the text's end and one.
pub(super) fn place_of(text: &str, position: i32) -> Option<usize> {
    let skipped = usize::try_from(position).ok()?.checked_sub(1)?;
    if text.is_ascii() {
        return (skipped <= text.len()).then_some(skipped);
    }
    let ends = text.char_indices().map(|(at, _)| at).chain(std::iter::once(text.len()));
    ends.into_iter().nth(skipped)
}

/// That an argument is below what it may be.
pub(super) fn at_least(name: &str, value: i32, least: i32) -> Result<i32> {
    if value >= least {
        return Ok(value);
    }
    Err(invalid_value(name, value))
}

/// That an argument is none that the function takes.
pub(super) fn invalid_value(name: &str, value: i32) -> Error {
    Error::user(
        SqlState::INVALID_PARAMETER_VALUE,
        format!("invalid value for parameter \"{name}\": {value}"),
    )
}
