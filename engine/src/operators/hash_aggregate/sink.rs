//! The sink: takes rows in, worker by worker, and leaves groups for the source.

use super::from_partials::GroupsOfPartials;
use super::interned::{Interned, InternedKeys};
use super::limited::LimitedGroups;
use super::shared_groups::SharedGroups;
use super::specification::AggregateSpecification;
use super::worker::Worker;
use crate::error::Result;
use crate::expression::Expression;
use crate::operators::scan::GroupReceiver;
use crate::pipeline::{Cancel, Demand, MemoryBudget, NodeProfile, QueryContext, Sink, SinkPart};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use stoa_storage::vector::Batch;

/// Bounds that decide how workers group; smaller in tests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GroupingLimits {
    /// Groups of a worker's own at which they are handed out to partitions.
    pub(crate) local_groups_max: usize,
    /// Rows per group that grouping by oneself must save to be worth it.
    pub(crate) rows_per_group_min: usize,
    /// Rows that a worker collects before it sends them to partitions.
    pub(crate) sent_rows_min: usize,
    /// Rows waiting for a partition from which it is divided, so that its groups fit the cache.
    pub(crate) divided_rows_min: usize,
    /// Groups that come by the codes of one dictionary from which they go to partitions at once.
    pub(crate) sent_groups_min: usize,
    /// Values of a dictionary from which its texts are grouped by ids.
    pub(crate) interned_values_min: usize,
}

impl Default for GroupingLimits {
    fn default() -> Self {
        GroupingLimits {
            local_groups_max: 64 * 1024,
            rows_per_group_min: 4,
            sent_rows_min: 128 * 1024,
            divided_rows_min: 128 * 1024,
            sent_groups_min: 16 * 1024,
            // Codes of smaller ones are looked up in the cache as they are.
            interned_values_min: 4096,
        }
    }
}

/// The sink.
pub(crate) struct AggregateSink {
    pub(super) shared: Arc<SharedGroups>,
    /// Where keys are texts.
    pub(super) interned: Option<Arc<Interned>>,
    /// Where a rollup answers for some of the rows.
    partials: OnceLock<Arc<GroupsOfPartials>>,
}

impl AggregateSink {
    pub(crate) fn new(specification: AggregateSpecification, context: &QueryContext) -> Self {
        let (memory, cancel) = (context.memory.clone(), context.cancel.clone());
        AggregateSink::with_limits(specification, memory, cancel, GroupingLimits::default(), None)
    }

    /// As [`Self::new`], of the rows of another aggregation, whose first keys are this one's.
    pub(crate) fn after(inner: &AggregateSink, specification: AggregateSpecification, context: &QueryContext) -> Self {
        let (memory, cancel) = (context.memory.clone(), context.cancel.clone());
        AggregateSink::with_limits(specification, memory, cancel, GroupingLimits::default(), Some(inner))
    }

    pub(crate) fn with_limits(
        specification: AggregateSpecification,
        memory: Arc<MemoryBudget>,
        cancel: Arc<Cancel>,
        limits: GroupingLimits,
        inner: Option<&AggregateSink>,
    ) -> Self {
        let first = inner
            .and_then(|inner| inner.interned.as_ref())
            .map(|interned| &interned.keys);
        let keys = InternedKeys::of(&specification, first, limits.interned_values_min, &memory);
        let interned = keys.map(|keys| {
            Arc::new(Interned {
                shared: SharedGroups::new(keys.specification(&specification), &memory, &cancel, limits),
                keys,
                holds_result: AtomicBool::new(false),
            })
        });
        AggregateSink {
            shared: SharedGroups::new(specification, &memory, &cancel, limits),
            interned,
            partials: OnceLock::new(),
        }
    }

    /// What it is made of.
    pub(crate) fn specification(&self) -> &AggregateSpecification {
        &self.shared.specification
    }

