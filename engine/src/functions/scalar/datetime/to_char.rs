//! `to_char(value, template)` of timestamps, intervals and numbers

use super::number::decimal_digits;
use super::number_template::NumberTemplate;
use super::template::{self, Node};
use super::template_write::{self, Moment};
use crate::calendar::{ZoneClock, is_infinite};
use crate::error::{Error, Result, SqlState};
use crate::functions::kernel::Texts;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::types::{
    Decimal64Type, Decimal128Type, Float32Type, Float64Type, Int32Type, Int64Type, IntervalMonthDayNanoType,
    TimestampMicrosecondType,
};
use stoa_sql::types::LogicalType;

pub(super) static TO_CHAR: ScalarFunction = ScalarFunction {
    info: || {
        stable(
            "to_char",
            const {
                &[
                    signature(&[TIMESTAMP, TEXT], returns::text),
                    signature(&[TIMESTAMPTZ, TEXT], returns::text),
                    signature(&[INTERVAL, TEXT], returns::text),
                    signature(&[INTEGER, TEXT], returns::text),
                    signature(&[BIGINT, TEXT], returns::text),
                    signature(&[NUMERIC, TEXT], returns::text),
                    signature(&[REAL, TEXT], returns::text),
                    signature(&[DOUBLE, TEXT], returns::text),
                ]
            },
        )
    },
    documentation: documentation(
        "formatting",
        "A time, interval or number as text, by a template.",
        "to_char(timestamp '2024-02-29 12:30', 'FMDay, DD.MM.YYYY')",
        "Thursday, 29.02.2024",
    ),
    execute,
};

/// The template of each row, taken apart anew only where it changes.
pub(super) struct Templates<'a, T> {
    texts: Texts<'a>,
    last: Option<(&'a str, T)>,
    parse: fn(&str) -> Result<T>,
}

impl<'a, T> Templates<'a, T> {
    pub(super) fn new(texts: Texts<'a>, parse: fn(&str) -> Result<T>) -> Self {
        Templates {
            texts,
            last: None,
            parse,
        }
    }

    pub(super) fn get(&mut self, row: usize) -> Result<&T> {
        let text = self.texts.value(row);
        if self.last.as_ref().is_none_or(|(known, _)| *known != text) {
            self.last = Some((text, (self.parse)(text)?));
        }
        match &self.last {
            Some((_, template)) => Ok(template),
            None => Err(Error::Internal("a template is missing".into())),
        }
    }
}

fn execute(call: &Call<'_>) -> Result<Value> {
    match call.argument_type(0)? {
        LogicalType::Timestamp | LogicalType::TimestampTz => write_timestamps(call),
        LogicalType::Interval => {
            let values = call.primitives::<IntervalMonthDayNanoType>(0)?;
            let mut templates = Templates::new(call.texts(1)?, |text| Ok(template::parse(text)));
            call.map_texts_or_null(|row, out| {
                let nodes = templates.get(row)?;
                template_write::write(nodes, &Moment::of_interval(values.value(row)), out)?;
                Ok(!nodes.is_empty())
            })
        }
        LogicalType::Integer => {
            let values = call.primitives::<Int32Type>(0)?;
            write_decimals(call, |row| i128::from(values.value(row)), 0)
        }
        LogicalType::BigInt => {
            let values = call.primitives::<Int64Type>(0)?;
            write_decimals(call, |row| i128::from(values.value(row)), 0)
        }
        LogicalType::Numeric { precision, scale } if *precision <= crate::types::DECIMAL64_PRECISION_MAX => {
            let values = call.primitives::<Decimal64Type>(0)?;
            write_decimals(call, |row| i128::from(values.value(row)), u32::from(*scale))
        }
        LogicalType::Numeric { scale, .. } => {
            let values = call.primitives::<Decimal128Type>(0)?;
            write_decimals(call, |row| values.value(row), u32::from(*scale))
        }
        LogicalType::Real => {
            let values = call.primitives::<Float32Type>(0)?;
            write_floats(call, |row| values.value(row).into(), 6)
        }
        _ => {
            let values = call.primitives::<Float64Type>(0)?;
            write_floats(call, |row| values.value(row), 15)
        }
    }
}

