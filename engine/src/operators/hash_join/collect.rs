//! Collecting the right side: every worker's rows with their keys. Rows without room go to disk, and all others after them
//! ([`super::spill`]).

use super::build::Pending;
use super::publish::Seen;
use super::table::PARTITION_BITS;
use super::{Join, Specification};
use crate::error::Result;
use crate::operators::gather::{batch_bytes, retained};
use crate::operators::key::Keys;
use crate::pipeline::{Demand, Reservation, Sink, SinkPart};
use arrow_array::ArrayRef;
use arrow_buffer::NullBuffer;
use std::sync::Arc;
use stoa_storage::vector::{Batch, Selection};

/// What the workers collected.
#[derive(Default)]
pub(super) struct Collected {
    pub(super) chunks: Vec<Chunk>,
    seen: Seen,
    pub(super) has_rows: bool,
    pub(super) has_null_key: bool,
    pub(super) row_count: usize,
    /// The smallest and the largest narrow key.
    pub(super) key_range: Option<(u64, u64)>,
    pub(super) memory: Vec<Reservation>,
}

impl Collected {
    pub(super) fn add(&mut self, chunk: Chunk) {
        let mut one = Collected {
            row_count: chunk.row_count,
            key_range: chunk.key_range(),
            ..Collected::default()
        };
        one.chunks.push(chunk);
        self.append(one);
    }

    pub(super) fn append(&mut self, other: Collected) {
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
pub(super) struct Chunk {
    pub(super) columns: Vec<ArrayRef>,
    pub(super) row_count: usize,
    pub(super) keys: Keys,
    /// Rows whose keys are not NULL; `None` is all.
    pub(super) present: Option<NullBuffer>,
    /// The first row's number.
    pub(super) base: u32,
    /// Hashes of keys that are bytes.
    pub(super) hashes: Vec<u64>,
    /// Rows with keys by partition ..
    pub(super) by_partition: Vec<u32>,
    /// .. and where each partition begins, and the last one ends.
    pub(super) partition_starts: Vec<u32>,
}

impl Chunk {
    pub(super) fn new(batch: Batch, keys: Keys, present: Option<NullBuffer>) -> Self {
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

    /// Rows of a join that has no keys.
    pub(super) fn without_keys(batch: Batch) -> Self {
        Chunk::new(batch, Keys::Narrow(Vec::new()), None)
    }

    /// Finds each row's partition.
    pub(super) fn partition(&mut self) {
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

    pub(super) fn for_each_present(&self, visit: impl FnMut(usize)) {
        match &self.present {
            None => (0..self.row_count).for_each(visit),
            Some(present) => present.valid_indices().for_each(visit),
        }
    }

    pub(super) fn key_range(&self) -> Option<(u64, u64)> {
        let Keys::Narrow(keys) = &self.keys else { return None };
        match &self.present {
            None => Some((*keys.iter().min()?, *keys.iter().max()?)),
            Some(present) => {
                let keys = || present.valid_indices().map(|row| keys[row]);
                Some((keys().min()?, keys().max()?))
            }
        }
    }

    /// Bytes that it holds.
    pub(super) fn bytes(&self) -> usize {
        let columns = Batch::new(self.columns.clone(), self.row_count);
        batch_bytes(&columns)
            + self.keys.memory_bytes()
            + (self.by_partition.len() + self.partition_starts.len()) * 4
            + self.hashes.len() * 8
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
        let mut collected = std::mem::take(&mut *self.0.collected.lock());
        let specification = &self.0.specification;
        collected.seen.publish(&specification.publications)?;
        let spill = &self.0.spill;
        let is_empty = collected.chunks.is_empty();
        if spill.is_used() || !is_empty && !Pending::has_room(specification, &mut collected) {
            spill.write(specification, std::mem::take(&mut collected.chunks))?;
            return spill.finish(specification, &collected);
        }
        let pending = Pending::new(specification, collected)?;
        pending.run_if_small(specification)?;
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
            None => self.keep(Chunk::without_keys(stored(batch, specification))),
        }
    }

    fn finish(self: Box<Self>) -> Result<()> {
        let mut part = *self;
        if part.join.spill.is_used() {
            part.spill()?;
        }
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
            if !specification.kind.keeps_null_keys() {
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
        self.collected.seen.note(
            &specification.publications,
            &key_columns,
            present.as_ref(),
            &mut self.memory,
        )?;
        let keys = join_keys.encoder.encode(&key_columns, batch.row_count)?;
        let mut chunk = Chunk::new(stored(batch, specification), keys, present);
        chunk.partition();
        self.keep(chunk)
    }

    fn keep(&mut self, chunk: Chunk) -> Result<Demand> {
        let bytes = chunk.bytes();
        if !self.memory.try_grow(bytes) {
            self.spill()?;
            self.memory.grow(bytes)?;
        }
        self.collected.add(chunk);
        Ok(Demand::More)
    }

    /// Puts this worker's rows on disk.
    fn spill(&mut self) -> Result<()> {
        let chunks = std::mem::take(&mut self.collected.chunks);
        self.join.spill.write(&self.join.specification, chunks)?;
        self.memory.resize(0)
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
