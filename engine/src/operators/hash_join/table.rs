//! Where the rows of a key are found.
//!
//! Dense integer keys index an array. Other keys go into an unchained table: entries sorted by hash lie in one array, and a
//! directory gives each hash prefix its range of entries, with sixteen bits that tell most absent keys without a look at the entries.
//! Tables are cut into partitions by the hash, so that workers fill them without locks.

use crate::operators::key::{Keys, hash_narrow, hash_wide};
use arrow_buffer::{NullBuffer, ScalarBuffer};
use std::sync::atomic::{AtomicU32, Ordering};

/// Bits of the hash that choose the partition, where there are several.
pub(super) const PARTITION_BITS: u32 = 6;

/// No row.
pub(super) const NO_ROW: u32 = u32::MAX;

/// Where candidates are found.
#[derive(Debug)]
pub(super) enum Table {
    /// Every one of so many rows.
    Every(u32),
    Direct(DirectTable),
    Narrow(HashTable<u64>),
    Wide(HashTable<u128>),
    /// By the hash; the keys themselves are beside it.
    Bytes(HashTable<u64>, KeyBytes),
}

impl Table {
    /// For EXPLAIN ANALYZE.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Table::Every(_) => "none",
            Table::Direct(_) => "direct",
            Table::Narrow(_) | Table::Wide(_) | Table::Bytes(..) => "hash",
        }
    }
}

/// Rows by key, for integer keys within a small range. Segments of equal power-of-two length hold one more than the last row
/// of each key.
#[derive(Debug)]
pub(super) struct DirectTable {
    pub(super) minimum: u64,
    pub(super) maximum: u64,
    pub(super) segment_bits: u32,
    pub(super) segments: Vec<Vec<u32>>,
    /// For each row one more than the next row of the same key; none where keys are unique.
    pub(super) next: Option<Vec<AtomicU32>>,
}

impl DirectTable {
    #[inline(always)]
    fn head(&self, key: u64) -> u32 {
        if key < self.minimum || key > self.maximum {
            return 0;
        }
        let offset = (key - self.minimum) as usize;
        self.segments[offset >> self.segment_bits][offset & ((1 << self.segment_bits) - 1)]
    }

    #[inline(always)]
    fn next(&self, row: u32) -> u32 {
        match &self.next {
            None => 0,
            Some(next) => next[row as usize].load(Ordering::Relaxed),
        }
    }
}

/// A key of a hash table.
pub(super) trait TableKey: Copy + Eq + Send + Sync + std::fmt::Debug + 'static {
    /// Its hash.
    fn hash(self) -> u64;
}

impl TableKey for u64 {
    #[inline(always)]
    fn hash(self) -> u64 {
        hash_narrow(self)
    }
}

impl TableKey for u128 {
    #[inline(always)]
    fn hash(self) -> u64 {
        hash_wide(self)
    }
}

/// An unchained table in partitions.
#[derive(Debug)]
pub(super) struct HashTable<K> {
    /// A power of two.
    pub(super) partitions: Vec<Partition<K>>,
}

/// The rows whose hashes share their first bits.
#[derive(Debug)]
pub(super) struct Partition<K> {
    /// For each slot the place of its first entry, above sixteen bits of which each entry of the slot sets one; one more
    /// slot at the end.
    directory: Vec<u64>,
    slot_bits: u32,
    entries: Vec<(K, u32)>,
}

/// The bit that a hash sets in its slot.
#[inline(always)]
fn tag(hash: u64) -> u64 {
    1 << (hash & 15)
}

