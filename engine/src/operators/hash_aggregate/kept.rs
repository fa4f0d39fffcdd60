//! The groups of a part that are too large for memory as one: the rows that aggregates keep whole are sorted on disk, by group and then as
//! each aggregate wants them, and go through the aggregate one after the other. Everything else is merged as ever.

use super::groups::{GroupStates, HandedOut};
use super::specification::AggregateSpecification;
use crate::error::Result;
use crate::functions::KeptRows;
use crate::functions::aggregate::value_lists::unshared;
use crate::operators::gather::column_bytes;
use crate::operators::key::{KeyColumns, KeyEncoder, KeyField, Nulls};
use crate::operators::project::Projection;
use crate::operators::sort::{Order, Sort, SortSink, SortSource};
use crate::operators::spill::{SharedSpillFile, SpilledRows};
use crate::pipeline::{Cancel, Demand, MemoryBudget, Reservation, Sink, Source};
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, Int32Array};
use arrow_schema::DataType;
use std::sync::Arc;
use stoa_storage::vector::Batch;

/// Rows that go into a sort, and come out of it, at a time: at most so many ..
const BATCH_ROWS_MAX: usize = 16 * 1024;
/// .. and as many as take this part of the budget.
const BATCH_PARTS: usize = 256;

/// The groups of a part, as they were put away.
pub(super) struct Pieces<'p> {
    pub(super) spill: &'p SharedSpillFile,
    pub(super) cancel: &'p Arc<Cancel>,
    pub(super) spilled: Vec<SpilledRows>,
    pub(super) in_memory: Option<HandedOut>,
}

impl Pieces<'_> {
    /// Calls `visit` with one after the other, as long as it wants more; can be done again.
    pub(super) fn visit(
        &self,
        specification: &Arc<AggregateSpecification>,
        mut visit: impl FnMut(&HandedOut) -> Result<Demand>,
    ) -> Result<()> {
        let layout = GroupStates::of_partition(specification)?;
        for rows in &self.spilled {
            self.cancel.check()?;
            if visit(&layout.split_columns(self.spill.read(rows)?, rows.row_count))? == Demand::Enough {
                return Ok(());
            }
        }
        self.in_memory.as_ref().map_or(Ok(()), |piece| visit(piece).map(|_| ()))
    }
}

/// The groups of all pieces as one, whose aggregates have taken in what they would keep.
///
/// # Errors
/// [`Error::OutOfMemory`](crate::error::Error::OutOfMemory) where what cannot be sorted is too large.
pub(super) fn merged_in_order(
    specification: &Arc<AggregateSpecification>,
    pieces: &Pieces<'_>,
    memory: &Arc<MemoryBudget>,
    reservation: &mut Reservation,
) -> Result<GroupStates> {
    let mut groups = GroupStates::of_partition(specification)?;
    let kept = groups.kept_rows();
    let (mut numbers, mut extents) = (Vec::new(), vec![Extent::default(); kept.len()]);
    pieces.visit(specification, |piece| {
        for (call, extent) in extents.iter_mut().enumerate().filter(|(call, _)| kept[*call].is_some()) {
            extent.add(&piece.states[call]);
        }
        numbers.push(groups.merge_some(piece, |call| kept[call].is_some())?);
        reservation.resize(groups.memory_bytes())?;
        Ok(Demand::More)
    })?;
    for (call, rows) in kept.iter().enumerate() {
        let Some(rows) = rows else { continue };
        let sort = sort_of(rows, extents[call].batch_rows(memory), memory, pieces.cancel)?;
        let counts = fill(&sort, call, rows, specification, pieces, &numbers)?;
        groups.begin_sorted(call, &counts)?;
        let mut sorted = SortSource(sort).open()?;
        while let Some(batch) = sorted.next()? {
            let numbers = batch.columns[0].as_primitive::<Int32Type>().values();
            let numbers: Vec<u32> = numbers.iter().map(|group| *group as u32).collect();
            groups.update_sorted(call, &batch.columns[1..], &numbers)?;
            reservation.resize(groups.memory_bytes())?;
        }
    }
    Ok(groups)
}

fn sort_of(rows: &KeptRows, batch_rows: usize, memory: &Arc<MemoryBudget>, cancel: &Arc<Cancel>) -> Result<Arc<Sort>> {
    let columns = std::iter::once(DataType::Int32).chain(rows.types.iter().cloned());
    let (memory, cancel) = (memory.clone(), cancel.clone());
    Ok(Sort::new(
        order(rows)?,
        columns.collect(),
        None,
        batch_rows,
        memory,
        cancel,
        1,
    ))
}

