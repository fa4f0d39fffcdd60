//! Aggregate calls, bound to the functions that run them.

use crate::error::{Error, Result};
use crate::expression::{Expression, Layout};
use crate::functions::{AggregateBinding, AggregateFunction, StatementContext, registry};
use crate::operators::hash_aggregate::CallOrder;
use arrow_array::ArrayRef;
use std::sync::Arc;
use stoa_sql::plan::{AggregateCall, Expr};
use stoa_storage::vector::Batch;

/// A call.
#[derive(Clone)]
pub(crate) struct PreparedCall {
    pub(crate) function: &'static AggregateFunction,
    pub(crate) binding: AggregateBinding,
    /// The arguments, then the order keys.
    pub(crate) arguments: Vec<Expr>,
    pub(crate) filter: Option<Expr>,
    /// The columns of states that come in place of rows' arguments.
    pub(crate) states: Option<Vec<Expr>>,
    pub(crate) order: Option<CallOrder>,
    pub(crate) distinct: bool,
}

/// Calls in their order.
pub(crate) fn prepared<'c>(
    calls: impl IntoIterator<Item = &'c AggregateCall>,
    statement: &Arc<StatementContext>,
) -> Result<Vec<PreparedCall>> {
    calls.into_iter().map(|call| prepare(call, statement)).collect()
}

fn prepare(call: &AggregateCall, statement: &Arc<StatementContext>) -> Result<PreparedCall> {
    let name = call.call.function.name;
    let function =
        registry::aggregate_function(name).ok_or_else(|| Error::Internal(format!("there is no aggregate {name}")))?;
    let order_by: &[_] = match depends_on_order(name) {
        true => &call.order_by,
        false => &[],
    };
    let constants = call.call.arguments.iter().map(|argument| constant(argument, statement));
    let binding = AggregateBinding {
        argument_types: call.call.arguments.iter().map(Expr::data_type).collect(),
        return_type: call.call.data_type.clone(),
        order_types: order_by.iter().map(|key| key.expression.data_type()).collect(),
        constants: constants.collect::<Result<_>>()?,
    };
    let order_keys = order_by.iter().map(|key| key.expression.clone());
    Ok(PreparedCall {
        function,
        binding,
        arguments: call.call.arguments.iter().cloned().chain(order_keys).collect(),
        filter: call.filter.clone(),
        states: call.states.clone(),
        order: (!order_by.is_empty()).then(|| CallOrder {
            keys: order_by.iter().map(|key| (key.descending, key.nulls_first)).collect(),
        }),
        distinct: call.distinct && depends_on_repetition(name, call.call.arguments.len()),
    })
}

/// Whether the order of rows changes the answer (beyond the last digits of what statistics of floating-point numbers keep).
fn depends_on_order(name: &str) -> bool {
    matches!(
        name,
        "array_agg"
            | "list"
            | "string_agg"
            | "json_agg"
            | "jsonb_agg"
            | "json_object_agg"
            | "jsonb_object_agg"
            | "any_value"
            | "first"
            | "last"
            | "arg_min"
            | "arg_max"
            | "min_by"
            | "max_by"
            | "percentile_cont"
            | "percentile_disc"
            | "mode"
    )
}

/// Whether a row that occurs twice changes the answer.
fn depends_on_repetition(name: &str, arguments: usize) -> bool {
    // With a number of values, a value that occurs twice takes two places.
    let takes_places = match name {
        "min" | "max" => arguments == 2,
        _ => arguments == 3,
    };
    takes_places
        || !matches!(
            name,
            "min"
                | "max"
                | "bool_and"
                | "bool_or"
                | "every"
                | "bit_and"
                | "bit_or"
                | "approx_count_distinct"
                | "retention"
                | "arg_min"
                | "arg_max"
                | "min_by"
                | "max_by"
        )
}

/// The value of an argument without columns.
fn constant(argument: &Expr, statement: &Arc<StatementContext>) -> Result<Option<ArrayRef>> {
    if !argument.columns().is_empty() {
        return Ok(None);
    }
    let expression = Expression::compile(argument, &Layout::default(), statement)?;
    Ok(Some(expression.evaluate_plain(&Batch::new(Vec::new(), 1))?))
}
