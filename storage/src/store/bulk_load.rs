//! Rows on their way into segments without passing the log. Callers' threads do all the work: rows are collected per partition, and
//! whoever fills a partition's bin sorts, encodes and writes it while the others go on collecting. What is held never exceeds
//! the configured memory by more than the batches in the callers' hands.

use super::BulkLoad;
use super::columns::{bytes_of, join, pick, take};
use super::database::Shared;
use super::partial::{remove, sync_folders, write_with_partials};
use super::partition::{Partitioner, Rows};
use super::segment_file::table_folder;
use super::sort::sorted_rows;
use crate::commit::apply::invalid;
use crate::commit::prepare::{check_rows, check_schema};
use crate::error::{Error, Result};
use crate::limits::SEGMENT_ROWS_MAX;
use crate::schema::{PartitionKey, TableSchema};
use crate::segment::{RowVersions, SegmentInput, SegmentMeta};
use crate::vector::Batch;
use arrow_array::{Array, ArrayRef};
use parking_lot::{Condvar, Mutex};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Rows appended since a bin last grew after which its partition is taken to be complete.
const IDLE_ROWS: u64 = 1 << 20;
/// Rows below which a bin is not written before memory or the end asks for it.
const BIN_ROWS_MIN: usize = 1 << 14;
/// Threads per configured thread that write what is left: small segments spend their time in syncs.
const FINISHING_THREADS: usize = 4;
/// Partitions of one batch beyond which rows are gathered before they are taken apart.
const PARTITIONS_SPLIT_MAX: usize = 4;
/// Rows gathered before they are taken apart.
const SCATTERED_ROWS_MAX: usize = 1 << 20;

/// A bulk load under way.
pub(crate) struct Load {
    shared: Arc<Shared>,
    schema: Arc<TableSchema>,
    partitioner: Option<Partitioner>,
    memory_bytes_max: usize,
    /// Bytes of a bin at which it is written.
    bin_bytes_max: usize,
    row_count: AtomicU64,
    bins: Mutex<Bins>,
    /// Signals that a write ended.
    written: Condvar,
}

/// What was taken in and is not being written yet, and what was written.
#[derive(Default)]
struct Bins {
    by_partition: BTreeMap<PartitionKey, Bin>,
    /// Batches whose rows belong to many partitions.
    scattered: Bin,
    /// Bytes in bins, and of bins that are being written.
    held_bytes: usize,
    writing_bytes: usize,
    /// Rows taken in so far.
    clock: u64,
    segments: Vec<SegmentMeta>,
    failed: bool,
}

/// Rows of one partition in the order of arrival.
#[derive(Default)]
struct Bin {
    pieces: Vec<Vec<ArrayRef>>,
    row_count: usize,
    bytes: usize,
    /// When it last grew, in rows taken in by all.
    touched: u64,
}

impl Bin {
    fn push(&mut self, columns: Vec<ArrayRef>, row_count: usize, bytes: usize, clock: u64) {
        self.pieces.push(columns);
        self.row_count += row_count;
        self.bytes += bytes;
        self.touched = clock;
    }

    /// The rows as one array per column; pieces go as their columns are joined.
    fn join(self, column_count: usize) -> Result<Vec<ArrayRef>> {
        let mut pieces: Vec<_> = self.pieces.into_iter().map(Vec::into_iter).collect();
        let mut columns = Vec::with_capacity(column_count);
        for _ in 0..column_count {
            let parts: Vec<ArrayRef> = pieces.iter_mut().filter_map(Iterator::next).collect();
            columns.push(join(&parts)?);
        }
        Ok(columns)
    }
}

impl Bins {
    /// Puts rows into their partition's bin. Gives back what was in it where they do not fit any more.
    fn push(
        &mut self,
        partition: PartitionKey,
        columns: Vec<ArrayRef>,
        bytes: usize,
        bytes_max: usize,
    ) -> Option<(PartitionKey, Bin)> {
        let rows = columns.first().map_or(0, |column| column.len());
        let is_full = |bin: &Bin| bin.row_count + rows > SEGMENT_ROWS_MAX || bin.bytes + bytes > bytes_max;
        let full = match self.by_partition.get(&partition).is_some_and(is_full) {
            true => self.take(partition),
            false => None,
        };
        self.held_bytes += bytes;
        let clock = self.clock;
        let bin = self.by_partition.entry(partition).or_default();
        bin.push(columns, rows, bytes, clock);
        full
    }

