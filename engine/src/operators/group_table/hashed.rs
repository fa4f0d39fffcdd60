//! The hash index: open addressing with linear probing over packed lanes.

use super::column::KeyColumn;
use super::lane::{Lane, LaneValues};
use super::packing::{BITS_MAX, Packing};
use super::range::Range;
use super::read_ahead::read_ahead;
use crate::operators::key::{hash_narrow, hash_wide};
use arrow_buffer::ScalarBuffer;

/// See the module.
pub(super) struct HashIndex {
    packing: Packing,
    form: Form,
}

enum Form {
    /// Up to 64 bits.
    Narrow(ProbeTable<u64>),
    /// Up to 128 bits.
    Wide(ProbeTable<u128>),
    /// More: the table finds candidates by hash, the columns decide.
    Candidates(CandidateTable),
}

impl HashIndex {
    /// Of the groups there are, for lanes of these ranges.
    pub(super) fn new(keys: &[KeyColumn], ranges: &[Option<Range>], group_count: usize) -> Self {
        let packing = Packing::new(keys, ranges, group_count);
        let form = match packing.bits() {
            ..=64 => Form::Narrow(ProbeTable::of_groups(keys, &packing, group_count)),
            65..=BITS_MAX => Form::Wide(ProbeTable::of_groups(keys, &packing, group_count)),
            _ => Form::Candidates(CandidateTable::of_groups(keys, group_count)),
        };
        HashIndex { packing, form }
    }

    pub(super) fn name(&self) -> &'static str {
        match self.form {
            Form::Narrow(_) => "hash of 64 bits",
            Form::Wide(_) => "hash of 128 bits",
            Form::Candidates(_) => "hash of columns",
        }
    }

    /// Finds or makes the groups of rows.
    pub(super) fn find(
        &mut self,
        lanes: &[Lane],
        ranges: &[Option<Range>],
        row_count: usize,
        groups: &mut Vec<u32>,
        keys: &mut [KeyColumn],
        group_count: &mut usize,
    ) {
        let must_change = match self.form {
            // Ranges only grow: what could not be packed cannot be later, but without groups there were none yet.
            Form::Candidates(_) => *group_count == 0,
            _ => !self.packing.covers(keys, ranges),
        };
        if must_change {
            *self = HashIndex::new(keys, ranges, *group_count);
        }
        groups.clear();
        let mut new_rows = Vec::new();
        match &mut self.form {
            Form::Narrow(table) => match single_long(lanes, &self.packing) {
                Some(packed) => table.find(&packed, groups, *group_count, &mut new_rows),
                None => {
                    let packed = self.packing.pack::<u64>(lanes, row_count);
                    table.find(&packed, groups, *group_count, &mut new_rows);
                }
            },
            Form::Wide(table) => {
                let packed = self.packing.pack::<u128>(lanes, row_count);
                table.find(&packed, groups, *group_count, &mut new_rows);
            }
            Form::Candidates(table) => return table.find(lanes, row_count, groups, keys, group_count),
        }
        for (key, lane) in keys.iter_mut().zip(lanes) {
            key.append(lane, &new_rows);
        }
        *group_count += new_rows.len();
    }

    pub(super) fn memory_bytes(&self) -> usize {
        match &self.form {
            Form::Narrow(table) => table.memory_bytes(),
            Form::Wide(table) => table.memory_bytes(),
            Form::Candidates(table) => table.entries.capacity() * size_of::<(u32, u32)>(),
        }
    }
}

/// The lane of a single 64-bit column, as it is.
fn single_long(lanes: &[Lane], packing: &Packing) -> Option<ScalarBuffer<u64>> {
    match lanes {
        [
            Lane {
                values: LaneValues::Long(values),
                ..
            },
        ] if packing.is_plain_long() => Some(ScalarBuffer::from(values.inner().clone())),
        _ => None,
    }
}

/// An integer that lanes are packed into.
pub(super) trait PackedKey: Copy + Eq + Default + Send {
    /// As slots hold it, without room between a key and the number beside it that 128 bits would have.
    type Stored: Copy + Default + Eq + Send;
    fn store(self) -> Self::Stored;
    fn load(stored: Self::Stored) -> Self;
    /// `self` moved up by so many bits, with the lowest bits of a value below.
    fn append(self, bits: u32, value: i64) -> Self;
    fn hash(self) -> u64;
}

macro_rules! packed_key {
    ($native:ty, $stored:ty, $store:expr, $load:expr, $hash:expr) => {
        impl PackedKey for $native {
            type Stored = $stored;
            #[inline(always)]
            fn store(self) -> $stored {
                $store(self)
            }
            #[inline(always)]
            fn load(stored: $stored) -> Self {
                $load(stored)
            }
            #[inline(always)]
            fn append(self, bits: u32, value: i64) -> Self {
                let low = value as u64 & (u64::MAX >> (64 - bits.min(64)));
                self.checked_shl(bits).unwrap_or(0) | <$native>::from(low)
            }
            #[inline(always)]
            fn hash(self) -> u64 {
                $hash(self)
            }
        }
    };
}
packed_key!(u64, u64, |key| key, |key| key, hash_narrow);
packed_key!(
    u128,
    [u64; 2],
    |key: u128| [key as u64, (key >> 64) as u64],
    |[low, high]: [u64; 2]| u128::from(low) | u128::from(high) << 64,
    hash_wide
);

/// Keys and, beside each, one more than its group's number; 0 is a free slot.
struct ProbeTable<K: PackedKey> {
    slots: Vec<(K::Stored, u32)>,
    used: usize,
}

