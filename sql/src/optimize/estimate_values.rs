//! Which share of a column's values lies in a range: by the column's least and greatest value, as if values were spread evenly.

use crate::literal::Literal;
use crate::plan::{ColumnId, CompareOp, Expr};
use crate::types::LogicalType;
use std::collections::HashMap;

/// The share that a condition from one side keeps, where nothing is known.
const ONE_SIDED_SHARE: f64 = 0.3;
/// The share between two values, where nothing is known.
const TWO_SIDED_SHARE: f64 = 0.1;
/// No range with known ends is taken to hold less.
const LEAST_SHARE: f64 = 1e-4;

/// Least and greatest values as numbers.
#[derive(Default)]
pub(super) struct Bounds(HashMap<ColumnId, (f64, f64)>);

/// Where a column's values are to lie.
#[derive(Clone, Copy)]
struct Range {
    low: f64,
    high: f64,
}

impl Bounds {
    /// Takes down what is known of a column.
    pub(super) fn insert(&mut self, column: ColumnId, data_type: &LogicalType, minimum: &Literal, maximum: &Literal) {
        if let (Some(minimum), Some(maximum)) = (number(minimum, data_type), number(maximum, data_type)) {
            self.0.insert(column, (minimum, maximum));
        }
    }

    /// The share of rows for which all of the conditions that are ranges hold; the others are handed to `other`.
    pub(super) fn conjunction<'e>(
        &self,
        conditions: impl IntoIterator<Item = &'e Expr>,
        mut other: impl FnMut(&'e Expr) -> f64,
    ) -> f64 {
        let mut share = 1.0;
        let mut ranges: Vec<(ColumnId, Range)> = Vec::new();
        for condition in conditions {
            let Some((column, range)) = range(condition) else {
                share *= other(condition);
                continue;
            };
            match ranges.iter_mut().find(|(known, _)| *known == column) {
                Some((_, known)) => {
                    known.low = known.low.max(range.low);
                    known.high = known.high.min(range.high);
                }
                None => ranges.push((column, range)),
            }
        }
        let within = ranges.into_iter().map(|(column, range)| self.share(column, range));
        share * within.product::<f64>()
    }

    fn share(&self, column: ColumnId, range: Range) -> f64 {
        let Some((minimum, maximum)) = self.0.get(&column) else {
            let is_two_sided = range.low.is_finite() && range.high.is_finite();
            return if is_two_sided { TWO_SIDED_SHARE } else { ONE_SIDED_SHARE };
        };
        let width = maximum - minimum;
        let kept = range.high.min(*maximum) - range.low.max(*minimum);
        let share = match width > 0.0 {
            true => kept / width,
            // All values are one.
            false if kept < 0.0 => 0.0,
            false => 1.0,
        };
        share.clamp(LEAST_SHARE, 1.0)
    }
}

/// A comparison of a column with a constant as a range of the column.
fn range(condition: &Expr) -> Option<(ColumnId, Range)> {
    let Expr::Compare { op, left, right } = condition else {
        return None;
    };
    let (column, constant, is_swapped) = match (column(left), column(right)) {
        (Some(column), None) => (column, constant(right), false),
        (None, Some(column)) => (column, constant(left), true),
        _ => return None,
    };
    let everything = Range {
        low: f64::NEG_INFINITY,
        high: f64::INFINITY,
    };
    let is_below = match op {
        CompareOp::Less | CompareOp::LessOrEqual => !is_swapped,
        CompareOp::Greater | CompareOp::GreaterOrEqual => is_swapped,
        _ => return None,
    };
    let constant = constant?;
    let range = match is_below {
        true => Range {
            high: constant,
            ..everything
        },
        false => Range {
            low: constant,
            ..everything
        },
    };
    Some((column, range))
}

fn column(expression: &Expr) -> Option<ColumnId> {
    match expression {
        Expr::Column(column) => Some(column.id),
        Expr::Cast { input, .. } => column(input),
        _ => None,
    }
}

fn constant(expression: &Expr) -> Option<f64> {
    match expression {
        Expr::Literal(literal, data_type) => number(literal, data_type),
        _ => None,
    }
}

/// A value as a number, in the same unit for all values that compare with each other; dates count as timestamps.
fn number(literal: &Literal, data_type: &LogicalType) -> Option<f64> {
    const DAY_MICROSECONDS: f64 = 86_400e6;
    let number = match literal {
        Literal::Integer(value) => *value as f64,
        Literal::Float(value) => *value,
        Literal::Numeric(value) => match data_type {
            LogicalType::Numeric { scale, .. } => *value as f64 / 10f64.powi(i32::from(*scale)),
            _ => return None,
        },
        Literal::Date(days) => f64::from(*days) * DAY_MICROSECONDS,
        Literal::Timestamp(value) | Literal::Time(value) => *value as f64,
        _ => return None,
    };
    number.is_finite().then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::ColumnDef;

    fn compared(op: CompareOp, constant: i64) -> Expr {
        let column = ColumnDef {
            id: ColumnId(1),
            name: "a".to_owned(),
            data_type: LogicalType::Integer,
            nullable: false,
        };
        let literal = Expr::Literal(Literal::Integer(constant), LogicalType::Integer);
        Expr::compare(op, Expr::Column(column), literal)
    }

    #[test]
    fn ranges_of_a_column_are_taken_together() {
        let conditions = [
            compared(CompareOp::Greater, 10),
            compared(CompareOp::Less, 30),
            compared(CompareOp::LessOrEqual, 20),
        ];
        let unknown = Bounds::default().conjunction(&conditions, |_| panic!("all are ranges"));
        assert_eq!(unknown, TWO_SIDED_SHARE);
        let mut bounds = Bounds::default();
        bounds.insert(
            ColumnId(1),
            &LogicalType::Integer,
            &Literal::Integer(0),
            &Literal::Integer(100),
        );
        assert!((bounds.conjunction(&conditions, |_| 1.0) - 0.1).abs() < 1e-9);
        assert_eq!(bounds.conjunction(&conditions[..1], |_| 1.0), 0.9);
        let nothing = [compared(CompareOp::Greater, 1000)];
        assert_eq!(bounds.conjunction(&nothing, |_| 1.0), LEAST_SHARE);
        let mut single = Bounds::default();
        single.insert(
            ColumnId(1),
            &LogicalType::Integer,
            &Literal::Integer(15),
            &Literal::Integer(15),
        );
        assert_eq!(single.conjunction(&conditions, |_| 1.0), 1.0);
        assert_eq!(single.conjunction(&nothing, |_| 1.0), LEAST_SHARE);
        let equal = [compared(CompareOp::Equal, 5)];
        assert_eq!(bounds.conjunction(&equal, |_| 0.5), 0.5);
    }
}
