//! `encode(bytea, format)` and `decode(text, format)`: hex, base64 and escape.

use crate::error::{Error, Result, SqlState};
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};

pub(super) static ENCODE: ScalarFunction = ScalarFunction {
    info: || immutable("encode", const { &[signature(&[BYTEA, TEXT], returns::text)] }),
    documentation: documentation(
        "text",
        "Bytes as text: hex, base64 or escape.",
        "encode('123\\000\\001', 'base64')",
        "MTIzAAE=",
    ),
    execute: encode,
};

pub(super) static DECODE: ScalarFunction = ScalarFunction {
    info: || immutable("decode", const { &[signature(&[TEXT, TEXT], returns::bytea)] }),
    documentation: documentation(
        "text",
        "The bytes of such a text.",
        "decode('MTIzAAE=', 'base64')",
        "\\x3132330001",
    ),
    execute: decode,
};

#[derive(Clone, Copy)]
enum Encoding {
    Hex,
    Base64,
    Escape,
}

impl Encoding {
    fn named(name: &str) -> Result<Self> {
        match name.to_ascii_lowercase().as_str() {
            "hex" => Ok(Encoding::Hex),
            "base64" => Ok(Encoding::Base64),
            "escape" => Ok(Encoding::Escape),
            _ => Err(invalid(format!("unrecognized encoding: \"{name}\""))),
        }
    }
}

fn invalid(message: String) -> Error {
    Error::user(SqlState::INVALID_PARAMETER_VALUE, message)
}

fn encode(call: &Call<'_>) -> Result<Value> {
    let (values, encodings) = (call.argument(0)?.bytes()?, call.texts(1)?);
    call.map_texts(|row, out| {
        let bytes = values.value(row);
        match Encoding::named(encodings.value(row))? {
            Encoding::Hex => to_hex(bytes, out),
            Encoding::Base64 => to_base64(bytes, out),
            Encoding::Escape => to_escape(bytes, out),
        }
        Ok(())
    })
}

fn decode(call: &Call<'_>) -> Result<Value> {
    let (texts, encodings) = (call.texts(0)?, call.texts(1)?);
    call.map_bytes(|row, out| {
        let text = texts.value(row);
        match Encoding::named(encodings.value(row))? {
            Encoding::Hex => from_hex(text, out),
            Encoding::Base64 => from_base64(text, out),
            Encoding::Escape => from_escape(text, out),
        }
    })
}

fn to_hex(bytes: &[u8], out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        out.push(char::from(DIGITS[usize::from(byte >> 4)]));
        out.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
}

fn from_hex(text: &str, out: &mut Vec<u8>) -> Result<()> {
    let mut high = None;
    for character in text.chars() {
        if matches!(character, ' ' | '\n' | '\t' | '\r') {
            continue;
        }
        let digit = character
            .to_digit(16)
            .ok_or_else(|| invalid(format!("invalid hexadecimal digit: \"{character}\"")))? as u8;
        match high.take() {
            None => high = Some(digit),
            Some(high) => out.push(high << 4 | digit),
        }
    }
    match high {
        None => Ok(()),
        Some(_) => Err(invalid("invalid hexadecimal data: odd number of digits".to_owned())),
    }
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// Characters of a line.
const LINE: usize = 76;

fn to_base64(bytes: &[u8], out: &mut String) {
    let mut column = 0;
    for group in bytes.chunks(3) {
        if column == LINE {
            out.push('\n');
            column = 0;
        }
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            match at <= group.len() {
                true => out.push(char::from(ALPHABET[(bits >> (18 - 6 * at) & 63) as usize])),
                false => out.push('='),
            }
        }
        column += 4;
    }
    // A line that is full ends, also where nothing follows.
    if column == LINE {
        out.push('\n');
    }
}

fn from_base64(text: &str, out: &mut Vec<u8>) -> Result<()> {
    let (mut bits, mut count, mut bytes) = (0u32, 0, 3);
    for character in text.chars() {
        if matches!(character, ' ' | '\n' | '\t' | '\r') {
            continue;
        }
        let value = if character == '=' {
            if bytes == 3 {
                bytes = match count {
                    2 => 1,
                    3 => 2,
                    _ => return Err(invalid("unexpected \"=\" while decoding base64 sequence".to_owned())),
                };
            }
            0
        } else {
            let place = ALPHABET.iter().position(|letter| char::from(*letter) == character);
            place.ok_or_else(|| {
                invalid(format!(
                    "invalid symbol \"{character}\" found while decoding base64 sequence"
                ))
            })? as u32
        };
        bits = bits << 6 | value;
        count += 1;
        if count == 4 {
            out.extend_from_slice(&bits.to_be_bytes()[1..=bytes]);
            (bits, count) = (0, 0);
        }
    }
    if count == 0 {
        return Ok(());
    }
    Err(Error::Sql(
        stoa_sql::Error::new(SqlState::INVALID_PARAMETER_VALUE, "invalid base64 end sequence")
            .with_hint("Input data is missing padding, is truncated, or is otherwise corrupted."),
    ))
}

fn to_escape(bytes: &[u8], out: &mut String) {
    for byte in bytes {
        match byte {
            0 | 0x80.. => {
                out.push('\\');
                for shift in [6, 3, 0] {
                    out.push(char::from(b'0' + (byte >> shift & 7)));
                }
            }
            b'\\' => out.push_str("\\\\"),
            other => out.push(char::from(*other)),
        }
    }
}

fn from_escape(text: &str, out: &mut Vec<u8>) -> Result<()> {
    let mut rest = text.as_bytes();
    loop {
        rest = match rest {
            [] => return Ok(()),
            [b'\\', b'\\', rest @ ..] => {
                out.push(b'\\');
                rest
            }
            [
                b'\\',
                high @ b'0'..=b'3',
                middle @ b'0'..=b'7',
                low @ b'0'..=b'7',
                rest @ ..,
            ] => {
                out.push((high - b'0') << 6 | (middle - b'0') << 3 | (low - b'0'));
                rest
            }
            [b'\\', ..] => {
                let message = "invalid input syntax for type bytea";
                return Err(Error::user(SqlState::INVALID_TEXT_REPRESENTATION, message));
            }
            [byte, rest @ ..] => {
                out.push(*byte);
                rest
            }
        };
    }
}
