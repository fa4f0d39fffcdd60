//! Which share of a column's values a comparison with a constant keeps: by the column's histogram, or as if values were spread evenly
//! between its least and its greatest.

use crate::catalog::ColumnStatistics;
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

/// Columns' values.
#[derive(Default)]
pub(super) struct Distributions(HashMap<ColumnId, Distribution>);

/// A column's values.
struct Distribution {
    /// Ascending; between two neighbours are equally many values.
    points: Vec<Point>,
    /// The share of rows that have one.
    present: f64,
}

/// A value that can be compared with others of its column.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
enum Point {
    Number(f64),
    Text(String),
}

/// An end of a range, and whether it belongs to it.
type End = Option<(Point, bool)>;

/// Where a column's values are to lie.
#[derive(Clone, Default)]
struct Range {
    low: End,
    high: End,
}

impl Distributions {
    /// Takes down what is known of a column: ascending values between which about equally many are, at least two; and its least and
    /// greatest value and its share of NULLs, as far as these are known.
    pub(super) fn insert(
        &mut self,
        column: ColumnId,
        data_type: &LogicalType,
        bounds: &[Literal],
        statistics: &ColumnStatistics,
    ) {
        let points = bounds.iter().map(|bound| point(bound, data_type));
        let mut points = points.collect::<Option<Vec<Point>>>().unwrap_or_default();
        let end = |value: &Option<Literal>| point(value.as_ref()?, data_type);
        let (least, greatest) = (end(&statistics.minimum), end(&statistics.maximum));
        match (points.len(), least, greatest) {
            (0 | 1, Some(least), Some(greatest)) => points = vec![least, greatest],
            (0 | 1, ..) => return,
            (_, least, greatest) => {
                if let (Some(first), Some(least)) = (points.first_mut(), least) {
                    *first = least;
                }
                if let (Some(last), Some(greatest)) = (points.last_mut(), greatest) {
                    *last = greatest;
                }
            }
        }
        let present = 1.0 - statistics.null_fraction.unwrap_or(0.0);
        self.0.insert(column, Distribution { points, present });
    }

    /// The share of values for which all of the conditions that are ranges hold; the others are handed to `other`.
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
                Some((_, known)) => known.intersect(range),
                None => ranges.push((column, range)),
            }
        }
        let within = ranges.iter().map(|(column, range)| self.share(*column, range));
        share * within.product::<f64>()
    }

    fn share(&self, column: ColumnId, range: &Range) -> f64 {
        let Some(Distribution { points, present }) = self.0.get(&column) else {
            let is_two_sided = range.low.is_some() && range.high.is_some();
            return if is_two_sided { TWO_SIDED_SHARE } else { ONE_SIDED_SHARE };
        };
        let below_high = range
            .high
            .as_ref()
            .map_or(1.0, |(high, included)| below(points, high, *included));
        let below_low = range
            .low
            .as_ref()
            .map_or(0.0, |(low, included)| below(points, low, !included));
        ((below_high - below_low) * present).clamp(LEAST_SHARE, 1.0)
    }

    /// The share of rows that equal a constant, of a column with so many distinct ones; `None` where nothing is known.
    pub(super) fn equal_share(
        &self,
        column: ColumnId,
        constant: &Literal,
        data_type: &LogicalType,
        distinct: Option<f64>,
    ) -> Option<f64> {
        let Distribution { points, present } = self.0.get(&column)?;
        let constant = point(constant, data_type)?;
        let bucket = 1.0 / (points.len() as f64 - 1.0);
        let runs = || points.chunk_by(|left, right| left == right);
        if let Some(run) = runs().find(|run| run.len() > 1 && run[0] == constant) {
            return Some((run.len() as f64 * bucket).min(1.0) * present);
        }
        // Not among the frequent ones: one of the others.
        let (frequent, share) = runs()
            .filter(|run| run.len() > 1)
            .fold((0.0, 0.0), |(count, share), run| {
                (count + 1.0, share + run.len() as f64 * bucket)
            });
        let others = (distinct? - frequent).max(1.0);
        Some(((1.0 - share).max(LEAST_SHARE) / others).min(1.0) * present)
    }
}

