//! The first N rows of an order, without sorting the others.
//!
//! Every worker keeps at most some 2 N rows. The N-th best key seen by any worker is a bound for all: rows that do not go before
//! it are dropped by their keys alone, and a scan below can be told not to read them ([`TopN::condition`]).

use super::gather::{column_bytes, gather, interleaved, retained};
use super::key::{KeyWidth, Keys};
use super::sort::Order;
use crate::error::Result;
use crate::pipeline::{Cancel, Demand, MemoryBudget, Reservation, Sink, SinkPart, Source, Stream};
use arrow_array::{Array, ArrayRef, UInt32Array};
use arrow_row::Rows;
use parking_lot::Mutex;
use std::cmp::Ordering;
use std::sync::Arc;
use stoa_storage::predicate::{Bound, Condition};
use stoa_storage::vector::Batch;

/// Rows that a worker keeps beyond 2 N before it chooses again.
const SLACK_ROWS: usize = 256;

/// A key that is kept.
trait Kept: Ord + Clone + Send + Sync + 'static {
    /// The key of a row.
    fn of(keys: &Keys, row: usize) -> Self;
    /// The rows that go before a bound, in any order.
    fn before(keys: &Keys, bound: &Self) -> Vec<u32>;
}

impl Kept for u64 {
    fn of(keys: &Keys, row: usize) -> Self {
        match keys {
            Keys::Narrow(keys) => keys[row],
            _ => 0,
        }
    }
    fn before(keys: &Keys, bound: &Self) -> Vec<u32> {
        match keys {
            Keys::Narrow(keys) => rows_below(keys, bound),
            _ => Vec::new(),
        }
    }
}

impl Kept for u128 {
    fn of(keys: &Keys, row: usize) -> Self {
        match keys {
            Keys::Wide(keys) => keys[row],
            _ => 0,
        }
    }
    fn before(keys: &Keys, bound: &Self) -> Vec<u32> {
        match keys {
            Keys::Wide(keys) => rows_below(keys, bound),
            _ => Vec::new(),
        }
    }
}

impl Kept for Box<[u8]> {
    fn of(keys: &Keys, row: usize) -> Self {
        match keys {
            Keys::Bytes(rows) => rows.row(row).data().into(),
            _ => Box::default(),
        }
    }
    fn before(keys: &Keys, bound: &Self) -> Vec<u32> {
        let is_before = |rows: &Rows, row: &u32| rows.row(*row as usize).data() < &**bound;
        match keys {
            Keys::Bytes(rows) => (0..rows.num_rows() as u32).filter(|row| is_before(rows, row)).collect(),
            _ => Vec::new(),
        }
    }
}

fn rows_below<K: Ord>(keys: &[K], bound: &K) -> Vec<u32> {
    let keys = keys.iter().zip(0u32..);
    keys.filter(|(key, _)| *key < bound).map(|(_, row)| row).collect()
}

/// What is asked for.
pub(crate) struct TopN {
    pub(crate) order: Order,
    /// N, more than 0.
    pub(crate) limit: usize,
    pub(crate) batch_rows: usize,
    pub(crate) cancel: Arc<Cancel>,
    pub(crate) memory: Arc<MemoryBudget>,
    /// Keeps the values of the first key with the rows, for [`Self::condition`].
    pub(crate) publishes: bool,
    /// What is known of the first key of rows that can still matter.
    pub(crate) condition: Arc<Mutex<Option<Condition>>>,
}

/// The sink and the source of a top-N.
pub(crate) fn top_n(mut top: TopN) -> (Arc<dyn Sink>, Box<dyn Source>) {
    top.publishes &= !top.order.encoder.fields().is_empty();
    fn of<K: Kept>(top: TopN) -> (Arc<dyn Sink>, Box<dyn Source>) {
        let shared = Arc::new(Shared::<K> {
            top,
            bound: Mutex::new(None),
            results: Mutex::new(Best::default()),
        });
        (Arc::new(TopNSink(shared.clone())), Box::new(TopNSource(shared)))
    }
    match top.order.encoder.width() {
        KeyWidth::Narrow => of::<u64>(top),
        KeyWidth::Wide => of::<u128>(top),
        KeyWidth::Bytes => of::<Box<[u8]>>(top),
    }
}

struct Shared<K> {
    top: TopN,
    /// N rows are known not to go behind this key.
    bound: Mutex<Option<K>>,
    results: Mutex<Best<K>>,
}

