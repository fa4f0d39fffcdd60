//! What the columns of a state are, where those of one aggregate serve another: an average is made of a sum and a count, and all percentiles
//! of one sketch. Nothing is read here.

use crate::error::Result;
use crate::functions::SummaryState;
use crate::physical::PreparedCall;
use crate::types::LogicalType;
use stoa_sql::plan::AggregateCall;

/// A column of a state, of an aggregate's argument.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum StateColumn {
    /// What summaries of blocks have, too.
    Summary(SummaryState),
    /// One of those of an exact sum of floating-point numbers, by place.
    FloatSum(usize),
    /// One of those that all aggregates of a family have, by place.
    Family(&'static str, usize),
}

/// The name of those aggregates whose states are the same, and differ in what is made of them at the end.
fn family(call: &PreparedCall) -> Option<&'static str> {
    Some(match (call.function.info)().name {
        "variance" | "var_samp" | "var_pop" | "stddev" | "stddev_samp" | "stddev_pop" => "variance",
        "approx_percentile" | "approx_quantile" => SKETCHES,
        "arg_min" | "min_by" if call.binding.argument_types.len() == 2 => "arg_min",
        "arg_max" | "max_by" if call.binding.argument_types.len() == 2 => "arg_max",
        _ => return None,
    })
}

const SKETCHES: &str = "approx_percentile";

/// Whether calls of a family are of the same values of the same rows. Fractions are no part of a sketch.
pub(super) fn have_same_states(left: &AggregateCall, right: &AggregateCall) -> bool {
    let values = |call: &AggregateCall| match call.call.function.name {
        SKETCHES | "approx_quantile" => 1,
        _ => call.call.arguments.len(),
    };
    let (left_arguments, right_arguments) = (&left.call.arguments, &right.call.arguments);
    left.filter == right.filter && left_arguments[..values(left)] == right_arguments[..values(right)]
}

/// The columns of a call's states; `None` where they serve nothing else.
pub(super) fn state_columns(call: &PreparedCall) -> Result<Option<Vec<StateColumn>>> {
    if let Some(states) = call.function.summary.and_then(|summary| summary(&call.binding)) {
        return Ok(Some(states.into_iter().map(StateColumn::Summary).collect()));
    }
    if let Some(family) = family(call) {
        let count = (call.function.accumulator)(&call.binding)?.state_types().len();
        return Ok(Some(
            (0..count).map(|place| StateColumn::Family(family, place)).collect(),
        ));
    }
    let is_of_floats = matches!(
        call.binding.argument_types.as_slice(),
        [LogicalType::Real | LogicalType::Double]
    );
    let name = (call.function.info)().name;
    if !is_of_floats || !matches!(name, "sum" | "avg") {
        return Ok(None);
    }
    let count = (call.function.accumulator)(&call.binding)?.state_types().len();
    let mut columns: Vec<StateColumn> = (0..count).map(StateColumn::FloatSum).collect();
    if name == "avg" {
        columns.pop();
        columns.push(StateColumn::Summary(SummaryState::Count));
    }
    Ok(Some(columns))
}
