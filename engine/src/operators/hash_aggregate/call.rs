//! One aggregate of an operator: which function, and what its states are made of.

use super::distinct::DistinctRows;
use super::ordered::OrderedRows;
use crate::error::Result;
use crate::functions::{Accumulator, AggregateBinding, AggregateFunction};

/// One aggregate.
#[derive(Clone)]
pub(crate) struct AggregateStep {
    pub(crate) function: &'static AggregateFunction,
    pub(crate) binding: AggregateBinding,
    pub(crate) input: AggregateInput,
    /// Rows reach the function in an order.
    pub(crate) order: Option<CallOrder>,
    /// Of equal arguments in a group only one row counts.
    pub(crate) distinct: bool,
}

/// Where an aggregate's input is; places count the specification's arguments and filters.
#[derive(Clone, Debug)]
pub(crate) enum AggregateInput {
    /// Rows: the arguments, then the order keys, and a condition for rows to count.
    Rows {
        arguments: Vec<usize>,
        filter: Option<usize>,
    },
    /// States that an earlier operator handed out, and a condition for them to count.
    States { columns: Vec<usize>, filter: Option<usize> },
    /// Nothing of these rows: its states come through a [`StatesSink`](super::StatesSink).
    Elsewhere,
}

/// The order of an aggregate's rows: how its order keys are sorted.
#[derive(Clone, Debug)]
pub(crate) struct CallOrder {
    /// Per key: descending, NULLs first.
    pub(crate) keys: Vec<(bool, bool)>,
}

impl AggregateStep {
    /// Empty states.
    pub(crate) fn accumulator(&self) -> Result<Box<dyn Accumulator>> {
        let inner = (self.function.accumulator)(&self.binding)?;
        if let Some(order) = &self.order {
            return Ok(Box::new(OrderedRows::new(inner, &self.binding, order, self.distinct)?));
        }
        match self.distinct {
            true => Ok(Box::new(DistinctRows::new(inner, &self.binding)?)),
            false => Ok(inner),
        }
    }
}
