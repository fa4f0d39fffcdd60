//! From Postgres's regular expressions to those of the regex library: the same language but for a few escapes and brackets.
//!
//! Not there: back references and look-around (an error says so). Where alternatives of different length match at one place, the
//! library takes the first one, Postgres the longest.

use crate::error::{Error, Result, SqlState};
use std::iter::Peekable;
use std::str::Chars;

/// Options of a regular expression, as its flags say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(in crate::functions) struct Flags {
    /// `g`
    pub(in crate::functions) global: bool,
    /// `i`
    pub(in crate::functions) any_case: bool,
    /// `n`, `p`: neither `.` nor `[^..]` matches a line's end.
    pub(in crate::functions) line_ends_apart: bool,
    /// `n`, `w`: `^` and `$` match at every line.
    pub(in crate::functions) lines: bool,
    /// `x`
    pub(in crate::functions) expanded: bool,
    /// `q`
    pub(in crate::functions) literal: bool,
}

impl Flags {
    /// Reads flags.
    ///
    /// # Errors
    /// 22023 for a letter that is none.
    pub(in crate::functions) fn read(text: &str) -> Result<Self> {
        let mut flags = Flags::default();
        for letter in text.chars() {
            match letter {
                'g' => flags.global = true,
                'i' => flags.any_case = true,
                'c' => flags.any_case = false,
                'n' | 'm' => (flags.line_ends_apart, flags.lines) = (true, true),
                'p' => (flags.line_ends_apart, flags.lines) = (true, false),
                'w' => (flags.line_ends_apart, flags.lines) = (false, true),
                's' => (flags.line_ends_apart, flags.lines) = (false, false),
                'x' => flags.expanded = true,
                't' => flags.expanded = false,
                'q' => flags.literal = true,
                'e' | 'b' => flags.literal = false,
                other => {
                    return Err(Error::user(
                        SqlState::INVALID_PARAMETER_VALUE,
                        format!("invalid regular expression option: \"{other}\""),
                    ));
                }
            }
        }
        Ok(flags)
    }

    /// That a function finds all matches or one, by itself.
    ///
    /// # Errors
    /// 22023 where `g` is given.
    pub(in crate::functions) fn without_global(self, function: &str) -> Result<Self> {
        if !self.global {
            return Ok(self);
        }
        let error = stoa_sql::Error::new(
            SqlState::INVALID_PARAMETER_VALUE,
            format!("{function}() does not support the \"global\" option"),
        );
        Err(Error::Sql(match function {
            "regexp_match" => error.with_hint("Use the regexp_matches function instead."),
            _ => error,
        }))
    }
}

/// `invalid regular expression: ..`
pub(super) fn invalid(reason: &str) -> Error {
    Error::user(SqlState("2201B"), format!("invalid regular expression: {reason}"))
}

fn not_supported(what: &str) -> Error {
    Error::user(
        SqlState::FEATURE_NOT_SUPPORTED,
        format!("{what} in regular expressions are not supported"),
    )
}

/// The pattern in the library's language; options embedded in front of it go into the flags.
///
/// # Errors
/// 0A000 for what the library has not, 2201B for escapes that do not exist.
pub(super) fn translate(pattern: &str, flags: &mut Flags) -> Result<String> {
    if flags.literal {
        return Ok(regex::escape(pattern));
    }
    let mut pattern = pattern;
    if let Some(rest) = pattern.strip_prefix("***=") {
        return Ok(regex::escape(rest));
    }
    pattern = pattern.strip_prefix("***:").unwrap_or(pattern);
    if let Some(rest) = pattern.strip_prefix("(?")
        && let Some((options, rest)) = rest.split_once(')')
        && !options.is_empty()
        && options.bytes().all(|byte| byte.is_ascii_lowercase())
    {
        let embedded = Flags::read(options).map_err(|_| invalid("invalid embedded option"))?;
        flags.any_case = embedded.any_case || flags.any_case && !options.contains('c');
        flags.expanded |= embedded.expanded;
        if options.contains(['n', 'm', 'p', 'w', 's']) {
            flags.line_ends_apart = embedded.line_ends_apart;
            flags.lines = embedded.lines;
        }
        if embedded.literal {
            return Ok(regex::escape(rest));
        }
        pattern = rest;
    }
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut characters = pattern.chars().peekable();
    let mut last_was_quantifier = false;
    while let Some(character) = characters.next() {
        let mut quantifier = false;
        match character {
            '\\' => escape(&mut characters, &mut out)?,
            '[' => bracket(&mut characters, &mut out, *flags)?,
            '(' if characters.peek() == Some(&'?') => group(&mut characters, &mut out)?,
            '*' | '+' if last_was_quantifier => return Err(invalid("quantifier operand invalid")),
            '*' | '+' | '?' => {
                out.push(character);
                quantifier = character != '?';
            }
            '{' if !characters.peek().is_some_and(char::is_ascii_digit) => out.push_str("\\{"),
            '{' => bound(&mut characters, &mut out)?,
            '}' => out.push_str("\\}"),
            other => out.push(other),
        }
        last_was_quantifier = quantifier;
    }
    Ok(out)
}

/// `{m}`, `{m,}`, `{m,n}` after the brace.
fn bound(characters: &mut Peekable<Chars<'_>>, out: &mut String) -> Result<()> {
    const REPETITIONS_MAX: u32 = 255;
    let mut text = String::new();
    for character in characters.by_ref() {
        if character == '}' {
            let mut numbers = text.split(',');
            let too_many = numbers
                .any(|number| !number.is_empty() && number.parse::<u32>().is_ok_and(|number| number > REPETITIONS_MAX));
            if too_many {
                return Err(invalid("invalid repetition count(s)"));
            }
            out.push('{');
            out.push_str(&text);
            out.push('}');
            return Ok(());
        }
        text.push(character);
    }
    Err(invalid("braces {} not balanced"))
}

