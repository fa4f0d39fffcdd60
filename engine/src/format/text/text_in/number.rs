//! Integers, floating-point numbers and booleans in, straight from bytes.

use super::error;
use crate::error::Result;

/// Why digits are no integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IntegerProblem {
    /// They are not digits.
    Syntax,
    /// They are too many.
    Range,
}

/// White space around numbers, as C's `isspace` has it.
#[inline]
pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0B | 0x0C)
}

/// Without white space at both ends.
#[inline]
pub(crate) fn trim(mut text: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = text {
        if !is_space(*first) {
            break;
        }
        text = rest;
    }
    while let [rest @ .., last] = text {
        if !is_space(*last) {
            break;
        }
        text = rest;
    }
    text
}

/// A 64-bit integer with an optional sign and white space around it.
#[inline]
pub(crate) fn parse_i64(text: &[u8]) -> Result<i64, IntegerProblem> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    // Eighteen digits cannot overflow.
    if digits.is_empty() || digits.len() > 18 {
        return parse_i64_slowly(text);
    }
    let mut value = 0_i64;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return parse_i64_slowly(text);
        }
        value = value * 10 + i64::from(digit);
    }
    Ok(if negative { -value } else { value })
}

#[cold]
fn parse_i64_slowly(text: &[u8]) -> Result<i64, IntegerProblem> {
    let text = trim(text);
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(IntegerProblem::Syntax);
    }
    let mut value = 0_i64;
    for byte in digits {
        let digit = i64::from(byte - b'0');
        // Towards the negative, because there is one number more.
        value = value
            .checked_mul(10)
            .and_then(|value| value.checked_sub(digit))
            .ok_or(IntegerProblem::Range)?;
    }
    match negative {
        true => Ok(value),
        false => value.checked_neg().ok_or(IntegerProblem::Range),
    }
}

fn integer_error(problem: IntegerProblem, type_name: &str, text: &[u8]) -> crate::error::Error {
    match problem {
        IntegerProblem::Syntax => error::invalid_syntax(type_name, text),
        IntegerProblem::Range => error::integer_out_of_range(type_name, text),
    }
}

/// An integer of a type that may be narrower than 64 bits.
#[inline]
pub(crate) fn parse_integer<T: TryFrom<i64>>(text: &[u8], type_name: &str) -> Result<T> {
    match parse_i64(text) {
        Ok(value) => T::try_from(value).map_err(|_| error::integer_out_of_range(type_name, text)),
        Err(problem) => Err(integer_error(problem, type_name, text)),
    }
}

/// The number of a catalog object: 32 bits without a sign; a negative number counts from the end, as Postgres lets it.
pub(crate) fn parse_oid(text: &[u8]) -> Result<i64> {
    let value = parse_i64(text).map_err(|problem| integer_error(problem, "oid", text))?;
    match value {
        0..=0xFFFF_FFFF => Ok(value),
        -0x8000_0000..=-1 => Ok(value + 0x1_0000_0000),
        _ => Err(error::integer_out_of_range("oid", text)),
    }
}

/// `double precision`
pub(crate) fn parse_f64(text: &[u8]) -> Result<f64> {
    const NAME: &str = "double precision";
    let number = float_text(text).ok_or_else(|| error::invalid_syntax(NAME, text))?;
    let value: f64 = match number.parse() {
        Ok(value) => value,
        Err(_) => hexadecimal(number).ok_or_else(|| error::invalid_syntax(NAME, text))?,
    };
    match is_lost(number, value) {
        true => Err(error::float_out_of_range(NAME, trim(text))),
        false => Ok(value),
    }
}

/// `real`
pub(crate) fn parse_f32(text: &[u8]) -> Result<f32> {
    const NAME: &str = "real";
    let number = float_text(text).ok_or_else(|| error::invalid_syntax(NAME, text))?;
    let value: f32 = match number.parse() {
        Ok(value) => value,
        Err(_) => hexadecimal(number).ok_or_else(|| error::invalid_syntax(NAME, text))? as f32,
    };
    match is_lost(number, value.into()) {
        true => Err(error::float_out_of_range(NAME, trim(text))),
        false => Ok(value),
    }
}

/// The number's text if it may be one: not empty, and a name only where it is one of Postgres's.
fn float_text(text: &[u8]) -> Option<&str> {
    let number = std::str::from_utf8(trim(text)).ok()?;
    (!number.is_empty()).then_some(number)
}

/// Whether a finite number became infinite, or one that is not zero became zero.
fn is_lost(number: &str, value: f64) -> bool {
    if value.is_infinite() {
        return number.bytes().any(|byte| byte.is_ascii_digit());
    }
    let digits = number.bytes().take_while(|byte| !matches!(byte, b'e' | b'E'));
    value == 0.0 && !number.contains(['x', 'X']) && digits.into_iter().any(|byte| matches!(byte, b'1'..=b'9'))
}

/// `0x1A`, `0x1.8p3`, as C's `strtod` reads them.
fn hexadecimal(number: &str) -> Option<f64> {
    let (negative, rest) = match number.as_bytes() {
        [b'-', ..] => (true, &number[1..]),
        [b'+', ..] => (false, &number[1..]),
        _ => (false, number),
    };
    let rest = rest.strip_prefix("0x").or_else(|| rest.strip_prefix("0X"))?;
    let (digits, exponent) = match rest.split_once(['p', 'P']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
        None => (rest, 0),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mut value = 0_u64;
    let mut dropped = 0;
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    for digit in whole.chars().chain(fraction.chars()) {
        let digit = digit.to_digit(16)?;
        // 52 bits are exact; further digits only move the exponent.
        if value >> 48 == 0 {
            value = value << 4 | u64::from(digit);
        } else {
            dropped += 4;
        }
    }
    let power = exponent.checked_add(dropped)?.checked_sub(4 * fraction.len() as i32)?;
    let value = value as f64 * 2_f64.powi(power);
    Some(if negative { -value } else { value })
}

/// `boolean`: any unique beginning of true, false, yes, no, on, off, and 1 and 0.
#[inline]
pub(crate) fn parse_boolean(text: &[u8]) -> Result<bool> {
    match text {
        [b't' | b'T' | b'1'] => Ok(true),
        [b'f' | b'F' | b'0'] => Ok(false),
        _ => parse_boolean_word(text),
    }
}

fn parse_boolean_word(text: &[u8]) -> Result<bool> {
    let word = trim(text);
    let is = |whole: &[u8], least: usize| {
        word.len() >= least
            && whole
                .get(..word.len())
                .is_some_and(|begin| begin.eq_ignore_ascii_case(word))
    };
    if is(b"true", 1) || is(b"yes", 1) || is(b"on", 2) || word == b"1" {
        Ok(true)
    } else if is(b"false", 1) || is(b"no", 1) || is(b"off", 2) || word == b"0" {
        Ok(false)
    } else {
        Err(error::invalid_syntax("boolean", text))
    }
}
