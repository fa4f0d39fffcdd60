//! Sets of integers, one per group: a hash table, and a bitmap as soon as that takes no more memory.

use super::numbers::{is_number, number_array, widened, with_numbers};
use crate::error::Result;
use crate::functions::Groups;
use crate::operators::key::hash_narrow;
use arrow_array::{Array, ArrayRef, new_null_array};
use arrow_schema::DataType;

/// The distinct values of a column by group.
pub(super) struct IntegerSets {
    data_type: DataType,
    sets: Vec<IntegerSet>,
    has_null: Vec<bool>,
}

impl IntegerSets {
    /// For a column of a plain type that is a number.
    pub(super) fn new(data_type: &DataType) -> Option<Self> {
        is_number(data_type).then(|| IntegerSets {
            data_type: data_type.clone(),
            sets: Vec::new(),
            has_null: Vec::new(),
        })
    }

    /// Adds a plain column's rows, whose groups are below a number.
    pub(super) fn add(&mut self, column: &ArrayRef, groups: Groups<'_>, group_count: usize) {
        if self.sets.len() < group_count {
            self.sets.resize_with(group_count, IntegerSet::default);
            self.has_null.resize(group_count, false);
        }
        let nulls = column.nulls().filter(|nulls| nulls.null_count() > 0);
        with_numbers!(column, values => match (groups, nulls) {
            (Groups::One { group, .. }, None) => self.sets[group as usize].extend(values),
            (Groups::PerRow(groups), None) => {
                for (group, value) in groups.iter().zip(values) {
                    self.sets[*group as usize].insert(widened(value));
                }
            }
            (groups, Some(nulls)) => {
                for (row, value) in values.iter().enumerate() {
                    let group = match groups {
                        Groups::One { group, .. } => group,
                        Groups::PerRow(groups) => groups[row],
                    } as usize;
                    match nulls.is_valid(row) {
                        true => self.sets[group].insert(widened(value)),
                        false => self.has_null[group] = true,
                    }
                }
            }
        });
    }

    /// Hands out each group's values, of groups that have any; empty afterwards.
    pub(super) fn take(&mut self, mut visit: impl FnMut(u32, ArrayRef) -> Result<()>) -> Result<()> {
        let sets = std::mem::take(&mut self.sets);
        let has_null = std::mem::take(&mut self.has_null);
        for (group, (set, has_null)) in (0..).zip(sets.into_iter().zip(has_null)) {
            let mut values = number_array(&self.data_type, set.values().into_iter());
            if has_null {
                let null = new_null_array(&self.data_type, 1);
                values = arrow_select::concat::concat(&[&values, &null])?;
            }
            if !values.is_empty() {
                visit(group, values)?;
            }
        }
        Ok(())
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.sets
            .iter()
            .map(|set| size_of::<IntegerSet>() + set.memory_bytes())
            .sum()
    }
}

/// A set of integers.
#[derive(Default)]
struct IntegerSet {
    form: Form,
    count: usize,
}

enum Form {
    /// Open addressing; [`FREE`] is a free slot, and if it is a value it stands in `has_free_value`.
    Hashed { slots: Vec<i64>, has_free_value: bool },
    /// One bit per value from `base` on.
    Bits { base: i64, words: Vec<u64> },
}

impl Default for Form {
    fn default() -> Self {
        Form::Hashed {
            slots: Vec::new(),
            has_free_value: false,
        }
    }
}

const FREE: i64 = i64::MIN;
/// Slots of a small table.
const SLOTS_MIN: usize = 16;

impl IntegerSet {
    fn extend<V: Copy + Into<i64>>(&mut self, values: &[V]) {
        let mut done = 0;
        while let Some(value) = values.get(done) {
            if let Form::Bits { base, words } = &mut self.form {
                let (taken, added) = set_bits(words, *base, &values[done..]);
                self.count += added;
                done += taken;
                if done == values.len() {
                    return;
                }
            }
            self.insert((*values.get(done).unwrap_or(value)).into());
            done += 1;
        }
    }

    fn insert(&mut self, value: i64) {
        loop {
            match &mut self.form {
                Form::Bits { base, words } => {
                    let (taken, added) = set_bits(words, *base, &[value]);
                    if taken == 1 {
                        self.count += added;
                        return;
                    }
                }
                Form::Hashed { has_free_value, .. } if value == FREE => {
                    self.count += usize::from(!std::mem::replace(has_free_value, true));
                    return;
                }
                Form::Hashed { slots, .. } if (self.count + 1) * 2 <= slots.len() => {
                    self.count += usize::from(insert_hashed(slots, value));
                    return;
                }
                Form::Hashed { .. } => {}
            }
            self.make_room(value);
        }
    }

