//! Groups and the states of all aggregates for them.

use super::call::{AggregateInput, AggregateStep};
use super::runs::Runs;
use super::specification::{AggregateSpecification, InputRows};
use crate::error::Result;
use crate::functions::{Accumulator, Groups, KeptRows};
use crate::operators::gather::value_bytes;
use crate::operators::group_table::{Assigned, GroupTable, KeyFacts};
use crate::operators::split::sliced;
use arrow_array::{ArrayRef, UInt32Array};
use arrow_buffer::BooleanBuffer;
use std::ops::Range;
use std::sync::Arc;
use stoa_storage::vector::Selection;

/// See the module.
pub(super) struct GroupStates {
    specification: Arc<AggregateSpecification>,
    table: GroupTable,
    accumulators: Vec<Box<dyn Accumulator>>,
    /// Of the batch in hand; kept for its memory.
    groups: Vec<u32>,
}

/// Groups' keys and, per aggregate, the columns of their states.
pub(super) struct HandedOut {
    pub(super) keys: Vec<ArrayRef>,
    pub(super) states: Vec<Vec<ArrayRef>>,
    pub(super) group_count: usize,
}

impl HandedOut {
    /// Some of the groups.
    pub(super) fn slice(&self, groups: &Range<usize>) -> HandedOut {
        HandedOut {
            keys: sliced(&self.keys, groups),
            states: self.states.iter().map(|columns| sliced(columns, groups)).collect(),
            group_count: groups.len(),
        }
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.keys
            .iter()
            .chain(self.states.iter().flatten())
            .map(value_bytes)
            .sum()
    }
}

impl GroupStates {
    pub(super) fn new(specification: &Arc<AggregateSpecification>) -> Result<Self> {
        Ok(GroupStates {
            table: GroupTable::new(&specification.table_types())?,
            accumulators: specification
                .calls
                .iter()
                .map(|call| call.accumulator())
                .collect::<Result<_>>()?,
            specification: specification.clone(),
            groups: Vec::new(),
        })
    }

    /// As [`Self::new`], for one of many partitions.
    pub(super) fn of_partition(specification: &Arc<AggregateSpecification>) -> Result<Self> {
        let mut groups = GroupStates::new(specification)?;
        groups.table = GroupTable::hashed(&specification.table_types())?;
        Ok(groups)
    }

    /// As [`Self::new`], for about so many groups by texts that lie near one another.
    pub(super) fn of_range(specification: &Arc<AggregateSpecification>, group_count: usize) -> Result<Self> {
        let mut groups = GroupStates::of_partition(specification)?;
        groups.table.reserve_near(group_count);
        Ok(groups)
    }

    /// Groups so far.
    pub(super) fn group_count(&self) -> usize {
        self.table.group_count()
    }

    pub(super) fn memory_bytes(&self) -> usize {
        let states: usize = self.accumulators.iter().map(|states| states.memory_bytes()).sum();
        self.table.memory_bytes() + states
    }

    /// Takes rows in whose table columns are these.
    pub(super) fn update(&mut self, keys: &[ArrayRef], facts: KeyFacts<'_>, rows: &InputRows) -> Result<()> {
        if rows.row_count == 0 {
            return Ok(());
        }
        match Runs::of(keys, rows.row_count)? {
            Some(runs) => self.update_runs(&runs, rows),
            None => self.update_rows(keys, facts, rows),
        }
    }

    /// As [`Self::update`], for keys without long runs.
    pub(super) fn update_rows(&mut self, keys: &[ArrayRef], facts: KeyFacts<'_>, rows: &InputRows) -> Result<()> {
        let assigned = self.table.assign_known(keys, facts, rows.row_count, &mut self.groups)?;
        let groups = match assigned {
            Assigned::One(group) => Groups::One {
                group,
                row_count: rows.row_count,
            },
            Assigned::PerRow => Groups::PerRow(&self.groups),
        };
        let group_count = self.table.group_count();
        for (call, states) in self.specification.calls.iter().zip(&mut self.accumulators) {
            take_in(&mut **states, call, rows, groups, group_count)?;
        }
        Ok(())
    }

