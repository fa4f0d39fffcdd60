//! A partition that is too long to be computed at once: its rows pass by, and those stay in memory that frames of later rows reach. What
//! depends on the partition's end is found beforehand, with the rows put on disk meanwhile ([`end`]).

mod end;
mod values;
mod view;

use super::aggregate::Input;
use super::bucket::sorted_already;
use super::call::{Computation, Needs};
use super::frame::Groups;
use super::ordered::{OrderedRows, PIECE_PARTS, beyond_memory, piece_bytes};
use super::{Specification, sliced};
use crate::error::Result;
use crate::functions::Groups as AccumulatorGroups;
use crate::operators::gather::{column_bytes, concatenated, retained};
use crate::operators::key::Keys;
use crate::pipeline::Reservation;
use arrow_array::ArrayRef;
use end::KeptRows;
use stoa_storage::vector::Batch;
use view::View;

/// Whether all calls can be answered with some rows at a time.
pub(super) fn is_possible(specification: &Specification) -> bool {
    let is_ordered = specification.is_ordered();
    let mut calls = specification.calls.iter();
    calls.all(|call| call.needs(is_ordered) != Needs::AllRows)
}

/// A partition that is being gone through.
pub(super) struct LongPartition {
    key: Keys,
    /// Where rows come from; directly from the sort where nothing is to be known of the end.
    kept: Option<KeptRows>,
    is_end: bool,
    /// Rows in memory.
    held: Batch,
    /// How many of them were answered.
    given: usize,
    passed: Passed,
    /// Rows of the partition, where that is asked for.
    row_count: usize,
    /// Per call.
    known: Vec<Known>,
    memory: Reservation,
}

/// What is known of rows that are no longer in memory.
#[derive(Default)]
struct Passed {
    rows: usize,
    /// Of the first row in memory, from 0.
    rank: usize,
    dense_rank: usize,
}

/// What a call keeps.
#[derive(Default)]
struct Known {
    /// The state of all rows that are no longer in memory.
    before: Option<Vec<ArrayRef>>,
    /// The states of all rows from each block on.
    after: Option<Vec<ArrayRef>>,
    /// The one value that rows have, if their frames have rows.
    value: Option<ArrayRef>,
    /// What the answers over the rows in memory lack.
    count: i64,
}

impl Known {
    fn bytes(&self) -> usize {
        let states = self.before.iter().chain(&self.after).flatten();
        states.chain(&self.value).map(column_bytes).sum()
    }
}

impl LongPartition {
    /// The partition with this key, whose rows are the next ones.
    pub(super) fn new(specification: &Specification, rows: &mut OrderedRows, key: Keys) -> Result<Self> {
        let mut partition = LongPartition {
            key,
            kept: None,
            is_end: false,
            held: concatenated(Vec::new(), &specification.types)?,
            given: 0,
            passed: Passed::default(),
            row_count: 0,
            known: specification.calls.iter().map(|_| Known::default()).collect(),
            memory: specification.memory.reservation(),
        };
        partition.look_ahead(specification, rows)?;
        Ok(partition)
    }

    /// The next rows with their further columns.
    pub(super) fn next(&mut self, specification: &Specification, rows: &mut OrderedRows) -> Result<Option<Batch>> {
        // Twice what earlier rows left, so that each row is computed with about once only.
        let mut goal = (specification.memory.limit_bytes() / PIECE_PARTS).max(self.memory.bytes() * 2);
        loop {
            specification.cancel.check()?;
            self.fill(specification, rows, goal)?;
            if self.is_end && self.given == self.held.row_count {
                return Ok(None);
            }
            let held = std::mem::replace(&mut self.held, Batch::new(Vec::new(), 0));
            let sorted = sorted_already(specification, held)?;
            let groups = Groups::new(&sorted);
            let view = View::new(specification, &sorted, &groups, self.is_end)?;
            let ready = view.ready(self.given);
            if self.given < ready {
                let batch = self.computed(&view, self.given..ready)?;
                let from = view.needed_from(ready)?;
                self.pass(&view, from)?;
                self.held = retained(sliced(&sorted.batch, from..sorted.batch.row_count));
                self.given = ready - from;
                self.account()?;
                return Ok(Some(batch));
            }
            self.held = sorted.batch;
            goal = self.memory.bytes() * 2;
        }
    }

    /// Takes rows in until so many bytes are held.
    fn fill(&mut self, specification: &Specification, rows: &mut OrderedRows, goal: usize) -> Result<()> {
        let mut batches = vec![std::mem::replace(&mut self.held, Batch::new(Vec::new(), 0))];
        while self.memory.bytes() < goal && !self.is_end {
            specification.cancel.check()?;
            let batch = match &mut self.kept {
                None => rows.next_of_partition(specification, &self.key)?,
                Some(kept) => kept.next()?,
            };
            match batch {
                Some(batch) => {
                    self.memory.grow(piece_bytes(&batch)).map_err(beyond_memory)?;
                    batches.push(batch);
                }
                None => self.is_end = true,
            }
        }
        batches.retain(|batch| batch.row_count > 0);
        self.held = concatenated(batches, &specification.types)?;
        Ok(())
    }

    fn account(&mut self) -> Result<()> {
        let known: usize = self.known.iter().map(Known::bytes).sum();
        let bytes = piece_bytes(&self.held) + known;
        self.memory.resize(bytes).map_err(beyond_memory)
    }

    /// Notes what is to be known of the first rows in memory, which leave it.
    fn pass(&mut self, view: &View<'_>, count: usize) -> Result<()> {
        if count == 0 {
            return Ok(());
        }
        let specification = view.specification;
        let is_ordered = specification.is_ordered();
        let leaving = sliced(&view.sorted.batch, 0..count);
        for (number, call) in specification.calls.iter().enumerate() {
            let known = &self.known[number];
            let (starts_open, _) = call.open_ends(is_ordered);
            match (&call.computation, call.needs(is_ordered)) {
                (Computation::Aggregate { accumulator, binding }, Needs::RowsBefore | Needs::OpenFrame)
                    if starts_open =>
                {
                    let mut accumulator = accumulator(binding)?;
                    if let Some(before) = &known.before {
                        accumulator.merge(before, AccumulatorGroups::PerRow(&[0]), 1)?;
                    }
                    Input::new(call, &leaving)?.add_to(&mut *accumulator)?;
                    self.known[number].before = Some(accumulator.states(1)?);
                }
                (_, Needs::FirstValue) if known.value.is_none() => {
                    self.known[number].value = Some(call.first_argument(&sliced(&leaving, 0..1))?);
                }
                (Computation::Function { execute, .. }, Needs::Running) => {
                    let count = self.counted_until(view, number, *execute, count)?;
                    self.known[number].count = count;
                }
                _ => {}
            }
        }
        self.passed = Passed {
            rank: self.number(&Computation::Rank, view, count),
            dense_rank: self.number(&Computation::DenseRank, view, count),
            rows: self.passed.rows + count,
        };
        Ok(())
    }
}
