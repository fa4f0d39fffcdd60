//! How often each value occurs in each group: for the most frequent values, histograms of values, entropy. With a limit, a group
//! whose distinct values are more keeps its most frequent ones, and what comes anew is given the count of what was left out
//! (as the Space-Saving algorithm does): counts are then too high, by at most that.

use super::rows::{counting_rows, visit};
use super::value_lists::{ValueLists, item_field, list_offsets};
use crate::error::{Error, Result};
use crate::functions::{Accumulator, Groups};
use crate::operators::key::{KeyEncoder, KeyField, Keys};
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, Int64Array, ListArray, UInt32Array};
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// What an entry costs beside its key and its value, about.
const ENTRY_BYTES: usize = 64;

/// Counts of values by group. NULLs do not count.
pub(super) struct ValueCounts {
    data_type: DataType,
    keys: KeyEncoder,
    /// Distinct values to keep per group.
    limit: usize,
    /// Group and key to the place of the count.
    places: HashMap<Box<[u8]>, usize>,
    key_bytes: usize,
    counts: Vec<i64>,
    /// The values, with the places of their counts.
    values: ValueLists,
    /// Per group the largest count that was left out.
    floors: Vec<i64>,
    /// Entries that were left when entries were last left out.
    kept: usize,
}

/// All of it by group, each group's values in descending order of their counts, then in their own.
pub(super) struct GroupedCounts {
    pub(super) values: ArrayRef,
    pub(super) counts: Vec<i64>,
    offsets: Vec<usize>,
}

impl GroupedCounts {
    /// The entries of each group.
    pub(super) fn ranges(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        self.offsets.windows(2).map(|window| window[0]..window[1])
    }
}

impl ValueCounts {
    /// Of all distinct values.
    pub(super) fn exact(data_type: DataType) -> Result<Self> {
        ValueCounts::new(data_type, usize::MAX / 4)
    }

    /// Of values of this plain type; `limit` distinct ones of each group are exact.
    pub(super) fn new(data_type: DataType, limit: usize) -> Result<Self> {
        Ok(ValueCounts {
            keys: KeyEncoder::new_bytes(vec![KeyField::without_nulls(data_type.clone())])?,
            values: ValueLists::new(vec![data_type.clone(), DataType::Int64]),
            data_type,
            limit,
            places: HashMap::new(),
            key_bytes: 0,
            counts: Vec::new(),
            floors: Vec::new(),
            kept: 0,
        })
    }

    /// Takes rows in, each as often as its count says (once without counts).
    pub(super) fn add(
        &mut self,
        values: &ArrayRef,
        counts: Option<&Int64Array>,
        groups: Groups<'_>,
        mask: Option<&BooleanBuffer>,
        group_count: usize,
    ) -> Result<()> {
        super::rows::grow(&mut self.floors, group_count, 0);
        let Keys::Bytes(keys) = self.keys.encode(std::slice::from_ref(values), values.len())? else {
            return Err(Error::Internal(
                "keys that are not the bytes that were asked for".into(),
            ));
        };
        let mut buffer = Vec::new();
        let mut new_places = vec![0i64; values.len()];
        let mut is_new = vec![false; values.len()];
        visit(groups, mask, |group, row| {
            let count = counts.map_or(1, |counts| counts.value(row));
            buffer.clear();
            buffer.extend((group as u32).to_be_bytes());
            buffer.extend(keys.row(row).data());
            if let Some(place) = self.places.get(&buffer[..]) {
                self.counts[*place] += count;
                return;
            }
            let place = self.counts.len();
            self.key_bytes += buffer.len();
            self.places.insert(buffer.as_slice().into(), place);
            self.counts.push(count + self.floors[group]);
            new_places[row] = place as i64;
            is_new[row] = true;
        });
        let columns = [values.clone(), Arc::new(Int64Array::from(new_places)) as ArrayRef];
        self.values.add(&columns, groups, Some(&BooleanBuffer::from(is_new)))?;
        let bound = self.kept.max(self.limit).saturating_mul(2);
        match self.counts.len() > bound {
            true => self.leave_out_rare(),
            false => Ok(()),
        }
    }

