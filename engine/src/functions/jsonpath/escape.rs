//! Escapes in the words and quoted texts of a path: `\n`, `\x41`, `\u0041`, `\u{1F600}`

use super::error::invalid_input;
use super::token::{Scanner, error_near};
use crate::error::{Error, Result, SqlState};

/// `22P05`
const UNTRANSLATABLE_CHARACTER: SqlState = SqlState("22P05");

impl Scanner<'_> {
    /// What begins with a backslash.
    pub(super) fn escape(&mut self, out: &mut String) -> Result<()> {
        let mut characters = self.rest().chars();
        characters.next();
        let Some(character) = characters.next() else {
            return Err(error_near("unexpected end after backslash", "\\"));
        };
        if character == 'u' {
            return self.unicode(out);
        }
        self.at += 1 + character.len_utf8();
        match character {
            'b' => out.push('\u{8}'),
            'f' => out.push('\u{c}'),
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            't' => out.push('\t'),
            'v' => out.push('\u{b}'),
            'x' => {
                let code = self.rest().get(..2).and_then(hexadecimal);
                let Some(code) = code else {
                    let digits: String = self
                        .rest()
                        .chars()
                        .take_while(char::is_ascii_hexdigit)
                        .take(1)
                        .collect();
                    return Err(error_near("invalid hex character sequence", &format!("\\x{digits}")));
                };
                self.at += 2;
                out.push(character_of(code)?);
            }
            other => out.push(other),
        }
        Ok(())
    }

    /// `\u0041`, `\u{1F600}`; the halves of a pair follow each other.
    fn unicode(&mut self, out: &mut String) -> Result<()> {
        let begin = self.at;
        let mut high: Option<u32> = None;
        while let Some(after) = self.rest().strip_prefix("\\u") {
            let (code, length) = match unit(after) {
                Some(unit) => unit,
                None => {
                    let end = self.at + 2 + unfinished(after);
                    let near = self.text.get(begin..end).unwrap_or("");
                    return Err(error_near("invalid unicode sequence", near));
                }
            };
            self.at += 2 + length;
            match (high, code) {
                (None, 0xD800..0xDC00) => high = Some(code),
                (Some(_), 0xD800..0xDC00) => {
                    return Err(surrogate("Unicode high surrogate must not follow a high surrogate."));
                }
                (Some(first), 0xDC00..0xE000) => {
                    out.push(character_of(0x1_0000 + ((first - 0xD800) << 10) + (code - 0xDC00))?);
                    high = None;
                }
                (None, 0xDC00..0xE000) | (Some(_), _) => {
                    return Err(surrogate("Unicode low surrogate must follow a high surrogate."));
                }
                (None, code) => out.push(character_of(code)?),
            }
        }
        match high {
            Some(_) => Err(surrogate("Unicode low surrogate must follow a high surrogate.")),
            None => Ok(()),
        }
    }
}

fn hexadecimal(digits: &str) -> Option<u32> {
    match digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        true => u32::from_str_radix(digits, 16).ok(),
        false => None,
    }
}

/// The number behind `\u`, and the bytes it takes.
fn unit(after: &str) -> Option<(u32, usize)> {
    if let Some(braced) = after.strip_prefix('{') {
        let digits = braced.get(..braced.find('}')?)?;
        return match digits.len() {
            1..=6 => Some((hexadecimal(digits)?, digits.len() + 2)),
            _ => None,
        };
    }
    Some((hexadecimal(after.get(..4)?)?, 4))
}

/// How many bytes behind `\u` could be the begin of a number.
fn unfinished(after: &str) -> usize {
    let (brace, digits, digits_max) = match after.strip_prefix('{') {
        Some(digits) => (1, digits, 6),
        None => (0, after, 3),
    };
    brace
        + digits
            .bytes()
            .take(digits_max)
            .take_while(u8::is_ascii_hexdigit)
            .count()
}

fn character_of(code: u32) -> Result<char> {
    match char::from_u32(code) {
        Some('\0') => Err(Error::Sql(
            stoa_sql::Error::new(UNTRANSLATABLE_CHARACTER, "unsupported Unicode escape sequence")
                .with_detail("\\u0000 cannot be converted to text."),
        )),
        Some(character) => Ok(character),
        None => Err(Error::user(SqlState::SYNTAX_ERROR, "invalid Unicode code point")),
    }
}

fn surrogate(detail: &str) -> Error {
    invalid_input(SqlState::INVALID_TEXT_REPRESENTATION, detail.to_owned())
}
