//! Decimal numbers as unscaled integers: powers of ten, rounding half away from zero, the limits of a type.

use crate::error::{Error, Result, SqlState};
use crate::types::LogicalType;
use arrow_buffer::i256;

/// Powers of ten that 128 bits hold.
const POWERS: [i128; 39] = {
    let mut powers = [1i128; 39];
    let mut at = 1;
    while at < 39 {
        powers[at] = powers[at - 1] * 10;
        at += 1;
    }
    powers
};

/// Ten to the power; beyond 38 the largest power there is.
#[inline]
pub(crate) fn power_of_ten(exponent: u8) -> i128 {
    POWERS[(exponent as usize).min(38)]
}

/// Divides, rounding half away from zero. The divisor is positive.
#[inline]
pub(crate) fn divide_rounded(value: i128, divisor: i128) -> i128 {
    let quotient = value / divisor;
    let rest = (value % divisor).unsigned_abs();
    // Not twice the rest: that might overflow.
    if rest >= divisor.unsigned_abs() - rest {
        quotient + value.signum()
    } else {
        quotient
    }
}

/// `numerator / denominator` for any 256-bit numbers, rounded half away from zero; `None` where 128 bits do not hold it.
pub(crate) fn divide_wide(numerator: i256, denominator: i256) -> Option<i128> {
    let quotient = numerator.checked_div(denominator)?;
    let rest = numerator.checked_rem(denominator)?.checked_abs()?;
    let denominator_size = denominator.checked_abs()?;
    let rounds = rest >= denominator_size.checked_sub(rest)?;
    let negative = numerator.is_negative() != denominator.is_negative();
    let quotient = match (rounds, negative) {
        (false, _) => quotient,
        (true, false) => quotient.checked_add(i256::ONE)?,
        (true, true) => quotient.checked_sub(i256::ONE)?,
    };
    quotient.to_i128()
}

/// The unscaled value at another scale; `None` where 128 bits do not hold it.
#[inline]
pub(crate) fn rescale(value: i128, from_scale: u8, to_scale: u8) -> Option<i128> {
    if to_scale >= from_scale {
        let exponent = to_scale - from_scale;
        if exponent > 38 {
            return (value == 0).then_some(0);
        }
        value.checked_mul(power_of_ten(exponent))
    } else {
        let exponent = from_scale - to_scale;
        if exponent > 38 {
            return Some(0);
        }
        Some(divide_rounded(value, power_of_ten(exponent)))
    }
}

/// Whether the digits of an unscaled value fit a precision.
#[inline]
pub(crate) fn fits(value: i128, precision: u8) -> bool {
    value.unsigned_abs() < power_of_ten(precision).unsigned_abs()
}

/// That a number has too many digits for a type.
pub(crate) fn overflow(precision: u8, scale: u8) -> Error {
    if (LogicalType::Numeric { precision, scale }) == LogicalType::NUMERIC {
        return beyond_numeric();
    }
    let digits = precision.saturating_sub(scale);
    let limit = match digits {
        0 => "1".to_owned(),
        digits => format!("10^{digits}"),
    };
    Error::Sql(
        stoa_sql::Error::new(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, "numeric field overflow").with_detail(format!(
            "A field with precision {precision}, scale {scale} must round to an absolute value less than {limit}."
        )),
    )
}

/// That a number has more digits than any numeric holds.
pub(crate) fn beyond_numeric() -> Error {
    Error::user(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, "value overflows numeric format")
}

/// The unscaled value of a decimal number in plain or exponential writing, which must be well-formed, rounded to the scale.
/// `None` where 128 bits do not hold it.
pub(crate) fn unscaled_of(text: &str, scale: u8) -> Option<i128> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent: i64 = exponent.trim_start_matches('+').parse().ok()?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = || whole.bytes().chain(fraction.bytes());
    // How many of the digits are kept; beyond the last one zeros follow.
    let kept = (whole.len() as i64)
        .checked_add(exponent)?
        .checked_add(i64::from(scale))?;
    if kept < 0 {
        return Some(0);
    }
    let mut value: i128 = 0;
    let mut taken: i64 = 0;
    for digit in digits().take(kept as usize) {
        value = value
            .checked_mul(10)?
            .checked_add(i128::from(digit.wrapping_sub(b'0')))?;
        taken += 1;
    }
    while taken < kept {
        if value == 0 {
            break;
        }
        value = value.checked_mul(10)?;
        taken += 1;
    }
    if digits().nth(kept as usize).is_some_and(|digit| digit >= b'5') {
        value = value.checked_add(1)?;
    }
    Some(if negative { -value } else { value })
}

