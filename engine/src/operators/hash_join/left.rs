//! The left side of a join whose right side is on disk: each worker writes the left rows that stream to it, by partition, and then
//! reads them again, once for every block of right rows that they may match.

use super::spill::{ARRANGED_PARTS, SPILL_PARTITIONS, SPILL_SHIFT, Spill};
use super::{Built, LeftSide, Specification};
use crate::error::Result;
use crate::operators::gather::{batch_bytes, concatenated, retained};
use crate::operators::spill::{SealedSpillFile, SpillFile, SpilledRows};
use crate::operators::split::{Split, sliced};
use crate::pipeline::{Reservation, Stream};
use arrow_schema::DataType;
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use stoa_storage::vector::Batch;

/// Left rows and the right rows that they are joined with.
pub(super) struct Turn {
    pub(super) built: Arc<Built>,
    pub(super) left: Batch,
    /// Which of them had a match in an earlier turn, where there was one and that is asked for.
    pub(super) matched: Option<Vec<bool>>,
    /// They are not joined with further right rows.
    pub(super) is_last: bool,
}

impl Turn {
    /// With all right rows at once.
    pub(super) fn only(built: Arc<Built>, left: Batch) -> Self {
        Turn {
            built,
            left,
            matched: None,
            is_last: true,
        }
    }
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
        /// Those that are yet to be joined.
        partitions: VecDeque<(usize, Vec<SpilledRows>)>,
        passes: Option<Passes>,
    },
}

/// The rows of a partition while they pass by its blocks of right rows.
struct Passes {
    rows: Vec<SpilledRows>,
    /// The blocks to come, the first of them being that whose table this is.
    blocks: Range<usize>,
    built: Option<Arc<Built>>,
    /// Of the next rows: their place in `rows`, and the number of their first row.
    next: usize,
    next_row: usize,
    /// The number of the first row of those that are being joined.
    row: usize,
    /// Which rows have a match, where there are several blocks and that is asked for.
    matched: Option<MatchedRows>,
}

struct MatchedRows {
    bits: Vec<u64>,
    _memory: Reservation,
}

impl SpilledLeft {
    pub(super) fn new(side: Arc<LeftSide>) -> Self {
        SpilledLeft {
            side,
            phase: Phase::Writing,
        }
    }

    /// The next left rows and what they are to be joined with. All of the input goes to disk first.
    pub(super) fn next(
        &mut self,
        specification: &Specification,
        spill: &Spill,
        input: &mut dyn Stream,
    ) -> Result<Option<Turn>> {
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
            passes,
        } = &mut self.phase
        else {
            return Ok(None);
        };
        loop {
            if let Some(current) = passes {
                if let Some(turn) = current.next(specification, spill, file)? {
                    return Ok(Some(turn));
                }
                *passes = None;
            }
            let Some((partition, rows)) = partitions.pop_front() else {
                return Ok(None);
            };
            let blocks = spill.blocks_of(partition)?;
            if !blocks.is_empty() || !specification.kind.drops_unmatched_left() {
                *passes = Some(Passes::new(specification, rows, blocks)?);
            }
        }
    }

    /// Keeps which of the rows of the last turn have a match by now.
    pub(super) fn keep_matched(&mut self, matched: &[bool]) {
        if let Phase::Reading {
            passes: Some(passes), ..
        } = &mut self.phase
            && let Some(rows) = &mut passes.matched
        {
            let numbers = passes.row..passes.row + matched.len();
            for (row, _) in numbers.zip(matched).filter(|(_, matched)| **matched) {
                rows.bits[row / 64] |= 1 << (row % 64);
            }
        }
    }
}

impl Passes {
    fn new(specification: &Specification, rows: Vec<SpilledRows>, blocks: Range<usize>) -> Result<Self> {
        let row_count: usize = rows.iter().map(|rows| rows.row_count).sum();
        let matched = match blocks.len() > 1 && specification.kind.notes_left_matches() {
            false => None,
            true => {
                let mut memory = specification.memory.reservation();
                memory.grow(row_count.div_ceil(8))?;
                Some(MatchedRows {
                    bits: vec![0; row_count.div_ceil(64)],
                    _memory: memory,
                })
            }
        };
        Ok(Passes {
            rows,
            blocks,
            built: None,
            next: 0,
            next_row: 0,
            row: 0,
            matched,
        })
    }

    fn next(&mut self, specification: &Specification, spill: &Spill, file: &SealedSpillFile) -> Result<Option<Turn>> {
        if self.next == self.rows.len() {
            self.blocks.start += 1;
            if self.blocks.is_empty() {
                return Ok(None);
            }
            (self.next, self.next_row, self.built) = (0, 0, None);
        }
        let built = match &self.built {
            Some(built) => built.clone(),
            None if self.blocks.is_empty() => spill.built_empty(specification)?,
            None => spill.built(specification, self.blocks.start)?,
        };
        self.built = Some(built.clone());
        let rows = &self.rows[self.next];
        self.row = self.next_row;
        self.next += 1;
        self.next_row += rows.row_count;
        let is_set = |bits: &[u64], row: usize| bits[row / 64] >> (row % 64) & 1 == 1;
        let numbers = self.row..self.next_row;
        let matched = self.matched.as_ref();
        Ok(Some(Turn {
            built,
            left: Batch::new(file.read(rows)?, rows.row_count),
            matched: matched.map(|matched| numbers.map(|row| is_set(&matched.bits, row)).collect()),
            is_last: self.blocks.len() <= 1,
        }))
    }
}

/// Writes left rows.
struct LeftWriter<'j> {
    specification: &'j Specification,
    side: &'j LeftSide,
    file: SpillFile,
    partitions: Vec<Vec<SpilledRows>>,
    held: Vec<Batch>,
    memory: Reservation,
}

impl<'j> LeftWriter<'j> {
    fn new(specification: &'j Specification, side: &'j LeftSide) -> Result<Self> {
        Ok(LeftWriter {
            specification,
            side,
            file: SpillFile::create(&specification.memory)?,
            partitions: vec![Vec::new(); SPILL_PARTITIONS],
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
        let Some(first) = held.first() else { return Ok(()) };
        let types: Vec<DataType> = first.columns.iter().map(|column| column.data_type().clone()).collect();
        let batch = concatenated(held, &types)?;
        match &self.specification.keys {
            None => self.partitions[0].push(self.file.write(&batch.columns, batch.row_count)?),
            Some(keys) => {
                let columns = self.side.keys.evaluate(&batch)?;
                let hashes = keys.encoder.encode(&columns, batch.row_count)?.hashes();
                let split = Split::new(&hashes, SPILL_SHIFT, SPILL_PARTITIONS);
                let columns = split.arrange_all(&batch.columns)?;
                for (number, range) in split.partitions() {
                    let rows = self.file.write(&sliced(&columns, &range), range.len())?;
                    self.partitions[number].push(rows);
                }
            }
        }
        self.memory.resize(0)
    }

    fn finish(mut self) -> Result<Phase> {
        self.write()?;
        let partitions = self.partitions.into_iter().enumerate();
        Ok(Phase::Reading {
            file: self.file.seal()?,
            partitions: partitions.filter(|(_, rows)| !rows.is_empty()).collect(),
            passes: None,
        })
    }
}
