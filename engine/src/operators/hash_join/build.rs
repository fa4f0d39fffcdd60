//! Making the table of what was collected.

use super::collect::{Chunk, Collected};
use super::table::{DirectTable, HashTable, KeyBytes, PARTITION_BITS, Partition, Table, TableKey};
use super::{Built, Join, Specification};
use crate::error::{Error, Result, SqlState};
use crate::operators::gather::joined;
use crate::operators::key::{KeyWidth, Keys};
use crate::pipeline::{Cancel, Demand, Reservation, Sink, SinkPart, Source, Stream};
use arrow_array::ArrayRef;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use stoa_storage::vector::Batch;

/// Rows up to which the table is one partition, made by one worker.
const ONE_PARTITION_ROWS_MAX: usize = 1 << 15;
/// Rows that can be numbered.
const ROWS_MAX: usize = u32::MAX as usize - 1;
/// A direct table may have so many places per row ..
const DIRECT_PLACES_PER_ROW: u64 = 4;
/// .. and always so many.
const DIRECT_PLACES_MIN: u64 = 1 << 12;
/// Segments of a large direct table.
const DIRECT_SEGMENTS: u64 = 8;

/// A table in the making: tasks that workers take.
pub(super) struct Pending {
    chunks: Vec<Chunk>,
    /// The parts of each column, until they are put together ..
    parts: Vec<Mutex<Vec<ArrayRef>>>,
    /// .. here.
    columns: Vec<Mutex<Option<ArrayRef>>>,
    row_count: usize,
    has_rows: bool,
    has_null_key: bool,
    table: PendingTable,
    next_task: AtomicUsize,
    memory: Vec<Reservation>,
}

enum PendingTable {
    Every,
    Direct(PendingDirect),
    Narrow(Vec<Mutex<Option<Partition<u64>>>>),
    Wide(Vec<Mutex<Option<Partition<u128>>>>),
    /// One task more than partitions.
    Bytes(Vec<Mutex<Option<Partition<u64>>>>, Mutex<KeyBytes>),
}

struct PendingDirect {
    minimum: u64,
    maximum: u64,
    segment_bits: u32,
    segments: Vec<Mutex<Vec<u32>>>,
    next: Vec<AtomicU32>,
    has_duplicates: AtomicBool,
}

fn key_bytes(chunks: &[Chunk]) -> usize {
    chunks.iter().map(|chunk| chunk.keys.memory_bytes()).sum()
}

/// Bytes of the table that is made of some rows.
fn table_bytes(specification: &Specification, collected: &Collected) -> usize {
    let rows = collected.row_count;
    let Some(keys) = &specification.keys else { return 0 };
    match keys.encoder.width() {
        KeyWidth::Narrow => match PendingDirect::places(collected.key_range, rows) {
            Some(places) => places as usize * 4 + rows * 4,
            None => Partition::<u64>::bytes(rows),
        },
        KeyWidth::Wide => Partition::<u128>::bytes(rows),
        KeyWidth::Bytes => Partition::<u64>::bytes(rows) + key_bytes(&collected.chunks),
    }
}

fn slots<T>(count: usize) -> Vec<Mutex<Option<T>>> {
    (0..count).map(|_| Mutex::new(None)).collect()
}

impl PendingDirect {
    /// Places between the smallest and the largest key, where they are dense enough.
    fn places(key_range: Option<(u64, u64)>, row_count: usize) -> Option<u64> {
        let (minimum, maximum) = key_range?;
        let places = (maximum - minimum).checked_add(1)?;
        let places_max = DIRECT_PLACES_MIN.max((row_count as u64).saturating_mul(DIRECT_PLACES_PER_ROW));
        (places <= places_max).then_some(places)
    }