    /// As [`Self::update`], for what has long runs.
    pub(super) fn update_runs(&mut self, runs: &Runs, rows: &InputRows) -> Result<()> {
        let assigned = self.table.assign(&runs.keys, runs.rows.len(), &mut self.groups)?;
        let group_count = self.table.group_count();
        for (at, range) in runs.rows.iter().enumerate() {
            let groups = Groups::One {
                group: match assigned {
                    Assigned::One(group) => group,
                    Assigned::PerRow => self.groups[at],
                },
                row_count: range.len(),
            };
            let rows = rows.slice(range.start, range.len());
            for (call, states) in self.specification.calls.iter().zip(&mut self.accumulators) {
                take_in(&mut **states, call, &rows, groups, group_count)?;
            }
        }
        Ok(())
    }

    /// Makes sure that there is a group with these keys, one row of table columns.
    pub(super) fn ensure(&mut self, keys: &[ArrayRef]) -> Result<()> {
        self.table.assign(keys, 1, &mut self.groups)?;
        Ok(())
    }

    /// Takes other groups' states in.
    pub(super) fn merge(
        &mut self,
        keys: &[ArrayRef],
        facts: KeyFacts<'_>,
        states: &[Vec<ArrayRef>],
        row_count: usize,
    ) -> Result<()> {
        if row_count == 0 {
            return Ok(());
        }
        let assigned = self.table.assign_known(keys, facts, row_count, &mut self.groups)?;
        let groups = match assigned {
            Assigned::One(group) => Groups::One { group, row_count },
            Assigned::PerRow => Groups::PerRow(&self.groups),
        };
        for (accumulator, states) in self.accumulators.iter_mut().zip(states) {
            accumulator.merge(states, groups, self.table.group_count())?;
        }
        Ok(())
    }

    /// What each aggregate keeps of rows, where it can take that in order.
    pub(super) fn kept_rows(&self) -> Vec<Option<KeptRows>> {
        let accumulators = self.accumulators.iter();
        accumulators.map(|accumulator| accumulator.kept_rows()).collect()
    }

    /// As [`Self::merge`], but for the states of some aggregates. Gives the number of each row's group.
    pub(super) fn merge_some(&mut self, part: &HandedOut, is_left_out: impl Fn(usize) -> bool) -> Result<Vec<u32>> {
        let row_count = part.group_count;
        let assigned = self.table.assign(&part.keys, row_count, &mut self.groups)?;
        let groups = match assigned {
            Assigned::One(group) => vec![group; row_count],
            Assigned::PerRow => self.groups.clone(),
        };
        let states = self.accumulators.iter_mut().zip(&part.states).enumerate();
        for (_, (accumulator, states)) in states.filter(|(call, _)| !is_left_out(*call)) {
            accumulator.merge(states, Groups::PerRow(&groups), self.table.group_count())?;
        }
        Ok(groups)
    }

    /// Says that the rows of an aggregate that it would keep come in order; see [`Accumulator::begin_sorted`].
    pub(super) fn begin_sorted(&mut self, call: usize, counts: &[usize]) -> Result<()> {
        self.accumulators[call].begin_sorted(counts)
    }

    /// Hands such rows to an aggregate.
    pub(super) fn update_sorted(&mut self, call: usize, columns: &[ArrayRef], groups: &[u32]) -> Result<()> {
        let group_count = self.table.group_count();
        self.accumulators[call].update(columns, Groups::PerRow(groups), None, group_count)
    }

    /// Columns as [`Partitions`](super::partitions::Partitions) write them: keys, then the states of one aggregate after the other.
    pub(super) fn split_columns(&self, columns: Vec<ArrayRef>, group_count: usize) -> HandedOut {
        let mut keys = columns;
        let mut states = keys.split_off(self.specification.table_types().len()).into_iter();
        let counts = self.state_counts();
        HandedOut {
            keys,
            states: counts
                .iter()
                .map(|count| states.by_ref().take(*count).collect())
                .collect(),
            group_count,
        }
    }

