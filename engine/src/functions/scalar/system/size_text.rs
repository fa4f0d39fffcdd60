//! `pg_size_pretty(bytes)`, `pg_size_bytes(text)`

use crate::error::{Error, Result, SqlState};
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::types::{Decimal64Type, Decimal128Type, Int64Type};
use stoa_sql::types::LogicalType;

pub(super) static PG_SIZE_PRETTY: ScalarFunction = ScalarFunction {
    info: || {
        immutable(
            "pg_size_pretty",
            const {
                &[
                    signature(&[BIGINT], returns::text),
                    signature(&[NUMERIC], returns::text),
                ]
            },
        )
    },
    documentation: documentation(
        "formatting",
        "A number of bytes with a unit that suits it.",
        "pg_size_pretty(10485760::bigint)",
        "10 MB",
    ),
    execute: pretty,
};

pub(super) static PG_SIZE_BYTES: ScalarFunction = ScalarFunction {
    info: || immutable("pg_size_bytes", const { &[signature(&[TEXT], returns::bigint)] }),
    documentation: documentation(
        "formatting",
        "The bytes that a number with a unit means.",
        "pg_size_bytes('1.5 MB')",
        "1572864",
    ),
    execute: bytes,
};

/// Units and their size as a power of two.
const UNITS: [(&str, u32); 6] = [("bytes", 0), ("kB", 10), ("MB", 20), ("GB", 30), ("TB", 40), ("PB", 50)];

fn pretty(call: &Call<'_>) -> Result<Value> {
    let scaled: Box<dyn Fn(usize) -> i128> = match call.argument_type(0)? {
        LogicalType::BigInt => {
            let values = call.primitives::<Int64Type>(0)?;
            Box::new(move |row| values.value(row).into())
        }
        LogicalType::Numeric { precision, .. } if *precision <= crate::types::DECIMAL64_PRECISION_MAX => {
            let values = call.primitives::<Decimal64Type>(0)?;
            Box::new(move |row| values.value(row).into())
        }
        _ => {
            let values = call.primitives::<Decimal128Type>(0)?;
            Box::new(move |row| values.value(row))
        }
    };
    let scale = match call.argument_type(0)? {
        LogicalType::Numeric { scale, .. } => u32::from(*scale),
        _ => 0,
    };
    call.map_texts(|row, out| {
        write_pretty(scaled(row), scale, out);
        Ok(())
    })
}

/// A unit is used up to 10 (bytes: 10240) of the next one's size; from kB on, a bit is kept for rounding.
fn write_pretty(unscaled: i128, scale: u32, out: &mut String) {
    let divisor = 10i128.pow(scale);
    if (unscaled / divisor).abs() < 10 * 1_024 {
        let sign = if unscaled < 0 { "-" } else { "" };
        let digits = crate::functions::scalar::datetime::number::decimal_digits(unscaled, scale, scale);
        out.push_str(&format!("{sign}{digits} bytes"));
        return;
    }
    // In halves of a kB.
    let mut size = unscaled / divisor / 512;
    let mut units = UNITS.iter().skip(1).peekable();
    while let Some((unit, _)) = units.next() {
        if units.peek().is_none() || size.abs() < 20 * 1_024 - 1 {
            out.push_str(&format!("{} {unit}", (size + size.signum()) / 2));
            return;
        }
        size /= 1_024;
    }
}

fn bytes(call: &Call<'_>) -> Result<Value> {
    let texts = call.texts(0)?;
    call.map_rows::<Int64Type>(|row| size_of(texts.value(row)))
}

fn size_of(text: &str) -> Result<i64> {
    let invalid = || stoa_sql::Error::new(SqlState::INVALID_PARAMETER_VALUE, format!("invalid size: \"{text}\""));
    let trimmed = text.trim();
    let number_end = number_length(trimmed).ok_or_else(|| Error::from(invalid()))?;
    let (number, unit) = trimmed.split_at(number_end);
    let unit = unit.trim();
    let known = UNITS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(unit) || unit.is_empty() && *name == "bytes");
    let Some((_, power)) = known else {
        let error = invalid()
            .with_detail(format!("Invalid size unit: \"{unit}\"."))
            .with_hint("Valid units are \"bytes\", \"kB\", \"MB\", \"GB\", \"TB\", and \"PB\".");
        return Err(error.into());
    };
    let value: f64 = number.parse().map_err(|_| Error::from(invalid()))?;
    let size = match number.parse::<i64>() {
        Ok(whole) => whole.checked_mul(1 << power),
        Err(_) => {
            let size = (value * (1_i64 << power) as f64).round();
            (size.abs() < i64::MAX as f64).then_some(size as i64)
        }
    };
    size.ok_or_else(|| Error::user(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, "bigint out of range"))
}

/// How much of the text is a number: sign, digits, fraction, exponent.
fn number_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count();
    let mut at = usize::from(text.starts_with(['-', '+']));
    let whole = digits(at);
    at += whole;
    let mut fraction = 0;
    if bytes.get(at) == Some(&b'.') {
        fraction = digits(at + 1);
        at += 1 + fraction;
    }
    if whole + fraction == 0 {
        return None;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'-' | b'+')));
        let exponent = digits(at + 1 + sign);
        if exponent > 0 {
            at += 1 + sign + exponent;
        }
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use crate::functions::scalar::testing::*;

    #[test]
    fn pretty() {
        for (bytes, expected) in [
            (0, "0 bytes"),
            (10_239, "10239 bytes"),
            (10_240, "10 kB"),
            (10_485_247, "10239 kB"),
            (10_485_760, "10 MB"),
            (20_971_520, "20 MB"),
            (-10_240, "-10 kB"),
            (123_456_789_012, "115 GB"),
            (1_234_567_890_123_456, "1123 TB"),
            (i64::MAX, "8192 PB"),
        ] {
            check("pg_size_pretty", &[bigint(bytes)], text(expected));
        }
        check("pg_size_pretty", &[numeric("1234567.89")], text("1206 kB"));
        check("pg_size_pretty", &[numeric("-1234567890123.5")], text("-1150 GB"));
        check("pg_size_pretty", &[numeric("12.50")], text("12.50 bytes"));
    }

    #[test]
    fn bytes() {
        for (size, expected) in [
            ("10 kB", 10_240),
            ("1.5MB", 1_572_864),
            ("1TB", 1 << 40),
            (" 7 ", 7),
            ("1e3 bytes", 1_000),
            ("-1kb", -1_024),
        ] {
            check("pg_size_bytes", &[text(size)], bigint(expected));
        }
        check_error("pg_size_bytes", &[text("1 foo")], "22023", "invalid size: \"1 foo\"");
        check_error("pg_size_bytes", &[text("abc")], "22023", "invalid size: \"abc\"");
    }
}