/// Rows that may be among the first.
struct Best<K> {
    entries: Vec<Entry<K>>,
    /// Columns of the batches that entries name; the last one is the first key if it is published.
    chunks: Vec<Vec<ArrayRef>>,
    /// What they take.
    memory: Vec<Reservation>,
}

#[derive(Clone)]
struct Entry<K> {
    key: K,
    chunk: usize,
    row: usize,
}

impl<K> Default for Best<K> {
    fn default() -> Self {
        Best {
            entries: Vec::new(),
            chunks: Vec::new(),
            memory: Vec::new(),
        }
    }
}

impl<K: Kept> Best<K> {
    /// Keeps the first `limit` entries, in no order but with the last of them at the end. Gives whether there are so many.
    fn choose(&mut self, limit: usize) -> bool {
        let by_key = |left: &Entry<K>, right: &Entry<K>| left.key.cmp(&right.key);
        if self.entries.len() > limit {
            self.entries.select_nth_unstable_by(limit - 1, by_key);
            self.entries.truncate(limit);
        } else if let Some(last) = (0..self.entries.len()).max_by(|a, b| by_key(&self.entries[*a], &self.entries[*b])) {
            let end = self.entries.len() - 1;
            self.entries.swap(last, end);
        }
        self.entries.len() == limit
    }

    /// The rows of some entries as columns.
    fn columns(&self, entries: &[Entry<K>]) -> Result<Vec<ArrayRef>> {
        let rows: Vec<(usize, usize)> = entries.iter().map(|entry| (entry.chunk, entry.row)).collect();
        let width = self.chunks.first().map_or(0, Vec::len);
        let columns = (0..width).map(|column| {
            let parts: Vec<ArrayRef> = self.chunks.iter().map(|chunk| chunk[column].clone()).collect();
            interleaved(&parts, &rows)
        });
        columns.collect()
    }

    /// Lets go of rows that were not chosen.
    fn compact(&mut self) -> Result<()> {
        let columns = self.columns(&self.entries)?;
        let row_count = self.entries.len();
        self.chunks = vec![retained(Batch::new(columns, row_count)).columns];
        for (row, entry) in self.entries.iter_mut().enumerate() {
            (entry.chunk, entry.row) = (0, row);
        }
        Ok(())
    }

    /// About how many bytes are held.
    fn bytes(&self) -> usize {
        let columns = self.chunks.iter().flatten().map(column_bytes).sum::<usize>();
        columns + self.entries.len() * size_of::<Entry<K>>()
    }

    fn append(&mut self, other: Best<K>) {
        let offset = self.chunks.len();
        self.chunks.extend(other.chunks);
        self.memory.extend(other.memory);
        self.entries.extend(other.entries.into_iter().map(|entry| Entry {
            chunk: entry.chunk + offset,
            ..entry
        }));
    }
}

struct TopNSink<K>(Arc<Shared<K>>);

impl<K: Kept> Sink for TopNSink<K> {
    fn open(&self) -> Result<Box<dyn SinkPart>> {
        Ok(Box::new(TopNPart {
            shared: self.0.clone(),
            best: Best::default(),
            memory: self.0.top.memory.reservation(),
            is_bounding: false,
        }))
    }
}

struct TopNPart<K> {
    shared: Arc<Shared<K>>,
    best: Best<K>,
    memory: Reservation,
    /// This part has given a bound.
    is_bounding: bool,
}

impl<K: Kept> SinkPart for TopNPart<K> {
    fn consume(&mut self, batch: Batch) -> Result<Demand> {
        let top = &self.shared.top;
        let key_columns = top.order.columns.evaluate(&batch)?;
        let keys = top.order.encoder.encode(&key_columns, batch.selected_count())?;
        let bound = self.shared.bound.lock().clone();
        let mut rows = match &bound {
            None => (0..keys.len() as u32).collect(),
            Some(bound) => K::before(&keys, bound),
        };
        if rows.len() > top.limit {
            rows.select_nth_unstable_by(top.limit - 1, |a, b| keys.compare(*a as usize, *b as usize));
            rows.truncate(top.limit);
        }
        if rows.is_empty() {
            return Ok(Demand::More);
        }
        let chunk = self.best.chunks.len();
        self.best.chunks.push(chosen_columns(
            &batch,
            &rows,
            key_columns.first().filter(|_| top.publishes),
        )?);
        let entries = rows.iter().enumerate().map(|(row, of)| Entry {
            key: K::of(&keys, *of as usize),
            chunk,
            row,
        });
        self.best.entries.extend(entries);
        let added = self.best.chunks[chunk].iter().map(column_bytes).sum::<usize>();
        self.memory.grow(added + rows.len() * size_of::<Entry<K>>())?;
        let kept = self.best.entries.len();
        if kept >= top.limit && (!self.is_bounding || kept >= top.limit.saturating_mul(2).saturating_add(SLACK_ROWS)) {
            self.choose()?;
        }
        Ok(Demand::More)
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        if self.best.entries.is_empty() {
            return Ok(());
        }
        self.choose()?;
        let TopNPart {
            shared,
            mut best,
            memory,
            ..
        } = *self;
        best.memory.push(memory);
        shared.results.lock().append(best);
        Ok(())
    }
}