    /// Where the keys are dense enough.
    fn new(key_range: Option<(u64, u64)>, row_count: usize) -> Option<Self> {
        let places = PendingDirect::places(key_range, row_count)?;
        let (minimum, maximum) = key_range?;
        let segments = if row_count <= ONE_PARTITION_ROWS_MAX {
            1
        } else {
            DIRECT_SEGMENTS
        };
        let segment_bits = places.div_ceil(segments).next_power_of_two().trailing_zeros();
        let segments = places.div_ceil(1 << segment_bits);
        Some(PendingDirect {
            minimum,
            maximum,
            segment_bits,
            segments: (0..segments).map(|_| Mutex::new(Vec::new())).collect(),
            next: (0..row_count).map(|_| AtomicU32::new(0)).collect(),
            has_duplicates: AtomicBool::new(false),
        })
    }

    /// Fills one segment from all chunks.
    fn fill(&self, segment: usize, chunks: &[Chunk], cancel: &Cancel) -> Result<()> {
        let first = (segment as u64) << self.segment_bits;
        let places = (self.maximum - self.minimum + 1 - first).min(1 << self.segment_bits);
        let mut heads = vec![0u32; places as usize];
        let mut has_duplicates = false;
        for chunk in chunks {
            cancel.check()?;
            let Keys::Narrow(keys) = &chunk.keys else { continue };
            chunk.for_each_present(|row| {
                let place = (keys[row] - self.minimum).wrapping_sub(first);
                if let Some(head) = heads.get_mut(usize::try_from(place).unwrap_or(usize::MAX)) {
                    let number = chunk.base + row as u32;
                    let before = std::mem::replace(head, number + 1);
                    if before != 0 {
                        has_duplicates = true;
                        self.next[number as usize].store(before, Ordering::Relaxed);
                    }
                }
            });
        }
        if has_duplicates {
            self.has_duplicates.store(true, Ordering::Relaxed);
        }
        *self.segments[segment].lock() = heads;
        Ok(())
    }

    fn into_table(self) -> DirectTable {
        DirectTable {
            minimum: self.minimum,
            maximum: self.maximum,
            segment_bits: self.segment_bits,
            segments: self.segments.into_iter().map(Mutex::into_inner).collect(),
            next: self.has_duplicates.into_inner().then_some(self.next),
        }
    }
}

impl Pending {
    /// Takes the memory of the table to come, if it is there to be had.
    pub(super) fn has_room(specification: &Specification, collected: &mut Collected) -> bool {
        let mut memory = specification.memory.reservation();
        let has_room = memory.try_grow(table_bytes(specification, collected));
        collected.memory.push(memory);
        has_room
    }

    /// Takes the memory of the table to come, where nothing can be put on disk any more.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`]
    pub(super) fn take_room(specification: &Specification, collected: &mut Collected) -> Result<()> {
        let mut memory = specification.memory.reservation();
        memory.grow(table_bytes(specification, collected))?;
        collected.memory.push(memory);
        Ok(())
    }

    /// # Errors
    /// Where there are more rows than can be numbered.
    pub(super) fn new(specification: &Specification, mut collected: Collected) -> Result<Self> {
        if collected.row_count > ROWS_MAX {
            return Err(Error::user(
                SqlState::PROGRAM_LIMIT_EXCEEDED,
                "too many rows on one side of a join",
            ));
        }
        let mut parts: Vec<Vec<ArrayRef>> = specification.stored.iter().map(|_| Vec::new()).collect();
        let mut base = 0;
        for chunk in &mut collected.chunks {
            chunk.base = base;
            base += chunk.row_count as u32;
            for (parts, column) in parts.iter_mut().zip(std::mem::take(&mut chunk.columns)) {
                parts.push(column);
            }
        }
        let row_count = collected.row_count;
        let partitions = match row_count <= ONE_PARTITION_ROWS_MAX {
            true => 1,
            false => 1 << PARTITION_BITS,
        };
        let direct = PendingDirect::new(collected.key_range, row_count);
        let table = match (specification.keys.as_ref().map(|keys| keys.encoder.width()), direct) {
            (None, _) => PendingTable::Every,
            (Some(KeyWidth::Narrow), Some(direct)) => PendingTable::Direct(direct),
            (Some(KeyWidth::Narrow), None) => PendingTable::Narrow(slots(partitions)),
            (Some(KeyWidth::Wide), _) => PendingTable::Wide(slots(partitions)),
            (Some(KeyWidth::Bytes), _) => PendingTable::Bytes(slots(partitions), Mutex::new(KeyBytes::default())),
        };
        Ok(Pending {
            chunks: collected.chunks,
            columns: slots(parts.len()),
            parts: parts.into_iter().map(Mutex::new).collect(),
            row_count,
            has_rows: collected.has_rows,
            has_null_key: collected.has_null_key,
            table,
            next_task: AtomicUsize::new(0),
            memory: collected.memory,
        })
    }

