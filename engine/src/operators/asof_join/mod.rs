//! ASOF joins: each left row with the nearest right row among those whose keys equal its own. The right side is collected and sorted
//! by (keys, time); left rows stream by and look their place up, from the place of the row before. NULL keys and times match nothing.
//!
//! Sorting the right side is the work of one worker. A right side that does not fit into memory goes through a sort that can put it on
//! disk; so do the left rows of each worker, which then go through both in order ([`sorted`]).

mod sorted;
#[cfg(test)]
mod tests;

use super::gather::{SelectedRows, batch_bytes, concatenated, gather, retained};
use super::key::{KeyColumns, KeyEncoder, Keys};
use super::sort::{Order, Sort, sorted_rows};
use crate::error::{Error, Result, SqlState};
use crate::pipeline::{Cancel, Demand, MemoryBudget, Reservation, Sink, SinkPart, Stream, Transform};
use arrow_array::{Array, ArrayRef, UInt32Array};
use arrow_schema::DataType;
use parking_lot::Mutex;
use sorted::{SortedJoin, SortedRight};
use std::cmp::Ordering;
use std::sync::{Arc, OnceLock};
use stoa_storage::vector::Batch;

/// Right rows that can be numbered.
const RIGHT_ROWS_MAX: usize = u32::MAX as usize - 1;

/// Which right row is the nearest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nearest {
    /// The last one before the left row, or at the same time.
    Before {
        /// At the same time, too.
        inclusive: bool,
    },
    /// The first one after the left row, or at the same time.
    After {
        /// At the same time, too.
        inclusive: bool,
    },
}

/// What is joined, and how.
pub(crate) struct Specification {
    pub(crate) nearest: Nearest,
    /// Left rows without a match are handed on with NULLs.
    pub(crate) keeps_left: bool,
    /// The keys, then the time, of either side.
    pub(crate) left: KeyColumns,
    pub(crate) right: KeyColumns,
    /// Of all of these.
    pub(crate) order: KeyEncoder,
    /// Of the keys alone.
    pub(crate) equality: KeyEncoder,
    pub(crate) left_types: Vec<DataType>,
    pub(crate) right_types: Vec<DataType>,
    /// Of left rows, where the right ones do not fit into memory.
    pub(crate) left_order: Arc<Order>,
    /// Takes the right rows where they do not.
    pub(crate) right_sort: Arc<Sort>,
    pub(crate) batch_rows: usize,
    /// Workers that may run at once.
    pub(crate) workers: usize,
    pub(crate) memory: Arc<MemoryBudget>,
    pub(crate) cancel: Arc<Cancel>,
}

/// A join under way.
pub(crate) struct AsOfJoin {
    specification: Specification,
    collected: Mutex<Collected>,
    built: OnceLock<Built>,
    /// In use, it takes the place of `built`.
    sorted: SortedRight,
}

#[derive(Default)]
struct Collected {
    batches: Vec<Batch>,
    row_count: usize,
    memory: Vec<Reservation>,
}

/// The right side in order.
struct Built {
    columns: Vec<ArrayRef>,
    /// Rows of `columns` in the order of keys and times; those with NULLs are left out.
    rows: Vec<u32>,
    /// Keys and times by row of `columns`.
    order: Keys,
    equality: Keys,
    _memory: Vec<Reservation>,
}

impl AsOfJoin {
    pub(crate) fn new(specification: Specification) -> Arc<Self> {
        Arc::new(AsOfJoin {
            sorted: SortedRight::new(specification.right_sort.clone()),
            specification,
            collected: Mutex::new(Collected::default()),
            built: OnceLock::new(),
        })
    }

    /// Sorts what was collected; `None` where there is no room for that.
    fn build(&self) -> Result<Option<Built>> {
        let specification = &self.specification;
        let Collected {
            batches, mut memory, ..
        } = std::mem::take(&mut *self.collected.lock());
        if self.sorted.is_used() {
            self.sorted.take(specification, batches)?;
            return Ok(None);
        }
        let batch = concatenated(batches, &specification.right_types)?;
        let mut reservation = specification.memory.reservation();
        let key_columns = match batch.row_count {
            0 => empty_columns(&specification.order),
            _ => specification.right.evaluate(&batch)?,
        };
        specification.cancel.check()?;
        let order = specification.order.encode(&key_columns, batch.row_count)?;
        let equality = specification
            .equality
            .encode(keys_alone(&key_columns), batch.row_count)?;
        if !reservation.try_grow(order.memory_bytes() + equality.memory_bytes() + order.len() * 24) {
            drop((order, equality, memory));
            self.sorted.take(specification, vec![batch])?;
            return Ok(None);
        }
        let mut rows = sorted_rows(&order);
        specification.cancel.check()?;
        if let Some(present) = specification.order.present(&key_columns) {
            rows.retain(|row| present.is_valid(*row as usize));
        }
        memory.push(reservation);
        Ok(Some(Built {
            columns: batch.columns,
            rows,
            order,
            equality,
            _memory: memory,
        }))
    }
}

