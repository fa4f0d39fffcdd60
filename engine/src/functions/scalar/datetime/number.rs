//! Numbers as C prints them, for templates and error messages.

/// As C's `%g`: six significant digits, no trailing zeros, an exponent where it is large or small.
pub(crate) fn general(value: f64) -> String {
    if !value.is_finite() {
        return if value.is_nan() {
            "nan".into()
        } else if value > 0.0 {
            "inf".into()
        } else {
            "-inf".into()
        };
    }
    let scientific = format!("{value:.5e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        let decimals = usize::try_from(5 - exponent).unwrap_or(0);
        return without_zeros(&format!("{value:.decimals$}")).to_owned();
    }
    format!("{}{}", without_zeros(mantissa), c_exponent(exponent))
}

fn without_zeros(text: &str) -> &str {
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => text,
    }
}

/// `e+05`
fn c_exponent(exponent: i32) -> String {
    format!("e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
}

/// As C's `%.*e`.
pub(crate) fn scientific(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$e}");
    match text.split_once('e') {
        Some((mantissa, exponent)) => format!("{mantissa}{}", c_exponent(exponent.parse().unwrap_or(0))),
        None => text,
    }
}

/// The digits of an unscaled number of a scale, rounded half away from zero to so many decimals; without its sign.
pub(crate) fn decimal_digits(unscaled: i128, scale: u32, decimals: u32) -> String {
    let magnitude = unscaled.unsigned_abs();
    let rounded = match scale.checked_sub(decimals) {
        Some(surplus) => {
            let divisor = 10u128.checked_pow(surplus).unwrap_or(u128::MAX);
            magnitude / divisor + u128::from(magnitude % divisor >= divisor.div_ceil(2))
        }
        None => magnitude,
    };
    let shown = scale.min(decimals) as usize;
    let mut digits = format!("{rounded:0width$}", width = shown + 1);
    if decimals > 0 {
        digits.insert(digits.len() - shown, '.');
        digits.extend(std::iter::repeat_n('0', decimals as usize - shown));
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_c_does() {
        for (value, expected) in [
            (1e15, "1e+15"),
            (0.1, "0.1"),
            (100_000.0, "100000"),
            (1_000_000.0, "1e+06"),
            (0.000_012_345_67, "1.23457e-05"),
            (-2.5, "-2.5"),
            (0.0, "0"),
            (123_456.7, "123457"),
        ] {
            assert_eq!(general(value), expected);
        }
        assert_eq!(scientific(12_345.678, 3), "1.235e+04");
        assert_eq!(scientific(0.0, 2), "0.00e+00");
    }

    #[test]
    fn digits() {
        for (unscaled, scale, decimals, expected) in [
            (12_345, 2, 1, "123.5"),
            (-12_345, 2, 0, "123"),
            (5, 2, 2, "0.05"),
            (5, 1, 0, "1"),
            (7, 0, 3, "7.000"),
            (0, 2, 2, "0.00"),
            (995, 2, 1, "10.0"),
        ] {
            assert_eq!(decimal_digits(unscaled, scale, decimals), expected);
        }
    }
}
