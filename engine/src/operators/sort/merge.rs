//! Several sorted runs as one stream. Of a run on disk one block is in memory at a time.

use super::spill::{RunWriter, SpilledRun, block_rows, runs_max};
use super::{Keys, Run, Sort};
use crate::error::Result;
use crate::operators::gather::{batch_bytes, interleaved};
use crate::pipeline::Stream;
use arrow_array::{ArrayRef, UInt32Array};
use std::cmp::Ordering;
use std::sync::Arc;
use stoa_storage::vector::Batch;

/// The sorted rows of all runs.
pub(super) struct SortedStream {
    sort: Arc<Sort>,
    merge: Option<MergeStream>,
}

impl SortedStream {
    pub(super) fn new(sort: Arc<Sort>) -> Self {
        SortedStream { sort, merge: None }
    }

    /// Merges runs on disk until what is left can be merged at once.
    fn begin(&self) -> Result<MergeStream> {
        let sort = &self.sort;
        let mut runs = std::mem::take(&mut *sort.runs.lock());
        let runs_max = runs_max(&sort.memory, sort.sorts);
        while runs.spilled.len() > runs_max {
            // As few as need be, so that most rows are written once more at most.
            let count = runs_max.min(runs.spilled.len() - runs_max + 1);
            let shorter = runs.spilled.drain(..count).collect();
            let longer = self.merged(shorter)?;
            runs.spilled.extend(longer);
        }
        let rest = runs.spilled.into_iter().map(|run| MergeRun::of_spilled(run, sort));
        let mut merge_runs = rest.collect::<Result<Vec<_>>>()?;
        merge_runs.extend(runs.in_memory.into_iter().map(|run| MergeRun { run, rest: None }));
        Ok(MergeStream::new(sort.clone(), merge_runs, sort.batch_rows))
    }

    /// Runs on disk as one.
    fn merged(&self, runs: Vec<SpilledRun>) -> Result<Vec<SpilledRun>> {
        let sort = &self.sort;
        let runs = runs.into_iter().map(|run| MergeRun::of_spilled(run, sort));
        let runs = runs.collect::<Result<Vec<_>>>()?;
        let batch_rows = runs.first().map_or(1, |run| block_rows(&run.batch(), &sort.memory));
        let mut merge = MergeStream::new(sort.clone(), runs, batch_rows);
        let mut writer = RunWriter::create(&sort.memory)?;
        writer.begin();
        while let Some(batch) = merge.next()? {
            writer.write(&batch.columns, batch.row_count)?;
        }
        writer.finish()
    }
}

impl Stream for SortedStream {
    fn next(&mut self) -> Result<Option<Batch>> {
        let merge = match &mut self.merge {
            Some(merge) => merge,
            None => {
                let merge = self.begin()?;
                self.merge.insert(merge)
            }
        };
        merge.next()
    }
}

/// A run that is being merged: what of it is in memory, and the rest.
struct MergeRun {
    run: Run,
    rest: Option<SpilledRun>,
}

impl MergeRun {
    fn of_spilled(mut run: SpilledRun, sort: &Sort) -> Result<Self> {
        let first = run.next()?.unwrap_or_else(|| Batch::new(Vec::new(), 0));
        Ok(MergeRun {
            run: block_run(first, sort)?,
            rest: Some(run),
        })
    }

    fn has_more(&self) -> bool {
        self.rest.as_ref().is_some_and(SpilledRun::has_more)
    }

    /// Takes the next rows from disk.
    fn advance(&mut self, sort: &Sort) -> Result<()> {
        let next = self.rest.as_mut().map(SpilledRun::next).transpose()?.flatten();
        if let Some(batch) = next {
            self.run.rows = Vec::new();
            self.run = block_run(batch, sort)?;
        }
        Ok(())
    }

    fn batch(&self) -> Batch {
        Batch::new(self.run.columns.clone(), self.run.rows.len())
    }
}

/// Rows that are in order already.
fn block_run(batch: Batch, sort: &Sort) -> Result<Run> {
    let keys = sort.order.keys(&batch)?;
    let mut memory = sort.memory.reservation();
    memory.grow(batch_bytes(&batch) + keys.memory_bytes() + batch.row_count * 4)?;
    Ok(Run {
        keys,
        rows: (0..batch.row_count as u32).collect(),
        columns: batch.columns,
        _memory: memory,
    })
}

/// Hands out the merged rows, batch by batch.
struct MergeStream {
    sort: Arc<Sort>,
    runs: Vec<MergeRun>,
    /// Places of each run that were handed out.
    taken: Vec<usize>,
    /// Runs that still have rows, the one with the smallest next row on top.
    heap: Vec<usize>,
    remaining: usize,
    batch_rows: usize,
}