impl<K: Copy> Partition<K> {
    /// Of entries with their hashes, all of one partition.
    pub(super) fn new(rows: Vec<(K, u32, u64)>, partition_bits: u32) -> Self {
        let slot_bits = rows.len().next_power_of_two().trailing_zeros().max(1);
        let slot = |hash: u64| ((hash << partition_bits) >> (64 - slot_bits)) as usize;
        let mut directory = vec![0u64; (1 << slot_bits) + 1];
        for (_, _, hash) in &rows {
            directory[slot(*hash)] += 1 << 16;
        }
        let mut place = 0;
        for entry in &mut directory {
            place += std::mem::replace(entry, place << 16) >> 16;
        }
        let mut entries = match rows.first() {
            Some((key, row, _)) => vec![(*key, *row); rows.len()],
            None => Vec::new(),
        };
        // While entries are placed, a slot's place is that of its next entry ..
        for (key, row, hash) in &rows {
            let slot = &mut directory[slot(*hash)];
            entries[(*slot >> 16) as usize] = (*key, *row);
            *slot = (*slot + (1 << 16)) | tag(*hash);
        }
        // .. and in the end that of the next slot's first: moved up by one, it is right again, the bits stay.
        let mut place = 0;
        for slot in &mut directory {
            let next = *slot >> 16;
            *slot = (place << 16) | (*slot & 0xffff);
            place = next;
        }
        Partition {
            directory,
            slot_bits,
            entries,
        }
    }

    /// Bytes of a partition of so many rows.
    pub(super) fn bytes(row_count: usize) -> usize {
        row_count * size_of::<(K, u32)>() + (row_count.next_power_of_two() + 1) * 8
    }
}

impl<K: TableKey> HashTable<K> {
    #[inline(always)]
    fn partition_bits(&self) -> u32 {
        self.partitions.len().trailing_zeros()
    }

    #[inline(always)]
    fn partition(&self, hash: u64) -> &Partition<K> {
        match self.partitions.as_slice() {
            [only] => only,
            partitions => &partitions[(hash >> (64 - PARTITION_BITS)) as usize],
        }
    }

    /// The range of entries that may be of a hash's key.
    #[inline(always)]
    fn range(&self, hash: u64, partition_bits: u32) -> (u32, u32) {
        let partition = self.partition(hash);
        let slot = ((hash << partition_bits) >> (64 - partition.slot_bits)) as usize;
        let entry = partition.directory[slot];
        if entry & tag(hash) == 0 {
            return (0, 0);
        }
        ((entry >> 16) as u32, (partition.directory[slot + 1] >> 16) as u32)
    }
}

/// Keys of bytes by row.
#[derive(Debug, Default)]
pub(super) struct KeyBytes {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl KeyBytes {
    pub(super) fn with_capacity(rows: usize, bytes: usize) -> Self {
        KeyBytes {
            bytes: Vec::with_capacity(bytes),
            ends: Vec::with_capacity(rows),
        }
    }

    pub(super) fn push(&mut self, key: &[u8]) {
        self.bytes.extend_from_slice(key);
        self.ends.push(self.bytes.len());
    }

    #[inline]
    fn get(&self, row: u32) -> &[u8] {
        let row = row as usize;
        let start = row.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start..self.ends[row]]
    }
}

/// The keys that are looked up: one per selected row of a batch, or one per value of the dictionary that the rows' codes point into.
pub(super) struct ProbeKeys {
    pub(super) keys: Keys,
    codes: Option<ScalarBuffer<u32>>,
    pub(super) row_count: usize,
    /// Rows without NULL keys; `None` is all.
    pub(super) present: Option<NullBuffer>,
    hashes: Vec<u64>,
    /// Per row where its candidates begin and end; for a direct table one more than the first row.
    starts: Vec<u32>,
    ends: Vec<u32>,
}

impl ProbeKeys {
    /// Looks all keys up.
    pub(super) fn new(keys: Keys, row_count: usize, present: Option<NullBuffer>, table: &Table) -> Self {
        ProbeKeys::with_codes(keys, None, row_count, present, table)
    }

