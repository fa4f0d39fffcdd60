//! Aggregates over distinct arguments: in two steps, unless sets of numbers per group are small.

use super::best_groups;
use super::calls::PreparedCall;
use super::inputs::Inputs;
use crate::error::{Error, Result};
use crate::operators::hash_aggregate::{
    AggregateInput, AggregateSink, AggregateSource, AggregateSpecification, AggregateStep, SETS_MAX, StatesSink,
    TwoSinks,
};
use crate::operators::project::Projection;
use crate::physical::{Piece, Planner};
use crate::rollup::RollupUse;
use crate::types::array_type;
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

/// Groups up to which a worker keeps what is added up beside the first step in the cache.
const GROUPS_BESIDE_MAX: u64 = 16 * 1024;

impl Planner {
    /// Whether few groups, each with a set of numbers that lie close together, are what it takes: filling bitmaps is cheaper than
    /// grouping by the numbers.
    pub(super) fn sets_are_small(&self, aggregate: &Aggregate, calls: &[PreparedCall]) -> bool {
        let groups = self.group_count_max(aggregate);
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

    /// Groups at most, about; `None` where a key's values are not known.
    fn group_count_max(&self, aggregate: &Aggregate) -> Option<u64> {
        let mut keys = aggregate.keys.iter();
        keys.try_fold(1u64, |groups, (_, key)| {
            groups.checked_mul(self.distinct_count_max(&aggregate.input, key)?)
        })
    }

    /// Groups of (keys, distinct arguments, their condition), then groups of the keys over those. The other aggregates go through both steps
    /// as states, or beside the first where groups are few.
    pub(super) fn plan_two_steps(
        &mut self,
        aggregate: &Aggregate,
        calls: Vec<PreparedCall>,
        rollup: Option<RollupUse>,
        node: usize,
    ) -> Result<Piece> {
        let has_rollup = rollup.is_some();
        let rollup = rollup.map(|rollup| rollup.by_distinct_arguments(&calls));
        let (piece, partials) = self.plan_with_rollup(rollup, |planner| planner.plan(&aggregate.input))?;
        let keys: Vec<&Expr> = aggregate.keys.iter().map(|(_, key)| key).collect();
        let distinct: Vec<PreparedCall> = calls.iter().filter(|call| call.distinct).cloned().collect();
        let others: Vec<PreparedCall> = calls.iter().filter(|call| !call.distinct).cloned().collect();
        let Some(first) = distinct.first() else {
            return Err(Error::Internal("two steps without distinct arguments".into()));
        };
        let inner_keys = keys.iter().copied().chain(&first.arguments).chain(&first.filter);
        let inner_keys: Vec<&Expr> = inner_keys.collect();
        let groups_are_few = self
            .group_count_max(aggregate)
            .is_some_and(|groups| groups <= GROUPS_BESIDE_MAX);
        let goes_beside = !others.is_empty() && groups_are_few && !has_rollup;
        let (inner_calls, beside_calls) = match goes_beside {
            true => (Vec::new(), others),
            false => (others, Vec::new()),
        };
        let inner = self.states_sink(&piece, &inner_keys, inner_calls.clone())?;
        if let Some(partials) = partials {
            partials.bind(&inner, &inner_calls, &self.context.statement)?;
        }
        let outer = self.outer_specification(aggregate, &calls, goes_beside)?;
        let outer = Arc::new(AggregateSink::after(&inner, outer, &self.context));
        self.describe(&outer, node);
        let arguments = keys.len()..keys.len() + first.arguments.len();
        let are_counted = distinct.iter().all(|call| call.function.only_counts(&call.binding));
        let counted = if are_counted { arguments } else { keys.len()..keys.len() };
        let between = AggregateSource::new(&inner, self.context.batch_rows).with_ids(keys.len(), counted);
        match goes_beside {
            true => {
                let beside = self.states_sink(&piece, &keys, beside_calls)?;
                let states = AggregateSource::new(&beside, self.context.batch_rows);
                self.sink(piece, Arc::new(TwoSinks([inner, beside])));
                self.sink(Piece::source(states, Vec::new()), Arc::new(StatesSink::new(&outer)));
            }
            false => self.sink(piece, inner),
        }
        Ok(self.aggregated(Piece::source(between, Vec::new()), outer, aggregate.output()))
    }

    /// Groups of a piece's rows that are handed on as states.
    fn states_sink(&self, piece: &Piece, keys: &[&Expr], calls: Vec<PreparedCall>) -> Result<Arc<AggregateSink>> {
        let mut inputs = Inputs::new(&self.context.statement, &piece.layout);
        let projections = inputs.keys(keys.iter().copied())?;
        let calls = calls.into_iter().map(|call| inputs.step(call));
        let specification = AggregateSpecification {
            sets: vec![(0..keys.len()).collect()],
            keys: projections,
            key_types: keys.iter().map(|key| array_type(&key.data_type())).collect(),
            calls: calls.collect::<Result<_>>()?,
            arguments: inputs.arguments,
            filters: inputs.filters,
            gives_set_index: false,
            gives_states: true,
            group_limit: None,
            best_groups: None,
        };
        Ok(Arc::new(AggregateSink::new(specification, &self.context)))
    }

    /// The second step over the columns of the first: its keys, then the states of the calls that are not over distinct arguments, unless they
    /// come elsewhere.
    fn outer_specification(
        &self,
        aggregate: &Aggregate,
        calls: &[PreparedCall],
        states_come_elsewhere: bool,
    ) -> Result<AggregateSpecification> {
        let key_count = aggregate.keys.len();
        let (mut steps, mut filters) = (Vec::with_capacity(calls.len()), Vec::new());
        let mut next_column = key_count;
        if let Some(first) = calls.iter().find(|call| call.distinct) {
            next_column += first.arguments.len();
            if first.filter.is_some() {
                filters.push(Projection::Column(next_column));
                next_column += 1;
            }
        }
        for call in calls {
            let input = match call.distinct {
                true => AggregateInput::Rows {
                    arguments: (key_count..key_count + call.arguments.len()).collect(),
                    filter: call.filter.as_ref().map(|_| 0),
                },
                false if states_come_elsewhere => AggregateInput::Elsewhere,
                false => {
                    let states = (call.function.accumulator)(&call.binding)?.state_types().len();
                    next_column += states;
                    AggregateInput::States {
                        columns: (next_column - states..next_column).collect(),
                        filter: None,
                    }
                }
            };
            steps.push(AggregateStep {
                function: call.function,
                binding: call.binding.clone(),
                input,
                order: None,
                distinct: false,
            });
        }
        Ok(AggregateSpecification {
            keys: (0..key_count).map(Projection::Column).collect(),
            key_types: aggregate
                .keys
                .iter()
                .map(|(_, key)| array_type(&key.data_type()))
                .collect(),
            arguments: (0..next_column).map(Projection::Column).collect(),
            filters,
            calls: steps,
            sets: vec![(0..key_count).collect()],
            gives_set_index: false,
            gives_states: false,
            group_limit: None,
            best_groups: best_groups(aggregate),
        })
    }
}
