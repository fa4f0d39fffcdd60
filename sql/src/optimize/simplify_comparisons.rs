//! `d::timestamp < '2024-01-02 00:00'` -> `d < '2024-01-02'`, `small::bigint = 5` -> `small = 5`,
//! `price::numeric(38,4) <= 0.0500` -> `price <= 0.05`: the cast goes from the column to the constant, where scans can use
//! the comparison.
//!
//! Sound because each such cast multiplies by a constant factor and so keeps the order: with `v = q * factor + r`,
//! `x * factor < v` says `x < q` for `r = 0` and `x <= q` otherwise. Where `q` does not fit the column's type, and for `=`
//! with a rest, the comparison stays as it is.

use crate::literal::Literal;
use crate::plan::{CompareOp, Expr};
use crate::types::LogicalType;

/// The comparison with the cast taken off the left side where that is exact.
pub(super) fn unwrap_cast(op: CompareOp, left: Expr, right: Expr) -> Expr {
    let unwrapped = match (&left, &right) {
        (Expr::Cast { input, target, .. }, Expr::Literal(literal, _)) => unwrap(op, input, target, literal),
        _ => None,
    };
    unwrapped.unwrap_or_else(|| Expr::compare(op, left, right))
}

fn unwrap(op: CompareOp, input: &Expr, target: &LogicalType, literal: &Literal) -> Option<Expr> {
    let source = input.data_type();
    if let Literal::Text(text) = literal {
        let same = match (&source, target) {
            (LogicalType::Varchar(_), LogicalType::Text) => true,
            (LogicalType::Char(_), LogicalType::Text) => !text.ends_with(' '),
            _ => false,
        };
        return same.then(|| Expr::compare(op, input.clone(), Expr::Literal(literal.clone(), source)));
    }
    let factor = factor(&source, target)?;
    if let Some(infinite) = infinite_date(literal) {
        return Some(Expr::compare(op, input.clone(), Expr::Literal(infinite, source)));
    }
    let value = match literal {
        Literal::Integer(value) | Literal::Timestamp(value) => i128::from(*value),
        Literal::Numeric(value) => *value,
        _ => return None,
    };
    let (quotient, rest) = (value.div_euclid(factor), value.rem_euclid(factor));
    let op = match (op, rest) {
        (op, 0) => op,
        (CompareOp::Less | CompareOp::LessOrEqual, _) => CompareOp::LessOrEqual,
        (CompareOp::Greater | CompareOp::GreaterOrEqual, _) => CompareOp::Greater,
        _ => return None,
    };
    let constant = as_literal(quotient, &source)?;
    Some(Expr::compare(op, input.clone(), Expr::Literal(constant, source)))
}

/// What a date is that becomes an infinite timestamp: no product.
fn infinite_date(literal: &Literal) -> Option<Literal> {
    match literal {
        Literal::Timestamp(i64::MAX) => Some(Literal::Date(i32::MAX)),
        Literal::Timestamp(i64::MIN) => Some(Literal::Date(i32::MIN)),
        _ => None,
    }
}

/// By what the cast multiplies the number that stands for the value.
fn factor(source: &LogicalType, target: &LogicalType) -> Option<i128> {
    let scale_of = |data_type: &LogicalType| match data_type {
        LogicalType::Numeric { scale, .. } => Some(*scale),
        other if other.is_integer() => Some(0),
        _ => None,
    };
    match (source, target) {
        (LogicalType::Date, LogicalType::Timestamp) => Some(86_400_000_000),
        _ => {
            let exponent = scale_of(target)?.checked_sub(scale_of(source)?)?;
            let widens = match (source, target) {
                (LogicalType::SmallInt, _) => true,
                (LogicalType::Integer, other) => *other != LogicalType::SmallInt,
                (LogicalType::BigInt, other) => matches!(other, LogicalType::BigInt | LogicalType::Numeric { .. }),
                (
                    LogicalType::Numeric { precision, scale },
                    LogicalType::Numeric {
                        precision: to_precision,
                        scale: to_scale,
                    },
                ) => to_precision.checked_sub(*to_scale)? >= precision - scale,
                _ => false,
            };
            widens.then(|| 10i128.checked_pow(u32::from(exponent))).flatten()
        }
    }
}

fn as_literal(value: i128, data_type: &LogicalType) -> Option<Literal> {
    match data_type {
        LogicalType::Date => i32::try_from(value).ok().map(Literal::Date),
        LogicalType::SmallInt => i16::try_from(value).ok().map(|value| Literal::Integer(value.into())),
        LogicalType::Integer => i32::try_from(value).ok().map(|value| Literal::Integer(value.into())),
        LogicalType::BigInt => i64::try_from(value).ok().map(Literal::Integer),
        LogicalType::Numeric { precision, .. } => {
            (value.unsigned_abs() < 10u128.checked_pow(u32::from(*precision))?).then_some(Literal::Numeric(value))
        }
        _ => None,
    }
}
