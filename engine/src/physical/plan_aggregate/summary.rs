//! An aggregation right over a scan: what of it summaries of segments and blocks can answer.

use super::calls::PreparedCall;
use super::column_of;
use crate::error::{Error, Result};
use crate::operators::scan::SummaryReceiver;
use crate::physical::{Piece, Planner, SummaryWish};
use std::sync::{Arc, OnceLock};
use stoa_sql::plan::{Aggregate, Plan};
use stoa_storage::vector::Batch;

/// A receiver that is planned before the aggregation it hands summaries to.
#[derive(Default)]
pub(super) struct LateReceiver {
    target: OnceLock<Arc<dyn SummaryReceiver>>,
}

impl LateReceiver {
    /// Says who gets the summaries.
    pub(super) fn bind(&self, target: Arc<dyn SummaryReceiver>) {
        // Bound once, by the planner that made it.
        let _ = self.target.set(target);
    }
}

impl SummaryReceiver for LateReceiver {
    fn receive(&self, summaries: Batch) -> Result<()> {
        match self.target.get() {
            Some(target) => target.receive(summaries),
            None => Err(Error::Internal("summaries that no aggregation waits for".into())),
        }
    }
}

impl Planner {
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
