//! Collecting the right side and making its table.

use super::publish::Seen;
use super::table::{DirectTable, HashTable, KeyBytes, PARTITION_BITS, Partition, Table, TableKey};
use super::{Built, Join, Specification};
use crate::error::{Error, Result, SqlState};
use crate::operators::gather::{batch_bytes, joined, retained};
use crate::operators::key::{KeyWidth, Keys};
use crate::pipeline::{Cancel, Demand, Reservation, Sink, SinkPart, Source, Stream};
use arrow_array::ArrayRef;
use arrow_buffer::NullBuffer;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use stoa_storage::vector::{Batch, Selection};

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

/// What the workers collected.
#[derive(Default)]
pub(super) struct Collected {
    chunks: Vec<Chunk>,
    seen: Seen,
    has_rows: bool,
    has_null_key: bool,
    row_count: usize,
    /// The smallest and the largest narrow key.
    key_range: Option<(u64, u64)>,
    memory: Vec<Reservation>,
}

impl Collected {
    fn append(&mut self, other: Collected) {
        self.chunks.extend(other.chunks);
        self.seen.append(other.seen);
        self.has_rows |= other.has_rows;
        self.has_null_key |= other.has_null_key;
        self.row_count += other.row_count;
        self.key_range = match (self.key_range, other.key_range) {
            (Some(this), Some(other)) => Some((this.0.min(other.0), this.1.max(other.1))),
            (this, other) => this.or(other),
        };
        self.memory.extend(other.memory);
    }
}

/// Some right rows.
struct Chunk {
    columns: Vec<ArrayRef>,
    row_count: usize,
    keys: Keys,
    /// Rows whose keys are not NULL; `None` is all.
    present: Option<NullBuffer>,
    /// The first row's number.
    base: u32,
    /// Hashes of keys that are bytes.
    hashes: Vec<u64>,
    /// Rows with keys by partition ..
    by_partition: Vec<u32>,
    /// .. and where each partition begins, and the last one ends.
    partition_starts: Vec<u32>,
}

impl Chunk {
    fn new(batch: Batch, keys: Keys, present: Option<NullBuffer>) -> Self {
        Chunk {
            columns: batch.columns,
            row_count: batch.row_count,
            keys,
            present,
            base: 0,
            hashes: Vec::new(),
            by_partition: Vec::new(),
            partition_starts: Vec::new(),
        }
    }

    /// Finds each row's partition.
    fn partition(&mut self) {
        let hashes = self.keys.hashes();
        let partition = |row: usize| (hashes[row] >> (64 - PARTITION_BITS)) as usize;
        let mut starts = vec![0u32; (1 << PARTITION_BITS) + 1];
        self.for_each_present(|row| starts[partition(row) + 1] += 1);
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut places = starts.clone();
        let mut by_partition = vec![0; places.last().map_or(0, |end| *end as usize)];
        self.for_each_present(|row| {
            let place = &mut places[partition(row)];
            by_partition[*place as usize] = row as u32;
            *place += 1;
        });
        self.by_partition = by_partition;
        self.partition_starts = starts;
        if matches!(self.keys, Keys::Bytes(_)) {
            self.hashes = hashes;
        }
    }

    fn for_each_present(&self, visit: impl FnMut(usize)) {
        match &self.present {
            None => (0..self.row_count).for_each(visit),
            Some(present) => present.valid_indices().for_each(visit),
        }
    }

    fn key_range(&self) -> Option<(u64, u64)> {
        let Keys::Narrow(keys) = &self.keys else { return None };
        match &self.present {
            None => Some((*keys.iter().min()?, *keys.iter().max()?)),
            Some(present) => {
                let keys = || present.valid_indices().map(|row| keys[row]);
                Some((keys().min()?, keys().max()?))
            }
        }
    }

    fn memory_bytes(&self) -> usize {
        self.keys.memory_bytes() + (self.by_partition.len() + self.partition_starts.len()) * 4 + self.hashes.len() * 8
    }
}