/// The number as text: what correctly rounded conversions to floating point read.
pub(crate) fn digits_of(value: i128, scale: u8) -> String {
    format!("{value}e-{scale}")
}

/// A number as a double, correctly rounded.
#[inline]
pub(crate) fn to_double(value: i128, scale: u8) -> f64 {
    const EXACT_MAX: u128 = 1 << 53;
    const EXACT_POWER_MAX: u8 = 22;
    if value.unsigned_abs() <= EXACT_MAX && scale <= EXACT_POWER_MAX {
        return value as f64 / power_of_ten(scale) as f64;
    }
    digits_of(value, scale).parse().unwrap_or(f64::NAN)
}

/// A number as a real, correctly rounded.
#[inline]
pub(crate) fn to_real(value: i128, scale: u8) -> f32 {
    const EXACT_MAX: u128 = 1 << 24;
    const EXACT_POWER_MAX: u8 = 10;
    if value.unsigned_abs() <= EXACT_MAX && scale <= EXACT_POWER_MAX {
        return value as f32 / power_of_ten(scale) as f32;
    }
    digits_of(value, scale).parse().unwrap_or(f32::NAN)
}

/// A double as a numeric of a scale: its first 15 significant digits, as Postgres takes them (6 of a real).
///
/// # Errors
/// 22003 where it does not fit, 0A000 for NaN and infinities, which numeric does not hold here.
pub(crate) fn from_double(value: f64, significant: usize, precision: u8, scale: u8) -> Result<i128> {
    if !value.is_finite() {
        let what = if value.is_nan() { "NaN" } else { "infinity" };
        return Err(Error::user(
            SqlState::FEATURE_NOT_SUPPORTED,
            format!("cannot convert {what} to numeric"),
        ));
    }
    let text = format!("{value:.places$e}", places = significant.saturating_sub(1));
    unscaled_of(&text, scale)
        .filter(|value| fits(*value, precision))
        .ok_or_else(|| overflow(precision, scale))
}

/// The scale of a number's type; integers have none.
pub(crate) fn scale_of(data_type: &LogicalType) -> u8 {
    match data_type {
        LogicalType::Numeric { scale, .. } => *scale,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_is_half_away_from_zero() {
        for (value, divisor, expected) in [
            (5, 10, 1),
            (-5, 10, -1),
            (4, 10, 0),
            (15, 10, 2),
            (-14, 10, -1),
            (7, 3, 2),
        ] {
            assert_eq!(divide_rounded(value, divisor), expected, "{value} / {divisor}");
            let wide = divide_wide(i256::from_i128(value), i256::from_i128(divisor));
            assert_eq!(wide, Some(expected), "{value} / {divisor}");
        }
        assert_eq!(divide_rounded(i128::MAX, power_of_ten(38)), 2);
    }

    #[test]
    fn text_to_unscaled() {
        let cases = [
            ("1.5", 0, Some(2)),
            ("-1.5", 0, Some(-2)),
            ("1.2345e2", 1, Some(1235)),
            ("1.2344e2", 1, Some(1234)),
            ("5e-1", 0, Some(1)),
            ("5e-2", 0, Some(0)),
            ("4e-40", 5, Some(0)),
            ("1e3", 2, Some(100_000)),
            ("1e60", 0, None),
            ("0e60", 0, Some(0)),
        ];
        for (text, scale, expected) in cases {
            assert_eq!(unscaled_of(text, scale), expected, "{text}");
        }
    }

    #[test]
    fn doubles_both_ways() {
        assert_eq!(to_double(123, 2), 1.23);
        assert_eq!(to_double(12_345_678_901_234_567_890_123, 20), 123.456_789_012_345_68);
        assert_eq!(from_double(0.1, 15, 38, 20).unwrap(), 10_000_000_000_000_000_000);
        assert_eq!(from_double(123.456, 15, 5, 2).unwrap(), 12346);
        assert_eq!(
            from_double(1e6, 15, 5, 2).unwrap_err().to_string(),
            "numeric field overflow"
        );
    }
}
