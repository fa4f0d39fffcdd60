//! The sink: takes rows in, worker by worker, and leaves groups for the source.

use super::groups::{GroupStates, HandedOut};
use super::interned::{Interned, InternedKeys};
use super::limited::LimitedGroups;
use super::partitions::{PARTITIONS, Partitions};
use super::specification::AggregateSpecification;
use super::worker::Worker;
use crate::error::Result;
use crate::operators::scan::SummaryReceiver;
use crate::pipeline::{Cancel, Demand, MemoryBudget, NodeProfile, QueryContext, Reservation, Sink, SinkPart};
use arrow_array::ArrayRef;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use stoa_storage::vector::{Batch, flatten};

/// Bounds that decide how workers group; smaller in tests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GroupingLimits {
    /// Groups of a worker's own at which they are handed out to partitions.
    pub(crate) local_groups_max: usize,
    /// Rows per group that grouping by oneself must save to be worth it.
    pub(crate) rows_per_group_min: usize,
    /// Rows that a worker collects before it sends them to partitions.
    pub(crate) sent_rows_min: usize,
    /// Values of a dictionary from which its texts are grouped by ids.
    pub(crate) interned_values_min: usize,
}

impl Default for GroupingLimits {
    fn default() -> Self {
        GroupingLimits {
            local_groups_max: 64 * 1024,
            rows_per_group_min: 4,
            sent_rows_min: 128 * 1024,
            // Codes of smaller ones are looked up in the cache as they are.
            interned_values_min: 4096,
        }
    }
}

/// The sink.
pub(crate) struct AggregateSink {
    pub(super) shared: Arc<Shared>,
    /// Where keys are texts.
    pub(super) interned: Option<Arc<Interned>>,
}

/// What the workers, the summaries and the source have in common.
pub(super) struct Shared {
    pub(super) specification: Arc<AggregateSpecification>,
    pub(super) memory: Arc<MemoryBudget>,
    cancel: Arc<Cancel>,
    pub(super) limits: GroupingLimits,
    /// Where not all groups are wanted.
    limited: Option<LimitedGroups>,
    /// What became of it, for EXPLAIN ANALYZE.
    facts: Mutex<Facts>,
    rows_taken: AtomicUsize,
    /// Groups of workers that have finished, and those of summaries.
    merged: Mutex<Merged>,
    partitions: OnceLock<Partitions>,
    /// Parts that the source, or who moves the groups elsewhere, has asked for.
    next_partition: AtomicUsize,
}

#[derive(Default)]
struct Facts {
    index: Option<&'static str>,
    groups: usize,
    summarized_groups: usize,
}

struct Merged {
    groups: Option<GroupStates>,
    reservation: Reservation,
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
                shared: Shared::new(keys.specification(&specification), &memory, &cancel, limits),
                keys,
                holds_result: AtomicBool::new(false),
            })
        });
        AggregateSink {
            shared: Shared::new(specification, &memory, &cancel, limits),
            interned,
        }
    }

    /// Tells EXPLAIN ANALYZE how it went.
    pub(crate) fn describe(&self, node: &NodeProfile) {
        let (shared, interned) = (self.shared.clone(), self.interned.clone());
        node.describe_later(move || {
            let mut lines = Vec::new();
            let interned = interned.as_ref().filter(|interned| interned.holds_result());
            let result = interned.map_or(&shared, |interned| &interned.shared);
            if let Some(interned) = interned {
                lines.push(("Texts Interned".to_owned(), interned.keys.text_count().to_string()));
            }
            lines.extend(result.facts());
            let summarized_groups = shared.facts.lock().summarized_groups;
            if summarized_groups > 0 {
                lines.push(("Summaries Taken".to_owned(), summarized_groups.to_string()));
            }
            lines
        });
    }

    /// Takes in what a scan answers from summaries: keys, then the states of all aggregates one after the other.
    pub(crate) fn summary_receiver(&self) -> Arc<dyn SummaryReceiver> {
        Arc::new(Summaries {
            shared: self.shared.clone(),
        })
    }
}

impl Shared {
    fn new(
        specification: AggregateSpecification,
        memory: &Arc<MemoryBudget>,
        cancel: &Arc<Cancel>,
        limits: GroupingLimits,
    ) -> Arc<Self> {
        Arc::new(Shared {
            limited: LimitedGroups::of(specification.group_limit),
            specification: Arc::new(specification),
            merged: Mutex::new(Merged {
                groups: None,
                reservation: memory.reservation(),
            }),
            memory: memory.clone(),
            cancel: cancel.clone(),
            limits,
            facts: Mutex::default(),
            rows_taken: AtomicUsize::new(0),
            partitions: OnceLock::new(),
            next_partition: AtomicUsize::new(0),
        })
    }

    pub(super) fn partitions(&self) -> Option<&Partitions> {
        self.partitions.get()
    }

    /// Groups are about to be handed to the next operator.
    pub(super) fn count_groups(&self, groups: &GroupStates) {
        let mut facts = self.facts.lock();
        facts.index = Some(groups.index_name());
        facts.groups += groups.group_count();
    }