impl Range {
    /// What both hold.
    fn intersect(&mut self, other: Range) {
        self.low = stricter(self.low.take(), other.low, |left, right| left > right);
        self.high = stricter(self.high.take(), other.high, |left, right| left < right);
    }
}

fn stricter(left: End, right: End, is_stricter: impl Fn(&Point, &Point) -> bool) -> End {
    match (left, right) {
        (Some(left), Some(right)) if left.0 == right.0 => Some((left.0, left.1 && right.1)),
        (Some(left), Some(right)) if is_stricter(&right.0, &left.0) => Some(right),
        (Some(left), _) => Some(left),
        (None, right) => right,
    }
}

/// The share of values below a value, those that equal it included or not.
fn below(points: &[Point], value: &Point, included: bool) -> f64 {
    let buckets = points.len() as f64 - 1.0;
    let passed = points.partition_point(|point| if included { point <= value } else { point < value });
    if passed == 0 {
        return 0.0;
    }
    let (Some(low), Some(high)) = (points.get(passed - 1), points.get(passed)) else {
        return 1.0;
    };
    let within = match (low, value, high) {
        (Point::Number(low), Point::Number(value), Point::Number(high)) if high > low => {
            ((value - low) / (high - low)).clamp(0.0, 1.0)
        }
        _ => 0.5,
    };
    (passed as f64 - 1.0 + within) / buckets
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
    let (is_below, included) = match op {
        CompareOp::Less => (!is_swapped, false),
        CompareOp::LessOrEqual => (!is_swapped, true),
        CompareOp::Greater => (is_swapped, false),
        CompareOp::GreaterOrEqual => (is_swapped, true),
        _ => return None,
    };
    let end = Some((constant?, included));
    let range = match is_below {
        true => Range { low: None, high: end },
        false => Range { low: end, high: None },
    };
    Some((column, range))
}

/// The column that an expression is, under a cast or not.
pub(super) fn column(expression: &Expr) -> Option<ColumnId> {
    match expression {
        Expr::Column(column) => Some(column.id),
        Expr::Cast { input, .. } => column(input),
        _ => None,
    }
}

fn constant(expression: &Expr) -> Option<Point> {
    match expression {
        Expr::Literal(literal, data_type) => point(literal, data_type),
        _ => None,
    }
}

