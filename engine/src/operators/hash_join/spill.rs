//! Joins on disk: both sides cut into partitions by the hash of their keys, so that rows of one partition match only rows of the
//! same. A partition's table is made when it is needed, shared by the workers that need it, and gone afterwards. A partition whose
//! table does not fit ends the query: rows of one key cannot be told apart.

use super::build::Pending;
use super::collect::{Chunk, Collected};
use super::{Built, LeftSide, Specification};
use crate::error::{Error, Result};
use crate::operators::gather::{batch_bytes, concatenated, joined, retained};
use crate::operators::key::Keys;
use crate::operators::spill::{SealedSpillFile, SharedSpillFile, SpillFile, SpilledRows};
use crate::operators::split::{Split, sliced};
use crate::pipeline::{MemoryBudget, Reservation, Stream};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BooleanArray};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use stoa_storage::vector::Batch;

/// Partitions, a power of two: at an eighth of the memory, tables of two workers take a quarter of it.
pub(super) const SPILL_PARTITIONS: usize = 64;
/// The lowest bit of the hash that chooses the partition: neither those that find entries in a table nor those that tell absent
/// keys.
const SPILL_SHIFT: u32 = 8;
/// Rows of one worker that are arranged at a time may take this part of the budget.
const ARRANGED_PARTS: usize = 64;

/// The right side on disk.
pub(super) struct Spill {
    file: SharedSpillFile,
    partitions: Vec<Mutex<Partition>>,
    has_rows: AtomicBool,
    has_null_key: AtomicBool,
    row_count: AtomicUsize,
}

#[derive(Default)]
struct Partition {
    rows: Vec<SpilledRows>,
    /// The table, while a worker needs it.
    built: Weak<Built>,
    /// Which rows have a match, from one making of the table to the next.
    matched: Option<Arc<[AtomicU64]>>,
}

