//! `json` checked and `jsonb` normalized as Postgres does: keys by length and then bytes, the last of equal keys, one blank behind
//! `:` and `,`, numbers without exponents but with all their digits, strings with no more escapes than they need.

use super::numeric::Number;
use crate::error::{Error, Result, SqlState};
use std::borrow::Cow;
use std::ops::Range;

/// Arrays and objects inside each other.
const DEPTH_MAX: usize = 128;

/// `22P05`
const UNTRANSLATABLE_CHARACTER: SqlState = SqlState("22P05");

/// Checks a `json`.
pub(crate) fn validate(text: &str) -> Result<()> {
    let mut out = Vec::new();
    Parser::new(text, None).document(&mut out)
}

/// Appends the text of a `jsonb`.
pub(crate) fn normalize(text: &str, out: &mut Vec<u8>) -> Result<()> {
    let begin = out.len();
    let parsed = Parser::new(text, Some(Vec::new())).document(out);
    if parsed.is_err() {
        out.truncate(begin);
    }
    parsed
}

/// Normalized bytes as text: they were text before.
pub(crate) fn into_text(bytes: Vec<u8>) -> Result<String> {
    String::from_utf8(bytes).map_err(|_| Error::Internal("normalized json is not UTF-8".into()))
}

/// Appends a string in quotes, as Postgres prints it in JSON.
pub(crate) fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut begin = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let escape = match byte {
            b'"' => b'"',
            b'\\' => b'\\',
            0x08 => b'b',
            0x0C => b'f',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            0x00..=0x1F => b'u',
            _ => continue,
        };
        out.extend_from_slice(&bytes[begin..at]);
        out.extend_from_slice(&[b'\\', escape]);
        if escape == b'u' {
            out.extend_from_slice(b"00");
            out.extend_from_slice(&crate::format::text::text_out::bytea::HEX_PAIRS[usize::from(*byte)]);
        }
        begin = at + 1;
    }
    out.extend_from_slice(&bytes[begin..]);
    out.push(b'"');
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    /// One of `{}[]:,`.
    Sign(u8),
    /// With its quotes.
    String,
    Number,
    /// `true`, `false`, `null`
    Word,
    End,
}

struct Parser<'a> {
    text: &'a str,
    /// The current token, and where it is.
    token: Token,
    place: Range<usize>,
    /// Keys of the objects around, one behind the other; `None` where the text is only checked.
    keys: Option<Vec<u8>>,
    depth: usize,
}

