//! Joins on disk: both sides cut into partitions by the hash of their keys, so that rows of one partition match only rows of the
//! same; without keys there is one partition. The right rows of a partition come in blocks that fit into memory, mostly one: rows of one
//! key cannot be told apart. A block's table is made when it is needed, shared by the workers that need it, and gone afterwards.

use super::build::Pending;
use super::collect::{Chunk, Collected};
use super::{Built, Specification};
use crate::error::{Error, Result};
use crate::operators::gather::joined;
use crate::operators::spill::{SharedSpillFile, SpilledRows};
use crate::operators::split::{Split, sliced};
use crate::pipeline::{MemoryBudget, Reservation};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BooleanArray};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;
use parking_lot::Mutex;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use stoa_storage::vector::Batch;

/// Partitions, a power of two: at an eighth of the memory, tables of two workers take a quarter of it.
pub(super) const SPILL_PARTITIONS: usize = 64;
/// The lowest bit of the hash that chooses the partition: neither those that find entries in a table nor those that tell absent
/// keys.
pub(super) const SPILL_SHIFT: u32 = 8;
/// Rows of one worker that are arranged at a time may take this part of the budget.
pub(super) const ARRANGED_PARTS: usize = 64;
/// The blocks that all workers have in memory may take this part of the budget.
const BLOCKS_PARTS: usize = 3;
/// About what the table takes per row, in bytes.
const TABLE_ROW_BYTES: usize = 48;

/// The right side on disk.
pub(super) struct Spill {
    file: SharedSpillFile,
    partitions: Vec<Mutex<Vec<SpilledRows>>>,
    /// Known once all rows are written.
    blocks: OnceLock<Blocks>,
    has_rows: AtomicBool,
    has_null_key: AtomicBool,
    row_count: AtomicUsize,
}

struct Blocks {
    blocks: Vec<Mutex<Block>>,
    /// Where each partition's blocks begin, and the last one's end.
    starts: Vec<usize>,
}

/// Rows of a partition that are in memory at the same time.
struct Block {
    rows: Vec<SpilledRows>,
    /// The table, while a worker needs it.
    built: Weak<Built>,
    /// Which rows have a match, from one making of the table to the next.
    matched: Option<Matched>,
}

struct Matched {
    bits: Arc<[AtomicU64]>,
    _memory: Reservation,
}

impl Spill {
    pub(super) fn new(memory: &Arc<MemoryBudget>) -> Self {
        Spill {
            file: SharedSpillFile::new(memory),
            partitions: (0..SPILL_PARTITIONS).map(|_| Mutex::default()).collect(),
            blocks: OnceLock::new(),
            has_rows: AtomicBool::new(false),
            has_null_key: AtomicBool::new(false),
            row_count: AtomicUsize::new(0),
        }
    }

    /// Whether the right side is here.
    pub(super) fn is_used(&self) -> bool {
        self.file.is_used()
    }

    /// Rows of the right side.
    pub(super) fn row_count(&self) -> usize {
        self.row_count.load(Ordering::Relaxed)
    }

    /// All rows are written. Takes over what the workers know of them.
    pub(super) fn finish(&self, specification: &Specification, collected: &Collected) -> Result<()> {
        self.has_rows.store(collected.has_rows, Ordering::Relaxed);
        self.has_null_key.store(collected.has_null_key, Ordering::Relaxed);
        self.row_count.store(collected.row_count, Ordering::Relaxed);
        let bytes_max = specification.memory.limit_bytes() / BLOCKS_PARTS / specification.workers.max(2);
        let table_row_bytes = if specification.keys.is_some() {
            TABLE_ROW_BYTES
        } else {
            0
        };
        let (mut blocks, mut starts) = (Vec::new(), Vec::new());
        for partition in &self.partitions {
            starts.push(blocks.len());
            let (mut block, mut bytes) = (Vec::new(), 0);
            for rows in std::mem::take(&mut *partition.lock()) {
                let more = rows.bytes + rows.row_count * table_row_bytes;
                if bytes + more > bytes_max && !block.is_empty() {
                    blocks.push(Mutex::new(Block::new(std::mem::take(&mut block))));
                    bytes = 0;
                }
                bytes += more;
                block.push(rows);
            }
            if !block.is_empty() {
                blocks.push(Mutex::new(Block::new(block)));
            }
        }
        starts.push(blocks.len());
        let twice = self.blocks.set(Blocks { blocks, starts }).is_err();
        match twice {
            true => Err(Error::Internal("a join's right side was written twice".into())),
            false => Ok(()),
        }
    }

    fn blocks(&self) -> Result<&Blocks> {
        let none = || Error::Internal("a join's right side is not all on disk".into());
        self.blocks.get().ok_or_else(none)
    }

    /// How many blocks there are.
    pub(super) fn block_count(&self) -> usize {
        self.blocks.get().map_or(0, |blocks| blocks.blocks.len())
    }

    /// The blocks of a partition.
    pub(super) fn blocks_of(&self, partition: usize) -> Result<Range<usize>> {
        let starts = &self.blocks()?.starts;
        Ok(starts[partition]..starts[partition + 1])
    }