/// Slots of a small table.
const SLOTS_MIN: usize = 1024;

/// Rows between two looks at how full a table is.
const CHUNK_ROWS: usize = 512;

impl<K: PackedKey> ProbeTable<K> {
    fn of_groups(keys: &[KeyColumn], packing: &Packing, group_count: usize) -> Self {
        let slot_count = (group_count * 2).next_power_of_two().max(SLOTS_MIN);
        let mut table = ProbeTable {
            slots: vec![(K::Stored::default(), 0); slot_count],
            used: 0,
        };
        for group in 0..group_count {
            table.place(packing.pack_group(keys, group), group as u32 + 1);
        }
        table.used = group_count;
        table
    }

    #[inline(always)]
    fn place(&mut self, key: K, number: u32) {
        let mask = self.slots.len() - 1;
        let mut at = key.hash() as usize & mask;
        while self.slots[at].1 != 0 {
            at = (at + 1) & mask;
        }
        self.slots[at] = (key.store(), number);
    }

    fn find(&mut self, keys: &[K], groups: &mut Vec<u32>, group_count: usize, new_rows: &mut Vec<u32>) {
        groups.resize(keys.len(), 0);
        let mut first_row = 0;
        for (keys, groups) in keys.chunks(CHUNK_ROWS).zip(groups.chunks_mut(CHUNK_ROWS)) {
            // Five eighths full at most, whatever the chunk brings: probes stay short.
            while (self.used + CHUNK_ROWS) * 8 > self.slots.len() * 5 {
                self.grow();
            }
            let before = new_rows.len();
            read_ahead(&self.slots, keys.iter().map(|key| key.hash()));
            let slots = &mut self.slots[..];
            let mask = slots.len() - 1;
            for (row, (key, group)) in keys.iter().zip(groups).enumerate() {
                let mut at = key.hash() as usize & mask;
                let stored = key.store();
                let number = loop {
                    let slot = &mut slots[at];
                    if slot.0 == stored && slot.1 != 0 {
                        break slot.1;
                    }
                    if slot.1 == 0 {
                        new_rows.push((first_row + row) as u32);
                        let number = (group_count + new_rows.len()) as u32;
                        *slot = (stored, number);
                        break number;
                    }
                    at = (at + 1) & mask;
                };
                *group = number - 1;
            }
            self.used += new_rows.len() - before;
            first_row += keys.len();
        }
    }

    #[cold]
    fn grow(&mut self) {
        // Small tables grow fast: rebuilding costs more than their memory.
        let factor = if self.slots.len() < 1 << 16 { 4 } else { 2 };
        let larger = vec![(K::Stored::default(), 0); self.slots.len() * factor];
        for (key, number) in std::mem::replace(&mut self.slots, larger) {
            if number != 0 {
                self.place(K::load(key), number);
            }
        }
    }

    fn memory_bytes(&self) -> usize {
        self.slots.capacity() * size_of::<(K::Stored, u32)>()
    }
}

/// Hashes and, beside each, one more than a group's number; 0 is a free slot.
struct CandidateTable {
    entries: Vec<(u32, u32)>,
}

fn hash_values(values: impl Iterator<Item = Option<i64>>) -> u64 {
    values.fold(0, |hash, value| {
        let value = value.map_or(u128::MAX, |value| u128::from(value as u64));
        hash_wide(u128::from(hash) << 64 ^ value)
    })
}

impl CandidateTable {
    fn of_groups(keys: &[KeyColumn], group_count: usize) -> Self {
        let mut table = CandidateTable { entries: Vec::new() };
        table.grow(keys, group_count);
        table
    }

    fn grow(&mut self, keys: &[KeyColumn], group_count: usize) {
        let slot_count = (group_count * 4).next_power_of_two().max(SLOTS_MIN);
        self.entries = vec![(0, 0); slot_count];
        for group in 0..group_count {
            self.place(hash_values(keys.iter().map(|key| key.value(group))), group as u32 + 1);
        }
    }

    fn place(&mut self, hash: u64, number: u32) {
        let mask = self.entries.len() - 1;
        let mut at = hash as usize & mask;
        while self.entries[at].1 != 0 {
            at = (at + 1) & mask;
        }
        self.entries[at] = ((hash >> 32) as u32, number);
    }

    fn find(
        &mut self,
        lanes: &[Lane],
        row_count: usize,
        groups: &mut Vec<u32>,
        keys: &mut [KeyColumn],
        group_count: &mut usize,
    ) {
        for row in 0..row_count {
            if *group_count * 2 > self.entries.len() {
                self.grow(keys, *group_count);
            }
            let hash = hash_values(lanes.iter().map(|lane| lane.value(row)));
            let tag = (hash >> 32) as u32;
            let mask = self.entries.len() - 1;
            let mut at = hash as usize & mask;
            let group = loop {
                let (known, number) = self.entries[at];
                if number == 0 {
                    for (key, lane) in keys.iter_mut().zip(lanes) {
                        key.push(lane.value(row));
                    }
                    *group_count += 1;
                    self.entries[at] = (tag, *group_count as u32);
                    break *group_count - 1;
                }
                let group = number as usize - 1;
                let mut columns = keys.iter().zip(lanes);
                if known == tag && columns.all(|(key, lane)| key.value(group) == lane.value(row)) {
                    break group;
                }
                at = (at + 1) & mask;
            };
            groups.push(group as u32);
        }
    }
}