/// What follows `(` when it is `?`.
fn group(characters: &mut Peekable<Chars<'_>>, out: &mut String) -> Result<()> {
    characters.next();
    match characters.peek() {
        Some(':') => {
            out.push_str("(?");
            Ok(())
        }
        Some('=' | '!' | '<') => Err(not_supported("look-around constraints")),
        _ => Err(invalid("quantifier operand invalid")),
    }
}

/// What follows a backslash outside brackets.
fn escape(characters: &mut Peekable<Chars<'_>>, out: &mut String) -> Result<()> {
    let Some(character) = characters.next() else {
        return Err(invalid("invalid escape \\ sequence"));
    };
    match character {
        'm' => out.push_str("\\b{start}"),
        'M' => out.push_str("\\b{end}"),
        'y' => out.push_str("\\b"),
        'Y' => out.push_str("\\B"),
        'A' => out.push_str("\\A"),
        'Z' => out.push_str("\\z"),
        '1'..='9' => return Err(not_supported("back references")),
        other => return common_escape(other, characters, out),
    }
    Ok(())
}

/// Escapes that mean the same inside and outside brackets.
fn common_escape(character: char, characters: &mut Peekable<Chars<'_>>, out: &mut String) -> Result<()> {
    match character {
        'd' => out.push_str("[0-9]"),
        'D' => out.push_str("[^0-9]"),
        's' => out.push_str(SPACE),
        'S' => out.push_str(&SPACE.replacen('[', "[^", 1)),
        'w' => out.push_str(WORD),
        'W' => out.push_str(&WORD.replacen('[', "[^", 1)),
        'a' | 'f' | 'n' | 'r' | 't' | 'v' => {
            out.push('\\');
            out.push(character);
        }
        'b' => out.push_str("\\x08"),
        'B' => out.push_str("\\\\"),
        'e' => out.push_str("\\x1B"),
        '0' => out.push_str("\\x00"),
        'c' => {
            let control = characters.next().map_or(0, |character| character as u32 & 0x1F);
            out.push_str(&format!("\\x{{{control:X}}}"));
        }
        'x' | 'u' | 'U' => {
            let count = match character {
                'u' => 4,
                'U' => 8,
                _ => usize::MAX,
            };
            let mut digits = String::new();
            while digits.len() < count
                && let Some(digit) = characters.next_if(char::is_ascii_hexdigit)
            {
                digits.push(digit);
            }
            if digits.is_empty() {
                return Err(invalid("invalid escape \\ sequence"));
            }
            out.push_str(&format!("\\x{{{digits}}}"));
        }
        other if other.is_ascii_alphanumeric() => return Err(invalid("invalid escape \\ sequence")),
        other => push_literal(other, out),
    }
    Ok(())
}

fn push_literal(character: char, out: &mut String) {
    if character.is_ascii_punctuation() {
        out.push('\\');
    }
    out.push(character);
}

/// A bracket expression after its opening bracket.
fn bracket(characters: &mut Peekable<Chars<'_>>, out: &mut String, flags: Flags) -> Result<()> {
    let unbalanced = || invalid("brackets [] not balanced");
    let rest: String = characters.clone().take(6).collect();
    for (written, meaning) in [("[:<:]]", "\\b{start}"), ("[:>:]]", "\\b{end}")] {
        if rest == written {
            out.push_str(meaning);
            characters.nth(5);
            return Ok(());
        }
    }
    out.push('[');
    let negated = characters.next_if_eq(&'^').is_some();
    if negated {
        out.push('^');
        if flags.line_ends_apart {
            out.push_str("\\n");
        }
    }
    let mut first = true;
    loop {
        let character = characters.next().ok_or_else(unbalanced)?;
        match character {
            ']' if !first => break,
            '[' if characters.peek() == Some(&':') => {
                out.push('[');
                class(characters, out)?;
            }
            '[' if matches!(characters.peek(), Some('.' | '=')) => {
                return Err(not_supported("collating elements"));
            }
            '\\' => {
                let escaped = characters.next().ok_or_else(unbalanced)?;
                common_escape(escaped, characters, out)?;
            }
            '-' => out.push('-'),
            other => push_literal(other, out),
        }
        first = false;
    }
    out.push(']');
    Ok(())
}

/// `:alpha:]` after its bracket.
fn class(characters: &mut Peekable<Chars<'_>>, out: &mut String) -> Result<()> {
    let mut name = String::new();
    for character in characters.by_ref() {
        name.push(character);
        if name.ends_with(":]") {
            match of_all_letters(&name) {
                Some(letters) => {
                    out.pop();
                    out.push_str(letters);
                }
                None => out.push_str(&name),
            }
            return Ok(());
        }
    }
    Err(invalid("brackets [] not balanced"))
}

/// The library's named classes are ASCII's; those of Postgres hold more, as Unicode's properties.
fn of_all_letters(name: &str) -> Option<&'static str> {
    Some(match name {
        ":alpha:]" => r"\p{Alphabetic}[\p{Nd}--[0-9]]",
        ":alnum:]" => r"\p{Alphabetic}\p{Nd}",
        ":lower:]" => r"\p{Lowercase}",
        ":upper:]" => r"\p{Uppercase}",
        ":punct:]" => r"[!-/:-@\[-`{-~][\p{P}\p{S}\x{A0}--[\x00-\x7F]]",
        ":space:]" => SPACE,
        ":word:]" => WORD,
        _ => return None,
    })
}

const SPACE: &str = r"[\s--[\x{A0}\x{2007}\x{202F}]]";
const WORD: &str = r"[\p{Alphabetic}\p{Nd}_]";