    /// A bin that is going to be written.
    fn take(&mut self, partition: PartitionKey) -> Option<(PartitionKey, Bin)> {
        let bin = self.by_partition.remove(&partition)?;
        self.held_bytes -= bin.bytes;
        self.writing_bytes += bin.bytes;
        Some((partition, bin))
    }

    /// Bins that have not grown for long.
    fn take_idle(&mut self) -> Vec<(PartitionKey, Bin)> {
        let clock = self.clock;
        let is_idle = |bin: &Bin| bin.row_count >= BIN_ROWS_MIN && clock - bin.touched >= IDLE_ROWS;
        let bins = self.by_partition.iter();
        let idle: Vec<PartitionKey> = bins.filter(|(_, bin)| is_idle(bin)).map(|(key, _)| *key).collect();
        idle.into_iter().filter_map(|key| self.take(key)).collect()
    }
}

impl Load {
    /// Begins a load into a table of this definition.
    pub(crate) fn begin(shared: Arc<Shared>, schema: Arc<TableSchema>, memory_bytes_max: usize) -> Result<Self> {
        shared.sequencer.check_usable()?;
        check_schema(&schema)?;
        if schema.columns.is_empty() {
            return invalid("a table without columns cannot be loaded in bulk");
        }
        shared.disk.create_folder(&table_folder(schema.id))?;
        let writers = shared.options.threads.max(1);
        Ok(Load {
            partitioner: Partitioner::of(&schema),
            schema,
            memory_bytes_max,
            bin_bytes_max: (memory_bytes_max / writers).max(1),
            row_count: AtomicU64::new(0),
            bins: Mutex::default(),
            written: Condvar::new(),
            shared,
        })
    }

    fn take_in(&self, columns: Vec<ArrayRef>, row_count: usize) -> Result<()> {
        let groups = match &self.partitioner {
            None => vec![(PartitionKey(None), Rows::All)],
            Some(partitioner) => partitioner.split(&columns),
        };
        if groups.len() <= PARTITIONS_SPLIT_MAX {
            return self.put(groups, &columns, row_count);
        }
        let gathered = {
            let mut bins = self.bins.lock();
            let bytes = bytes_of(&columns);
            bins.held_bytes += bytes;
            bins.clock += row_count as u64;
            let clock = bins.clock;
            bins.scattered.push(columns, row_count, bytes, clock);
            let full = bins.scattered.row_count >= SCATTERED_ROWS_MAX
                // Taken apart, they are there twice.
                || bins.scattered.bytes >= self.bin_bytes_max / 2
                || bins.held_bytes + bins.writing_bytes > self.memory_bytes_max;
            if !full {
                return Ok(());
            }
            bins.held_bytes -= bins.scattered.bytes;
            std::mem::take(&mut bins.scattered)
        };
        self.scatter(gathered)
    }

    /// Takes gathered rows apart.
    fn scatter(&self, gathered: Bin) -> Result<()> {
        let row_count = gathered.row_count;
        let Some(partitioner) = self.partitioner.filter(|_| row_count > 0) else {
            return Ok(());
        };
        let columns = gathered.join(self.schema.columns.len())?;
        let groups = partitioner.split(&columns);
        self.put(groups, &columns, row_count)
    }

    fn put(&self, groups: Vec<(PartitionKey, Rows)>, columns: &[ArrayRef], row_count: usize) -> Result<()> {
        let mut pieces = Vec::with_capacity(groups.len());
        for (partition, rows) in groups {
            let piece = pick(columns, rows, row_count)?;
            let bytes = bytes_of(&piece);
            pieces.push((partition, piece, bytes));
        }
        let mut bins = self.bins.lock();
        bins.clock += row_count as u64;
        let mut due = Vec::new();
        for (partition, piece, bytes) in pieces {
            due.extend(bins.push(partition, piece, bytes, self.bin_bytes_max));
        }
        due.extend(bins.take_idle());
        drop(bins);
        for (partition, bin) in due {
            self.write(partition, bin)?;
        }
        self.make_room()
    }