    /// Takes the form that has room for one more value in the least memory.
    #[cold]
    fn make_room(&mut self, value: i64) {
        let slot_count = ((self.count + 1) * 4).next_power_of_two().max(SLOTS_MIN);
        let known = self.values();
        let (minimum, maximum) = known.iter().fold((value, value), |(minimum, maximum), value| {
            (minimum.min(*value), maximum.max(*value))
        });
        // Room for as much again on both sides: values go on coming, and few of them at the very ends.
        let span = i128::from(maximum) - i128::from(minimum) + 1;
        let room = (span / 4).max(64);
        let base = (i128::from(minimum) - room).max(i128::from(i64::MIN));
        let word_count = ((i128::from(maximum) + room - base) / 64 + 1) as u128;
        let form = match word_count <= slot_count as u128 {
            true => Form::Bits {
                base: base as i64,
                words: vec![0; word_count as usize],
            },
            false => Form::Hashed {
                slots: vec![FREE; slot_count],
                has_free_value: false,
            },
        };
        *self = IntegerSet { form, count: 0 };
        self.extend(&known);
    }

    /// All values.
    fn values(&self) -> Vec<i64> {
        let mut values = Vec::with_capacity(self.count);
        match &self.form {
            Form::Hashed { slots, has_free_value } => {
                values.extend(slots.iter().filter(|value| **value != FREE));
                values.extend(has_free_value.then_some(FREE));
            }
            Form::Bits { base, words } => {
                for (at, word) in words.iter().enumerate() {
                    let first = base.wrapping_add(at as i64 * 64);
                    let mut left = *word;
                    while left != 0 {
                        values.push(first.wrapping_add(i64::from(left.trailing_zeros())));
                        left &= left - 1;
                    }
                }
            }
        }
        values
    }

    fn memory_bytes(&self) -> usize {
        match &self.form {
            Form::Hashed { slots, .. } => slots.capacity() * size_of::<i64>(),
            Form::Bits { words, .. } => words.capacity() * size_of::<u64>(),
        }
    }
}

/// Whether the value is new. There is a free slot.
fn insert_hashed(slots: &mut [i64], value: i64) -> bool {
    let mask = slots.len() - 1;
    let mut at = hash_narrow(value as u64) as usize & mask;
    loop {
        if slots[at] == value {
            return false;
        }
        if slots[at] == FREE {
            slots[at] = value;
            return true;
        }
        at = (at + 1) & mask;
    }
}

/// Sets bits up to the first value that has none; says how many values those were, and how many of them were new.
fn set_bits<V: Copy + Into<i64>>(words: &mut [u64], base: i64, values: &[V]) -> (usize, usize) {
    let mut added = 0;
    for (row, value) in values.iter().enumerate() {
        let place = (*value).into().wrapping_sub(base) as u64;
        let Some(word) = words.get_mut((place / 64) as usize) else {
            return (row, added);
        };
        let bit = 1 << (place % 64);
        added += usize::from(*word & bit == 0);
        *word |= bit;
    }
    (values.len(), added)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::testing::Random;
    use arrow_array::Int64Array;
    use arrow_array::cast::AsArray;
    use arrow_array::types::Int64Type;
    use std::collections::BTreeSet;
    use std::sync::Arc;

    #[test]
    fn sets_hold_each_value_once() {
        let mut random = Random::new(5);
        let ends = [i64::MIN, i64::MIN + 1, i64::MAX, 0, -1];
        for (below, rows) in [(10, 500), (5_000, 20_000), (1 << 62, 3_000), (100_000, 300_000)] {
            for with_ends in [false, true] {
                let mut values: Vec<i64> = (0..rows).map(|_| random.below(below) as i64 - 4_000).collect();
                if with_ends {
                    values.extend(ends);
                }
                let column: ArrayRef = Arc::new(Int64Array::from(values.clone()));
                let mut sets = IntegerSets::new(&DataType::Int64).unwrap();
                for start in (0..values.len()).step_by(700) {
                    let length = (values.len() - start).min(700);
                    let piece = column.slice(start, length);
                    match start % 3 {
                        0 => sets.add(
                            &piece,
                            Groups::One {
                                group: 1,
                                row_count: length,
                            },
                            2,
                        ),
                        _ => sets.add(&piece, Groups::PerRow(&vec![1; length]), 2),
                    }
                }
                let expected: Vec<i64> = values.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
                let mut found = Vec::new();
                sets.take(|group, values| {
                    assert_eq!(group, 1);
                    found.extend(values.as_primitive::<Int64Type>().values().iter().copied());
                    Ok(())
                })
                .unwrap();
                found.sort();
                assert_eq!(found, expected);
            }
        }
    }
}
