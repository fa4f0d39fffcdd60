//! A date's or time's text as stretches of one kind: numbers, dates, times, offsets, words. What they mean is decided elsewhere.

use super::datetime_words::{Word, look_up};
use super::error::DateTimeProblem;

type Result<T> = std::result::Result<T, DateTimeProblem>;

/// Stretches of one text at most.
pub(super) const TOKENS_MAX: usize = 25;

/// A stretch of text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Token<'a> {
    /// Digits, perhaps with a point.
    Number(&'a str),
    /// Parts between `-`, `/` or `.`; also a time zone's name with such signs.
    Date(&'a str),
    /// Digits and colons.
    Time(&'a str),
    /// `+05:30`
    Offset(&'a str),
    /// Letters.
    Word(&'a str),
}

/// The length of the longest beginning of such bytes.
pub(super) fn span(text: &[u8], accept: impl Fn(u8) -> bool) -> usize {
    text.iter().take_while(|byte| accept(**byte)).count()
}

/// Splits a text into stretches.
pub(super) fn split<'a>(text: &'a str, tokens: &mut [Token<'a>; TOKENS_MAX]) -> Result<usize> {
    let bytes = text.as_bytes();
    let mut count = 0;
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let (kind, length): (fn(&'a str) -> Token<'a>, usize) = match rest[0] {
            byte if super::number::is_space(byte) => {
                at += 1;
                continue;
            }
            b'0'..=b'9' => digits_token(rest),
            b'.' => match rest.get(1) {
                Some(b'0'..=b'9') => (Token::Number, 1 + span(&rest[1..], |byte| byte.is_ascii_digit())),
                _ => return Err(DateTimeProblem::Format),
            },
            byte if byte.is_ascii_alphabetic() => word_token(text, at),
            b'+' | b'-' => {
                let spaces = span(&rest[1..], super::number::is_space);
                let after = &rest[1 + spaces..];
                match after.first() {
                    Some(b'0'..=b'9') => {
                        let digits = span(after, |byte| {
                            byte.is_ascii_digit() || matches!(byte, b':' | b'.' | b'-')
                        });
                        (Token::Offset, 1 + spaces + digits)
                    }
                    Some(byte) if byte.is_ascii_alphabetic() && spaces == 0 => {
                        (Token::Word, 1 + span(after, |byte| byte.is_ascii_alphabetic()))
                    }
                    _ => return Err(DateTimeProblem::Format),
                }
            }
            byte if byte.is_ascii_punctuation() => {
                at += 1;
                continue;
            }
            _ => return Err(DateTimeProblem::Format),
        };
        let slot = tokens.get_mut(count).ok_or(DateTimeProblem::Format)?;
        *slot = kind(text.get(at..at + length).ok_or(DateTimeProblem::Format)?);
        count += 1;
        at += length;
    }
    Ok(count)
}

/// A stretch that begins with a digit.
fn digits_token<'a>(rest: &[u8]) -> (fn(&'a str) -> Token<'a>, usize) {
    let digits = span(rest, |byte| byte.is_ascii_digit());
    match rest.get(digits) {
        Some(b':') => {
            let length = span(rest, |byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.'));
            (Token::Time, length)
        }
        Some(delimiter @ (b'-' | b'/' | b'.')) => {
            let after = &rest[digits + 1..];
            let more = span(after, |byte| byte.is_ascii_digit());
            if more == 0 {
                let length = span(after, |byte| byte.is_ascii_alphanumeric() || byte == *delimiter);
                return (Token::Date, digits + 1 + length);
            }
            if after.get(more) == Some(delimiter) {
                let length = span(after, |byte| byte.is_ascii_digit() || byte == *delimiter);
                return (Token::Date, digits + 1 + length);
            }
            match delimiter {
                b'.' => (Token::Number, digits + 1 + more),
                _ => (Token::Date, digits + 1 + more),
            }
        }
        _ => (Token::Number, digits),
    }
}

/// A stretch that begins with a letter.
fn word_token<'a>(text: &str, at: usize) -> (fn(&'a str) -> Token<'a>, usize) {
    let rest = &text.as_bytes()[at..];
    let letters = span(rest, |byte| byte.is_ascii_alphabetic());
    let is_date = match rest.get(letters) {
        Some(b'-' | b'/' | b'.') => true,
        // `t10:00`, `j2451187`, `utc+3`: a word that is known ends where its letters end.
        Some(b'+' | b'0'..=b'9') => matches!(look_up(&text[at..at + letters]), None | Some(Word::Zone { .. })),
        _ => false,
    };
    match is_date {
        true => {
            let accept =
                |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'/' | b'_' | b'.' | b':');
            (Token::Date, span(rest, accept))
        }
        false => (Token::Word, letters),
    }
}
