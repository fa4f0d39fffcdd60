//! Rows among others whose keys earlier ones have.

use super::KeyHashes;
use super::fetch::equal_keys;
use crate::error::Result;
use crate::store::columns::take;
use arrow_array::{ArrayRef, UInt32Array};
use roaring::RoaringBitmap;

/// A hash, the place of a source and a row of it.
pub(super) type Entry = (i64, u32, u32);

/// Rows of these columns, which are a key's and plain, that have the key of an earlier one.
///
/// # Errors
/// None but bugs.
pub fn repeated_rows(columns: &[ArrayRef]) -> Result<RoaringBitmap> {
    let hashes = KeyHashes::new(columns);
    let entries = hashes.iter().map(|(row, hash)| (hash.cast_signed(), 0, row as u32));
    let mut entries: Vec<Entry> = entries.collect();
    entries.sort_unstable();
    let mut repeated = RoaringBitmap::new();
    let fetch = |rows: &[(u32, u32)]| {
        let rows: UInt32Array = rows.iter().map(|(_, row)| Some(*row)).collect();
        columns.iter().map(|column| take(column, &rows)).collect()
    };
    visit_repeats(&entries, fetch, |_, row| {
        repeated.insert(row);
    })?;
    Ok(repeated)
}

/// Visits the rows whose keys rows before them have; these are in order. `fetch` gives the key's values of rows.
pub(super) fn visit_repeats(
    rows: &[Entry],
    fetch: impl Fn(&[(u32, u32)]) -> Result<Vec<ArrayRef>>,
    mut visit: impl FnMut(u32, u32),
) -> Result<()> {
    let groups = rows.chunk_by(|left, right| left.0 == right.0);
    let mut groups: Vec<Vec<Entry>> = groups.filter(|group| group.len() > 1).map(<[Entry]>::to_vec).collect();
    // Each row against the first of its hash; those that differ from it are the next round's.
    while !groups.is_empty() {
        let place = |entry: &Entry| (entry.1, entry.2);
        let pairs = groups
            .iter()
            .flat_map(|group| group[1..].iter().map(move |later| (place(&group[0]), place(later))));
        let (firsts, laters): (Vec<_>, Vec<_>) = pairs.unzip();
        let mut equal = equal_keys(&fetch(&firsts)?, &fetch(&laters)?).into_iter();
        for group in &mut groups {
            group.remove(0);
            group.retain(|(_, source, row)| {
                let is_equal = equal.next().unwrap_or_default();
                if is_equal {
                    visit(*source, *row);
                }
                !is_equal
            });
        }
        groups.retain(|group| group.len() > 1);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::Int64Array;
    use std::sync::Arc;

    #[test]
    fn keys_of_the_same_hash_are_told_apart() {
        let values: ArrayRef = Arc::new(Int64Array::from(vec![7, 8, 7, 9, 8, 7]));
        // As if all of them had one hash.
        let rows: Vec<Entry> = (0..6).map(|row| (1, 0, row)).collect();
        let fetch = |rows: &[(u32, u32)]| {
            let rows: UInt32Array = rows.iter().map(|(_, row)| Some(*row)).collect();
            Ok(vec![take(&values, &rows)?])
        };
        let mut repeated = Vec::new();
        visit_repeats(&rows, fetch, |_, row| repeated.push(row)).unwrap();
        repeated.sort_unstable();
        assert_eq!(repeated, [2, 4, 5]);
        let nulls: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None, None, Some(1)]));
        assert_eq!(repeated_rows(&[nulls]).unwrap(), RoaringBitmap::from_iter([3]));
    }
}