/// Where the right side's pipeline ends.
pub(crate) struct BuildSink(pub(crate) Arc<Join>);

impl Sink for BuildSink {
    fn open(&self) -> Result<Box<dyn SinkPart>> {
        Ok(Box::new(BuildPart {
            join: self.0.clone(),
            collected: Collected {
                seen: Seen::new(&self.0.specification.publications),
                ..Collected::default()
            },
            memory: self.0.specification.memory.reservation(),
        }))
    }

    fn finish(&self) -> Result<()> {
        let collected = std::mem::take(&mut *self.0.collected.lock());
        let specification = &self.0.specification;
        collected.seen.publish(&specification.publications)?;
        let pending = Pending::new(specification, collected)?;
        if pending.row_count <= ONE_PARTITION_ROWS_MAX {
            pending.run(specification)?;
        }
        *self.0.pending.lock() = Some(Arc::new(pending));
        Ok(())
    }
}

struct BuildPart {
    join: Arc<Join>,
    collected: Collected,
    memory: Reservation,
}

impl SinkPart for BuildPart {
    fn consume(&mut self, batch: Batch) -> Result<Demand> {
        let join = self.join.clone();
        let specification = &join.specification;
        self.collected.has_rows = true;
        match specification.keys {
            Some(_) => self.consume_keyed(batch, specification),
            // One row tells as much as all of them.
            None if specification.kind.asks_existence() && !specification.has_residual => {
                self.collected.row_count = 1;
                Ok(Demand::Enough)
            }
            None => self.keep(Chunk::new(stored(batch, specification), Keys::Narrow(Vec::new()), None)),
        }
    }

    fn finish(self: Box<Self>) -> Result<()> {
        let mut part = *self;
        part.collected.memory.push(part.memory);
        part.join.collected.lock().append(part.collected);
        Ok(())
    }
}

impl BuildPart {
    fn consume_keyed(&mut self, batch: Batch, specification: &Specification) -> Result<Demand> {
        let Some(join_keys) = &specification.keys else {
            return Ok(Demand::More);
        };
        let mut batch = batch.compact();
        let mut key_columns = join_keys.right.evaluate(&batch)?;
        let mut present = join_keys.encoder.present(&key_columns);
        if let Some(bits) = &present {
            self.collected.has_null_key = true;
            if !specification.kind.keeps_right() {
                let selection = Selection::new(bits.inner().clone());
                key_columns = key_columns.iter().map(|column| selection.filter(column)).collect();
                batch.selection = Some(selection);
                batch = batch.compact();
                present = None;
            }
        }
        if batch.row_count == 0 {
            return Ok(Demand::More);
        }
        self.collected
            .seen
            .note(&specification.publications, &key_columns, present.as_ref())?;
        let keys = join_keys.encoder.encode(&key_columns, batch.row_count)?;
        let mut chunk = Chunk::new(stored(batch, specification), keys, present);
        chunk.partition();
        self.keep(chunk)
    }

    fn keep(&mut self, chunk: Chunk) -> Result<Demand> {
        let columns = Batch::new(chunk.columns.clone(), chunk.row_count);
        self.memory.grow(batch_bytes(&columns) + chunk.memory_bytes())?;
        let mut collected = Collected {
            row_count: chunk.row_count,
            key_range: chunk.key_range(),
            ..Collected::default()
        };
        collected.chunks.push(chunk);
        self.collected.append(collected);
        Ok(Demand::More)
    }
}

/// The columns of a batch that are kept.
fn stored(batch: Batch, specification: &Specification) -> Batch {
    let columns = specification.stored.iter().map(|place| batch.columns[*place].clone());
    retained(Batch {
        columns: columns.collect(),
        row_count: batch.row_count,
        selection: batch.selection,
    })
}

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
    memory: Mutex<Vec<Reservation>>,
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

fn slots<T>(count: usize) -> Vec<Mutex<Option<T>>> {
    (0..count).map(|_| Mutex::new(None)).collect()
}

