//! What is found about a partition's end before its first row is answered: all rows pass once, and stay on disk.

use super::{Known, LongPartition};
use crate::error::Result;
use crate::functions::{Accumulator, Groups};
use crate::operators::gather::{column_bytes, joined};
use crate::operators::spill::{SealedSpillFile, SpillFile, SpilledRows};
use crate::operators::window::aggregate::Input;
use crate::operators::window::call::{Call, Computation, Needs, Place};
use crate::operators::window::ordered::{OrderedRows, beyond_memory};
use crate::operators::window::{Specification, sliced};
use arrow_array::ArrayRef;
use stoa_storage::vector::Batch;

/// The rows of a partition, which have passed before.
pub(super) struct KeptRows {
    file: SealedSpillFile,
    blocks: Vec<SpilledRows>,
    /// The block that comes next.
    next: usize,
}

impl KeptRows {
    /// The block that comes next; `None` where there is none.
    pub(super) fn next_block(&self) -> Option<usize> {
        (self.next < self.blocks.len()).then_some(self.next)
    }

    /// The rows of the next block.
    pub(super) fn next(&mut self) -> Result<Option<Batch>> {
        let Some(block) = self.blocks.get(self.next) else {
            return Ok(None);
        };
        self.next += 1;
        Ok(Some(Batch::new(self.file.read(block)?, block.row_count)))
    }
}

impl LongPartition {
    /// Lets all rows pass, if a call wants to know something of the end.
    pub(super) fn look_ahead(&mut self, specification: &Specification, rows: &mut OrderedRows) -> Result<()> {
        let ends = specification.calls.iter().map(|call| End::new(specification, call));
        let mut ends = ends.collect::<Result<Vec<_>>>()?;
        if ends.iter().all(|end| matches!(end, End::Nothing)) {
            return Ok(());
        }
        let file = SpillFile::create(&specification.memory)?;
        let mut blocks = Vec::new();
        while let Some(batch) = rows.next_of_partition(specification, &self.key)? {
            specification.cancel.check()?;
            for (call, end) in specification.calls.iter().zip(&mut ends) {
                end.pass(call, &batch)?;
            }
            let bytes = ends.iter().map(End::bytes).sum();
            self.memory.resize(bytes).map_err(beyond_memory)?;
            self.row_count += batch.row_count;
            blocks.push(file.write(&batch.columns, batch.row_count)?);
        }
        for (known, end) in self.known.iter_mut().zip(ends) {
            end.tell(specification, known)?;
        }
        self.account()?;
        let file = file.seal()?;
        self.kept = Some(KeptRows { file, blocks, next: 0 });
        Ok(())
    }
}

/// What a call wants to know.
enum End {
    Nothing,
    /// How many rows there are.
    Count,
    /// The value of the first row.
    FirstValue(Option<ArrayRef>),
    LastValue(Option<ArrayRef>),
    Total(Box<dyn Accumulator>),
    /// The state of each block.
    Blocks(Box<dyn Accumulator>, Vec<Vec<ArrayRef>>),
}

impl End {
    fn new(specification: &Specification, call: &Call) -> Result<Self> {
        let is_ordered = specification.is_ordered();
        Ok(match (&call.computation, call.needs(is_ordered)) {
            (Computation::Aggregate { accumulator, binding }, Needs::Total) => End::Total(accumulator(binding)?),
            (Computation::Aggregate { accumulator, binding }, Needs::OpenFrame) if call.open_ends(is_ordered).1 => {
                End::Blocks(accumulator(binding)?, Vec::new())
            }
            (_, Needs::LastValue) => End::LastValue(None),
            (_, Needs::Place(Place::Ntile)) => End::FirstValue(None),
            (_, Needs::Place(_)) => End::Count,
            _ => End::Nothing,
        })
    }

    fn pass(&mut self, call: &Call, batch: &Batch) -> Result<()> {
        match self {
            End::Nothing | End::Count | End::FirstValue(Some(_)) => {}
            End::FirstValue(value) => *value = Some(call.first_argument(&sliced(batch, 0..1))?),
            End::LastValue(value) => {
                let last = batch.row_count.saturating_sub(1);
                *value = Some(call.first_argument(&sliced(batch, last..batch.row_count))?);
            }
            End::Total(accumulator) => Input::new(call, batch)?.add_to(&mut **accumulator)?,
            End::Blocks(accumulator, states) => {
                Input::new(call, batch)?.add_to(&mut **accumulator)?;
                states.push(accumulator.states(1)?);
            }
        }
        Ok(())
    }

    fn bytes(&self) -> usize {
        match self {
            End::Nothing | End::Count => 0,
            End::FirstValue(value) | End::LastValue(value) => value.as_ref().map_or(0, column_bytes),
            End::Total(accumulator) => accumulator.memory_bytes(),
            // As many again are made of them.
            End::Blocks(_, states) => states.iter().flatten().map(column_bytes).sum::<usize>() * 2,
        }
    }

    fn tell(self, specification: &Specification, known: &mut Known) -> Result<()> {
        match self {
            End::Nothing | End::Count => {}
            End::FirstValue(value) | End::LastValue(value) => known.value = value,
            End::Total(mut accumulator) => known.value = Some(accumulator.finish(1)?),
            End::Blocks(mut accumulator, blocks) => {
                known.after = Some(from_each_block_on(specification, &mut *accumulator, blocks)?);
            }
        }
        Ok(())
    }
}

/// The states of all rows from each block on.
fn from_each_block_on(
    specification: &Specification,
    accumulator: &mut dyn Accumulator,
    blocks: Vec<Vec<ArrayRef>>,
) -> Result<Vec<ArrayRef>> {
    let one = Groups::PerRow(&[0]);
    let mut all: Vec<Vec<ArrayRef>> = Vec::with_capacity(blocks.len());
    for block in blocks.into_iter().rev() {
        specification.cancel.check()?;
        accumulator.merge(&block, one, 1)?;
        if let Some(after) = all.last() {
            accumulator.merge(after, one, 1)?;
        }
        all.push(accumulator.states(1)?);
    }
    all.reverse();
    let types = accumulator.state_types().into_iter().enumerate();
    let columns = types.map(|(column, data_type)| {
        let parts: Vec<ArrayRef> = all.iter().map(|states| states[column].clone()).collect();
        joined(&parts, &data_type)
    });
    columns.collect()
}
