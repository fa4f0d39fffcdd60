//! One run: the rows of some keys in order.

use super::Keys;
use arrow_row::Rows;

/// Rows from which a radix sort is tried.
const RADIX_ROWS_MIN: usize = 32 * 1024;
/// Passes (bytes in which keys differ) up to which a radix sort is faster than a comparing one.
const RADIX_PASSES_MAX: usize = 4;

/// The rows of the keys in order.
pub(crate) fn sorted_rows(keys: &Keys) -> Vec<u32> {
    match keys {
        Keys::Narrow(keys) => sort_narrow(keys.iter().copied()),
        Keys::Wide(keys) => sort_wide(keys),
        Keys::Bytes(rows) => sort_bytes(rows),
    }
}

fn sort_narrow(keys: impl Iterator<Item = u64>) -> Vec<u32> {
    let mut entries: Vec<(u64, u32)> = keys.zip(0..).collect();
    let first = entries.first().map_or(0, |entry| entry.0);
    let differing = entries.iter().fold(0, |bits, entry| bits | (entry.0 ^ first));
    if entries.is_sorted() {
        return entries.into_iter().map(|entry| entry.1).collect();
    }
    let passes = differing.to_le_bytes().iter().filter(|byte| **byte != 0).count();
    if entries.len() >= RADIX_ROWS_MIN && passes <= RADIX_PASSES_MAX {
        return radix_sort(entries, differing);
    }
    entries.sort_unstable();
    entries.into_iter().map(|entry| entry.1).collect()
}

/// Least significant byte first, leaving out bytes that all keys share.
fn radix_sort(mut entries: Vec<(u64, u32)>, differing: u64) -> Vec<u32> {
    let mut sorted = vec![(0, 0); entries.len()];
    for byte in 0..8 {
        let shift = byte * 8;
        if (differing >> shift) & 0xff == 0 {
            continue;
        }
        let digit = |entry: &(u64, u32)| ((entry.0 >> shift) & 0xff) as usize;
        let mut places = [0usize; 256];
        entries.iter().for_each(|entry| places[digit(entry)] += 1);
        let mut place = 0;
        for count in &mut places {
            place += std::mem::replace(count, place);
        }
        for entry in &entries {
            let at = &mut places[digit(entry)];
            sorted[*at] = *entry;
            *at += 1;
        }
        std::mem::swap(&mut entries, &mut sorted);
    }
    entries.into_iter().map(|entry| entry.1).collect()
}

fn sort_wide(keys: &[u128]) -> Vec<u32> {
    let first = keys.first().copied().unwrap_or(0);
    let differing = keys.iter().fold(0, |bits, key| bits | (key ^ first));
    let (low, high) = (differing.trailing_zeros().min(127), differing.leading_zeros());
    if low + high >= 64 {
        // Keys differ within 64 neighbouring bits: the others need not be looked at.
        return sort_narrow(keys.iter().map(|key| (key >> low) as u64));
    }
    let mut entries: Vec<(u128, u32)> = keys.iter().copied().zip(0..).collect();
    entries.sort_unstable();
    entries.into_iter().map(|entry| entry.1).collect()
}

fn sort_bytes(rows: &Rows) -> Vec<u32> {
    let count = rows.num_rows();
    if count == 0 {
        return Vec::new();
    }
    let first = rows.row(0).data();
    let mut shared = first.len();
    for row in 1..count {
        let bytes = rows.row(row).data();
        let common = first.iter().zip(bytes).take(shared).take_while(|(a, b)| a == b).count();
        shared = shared.min(common);
    }
    // The first eight bytes in which rows may differ decide most comparisons without touching the rows.
    let mut entries: Vec<(u64, u32)> = (0..count)
        .map(|row| (prefix(rows.row(row).data(), shared), row as u32))
        .collect();
    let rest = |row: u32| rows.row(row as usize).data().get(shared + 8..).unwrap_or(&[]);
    entries.sort_unstable_by(|left, right| {
        (left.0.cmp(&right.0))
            .then_with(|| rest(left.1).cmp(rest(right.1)))
            .then(left.1.cmp(&right.1))
    });
    entries.into_iter().map(|entry| entry.1).collect()
}

/// Eight bytes from a place on; zeros beyond the end. Where one row ends within another's prefix they differ there: rows are
/// such that none is another's beginning.
fn prefix(bytes: &[u8], from: usize) -> u64 {
    let bytes = bytes.get(from..).unwrap_or(&[]);
    let mut prefix = [0; 8];
    let length = bytes.len().min(8);
    prefix[..length].copy_from_slice(&bytes[..length]);
    u64::from_be_bytes(prefix)
}
