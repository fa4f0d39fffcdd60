//! Decimals in: digits to an unscaled number at a scale, rounding half away from zero as Postgres does.

use super::error;
use super::number::trim;
use crate::error::{Error, Result, SqlState};

/// Powers of ten that 64 bits hold.
const POWERS: [i64; 19] = {
    let mut powers = [1; 19];
    let mut at = 1;
    while at < 19 {
        powers[at] = powers[at - 1] * 10;
        at += 1;
    }
    powers
};

/// Digits before the point that Postgres's `numeric` can have.
const WHOLE_DIGITS_MAX: i64 = 131_072;

/// Digits behind the point that Postgres's `numeric` can have.
const FRACTION_DIGITS_MAX: i64 = 16_383;

/// The unscaled number of a decimal of up to 18 digits.
#[inline]
pub(crate) fn parse_decimal64(text: &[u8], precision: u8, scale: u8) -> Result<i64> {
    if let Some(value) = parse_short(text, scale)
        && let Some(bound) = POWERS.get(usize::from(precision))
        && value.unsigned_abs() < bound.unsigned_abs()
    {
        return Ok(value);
    }
    let value = parse_decimal128(text, precision, scale)?;
    i64::try_from(value).map_err(|_| error::numeric_overflow(precision, scale))
}

/// `-12.5`: digits with at most one point, 18 of them at most, no more behind the point than the scale. Anything else is `None`.
#[inline]
fn parse_short(text: &[u8], scale: u8) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    let mut value = 0_i64;
    let mut point = None;
    for (at, byte) in digits.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit <= 9 {
            value = value * 10 + i64::from(digit);
        } else if *byte == b'.' && point.is_none() {
            point = Some(at);
        } else {
            return None;
        }
    }
    let fraction = match point {
        Some(_) if digits.len() == 1 => return None,
        Some(at) => digits.len() - at - 1,
        None => 0,
    };
    let missing = usize::from(scale).checked_sub(fraction)?;
    let value = value.checked_mul(*POWERS.get(missing)?)?;
    Some(if negative { -value } else { value })
}

/// The unscaled number of a decimal.
pub(crate) fn parse_decimal128(text: &[u8], precision: u8, scale: u8) -> Result<i128> {
    if let Some(value) = parse_short(text, scale)
        && (precision >= 19 || value.unsigned_abs() < POWERS[usize::from(precision)].unsigned_abs())
    {
        return Ok(value.into());
    }
    let number = Number::read(text)?;
    let value = number
        .at_scale(scale)
        .ok_or_else(|| error::numeric_overflow(precision, scale))?;
    match 10_u128.checked_pow(precision.into()) {
        Some(bound) if value.unsigned_abs() >= bound => Err(error::numeric_overflow(precision, scale)),
        _ => Ok(value),
    }
}

/// A decimal's digits without an exponent, as `numeric` without parameters shows them in Postgres.
///
/// # Errors
/// 22P02 and 22003, as [`Number::read`].
pub(crate) fn plain(text: &str) -> Result<String> {
    let mut out = Vec::with_capacity(text.len());
    Number::read(text.as_bytes())?.write_plain(&mut out);
    String::from_utf8(out).map_err(|_| Error::Internal("digits are not UTF-8".into()))
}

/// A decimal taken apart: `0.digits * 10^point`.
pub(crate) struct Number<'a> {
    negative: bool,
    whole: &'a [u8],
    fraction: &'a [u8],
    exponent: i64,
}

