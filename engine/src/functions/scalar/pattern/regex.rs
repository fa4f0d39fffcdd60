//! Compiled regular expressions, remembered per thread, and their matches in Postgres's order: after an empty match the search
//! goes on one character later, after any other where it ended.

use super::one_pass::{OnePass, OnePassSearch};
use super::translate::{Flags, invalid, translate};
use crate::error::{Error, Result, SqlState};
use ::regex::{CaptureLocations, Regex, RegexBuilder};
use regex_syntax::ParserBuilder;
use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

/// The most memory a compiled expression may take.
const COMPILED_BYTES_MAX: usize = 10 << 20;
/// Expressions remembered per thread.
const REMEMBERED_MAX: usize = 32;

thread_local! {
    /// The latest ones last.
    static REMEMBERED: RefCell<Vec<(String, Flags, Rc<Pattern>)>> = const { RefCell::new(Vec::new()) };
}

/// An expression that was compiled.
#[derive(Debug)]
pub(in crate::functions) struct Pattern {
    regex: Regex,
    /// Where its groups are found in one pass.
    one_pass: Option<Rc<OnePass>>,
    /// The expression ended in `.*$`, which is left out: every match goes on to the text's end.
    takes_rest: bool,
}

/// What matches any rest of a text.
const ANY_REST: &str = ".*$";

impl Pattern {
    /// Whether the expression matches somewhere.
    pub(in crate::functions) fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

/// The compiled expression.
///
/// # Errors
/// 2201B where it is none, 0A000 for what is not supported.
pub(in crate::functions) fn compiled(pattern: &str, flags: Flags) -> Result<Rc<Pattern>> {
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

fn compile(pattern: &str, flags: Flags) -> Result<Pattern> {
    let mut flags = flags;
    let translated = translate(pattern, &mut flags)?;
    let without_rest = before_any_rest(&translated, flags);
    let regex = RegexBuilder::new(without_rest.unwrap_or(&translated))
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
        })?;
    let expression = ParserBuilder::new()
        .case_insensitive(flags.any_case)
        .dot_matches_new_line(!flags.line_ends_apart)
        .multi_line(flags.lines)
        .ignore_whitespace(flags.expanded)
        .build()
        .parse(without_rest.unwrap_or(&translated));
    Ok(Pattern {
        one_pass: expression
            .ok()
            .and_then(|expression| OnePass::of(&expression, regex.captures_len()))
            .map(Rc::new),
        regex,
        takes_rest: without_rest.is_some(),
    })
}

/// What stands before `.*$`, where that matches whatever follows; of alternatives it would be the last one's alone.
fn before_any_rest(translated: &str, flags: Flags) -> Option<&str> {
    let before = translated.strip_suffix(ANY_REST)?;
    let is_escaped = before.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1;
    let is_plain = !flags.line_ends_apart && !flags.lines && !flags.expanded && !flags.literal;
    (is_plain && !is_escaped && !before.contains('|')).then_some(before)
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

/// Where the groups of a match lie.
enum Groups {
    OnePass(OnePassSearch),
    Any(CaptureLocations),
}

/// An expression that looks through one text after the other without an allocation per match.
pub(in crate::functions) struct Matcher {
    pattern: Rc<Pattern>,
    groups: Groups,
    /// Where the search goes on.
    next: Option<usize>,
    /// The length of the text of the last match.
    text_end: usize,
}

impl Matcher {
    /// For an expression.
    pub(in crate::functions) fn new(pattern: Rc<Pattern>) -> Self {
        Matcher {
            groups: match &pattern.one_pass {
                Some(one_pass) => Groups::OnePass(OnePassSearch::new(one_pass)),
                None => Groups::Any(pattern.regex.capture_locations()),
            },
            pattern,
            next: None,
            text_end: 0,
        }
    }

    /// A match with all that the expression takes.
    fn whole(&self, found: Range<usize>) -> Range<usize> {
        match self.pattern.takes_rest {
            true => found.start..self.text_end,
            false => found,
        }
    }

    /// Begins with a text at a place, which must be a character's begin.
    pub(in crate::functions) fn begin(&mut self, start: usize) {
        self.next = Some(start);
    }

    /// Where the text's next match lies; its groups are known then.
    pub(in crate::functions) fn advance(&mut self, text: &str) -> Option<Range<usize>> {
        let start = self.next.filter(|start| *start <= text.len())?;
        let found = match &mut self.groups {
            Groups::OnePass(search) => search.find(text, start)?,
            Groups::Any(groups) => self.pattern.regex.captures_read_at(groups, text, start)?.range(),
        };
        Some(self.passed(text, found))
    }

    /// As [`Self::advance`], faster, but the groups are not known.
    pub(in crate::functions) fn advance_whole(&mut self, text: &str) -> Option<Range<usize>> {
        let start = self.next.filter(|start| *start <= text.len())?;
        let found = self.pattern.regex.find_at(text, start)?;
        Some(self.passed(text, found.range()))
    }

    fn passed(&mut self, text: &str, found: Range<usize>) -> Range<usize> {
        self.text_end = text.len();
        let found = self.whole(found);
        self.next = match found.is_empty() {
            false => Some(found.end),
            true => text[found.end..]
                .chars()
                .next()
                .map(|character| found.end + character.len_utf8()),
        };
        found
    }

    /// How many groups there are, the whole match being one.
    pub(in crate::functions) fn group_count(&self) -> usize {
        self.pattern.regex.captures_len()
    }

    /// Where a group of the last match lies; 0 is the whole match.
    pub(in crate::functions) fn group(&self, number: usize) -> Option<Range<usize>> {
        let found = match &self.groups {
            Groups::OnePass(search) => search.group(number)?,
            Groups::Any(groups) => groups.get(number).map(|(start, end)| start..end)?,
        };
        Some(if number == 0 { self.whole(found) } else { found })
    }

    /// Where a group of the text's nth match from a place on lies.
    pub(super) fn nth_group(&mut self, text: &str, start: usize, nth: i32, group: i32) -> Option<Range<usize>> {
        self.begin(start);
        for _ in 1..nth {
            self.advance_whole(text)?;
        }
        self.advance(text)?;
        self.group(usize::try_from(group).ok()?)
    }

    /// Whether the expression matches somewhere.
    pub(in crate::functions) fn is_match(&self, text: &str) -> bool {
        self.pattern.is_match(text)
    }
}

/// The matcher of the pattern used last: patterns seldom change from row to row.
#[derive(Default)]
pub(in crate::functions) struct Patterns {
    last: Option<(String, Flags, Matcher)>,
}

impl Patterns {
    /// The matcher of a pattern.
    ///
    /// # Errors
    /// As [`compiled`].
    pub(in crate::functions) fn matcher(&mut self, pattern: &str, flags: Flags) -> Result<&mut Matcher> {
        let known = matches!(&self.last, Some((text, known, _)) if text == pattern && *known == flags);
        if !known {
            self.last = Some((pattern.to_owned(), flags, Matcher::new(compiled(pattern, flags)?)));
        }
        match &mut self.last {
            Some((_, _, matcher)) => Ok(matcher),
            None => Err(Error::Internal("a pattern was forgotten".into())),
        }
    }
}

/// Where the `position`th character (from 1) begins; `None` beyond the text's end and one.
pub(super) fn place_of(text: &str, position: i32) -> Option<usize> {
    let skipped = usize::try_from(position).ok()?.checked_sub(1)?;
    if skipped == 0 {
        return Some(0);
    }
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