    fn task_count(&self) -> usize {
        self.parts.len()
            + match &self.table {
                PendingTable::Every => 0,
                PendingTable::Direct(direct) => direct.segments.len(),
                PendingTable::Narrow(partitions) => partitions.len(),
                PendingTable::Wide(partitions) => partitions.len(),
                PendingTable::Bytes(partitions, _) => partitions.len() + 1,
            }
    }

    /// Makes a small table at once.
    pub(super) fn run_if_small(&self, specification: &Specification) -> Result<()> {
        match self.row_count <= ONE_PARTITION_ROWS_MAX {
            true => self.run(specification),
            false => Ok(()),
        }
    }

    /// Takes tasks until none is left.
    pub(super) fn run(&self, specification: &Specification) -> Result<()> {
        let count = self.task_count();
        loop {
            let task = self.next_task.fetch_add(1, Ordering::Relaxed);
            if task >= count {
                return Ok(());
            }
            specification.cancel.check()?;
            if let Some(parts) = self.parts.get(task) {
                let parts = std::mem::take(&mut *parts.lock());
                *self.columns[task].lock() = Some(joined(&parts, &specification.stored_types[task])?);
                continue;
            }
            self.run_table_task(task - self.parts.len(), specification)?;
        }
    }

    fn run_table_task(&self, task: usize, specification: &Specification) -> Result<()> {
        match &self.table {
            PendingTable::Every => {}
            PendingTable::Direct(direct) => direct.fill(task, &self.chunks, &specification.cancel)?,
            PendingTable::Narrow(partitions) => {
                let keys = |chunk: &Chunk, row: usize| match &chunk.keys {
                    Keys::Narrow(keys) => (keys[row], keys[row].hash()),
                    _ => (0, 0),
                };
                *partitions[task].lock() = Some(self.fill(task, partitions.len(), keys));
            }
            PendingTable::Wide(partitions) => {
                let keys = |chunk: &Chunk, row: usize| match &chunk.keys {
                    Keys::Wide(keys) => (keys[row], keys[row].hash()),
                    _ => (0, 0),
                };
                *partitions[task].lock() = Some(self.fill(task, partitions.len(), keys));
            }
            PendingTable::Bytes(partitions, bytes) => match partitions.get(task) {
                Some(partition) => {
                    let keys = |chunk: &Chunk, row: usize| (chunk.hashes[row], chunk.hashes[row]);
                    *partition.lock() = Some(self.fill(task, partitions.len(), keys));
                }
                None => *bytes.lock() = self.key_bytes(specification)?,
            },
        }
        Ok(())
    }

    /// The keys' bytes of all rows; those of NULLs, too.
    fn key_bytes(&self, specification: &Specification) -> Result<KeyBytes> {
        let mut all = KeyBytes::with_capacity(self.row_count, key_bytes(&self.chunks));
        for chunk in &self.chunks {
            specification.cancel.check()?;
            if let Keys::Bytes(rows) = &chunk.keys {
                (0..rows.num_rows()).for_each(|row| all.push(rows.row(row).data()));
            }
        }
        Ok(all)
    }

