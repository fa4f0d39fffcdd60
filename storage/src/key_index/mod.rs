//! Rows by the values of a key. Beside a segment stands, for each key of its table, an index: the hash of each row's key and the row,
//! ordered by hash, as a segment of its own with a Bloom filter. Rows in memory have theirs in a hash table. A hash only says where to
//! look: what is found was compared with the whole key.
//!
//! An index never says which rows are visible: it is of all rows of its segment, deleted ones included, and never changes.

mod build;
mod duplicates;
mod fetch;
mod filters;
mod find;
mod memory;
mod probe;
mod repeats;
mod zones;

pub(crate) use build::{entries_of, index_schema, is_index_of};
pub use duplicates::LoadedKeys;
pub(crate) use duplicates::duplicates_of_load;
pub(crate) use filters::{KeyFilters, make_filter};
pub(crate) use find::{find, rows_that_may_have};
pub(crate) use memory::PartKeys;
pub use repeats::repeated_rows;

use crate::index::hash::{hash, hashes_of};
use crate::schema::ColumnId;
use arrow_array::{Array, ArrayRef};
use arrow_buffer::NullBuffer;

/// The column of an index with the hashes, as signed numbers in ascending order.
const HASH: ColumnId = ColumnId(0);
/// The column of an index with the rows.
const ROW: ColumnId = ColumnId(1);

/// The keys of some rows, by hash.
#[derive(Debug)]
pub struct KeyHashes {
    hashes: Vec<u64>,
    /// Rows that have a key; `None` is all of them.
    present: Option<NullBuffer>,
}

impl KeyHashes {
    /// Of rows with these values in a key's columns, which are plain and at least one.
    pub fn new(columns: &[ArrayRef]) -> Self {
        let mut columns_hashes = columns.iter().map(|column| hashes_of(column.as_ref()));
        let mut hashes = columns_hashes.next().unwrap_or_default();
        for next in columns_hashes {
            for (hash_so_far, next) in hashes.iter_mut().zip(next) {
                let mut both = [0; 16];
                both[..8].copy_from_slice(&hash_so_far.to_le_bytes());
                both[8..].copy_from_slice(&next.to_le_bytes());
                *hash_so_far = hash(&both);
            }
        }
        let nulls = columns.iter().map(|column| column.logical_nulls());
        KeyHashes {
            hashes,
            present: nulls.fold(None, |all, nulls| NullBuffer::union(all.as_ref(), nulls.as_ref())),
        }
    }

    /// Rows that have a key, with its hash.
    pub fn iter(&self) -> impl Iterator<Item = (usize, u64)> + '_ {
        let rows = self.hashes.iter().copied().enumerate();
        rows.filter(|(row, _)| self.present.as_ref().is_none_or(|present| present.is_valid(*row)))
    }
}
