//! `mode` over rows that arrive sorted.

use crate::error::Result;
use crate::functions::aggregate::rows::{counting_rows, visit};
use crate::functions::aggregate::value_lists::ValueLists;
use crate::functions::{Accumulator, Groups};
use crate::operators::hash_aggregate::Neighbours;
use crate::operators::key::{KeyEncoder, KeyField};
use arrow_array::{ArrayRef, UInt32Array, new_null_array};
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;
use std::cmp::Ordering;

/// The ordered values, until the end.
pub(super) struct Mode {
    values: ValueLists,
    data_type: DataType,
    keys: KeyEncoder,
    /// Values come in order.
    sorted: Option<SortedRuns>,
}

/// Equal values that follow each other; the longest run of each group so far.
struct SortedRuns {
    neighbours: Neighbours,
    /// The longest run's value, an array of length 1.
    longest: Vec<Option<ArrayRef>>,
    lengths: Vec<usize>,
    /// The run that has not ended: its group, value and length.
    run: Option<(usize, ArrayRef, usize)>,
}

impl SortedRuns {
    fn add(&mut self, values: &ArrayRef, groups: &[u32]) -> Result<()> {
        let begins = self
            .neighbours
            .differing(std::slice::from_ref(values), Groups::PerRow(groups))?;
        let mut starts = begins.set_indices().peekable();
        let before = starts.peek().copied().unwrap_or(groups.len());
        if let Some((_, _, length)) = &mut self.run {
            *length += before;
        }
        while let Some(start) = starts.next() {
            self.end_run();
            let end = starts.peek().copied().unwrap_or(groups.len());
            let (group, length) = (groups[start] as usize, end - start);
            if end == groups.len() || length > self.lengths[group] {
                let place = UInt32Array::from(vec![start as u32]);
                self.run = Some((group, arrow_select::take::take(values, &place, None)?, length));
            }
        }
        Ok(())
    }

    fn end_run(&mut self) {
        if let Some((group, value, length)) = self.run.take()
            && length > self.lengths[group]
        {
            (self.longest[group], self.lengths[group]) = (Some(value), length);
        }
    }

    fn finish(&mut self, data_type: &DataType) -> Result<ArrayRef> {
        self.end_run();
        let none = new_null_array(data_type, 1);
        let values = self.longest.iter().map(|value| &**value.as_ref().unwrap_or(&none));
        Ok(arrow_select::concat::concat(&values.collect::<Vec<_>>())?)
    }
}

impl Mode {
    pub(super) fn new(data_type: DataType) -> Result<Self> {
        Ok(Mode {
            values: ValueLists::new(vec![data_type.clone()]),
            keys: KeyEncoder::new(vec![KeyField::without_nulls(data_type.clone())])?,
            data_type,
            sorted: None,
        })
    }
}

impl Accumulator for Mode {
    fn update(
        &mut self,
        arguments: &[ArrayRef],
        groups: Groups<'_>,
        selection: Option<&BooleanBuffer>,
        _group_count: usize,
    ) -> Result<()> {
        let mask = counting_rows(&arguments[..1], selection);
        if let Some(sorted) = &mut self.sorted {
            let (mut kept, mut rows) = (Vec::new(), Vec::new());
            visit(groups, mask.as_ref(), |group, row| {
                kept.push(group as u32);
                rows.push(row as u32);
            });
            let values = arrow_select::take::take(&arguments[0], &UInt32Array::from(rows), None)?;
            return sorted.add(&values, &kept);
        }
        self.values.add(&arguments[..1], groups, mask.as_ref())
    }

    fn merge(&mut self, states: &[ArrayRef], groups: Groups<'_>, _group_count: usize) -> Result<()> {
        self.values.merge(states, groups)
    }

    fn state_types(&self) -> Vec<DataType> {
        self.values.state_types()
    }

    fn states(&mut self, group_count: usize) -> Result<Vec<ArrayRef>> {
        self.values.states(group_count)
    }

    fn finish(&mut self, group_count: usize) -> Result<ArrayRef> {
        if let Some(sorted) = &mut self.sorted {
            return sorted.finish(&self.data_type);
        }
        let grouped = self.values.take(group_count)?;
        let values = &grouped.columns[0];
        if values.is_empty() {
            return Ok(new_null_array(&self.data_type, group_count));
        }
        let keys = self.keys.encode(&grouped.columns, values.len())?;
        let mut modes: Vec<Option<u32>> = Vec::with_capacity(group_count);
        for range in grouped.ranges() {
            let (mut best, mut best_count, mut start) = (None, 0, range.start);
            for row in range.clone() {
                if keys.compare(start, row) != Ordering::Equal {
                    start = row;
                }
                if row - start + 1 > best_count {
                    (best, best_count) = (Some(start as u32), row - start + 1);
                }
            }
            modes.push(best);
        }
        Ok(arrow_select::take::take(values, &UInt32Array::from(modes), None)?)
    }

    fn memory_bytes(&self) -> usize {
        self.values.memory_bytes()
    }

    fn begin_sorted(&mut self, counts: &[usize]) -> Result<()> {
        self.sorted = Some(SortedRuns {
            neighbours: Neighbours::new(std::slice::from_ref(&self.data_type))?,
            longest: vec![None; counts.len()],
            lengths: vec![0; counts.len()],
            run: None,
        });
        Ok(())
    }
}
