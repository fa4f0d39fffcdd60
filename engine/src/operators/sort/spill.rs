//! Sorted runs on disk.

use super::Run;
use crate::error::Result;
use crate::operators::gather::batch_bytes;
use crate::operators::spill::{SealedSpillFile, SpillFile, SpilledRows};
use crate::pipeline::MemoryBudget;
use arrow_array::{ArrayRef, UInt32Array};
use std::collections::VecDeque;
use std::sync::Arc;
use stoa_storage::vector::Batch;

/// A block may take this part of the budget: a merge holds one of each run.
const BLOCK_PARTS: usize = 512;
/// Smaller blocks cost more than they save, in bytes.
const BLOCK_BYTES_MIN: usize = 16 << 10;
/// Larger blocks save nothing, in bytes.
const BLOCK_BYTES_MAX: usize = 1 << 20;
/// Blocks of a merge together may take this part of the budget; their keys may take as much again.
const MERGE_PARTS: usize = 16;

/// A run on disk, as far as it is yet to be read.
pub(super) struct SpilledRun {
    file: Arc<SealedSpillFile>,
    blocks: VecDeque<SpilledRows>,
}

impl SpilledRun {
    /// The next rows; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Batch>> {
        let Some(block) = self.blocks.pop_front() else {
            return Ok(None);
        };
        Ok(Some(Batch::new(self.file.read(&block)?, block.row_count)))
    }

    /// Whether there is more.
    pub(super) fn has_more(&self) -> bool {
        !self.blocks.is_empty()
    }
}

/// Runs on their way to disk, in one file.
pub(super) struct RunWriter {
    file: SpillFile,
    runs: Vec<VecDeque<SpilledRows>>,
}

impl RunWriter {
    pub(super) fn create(memory: &Arc<MemoryBudget>) -> Result<Self> {
        Ok(RunWriter {
            file: SpillFile::create(memory)?,
            runs: Vec::new(),
        })
    }

    /// A further run begins.
    pub(super) fn begin(&mut self) {
        self.runs.push(VecDeque::new());
    }

    /// Adds rows to the run that was begun last.
    pub(super) fn write(&mut self, columns: &[ArrayRef], row_count: usize) -> Result<()> {
        let rows = self.file.write(columns, row_count)?;
        if let Some(run) = self.runs.last_mut() {
            run.push_back(rows);
        }
        Ok(())
    }

    /// Writes a whole run.
    pub(super) fn write_run(&mut self, run: &Run, memory: &MemoryBudget) -> Result<()> {
        self.begin();
        let rows_max = block_rows(&Batch::new(run.columns.clone(), run.rows.len()), memory);
        for rows in run.rows.chunks(rows_max) {
            let indices = UInt32Array::from(rows.to_vec());
            let columns = run.columns.iter();
            let columns = columns.map(|column| Ok(arrow_select::take::take(column, &indices, None)?));
            self.write(&columns.collect::<Result<Vec<_>>>()?, rows.len())?;
        }
        Ok(())
    }

    /// The runs, to be read.
    pub(super) fn finish(self) -> Result<Vec<SpilledRun>> {
        let file = Arc::new(self.file.seal()?);
        let runs = self.runs.into_iter().map(|blocks| SpilledRun {
            file: file.clone(),
            blocks,
        });
        Ok(runs.collect())
    }
}

fn block_bytes(memory: &MemoryBudget) -> usize {
    (memory.limit_bytes() / BLOCK_PARTS).clamp(BLOCK_BYTES_MIN, BLOCK_BYTES_MAX)
}

/// Rows of a block, if they are like those of a batch.
pub(super) fn block_rows(batch: &Batch, memory: &MemoryBudget) -> usize {
    let row_bytes = batch_bytes(batch) / batch.row_count.max(1) + 1;
    (block_bytes(memory) / row_bytes).max(1)
}

/// Runs that each of some sorts can merge at a time.
pub(super) fn runs_max(memory: &MemoryBudget, sorts: usize) -> usize {
    (memory.limit_bytes() / MERGE_PARTS / sorts / block_bytes(memory)).max(2)
}
