//! The groups of an aggregation that its workers, the summaries and the source have in common: those of workers that have finished,
//! as one table or as partitions. Evaluates nothing.

use super::groups::{GroupStates, HandedOut};
use super::limited::LimitedGroups;
use super::partitions::{PARTITIONS, Partitions};
use super::piece::Piece;
use super::sink::GroupingLimits;
use super::specification::AggregateSpecification;
use super::text_ranges::{AscendingGroups, TextRanges, ascending_piece};
use crate::error::Result;
use crate::operators::group_table::KeyFacts;
use crate::pipeline::{Cancel, MemoryBudget, Reservation};
use arrow_array::ArrayRef;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use stoa_storage::vector::{Batch, flatten};

/// See the module.
pub(super) struct SharedGroups {
    pub(super) specification: Arc<AggregateSpecification>,
    pub(super) memory: Arc<MemoryBudget>,
    cancel: Arc<Cancel>,
    pub(super) limits: GroupingLimits,
    /// Where not all groups are wanted.
    pub(super) limited: Option<LimitedGroups>,
    /// What became of it, for EXPLAIN ANALYZE.
    facts: Mutex<Facts>,
    rows_taken: AtomicUsize,
    /// Groups of workers that have finished, and those of summaries.
    merged: Mutex<Merged>,
    /// Groups of dictionaries, as long as there are no partitions.
    ascending: Mutex<Vec<AscendingGroups>>,
    ranges: OnceLock<TextRanges>,
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

impl SharedGroups {
    pub(super) fn new(
        specification: AggregateSpecification,
        memory: &Arc<MemoryBudget>,
        cancel: &Arc<Cancel>,
        limits: GroupingLimits,
    ) -> Arc<Self> {
        Arc::new(SharedGroups {
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
            ascending: Mutex::default(),
            ranges: OnceLock::new(),
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

    pub(super) fn facts(&self) -> Vec<(String, String)> {
        let facts = self.facts.lock();
        let mut lines = vec![
            ("Group Index".to_owned(), facts.index.unwrap_or("none").to_owned()),
            ("Groups".to_owned(), facts.groups.to_string()),
        ];
        if let Some(ranges) = self.ranges.get() {
            lines.push(("Ranges".to_owned(), ranges.count().to_string()));
        }
        if let Some(partitions) = self.partitions() {
            lines.push(("Partitions".to_owned(), PARTITIONS.to_string()));
            if partitions.has_spilled() {
                lines.push(("Spilled".to_owned(), "yes".to_owned()));
            }
        }
        lines
    }

    pub(super) fn begin_partitions(&self) -> &Partitions {
        self.partitions.get_or_init(|| {
            Partitions::new(
                &self.specification,
                &self.memory,
                &self.cancel,
                self.limits.divided_rows_min,
            )
        })
    }

    /// Takes in the groups of one dictionary, which are many.
    pub(super) fn take_in_dictionary(&self, piece: Piece, are_last: bool) -> Result<()> {
        let piece = match self.partitions() {
            None => match AscendingGroups::of(piece, self.memory.reservation()) {
                Ok(groups) => {
                    self.ascending.lock().push(groups);
                    return Ok(());
                }
                Err(piece) => piece,
            },
            Some(_) => piece,
        };
        self.begin_partitions().send(&piece, are_last)
    }

    /// Sends groups of dictionaries that wait to partitions.
    pub(super) fn send_ascending(&self, are_last: bool) -> Result<()> {
        loop {
            let Some(groups) = self.ascending.lock().pop() else {
                return Ok(());
            };
            self.begin_partitions().send(groups.piece(), are_last)?;
        }
    }

    /// Takes in groups that are few.
    pub(super) fn merge(&self, groups: GroupStates) -> Result<()> {
        let mut merged = self.merged.lock();
        match &mut merged.groups {
            None => merged.groups = Some(groups),
            Some(known) => {
                let other = groups.hand_out()?;
                known.merge(&other.keys, KeyFacts::default(), &other.states, other.group_count)?;
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
    pub(super) fn merge_states(&self, states: HandedOut) -> Result<()> {
        if let Some(partitions) = self.partitions() {
            return partitions.send(&Piece::states(states), false);
        }
        let mut groups = GroupStates::new(&self.specification)?;
        groups.merge(&states.keys, KeyFacts::default(), &states.states, states.group_count)?;
        self.merge(groups)
    }

    /// Takes in groups that summaries tell: keys, then the states of all aggregates one after the other.
    pub(super) fn merge_summaries(&self, summaries: &Batch) -> Result<()> {
        let (keys, mut columns) = summaries.columns.split_at(self.specification.key_types.len());
        let mut groups = GroupStates::new(&self.specification)?;
        let mut states = Vec::with_capacity(self.specification.calls.len());
        for count in groups.state_counts() {
            let (here, rest) = columns.split_at(count.min(columns.len()));
            states.push(here.iter().map(flatten).collect::<Vec<ArrayRef>>());
            columns = rest;
        }
        groups.merge(keys, KeyFacts::default(), &states, summaries.row_count)?;
        self.facts.lock().summarized_groups += summaries.row_count;
        self.merge(groups)
    }

    /// Groups that summaries told.
    pub(super) fn summarized_groups(&self) -> usize {
        self.facts.lock().summarized_groups
    }

    /// Hands groups that were merged to the partitions, which can put them on disk.
    fn send_merged(&self) -> Result<()> {
        let partitions = self.begin_partitions();
        if let Some((groups, reservation)) = self.take_merged() {
            drop(reservation);
            partitions.send(&Piece::states(groups.hand_out()?), true)?;
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
        if let Some(ranges) = self.ranges.get() {
            self.cancel.check()?;
            return ranges.take(&self.specification);
        }
        let Some(partitions) = self.partitions() else {
            return Ok(self.take_merged());
        };
        loop {
            self.cancel.check()?;
            if let Some(share) = partitions.take_share()? {
                return Ok(Some(share));
            }
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
        self.partitions().is_some() || self.merged.lock().groups.is_some() || !self.ascending.lock().is_empty()
    }

    pub(super) fn count_rows(&self, row_count: usize) {
        self.rows_taken.fetch_add(row_count, Ordering::Relaxed);
    }

    pub(super) fn rows_taken(&self) -> usize {
        self.rows_taken.load(Ordering::Relaxed)
    }

    /// All rows are in.
    pub(super) fn finish(&self) -> Result<()> {
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
        self.bring_together()
    }

    /// Brings what workers and summaries left into partitions or ranges, where it is not one table.
    pub(super) fn bring_together(&self) -> Result<()> {
        if self.partitions().is_none() {
            if self.ascending.lock().is_empty() {
                return Ok(());
            }
            if let Some((groups, reservation)) = self.take_merged() {
                drop(reservation);
                self.take_in_dictionary(ascending_piece(groups.hand_out()?)?, true)?;
            }
        }
        if self.partitions().is_some() {
            self.send_ascending(true)?;
            return self.send_merged();
        }
        let groups = std::mem::take(&mut *self.ascending.lock());
        self.ranges.get_or_init(|| TextRanges::new(groups, &self.memory));
        Ok(())
    }

    /// Parts that can be taken at the same time.
    pub(super) fn part_count(&self) -> usize {
        match (self.ranges.get(), self.partitions()) {
            (Some(ranges), _) => ranges.count(),
            (None, Some(_)) => PARTITIONS,
            (None, None) => 1,
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
