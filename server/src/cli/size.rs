//! Sizes and counts as people write them: `12GiB`, `512MB`, `65536`; `100M`, `2_000_000`.

/// Bytes of a size.
///
/// # Errors
/// A sentence about what a size looks like.
pub(super) fn parse_size(text: &str) -> Result<usize, String> {
    let trimmed = text.trim();
    let digits = trimmed
        .trim_end_matches(|character: char| character.is_ascii_alphabetic())
        .trim_end();
    let unit = trimmed.get(digits.len()..).unwrap_or_default().trim();
    let wrong = || format!("\"{text}\" is not a size; write a number and a unit, such as 12GiB, 512MB or 65536");
    let factor: u64 = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1_000,
        "k" | "kib" => 1 << 10,
        "mb" => 1_000_000,
        "m" | "mib" => 1 << 20,
        "gb" => 1_000_000_000,
        "g" | "gib" => 1 << 30,
        "tb" => 1_000_000_000_000,
        "t" | "tib" => 1 << 40,
        _ => return Err(wrong()),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(fraction) || fraction.len() > 6 {
        return Err(wrong());
    }
    let whole: u64 = whole.parse().map_err(|_| wrong())?;
    let fraction_scale = 10_u64.pow(fraction.len() as u32);
    let fraction: u64 = if fraction.is_empty() {
        0
    } else {
        fraction.parse().map_err(|_| wrong())?
    };
    let part = u128::from(fraction) * u128::from(factor) / u128::from(fraction_scale);
    let bytes = u128::from(whole) * u128::from(factor) + part;
    usize::try_from(bytes).map_err(|_| wrong())
}

/// A number of rows.
///
/// # Errors
/// A sentence about what a number of rows looks like.
pub(super) fn parse_count(text: &str) -> Result<u64, String> {
    let wrong = || format!("\"{text}\" is not a number of rows; write it as 2000000, 2_000_000, 500k, 100M or 1G");
    let (digits, factor) = match text.char_indices().next_back() {
        Some((at, 'k' | 'K')) => (&text[..at], 1_000),
        Some((at, 'm' | 'M')) => (&text[..at], 1_000_000),
        Some((at, 'g' | 'G')) => (&text[..at], 1_000_000_000),
        _ => (text, 1),
    };
    if !digits.starts_with(|first: char| first.is_ascii_digit()) {
        return Err(wrong());
    }
    let count: u64 = digits.replace('_', "").parse().map_err(|_| wrong())?;
    count.checked_mul(factor).ok_or_else(wrong)
}

/// A number of bytes for people: `1.4 GiB`.
pub(super) fn show_size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let mut value = bytes as f64;
    let mut units = UNITS.iter();
    let mut unit = units.next().copied().unwrap_or_default();
    for next in units {
        if value < 1024.0 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    if unit == "bytes" {
        format!("{bytes} bytes")
    } else {
        format!("{value:.1} {unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_of_ten_and_of_two() {
        assert_eq!(parse_size("12GiB"), Ok(12 << 30));
        assert_eq!(parse_size("512MB"), Ok(512_000_000));
        assert_eq!(parse_size(" 1.5 gib "), Ok(3 << 29));
        assert_eq!(parse_size("65536"), Ok(65_536));
        for wrong in ["", "GiB", "12 parsecs", "-1GB", "1.2.3GB", "99999999999999TiB", "1e9"] {
            assert!(parse_size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn counts_have_units_of_ten() {
        assert_eq!(parse_count("2000000"), Ok(2_000_000));
        assert_eq!(parse_count("2_000_000"), Ok(2_000_000));
        assert_eq!(parse_count("500k"), Ok(500_000));
        assert_eq!(parse_count("100M"), Ok(100_000_000));
        assert_eq!(parse_count("1G"), Ok(1_000_000_000));
        for wrong in ["", "M", "-1", "_1", "1.5M", "10MB", "99999999999999G", "é"] {
            assert!(parse_count(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn sizes_are_shown_in_their_unit() {
        assert_eq!(show_size(17), "17 bytes");
        assert_eq!(show_size(1_503_238_553), "1.4 GiB");
    }
}
