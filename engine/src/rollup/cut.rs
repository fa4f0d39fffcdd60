//! Bounds of a time that cut a bucket: the buckets beyond are answered by their groups, and the rows of the bucket itself are read. Only
//! computes where to cut.

use super::grain::{as_time, bucket_after, truncated_time};
use super::matching::Matching;
use stoa_sql::literal::Literal;
use stoa_sql::plan::{CompareOp, Expr};

/// A bound of a time within a bucket.
pub(super) struct Cut {
    /// The time's column of the table, by place.
    place: usize,
    /// Times from the bound on meet the condition, or else times before it.
    is_lower: bool,
    /// The bucket's start,
    start: i64,
    /// and the next one's, in microseconds.
    end: i64,
    /// Which groups meet the condition with all their rows, but for the bucket that is cut.
    groups: Expr,
}

/// Rows that are read beside groups: those with a time on one side of a bound.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RestOfRows {
    /// The time's column of the table, by place.
    pub(crate) place: usize,
    /// The rows are those from the bound on, or else those before it.
    pub(crate) is_from: bool,
    /// In microseconds.
    pub(crate) bound: i64,
}

impl Cut {
    /// Of the bound in a condition over the table's columns.
    pub(super) fn of(matching: &Matching<'_>, condition: &Expr) -> Option<Self> {
        let (op, time, bound) = bounded_time(condition)?;
        let is_lower = op == CompareOp::GreaterOrEqual;
        let (Expr::Column(column), Literal::Timestamp(_)) = (time, &bound) else {
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
                start,
                end,
                groups: Expr::compare(op, as_time(key, at, time), literal),
            })
        })
    }

    fn rest(&self) -> RestOfRows {
        RestOfRows {
            place: self.place,
            is_from: !self.is_lower,
            bound: if self.is_lower { self.end } else { self.start },
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
