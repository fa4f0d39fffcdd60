//! The keys of rows in memory. Nothing is done for them until somebody looks for one.

use super::KeyHashes;
use crate::error::Result;
use crate::memtable::Part;
use crate::scan::{constant, missing_value};
use crate::schema::{KeySchema, TableId};
use crate::store::state::TableState;
use crate::vector::flatten;
use arrow_array::ArrayRef;
use hashbrown::HashTable;
use parking_lot::Mutex;
use std::collections::HashMap;

/// The keys of a part, shared by all states of it: each of these has the rows of those before and some more, so that what is in here
/// may be of more rows than a reader's part has.
#[derive(Debug, Default)]
pub(crate) struct PartKeys(Mutex<HashMap<TableId, RowsByHash>>);

/// Rows by the hash of their key.
#[derive(Debug, Default)]
struct RowsByHash {
    rows: HashTable<(u64, u32)>,
    /// Rows that have been taken in.
    row_count: u32,
}

/// The key's values of all rows of a piece of a part.
pub(super) fn piece_columns(table: &TableState, key: &KeySchema, part: &Part, piece: usize) -> Vec<ArrayRef> {
    let piece = &part.pieces[piece];
    let columns = key.columns.iter().map(|id| match part.column_position(*id) {
        Some(at) => piece.columns[at].clone(),
        None => missing(table, *id, piece.row_count as usize),
    });
    columns.collect()
}

/// What rows have in a column that they are older than.
pub(super) fn missing(table: &TableState, id: crate::schema::ColumnId, row_count: usize) -> ArrayRef {
    let position = table.schema.columns.iter().position(|column| column.id == id);
    // A key's columns are the table's: a column is not dropped before its keys.
    flatten(&constant(&missing_value(table, position.unwrap_or(0)), row_count))
}

impl Part {
    /// Visits the rows that may have keys of these hashes: places of the hashes, and rows.
    pub(super) fn rows_of_keys(
        &self,
        table: &TableState,
        key: &KeySchema,
        hashes: impl Iterator<Item = u64>,
        mut found: impl FnMut(usize, u32),
    ) -> Result<()> {
        let mut keys = self.keys.0.lock();
        let known = keys.entry(key.id).or_default();
        for place in 0..self.pieces.len() {
            let piece = &self.pieces[place];
            let end = piece.first_row + piece.row_count;
            if end <= known.row_count {
                continue;
            }
            let hashes = KeyHashes::new(&piece_columns(table, key, self, place));
            let rows = hashes.iter().map(|(row, hash)| (hash, piece.first_row + row as u32));
            for entry in rows.filter(|(_, row)| *row >= known.row_count) {
                known.rows.insert_unique(entry.0, entry, |entry| entry.0);
            }
            known.row_count = end;
        }
        for (place, hash) in hashes.enumerate() {
            for (_, row) in known.rows.iter_hash(hash).filter(|entry| entry.0 == hash) {
                if *row < self.row_count {
                    found(place, *row);
                }
            }
        }
        Ok(())
    }
}