    /// Tells EXPLAIN ANALYZE how it went.
    pub(crate) fn describe(&self, node: &NodeProfile) {
        let (shared, interned) = (self.shared.clone(), self.interned.clone());
        let partials = self.partials.get().cloned();
        node.describe_later(move || {
            let mut lines = Vec::new();
            let interned = interned.as_ref().filter(|interned| interned.holds_result());
            let result = interned.map_or(&shared, |interned| &interned.shared);
            if let Some(interned) = interned {
                lines.push(("Texts Interned".to_owned(), interned.keys.text_count().to_string()));
            }
            lines.extend(result.facts());
            let summarized_groups = shared.summarized_groups();
            if summarized_groups > 0 {
                lines.push(("Summaries Taken".to_owned(), summarized_groups.to_string()));
            }
            if let Some(partials) = &partials {
                lines.push(("Rollup Groups".to_owned(), partials.taken().to_string()));
            }
            lines
        });
    }

    /// Takes in what a scan answers from summaries: keys, then the states of all aggregates one after the other.
    pub(crate) fn summary_receiver(&self) -> Arc<dyn GroupReceiver> {
        Arc::new(Summaries {
            shared: self.shared.clone(),
        })
    }

    /// Takes in the groups of a rollup's partials that meet the conditions. The specification is over a partial's columns, and its
    /// aggregates are this aggregation's.
    pub(crate) fn partial_receiver(
        &self,
        conditions: Vec<Expression>,
        specification: AggregateSpecification,
    ) -> Arc<dyn GroupReceiver> {
        let receiver = || Arc::new(GroupsOfPartials::new(&self.shared, conditions, specification));
        self.partials.get_or_init(receiver).clone()
    }
}

impl Sink for AggregateSink {
    fn open(&self) -> Result<Box<dyn SinkPart>> {
        let by_ids = match &self.interned {
            Some(interned) => Some((interned.clone(), Worker::new(&interned.shared)?)),
            None => None,
        };
        Ok(Box::new(AggregatePart {
            by_values: Worker::new(&self.shared)?,
            by_ids,
            shared: self.shared.clone(),
        }))
    }

    fn finish(&self) -> Result<()> {
        if let Some(partials) = self.partials.get() {
            partials.finish()?;
        }
        let interned = self.interned.as_ref();
        if let Some(interned) = interned.filter(|interned| interned.shared.has_groups())
            && interned.gather(&self.shared)?
        {
            return interned.shared.finish();
        }
        self.shared.finish()
    }
}

/// One worker's part.
struct AggregatePart {
    shared: Arc<SharedGroups>,
    by_values: Worker,
    by_ids: Option<(Arc<Interned>, Worker)>,
}

impl SinkPart for AggregatePart {
    fn consume(&mut self, batch: Batch) -> Result<Demand> {
        let shared = self.shared.clone();
        let mut rows = shared.specification.evaluate(&batch)?;
        if let Some(limited) = &shared.limited {
            rows = limited.wanted(rows)?;
        }
        if self.by_ids.is_some() {
            let taken = self.by_values.take_in_codes(&rows.keys, &rows)?;
            rows = rows.after(taken);
        }
        match &mut self.by_ids {
            _ if rows.row_count == 0 => {}
            Some((interned, worker)) => {
                // Beside texts that are counted by their codes, others are texts, too.
                let prefers_texts = self.by_values.counts_codes();
                match interned
                    .keys
                    .of_batch(&rows.keys, prefers_texts, interned.has_most_rows(&shared))?
                {
                    (keys, true) => worker.take_in(&keys, &rows)?,
                    (keys, false) => self.by_values.take_in(&keys, &rows)?,
                }
            }
            None => self.by_values.take_in(&rows.keys, &rows)?,
        }
        let is_complete =
            shared.specification.calls.is_empty() && shared.limited.as_ref().is_some_and(LimitedGroups::are_chosen);
        Ok(if is_complete { Demand::Enough } else { Demand::More })
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.by_values.finish()?;
        match self.by_ids {
            Some((_, worker)) => worker.finish(),
            None => Ok(()),
        }
    }
}

/// See [`AggregateSink::summary_receiver`].
struct Summaries {
    shared: Arc<SharedGroups>,
}

impl GroupReceiver for Summaries {
    fn receive(&self, summaries: Batch) -> Result<()> {
        self.shared.merge_summaries(&summaries.compact())
    }
}
