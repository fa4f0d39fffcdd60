//! `first(a ORDER BY t)` -> `arg_min(a, t)`, `last(a ORDER BY t)` -> `arg_max(a, t)`, and the other way round for DESC: no row needs to
//! wait for others, and what is left does not depend on the order of rows, so that a rollup can keep it.
//!
//! Sound because `t` is never NULL (rows without it would not count to an extreme) and, of rows with the same `t`, any may be the first.

use super::context::Context;
use crate::catalog::FunctionInfo;
use crate::error::Result;
use crate::plan::{AggregateCall, Plan};
use crate::types::LogicalType;
use std::sync::Arc;

/// Rewrites the aggregates of every aggregation.
pub(super) fn run(plan: Plan, context: &Context<'_>) -> Result<Plan> {
    let function = |name: &str| context.catalog.function(None, name);
    let (Some(least), Some(largest)) = (function("arg_min"), function("arg_max")) else {
        return Ok(plan);
    };
    Ok(plan.transform_up(&mut |mut node| {
        if let Plan::Aggregate(aggregate) = &mut node {
            for (_, call) in &mut aggregate.aggregates {
                rewrite(call, &least, &largest);
            }
        }
        node
    }))
}

fn rewrite(call: &mut AggregateCall, least: &Arc<FunctionInfo>, largest: &Arc<FunctionInfo>) {
    let wants_largest = match (call.call.function.name, call.order_by.as_slice()) {
        ("first", [key]) => key.descending,
        ("last", [key]) => !key.descending,
        _ => return,
    };
    let key = &call.order_by[0].expression;
    if call.distinct || call.call.arguments.len() != 1 || key.nullable() || !is_ordered_alike(&key.data_type()) {
        return;
    }
    call.call
        .arguments
        .extend(call.order_by.drain(..).map(|key| key.expression));
    call.call.function = match wants_largest {
        true => largest.clone(),
        false => least.clone(),
    };
}

/// Types of which sorting and extremes know the same order, in which different values are never equal.
fn is_ordered_alike(data_type: &LogicalType) -> bool {
    data_type.is_integer()
        || matches!(
            data_type,
            LogicalType::Numeric { .. }
                | LogicalType::Text
                | LogicalType::Varchar(_)
                | LogicalType::Date
                | LogicalType::Time
                | LogicalType::Timestamp
                | LogicalType::TimestampTz
                | LogicalType::Uuid
        )
}