/// A value as a number where it can be one, in the same unit for all values that compare with each other; dates count as timestamps.
fn point(literal: &Literal, data_type: &LogicalType) -> Option<Point> {
    const DAY_MICROSECONDS: f64 = 86_400e6;
    let number = match literal {
        Literal::Boolean(value) => f64::from(u8::from(*value)),
        Literal::Integer(value) => *value as f64,
        Literal::Float(value) => *value,
        Literal::Numeric(value) => match data_type {
            LogicalType::Numeric { scale, .. } => *value as f64 / 10f64.powi(i32::from(*scale)),
            _ => return None,
        },
        Literal::Date(days) => f64::from(*days) * DAY_MICROSECONDS,
        Literal::Timestamp(value) | Literal::Time(value) => *value as f64,
        Literal::Text(value) => return Some(Point::Text(value.clone())),
        _ => return None,
    };
    number.is_finite().then_some(Point::Number(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::ColumnDef;

    const COLUMN: ColumnId = ColumnId(1);

    fn compared(op: CompareOp, constant: i64) -> Expr {
        let column = ColumnDef {
            id: COLUMN,
            name: "a".to_owned(),
            data_type: LogicalType::Integer,
            nullable: false,
        };
        let literal = Expr::Literal(Literal::Integer(constant), LogicalType::Integer);
        Expr::compare(op, Expr::Column(column), literal)
    }

    fn known(bounds: &[i64], least: i64, greatest: i64) -> Distributions {
        let mut known = Distributions::default();
        let bounds: Vec<Literal> = bounds.iter().map(|bound| Literal::Integer(*bound)).collect();
        let statistics = ColumnStatistics {
            minimum: Some(Literal::Integer(least)),
            maximum: Some(Literal::Integer(greatest)),
            ..ColumnStatistics::default()
        };
        known.insert(COLUMN, &LogicalType::Integer, &bounds, &statistics);
        known
    }

    #[test]
    fn ranges_of_a_column_are_taken_together() {
        let conditions = [
            compared(CompareOp::Greater, 10),
            compared(CompareOp::Less, 30),
            compared(CompareOp::LessOrEqual, 20),
        ];
        let unknown = Distributions::default().conjunction(&conditions, |_| panic!("all are ranges"));
        assert_eq!(unknown, TWO_SIDED_SHARE);
        let even = known(&[], 0, 100);
        assert!((even.conjunction(&conditions, |_| 1.0) - 0.1).abs() < 1e-9);
        assert_eq!(even.conjunction(&conditions[..1], |_| 1.0), 0.9);
        let nothing = [compared(CompareOp::Greater, 1000)];
        assert_eq!(even.conjunction(&nothing, |_| 1.0), LEAST_SHARE);
        let single = known(&[], 15, 15);
        assert_eq!(single.conjunction(&conditions, |_| 1.0), 1.0);
        assert_eq!(single.conjunction(&nothing, |_| 1.0), LEAST_SHARE);
        let equal = [compared(CompareOp::Equal, 5)];
        assert_eq!(even.conjunction(&equal, |_| 0.5), 0.5);
    }

    #[test]
    fn histograms_know_where_values_crowd() {
        // Three quarters lie between 0 and 10, half of all are 5, the greatest is far away.
        let crowded = known(&[0, 2, 5, 5, 5, 5, 10, 500, 1000], 0, 1_000_000);
        let share = |op, constant| crowded.conjunction(&[compared(op, constant)], |_| panic!("a range"));
        assert_eq!(share(CompareOp::Less, 5), 0.25);
        assert_eq!(share(CompareOp::LessOrEqual, 5), 0.625);
        assert_eq!(share(CompareOp::Greater, 5), 0.375);
        assert_eq!(share(CompareOp::GreaterOrEqual, 5), 0.75);
        assert_eq!(share(CompareOp::LessOrEqual, 1_000_000), 1.0);
        let within = [
            compared(CompareOp::GreaterOrEqual, 5),
            compared(CompareOp::LessOrEqual, 5),
        ];
        assert_eq!(crowded.conjunction(&within, |_| panic!("ranges")), 0.375);
        let equal = |constant| {
            let share = crowded.equal_share(COLUMN, &Literal::Integer(constant), &LogicalType::Integer, Some(101.0));
            share.unwrap()
        };
        assert_eq!((equal(5), equal(7)), (0.5, 0.005));
    }

    #[test]
    fn text_has_frequent_values_and_ranges() {
        let texts = ["a", "b", "b", "b", "c"].map(|text| Literal::Text(text.to_owned()));
        let mut known = Distributions::default();
        let statistics = ColumnStatistics {
            null_fraction: Some(0.5),
            ..ColumnStatistics::default()
        };
        known.insert(COLUMN, &LogicalType::Text, &texts, &statistics);
        let equal = |text: &str| {
            let literal = Literal::Text(text.to_owned());
            known.equal_share(COLUMN, &literal, &LogicalType::Text, Some(11.0))
        };
        assert_eq!((equal("b"), equal("x")), (Some(0.375), Some(0.0125)));
        let points = &known.0.get(&COLUMN).unwrap().points;
        assert_eq!(below(points, &Point::Text("bb".to_owned()), false), 0.875);
    }
}