fn write_timestamps(call: &Call<'_>) -> Result<Value> {
    let zoned = *call.argument_type(0)? == LogicalType::TimestampTz;
    let values = call.primitives::<TimestampMicrosecondType>(0)?;
    let clock = ZoneClock::new(&call.statement.time_zone);
    let mut templates = Templates::new(call.texts(1)?, |text| Ok(template::parse(text)));
    call.map_texts_or_null(|row, out| {
        let value = values.value(row);
        let nodes = templates.get(row)?;
        if is_infinite(value) || nodes.is_empty() {
            return Ok(false);
        }
        let moment = match zoned {
            true => {
                let names_zone = nodes.iter().any(is_zone_name);
                let zone = if names_zone {
                    clock.abbreviation(value)
                } else {
                    String::new()
                };
                Moment::of_timestamp(clock.local_time(value), clock.offset(value), zone)
            }
            false => Moment::of_timestamp(value, 0, String::new()),
        };
        template_write::write(nodes, &moment, out)?;
        Ok(true)
    })
}

fn is_zone_name(node: &Node) -> bool {
    matches!(
        node,
        Node::Field {
            pattern: template::Pattern::Zone(_),
            ..
        }
    )
}

fn write_decimals(call: &Call<'_>, value: impl Fn(usize) -> i128, scale: u32) -> Result<Value> {
    let mut templates = Templates::new(call.texts(1)?, NumberTemplate::parse);
    let is_integer = call.argument_type(0)?.is_integer();
    call.map_texts(|row, out| {
        let template = templates.get(row)?;
        let value = value(row);
        let divisor = 10i128.checked_pow(scale).unwrap_or(i128::MAX);
        if template.roman {
            let whole = decimal_digits(value, scale, 0).parse::<i64>().unwrap_or(0);
            template.write_roman(if value < 0 { -whole } else { whole }, out);
            return Ok(());
        }
        if template.exponent {
            template.write_scientific(value as f64 / divisor as f64, out);
            return Ok(());
        }
        let shifted = match template.shift {
            Some(digits) => {
                let factor = u32::try_from(digits).ok().and_then(|digits| 10i128.checked_pow(digits));
                let shifted = factor.and_then(|factor| value.checked_mul(factor));
                let in_range = |value: &i128| !is_integer || i64::try_from(*value).is_ok();
                shifted.filter(in_range).ok_or_else(out_of_range)?
            }
            None => value,
        };
        let decimals = u32::try_from(template.after).unwrap_or(u32::MAX).min(1_000);
        let digits = decimal_digits(shifted, scale, decimals);
        // What rounds to 0 has no sign.
        let negative = shifted < 0 && digits.contains(|digit| ('1'..='9').contains(&digit));
        template.write(&digits, negative, out);
        Ok(())
    })
}

fn out_of_range() -> Error {
    Error::user(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, "value overflows numeric format")
}

/// Floating point has so many digits that mean something; the rest of the decimals is left out.
fn write_floats(call: &Call<'_>, value: impl Fn(usize) -> f64, significant: usize) -> Result<Value> {
    let mut templates = Templates::new(call.texts(1)?, NumberTemplate::parse);
    call.map_texts(|row, out| {
        let template = templates.get(row)?;
        let value = value(row);
        if template.roman {
            template.write_roman(value.round_ties_even() as i64, out);
            return Ok(());
        }
        if template.exponent {
            template.write_scientific(value, out);
            return Ok(());
        }
        let value = match template.shift {
            Some(digits) => value * 10f64.powi(i32::try_from(digits).unwrap_or(i32::MAX)),
            None => value,
        };
        let whole = format!("{:.0}", value.abs());
        let room = significant.saturating_sub(whole.len());
        let decimals = template.after.min(room);
        let digits = match value.is_finite() {
            true => format!("{:.decimals$}", value.abs()),
            false if value.is_nan() => "NaN".to_owned(),
            false => "Infinity".to_owned(),
        };
        template.write(&digits, value < 0.0, out);
        Ok(())
    })
}

#[cfg(test)]
#[path = "to_char_tests.rs"]
mod tests;