/// The chosen rows (of the selected ones) of a batch, and of the first key.
fn chosen_columns(batch: &Batch, rows: &[u32], first_key: Option<&ArrayRef>) -> Result<Vec<ArrayRef>> {
    let chosen = UInt32Array::from(rows.to_vec());
    let indices = match &batch.selection {
        None => chosen.clone(),
        Some(selection) => {
            let selected: Vec<u32> = selection.indices().map(|row| row as u32).collect();
            rows.iter().map(|row| selected[*row as usize]).collect()
        }
    };
    let columns = batch.columns.iter().map(|column| gather(column, &indices));
    let mut columns = columns.collect::<Result<Vec<_>>>()?;
    if let Some(key) = first_key {
        columns.push(gather(key, &chosen)?);
    }
    Ok(retained(Batch::new(columns, rows.len())).columns)
}

impl<K: Kept> TopNPart<K> {
    /// Lets go of what is not among the first; tightens the bound.
    fn choose(&mut self) -> Result<()> {
        let top = &self.shared.top;
        let is_full = self.best.choose(top.limit);
        self.best.compact()?;
        self.memory.resize(self.best.bytes())?;
        if !is_full {
            return Ok(());
        }
        self.is_bounding = true;
        let Some(last) = self.best.entries.last() else {
            return Ok(());
        };
        let mut bound = self.shared.bound.lock();
        if bound.as_ref().is_none_or(|bound| last.key.cmp(bound) == Ordering::Less) {
            *bound = Some(last.key.clone());
            if top.publishes
                && let Some(values) = self.best.chunks[last.chunk].last()
            {
                *top.condition.lock() = self.shared.condition_of(values, last.row);
            }
        }
        Ok(())
    }
}

impl<K> Shared<K> {
    /// What holds of the first key of rows that can go before a row.
    fn condition_of(&self, values: &ArrayRef, row: usize) -> Option<Condition> {
        if values.is_null(row) {
            return None;
        }
        let fields = self.top.order.encoder.fields();
        let bound = Bound {
            value: values.slice(row, 1),
            // With further keys, equal values of the first one still matter.
            inclusive: fields.len() > 1,
        };
        let (lower, upper) = match fields.first()?.descending {
            true => (Some(bound), None),
            false => (None, Some(bound)),
        };
        Some(Condition::Range { lower, upper })
    }
}

struct TopNSource<K>(Arc<Shared<K>>);

impl<K: Kept> Source for TopNSource<K> {
    fn open(&self) -> Result<Box<dyn Stream>> {
        let mut best = std::mem::take(&mut *self.0.results.lock());
        let top = &self.0.top;
        best.choose(top.limit);
        best.entries.sort_by(|left, right| left.key.cmp(&right.key));
        Ok(Box::new(TopNStream {
            best,
            next: 0,
            shared: self.0.clone(),
        }))
    }

    fn parallelism_max(&self) -> usize {
        1
    }
}

struct TopNStream<K> {
    shared: Arc<Shared<K>>,
    best: Best<K>,
    next: usize,
}

impl<K: Kept> Stream for TopNStream<K> {
    fn next(&mut self) -> Result<Option<Batch>> {
        let top = &self.shared.top;
        top.cancel.check()?;
        let count = top.batch_rows.max(1).min(self.best.entries.len() - self.next);
        if count == 0 {
            return Ok(None);
        }
        let mut columns = self.best.columns(&self.best.entries[self.next..self.next + count])?;
        if top.publishes {
            columns.pop();
        }
        self.next += count;
        Ok(Some(Batch::new(columns, count)))
    }
}
