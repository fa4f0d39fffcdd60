//! An aggregation over a scan that hands out groups in place of rows: what of it summaries of segments and blocks can answer, and what
//! a rollup.

use super::calls::PreparedCall;
use super::column_of;
use crate::error::{Error, Result};
use crate::functions::StatementContext;
use crate::operators::hash_aggregate::AggregateSink;
use crate::operators::scan::GroupReceiver;
use crate::physical::{Piece, Planner, SummaryWish};
use crate::rollup::{RollupUse, choose};
use std::sync::{Arc, OnceLock};
use stoa_sql::plan::{Aggregate, Plan};
use stoa_storage::vector::Batch;

/// A receiver that is planned before the aggregation it hands groups to.
#[derive(Default)]
pub(crate) struct LateReceiver {
    target: OnceLock<Arc<dyn GroupReceiver>>,
}

impl LateReceiver {
    /// Says who gets the groups.
    pub(super) fn bind(&self, target: Arc<dyn GroupReceiver>) {
        // Bound once, by the planner that made it.
        let _ = self.target.set(target);
    }
}

impl GroupReceiver for LateReceiver {
    fn receive(&self, groups: Batch) -> Result<()> {
        match self.target.get() {
            Some(target) => target.receive(groups),
            None => Err(Error::Internal("groups that no aggregation waits for".into())),
        }
    }
}

/// Partials that wait for the aggregation which takes them.
pub(super) struct LatePartials {
    rollup: RollupUse,
    receiver: Arc<LateReceiver>,
}

impl LatePartials {
    /// Says who gets them: an aggregation of these calls.
    pub(super) fn bind(
        &self,
        sink: &AggregateSink,
        calls: &[PreparedCall],
        statement: &Arc<StatementContext>,
    ) -> Result<()> {
        let (conditions, of_partials) = self.rollup.specification(calls, sink.specification(), statement)?;
        self.receiver.bind(sink.partial_receiver(conditions, of_partials));
        Ok(())
    }
}

impl Planner {
    /// The rollup that answers an aggregation.
    pub(super) fn rollup_of(&self, aggregate: &Aggregate) -> Result<Option<RollupUse>> {
        if !self.context.use_rollups {
            return Ok(None);
        }
        let choice = choose(aggregate, &self.context.statement, |table| self.tables.rollups(table))?;
        Ok(choice.and_then(|choice| choice.used).map(|(_, used)| used))
    }

    /// The input of an aggregation, which hands out partials of the rollup that answers it in place of rows.
    pub(super) fn plan_with_rollup<T>(
        &mut self,
        rollup: Option<RollupUse>,
        plan_input: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<(T, Option<LatePartials>)> {
        let Some(rollup) = rollup else {
            return Ok((plan_input(self)?, None));
        };
        let receiver = Arc::new(LateReceiver::default());
        // The only scan below takes it.
        self.wanted_partials = Some((rollup.clone(), receiver.clone()));
        let planned = plan_input(self)?;
        match self.wanted_partials.take() {
            None => Ok((planned, Some(LatePartials { rollup, receiver }))),
            Some(_) => Err(Error::Internal("a rollup of a table that is not scanned".into())),
        }
    }

    /// The input of an aggregation and, where summaries come beside its rows, who takes them.
    pub(super) fn plan_summarized(
        &mut self,
        aggregate: &Aggregate,
        calls: &[PreparedCall],
    ) -> Result<(Piece, Option<Arc<LateReceiver>>)> {
        if let (Plan::Scan(scan), Some(wish)) = (&*aggregate.input, wish(aggregate, calls)) {
            let receiver = Arc::new(LateReceiver::default());
            if let Some(piece) = self.plan_scan_with_summary(scan, &wish, receiver.clone())? {
                return Ok((piece, Some(receiver)));
            }
        }
        Ok((self.plan(&aggregate.input)?, None))
    }
}

/// The summary values that make up the states of all aggregates, if they do.
fn wish(aggregate: &Aggregate, calls: &[PreparedCall]) -> Option<SummaryWish> {
    // Where any groups will do, summaries could bring others than rows do.
    if aggregate.grouping_sets.is_some() || aggregate.grouping_set_index.is_some() || aggregate.group_limit.is_some() {
        return None;
    }
    let keys = aggregate.keys.iter().map(|(_, key)| Some(column_of(key)?.id));
    let mut values = Vec::new();
    for call in calls {
        if call.filter.is_some() || call.distinct || call.order.is_some() {
            return None;
        }
        let states = (call.function.summary?)(&call.binding)?;
        let column = match call.arguments.as_slice() {
            [] => None,
            [argument] => Some(column_of(argument)?.id),
            _ => return None,
        };
        values.extend(states.into_iter().map(|state| (state, column)));
    }
    Some(SummaryWish {
        keys: keys.collect::<Option<_>>()?,
        values,
    })
}
