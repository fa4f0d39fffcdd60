//! Aggregates over distinct arguments: in two steps, unless sets of numbers per group are small.

use super::best_groups;
use super::calls::PreparedCall;
use super::inputs::Inputs;
use crate::error::Result;
use crate::operators::hash_aggregate::{
    AggregateInput, AggregateSink, AggregateSource, AggregateSpecification, AggregateStep, SETS_MAX,
};
use crate::operators::project::Projection;
use crate::physical::{Piece, Planner};
use crate::types::{LogicalType, array_type};
use std::sync::Arc;
use stoa_sql::plan::{Aggregate, Expr};

/// Whether there are aggregates over distinct arguments, all over the same under the same condition, and nothing that needs its rows
/// in an order.
pub(super) fn takes_two_steps(aggregate: &Aggregate, calls: &[PreparedCall]) -> bool {
    let mut distinct = calls.iter().filter(|call| call.distinct);
    let Some(first) = distinct.next() else { return false };
    aggregate.grouping_sets.is_none()
        && distinct.all(|call| call.arguments == first.arguments && call.filter == first.filter)
        && calls.iter().all(|call| call.order.is_none())
}

/// Bytes of all groups' sets, were they full bitmaps, up to which they are filled in one step.
const SETS_BYTES_MAX: u64 = 1 << 29;

impl Planner {
    /// Whether few groups, each with a set of numbers that lie close together, are what it takes: filling bitmaps is cheaper than
    /// grouping by the numbers.
    pub(super) fn sets_are_small(&self, aggregate: &Aggregate, calls: &[PreparedCall]) -> bool {
        let mut key_counts = aggregate
            .keys
            .iter()
            .map(|(_, key)| self.distinct_count_max(&aggregate.input, key));
        let groups = key_counts.try_fold(1u64, |groups, count| groups.checked_mul(count?));
        let span = |call: &PreparedCall| match call.arguments.as_slice() {
            [Expr::Column(column)] => self.column_facts(&aggregate.input, column.id)?.integer_span(),
            _ => None,
        };
        let mut distinct = calls.iter().filter(|call| call.distinct);
        distinct.all(|call| match (groups, span(call)) {
            (Some(groups), Some(span)) => {
                groups <= SETS_MAX as u64 && groups.saturating_mul(span / 8) <= SETS_BYTES_MAX
            }
            _ => false,
        })
    }

    /// Groups of (keys, distinct arguments, their condition), then groups of the keys.
    pub(super) fn plan_two_steps(
        &mut self,
        aggregate: &Aggregate,
        calls: Vec<PreparedCall>,
        node: usize,
    ) -> Result<Piece> {
        let piece = self.plan(&aggregate.input)?;
        let keys: Vec<&Expr> = aggregate.keys.iter().map(|(_, key)| key).collect();
        let distinct_calls = || calls.iter().filter(|call| call.distinct);
        let arguments: Vec<Expr> = distinct_calls()
            .next()
            .map_or_else(Vec::new, |call| call.arguments.clone());
        let filters: Vec<Expr> = distinct_calls()
            .next()
            .and_then(|call| call.filter.clone())
            .into_iter()
            .collect();
        let inner_keys: Vec<&Expr> = keys.iter().copied().chain(&arguments).chain(&filters).collect();
        let inner_types: Vec<LogicalType> = inner_keys.iter().map(|key| key.data_type()).collect();
        let mut inputs = Inputs::new(self, &piece.layout);
        let inner_projections = inputs.keys(inner_keys.iter().copied())?;

        // Columns between the steps: the inner keys, then the states of the calls that are not distinct.
        let mut next_column = inner_keys.len();
        let first_argument = keys.len();
        let are_counted = distinct_calls().all(|call| call.function.only_counts(&call.binding));
        let counted = match are_counted {
            true => first_argument..first_argument + arguments.len(),
            false => first_argument..first_argument,
        };
        let (mut inner, mut outer) = (Vec::new(), Vec::new());
        for call in &calls {
            let input = match call.distinct {
                true => AggregateInput::Rows {
                    arguments: (first_argument..first_argument + arguments.len()).collect(),
                    filter: call.filter.as_ref().map(|_| 0),
                },
                false => {
                    let states = (call.function.accumulator)(&call.binding)?.state_types().len();
                    next_column += states;
                    AggregateInput::States {
                        columns: (next_column - states..next_column).collect(),
                    }
                }
            };
            outer.push(AggregateStep {
                function: call.function,
                binding: call.binding.clone(),
                input,
                order: None,
                distinct: false,
            });
        }
        for call in calls {
            if !call.distinct {
                inner.push(inputs.step(call)?);
            }
        }
        let inner = AggregateSpecification {
            sets: vec![(0..inner_projections.len()).collect()],
            keys: inner_projections,
            key_types: inner_types.iter().map(array_type).collect(),
            arguments: inputs.arguments,
            filters: inputs.filters,
            calls: inner,
            gives_set_index: false,
            gives_states: true,
            group_limit: None,
            best_groups: None,
        };
        let first_filter = first_argument + arguments.len();
        let outer = AggregateSpecification {
            keys: (0..keys.len()).map(Projection::Column).collect(),
            key_types: keys.iter().map(|key| array_type(&key.data_type())).collect(),
            arguments: (0..next_column).map(Projection::Column).collect(),
            filters: (first_filter..first_filter + filters.len())
                .map(Projection::Column)
                .collect(),
            calls: outer,
            sets: vec![(0..keys.len()).collect()],
            gives_set_index: false,
            gives_states: false,
            group_limit: None,
            best_groups: best_groups(aggregate),
        };
        let inner = Arc::new(AggregateSink::new(inner, &self.context));
        let outer = Arc::new(AggregateSink::after(&inner, outer, &self.context));
        self.describe(&outer, node);
        let between = AggregateSource::new(&inner, self.context.batch_rows).with_ids(keys.len(), counted);
        self.sink(piece, inner);
        Ok(self.aggregated(Piece::source(between, Vec::new()), outer, aggregate.output()))
    }
}
