//! The direct index: an array of group numbers, indexed by the lanes' distances from their smallest values.

use super::column::KeyColumn;
use super::lane::{Lane, LaneValue, LaneValues, with_slice};
use super::range::Range;
use arrow_buffer::NullBuffer;
use stoa_storage::vector::multiversion::{Kernel, dispatch};

/// Slots at most: a megabyte of them, so that most of what is used stays in the processor's cache.
const SLOTS_MAX: u64 = 1 << 18;

/// See the module.
pub(super) struct DirectIndex {
    columns: Vec<DirectColumn>,
    /// One more than the group's number; 0 is no group yet.
    slots: Vec<u32>,
    /// Of the batch in hand; kept for its memory.
    places: Vec<u32>,
}

/// A lane's part of a slot's place: 0 for NULL, otherwise `value - base`, times the stride.
#[derive(Clone, Debug)]
struct DirectColumn {
    /// One less than the smallest value.
    base: i64,
    /// Parts there are: values and NULL.
    size: u64,
    stride: u64,
    /// Ids are dense, so that one column of them may have as many slots as it has values.
    gives_ids: bool,
}

impl DirectColumn {
    fn covers(&self, range: Option<Range>) -> bool {
        range.is_none_or(|range| {
            // Ids begin with their NULL, 0.
            let smallest = i128::from(range.minimum) - i128::from(self.base);
            let largest = i128::from(range.maximum) - i128::from(self.base);
            smallest >= i128::from(!self.gives_ids) && largest < i128::from(self.size)
        })
    }

    #[inline]
    fn part(&self, value: Option<i64>) -> usize {
        (value.map_or(0, |value| value.wrapping_sub(self.base) as u64) * self.stride) as usize
    }

    /// Covers a range, too: just so, or with room for as much again in the direction in which it grew.
    fn widened(&self, range: Option<Range>, with_room: bool) -> Option<Self> {
        if self.covers(range) {
            return Some(self.clone());
        }
        let mut range = range?;
        if self.gives_ids {
            let needed = u64::try_from(range.maximum).ok()?.checked_add(1)?.max(self.size);
            let size = if with_room {
                needed.checked_next_power_of_two()?
            } else {
                needed
            };
            return Some(DirectColumn { size, ..self.clone() });
        }
        let grew_down = self.size > 1 && range.minimum <= self.base;
        if self.size > 1 {
            let known = Range {
                minimum: self.base.checked_add(1)?,
                maximum: self.base.checked_add(i64::try_from(self.size).ok()? - 1)?,
            };
            range = range.union(known);
        }
        let needed = range.length().checked_add(2)?;
        let size = match with_room {
            true => needed.checked_next_power_of_two()?,
            false => needed,
        };
        let room = i64::try_from(size - needed).ok()?;
        let minimum = match grew_down {
            true => range.minimum.saturating_sub(room),
            false => range.minimum,
        };
        Some(DirectColumn {
            base: minimum.checked_sub(1)?,
            size,
            ..self.clone()
        })
    }
}

impl DirectIndex {
    pub(super) fn new(columns: &[KeyColumn]) -> Self {
        let columns = columns
            .iter()
            .map(|column| DirectColumn {
                base: 0,
                size: 1,
                stride: 1,
                gives_ids: column.gives_ids(),
            })
            .collect();
        DirectIndex {
            columns,
            slots: vec![0],
            places: Vec::new(),
        }
    }

    /// Whether the lanes' ranges lie within the index.
    pub(super) fn covers(&self, ranges: &[Option<Range>]) -> bool {
        let mut columns = self.columns.iter().zip(ranges);
        columns.all(|(column, range)| column.covers(*range))
    }

    /// Finds the groups of a single column's rows in one pass, where all are there; without NULLs there is nothing else to look at.
    pub(super) fn look_up(&self, lanes: &[Lane], groups: &mut Vec<u32>) -> bool {
        let ([column], [lane]) = (self.columns.as_slice(), lanes) else {
            return false;
        };
        if lane.nulls.is_some() {
            return false;
        }
        // The first slot is NULL's, which only an id can mean.
        let (slots, base) = match column.gives_ids {
            true => (&self.slots[..], column.base),
            false => (&self.slots[1..], column.base.wrapping_add(1)),
        };
        with_slice!(&lane.values, values => look_up(slots, base, values, groups), constant _value => false)
    }

    /// Makes the index cover these ranges; `false` where it would be too large.
    pub(super) fn widen(&mut self, ranges: &[Option<Range>], keys: &[KeyColumn], group_count: usize) -> bool {
        for with_room in [true, false] {
            let columns = self
                .columns
                .iter()
                .zip(ranges)
                .map(|(column, range)| column.widened(*range, with_room));
            let Some(columns) = columns.collect::<Option<Vec<_>>>() else {
                continue;
            };
            if let Some((columns, slot_count)) = strided(columns) {
                self.columns = columns;
                self.rebuild(slot_count, keys, group_count);
                return true;
            }
        }
        false
    }

