//! Constants, typed constants, intervals, parameters.

use crate::bind::coerce::Level;
use crate::bind::{Binder, not_supported};
use crate::error::{Error, Result, SqlState};
use crate::literal::Literal;
use crate::plan::Expr;
use crate::types::{LogicalType, NUMERIC_PRECISION_MAX};
use sqlparser::ast::{self, Value};

/// Fields of INTERVAL constants below which there are others.
const TRUNCATED_FIELDS: [&str; 5] = ["year", "month", "day", "hour", "minute"];

impl Binder<'_> {
    /// A constant or parameter.
    pub(in crate::bind) fn bind_value(&mut self, value: &Value) -> Result<Expr> {
        let text = |text: &String| Expr::Literal(Literal::Text(text.clone()), LogicalType::Unknown);
        Ok(match value {
            Value::Number(digits, _) => number(digits)?,
            Value::SingleQuotedString(value)
            | Value::EscapedStringLiteral(value)
            | Value::UnicodeStringLiteral(value)
            | Value::NationalStringLiteral(value) => text(value),
            Value::DollarQuotedString(quoted) => text(&quoted.value),
            Value::Boolean(value) => Expr::Literal(Literal::Boolean(*value), LogicalType::Boolean),
            Value::Null => Expr::null(LogicalType::Unknown),
            Value::Placeholder(name) => self.bind_parameter(name)?,
            Value::HexStringLiteral(_) | Value::SingleQuotedByteStringLiteral(_) => {
                return Err(not_supported(format!("constant {value}")).with_hint(
                    "There are no bit strings: bytes are written '\\x1F'::bytea, numbers to any base 0x1F and 0b101.",
                ));
            }
            other => return Err(not_supported(format!("constant {other}"))),
        })
    }

    fn bind_parameter(&mut self, name: &str) -> Result<Expr> {
        let index: usize = name
            .strip_prefix('$')
            .and_then(|digits| digits.parse().ok())
            .ok_or_else(|| Error::new(SqlState::SYNTAX_ERROR, format!("syntax error at or near \"{name}\"")))?;
        let data_type = self.parameter_type(index)?.unwrap_or(LogicalType::Unknown);
        Ok(Expr::Parameter { index, data_type })
    }

    /// `DATE '2024-01-01'`
    pub(in crate::bind) fn bind_typed_string(&mut self, typed: &ast::TypedString) -> Result<Expr> {
        let data_type = self.bind_data_type(&typed.data_type)?;
        let value = self.bind_value(&typed.value.value)?;
        let span = self.parser_span(typed.value.span);
        self.coerce(value, &data_type, Level::Explicit, span)
    }

    /// `INTERVAL '1' DAY`, `INTERVAL '1 day'`
    pub(in crate::bind) fn bind_interval(&mut self, interval: &ast::Interval) -> Result<Expr> {
        let ast::Expr::Value(value) = &*interval.value else {
            return Err(Error::new(
                SqlState::SYNTAX_ERROR,
                "an interval is written as a quoted string",
            ));
        };
        let Expr::Literal(Literal::Text(text), _) = self.bind_value(&value.value)? else {
            return Err(Error::new(
                SqlState::SYNTAX_ERROR,
                "an interval is written as a quoted string",
            ));
        };
        if interval.leading_precision.is_some() || interval.fractional_seconds_precision.is_some() {
            return Err(not_supported("a precision of an interval"));
        }
        let field = interval.last_field.as_ref().or(interval.leading_field.as_ref());
        let field = field.map(|field| field.to_string().to_lowercase());
        let text = text.trim().to_owned();
        let last = text.rsplit(char::is_whitespace).next().unwrap_or_default();
        let is_number = last.parse::<f64>().is_ok() && !last.contains(['e', 'E']);
        let is_whole = text.parse::<i64>().is_ok();
        let is_minute_to_second =
            interval.leading_field == Some(ast::DateTimeField::Minute) && interval.last_field.is_some();
        let text = match &field {
            Some(field) if is_number => format!("{text} {field}"),
            // `02:30` is minutes and seconds.
            Some(_) if is_minute_to_second && last.matches(':').count() == 1 => {
                let digits = last.trim_start_matches(['-', '+']);
                format!("{}00:{digits}", &text[..text.len() - digits.len()])
            }
            _ => text,
        };
        let literal = Expr::Literal(Literal::Text(text), LogicalType::Unknown);
        let span = self.parser_span(value.span);
        let value = self.coerce(literal, &LogicalType::Interval, Level::Explicit, span)?;
        match field {
            // What is smaller than the last field is cut off.
            Some(field) if !is_whole && TRUNCATED_FIELDS.contains(&&*field) => {
                let field = Expr::Literal(Literal::Text(field), LogicalType::Text);
                self.named_call("date_trunc", vec![field, value])
            }
            _ => Ok(value),
        }
    }

    /// `CAST(x AS type)`, `x::type`
    pub(in crate::bind) fn bind_cast(
        &mut self,
        expression: &ast::Expr,
        data_type: &ast::DataType,
        context: &mut crate::bind::collect::Context<'_>,
    ) -> Result<Expr> {
        let mut data_type = self.bind_data_type(data_type)?;
        let input = self.bind_expression(expression, context)?;
        if data_type == LogicalType::NUMERIC {
            // Without parameters, numeric keeps the scale the value has.
            data_type = crate::bind::coerce::type_of_kind(data_type.kind(), &input.data_type());
        }
        let span = self.span(expression);
        self.coerce(input, &data_type, Level::Explicit, span)
    }
}

