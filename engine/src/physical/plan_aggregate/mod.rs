//! Aggregate, and rows that are all different.
//!
//! Aggregates over distinct arguments, where there is one list of them, take two steps: groups of (keys, arguments), which makes the
//! arguments distinct and keeps the states of all other aggregates, and groups of the keys over those. Sets of numbers that lie close
//! together are kept per group instead where groups are few. An aggregation right over a scan asks for summaries of segments and blocks instead of their rows.

mod calls;
mod distinct;
mod inputs;
mod summary;

use super::{Piece, Planner};
use crate::error::Result;
use crate::operators::distinct::DistinctOnTransform;
use crate::operators::hash_aggregate::{AggregateSink, AggregateSource, AggregateSpecification, BestGroups};
use crate::operators::project::Projection;
use crate::types::array_type;
pub(crate) use calls::{PreparedCall, prepared};
pub(crate) use inputs::Inputs;
use std::sync::Arc;
use stoa_sql::plan::{Aggregate, ColumnDef, Expr};
pub(crate) use summary::LateReceiver;

impl Planner {
    pub(super) fn plan_aggregate(&mut self, aggregate: &Aggregate, node: usize) -> Result<Piece> {
        let statement = self.context.statement.clone();
        let calls = calls::prepared(aggregate.aggregates.iter().map(|(_, call)| call), &statement)?;
        let rollup = self.rollup_of(aggregate)?;
        if distinct::takes_two_steps(aggregate, &calls) && !self.sets_are_small(aggregate, &calls) {
            return self.plan_two_steps(aggregate, calls, rollup, node);
        }
        let ((piece, receiver), partials) =
            self.plan_with_rollup(rollup, |planner| planner.plan_summarized(aggregate, &calls))?;
        let mut inputs = Inputs::new(&statement, &piece.layout);
        let keys = inputs.keys(aggregate.keys.iter().map(|(_, key)| key))?;
        let steps = calls.iter().map(|call| inputs.step(call.clone()));
        let steps = steps.collect::<Result<Vec<_>>>()?;
        let specification = AggregateSpecification {
            key_types: aggregate
                .keys
                .iter()
                .map(|(_, key)| array_type(&key.data_type()))
                .collect(),
            keys,
            calls: steps,
            sets: match &aggregate.grouping_sets {
                Some(sets) => sets.clone(),
                None => vec![(0..aggregate.keys.len()).collect()],
            },
            gives_set_index: aggregate.grouping_set_index.is_some(),
            gives_states: aggregate.states.is_some(),
            group_limit: aggregate.group_limit.and_then(|groups| usize::try_from(groups).ok()),
            best_groups: best_groups(aggregate),
            arguments: inputs.arguments,
            filters: inputs.filters,
        };
        let sink = Arc::new(AggregateSink::new(specification, &self.context));
        if let Some(receiver) = receiver {
            receiver.bind(sink.summary_receiver());
        }
        if let Some(partials) = partials {
            partials.bind(&sink, &calls, &statement)?;
        }
        self.describe(&sink, node);
        Ok(self.aggregated(piece, sink, aggregate.output()))
    }

    /// Lets EXPLAIN ANALYZE tell how an aggregation went.
    fn describe(&self, sink: &AggregateSink, node: usize) {
        if let Some(profile) = &self.context.profile {
            sink.describe(&profile.node(node));
        }
    }

    /// Ends a piece in an aggregation and begins another with its groups.
    fn aggregated(&mut self, piece: Piece, sink: Arc<AggregateSink>, columns: Vec<ColumnDef>) -> Piece {
        let source = AggregateSource::new(&sink, self.context.batch_rows);
        self.sink(piece, sink);
        Piece::source(source, columns)
    }

    /// Every row of a piece once.
    pub(super) fn distinct_rows(&mut self, piece: Piece) -> Result<Piece> {
        let columns = piece.layout.columns().to_vec();
        if columns.is_empty() {
            // Without keys an aggregation has a group even where there are no rows.
            let transform = DistinctOnTransform::new(Vec::new(), &[], &self.context.memory)?;
            return Ok(piece.through(transform, columns));
        }
        let specification = AggregateSpecification {
            keys: (0..columns.len()).map(Projection::Column).collect(),
            key_types: columns.iter().map(|column| array_type(&column.data_type)).collect(),
            arguments: Vec::new(),
            filters: Vec::new(),
            calls: Vec::new(),
            sets: vec![(0..columns.len()).collect()],
            gives_set_index: false,
            gives_states: false,
            group_limit: None,
            best_groups: None,
        };
        let sink = Arc::new(AggregateSink::new(specification, &self.context));
        Ok(self.aggregated(piece, sink, columns))
    }
}

/// The groups that are wanted of an aggregation.
fn best_groups(aggregate: &Aggregate) -> Option<BestGroups> {
    let best = aggregate.best_groups?;
    let mut columns = aggregate.aggregates.iter();
    Some(BestGroups {
        call: columns.position(|(column, _)| column.id == best.column)?,
        descending: best.descending,
        groups_max: usize::try_from(best.groups_max).ok()?,
        keeps_ties: best.keeps_ties,
    })
}

/// The column that an expression is.
fn column_of(expression: &Expr) -> Option<&ColumnDef> {
    match expression {
        Expr::Column(column) => Some(column),
        _ => None,
    }
}