    /// Leaves each group its most frequent values, as many as the limit says.
    fn leave_out_rare(&mut self) -> Result<()> {
        let mut floors = std::mem::take(&mut self.floors);
        let grouped = self.take(floors.len())?;
        let (mut rows, mut groups) = (Vec::new(), Vec::new());
        for (group, range) in grouped.ranges().enumerate() {
            let kept = range.start..range.end.min(range.start + self.limit);
            if let Some(count) = grouped.counts.get(kept.end).filter(|_| kept.end < range.end) {
                floors[group] = floors[group].max(*count);
            }
            groups.resize(groups.len() + kept.len(), group as u32);
            rows.extend(kept.map(|row| row as u32));
        }
        let counts: Int64Array = rows.iter().map(|row| grouped.counts[*row as usize]).collect();
        let values = arrow_select::take::take(&grouped.values, &UInt32Array::from(rows), None)?;
        self.kept = usize::MAX / 4;
        self.add(&values, Some(&counts), Groups::PerRow(&groups), None, floors.len())?;
        self.kept = counts.len();
        self.floors = floors;
        Ok(())
    }

    /// All of it; empty afterwards.
    pub(super) fn take(&mut self, group_count: usize) -> Result<GroupedCounts> {
        let grouped = self.values.take(group_count)?;
        let places = grouped.columns[1].as_primitive::<Int64Type>();
        let all = std::mem::take(&mut self.counts);
        let count_of = |row: usize| all.get(places.value(row) as usize).copied().unwrap_or(0);
        let keys = self.keys.encode(&grouped.columns[..1], places.len())?;
        let mut order: Vec<u32> = (0..places.len() as u32).collect();
        for range in grouped.ranges() {
            order[range].sort_by(|left, right| {
                let (left, right) = (*left as usize, *right as usize);
                let by_count = count_of(right).cmp(&count_of(left));
                by_count.then_with(|| keys.compare(left, right))
            });
        }
        let counts = order.iter().map(|row| count_of(*row as usize)).collect();
        let values = arrow_select::take::take(&grouped.columns[0], &UInt32Array::from(order), None)?;
        self.places = HashMap::new();
        self.key_bytes = 0;
        self.floors = Vec::new();
        self.kept = 0;
        Ok(GroupedCounts {
            values,
            counts,
            offsets: grouped.offsets,
        })
    }

    /// The states' types: values, their counts, the largest count that was left out.
    pub(super) fn state_types(&self) -> Vec<DataType> {
        let list = super::value_lists::list_type;
        vec![list(&self.data_type), list(&DataType::Int64), DataType::Int64]
    }

    /// The states of all groups; empty afterwards.
    pub(super) fn states(&mut self, group_count: usize) -> Result<Vec<ArrayRef>> {
        super::rows::grow(&mut self.floors, group_count, 0);
        let floors = std::mem::take(&mut self.floors);
        let grouped = self.take(group_count)?;
        let offsets = list_offsets(&grouped.offsets)?;
        let list = |values: ArrayRef| -> Result<ArrayRef> {
            let field = item_field(values.data_type());
            Ok(Arc::new(ListArray::try_new(field, offsets.clone(), values, None)?))
        };
        Ok(vec![
            list(grouped.values.clone())?,
            list(Arc::new(Int64Array::from(grouped.counts)))?,
            Arc::new(Int64Array::from(floors)),
        ])
    }

    /// Takes states in.
    pub(super) fn merge(&mut self, states: &[ArrayRef], groups: Groups<'_>, group_count: usize) -> Result<()> {
        super::rows::grow(&mut self.floors, group_count, 0);
        let lists = states[0].as_list::<i32>();
        let mut lengths = lists.offsets().lengths();
        let mut row_groups = Vec::with_capacity(lists.values().len());
        visit(groups, None, |group, _| {
            let length = lengths.next().unwrap_or(0);
            row_groups.resize(row_groups.len() + length, group as u32);
        });
        let column = |state: &ArrayRef| {
            let list = state.as_list::<i32>();
            let (start, end) = (list.value_offsets()[0], list.value_offsets()[list.len()]);
            list.values().slice(start as usize, (end - start) as usize)
        };
        let counts = column(&states[1]);
        let counts = counts.as_primitive::<Int64Type>();
        self.add(
            &column(&states[0]),
            Some(counts),
            Groups::PerRow(&row_groups),
            None,
            group_count,
        )?;
        let floors = states[2].as_primitive::<Int64Type>();
        visit(groups, None, |group, row| self.floors[group] += floors.value(row));
        Ok(())
    }