/// The columns without the last one, which is the time.
fn keys_alone(columns: &[ArrayRef]) -> &[ArrayRef] {
    columns.split_last().map_or(&[], |(_, keys)| keys)
}

fn empty_columns(encoder: &KeyEncoder) -> Vec<ArrayRef> {
    let fields = encoder.fields().iter();
    fields
        .map(|field| arrow_array::new_empty_array(&field.data_type))
        .collect()
}

impl Built {
    /// The right row that belongs to a left one. `place` is where the last one was found.
    fn nearest(&self, nearest: Nearest, probe: &Probe, left: usize, place: &mut usize) -> Option<u32> {
        *place = self.place(nearest, probe, left, *place);
        self.row_at(nearest, probe, left, *place)
    }

    /// How many right rows go before a left one, those among them that it is joined with if it is the last one before it that counts.
    fn place(&self, nearest: Nearest, probe: &Probe, left: usize, from: usize) -> usize {
        let or_equal = match nearest {
            Nearest::Before { inclusive } => inclusive,
            Nearest::After { inclusive } => !inclusive,
        };
        partition_point(&self.rows, from, |right| {
            let order = self.order.compare_with(right as usize, &probe.order, left);
            order == Ordering::Less || or_equal && order == Ordering::Equal
        })
    }

    /// The right row that belongs to a left one with such a place.
    fn row_at(&self, nearest: Nearest, probe: &Probe, left: usize, place: usize) -> Option<u32> {
        let back = usize::from(matches!(nearest, Nearest::Before { .. }));
        let right = *self.rows.get(place.checked_sub(back)?)?;
        let order = self.equality.compare_with(right as usize, &probe.equality, left);
        (order == Ordering::Equal).then_some(right)
    }
}

/// How many of the rows pass, which are the first ones; looked for in growing steps from a place, as left rows are often in order.
fn partition_point(rows: &[u32], from: usize, passes: impl Fn(u32) -> bool) -> usize {
    let from = from.min(rows.len());
    let mut step = 1;
    // Rows before `start` pass, those from `end` on do not.
    let (mut start, mut end) = (from, from);
    if rows.get(from).is_some_and(|row| passes(*row)) {
        while rows.get(end).is_some_and(|row| passes(*row)) {
            start = end + 1;
            end += step;
            step *= 2;
        }
        end = end.min(rows.len());
    } else {
        while start > 0 && !passes(rows[start - 1]) {
            end = start - 1;
            start = start.saturating_sub(step);
            step *= 2;
        }
    }
    start + rows[start..end].partition_point(|row| passes(*row))
}

/// The keys of left rows.
struct Probe {
    order: Keys,
    equality: Keys,
}

impl Probe {
    fn new(specification: &Specification, columns: &[ArrayRef], row_count: usize) -> Result<Self> {
        Ok(Probe {
            order: specification.order.encode(columns, row_count)?,
            equality: specification.equality.encode(keys_alone(columns), row_count)?,
        })
    }
}

/// The end of the pipeline that collects the right side.
pub(crate) struct AsOfSink(pub(crate) Arc<AsOfJoin>);

impl Sink for AsOfSink {
    fn open(&self) -> Result<Box<dyn SinkPart>> {
        Ok(Box::new(AsOfPart {
            memory: self.0.specification.memory.reservation(),
            join: self.0.clone(),
            batches: Vec::new(),
            row_count: 0,
            sort: None,
        }))
    }

    fn finish(&self) -> Result<()> {
        let Some(built) = self.0.build()? else { return Ok(()) };
        let twice = self.0.built.set(built).is_err();
        match twice {
            true => Err(Error::Internal(
                "the right side of an as-of join was built twice".into(),
            )),
            false => Ok(()),
        }
    }
}

struct AsOfPart {
    join: Arc<AsOfJoin>,
    batches: Vec<Batch>,
    row_count: usize,
    memory: Reservation,
    /// Takes all rows since there was no room for one.
    sort: Option<Box<dyn SinkPart>>,
}