impl Spill {
    pub(super) fn new(memory: &Arc<MemoryBudget>) -> Self {
        Spill {
            file: SharedSpillFile::new(memory),
            partitions: (0..SPILL_PARTITIONS).map(|_| Mutex::default()).collect(),
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

    /// Takes over what the workers know of all rows.
    pub(super) fn note(&self, collected: &Collected) {
        self.has_rows.store(collected.has_rows, Ordering::Relaxed);
        self.has_null_key.store(collected.has_null_key, Ordering::Relaxed);
        self.row_count.store(collected.row_count, Ordering::Relaxed);
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
        let mut hashes = Vec::new();
        let mut parts: Vec<Vec<ArrayRef>> = Vec::new();
        for chunk in chunks {
            hashes.extend(chunk.keys.hashes());
            let columns = columns_of(chunk)?;
            parts.resize_with(columns.len(), Vec::new);
            parts
                .iter_mut()
                .zip(columns)
                .for_each(|(parts, column)| parts.push(column));
        }
        let columns = parts.iter().map(|parts| joined(parts, &type_of(parts)));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let split = Split::new(&hashes, SPILL_SHIFT, SPILL_PARTITIONS);
        let columns = split.arrange_all(&columns)?;
        debug_assert!(hashes.is_empty() || columns.len() >= specification.stored.len());
        for (number, range) in split.partitions() {
            let rows = self.file.write(&sliced(&columns, &range), range.len())?;
            self.partitions[number].lock().rows.push(rows);
        }
        Ok(())
    }

    /// The table of a partition.
    pub(super) fn built(&self, specification: &Specification, number: usize) -> Result<Arc<Built>> {
        let mut partition = self.partitions[number].lock();
        if let Some(built) = partition.built.upgrade() {
            return Ok(built);
        }
        let mut collected = Collected::default();
        collected.has_rows = self.has_rows.load(Ordering::Relaxed);
        collected.has_null_key = self.has_null_key.load(Ordering::Relaxed);
        let mut memory = specification.memory.reservation();
        for rows in &partition.rows {
            specification.cancel.check()?;
            let mut chunk = chunk_of(self.file.read(rows)?, rows.row_count, specification)?;
            chunk.partition();
            memory.grow(chunk.bytes())?;
            collected.add(chunk);
        }
        collected.memory.push(memory);
        Pending::take_room(specification, &mut collected)?;
        let pending = Pending::new(specification, collected)?;
        pending.run(specification)?;
        let mut built = pending.assemble(specification)?;
        match &partition.matched {
            Some(matched) => built.matched = Some(matched.clone()),
            None => partition.matched = built.matched.clone(),
        }
        let built = Arc::new(built);
        partition.built = Arc::downgrade(&built);
        Ok(built)
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
    let incomplete = || Error::Internal("rows of a join came back from disk incomplete".into());
    let present = columns.pop().ok_or_else(incomplete)?;
    let keys = columns.pop().ok_or_else(incomplete)?;
    let present = NullBuffer::new(present.as_boolean().values().clone());
    let join_keys = specification.keys.as_ref().ok_or_else(incomplete)?;
    let keys = join_keys.encoder.keys_of(&keys)?;
    let present = Some(present).filter(|present| present.null_count() > 0);
    Ok(Chunk::new(Batch::new(columns, row_count), keys, present))
}

fn type_of(parts: &[ArrayRef]) -> DataType {
    parts.first().map_or(DataType::Null, |part| part.data_type().clone())
}

/// The left rows of one worker, on their way through the disk.
pub(super) struct SpilledLeft {
    side: Arc<LeftSide>,
    phase: Phase,
}

enum Phase {
    Writing,
    Reading {
        file: SealedSpillFile,
        partitions: VecDeque<(usize, VecDeque<SpilledRows>)>,
        /// That of the first partition.
        built: Option<Arc<Built>>,
    },
}

impl SpilledLeft {
    pub(super) fn new(side: Arc<LeftSide>) -> Self {
        SpilledLeft {
            side,
            phase: Phase::Writing,
        }
    }

    /// The next left rows and the table they are to be looked up in. All of the input goes to disk first.
    pub(super) fn next(
        &mut self,
        specification: &Specification,
        spill: &Spill,
        input: &mut dyn Stream,
    ) -> Result<Option<(Arc<Built>, Batch)>> {
        if let Phase::Writing = self.phase {
            let mut writer = LeftWriter::new(specification, &self.side)?;
            while let Some(batch) = input.next()? {
                specification.cancel.check()?;
                writer.take(batch)?;
            }
            self.phase = writer.finish()?;
        }
        let Phase::Reading {
            file,
            partitions,
            built,
        } = &mut self.phase
        else {
            return Ok(None);
        };
        while let Some((number, rows)) = partitions.front_mut() {
            let Some(block) = rows.pop_front() else {
                partitions.pop_front();
                *built = None;
                continue;
            };
            let built = match built {
                Some(built) => built,
                None => built.insert(spill.built(specification, *number)?),
            };
            return Ok(Some((built.clone(), Batch::new(file.read(&block)?, block.row_count))));
        }
        Ok(None)
    }
}

/// Writes left rows.
struct LeftWriter<'j> {
    specification: &'j Specification,
    side: &'j LeftSide,
    file: SpillFile,
    partitions: Vec<VecDeque<SpilledRows>>,
    held: Vec<Batch>,
    memory: Reservation,
}

impl<'j> LeftWriter<'j> {
    fn new(specification: &'j Specification, side: &'j LeftSide) -> Result<Self> {
        Ok(LeftWriter {
            specification,
            side,
            file: SpillFile::create(&specification.memory)?,
            partitions: vec![VecDeque::new(); SPILL_PARTITIONS],
            held: Vec::new(),
            memory: specification.memory.reservation(),
        })
    }

    fn take(&mut self, batch: Batch) -> Result<()> {
        let batch = retained(batch);
        // They are arranged before they are written.
        let bytes = batch_bytes(&batch) * 2;
        if self.memory.bytes() >= self.specification.memory.limit_bytes() / ARRANGED_PARTS
            || !self.memory.try_grow(bytes)
        {
            self.write()?;
            self.memory.grow(bytes)?;
        }
        self.held.push(batch);
        Ok(())
    }

    fn write(&mut self) -> Result<()> {
        let held = std::mem::take(&mut self.held);
        let (Some(first), Some(keys)) = (held.first(), &self.specification.keys) else {
            return Ok(());
        };
        let types: Vec<DataType> = first.columns.iter().map(|column| column.data_type().clone()).collect();
        let batch = concatenated(held, &types)?;
        let hashes = keys
            .encoder
            .encode(&self.side.keys.evaluate(&batch)?, batch.row_count)?;
        let split = Split::new(&Keys::hashes(&hashes), SPILL_SHIFT, SPILL_PARTITIONS);
        let columns = split.arrange_all(&batch.columns)?;
        for (number, range) in split.partitions() {
            let rows = self.file.write(&sliced(&columns, &range), range.len())?;
            self.partitions[number].push_back(rows);
        }
        self.memory.resize(0)
    }

    fn finish(mut self) -> Result<Phase> {
        self.write()?;
        let partitions = self.partitions.into_iter().enumerate();
        Ok(Phase::Reading {
            file: self.file.seal()?,
            partitions: partitions.filter(|(_, rows)| !rows.is_empty()).collect(),
            built: None,
        })
    }
}