    /// Everything, to be merged elsewhere.
    pub(super) fn hand_out(mut self) -> Result<HandedOut> {
        let group_count = self.table.group_count();
        let states = self.accumulators.iter_mut().map(|states| states.states(group_count));
        Ok(HandedOut {
            states: states.collect::<Result<_>>()?,
            keys: self.table.keys()?,
            group_count,
        })
    }

    /// Everything, as the rows of the result: keys, answers (or states), the number of the set.
    pub(super) fn finish(mut self) -> Result<(Vec<ArrayRef>, usize)> {
        let group_count = self.table.group_count();
        let mut known = None;
        if let Some(best) = self.specification.best_groups.filter(|best| best.is_worth(group_count)) {
            let answers = self.accumulators[best.call].finish(group_count)?;
            if let Some(groups) = best.among(&answers) {
                return self.finish_some(&groups, group_count, best.call, &answers);
            }
            known = Some((best.call, answers));
        }
        let mut columns = self.table.keys()?;
        let set_index = match self.specification.numbers_sets() {
            true => columns.pop().filter(|_| self.specification.gives_set_index),
            false => None,
        };
        for (call, accumulator) in self.accumulators.iter_mut().enumerate() {
            match (self.specification.gives_states, &known) {
                (true, _) => columns.extend(accumulator.states(group_count)?),
                (false, Some((known, answers))) if *known == call => columns.push(answers.clone()),
                (false, _) => columns.push(accumulator.finish(group_count)?),
            }
        }
        columns.extend(set_index);
        Ok((columns, group_count))
    }

    /// As [`Self::finish`], for some groups; the answers of one aggregate are known.
    fn finish_some(
        mut self,
        groups: &[u32],
        group_count: usize,
        known: usize,
        answers: &ArrayRef,
    ) -> Result<(Vec<ArrayRef>, usize)> {
        let mut columns = self.table.keys_of(groups)?;
        for (call, accumulator) in self.accumulators.iter_mut().enumerate() {
            columns.push(match call == known {
                true => arrow_select::take::take(answers, &UInt32Array::from(groups.to_vec()), None)?,
                false => accumulator.finish_some(groups, group_count)?,
            });
        }
        Ok((columns, groups.len()))
    }

    /// How many columns the states of each aggregate have.
    pub(super) fn state_counts(&self) -> Vec<usize> {
        self.accumulators
            .iter()
            .map(|states| states.state_types().len())
            .collect()
    }

    /// Whether groups are found in an array rather than by hash.
    pub(super) fn is_direct(&self) -> bool {
        self.table.is_direct()
    }

    /// How groups are found.
    pub(super) fn index_name(&self) -> &'static str {
        self.table.index_name()
    }
}

/// Adds rows to the states of an aggregate.
pub(super) fn take_in(
    states: &mut dyn Accumulator,
    call: &AggregateStep,
    rows: &InputRows,
    groups: Groups<'_>,
    group_count: usize,
) -> Result<()> {
    let (arguments, selection) = rows.of_call(&call.input);
    match call.input {
        AggregateInput::Elsewhere => Ok(()),
        AggregateInput::States { .. } => match selection {
            None => states.merge(&arguments, groups, group_count),
            Some(selection) => merge_selected(states, &arguments, groups, selection, group_count),
        },
        AggregateInput::Rows { .. } => states.update(&arguments, groups, selection.as_ref(), group_count),
    }
}

/// Takes in only some of the states.
fn merge_selected(
    into: &mut dyn Accumulator,
    states: &[ArrayRef],
    groups: Groups<'_>,
    selection: BooleanBuffer,
    group_count: usize,
) -> Result<()> {
    let selected: Vec<u32> = match groups {
        Groups::One { .. } => Vec::new(),
        Groups::PerRow(groups) => selection.set_indices().map(|row| groups[row]).collect(),
    };
    let selection = Selection::new(selection);
    let groups = match groups {
        Groups::One { group, .. } => Groups::One {
            group,
            row_count: selection.selected_count(),
        },
        Groups::PerRow(_) => Groups::PerRow(&selected),
    };
    let states: Vec<ArrayRef> = states.iter().map(|state| selection.filter(state)).collect();
    into.merge(&states, groups, group_count)
}