impl AsOfPart {
    /// Gives everything to the sort, this batch, too.
    fn give(&mut self, batch: Batch) -> Result<()> {
        let specification = &self.join.specification;
        let sort = match &mut self.sort {
            Some(sort) => sort,
            none => none.insert(self.join.sorted.part()?),
        };
        for batch in std::mem::take(&mut self.batches).into_iter().chain([batch]) {
            specification.cancel.check()?;
            let held = self.memory.bytes();
            self.memory.resize(held.saturating_sub(batch_bytes(&batch)))?;
            if let Some(batch) = sorted::with_keys(specification, batch)? {
                sort.consume(batch)?;
            }
        }
        Ok(())
    }
}

impl SinkPart for AsOfPart {
    fn consume(&mut self, batch: Batch) -> Result<Demand> {
        let batch = retained(batch);
        if self.sort.is_some() || !self.memory.try_grow(batch_bytes(&batch)) {
            self.give(batch)?;
            return Ok(Demand::More);
        }
        self.row_count += batch.row_count;
        self.batches.push(batch);
        Ok(Demand::More)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        if let Some(sort) = self.sort {
            return sort.finish();
        }
        let mut collected = self.join.collected.lock();
        collected.row_count += self.row_count;
        if collected.row_count > RIGHT_ROWS_MAX {
            return Err(Error::user(
                SqlState::PROGRAM_LIMIT_EXCEEDED,
                "too many rows on the right side of an ASOF JOIN",
            ));
        }
        collected.batches.extend(self.batches);
        collected.memory.push(self.memory);
        Ok(())
    }
}

/// Joins the left rows that stream by: their columns, then those of the right side.
pub(crate) struct AsOfTransform(pub(crate) Arc<AsOfJoin>);

impl Transform for AsOfTransform {
    fn open(&self, input: Box<dyn Stream>) -> Result<Box<dyn Stream>> {
        Ok(Box::new(AsOfStream {
            join: self.0.clone(),
            input,
            sorted: None,
        }))
    }
}

struct AsOfStream {
    join: Arc<AsOfJoin>,
    input: Box<dyn Stream>,
    /// In use where the right side is not in memory.
    sorted: Option<SortedJoin>,
}

impl Stream for AsOfStream {
    fn next(&mut self) -> Result<Option<Batch>> {
        let join = self.join.clone();
        if join.sorted.is_used() {
            let sorted = match &mut self.sorted {
                Some(sorted) => sorted,
                none => none.insert(SortedJoin::new(&join.specification, &join.sorted)?),
            };
            return sorted.next(&join.specification, &mut *self.input);
        }
        let built = join.built.get();
        let built = built.ok_or_else(|| Error::Internal("the right side of an as-of join was not built".into()))?;
        let specification = &join.specification;
        loop {
            specification.cancel.check()?;
            let Some(batch) = self.input.next()? else {
                return Ok(None);
            };
            let matches = matches(specification, built, &batch)?;
            let found = matches.len() - matches.null_count();
            if found == 0 && !specification.keeps_left {
                continue;
            }
            return joined(specification, built, batch, matches).map(Some);
        }
    }
}

/// The right row of each selected left row, NULL without one.
fn matches(specification: &Specification, built: &Built, batch: &Batch) -> Result<UInt32Array> {
    let row_count = batch.selected_count();
    let columns = specification.left.evaluate(batch)?;
    let present = specification.order.present(&columns);
    let probe = Probe::new(specification, &columns, row_count)?;
    let is_present = |row: usize| present.as_ref().is_none_or(|present| present.is_valid(row));
    let mut place = 0;
    let found = (0..row_count).map(|row| match is_present(row) {
        true => built.nearest(specification.nearest, &probe, row, &mut place),
        false => None,
    });
    Ok(found.collect())
}

fn joined(specification: &Specification, built: &Built, batch: Batch, matches: UInt32Array) -> Result<Batch> {
    let left = SelectedRows::new(batch);
    let (rows, matches) = match specification.keeps_left || matches.null_count() == 0 {
        true => ((0..matches.len() as u32).collect(), matches),
        false => {
            let is_found = |row: &u32| matches.is_valid(*row as usize);
            let rows: Vec<u32> = (0..matches.len() as u32).filter(is_found).collect();
            (rows, matches.iter().flatten().map(Some).collect())
        }
    };
    let mut columns = left.columns(&rows, 0..left.batch.columns.len())?;
    for column in &built.columns {
        columns.push(gather(column, &matches)?);
    }
    Ok(Batch::new(columns, rows.len()))
}