    /// Writes bins until what is held fits; waits where all of it is being written by others.
    fn make_room(&self) -> Result<()> {
        let mut bins = self.bins.lock();
        while bins.held_bytes + bins.writing_bytes > self.memory_bytes_max && !bins.failed {
            let clock = bins.clock;
            let largest = bins
                .by_partition
                .iter()
                .filter(|(_, bin)| bin.row_count > 0)
                .max_by_key(|(_, bin)| (clock - bin.touched >= IDLE_ROWS, bin.bytes))
                .map(|(key, _)| *key);
            match largest.and_then(|key| bins.take(key)) {
                Some((partition, bin)) => {
                    drop(bins);
                    self.write(partition, bin)?;
                    bins = self.bins.lock();
                }
                None if bins.writing_bytes > 0 => self.written.wait(&mut bins),
                None => break,
            }
        }
        Ok(())
    }

    /// Writes a bin as a segment.
    fn write(&self, partition: PartitionKey, bin: Bin) -> Result<()> {
        let bytes = bin.bytes;
        let meta = self.write_segment(partition, bin);
        let mut bins = self.bins.lock();
        bins.writing_bytes -= bytes;
        bins.failed |= meta.is_err();
        self.written.notify_all();
        bins.segments.push(meta?);
        Ok(())
    }

    fn write_segment(&self, partition: PartitionKey, bin: Bin) -> Result<SegmentMeta> {
        let mut columns = bin.join(self.schema.columns.len())?;
        if let Some(order) = sorted_rows(&self.schema, &columns)? {
            for column in &mut columns {
                *column = take(column, &order)?;
            }
        }
        let input = SegmentInput {
            schema: &self.schema,
            partition,
            columns: &columns,
            versions: RowVersions::Single,
        };
        write_with_partials(&self.shared, input, true)
    }

    fn finish_bins(&self) -> Result<()> {
        let gathered = {
            let mut bins = self.bins.lock();
            bins.held_bytes -= bins.scattered.bytes;
            std::mem::take(&mut bins.scattered)
        };
        self.scatter(gathered)?;
        let left: Vec<(PartitionKey, Bin)> = {
            let mut bins = self.bins.lock();
            bins.writing_bytes += std::mem::take(&mut bins.held_bytes);
            std::mem::take(&mut bins.by_partition).into_iter().collect()
        };
        let left = Mutex::new(left);
        let work = || -> Result<()> {
            loop {
                let next = left.lock().pop();
                match next {
                    Some((partition, bin)) if bin.row_count > 0 => self.write(partition, bin)?,
                    Some(_) => {}
                    None => return Ok(()),
                }
            }
        };
        super::workers::in_parallel(self.shared.options.threads * FINISHING_THREADS, &work)
    }
}

impl BulkLoad for Load {
    fn append(&self, batch: Batch) -> Result<()> {
        let (columns, row_count) = check_rows(&self.schema, batch)?;
        if row_count == 0 {
            return Ok(());
        }
        self.row_count.fetch_add(row_count as u64, Ordering::Relaxed);
        let mut from = 0;
        // A batch of more rows than a segment holds is taken in piece by piece.
        while row_count - from > SEGMENT_ROWS_MAX {
            let piece = columns.iter().map(|column| column.slice(from, SEGMENT_ROWS_MAX));
            self.take_in(piece.collect(), SEGMENT_ROWS_MAX)?;
            from += SEGMENT_ROWS_MAX;
        }
        let rest = columns.iter().map(|column| column.slice(from, row_count - from));
        let taken = self.take_in(rest.collect(), row_count - from);
        if taken.is_err() {
            self.bins.lock().failed = true;
        }
        taken
    }

    fn finish(&self) -> Result<Vec<SegmentMeta>> {
        self.shared.sequencer.check_usable()?;
        let finished = self.finish_bins();
        let mut bins = self.bins.lock();
        bins.failed |= finished.is_err();
        finished?;
        if bins.failed {
            return Err(Error::Invalid {
                reason: "an earlier part of the load failed".into(),
            });
        }
        sync_folders(&self.shared, &self.schema, &bins.segments)?;
        let mut segments = bins.segments.clone();
        segments.sort_by_key(|segment| segment.id);
        Ok(segments)
    }

    fn row_count(&self) -> u64 {
        self.row_count.load(Ordering::Relaxed)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        remove(&self.shared, &self.schema, &self.bins.get_mut().segments);
    }
}
