//! `bytea` in: `\x6869`, with white space between bytes, or text with `\\` and `\ooo`.

use super::number::is_space;
use crate::error::{Error, Result, SqlState};

/// Appends the bytes that a text stands for; on an error some may have been appended.
pub(crate) fn parse(text: &[u8], out: &mut Vec<u8>) -> Result<()> {
    match text {
        [b'\\', b'x', digits @ ..] => parse_hex(digits, out),
        text => parse_escaped(text, out),
    }
}

fn parse_hex(digits: &[u8], out: &mut Vec<u8>) -> Result<()> {
    out.reserve(digits.len() / 2);
    let mut rest = digits;
    while let [first, more @ ..] = rest {
        if is_space(*first) {
            rest = more;
            continue;
        }
        let high = hex_digit(digits, rest)?;
        let [_, low, more @ ..] = rest else {
            return Err(Error::user(
                SqlState::INVALID_PARAMETER_VALUE,
                "invalid hexadecimal data: odd number of digits",
            ));
        };
        let _ = low;
        let low = hex_digit(digits, &rest[1..])?;
        out.push(high << 4 | low);
        rest = more;
    }
    Ok(())
}

/// The digit at the begin of `rest`, the end of a text.
fn hex_digit(text: &[u8], rest: &[u8]) -> Result<u8> {
    let byte = rest.first().copied().unwrap_or(b'?');
    match char::from(byte).to_digit(16) {
        Some(digit) => Ok(digit as u8),
        None => {
            let rest = String::from_utf8_lossy(&text[text.len() - rest.len()..]).into_owned();
            Err(Error::user(
                SqlState::INVALID_PARAMETER_VALUE,
                format!("invalid hexadecimal digit: \"{}\"", rest.chars().next().unwrap_or('?')),
            ))
        }
    }
}

fn parse_escaped(text: &[u8], out: &mut Vec<u8>) -> Result<()> {
    out.reserve(text.len());
    let mut rest = text;
    loop {
        rest = match rest {
            [] => return Ok(()),
            [b'\\', b'\\', more @ ..] => {
                out.push(b'\\');
                more
            }
            [
                b'\\',
                high @ b'0'..=b'3',
                middle @ b'0'..=b'7',
                low @ b'0'..=b'7',
                more @ ..,
            ] => {
                out.push((high - b'0') << 6 | (middle - b'0') << 3 | (low - b'0'));
                more
            }
            [b'\\', ..] => {
                return Err(Error::user(
                    SqlState::INVALID_TEXT_REPRESENTATION,
                    "invalid input syntax for type bytea",
                ));
            }
            [byte, more @ ..] => {
                out.push(*byte);
                more
            }
        };
    }
}