    fn facts(&self) -> Vec<(String, String)> {
        let facts = self.facts.lock();
        let mut lines = vec![
            ("Group Index".to_owned(), facts.index.unwrap_or("none").to_owned()),
            ("Groups".to_owned(), facts.groups.to_string()),
        ];
        if let Some(partitions) = self.partitions() {
            lines.push(("Partitions".to_owned(), PARTITIONS.to_string()));
            if partitions.has_spilled() {
                lines.push(("Spilled".to_owned(), "yes".to_owned()));
            }
        }
        lines
    }

    pub(super) fn begin_partitions(&self) -> &Partitions {
        self.partitions
            .get_or_init(|| Partitions::new(&self.specification, &self.memory, &self.cancel))
    }

    /// Takes in groups that are few.
    pub(super) fn merge(&self, groups: GroupStates) -> Result<()> {
        let mut merged = self.merged.lock();
        match &mut merged.groups {
            None => merged.groups = Some(groups),
            Some(known) => {
                let other = groups.hand_out()?;
                known.merge(&other.keys, &other.states, other.group_count)?;
            }
        }
        let fits = merged.account();
        drop(merged);
        if !fits {
            self.send_merged()?;
        }
        Ok(())
    }

    /// Takes in groups that were handed out.
    pub(super) fn merge_states(&self, states: &HandedOut) -> Result<()> {
        if let Some(partitions) = self.partitions() {
            return partitions.send_states(states);
        }
        let mut groups = GroupStates::new(&self.specification)?;
        groups.merge(&states.keys, &states.states, states.group_count)?;
        self.merge(groups)
    }

    /// Hands groups that were merged to the partitions, which can put them on disk.
    fn send_merged(&self) -> Result<()> {
        let partitions = self.begin_partitions();
        if let Some((groups, reservation)) = self.take_merged() {
            drop(reservation);
            partitions.send_states(&groups.hand_out()?)?;
        }
        Ok(())
    }

    /// The groups, where there are no partitions.
    fn take_merged(&self) -> Option<(GroupStates, Reservation)> {
        let mut merged = self.merged.lock();
        let groups = merged.groups.take()?;
        let reservation = std::mem::replace(&mut merged.reservation, self.memory.reservation());
        Some((groups, reservation))
    }

    /// Groups that nobody has taken yet; a part's at a time.
    pub(super) fn take_groups(&self) -> Result<Option<(GroupStates, Reservation)>> {
        let Some(partitions) = self.partitions() else {
            return Ok(self.take_merged());
        };
        loop {
            self.cancel.check()?;
            let part = self.next_partition.fetch_add(1, Ordering::Relaxed);
            if part >= PARTITIONS {
                return Ok(None);
            }
            if let Some((groups, reservation)) = partitions.take(part)? {
                return Ok(Some((groups, reservation)));
            }
        }
    }

    pub(super) fn has_groups(&self) -> bool {
        self.partitions().is_some() || self.merged.lock().groups.is_some()
    }

    pub(super) fn count_rows(&self, row_count: usize) {
        self.rows_taken.fetch_add(row_count, Ordering::Relaxed);
    }

    pub(super) fn rows_taken(&self) -> usize {
        self.rows_taken.load(Ordering::Relaxed)
    }

    /// All rows are in.
    fn finish(&self) -> Result<()> {
        // A set without keys has its one group even where there are no rows.
        for (number, set) in self.specification.sets.iter().enumerate() {
            if !set.is_empty() {
                continue;
            }
            let nothing: Vec<ArrayRef> = self
                .specification
                .key_types
                .iter()
                .map(|data_type| arrow_array::new_null_array(data_type, 1))
                .collect();
            let keys = self.specification.set_keys(number, &nothing, 1)?;
            let mut groups = GroupStates::new(&self.specification)?;
            groups.ensure(&keys)?;
            self.merge(groups)?;
        }
        match self.partitions() {
            Some(_) => self.send_merged(),
            None => Ok(()),
        }
    }
}

impl Merged {
    /// Whether there is room for the groups.
    fn account(&mut self) -> bool {
        let bytes = self.groups.as_ref().map_or(0, GroupStates::memory_bytes);
        self.reservation.try_resize(bytes)
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
    shared: Arc<Shared>,
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
        match &mut self.by_ids {
            Some((interned, worker)) => match interned.keys.of_batch(&rows.keys)? {
                (keys, true) => worker.take_in(&keys, &rows)?,
                (keys, false) => self.by_values.take_in(&keys, &rows)?,
            },
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
    shared: Arc<Shared>,
}

impl SummaryReceiver for Summaries {
    fn receive(&self, summaries: Batch) -> Result<()> {
        let summaries = summaries.compact();
        let specification = &self.shared.specification;
        let (keys, mut columns) = summaries.columns.split_at(specification.key_types.len());
        let mut merged = self.shared.merged.lock();
        let groups = match &mut merged.groups {
            Some(groups) => groups,
            empty => empty.insert(GroupStates::new(specification)?),
        };
        let mut states = Vec::with_capacity(specification.calls.len());
        for count in groups.state_counts() {
            let (here, rest) = columns.split_at(count.min(columns.len()));
            states.push(here.iter().map(flatten).collect::<Vec<ArrayRef>>());
            columns = rest;
        }
        groups.merge(keys, &states, summaries.row_count)?;
        self.shared.facts.lock().summarized_groups += summaries.row_count;
        let fits = merged.account();
        drop(merged);
        match fits {
            true => Ok(()),
            false => self.shared.send_merged(),
        }
    }
}