    fn rebuild(&mut self, slot_count: usize, keys: &[KeyColumn], group_count: usize) {
        self.slots.clear();
        self.slots.resize(slot_count, 0);
        for group in 0..group_count {
            let parts = self.columns.iter().zip(keys);
            let place: usize = parts.map(|(column, key)| column.part(key.value(group))).sum();
            self.slots[place] = group as u32 + 1;
        }
    }

    /// Finds or makes the groups of rows whose lanes the index covers.
    pub(super) fn find(
        &mut self,
        lanes: &[Lane],
        row_count: usize,
        groups: &mut Vec<u32>,
        keys: &mut [KeyColumn],
        group_count: &mut usize,
    ) {
        self.place(lanes, row_count);
        groups.clear();
        let (slots, places) = (&self.slots, &self.places);
        groups.extend(places.iter().map(|place| slots[*place as usize].wrapping_sub(1)));
        if !groups.contains(&u32::MAX) {
            return;
        }
        let mut new_rows = Vec::new();
        for (row, (group, place)) in groups.iter_mut().zip(&self.places).enumerate() {
            if *group != u32::MAX {
                continue;
            }
            let slot = &mut self.slots[*place as usize];
            if *slot == 0 {
                new_rows.push(row as u32);
                *slot = (*group_count + new_rows.len()) as u32;
            }
            *group = *slot - 1;
        }
        for (key, lane) in keys.iter_mut().zip(lanes) {
            key.append(lane, &new_rows);
        }
        *group_count += new_rows.len();
    }

    /// Computes the places of rows.
    fn place(&mut self, lanes: &[Lane], row_count: usize) {
        let constant: usize = self
            .columns
            .iter()
            .zip(lanes)
            .map(|(column, lane)| match lane.values {
                LaneValues::Constant(value) => column.part(value),
                _ => 0,
            })
            .sum();
        self.places.clear();
        self.places.resize(row_count, constant as u32);
        for (column, lane) in self.columns.iter().zip(lanes) {
            let nulls = lane.nulls.as_ref();
            with_slice!(&lane.values, values => add_parts(&mut self.places, values, nulls, column), constant _value => {});
        }
    }

    pub(super) fn memory_bytes(&self) -> usize {
        (self.slots.capacity() + self.places.capacity()) * size_of::<u32>()
    }
}

/// Strides for columns, and slots in all; `None` where they are too many.
fn strided(mut columns: Vec<DirectColumn>) -> Option<(Vec<DirectColumn>, usize)> {
    let only_ids = columns.len() == 1 && columns[0].gives_ids;
    let mut slot_count = 1u64;
    for column in &mut columns {
        column.stride = slot_count;
        slot_count = slot_count.checked_mul(column.size)?;
    }
    let limit = if only_ids { u64::from(u32::MAX) / 2 } else { SLOTS_MAX };
    (slot_count <= limit).then_some((columns, slot_count as usize))
}

fn look_up<V: LaneValue>(slots: &[u32], base: i64, values: &[V], groups: &mut Vec<u32>) -> bool {
    let mut is_missing = false;
    groups.clear();
    groups.extend(values.iter().map(|value| {
        let place = value.widen().wrapping_sub(base) as usize;
        let number = slots.get(place).copied().unwrap_or(0);
        is_missing |= number == 0;
        number.wrapping_sub(1)
    }));
    !is_missing
}

fn add_parts<V: LaneValue>(places: &mut [u32], values: &[V], nulls: Option<&NullBuffer>, column: &DirectColumn) {
    let parts = Parts {
        places,
        values,
        base: column.base,
        stride: column.stride as u32,
    };
    match nulls {
        None => dispatch(parts),
        Some(nulls) => {
            for (row, (place, value)) in parts.places.iter_mut().zip(values).enumerate() {
                if nulls.is_valid(row) {
                    *place += value.widen().wrapping_sub(parts.base) as u32 * parts.stride;
                }
            }
        }
    }
}

struct Parts<'a, V> {
    places: &'a mut [u32],
    values: &'a [V],
    base: i64,
    stride: u32,
}

impl<V: LaneValue> Kernel for Parts<'_, V> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        if self.stride == 1 {
            for (place, value) in self.places.iter_mut().zip(self.values) {
                *place = place.wrapping_add(value.widen().wrapping_sub(self.base) as u32);
            }
            return;
        }
        for (place, value) in self.places.iter_mut().zip(self.values) {
            let part = value.widen().wrapping_sub(self.base) as u32;
            *place = place.wrapping_add(part.wrapping_mul(self.stride));
        }
    }
}
