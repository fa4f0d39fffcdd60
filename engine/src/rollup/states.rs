//! What the columns of a state are, where those of one aggregate serve another: an average is made of a sum and a count. Nothing is read here.

use crate::error::Result;
use crate::functions::SummaryState;
use crate::physical::PreparedCall;
use crate::types::LogicalType;

/// A column of a state, of an aggregate's argument.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum StateColumn {
    /// What summaries of blocks have, too.
    Summary(SummaryState),
    /// One of those of an exact sum of floating-point numbers, by place.
    FloatSum(usize),
}

/// The columns of a call's states; `None` where they serve nothing else.
pub(super) fn state_columns(call: &PreparedCall) -> Result<Option<Vec<StateColumn>>> {
    if let Some(states) = call.function.summary.and_then(|summary| summary(&call.binding)) {
        return Ok(Some(states.into_iter().map(StateColumn::Summary).collect()));
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
