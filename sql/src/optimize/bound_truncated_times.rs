//! `date_trunc('month', t) = '2024-03-01'` -> `t >= '2024-03-01' AND t < '2024-04-01'`, `t::date <= '2024-03-01'` -> `t < '2024-03-02'`: what is
//! asked of the bucket of a time becomes a range of the time, by which segments and blocks are left out and which needs no
//! function per row. Views by day or month are filtered so.
//!
//! Sound because a timestamp without time zone is in the bucket that begins with `b`, and ends before `b` plus its width, exactly if it
//! lies between the two; a constant that does not begin a bucket, or is infinite, leaves the condition as it is.

use super::context::Context;
use crate::error::Result;
use crate::literal::Literal;
use crate::plan::{CompareOp, Expr, FunctionCall, Plan};
use crate::types::LogicalType;

/// Rewrites the conditions of filters and scans.
pub(super) fn run(plan: Plan, context: &Context<'_>) -> Result<Plan> {
    Ok(plan.transform_up(&mut |plan| match plan {
        Plan::Scan(mut scan) => {
            scan.filters = bounded(scan.filters, context);
            Plan::Scan(scan)
        }
        Plan::Filter(mut filter) => {
            filter.predicates = bounded(filter.predicates, context);
            Plan::Filter(filter)
        }
        other => other,
    }))
}

fn bounded(conjuncts: Vec<Expr>, context: &Context<'_>) -> Vec<Expr> {
    let bounded = conjuncts.into_iter().map(|conjunct| match range(&conjunct, context) {
        Some(range) => range,
        None => vec![conjunct],
    });
    bounded.flatten().collect()
}

/// The conditions on a time that say the same as one on its bucket.
fn range(conjunct: &Expr, context: &Context<'_>) -> Option<Vec<Expr>> {
    let Expr::Compare { op, left, right } = conjunct else {
        return None;
    };
    let (op, bucket, constant) = match (&**left, &**right) {
        (bucket, constant @ Expr::Literal(..)) => (*op, bucket, constant),
        (constant @ Expr::Literal(..), bucket) => (op.flipped(), bucket, constant),
        _ => return None,
    };
    let (time, width) = truncated(bucket)?;
    let start = as_time(constant, context)?;
    let begins_bucket = bucket
        .clone()
        .replace(&mut |part| (part == time).then(|| start.clone()));
    let begins_bucket = as_time(
        &Expr::Literal(folded(&begins_bucket, context)?, bucket.data_type()),
        context,
    )?;
    if begins_bucket != start {
        return None;
    }
    let end = || sum(&start, &width, context);
    let bound = |op: CompareOp, bound: Expr| Expr::compare(op, time.clone(), bound);
    Some(match op {
        CompareOp::GreaterOrEqual | CompareOp::Less => vec![bound(op, start)],
        CompareOp::Greater => vec![bound(CompareOp::GreaterOrEqual, end()?)],
        CompareOp::LessOrEqual => vec![bound(CompareOp::Less, end()?)],
        CompareOp::Equal => vec![
            bound(CompareOp::GreaterOrEqual, start.clone()),
            bound(CompareOp::Less, end()?),
        ],
        _ => return None,
    })
}

/// The time that an expression is the bucket of, and how wide that is.
fn truncated(bucket: &Expr) -> Option<(&Expr, Literal)> {
    let (time, width) = match bucket {
        Expr::Call(call) if call.function.name == "date_trunc" => match call.arguments.as_slice() {
            [Expr::Literal(Literal::Text(unit), _), time] => (time, width_of(unit)?),
            _ => return None,
        },
        Expr::Cast {
            input,
            target: LogicalType::Date,
            ..
        } => (&**input, width_of("day")?),
        _ => return None,
    };
    let is_column = matches!(time, Expr::Column(_));
    (is_column && time.data_type() == LogicalType::Timestamp).then_some((time, width))
}

fn width_of(unit: &str) -> Option<Literal> {
    let interval = |months, days, microseconds| Literal::Interval {
        months,
        days,
        microseconds,
    };
    Some(match unit.to_lowercase().as_str() {
        "second" => interval(0, 0, 1_000_000),
        "minute" => interval(0, 0, 60_000_000),
        "hour" => interval(0, 0, 3_600_000_000),
        "day" => interval(0, 1, 0),
        "week" => interval(0, 7, 0),
        "month" => interval(1, 0, 0),
        "quarter" => interval(3, 0, 0),
        "year" => interval(12, 0, 0),
        _ => return None,
    })
}

/// A finite constant as a timestamp.
fn as_time(constant: &Expr, context: &Context<'_>) -> Option<Expr> {
    let time = match constant.data_type() {
        LogicalType::Timestamp => constant.clone(),
        LogicalType::Date => {
            let cast = Expr::Cast {
                input: Box::new(constant.clone()),
                target: LogicalType::Timestamp,
                explicit: false,
                span: None,
            };
            Expr::Literal(folded(&cast, context)?, LogicalType::Timestamp)
        }
        _ => return None,
    };
    let is_finite =
        matches!(&time, Expr::Literal(Literal::Timestamp(time), _) if !matches!(*time, i64::MIN | i64::MAX));
    is_finite.then_some(time)
}

fn folded(expression: &Expr, context: &Context<'_>) -> Option<Literal> {
    context.catalog.fold(expression)?.ok()
}

fn sum(time: &Expr, width: &Literal, context: &Context<'_>) -> Option<Expr> {
    let call = Expr::Call(FunctionCall {
        function: context.catalog.function(None, "+")?,
        arguments: vec![time.clone(), Expr::Literal(width.clone(), LogicalType::Interval)],
        data_type: LogicalType::Timestamp,
        span: None,
    });
    Some(Expr::Literal(folded(&call, context)?, LogicalType::Timestamp))
}