    /// Looks all keys up, of which each row has the one with its code.
    pub(super) fn with_codes(
        keys: Keys,
        codes: Option<ScalarBuffer<u32>>,
        row_count: usize,
        present: Option<NullBuffer>,
        table: &Table,
    ) -> Self {
        let mut probe = ProbeKeys {
            row_count,
            present,
            codes,
            hashes: Vec::new(),
            starts: Vec::new(),
            ends: Vec::new(),
            keys,
        };
        match table {
            Table::Every(_) => {}
            Table::Direct(direct) => {
                if let Keys::Narrow(keys) = &probe.keys {
                    probe.starts = keys.iter().map(|key| direct.head(*key)).collect();
                }
            }
            Table::Narrow(table) | Table::Bytes(table, _) => probe.look_up(table),
            Table::Wide(table) => probe.look_up(table),
        }
        if let Some(present) = &probe.present
            && !probe.starts.is_empty()
        {
            for row in (!present.inner()).set_indices() {
                probe.starts[row] = 0;
                if let Some(end) = probe.ends.get_mut(row) {
                    *end = 0;
                }
            }
        }
        probe
    }

    fn look_up<K: TableKey>(&mut self, table: &HashTable<K>) {
        self.hashes = self.keys.hashes();
        let partition_bits = table.partition_bits();
        let ranges = self.hashes.iter().map(|hash| table.range(*hash, partition_bits));
        (self.starts, self.ends) = ranges.unzip();
        if let Some(codes) = &self.codes {
            self.hashes = by_codes(codes, &self.hashes);
            self.starts = by_codes(codes, &self.starts);
            self.ends = by_codes(codes, &self.ends);
        }
    }

    /// Where the key of a row is.
    #[inline(always)]
    fn place(&self, row: usize) -> usize {
        self.codes.as_ref().map_or(row, |codes| codes[row] as usize)
    }
}

/// What each row's code stands for. The code of a NULL row may be anything, and what it gets is not used.
fn by_codes<T: Copy + Default>(codes: &[u32], values: &[T]) -> Vec<T> {
    let values = codes
        .iter()
        .map(|code| values.get(*code as usize).copied().unwrap_or_default());
    values.collect()
}

/// How far the candidates of a batch were gone through.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cursor {
    row: usize,
    at: Option<u32>,
}

/// Pairs of a selected row of the left batch and a stored right row.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    pub(super) left: Vec<u32>,
    pub(super) right: Vec<u32>,
}

impl Pairs {
    /// Leaves the pairs whose right row is wanted.
    pub(super) fn retain_right(&mut self, is_wanted: impl Fn(u32) -> bool) {
        let pairs = self
            .left
            .iter()
            .zip(&self.right)
            .filter(|(_, right)| is_wanted(**right));
        (self.left, self.right) = pairs.unzip();
    }

    #[inline(always)]
    fn push(&mut self, left: usize, right: u32) {
        self.left.push(left as u32);
        self.right.push(right);
    }
}

impl Table {
    /// Adds the next pairs with equal keys, up to `pairs_max` in all. Rows with a bit in `skip` are left out. Gives whether
    /// there are no more.
    pub(super) fn pairs(
        &self,
        probe: &ProbeKeys,
        cursor: &mut Cursor,
        pairs_max: usize,
        skip: Option<&[bool]>,
        pairs: &mut Pairs,
    ) -> bool {
        let skips = |row: usize| skip.is_some_and(|skip| skip[row]);
        match (self, &probe.keys) {
            (Table::Every(rows), _) => every_pair(*rows, probe.row_count, cursor, pairs_max, &skips, pairs),
            (Table::Direct(table), _) => direct_pairs(table, probe, cursor, pairs_max, &skips, pairs),
            (Table::Narrow(table), Keys::Narrow(keys)) => {
                hashed_pairs(table, keys, probe, cursor, pairs_max, &skips, &|_, _| true, pairs)
            }
            (Table::Wide(table), Keys::Wide(keys)) => {
                hashed_pairs(table, keys, probe, cursor, pairs_max, &skips, &|_, _| true, pairs)
            }
            (Table::Bytes(table, bytes), Keys::Bytes(keys)) => {
                let is_equal = |row: usize, right: u32| keys.row(probe.place(row)).data() == bytes.get(right);
                hashed_pairs(table, &probe.hashes, probe, cursor, pairs_max, &skips, &is_equal, pairs)
            }
            _ => true,
        }
    }