    /// One partition of a hash table.
    fn fill<K: Copy>(
        &self,
        partition: usize,
        partitions: usize,
        key: impl Fn(&Chunk, usize) -> (K, u64),
    ) -> Partition<K> {
        let mut rows: Vec<(K, u32, u64)> = Vec::with_capacity(self.row_count / partitions);
        for chunk in &self.chunks {
            let starts = &chunk.partition_starts;
            let range = match partitions {
                1 => 0..chunk.by_partition.len(),
                _ => starts[partition] as usize..starts[partition + 1] as usize,
            };
            for row in &chunk.by_partition[range] {
                let (key, hash) = key(chunk, *row as usize);
                rows.push((key, chunk.base + row, hash));
            }
        }
        let partition_bits = if partitions == 1 { 0 } else { PARTITION_BITS };
        Partition::new(rows, partition_bits)
    }

    /// All tasks are done.
    pub(super) fn assemble(self, specification: &Specification) -> Result<Built> {
        let missing = || Error::Internal("a join's table is not complete".into());
        let columns = self
            .columns
            .into_iter()
            .map(|column| column.into_inner().ok_or_else(missing));
        let table = match self.table {
            PendingTable::Every => Table::Every(self.row_count as u32),
            PendingTable::Direct(direct) => Table::Direct(direct.into_table()),
            PendingTable::Narrow(partitions) => Table::Narrow(assembled(partitions).ok_or_else(missing)?),
            PendingTable::Wide(partitions) => Table::Wide(assembled(partitions).ok_or_else(missing)?),
            PendingTable::Bytes(partitions, bytes) => {
                Table::Bytes(assembled(partitions).ok_or_else(missing)?, bytes.into_inner())
            }
        };
        let words = self.row_count.div_ceil(64);
        Ok(Built {
            columns: columns.collect::<Result<_>>()?,
            row_count: self.row_count,
            has_rows: self.has_rows,
            has_null_key: self.has_null_key,
            table,
            matched: (specification.kind.hands_out_right().is_some())
                .then(|| (0..words).map(|_| AtomicU64::new(0)).collect()),
            _memory: self.memory,
        })
    }
}

fn assembled<K>(partitions: Vec<Mutex<Option<Partition<K>>>>) -> Option<HashTable<K>> {
    let partitions = partitions.into_iter().map(Mutex::into_inner).collect::<Option<_>>()?;
    Some(HashTable { partitions })
}

/// A source that hands out no rows: its workers make the table.
pub(crate) struct BuildTasks(pub(crate) Arc<Join>);

impl Source for BuildTasks {
    fn open(&self) -> Result<Box<dyn Stream>> {
        Ok(Box::new(BuildTasksStream(self.0.clone())))
    }

    fn parallelism_max(&self) -> usize {
        let pending = self.0.pending.lock();
        pending.as_ref().map_or(1, |pending| {
            let taken = pending.next_task.load(Ordering::Relaxed);
            pending.task_count().saturating_sub(taken)
        })
    }
}

struct BuildTasksStream(Arc<Join>);

impl Stream for BuildTasksStream {
    fn next(&mut self) -> Result<Option<Batch>> {
        let pending = self.0.pending.lock().clone();
        if let Some(pending) = pending {
            pending.run(&self.0.specification)?;
        }
        Ok(None)
    }
}

/// The end of [`BuildTasks`]: the table is there.
pub(crate) struct BuildTasksSink(pub(crate) Arc<Join>);

struct NoRows;

impl Sink for BuildTasksSink {
    fn open(&self) -> Result<Box<dyn SinkPart>> {
        Ok(Box::new(NoRows))
    }

    fn finish(&self) -> Result<()> {
        let join = &self.0;
        if join.spill.is_used() {
            join.describe("on disk", join.spill.row_count());
            return Ok(());
        }
        let pending = join.pending.lock().take().and_then(Arc::into_inner);
        let pending = pending.ok_or_else(|| Error::Internal("a join's table was never begun".into()))?;
        let built = pending.assemble(&join.specification)?;
        join.describe(built.table.name(), built.row_count);
        join.built
            .set(Arc::new(built))
            .map_err(|_| Error::Internal("a join's table was made twice".into()))
    }
}

impl SinkPart for NoRows {
    fn consume(&mut self, _batch: Batch) -> Result<Demand> {
        Ok(Demand::More)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}
