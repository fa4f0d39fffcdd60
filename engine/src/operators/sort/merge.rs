//! Several sorted runs as one stream.

use super::{Keys, Run};
use crate::error::Result;
use crate::operators::gather::interleaved;
use crate::pipeline::Stream;
use arrow_array::{ArrayRef, UInt32Array};
use std::cmp::Ordering;
use stoa_storage::vector::Batch;

/// Hands out the merged rows, batch by batch.
pub(super) struct MergeStream {
    runs: Vec<Run>,
    /// Places of each run that were handed out.
    taken: Vec<usize>,
    /// Runs that still have rows, the one with the smallest next row on top.
    heap: Vec<usize>,
    remaining: usize,
    batch_rows: usize,
}

impl MergeStream {
    pub(super) fn new(mut runs: Vec<Run>, limit: usize, batch_rows: usize) -> Self {
        runs.retain(|run| !run.rows.is_empty());
        let mut stream = MergeStream {
            taken: vec![0; runs.len()],
            heap: (0..runs.len()).collect(),
            runs,
            remaining: limit,
            batch_rows,
        };
        for at in (0..stream.heap.len() / 2).rev() {
            stream.sift_down(at);
        }
        stream
    }

    /// Whether the next row of one run goes before that of another.
    fn is_before(&self, left: usize, right: usize) -> bool {
        let row = |run: usize| self.runs[run].rows[self.taken[run]] as usize;
        let order = match (&self.runs[left].keys, &self.runs[right].keys) {
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

    /// The next rows as (run, row); from one run only once the others have ended.
    fn next_rows(&mut self, count: usize) -> Vec<(usize, usize)> {
        let mut rows = Vec::with_capacity(count);
        while rows.len() < count
            && let Some(run) = self.heap.first().copied()
        {
            rows.push((run, self.runs[run].rows[self.taken[run]] as usize));
            self.taken[run] += 1;
            if self.taken[run] == self.runs[run].rows.len() {
                self.heap.swap_remove(0);
            }
            self.sift_down(0);
        }
        rows
    }

    /// The next batch where one run is left.
    fn next_of(&mut self, run: usize, count: usize) -> Result<Batch> {
        let from = self.taken[run];
        let rows = &self.runs[run].rows;
        let to = rows.len().min(from + count);
        let indices = UInt32Array::from(rows[from..to].to_vec());
        let columns = self.runs[run].columns.iter();
        let columns = columns
            .map(|column| Ok(arrow_select::take::take(column, &indices, None)?))
            .collect::<Result<Vec<_>>>()?;
        self.taken[run] = to;
        if to == rows.len() {
            self.heap.clear();
            self.runs.clear();
        }
        Ok(Batch::new(columns, to - from))
    }
}

impl Stream for MergeStream {
    fn next(&mut self) -> Result<Option<Batch>> {
        let count = self.batch_rows.min(self.remaining);
        if count == 0 {
            return Ok(None);
        }
        let batch = match self.heap.as_slice() {
            [] => return Ok(None),
            [run] => self.next_of(*run, count)?,
            _ => {
                let rows = self.next_rows(count);
                let width = self.runs.first().map_or(0, |run| run.columns.len());
                let columns = (0..width).map(|column| {
                    let parts: Vec<ArrayRef> = self.runs.iter().map(|run| run.columns[column].clone()).collect();
                    interleaved(&parts, &rows)
                });
                Batch::new(columns.collect::<Result<_>>()?, rows.len())
            }
        };
        self.remaining -= batch.row_count;
        Ok(Some(batch))
    }
}