    /// Writes right rows.
    pub(super) fn write(&self, specification: &Specification, chunks: Vec<Chunk>) -> Result<()> {
        let bytes_max = specification.memory.limit_bytes() / ARRANGED_PARTS;
        let (mut pieces, mut bytes) = (Vec::new(), 0);
        for chunk in chunks {
            specification.cancel.check()?;
            bytes += chunk.bytes();
            pieces.push(chunk);
            if bytes >= bytes_max {
                self.write_pieces(specification, std::mem::take(&mut pieces))?;
                bytes = 0;
            }
        }
        self.write_pieces(specification, pieces)
    }

    fn write_pieces(&self, specification: &Specification, chunks: Vec<Chunk>) -> Result<()> {
        let row_count = chunks.iter().map(|chunk| chunk.row_count).sum();
        if row_count == 0 {
            return Ok(());
        }
        let mut hashes = Vec::new();
        let mut parts: Vec<Vec<ArrayRef>> = Vec::new();
        for chunk in chunks {
            let columns = match specification.keys {
                None => chunk.columns,
                Some(_) => {
                    hashes.extend(chunk.keys.hashes());
                    columns_of(chunk)?
                }
            };
            parts.resize_with(columns.len(), Vec::new);
            parts
                .iter_mut()
                .zip(columns)
                .for_each(|(parts, column)| parts.push(column));
        }
        let columns = parts.iter().map(|parts| joined(parts, &type_of(parts)));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        debug_assert!(columns.len() >= specification.stored.len());
        if specification.keys.is_none() {
            let rows = self.file.write(&columns, row_count)?;
            self.partitions[0].lock().push(rows);
            return Ok(());
        }
        let split = Split::new(&hashes, SPILL_SHIFT, SPILL_PARTITIONS);
        let columns = split.arrange_all(&columns)?;
        for (number, range) in split.partitions() {
            let rows = self.file.write(&sliced(&columns, &range), range.len())?;
            self.partitions[number].lock().push(rows);
        }
        Ok(())
    }

    /// The table of no rows, for left rows that match none.
    pub(super) fn built_empty(&self, specification: &Specification) -> Result<Arc<Built>> {
        self.table_of(specification, &[]).map(Arc::new)
    }

    /// The table of a block.
    pub(super) fn built(&self, specification: &Specification, number: usize) -> Result<Arc<Built>> {
        let blocks = self.blocks()?;
        let mut block = blocks.blocks[number].lock();
        if let Some(built) = block.built.upgrade() {
            return Ok(built);
        }
        let mut built = self.table_of(specification, &block.rows)?;
        match (&block.matched, &built.matched) {
            (Some(matched), _) => built.matched = Some(matched.bits.clone()),
            (None, Some(bits)) => {
                let mut memory = specification.memory.reservation();
                memory.grow(bits.len() * size_of::<u64>())?;
                block.matched = Some(Matched {
                    bits: bits.clone(),
                    _memory: memory,
                });
            }
            (None, None) => {}
        }
        let built = Arc::new(built);
        block.built = Arc::downgrade(&built);
        Ok(built)
    }

    fn table_of(&self, specification: &Specification, rows: &[SpilledRows]) -> Result<Built> {
        let mut collected = Collected::default();
        collected.has_rows = self.has_rows.load(Ordering::Relaxed);
        collected.has_null_key = self.has_null_key.load(Ordering::Relaxed);
        let mut memory = specification.memory.reservation();
        for rows in rows {
            specification.cancel.check()?;
            let chunk = chunk_of(self.file.read(rows)?, rows.row_count, specification)?;
            memory.grow(chunk.bytes())?;
            collected.add(chunk);
        }
        collected.memory.push(memory);
        Pending::take_room(specification, &mut collected)?;
        let pending = Pending::new(specification, collected)?;
        pending.run(specification)?;
        pending.assemble(specification)
    }
}

impl Block {
    fn new(rows: Vec<SpilledRows>) -> Self {
        Block {
            rows,
            built: Weak::new(),
            matched: None,
        }
    }
}

/// The stored columns, the keys, and whether these are NULL.
fn columns_of(chunk: Chunk) -> Result<Vec<ArrayRef>> {
    let mut columns = chunk.columns;
    columns.push(chunk.keys.into_column()?);
    let present = match chunk.present {
        Some(present) => present.into_inner(),
        None => arrow_buffer::BooleanBuffer::new_set(chunk.row_count),
    };
    columns.push(Arc::new(BooleanArray::new(present, None)));
    Ok(columns)
}

fn chunk_of(mut columns: Vec<ArrayRef>, row_count: usize, specification: &Specification) -> Result<Chunk> {
    let Some(join_keys) = &specification.keys else {
        return Ok(Chunk::without_keys(Batch::new(columns, row_count)));
    };
    let incomplete = || Error::Internal("rows of a join came back from disk incomplete".into());
    let present = columns.pop().ok_or_else(incomplete)?;
    let keys = columns.pop().ok_or_else(incomplete)?;
    let present = NullBuffer::new(present.as_boolean().values().clone());
    let keys = join_keys.encoder.keys_of(&keys)?;
    let present = Some(present).filter(|present| present.null_count() > 0);
    let mut chunk = Chunk::new(Batch::new(columns, row_count), keys, present);
    chunk.partition();
    Ok(chunk)
}

fn type_of(parts: &[ArrayRef]) -> DataType {
    parts.first().map_or(DataType::Null, |part| part.data_type().clone())
}
