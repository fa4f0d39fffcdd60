//! `sum(a + 1), sum(a + 2)` -> `sum(a) + 1 * count(a), sum(a) + 2 * count(a)`: one sum and one count for all of them.
//!
//! Sound because the addition cannot overflow: it is one of a narrower integer that was widened for it, to a constant small enough
//! that its multiples stay in bigint for any number of rows that a table can have.

use super::context::Context;
use crate::catalog::FunctionInfo;
use crate::error::Result;
use crate::literal::Literal;
use crate::plan::{Aggregate, AggregateCall, ColumnDef, Expr, FunctionCall, Plan};
use crate::types::LogicalType;
use std::sync::Arc;

/// The largest constant: with 2^43 rows its multiple is a bigint still.
const CONSTANT_MAX: i64 = 1 << 20;
/// Below so many sums of a column there is nothing to share.
const SUMS_MIN: usize = 2;

/// Rewrites the sums of every aggregation.
pub(super) fn run(plan: Plan, context: &Context<'_>) -> Result<Plan> {
    let function = |name: &str| context.catalog.function(None, name);
    let (Some(count), Some(plus), Some(times)) = (function("count"), function("+"), function("*")) else {
        return Ok(plan);
    };
    let functions = Functions { count, plus, times };
    Ok(plan.transform_up(&mut |node| match node {
        Plan::Aggregate(aggregate) => functions.share(aggregate, context),
        other => other,
    }))
}

struct Functions {
    count: Arc<FunctionInfo>,
    plus: Arc<FunctionInfo>,
    times: Arc<FunctionInfo>,
}

/// `sum(input + constant)`
struct Shifted {
    input: Expr,
    constant: i64,
}

impl Functions {
    fn share(&self, mut aggregate: Aggregate, context: &Context<'_>) -> Plan {
        let shifted: Vec<Option<Shifted>> = aggregate.aggregates.iter().map(|(_, call)| shifted(call)).collect();
        let sums = |input: &Expr| shifted.iter().flatten().filter(|sum| sum.input == *input).count();
        let is_shared = |sum: &Shifted| sums(&sum.input) >= SUMS_MIN;
        if !shifted.iter().flatten().any(is_shared) {
            return Plan::Aggregate(aggregate);
        }
        let output = aggregate.output();
        let mut rewritten = Vec::new();
        let mut kept = Vec::new();
        for ((column, call), sum) in std::mem::take(&mut aggregate.aggregates).into_iter().zip(&shifted) {
            match sum.as_ref().filter(|sum| is_shared(sum)) {
                Some(sum) => rewritten.push((column, call, sum)),
                None => kept.push((column, call)),
            }
        }
        aggregate.aggregates = kept;
        let mut values = Vec::with_capacity(rewritten.len());
        for (column, call, shifted) in rewritten {
            let sum = find_or_add(
                &mut aggregate,
                self.of_input(call.clone(), None, &shifted.input),
                context,
            );
            let count = self.of_input(call, Some(&self.count), &shifted.input);
            let count = find_or_add(&mut aggregate, count, context);
            let constant = Expr::bigint(shifted.constant);
            let multiple = bigint(&self.times, [constant, Expr::Column(count)]);
            values.push((column.id, bigint(&self.plus, [Expr::Column(sum), multiple])));
        }
        let expressions = output.into_iter().map(|column| {
            let value = values.iter().find(|(id, _)| *id == column.id);
            let value = value.map_or_else(|| Expr::Column(column.clone()), |(_, value)| value.clone());
            (column, value)
        });
        let expressions = expressions.collect();
        Plan::Aggregate(aggregate).projected(expressions)
    }

    /// The aggregate with another argument, and another function if one is given.
    fn of_input(&self, call: AggregateCall, function: Option<&Arc<FunctionInfo>>, input: &Expr) -> AggregateCall {
        let function = function.cloned().unwrap_or(call.call.function);
        AggregateCall {
            call: FunctionCall {
                function,
                arguments: vec![input.clone()],
                ..call.call
            },
            ..call
        }
    }
}

fn bigint(function: &Arc<FunctionInfo>, arguments: [Expr; 2]) -> Expr {
    Expr::Call(FunctionCall {
        function: function.clone(),
        arguments: arguments.into(),
        data_type: LogicalType::BigInt,
        span: None,
    })
}

/// The column of an aggregate that is there already, or is put there.
fn find_or_add(aggregate: &mut Aggregate, call: AggregateCall, context: &Context<'_>) -> ColumnDef {
    if let Some((column, _)) = aggregate.aggregates.iter().find(|(_, known)| *known == call) {
        return column.clone();
    }
    let column = context.column(call.call.function.name, LogicalType::BigInt, true);
    aggregate.aggregates.push((column.clone(), call));
    column
}

/// What the aggregate sums, if it is a widened integer with a constant added.
fn shifted(aggregate: &AggregateCall) -> Option<Shifted> {
    let call = &aggregate.call;
    if call.function.name != "sum" || aggregate.distinct || call.data_type != LogicalType::BigInt {
        return None;
    }
    let [Expr::Call(sum)] = call.arguments.as_slice() else {
        return None;
    };
    let integer = |expression: &Expr| match expression {
        Expr::Literal(Literal::Integer(value), _) => Some(*value),
        _ => None,
    };
    let [left, right] = sum.arguments.as_slice() else {
        return None;
    };
    let (input, constant) = match (sum.function.name, integer(left), integer(right)) {
        ("+", None, Some(constant)) => (left, constant),
        ("+", Some(constant), None) => (right, constant),
        ("-", None, Some(constant)) => (left, constant.checked_neg()?),
        _ => return None,
    };
    let Expr::Cast {
        input,
        target: LogicalType::Integer,
        ..
    } = input
    else {
        return None;
    };
    let cannot_overflow = input.data_type() == LogicalType::SmallInt && constant.abs() <= CONSTANT_MAX;
    cannot_overflow.then(|| Shifted {
        input: (**input).clone(),
        constant,
    })
}
