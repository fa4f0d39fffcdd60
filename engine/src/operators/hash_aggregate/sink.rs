//! The sink: takes rows in, worker by worker, and leaves groups for the source.

use super::groups::GroupStates;
use super::limited::LimitedGroups;
use super::partitions::{Partitions, joined};
use super::specification::{AggregateSpecification, InputRows};
use crate::error::Result;
use crate::operators::gather::value_bytes;
use crate::operators::scan::SummaryReceiver;
use crate::pipeline::{Cancel, Demand, MemoryBudget, NodeProfile, QueryContext, Reservation, Sink, SinkPart};
use arrow_array::ArrayRef;
use parking_lot::Mutex;
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
}

impl Default for GroupingLimits {
    fn default() -> Self {
        GroupingLimits {
            local_groups_max: 64 * 1024,
            rows_per_group_min: 4,
            sent_rows_min: 128 * 1024,
        }
    }
}

/// The sink.
pub(crate) struct AggregateSink {
    pub(super) shared: Arc<Shared>,
}

/// What the workers, the summaries and the source have in common.
pub(super) struct Shared {
    pub(super) specification: Arc<AggregateSpecification>,
    memory: Arc<MemoryBudget>,
    cancel: Arc<Cancel>,
    limits: GroupingLimits,
    /// Where not all groups are wanted.
    limited: Option<LimitedGroups>,
    /// What became of it, for EXPLAIN ANALYZE.
    facts: Mutex<Facts>,
    /// Groups of workers that have finished, and those of summaries.
    merged: Mutex<Merged>,
    partitions: OnceLock<Partitions>,
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
        AggregateSink::with_limits(specification, memory, cancel, GroupingLimits::default())
    }

    pub(crate) fn with_limits(
        specification: AggregateSpecification,
        memory: Arc<MemoryBudget>,
        cancel: Arc<Cancel>,
        limits: GroupingLimits,
    ) -> Self {
        AggregateSink {
            shared: Arc::new(Shared {
                limited: LimitedGroups::of(specification.group_limit),
                specification: Arc::new(specification),
                merged: Mutex::new(Merged {
                    groups: None,
                    reservation: memory.reservation(),
                }),
                memory,
                cancel,
                limits,
                facts: Mutex::default(),
                partitions: OnceLock::new(),
            }),
        }
    }

    /// Tells EXPLAIN ANALYZE how it went.
    pub(crate) fn describe(&self, node: &NodeProfile) {
        let shared = self.shared.clone();
        node.describe_later(move || {
            let facts = shared.facts.lock();
            let mut lines = vec![
                ("Group Index".to_owned(), facts.index.unwrap_or("none").to_owned()),
                ("Groups".to_owned(), facts.groups.to_string()),
            ];
            if let Some(partitions) = shared.partitions() {
                lines.push(("Partitions".to_owned(), super::partitions::PARTITIONS.to_string()));
                if partitions.has_spilled() {
                    lines.push(("Spilled".to_owned(), "yes".to_owned()));
                }
            }
            if facts.summarized_groups > 0 {
                lines.push(("Summaries Taken".to_owned(), facts.summarized_groups.to_string()));
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
    pub(super) fn partitions(&self) -> Option<&Partitions> {
        self.partitions.get()
    }

    /// Groups are about to be handed to the next operator.
    pub(super) fn count_groups(&self, groups: &GroupStates) {
        let mut facts = self.facts.lock();
        facts.index = Some(groups.index_name());
        facts.groups += groups.group_count();
    }

    fn begin_partitions(&self) -> &Partitions {
        self.partitions
            .get_or_init(|| Partitions::new(&self.specification, &self.memory, &self.cancel))
    }

    /// Takes in groups that are few.
    fn merge(&self, groups: GroupStates) -> Result<()> {
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
    pub(super) fn take_merged(&self) -> Option<(GroupStates, Reservation)> {
        let mut merged = self.merged.lock();
        let groups = merged.groups.take()?;
        let reservation = std::mem::replace(&mut merged.reservation, self.memory.reservation());
        Some((groups, reservation))
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
        Ok(Box::new(AggregatePart {
            groups: GroupStates::of_worker(&self.shared.specification)?,
            grouped_rows: 0,
            sends_rows: false,
            unsent: Vec::new(),
            unsent_rows: 0,
            unsent_bytes: 0,
            reservation: self.shared.memory.reservation(),
            shared: self.shared.clone(),
        }))
    }

    fn finish(&self) -> Result<()> {
        let specification = &self.shared.specification;
        // A set without keys has its one group even where there are no rows.
        for (number, set) in specification.sets.iter().enumerate() {
            if !set.is_empty() {
                continue;
            }
            let nothing: Vec<ArrayRef> = specification
                .key_types
                .iter()
                .map(|data_type| arrow_array::new_null_array(data_type, 1))
                .collect();
            let keys = specification.set_keys(number, &nothing, 1)?;
            let mut groups = GroupStates::new(specification)?;
            groups.ensure(&keys)?;
            self.shared.merge(groups)?;
        }
        match self.shared.partitions() {
            Some(_) => self.shared.send_merged(),
            None => Ok(()),
        }
    }
}

/// One worker's part.
struct AggregatePart {
    shared: Arc<Shared>,
    groups: GroupStates,
    /// Rows that `groups` is made of.
    grouped_rows: usize,
    /// Rows go to partitions as they are.
    sends_rows: bool,
    unsent: Vec<(Vec<ArrayRef>, InputRows)>,
    unsent_rows: usize,
    unsent_bytes: usize,
    reservation: Reservation,
}

impl AggregatePart {
    /// Takes in the rows of one grouping set.
    fn take_in(&mut self, keys: Vec<ArrayRef>, rows: &InputRows) -> Result<()> {
        if !self.sends_rows {
            self.groups.update(&keys, rows)?;
            self.grouped_rows += rows.row_count;
            if self.groups.group_count() >= self.groups_max() {
                self.hand_out()?;
            }
            return Ok(());
        }
        let keys: Vec<ArrayRef> = keys.iter().map(flatten).collect();
        self.unsent_rows += rows.row_count;
        self.unsent_bytes += keys.iter().chain(&rows.arguments).map(value_bytes).sum::<usize>();
        self.unsent.push((
            keys,
            InputRows {
                keys: Vec::new(),
                arguments: rows.arguments.clone(),
                filters: rows.filters.clone(),
                row_count: rows.row_count,
                selection: None,
            },
        ));
        match self.unsent_rows >= self.shared.limits.sent_rows_min {
            true => self.send(),
            false => Ok(()),
        }
    }

    fn held_bytes(&self) -> usize {
        self.groups.memory_bytes() + self.unsent_bytes
    }

    /// Leaves what is held to the partitions, which can put it on disk.
    fn make_room(&mut self) -> Result<()> {
        self.send()?;
        self.groups.settle()?;
        if self.groups.group_count() > 0 {
            self.hand_out()?;
        }
        self.reservation.resize(self.held_bytes())
    }

    /// An array of groups is cheap to find one's way in, however many they are.
    fn groups_max(&self) -> usize {
        let limit = self.shared.limits.local_groups_max;
        if self.groups.is_direct() { limit * 4 } else { limit }
    }

    /// Gives the worker's groups to the partitions and begins anew.
    fn hand_out(&mut self) -> Result<()> {
        let empty = GroupStates::of_worker(&self.shared.specification)?;
        let mut groups = std::mem::replace(&mut self.groups, empty);
        groups.settle()?;
        self.sends_rows = self.grouped_rows < groups.group_count() * self.shared.limits.rows_per_group_min;
        self.grouped_rows = 0;
        self.shared.begin_partitions().send_states(&groups.hand_out()?)
    }

    /// Sends the collected rows to the partitions.
    fn send(&mut self) -> Result<()> {
        if self.unsent_rows == 0 {
            return Ok(());
        }
        (self.unsent_rows, self.unsent_bytes) = (0, 0);
        let (keys, rows) = joined(std::mem::take(&mut self.unsent))?;
        self.shared.begin_partitions().send_rows(&keys, &rows)
    }
}

impl SinkPart for AggregatePart {
    fn consume(&mut self, batch: Batch) -> Result<Demand> {
        let shared = self.shared.clone();
        let mut rows = shared.specification.evaluate(&batch)?;
        if let Some(limited) = &shared.limited {
            rows = limited.wanted(rows)?;
        }
        for number in 0..self.shared.specification.sets.len() {
            let keys = self.shared.specification.set_keys(number, &rows.keys, rows.row_count)?;
            self.take_in(keys, &rows)?;
        }
        if !self.reservation.try_resize(self.held_bytes()) {
            self.make_room()?;
        }
        let is_complete =
            shared.specification.calls.is_empty() && shared.limited.as_ref().is_some_and(LimitedGroups::are_chosen);
        Ok(if is_complete { Demand::Enough } else { Demand::More })
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.send()?;
        self.groups.settle()?;
        if self.groups.group_count() == 0 {
            return Ok(());
        }
        let part = *self;
        drop(part.reservation);
        match part.shared.partitions() {
            Some(partitions) => partitions.send_states(&part.groups.hand_out()?),
            None => part.shared.merge(part.groups),
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
