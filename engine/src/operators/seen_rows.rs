//! The new rows of a recursion: rows stream by a table of those that were seen. Nothing is kept of a row but its key.

use super::gather::SelectedRows;
use super::key::{KeyEncoder, KeyField, Keys, hash_bytes};
use crate::error::{Error, Result};
use crate::pipeline::{MemoryBudget, Reservation};
use arrow_buffer::BooleanBufferBuilder;
use arrow_schema::DataType;
use hashbrown::HashTable;
use parking_lot::Mutex;
use std::sync::Arc;
use stoa_storage::vector::{Batch, Selection};

/// Bits of a row's hash that choose its shard.
const SHARD_BITS: u32 = 6;
const SHARDS: usize = 1 << SHARD_BITS;

/// Rows of certain types, each once. NULLs equal each other.
pub(crate) struct SeenRows {
    encoder: KeyEncoder,
    shards: Vec<Mutex<Shard>>,
}

struct Shard {
    table: HashTable<Slot>,
    /// The rows' keys, one after the other.
    bytes: Vec<u8>,
    memory: Reservation,
}

struct Slot {
    hash: u64,
    start: usize,
    length: u32,
}

impl SeenRows {
    /// None yet.
    ///
    /// # Errors
    /// A type that has no equality.
    pub(crate) fn new(types: &[DataType], memory: &Arc<MemoryBudget>) -> Result<Arc<Self>> {
        let shard = || Shard {
            table: HashTable::new(),
            bytes: Vec::new(),
            memory: memory.reservation(),
        };
        Ok(Arc::new(SeenRows {
            encoder: KeyEncoder::new_bytes(types.iter().cloned().map(KeyField::equality).collect())?,
            shards: (0..SHARDS).map(|_| Mutex::new(shard())).collect(),
        }))
    }

    /// Takes the selected rows of a batch in, and keeps those that were not there before; `None` where there are none.
    pub(crate) fn new_rows(&self, batch: Batch) -> Result<Option<Batch>> {
        let rows = SelectedRows::new(batch);
        let compact = rows.batch.clone().compact();
        let mut bits = BooleanBufferBuilder::new(rows.batch.row_count);
        bits.append_n(rows.batch.row_count, false);
        let mut kept = 0;
        self.insert(&compact, |row| {
            kept += 1;
            bits.set_bit(rows.place(row), true);
        })?;
        Ok(match kept {
            0 => None,
            _ if kept == rows.count() => Some(rows.batch),
            _ => Some(Batch {
                selection: Some(Selection::new(bits.finish())),
                ..rows.batch
            }),
        })
    }

    /// Takes the rows of a batch without selection in; hears of each that was not there.
    fn insert(&self, batch: &Batch, mut is_new: impl FnMut(usize)) -> Result<()> {
        let Keys::Bytes(rows) = self.encoder.encode(&batch.columns, batch.row_count)? else {
            return Err(Error::Internal("rows are known by bytes".into()));
        };
        let hashes = (0..batch.row_count).map(|row| hash_bytes(rows.row(row).data()));
        let hashes: Vec<u64> = hashes.collect();
        let mut by_shard: Vec<Vec<u32>> = vec![Vec::new(); SHARDS];
        for (row, hash) in hashes.iter().enumerate() {
            by_shard[(hash >> (64 - SHARD_BITS)) as usize].push(row as u32);
        }
        for (shard, of_shard) in self.shards.iter().zip(by_shard) {
            if of_shard.is_empty() {
                continue;
            }
            let mut shard = shard.lock();
            for row in of_shard {
                let row = row as usize;
                if shard.insert(hashes[row], rows.row(row).data()) {
                    is_new(row);
                }
            }
            shard.reserve()?;
        }
        Ok(())
    }
}

impl Shard {
    /// Whether it was not there.
    fn insert(&mut self, hash: u64, key: &[u8]) -> bool {
        let Shard { table, bytes, .. } = self;
        let is_equal = |slot: &Slot| slot.hash == hash && bytes[slot.start..slot.start + slot.length as usize] == *key;
        if table.find(hash, is_equal).is_some() {
            return false;
        }
        let slot = Slot {
            hash,
            start: bytes.len(),
            length: key.len() as u32,
        };
        bytes.extend_from_slice(key);
        table.insert_unique(hash, slot, |slot| slot.hash);
        true
    }

    fn reserve(&mut self) -> Result<()> {
        let bytes = self.bytes.capacity() + self.table.capacity() * (size_of::<Slot>() + 1);
        self.memory.resize(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::testing::{Random, as_set, batches_of, memory, rows_of};
    use crate::types::{LogicalType, array_type};

    #[test]
    fn every_row_is_new_once() {
        let types = [LogicalType::Integer, LogicalType::Text];
        let plain: Vec<DataType> = types.iter().map(array_type).collect();
        let rows = Random::new(5).rows(300, &types, 6);
        let seen = SeenRows::new(&plain, &memory()).unwrap();
        let new = |batch| seen.new_rows(batch).unwrap();
        let batches: Vec<Batch> = batches_of(&rows, &types, 30).into_iter().filter_map(new).collect();
        let mut expected = as_set(&rows);
        expected.dedup();
        assert_eq!(as_set(&rows_of(&batches, &types)), expected);
        assert!(
            batches_of(&rows, &types, 30)
                .into_iter()
                .filter_map(new)
                .next()
                .is_none()
        );
    }

    #[test]
    fn rows_without_columns_are_all_equal() {
        let seen = SeenRows::new(&[], &memory()).unwrap();
        let batch = seen.new_rows(Batch::new(vec![], 3)).unwrap().unwrap();
        assert_eq!(batch.selected_count(), 1);
        assert!(seen.new_rows(Batch::new(vec![], 3)).unwrap().is_none());
    }
}