impl<'a> Number<'a> {
    /// Takes a decimal apart.
    ///
    /// # Errors
    /// 22P02 for what is none, 22003 for what no `numeric` holds, 0A000 for NaN and infinities.
    pub(crate) fn read(text: &'a [u8]) -> Result<Self> {
        let number = trim(text);
        let (negative, rest) = match number {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            rest => (false, rest),
        };
        let is = |name: &str| rest.eq_ignore_ascii_case(name.as_bytes());
        if (is("nan") && rest.len() == number.len()) || is("inf") || is("infinity") {
            return Err(error::numeric_special(text));
        }
        let syntax = || error::invalid_syntax("numeric", text);
        let (whole, rest) = split_digits(rest);
        let (fraction, rest) = match rest {
            [b'.', rest @ ..] => split_digits(rest),
            rest => (&[][..], rest),
        };
        if whole.is_empty() && fraction.is_empty() {
            return Err(syntax());
        }
        let exponent = match rest {
            [] => 0,
            [b'e' | b'E', exponent @ ..] => {
                let digits = exponent
                    .strip_prefix(b"+")
                    .or(exponent.strip_prefix(b"-"))
                    .unwrap_or(exponent);
                if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
                    return Err(syntax());
                }
                super::number::parse_i64(exponent).map_err(|_| overflow())?
            }
            _ => return Err(syntax()),
        };
        let number = Number {
            negative,
            whole,
            fraction,
            exponent,
        };
        match number.is_representable() {
            true => Ok(number),
            false => Err(overflow()),
        }
    }

    /// Whether Postgres's `numeric` holds it.
    fn is_representable(&self) -> bool {
        let leading = self.digits().take_while(|digit| *digit == 0).count();
        let length = self.whole.len() + self.fraction.len();
        let whole_digits = (self.whole.len() as i64).saturating_add(self.exponent) - leading as i64;
        let fraction_digits = (self.fraction.len() as i64).saturating_sub(self.exponent);
        (leading == length || whole_digits <= WHOLE_DIGITS_MAX) && fraction_digits <= FRACTION_DIGITS_MAX
    }

    fn digits(&self) -> impl Iterator<Item = u8> + 'a {
        self.whole.iter().chain(self.fraction).map(|byte| byte - b'0')
    }

    /// The unscaled number at a scale; `None` where it has more than 38 digits.
    fn at_scale(&self, scale: u8) -> Option<i128> {
        // How many of the digits stand before the place that the scale keeps.
        let kept = self.whole.len() as i64 + self.exponent + i64::from(scale);
        let mut value = 0_u128;
        let mut digits = self.digits();
        for _ in 0..kept {
            match digits.next() {
                Some(digit) => value = value.checked_mul(10)?.checked_add(digit.into())?,
                None if value == 0 => break,
                None => value = value.checked_mul(10)?,
            }
        }
        let rounds_up = kept >= 0 && digits.next().is_some_and(|digit| digit >= 5);
        let value = i128::try_from(value + u128::from(rounds_up)).ok()?;
        Some(if self.negative { -value } else { value })
    }

    /// As `jsonb` shows it: without an exponent, all digits behind the point kept, no superfluous zeros before it.
    pub(crate) fn write_plain(&self, out: &mut Vec<u8>) {
        let length = (self.whole.len() + self.fraction.len()) as i64;
        let point = self.whole.len() as i64 + self.exponent;
        if self.negative && self.digits().any(|digit| digit != 0) {
            out.push(b'-');
        }
        let digit_at = |at: i64| match usize::try_from(at) {
            Ok(at) if at < self.whole.len() => self.whole[at],
            Ok(at) => self.fraction.get(at - self.whole.len()).copied().unwrap_or(b'0'),
            Err(_) => b'0',
        };
        let begin = out.len();
        for at in 0..point {
            let digit = digit_at(at);
            if digit != b'0' || out.len() > begin {
                out.push(digit);
            }
        }
        if out.len() == begin {
            out.push(b'0');
        }
        if length > point {
            out.push(b'.');
            out.extend((point..length).map(digit_at));
        }
    }
}

fn split_digits(text: &[u8]) -> (&[u8], &[u8]) {
    let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    text.split_at(count)
}

#[cold]
fn overflow() -> Error {
    Error::user(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, "value overflows numeric format")
}