/// Puts what an aggregate keeps into a sort; `numbers` are those of each piece's groups. Gives, per group, how many rows are not NULL in the
/// order's first column.
fn fill(
    sort: &Arc<Sort>,
    call: usize,
    rows: &KeptRows,
    specification: &Arc<AggregateSpecification>,
    pieces: &Pieces<'_>,
    numbers: &[Vec<u32>],
) -> Result<Vec<usize>> {
    let group_count = numbers.iter().flatten().max().map_or(0, |last| *last as usize + 1);
    let mut counts = vec![0; group_count];
    let mut part = SortSink(sort.clone()).open()?;
    let mut piece_numbers = numbers.iter();
    pieces.visit(specification, |piece| {
        let numbers = piece_numbers.next().map_or(&[][..], Vec::as_slice);
        for_each_batch(&piece.states[call], numbers, sort.batch_rows(), |batch| {
            let first_key = rows.order.first().map(|key| &batch.columns[1 + key.column]);
            count(&batch.columns[0], first_key, &mut counts);
            part.consume(batch).map(|_| ())
        })?;
        Ok(Demand::More)
    })?;
    part.finish()?;
    Ok(counts)
}

/// What the rows that an aggregate keeps amount to.
#[derive(Clone, Copy, Default)]
struct Extent {
    bytes: usize,
    rows: usize,
}

impl Extent {
    fn add(&mut self, states: &[ArrayRef]) {
        self.bytes += states.iter().map(column_bytes).sum::<usize>();
        self.rows += states.first().map_or(0, |state| state.as_list::<i32>().values().len());
    }

    /// How many rows make a batch.
    fn batch_rows(self, memory: &MemoryBudget) -> usize {
        let row_bytes = self.bytes / self.rows.max(1) + 1;
        (memory.limit_bytes() / BATCH_PARTS / row_bytes).clamp(1, BATCH_ROWS_MAX)
    }
}

/// By group, then as the aggregate wants it.
fn order(rows: &KeptRows) -> Result<Order> {
    let keys = rows.order.iter().map(|key| {
        let field = KeyField {
            data_type: rows.types[key.column].clone(),
            descending: key.descending,
            nulls: if key.nulls_first { Nulls::First } else { Nulls::Last },
        };
        (Projection::Column(1 + key.column), field)
    });
    let group = (Projection::Column(0), KeyField::without_nulls(DataType::Int32));
    let (columns, fields) = std::iter::once(group).chain(keys).unzip();
    Ok(Order {
        columns: KeyColumns(columns),
        encoder: KeyEncoder::new(fields)?,
    })
}

/// The rows of some states, which are lists: the number of the group, and the columns.
fn for_each_batch(
    states: &[ArrayRef],
    numbers: &[u32],
    batch_rows: usize,
    mut visit: impl FnMut(Batch) -> Result<()>,
) -> Result<()> {
    let lists: Vec<_> = states.iter().map(|state| state.as_list::<i32>()).collect();
    let Some(first) = lists.first() else { return Ok(()) };
    let mut groups = numbers.iter().zip(first.offsets().lengths());
    let (mut group, mut left) = (0, 0);
    let mut start = 0;
    let row_count: usize = first.offsets().lengths().sum();
    while start < row_count {
        let length = batch_rows.min(row_count - start);
        let mut batch_groups = Vec::with_capacity(length);
        while batch_groups.len() < length {
            while left == 0 {
                let (next, count) = groups.next().unwrap_or((&0, usize::MAX));
                (group, left) = (*next as i32, count);
            }
            let taken = left.min(length - batch_groups.len());
            batch_groups.resize(batch_groups.len() + taken, group);
            left -= taken;
        }
        let values = lists.iter().map(|list| {
            let begin = list.value_offsets()[0] as usize;
            unshared(list.values().slice(begin + start, length))
        });
        let numbers: ArrayRef = Arc::new(Int32Array::from(batch_groups));
        visit(Batch::new(std::iter::once(numbers).chain(values).collect(), length))?;
        start += length;
    }
    Ok(())
}

/// Adds up per group how many rows are not NULL in a column.
fn count(groups: &ArrayRef, column: Option<&ArrayRef>, counts: &mut [usize]) {
    let nulls = column.and_then(|column| column.nulls());
    for (row, group) in groups.as_primitive::<Int32Type>().values().iter().enumerate() {
        counts[*group as usize] += usize::from(nulls.is_none_or(|nulls| nulls.is_valid(row)));
    }
}