/// A number's type as Postgres gives it: integer, bigint, numeric; beyond numeric's digits, double precision.
fn number(text: &str) -> Result<Expr> {
    let digits: String = text.chars().filter(|character| *character != '_').collect();
    if let Some(value) = radix_integer(&digits) {
        return Ok(integer(value));
    }
    if let Ok(value) = digits.parse::<i64>() {
        return Ok(integer(value));
    }
    let double = || digits.parse().ok().filter(|value: &f64| value.is_finite());
    let double = || double().map(|value| Expr::Literal(Literal::Float(value), LogicalType::Double));
    decimal(&digits).or_else(double).ok_or_else(|| {
        Error::new(
            SqlState::NUMERIC_VALUE_OUT_OF_RANGE,
            format!("numeric constant {text} is out of range"),
        )
    })
}

fn integer(value: i64) -> Expr {
    let data_type = match i32::try_from(value) {
        Ok(_) => LogicalType::Integer,
        Err(_) => LogicalType::BigInt,
    };
    Expr::Literal(Literal::Integer(value), data_type)
}

fn radix_integer(digits: &str) -> Option<i64> {
    let lower = digits.to_lowercase();
    let (prefix, rest) = lower.split_at_checked(2)?;
    let radix = match prefix {
        "0x" => 16,
        "0o" => 8,
        "0b" => 2,
        _ => return None,
    };
    i64::from_str_radix(rest, radix).ok()
}

/// `12.50`, `1e3`, `.5` as a numeric of just the digits written.
fn decimal(digits: &str) -> Option<Expr> {
    let lower = digits.to_lowercase();
    let (mantissa, exponent) = match lower.split_once('e') {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (lower.as_str(), 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut unscaled: i128 = format!("0{whole}{fraction}").parse().ok()?;
    let mut scale = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
    if scale < 0 {
        unscaled = unscaled.checked_mul(10i128.checked_pow(scale.unsigned_abs())?)?;
        scale = 0;
    }
    let scale = u8::try_from(scale).ok()?;
    let count = if unscaled == 0 {
        1
    } else {
        u8::try_from(unscaled.ilog10() + 1).ok()?
    };
    let precision = count.max(scale).max(1);
    (precision <= NUMERIC_PRECISION_MAX).then_some(Expr::Literal(
        Literal::Numeric(unscaled),
        LogicalType::Numeric { precision, scale },
    ))
}