    /// Notes which rows have a right row with an equal key.
    pub(super) fn matches(&self, probe: &ProbeKeys, matched: &mut [bool]) {
        match (self, &probe.keys) {
            (Table::Every(rows), _) => matched.fill(*rows > 0),
            (Table::Direct(_), _) => matched
                .iter_mut()
                .zip(&probe.starts)
                .for_each(|(matched, start)| *matched = *start != 0),
            (Table::Narrow(table), Keys::Narrow(keys)) => hashed_matches(table, keys, probe, &|_, _| true, matched),
            (Table::Wide(table), Keys::Wide(keys)) => hashed_matches(table, keys, probe, &|_, _| true, matched),
            (Table::Bytes(table, bytes), Keys::Bytes(keys)) => {
                let is_equal = |row: usize, right: u32| keys.row(probe.place(row)).data() == bytes.get(right);
                hashed_matches(table, &probe.hashes, probe, &is_equal, matched);
            }
            _ => {}
        }
    }
}

fn every_pair(
    rows: u32,
    row_count: usize,
    cursor: &mut Cursor,
    pairs_max: usize,
    skips: &impl Fn(usize) -> bool,
    pairs: &mut Pairs,
) -> bool {
    while cursor.row < row_count {
        if !skips(cursor.row) {
            let from = cursor.at.unwrap_or(0);
            let room = u32::try_from(pairs_max.saturating_sub(pairs.left.len())).unwrap_or(u32::MAX);
            let to = rows.min(from.saturating_add(room));
            pairs
                .left
                .resize(pairs.left.len() + (to - from) as usize, cursor.row as u32);
            pairs.right.extend(from..to);
            if to < rows {
                cursor.at = Some(to);
                return false;
            }
        }
        *cursor = Cursor {
            row: cursor.row + 1,
            at: None,
        };
    }
    true
}

fn direct_pairs(
    table: &DirectTable,
    probe: &ProbeKeys,
    cursor: &mut Cursor,
    pairs_max: usize,
    skips: &impl Fn(usize) -> bool,
    pairs: &mut Pairs,
) -> bool {
    while cursor.row < probe.row_count {
        let row = cursor.row;
        let mut next = cursor.at.unwrap_or(probe.starts[row]);
        if next != 0 && !skips(row) {
            while next != 0 {
                if pairs.left.len() >= pairs_max {
                    cursor.at = Some(next);
                    return false;
                }
                pairs.push(row, next - 1);
                next = table.next(next - 1);
            }
        }
        *cursor = Cursor { row: row + 1, at: None };
    }
    true
}

#[expect(
    clippy::too_many_arguments,
    reason = "the loop's whole state, kept apart from its three callers"
)]
fn hashed_pairs<K: TableKey>(
    table: &HashTable<K>,
    keys: &[K],
    probe: &ProbeKeys,
    cursor: &mut Cursor,
    pairs_max: usize,
    skips: &impl Fn(usize) -> bool,
    is_equal: &impl Fn(usize, u32) -> bool,
    pairs: &mut Pairs,
) -> bool {
    while cursor.row < probe.row_count {
        let row = cursor.row;
        let (start, end) = (cursor.at.unwrap_or(probe.starts[row]), probe.ends[row]);
        if start < end && !skips(row) {
            let entries = &table.partition(probe.hashes[row]).entries;
            for at in start..end {
                let (key, right) = entries[at as usize];
                if key == keys[row] && is_equal(row, right) {
                    if pairs.left.len() >= pairs_max {
                        cursor.at = Some(at);
                        return false;
                    }
                    pairs.push(row, right);
                }
            }
        }
        *cursor = Cursor { row: row + 1, at: None };
    }
    true
}

fn hashed_matches<K: TableKey>(
    table: &HashTable<K>,
    keys: &[K],
    probe: &ProbeKeys,
    is_equal: &impl Fn(usize, u32) -> bool,
    matched: &mut [bool],
) {
    for (row, matched) in matched.iter_mut().enumerate() {
        let (start, end) = (probe.starts[row] as usize, probe.ends[row] as usize);
        if start < end {
            let entries = &table.partition(probe.hashes[row]).entries[start..end];
            *matched = entries
                .iter()
                .any(|(key, right)| *key == keys[row] && is_equal(row, *right));
        }
    }
}