/// One key and value of an object.
struct Member {
    key: Range<usize>,
    /// In the output, from the begin of the object's members.
    text: Range<usize>,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, keys: Option<Vec<u8>>) -> Self {
        Parser {
            text,
            token: Token::End,
            place: 0..0,
            keys,
            depth: 0,
        }
    }

    fn document(mut self, out: &mut Vec<u8>) -> Result<()> {
        self.advance()?;
        self.value(out, "Expected JSON value")?;
        match self.token {
            Token::End => Ok(()),
            _ => Err(self.unexpected("Expected end of input")),
        }
    }

    #[cold]
    fn unexpected(&self, expected: &str) -> Error {
        match self.token {
            Token::End => invalid("The input string ended unexpectedly."),
            _ => invalid(&format!("{expected}, but found \"{}\".", self.current())),
        }
    }

    fn current(&self) -> &'a str {
        &self.text[self.place.clone()]
    }

    /// Reads the next token.
    fn advance(&mut self) -> Result<()> {
        let bytes = self.text.as_bytes();
        let mut at = self.place.end;
        while matches!(bytes.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            at += 1;
        }
        let (token, end) = match bytes.get(at) {
            None => (Token::End, at),
            Some(sign @ (b'{' | b'}' | b'[' | b']' | b':' | b',')) => (Token::Sign(*sign), at + 1),
            Some(b'"') => (Token::String, self.string_end(at)?),
            Some(b'-' | b'0'..=b'9') => (Token::Number, number_end(self.text, at)?),
            Some(_) => {
                let end = word_end(self.text, at);
                match &self.text[at..end] {
                    "true" | "false" | "null" => (Token::Word, end),
                    word => return Err(invalid_token(word)),
                }
            }
        };
        self.token = token;
        self.place = at..end;
        Ok(())
    }

    /// Where a string that begins here ends; its escapes are checked on the way.
    fn string_end(&self, begin: usize) -> Result<usize> {
        let bytes = self.text.as_bytes();
        let mut at = begin + 1;
        loop {
            match bytes.get(at) {
                None => return Err(invalid_token(&self.text[begin..])),
                Some(b'"') => return Ok(at + 1),
                Some(b'\\') => at = self.escape_end(begin, at)?,
                Some(control @ 0x00..=0x1F) => {
                    return Err(invalid(&format!(
                        "Character with value 0x{control:02x} must be escaped."
                    )));
                }
                Some(_) => at += 1,
            }
        }
    }

    fn escape_end(&self, begin: usize, at: usize) -> Result<usize> {
        match self.text.as_bytes().get(at + 1) {
            None => Err(invalid_token(&self.text[begin..])),
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
            Some(b'u') => {
                let digits = self.text.as_bytes().get(at + 2..at + 6);
                match digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
                    true => Ok(at + 6),
                    false => Err(invalid("\"\\u\" must be followed by four hexadecimal digits.")),
                }
            }
            Some(_) => {
                let escaped = self.text[at + 1..].chars().next().unwrap_or(' ');
                Err(invalid(&format!("Escape sequence \"\\{escaped}\" is invalid.")))
            }
        }
    }

    /// Writes the value that begins with the current token.
    fn value(&mut self, out: &mut Vec<u8>, expected: &str) -> Result<()> {
        match self.token {
            Token::Sign(b'{') => self.nested(out, Self::object),
            Token::Sign(b'[') => self.nested(out, Self::array),
            Token::String => {
                if self.keys.is_some() {
                    write_string(&self.decoded()?, out);
                }
                self.advance()
            }
            Token::Number => {
                if self.keys.is_some() {
                    Number::read(self.current().as_bytes())?.write_plain(out);
                }
                self.advance()
            }
            Token::Word => {
                if self.keys.is_some() {
                    out.extend_from_slice(self.current().as_bytes());
                }
                self.advance()
            }
            Token::Sign(_) | Token::End => Err(self.unexpected(expected)),
        }
    }

    fn nested(&mut self, out: &mut Vec<u8>, inner: fn(&mut Self, &mut Vec<u8>) -> Result<()>) -> Result<()> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(Error::user(
                SqlState::STATEMENT_TOO_COMPLEX,
                format!("json is nested more than {DEPTH_MAX} levels deep"),
            ));
        }
        self.advance()?;
        inner(self, out)?;
        self.depth -= 1;
        self.advance()
    }

    /// From behind `[` to `]`, which is left as the current token.
    fn array(&mut self, out: &mut Vec<u8>) -> Result<()> {
        out.push(b'[');
        if self.token != Token::Sign(b']') {
            loop {
                self.value(out, "Expected JSON value")?;
                match self.token {
                    Token::Sign(b',') => out.extend_from_slice(b", "),
                    Token::Sign(b']') => break,
                    _ => return Err(self.unexpected("Expected \",\" or \"]\"")),
                }
                self.advance()?;
            }
        }
        out.push(b']');
        Ok(())
    }

    /// From behind `{` to `}`, which is left as the current token.
    fn object(&mut self, out: &mut Vec<u8>) -> Result<()> {
        out.push(b'{');
        let begin = out.len();
        let keys_begin = self.keys.as_ref().map_or(0, Vec::len);
        let mut members = Vec::new();
        let mut expected = "Expected string or \"}\"";
        while members.is_empty() && self.token != Token::Sign(b'}') || !members.is_empty() {
            members.push(self.member(out, begin, expected)?);
            expected = "Expected string";
            match self.token {
                Token::Sign(b',') => self.advance()?,
                Token::Sign(b'}') => break,
                _ => return Err(self.unexpected("Expected \",\" or \"}\"")),
            }
        }
        if let Some(keys) = &mut self.keys {
            arrange(&mut members, keys, begin, out);
            keys.truncate(keys_begin);
        }
        out.push(b'}');
        Ok(())
    }

    fn member(&mut self, out: &mut Vec<u8>, begin: usize, expected: &str) -> Result<Member> {
        if self.token != Token::String {
            return Err(self.unexpected(expected));
        }
        let text_begin = out.len() - begin;
        let mut key = 0..0;
        if self.keys.is_some() {
            let decoded = self.decoded()?;
            write_string(&decoded, out);
            out.extend_from_slice(b": ");
            if let Some(keys) = &mut self.keys {
                key = keys.len()..keys.len() + decoded.len();
                keys.extend_from_slice(decoded.as_bytes());
            }
        }
        self.advance()?;
        if self.token != Token::Sign(b':') {
            return Err(self.unexpected("Expected \":\""));
        }
        self.advance()?;
        self.value(out, "Expected JSON value")?;
        Ok(Member {
            key,
            text: text_begin..out.len() - begin,
        })
    }

    /// The current string without quotes and escapes.
    fn decoded(&self) -> Result<Cow<'a, str>> {
        decode_escapes(&self.text[self.place.start + 1..self.place.end - 1])
    }
}

