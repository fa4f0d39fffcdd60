//! INTERSECT ALL, EXCEPT ALL and the new rows of a recursion: rows stream by a table of rows that were seen, with a count for each.
//! Nothing is kept of a row but its key.

use super::gather::SelectedRows;
use super::key::{KeyEncoder, KeyField, Keys};
use crate::error::{Error, Result};
use crate::pipeline::{Cancel, Demand, MemoryBudget, Reservation, Sink, SinkPart, Stream, Transform};
use arrow_buffer::BooleanBufferBuilder;
use arrow_schema::DataType;
use hashbrown::HashTable;
use parking_lot::Mutex;
use std::sync::Arc;
use stoa_storage::vector::{Batch, Selection};

/// Bits of a row's hash that choose its shard.
const SHARD_BITS: u32 = 6;
const SHARDS: usize = 1 << SHARD_BITS;

/// Rows of certain types, each with a count. NULLs equal each other.
pub(crate) struct RowCounts {
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
    count: i64,
}

impl RowCounts {
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
        Ok(Arc::new(RowCounts {
            encoder: KeyEncoder::new_bytes(types.iter().cloned().map(KeyField::equality).collect())?,
            shards: (0..SHARDS).map(|_| Mutex::new(shard())).collect(),
        }))
    }

    /// Calls `visit` with the place of each row of a batch without selection and the row's count. Rows that are not there get
    /// a count of 0 if `insert`; otherwise `visit` is called with such a count that is then forgotten.
    fn visit(&self, batch: &Batch, insert: bool, mut visit: impl FnMut(usize, &mut i64)) -> Result<()> {
        let Keys::Bytes(rows) = self.encoder.encode(&batch.columns, batch.row_count)? else {
            return Err(Error::Internal("rows are counted by bytes".into()));
        };
        let hashes: Vec<u64> = (0..batch.row_count)
            .map(|row| super::key::hash_bytes(rows.row(row).data()))
            .collect();
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
                shard.visit(hashes[row], rows.row(row).data(), insert, |count| visit(row, count));
            }
            shard.reserve()?;
        }
        Ok(())
    }

    /// Takes the selected rows of a batch in, and keeps those that were not there before; `None` where there are none.
    pub(crate) fn new_rows(&self, batch: Batch) -> Result<Option<Batch>> {
        self.filter(batch, true, |count| {
            *count += 1;
            *count == 1
        })
    }

    /// The selected rows for whose counts `keep` holds.
    fn filter(&self, batch: Batch, insert: bool, mut keep: impl FnMut(&mut i64) -> bool) -> Result<Option<Batch>> {
        let rows = SelectedRows::new(batch);
        let compact = rows.batch.clone().compact();
        let mut bits = BooleanBufferBuilder::new(rows.batch.row_count);
        bits.append_n(rows.batch.row_count, false);
        let mut kept = 0;
        self.visit(&compact, insert, |row, count| {
            if keep(count) {
                kept += 1;
                bits.set_bit(rows.place(row), true);
            }
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
}

impl Shard {
    fn visit(&mut self, hash: u64, key: &[u8], insert: bool, visit: impl FnOnce(&mut i64)) {
        let Shard { table, bytes, .. } = self;
        let is_equal = |slot: &Slot| slot.hash == hash && bytes[slot.start..slot.start + slot.length as usize] == *key;
        if let Some(slot) = table.find_mut(hash, is_equal) {
            visit(&mut slot.count);
            return;
        }
        let mut count = 0;
        visit(&mut count);
        if insert {
            let slot = Slot {
                hash,
                start: bytes.len(),
                length: key.len() as u32,
                count,
            };
            bytes.extend_from_slice(key);
            table.insert_unique(hash, slot, |slot| slot.hash);
        }
    }

    fn reserve(&mut self) -> Result<()> {
        let bytes = self.bytes.capacity() + self.table.capacity() * (size_of::<Slot>() + 1);
        self.memory.resize(bytes)
    }
}

/// What is done with the left side's rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SetStep {
    /// As often as both sides have them.
    IntersectAll,
    /// As often as the left side has them more often.
    ExceptAll,
}

/// Counts the right side's rows.
pub(crate) struct CountSink {
    pub(crate) counts: Arc<RowCounts>,
    pub(crate) cancel: Arc<Cancel>,
}

impl Sink for CountSink {
    fn open(&self) -> Result<Box<dyn SinkPart>> {
        Ok(Box::new(CountPart {
            counts: self.counts.clone(),
            cancel: self.cancel.clone(),
        }))
    }
}

struct CountPart {
    counts: Arc<RowCounts>,
    cancel: Arc<Cancel>,
}

impl SinkPart for CountPart {
    fn consume(&mut self, batch: Batch) -> Result<Demand> {
        self.cancel.check()?;
        self.counts.visit(&batch.compact(), true, |_, count| *count += 1)?;
        Ok(Demand::More)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}

/// Lets the left side's rows by the counts.
pub(crate) struct SetTransform {
    pub(crate) step: SetStep,
    pub(crate) counts: Arc<RowCounts>,
}

impl Transform for SetTransform {
    fn open(&self, input: Box<dyn Stream>) -> Result<Box<dyn Stream>> {
        Ok(Box::new(SetStream {
            input,
            step: self.step,
            counts: self.counts.clone(),
        }))
    }
}

struct SetStream {
    input: Box<dyn Stream>,
    step: SetStep,
    counts: Arc<RowCounts>,
}

impl Stream for SetStream {
    fn next(&mut self) -> Result<Option<Batch>> {
        while let Some(batch) = self.input.next()? {
            let batch = match self.step {
                SetStep::IntersectAll => self.counts.filter(batch, false, |count| {
                    *count -= 1;
                    *count >= 0
                })?,
                SetStep::ExceptAll => self.counts.filter(batch, false, |count| {
                    *count -= 1;
                    *count < 0
                })?,
            };
            if batch.is_some() {
                return Ok(batch);
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::testing::{
        Random, TestSource, as_set, batches_of, branch, cancel, collect, memory, rows_of, run,
    };
    use crate::pipeline::Pipeline;
    use crate::types::{Literal, LogicalType, array_type};

    fn expected(step: SetStep, left: &[Vec<Literal>], right: &[Vec<Literal>]) -> Vec<String> {
        let (left, mut right) = (as_set(left), as_set(right));
        let mut rows: Vec<String> = Vec::new();
        for row in left {
            let at = right.iter().position(|other| *other == row);
            let keep = match step {
                SetStep::IntersectAll => at.map(|at| right.remove(at)).is_some(),
                SetStep::ExceptAll => at.map(|at| right.remove(at)).is_none(),
            };
            if keep {
                rows.push(row);
            }
        }
        rows
    }

    #[test]
    fn rows_are_counted_as_sql_has_it() {
        let types = [LogicalType::Integer, LogicalType::Text];
        let plain: Vec<DataType> = types.iter().map(array_type).collect();
        for (seed, (left, right)) in [(0, 0), (40, 0), (0, 40), (300, 200)].into_iter().enumerate() {
            let mut random = Random::new(seed as u64 + 1);
            let (left, right) = (random.rows(left, &types, 6), random.rows(right, &types, 6));
            for step in [SetStep::IntersectAll, SetStep::ExceptAll] {
                for workers in [1, 3] {
                    let counts = RowCounts::new(&plain, &memory()).unwrap();
                    let sink = CountSink {
                        counts: counts.clone(),
                        cancel: cancel(),
                    };
                    let pipeline = Pipeline {
                        branches: vec![branch(TestSource::new(batches_of(&right, &types, 30), workers), vec![])],
                        sink: Arc::new(sink),
                    };
                    run(&[pipeline], workers).unwrap();
                    let source = TestSource::new(batches_of(&left, &types, 30), workers);
                    let transform = SetTransform { step, counts };
                    let batches = collect(vec![branch(source, vec![Arc::new(transform)])], workers).unwrap();
                    let rows = as_set(&rows_of(&batches, &types));
                    assert_eq!(rows, expected(step, &left, &right), "{step:?}");
                }
            }
        }
    }

    #[test]
    fn rows_without_columns_are_all_equal() {
        let counts = RowCounts::new(&[], &memory()).unwrap();
        let batch = counts.new_rows(Batch::new(vec![], 3)).unwrap().unwrap();
        assert_eq!(batch.selected_count(), 1);
        assert!(counts.new_rows(Batch::new(vec![], 3)).unwrap().is_none());
    }
}
