//! Groups and the states of all aggregates for them.

use super::call::AggregateInput;
use super::fused::{FusedSums, Taken};
use super::specification::{AggregateSpecification, InputRows};
use crate::error::Result;
use crate::functions::{Accumulator, Groups};
use crate::operators::group_table::{Assigned, GroupTable};
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int32Type, Int64Type, UInt32Type};
use arrow_array::{Array, ArrayRef};
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;
use std::sync::Arc;

/// See the module.
pub(super) struct GroupStates {
    specification: Arc<AggregateSpecification>,
    table: GroupTable,
    accumulators: Vec<Box<dyn Accumulator>>,
    /// Sums and counts that have yet to reach the accumulators.
    fused: Option<FusedSums>,
    /// Of the batch in hand; kept for its memory.
    groups: Vec<u32>,
}

/// Groups' keys and, per aggregate, the columns of their states.
pub(super) struct HandedOut {
    pub(super) keys: Vec<ArrayRef>,
    pub(super) states: Vec<Vec<ArrayRef>>,
    pub(super) group_count: usize,
}

/// Rows of one group in a row, on average, from which they are added up run by run.
const RUN_ROWS_MIN: usize = 128;

impl GroupStates {
    pub(super) fn new(specification: &Arc<AggregateSpecification>) -> Result<Self> {
        Ok(GroupStates {
            table: GroupTable::new(&specification.table_types())?,
            accumulators: specification
                .calls
                .iter()
                .map(|call| call.accumulator())
                .collect::<Result<_>>()?,
            fused: None,
            specification: specification.clone(),
            groups: Vec::new(),
        })
    }

    /// As [`Self::new`], for a worker that takes in many batches.
    pub(super) fn of_worker(specification: &Arc<AggregateSpecification>) -> Result<Self> {
        let mut groups = GroupStates::new(specification)?;
        groups.fused = FusedSums::of(specification);
        Ok(groups)
    }

    /// Groups so far, as far as they have reached the accumulators.
    pub(super) fn group_count(&self) -> usize {
        self.table.group_count()
    }

    pub(super) fn memory_bytes(&self) -> usize {
        let fused = self.fused.as_ref().map_or(0, FusedSums::memory_bytes);
        let states: usize = self.accumulators.iter().map(|states| states.memory_bytes()).sum();
        fused + self.table.memory_bytes() + states
    }

    /// Takes rows in whose table columns are these.
    pub(super) fn update(&mut self, keys: &[ArrayRef], rows: &InputRows) -> Result<()> {
        if let (Some(fused), [key]) = (&mut self.fused, keys)
            && !has_long_runs(key)
        {
            let taken = match fused.take_in(key, &rows.arguments) {
                Taken::All => return Ok(()),
                Taken::Rows(taken) => taken,
            };
            self.settle()?;
            if taken > 0 {
                let rest = rows.row_count - taken;
                return self.update_groups(&[key.slice(taken, rest)], &rows.slice(taken, rest));
            }
        }
        self.update_groups(keys, rows)
    }

    /// Hands what is fused to the accumulators: nothing is missing from them then.
    pub(super) fn settle(&mut self) -> Result<()> {
        let Some(mut fused) = self.fused.take() else {
            return Ok(());
        };
        if let Some(groups) = fused.hand_out()? {
            self.merge(&groups.keys, &groups.states, groups.group_count)?;
        }
        self.fused = Some(fused).filter(|fused| !fused.is_in_vain());
        Ok(())
    }

