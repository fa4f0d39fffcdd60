//! `to_number(text, template)`

use super::number_template::{NumberTemplate, Part};
use super::to_char::Templates;
use crate::error::{Error, Result, SqlState};
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::types::Decimal128Type;
use stoa_sql::types::LogicalType;

pub(super) static TO_NUMBER: ScalarFunction = ScalarFunction {
    info: || immutable("to_number", const { &[signature(&[TEXT, TEXT], returns::numeric)] }),
    documentation: documentation(
        "formatting",
        "The number that a text says by a template.",
        "to_number('12,454.8-', '99G999D9S')",
        "-12454.8000000000",
    ),
    execute,
};

fn execute(call: &Call<'_>) -> Result<Value> {
    let texts = call.texts(0)?;
    let mut templates = Templates::new(call.texts(1)?, NumberTemplate::parse);
    let LogicalType::Numeric { scale, .. } = call.return_type else {
        return Err(Error::Internal("to_number does not answer with a numeric".into()));
    };
    call.map_rows::<Decimal128Type>(|row| {
        let digits = read(texts.value(row), templates.get(row)?)?;
        unscaled(&digits, u32::from(*scale))
    })
}

/// Sign, digits and point as the template finds them in the text.
fn read(text: &str, template: &NumberTemplate) -> Result<String> {
    if template.roman {
        return Err(Error::user(
            SqlState::FEATURE_NOT_SUPPORTED,
            "\"RN\" not supported for input",
        ));
    }
    if template.exponent {
        return Err(Error::user(
            SqlState::FEATURE_NOT_SUPPORTED,
            "\"EEEE\" not supported for input",
        ));
    }
    let mut rest = text.trim_start_matches(' ');
    let (mut negative, mut digits) = (false, String::new());
    let mut sign = |rest: &mut &str| {
        for (character, is_negative) in [('-', true), ('+', false), ('<', true)] {
            if let Some(after) = rest.strip_prefix(character) {
                negative |= is_negative;
                *rest = after;
            }
        }
    };
    for part in &template.parts {
        match part {
            Part::Digit | Part::Zero => {
                rest = rest.trim_start_matches(' ');
                sign(&mut rest);
                if let Some(digit) = rest.chars().next().filter(char::is_ascii_digit) {
                    digits.push(digit);
                    rest = rest.get(1..).unwrap_or("");
                } else if let Some(after) = rest.strip_prefix('.')
                    && !digits.contains('.')
                {
                    digits.push('.');
                    rest = after;
                }
            }
            Part::Point => {
                if let Some(after) = rest.strip_prefix('.') {
                    if !digits.contains('.') {
                        digits.push('.');
                    }
                    rest = after;
                }
            }
            Part::Group => rest = rest.strip_prefix(',').unwrap_or(rest),
            Part::Sign | Part::Minus | Part::Plus | Part::PlusMinus => sign(&mut rest),
            Part::Brackets => rest = rest.strip_prefix('>').unwrap_or(rest),
            Part::Currency | Part::Literal(_) => {
                let skips = |first: char| !first.is_ascii_digit() && !matches!(first, '-' | '+' | '.' | ',');
                if rest.starts_with(skips) {
                    let mut characters = rest.chars();
                    characters.next();
                    rest = characters.as_str();
                }
            }
            Part::Ordinal(_) => rest = rest.get(2..).unwrap_or(""),
            _ => {}
        }
    }
    // A sign behind the number counts without being asked for.
    negative |= rest == "-" || rest == ">" && negative;
    if !digits.bytes().any(|digit| digit.is_ascii_digit()) {
        let message = format!("invalid input syntax for type numeric: \"{}\"", text.trim());
        return Err(Error::user(SqlState::INVALID_TEXT_REPRESENTATION, message));
    }
    if let Some(shift) = template.shift {
        digits = shifted(&digits, shift);
    }
    if negative {
        digits.insert(0, '-');
    }
    Ok(digits)
}

/// The number divided by ten to the power of `shift`.
fn shifted(digits: &str, shift: usize) -> String {
    let digits = format!("{digits:0>width$}", width = shift + 1);
    let (whole, fraction) = digits.split_at(digits.len() - shift);
    format!("{whole}.{fraction}")
}

/// Digits as an unscaled number, rounded half away from zero.
fn unscaled(digits: &str, scale: u32) -> Result<i128> {
    let overflow = || Error::user(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, "numeric field overflow");
    let (negative, digits) = match digits.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, digits),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let kept = scale as usize;
    let fraction_kept = fraction.get(..kept).unwrap_or(fraction);
    let rounds_up = fraction.as_bytes().get(kept).is_some_and(|digit| *digit >= b'5');
    let text = format!("0{whole}{fraction_kept:0<kept$}");
    let value = text.parse::<i128>().map_err(|_| overflow())? + i128::from(rounds_up);
    if value >= 10i128.pow(38) {
        return Err(overflow());
    }
    Ok(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use crate::functions::scalar::testing::*;
    use crate::types::{Literal, LogicalType};

    #[test]
    fn numbers() {
        for (text_value, template, expected) in [
            ("12,454.8-", "99G999D9S", -124_548),
            ("-34,338,492", "99G999G999", -343_384_920),
            ("0.01", "9.99", 0),
            ("<564646.654564>", "999999.999999PR", -5_646_467),
            ("  $1,234.5", "L9,999.9", 12_345),
            ("42nd", "99th", 420),
            ("123", "9V99", 12),
            ("+7", "S9", 70),
        ] {
            let (answer, data_type) = evaluate("to_number", &[text(text_value), text(template)]).unwrap();
            assert_eq!(data_type, LogicalType::NUMERIC);
            let Literal::Numeric(unscaled) = answer else {
                panic!("{answer:?}")
            };
            let tenth = 10i128.pow(9);
            let rounded = (unscaled + unscaled.signum() * tenth / 2) / tenth;
            assert_eq!(rounded, expected, "{text_value} by {template}");
        }
        let nothing = [text("abc"), text("999")];
        check_error(
            "to_number",
            &nothing,
            "22P02",
            "invalid input syntax for type numeric: \"abc\"",
        );
    }
}