impl MergeStream {
    fn new(sort: Arc<Sort>, mut runs: Vec<MergeRun>, batch_rows: usize) -> Self {
        runs.retain(|run| !run.run.rows.is_empty());
        let mut stream = MergeStream {
            taken: vec![0; runs.len()],
            heap: (0..runs.len()).collect(),
            runs,
            remaining: sort.limit,
            batch_rows,
            sort,
        };
        for at in (0..stream.heap.len() / 2).rev() {
            stream.sift_down(at);
        }
        stream
    }

    /// Whether the next row of one run goes before that of another.
    fn is_before(&self, left: usize, right: usize) -> bool {
        let (left_run, right_run) = (&self.runs[left].run, &self.runs[right].run);
        let row = |run: usize| self.runs[run].run.rows[self.taken[run]] as usize;
        let order = match (&left_run.keys, &right_run.keys) {
            (Keys::Narrow(left_keys), Keys::Narrow(right_keys)) => left_keys[row(left)].cmp(&right_keys[row(right)]),
            (Keys::Wide(left_keys), Keys::Wide(right_keys)) => left_keys[row(left)].cmp(&right_keys[row(right)]),
            (Keys::Bytes(left_rows), Keys::Bytes(right_rows)) => {
                left_rows.row(row(left)).data().cmp(right_rows.row(row(right)).data())
            }
            _ => Ordering::Equal,
        };
        order.then(left.cmp(&right)) == Ordering::Less
    }

    fn sift_down(&mut self, mut at: usize) {
        loop {
            let mut least = at;
            for child in [2 * at + 1, 2 * at + 2] {
                if child < self.heap.len() && self.is_before(self.heap[child], self.heap[least]) {
                    least = child;
                }
            }
            if least == at {
                return;
            }
            self.heap.swap(at, least);
            at = least;
        }
    }

    /// The next rows as (run, row); from one run only once the others have ended. Ends with the rows of a run that are in memory:
    /// its next ones take their place.
    fn next_rows(&mut self, count: usize) -> Vec<(usize, usize)> {
        let mut rows = Vec::with_capacity(count);
        while rows.len() < count
            && let Some(at) = self.heap.first().copied()
        {
            let run = &self.runs[at];
            rows.push((at, run.run.rows[self.taken[at]] as usize));
            self.taken[at] += 1;
            if self.taken[at] == run.run.rows.len() {
                if run.has_more() {
                    break;
                }
                self.heap.swap_remove(0);
            }
            self.sift_down(0);
        }
        rows
    }

    /// Puts further rows of the run on top in place of those that were handed out.
    fn refill(&mut self) -> Result<()> {
        if let Some(at) = self.heap.first().copied()
            && self.taken[at] == self.runs[at].run.rows.len()
        {
            self.runs[at].advance(&self.sort)?;
            self.taken[at] = 0;
            self.sift_down(0);
        }
        Ok(())
    }

    /// The next batch where one run is left.
    fn next_of(&mut self, at: usize, count: usize) -> Result<Batch> {
        let from = self.taken[at];
        let run = &self.runs[at].run;
        let to = run.rows.len().min(from + count);
        let indices = UInt32Array::from(run.rows[from..to].to_vec());
        let columns = run.columns.iter();
        let columns = columns
            .map(|column| Ok(arrow_select::take::take(column, &indices, None)?))
            .collect::<Result<Vec<_>>>()?;
        self.taken[at] = to;
        if to == run.rows.len() && !self.runs[at].has_more() {
            self.heap.clear();
            self.runs.clear();
        }
        Ok(Batch::new(columns, to - from))
    }

    fn next(&mut self) -> Result<Option<Batch>> {
        self.sort.cancel.check()?;
        self.refill()?;
        let count = self.batch_rows.min(self.remaining);
        if count == 0 {
            return Ok(None);
        }
        let batch = match self.heap.as_slice() {
            [] => return Ok(None),
            [run] => self.next_of(*run, count)?,
            _ => {
                let rows = self.next_rows(count);
                let width = self.runs.first().map_or(0, |run| run.run.columns.len());
                let columns = (0..width).map(|column| {
                    let parts: Vec<ArrayRef> = self.runs.iter().map(|run| run.run.columns[column].clone()).collect();
                    interleaved(&parts, &rows)
                });
                Batch::new(columns.collect::<Result<_>>()?, rows.len())
            }
        };
        self.remaining -= batch.row_count;
        Ok(Some(batch))
    }
}