/// A string's text without escapes; it stands without its quotes here, and nobody has looked at it before.
pub(crate) fn decode_string(text: &str) -> Result<Cow<'_, str>> {
    if text.bytes().all(|byte| byte >= 0x20 && byte != b'\\') {
        return Ok(text.into());
    }
    let quoted = format!("\"{text}\"");
    Parser::new(&quoted, None).document(&mut Vec::new())?;
    Ok(decode_escapes(text)?.into_owned().into())
}

/// Puts members in order, the last of equal keys only, with commas between them.
fn arrange(members: &mut [Member], keys: &[u8], begin: usize, out: &mut Vec<u8>) {
    if members.is_empty() {
        return;
    }
    let key = |member: &Member| &keys[member.key.clone()];
    let order = |a: &Member, b: &Member| key(a).len().cmp(&key(b).len()).then_with(|| key(a).cmp(key(b)));
    members.sort_by(order);
    let text = out.split_off(begin);
    for (at, member) in members.iter().enumerate() {
        let is_last = members.get(at + 1).is_none_or(|next| key(next) != key(member));
        if is_last {
            if out.len() > begin {
                out.extend_from_slice(b", ");
            }
            out.extend_from_slice(&text[member.text.clone()]);
        }
    }
}

/// The end of letters, digits and everything beyond ASCII; one character at least.
fn word_end(text: &str, begin: usize) -> usize {
    let length = text.as_bytes()[begin..]
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_' || **byte >= 0x80)
        .count();
    begin + length.max(1)
}

fn number_end(text: &str, begin: usize) -> Result<usize> {
    let bytes = text.as_bytes();
    let digits = |at: usize| bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut at = begin + usize::from(bytes[begin] == b'-');
    let whole = digits(at);
    let mut is_valid = whole == 1 || (whole > 1 && bytes[at] != b'0');
    at += if is_valid { whole } else { whole.min(1) };
    if is_valid && bytes.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        is_valid = fraction > 0;
        at += 1 + fraction;
    }
    if is_valid && matches!(bytes.get(at), Some(b'e' | b'E')) {
        at += 1 + usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits(at);
        is_valid = exponent > 0;
        at += exponent;
    }
    let rest = bytes[at..]
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_' || **byte >= 0x80)
        .count();
    match is_valid && rest == 0 {
        true => Ok(at),
        false => Err(invalid_token(&text[begin..at + rest])),
    }
}

/// A checked string's text without escapes.
fn decode_escapes(text: &str) -> Result<Cow<'_, str>> {
    if memchr::memchr(b'\\', text.as_bytes()).is_none() {
        return Ok(text.into());
    }
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        decoded.push_str(&rest[..at]);
        let escape = rest.as_bytes().get(at + 1).copied().unwrap_or(b'\\');
        rest = &rest[at + 2..];
        decoded.push(match escape {
            b'b' => '\u{8}',
            b'f' => '\u{C}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let (character, length) = unicode_escape(rest)?;
                rest = &rest[length..];
                character
            }
            other => char::from(other),
        });
    }
    decoded.push_str(rest);
    Ok(decoded.into())
}

/// The character of the digits behind `\u`, with those of the second half of a surrogate pair; and their length.
fn unicode_escape(rest: &str) -> Result<(char, usize)> {
    let unit = |text: &str| u32::from_str_radix(text.get(..4).unwrap_or(""), 16).unwrap_or(0);
    let first = unit(rest);
    match first {
        0 => Err(Error::Sql(
            stoa_sql::Error::new(UNTRANSLATABLE_CHARACTER, "unsupported Unicode escape sequence")
                .with_detail("\\u0000 cannot be converted to text."),
        )),
        0xD800..=0xDBFF => {
            let second = rest.get(4..).and_then(|rest| rest.strip_prefix("\\u")).map_or(0, unit);
            let low = second.checked_sub(0xDC00).filter(|low| *low < 0x400);
            let character = low.and_then(|low| char::from_u32(0x1_0000 + ((first - 0xD800) << 10) + low));
            match character {
                Some(character) => Ok((character, 10)),
                None => Err(invalid("Unicode low surrogate must follow a high surrogate.")),
            }
        }
        code => match char::from_u32(code) {
            Some(character) => Ok((character, 4)),
            None => Err(invalid("Unicode low surrogate must follow a high surrogate.")),
        },
    }
}

#[cold]
fn invalid(detail: &str) -> Error {
    Error::Sql(
        stoa_sql::Error::new(
            SqlState::INVALID_TEXT_REPRESENTATION,
            "invalid input syntax for type json",
        )
        .with_detail(detail),
    )
}

#[cold]
fn invalid_token(token: &str) -> Error {
    invalid(&format!("Token \"{token}\" is invalid."))
}