    fn update_groups(&mut self, keys: &[ArrayRef], rows: &InputRows) -> Result<()> {
        let assigned = self.table.assign(keys, rows.row_count, &mut self.groups)?;
        if rows.row_count == 0 {
            return Ok(());
        }
        let group_count = self.table.group_count();
        let runs = match assigned {
            Assigned::One(group) => vec![(group, 0..rows.row_count)],
            Assigned::PerRow => runs_of(&self.groups),
        };
        for (call, states) in self.specification.calls.iter().zip(&mut self.accumulators) {
            let (arguments, selection) = rows.of_call(&call.input);
            let is_merge = matches!(call.input, AggregateInput::States { .. });
            let mut take_in =
                |arguments: &[ArrayRef], groups: Groups<'_>, selection: Option<&BooleanBuffer>| match is_merge {
                    true => states.merge(arguments, groups, group_count),
                    false => states.update(arguments, groups, selection, group_count),
                };
            match runs.as_slice() {
                [] => take_in(&arguments, Groups::PerRow(&self.groups), selection.as_ref())?,
                [(group, range)] if range.len() == rows.row_count => {
                    let row_count = rows.row_count;
                    take_in(
                        &arguments,
                        Groups::One {
                            group: *group,
                            row_count,
                        },
                        selection.as_ref(),
                    )?;
                }
                runs => {
                    for (group, range) in runs {
                        let (start, row_count) = (range.start, range.len());
                        let arguments: Vec<ArrayRef> = arguments
                            .iter()
                            .map(|argument| argument.slice(start, row_count))
                            .collect();
                        let selection = selection.as_ref().map(|selection| selection.slice(start, row_count));
                        take_in(
                            &arguments,
                            Groups::One {
                                group: *group,
                                row_count,
                            },
                            selection.as_ref(),
                        )?;
                    }
                }
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
    pub(super) fn merge(&mut self, keys: &[ArrayRef], states: &[Vec<ArrayRef>], row_count: usize) -> Result<()> {
        if row_count == 0 {
            return Ok(());
        }
        let assigned = self.table.assign(keys, row_count, &mut self.groups)?;
        let groups = match assigned {
            Assigned::One(group) => Groups::One { group, row_count },
            Assigned::PerRow => Groups::PerRow(&self.groups),
        };
        for (accumulator, states) in self.accumulators.iter_mut().zip(states) {
            accumulator.merge(states, groups, self.table.group_count())?;
        }
        Ok(())
    }

    /// Everything, to be merged elsewhere.
    pub(super) fn hand_out(mut self) -> Result<HandedOut> {
        self.settle()?;
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
        self.settle()?;
        let group_count = self.table.group_count();
        let mut columns = self.table.keys()?;
        let set_number = match self.specification.numbers_sets() {
            true => columns.pop().filter(|_| self.specification.gives_set_index),
            false => None,
        };
        for accumulator in &mut self.accumulators {
            match self.specification.gives_states {
                true => columns.extend(accumulator.states(group_count)?),
                false => columns.push(accumulator.finish(group_count)?),
            }
        }
        columns.extend(set_number);
        Ok((columns, group_count))
    }

    /// How many columns the states of each aggregate have.
    pub(super) fn state_counts(&self) -> Vec<usize> {
        self.accumulators
            .iter()
            .map(|states| states.state_types().len())
            .collect()
    }

    /// How groups are found.
    pub(super) fn index_name(&self) -> &'static str {
        self.table.index_name()
    }
}

/// Whether a key changes so rarely that its rows are better added up run by run.
fn has_long_runs(key: &ArrayRef) -> bool {
    match key.data_type() {
        DataType::RunEndEncoded(_, _) => true,
        DataType::Date32 => changes_rarely(key.as_primitive::<Date32Type>().values()),
        DataType::Int32 => changes_rarely(key.as_primitive::<Int32Type>().values()),
        DataType::Int64 => changes_rarely(key.as_primitive::<Int64Type>().values()),
        DataType::Dictionary(_, _) => changes_rarely(key.as_dictionary::<UInt32Type>().keys().values()),
        _ => false,
    }
}

/// Looks at a few places first: most batches tell there already.
fn changes_rarely<V: Copy + PartialEq>(values: &[V]) -> bool {
    if values.len() < 2 * RUN_ROWS_MIN {
        return false;
    }
    let step = values.len() / 16;
    let sampled_changes = (1..16).filter(|at| values[at * step] != values[at * step - 1]).count();
    if sampled_changes > 2 {
        return false;
    }
    let pairs = values[1..].iter().zip(values);
    let change_count = pairs.map(|(next, value)| u32::from(next != value)).sum::<u32>() as usize;
    (change_count + 1) * RUN_ROWS_MIN <= values.len()
}

/// The rows of each group in a row; none where the groups change too often for that to pay.
fn runs_of(groups: &[u32]) -> Vec<(u32, std::ops::Range<usize>)> {
    let (Some(last), true) = (groups.len().checked_sub(1), groups.len() >= 2 * RUN_ROWS_MIN) else {
        return Vec::new();
    };
    let change_count = groups[1..]
        .iter()
        .zip(&groups[..last])
        .map(|(next, group)| u32::from(next != group))
        .sum::<u32>() as usize;
    if (change_count + 1) * RUN_ROWS_MIN > groups.len() {
        return Vec::new();
    }
    let mut start = 0;
    let mut runs = Vec::with_capacity(change_count + 1);
    for run in groups.chunk_by(|left, right| left == right) {
        runs.push((run[0], start..start + run.len()));
        start += run.len();
    }
    runs
}