impl PendingDirect {
    /// Where the keys are dense enough.
    fn new(key_range: (u64, u64), row_count: usize) -> Option<Self> {
        let (minimum, maximum) = key_range;
        let places = (maximum - minimum).checked_add(1)?;
        let places_max = DIRECT_PLACES_MIN.max((row_count as u64).saturating_mul(DIRECT_PLACES_PER_ROW));
        if places > places_max {
            return None;
        }
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

    fn bytes(&self) -> usize {
        (self.maximum - self.minimum + 1) as usize * 4 + self.next.len() * 4
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
    fn new(specification: &Specification, mut collected: Collected) -> Result<Self> {
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
        let mut memory = specification.memory.reservation();
        let direct = collected
            .key_range
            .and_then(|range| PendingDirect::new(range, row_count));
        let table = match (specification.keys.as_ref().map(|keys| keys.encoder.width()), direct) {
            (None, _) => PendingTable::Every,
            (Some(KeyWidth::Narrow), Some(direct)) => {
                memory.grow(direct.bytes())?;
                PendingTable::Direct(direct)
            }
            (Some(KeyWidth::Narrow), None) => {
                memory.grow(Partition::<u64>::bytes(row_count))?;
                PendingTable::Narrow(slots(partitions))
            }
            (Some(KeyWidth::Wide), _) => {
                memory.grow(Partition::<u128>::bytes(row_count))?;
                PendingTable::Wide(slots(partitions))
            }
            (Some(KeyWidth::Bytes), _) => {
                memory.grow(Partition::<u64>::bytes(row_count))?;
                PendingTable::Bytes(slots(partitions), Mutex::new(KeyBytes::default()))
            }
        };
        collected.memory.push(memory);
        Ok(Pending {
            chunks: collected.chunks,
            columns: slots(parts.len()),
            parts: parts.into_iter().map(Mutex::new).collect(),
            row_count,
            has_rows: collected.has_rows,
            has_null_key: collected.has_null_key,
            table,
            next_task: AtomicUsize::new(0),
            memory: Mutex::new(collected.memory),
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

    /// Takes tasks until none is left.
    fn run(&self, specification: &Specification) -> Result<()> {
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
        let sizes = self.chunks.iter().map(|chunk| chunk.keys.memory_bytes());
        let bytes = sizes.sum();
        let mut memory = specification.memory.reservation();
        memory.grow(bytes)?;
        let mut all = KeyBytes::with_capacity(self.row_count, bytes);
        for chunk in &self.chunks {
            specification.cancel.check()?;
            if let Keys::Bytes(rows) = &chunk.keys {
                (0..rows.num_rows()).for_each(|row| all.push(rows.row(row).data()));
            }
        }
        self.memory.lock().push(memory);
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
    fn assemble(self, specification: &Specification) -> Result<Built> {
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
        if let Some(profile) = &specification.profile {
            let name = match &table {
                Table::Every(_) => "none",
                Table::Direct(_) => "direct",
                Table::Narrow(_) | Table::Wide(_) | Table::Bytes(..) => "hash",
            };
            let row_count = self.row_count;
            // Of a join in a recursive term, what the last round did is told.
            profile.describe_later(move || {
                vec![
                    ("Build Rows".to_owned(), row_count.to_string()),
                    ("Build Table".to_owned(), name.to_owned()),
                ]
            });
        }
        let words = self.row_count.div_ceil(64);
        Ok(Built {
            columns: columns.collect::<Result<_>>()?,
            row_count: self.row_count,
            has_rows: self.has_rows,
            has_null_key: self.has_null_key,
            table,
            matched: (specification.kind.keeps_right()).then(|| (0..words).map(|_| AtomicU64::new(0)).collect()),
            _memory: self.memory.into_inner(),
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
        let pending = self.0.pending.lock().take().and_then(Arc::into_inner);
        let pending = pending.ok_or_else(|| Error::Internal("a join's table was never begun".into()))?;
        let built = pending.assemble(&self.0.specification)?;
        self.0
            .built
            .set(built)
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