    /// Bytes held.
    pub(super) fn memory_bytes(&self) -> usize {
        self.places.capacity() * ENTRY_BYTES
            + self.key_bytes
            + (self.counts.capacity() + self.floors.capacity()) * size_of::<i64>()
            + self.values.memory_bytes()
    }
}

/// What an aggregate makes of the counts of values.
pub(super) trait OfCounts: Send {
    /// The answers of all groups.
    fn answer(&self, grouped: &GroupedCounts, group_count: usize) -> Result<ArrayRef>;
}

/// An aggregate over how often its argument's values occur.
pub(super) struct Counted<A> {
    pub(super) counts: ValueCounts,
    pub(super) answer: A,
}

impl<A: OfCounts> Accumulator for Counted<A> {
    fn update(
        &mut self,
        arguments: &[ArrayRef],
        groups: Groups<'_>,
        selection: Option<&BooleanBuffer>,
        group_count: usize,
    ) -> Result<()> {
        let mask = counting_rows(&arguments[..1], selection);
        self.counts.add(&arguments[0], None, groups, mask.as_ref(), group_count)
    }

    fn merge(&mut self, states: &[ArrayRef], groups: Groups<'_>, group_count: usize) -> Result<()> {
        self.counts.merge(states, groups, group_count)
    }

    fn state_types(&self) -> Vec<DataType> {
        self.counts.state_types()
    }

    fn states(&mut self, group_count: usize) -> Result<Vec<ArrayRef>> {
        self.counts.states(group_count)
    }

    fn finish(&mut self, group_count: usize) -> Result<ArrayRef> {
        let grouped = self.counts.take(group_count)?;
        self.answer.answer(&grouped, group_count)
    }

    fn memory_bytes(&self) -> usize {
        self.counts.memory_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::testing::Random;

    #[test]
    fn frequent_values_are_found_among_many_in_parts_too() {
        let mut random = Random::new(3);
        let mut parts: Vec<ValueCounts> = (0..3)
            .map(|_| ValueCounts::new(DataType::Int64, 100).unwrap())
            .collect();
        let mut model = HashMap::new();
        for round in 0..300 {
            // Five values take half of the rows, the others hardly occur twice.
            let values: Vec<i64> = (0..1000)
                .map(|_| match random.below(10) {
                    frequent @ 0..5 => frequent as i64,
                    _ => random.below(1 << 40) as i64,
                })
                .collect();
            values
                .iter()
                .for_each(|value| *model.entry(*value).or_insert(0i64) += 1);
            let column: ArrayRef = Arc::new(Int64Array::from(values));
            let one = Groups::One {
                group: 1,
                row_count: 1000,
            };
            parts[round % 3].add(&column, None, one, None, 2).unwrap();
        }
        let mut all = ValueCounts::new(DataType::Int64, 100).unwrap();
        for mut part in parts {
            assert!(part.counts.len() <= 2200, "{}", part.counts.len());
            let states = part.states(2).unwrap();
            all.merge(&states, Groups::PerRow(&[0, 1]), 2).unwrap();
        }
        let grouped = all.take(2).unwrap();
        let ranges: Vec<_> = grouped.ranges().collect();
        assert!(ranges[0].is_empty());
        let values = grouped.values.as_primitive::<Int64Type>();
        let mut found: Vec<i64> = ranges[1].clone().take(5).map(|row| values.value(row)).collect();
        found.sort_unstable();
        assert_eq!(found, [0, 1, 2, 3, 4]);
        for row in ranges[1].clone().take(5) {
            let exact = model[&values.value(row)];
            assert!((exact..exact + 2000).contains(&grouped.counts[row]), "{exact}");
        }
    }
}
