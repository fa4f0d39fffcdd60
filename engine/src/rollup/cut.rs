//! Bounds of a time that cut a bucket: the buckets beyond are answered by their groups, and the rows of the bucket itself are read. Only
//! computes where to cut.

use super::grain::{as_time, bucket_after, truncated_time};
use super::matching::Matching;
use arrow_array::TimestampMicrosecondArray;
use arrow_schema::DataType;
use std::ops::Range;
use std::sync::Arc;
use stoa_sql::literal::Literal;
use stoa_sql::plan::{CompareOp, Expr};
use stoa_storage::predicate::{Bound, Condition};

/// A bound of a time within a bucket.
pub(super) struct Cut {
    /// The time's column of the table, by place.
    place: usize,
    /// Times from the bound on meet the condition, or else times before it.
    is_lower: bool,
    bound: i64,
    /// The bucket's start,
    start: i64,
    /// and the next one's, in microseconds.
    end: i64,
    /// Which groups meet the condition with all their rows, but for the bucket that is cut.
    groups: Expr,
}

/// Rows that are read beside groups: those of a bucket that is cut which meet the condition.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RestOfRows {
    /// The time's column of the table, by place.
    pub(crate) place: usize,
    /// From the bound on to the end of its bucket, or from the bucket's start on until the bound, in microseconds.
    times: Range<i64>,
}

impl RestOfRows {
    /// What holds of the time of these rows.
    pub(crate) fn condition(&self, time_type: &DataType) -> Condition {
        let zone = match time_type {
            DataType::Timestamp(_, zone) => zone.clone(),
            _ => None,
        };
        let bound = |time: i64, inclusive| {
            let value = TimestampMicrosecondArray::from(vec![time]).with_timezone_opt(zone.clone());
            Some(Bound {
                value: Arc::new(value),
                inclusive,
            })
        };
        Condition::Range {
            lower: bound(self.times.start, true),
            upper: bound(self.times.end, false),
        }
    }
}

impl Cut {
    /// Of the bound in a condition over the table's columns.
    pub(super) fn of(matching: &Matching<'_>, condition: &Expr) -> Option<Self> {
        let (op, time, bound) = bounded_time(condition)?;
        let is_lower = op == CompareOp::GreaterOrEqual;
        let (Expr::Column(column), Literal::Timestamp(at_bound)) = (time, &bound) else {
            return None;
        };
        let mut keys = matching.rollup.keys.iter().enumerate();
        keys.find_map(|(at, key)| {
            if truncated_time(key)? != time {
                return None;
            }
            let start = matching.bucket(key, time, &bound)?;
            let end = bucket_after(key, start)?;
            let is_next = matching.bucket(key, time, &Literal::Timestamp(end)) == Some(end)
                && matching.bucket(key, time, &Literal::Timestamp(end - 1)) == Some(start);
            let op = if is_lower { CompareOp::Greater } else { CompareOp::Less };
            let literal = Expr::Literal(Literal::Timestamp(start), time.data_type());
            is_next.then(|| Cut {
                place: column.id.0 as usize,
                is_lower,
                bound: *at_bound,
                start,
                end,
                groups: Expr::compare(op, as_time(key, at, time), literal),
            })
        })
    }

    fn rest(&self) -> RestOfRows {
        RestOfRows {
            place: self.place,
            times: match self.is_lower {
                true => self.bound..self.end,
                false => self.start..self.bound,
            },
        }
    }
}

/// A bound of a time as one that is in the range or the first beyond it.
pub(super) fn bounded_time(condition: &Expr) -> Option<(CompareOp, &Expr, Literal)> {
    let Expr::Compare { op, left, right } = condition else {
        return None;
    };
    let (op, time, bound) = match (&**left, &**right) {
        (time, Expr::Literal(literal, _)) => (*op, time, literal),
        (Expr::Literal(literal, _), time) => (op.flipped(), time, literal),
        _ => return None,
    };
    let (op, bound) = match op {
        CompareOp::Less | CompareOp::GreaterOrEqual => (op, bound.clone()),
        CompareOp::LessOrEqual => (CompareOp::Less, next(bound)?),
        CompareOp::Greater => (CompareOp::GreaterOrEqual, next(bound)?),
        _ => return None,
    };
    Some((op, time, bound))
}

/// The next larger value of a type of times.
fn next(bound: &Literal) -> Option<Literal> {
    match bound {
        Literal::Timestamp(time) => time.checked_add(1).map(Literal::Timestamp),
        Literal::Date(day) => day.checked_add(1).map(Literal::Date),
        _ => None,
    }
}

/// What groups meet conditions with these cuts, and the rows beside them; `None` where the rows beside one may be those beside another.
pub(super) fn with_rest(cuts: &[Cut]) -> Option<(Vec<Expr>, Vec<RestOfRows>)> {
    let is_apart = match cuts {
        [] | [_] => true,
        [one, other] => {
            let (lower, upper) = if one.is_lower { (one, other) } else { (other, one) };
            lower.is_lower && !upper.is_lower && lower.place == upper.place && lower.end <= upper.start
        }
        _ => false,
    };
    let groups = || cuts.iter().map(|cut| cut.groups.clone()).collect();
    is_apart.then(|| (groups(), cuts.iter().map(Cut::rest).collect()))
}
