//! Runs of one value: where each ends, and its value. Conditions are tested once per run, and a range of few runs is handed on
//! as runs.
//!
//! ```text
//! run_length = runs:u32 last_row:u16* stream        last_row: the run's last row in the block, ascending; stream: a value per run
//! ```

use super::Encoding;
use super::cursor::{Cursor, Decoded, malformed};
use super::lanes::{self, Lanes};
use crate::vector::key::LaneValue;
use arrow_buffer::{BooleanBuffer, BooleanBufferBuilder};
use std::ops::Range;

#[derive(Clone, Debug)]
pub(crate) struct RunLength<'a> {
    last_rows: &'a [[u8; 2]],
    values: Box<Lanes<'a>>,
}

/// Rows above which a run's end has no room.
pub(super) const ROWS_MAX: usize = 1 << 16;

/// Bytes of the stream, where a value takes so many bits.
pub(super) fn estimate(run_count: usize, value_bits: usize) -> usize {
    15 + run_count * 2 + (run_count * value_bits).div_ceil(8)
}

pub(super) fn encode(lanes: &[i64], out: &mut Vec<u8>) {
    out.push(Encoding::RunLength as u8);
    let mut values = Vec::new();
    let mut last_rows: Vec<u8> = Vec::new();
    for (row, value) in lanes.iter().enumerate() {
        if lanes.get(row + 1) != Some(value) {
            values.push(*value);
            last_rows.extend_from_slice(&(row as u16).to_le_bytes());
        }
    }
    out.extend_from_slice(&(values.len() as u32).to_le_bytes());
    out.extend_from_slice(&last_rows);
    lanes::encode(&values, out);
}

impl<'a> RunLength<'a> {
    pub(super) fn parse(mut cursor: Cursor<'a>, row_count: usize) -> Decoded<Self> {
        let run_count = cursor.u32()? as usize;
        let last_rows: &[[u8; 2]] = cursor.take(run_count.saturating_mul(2))?.as_chunks().0;
        let last = last_rows.last().map(|row| u16::from_le_bytes(*row) as usize + 1);
        if last != Some(row_count) {
            return malformed(format!("runs up to {last:?} of {row_count} rows"));
        }
        let values = Lanes::parse_nested(cursor.rest(), run_count)?;
        Ok(RunLength {
            last_rows,
            values: Box::new(values),
        })
    }

    fn end(&self, run: usize) -> usize {
        u16::from_le_bytes(self.last_rows[run]) as usize + 1
    }

    /// The runs that hold some rows, at least one.
    pub(super) fn runs(&self, rows: &Range<usize>) -> Decoded<Range<usize>> {
        let run_of = |row: usize| {
            self.last_rows
                .partition_point(|last| (u16::from_le_bytes(*last) as usize) < row)
                .min(self.last_rows.len() - 1)
        };
        let runs = run_of(rows.start)..run_of(rows.end.saturating_sub(1)) + 1;
        if runs.is_empty() {
            return malformed("runs out of order");
        }
        Ok(runs)
    }

    /// The values of some runs.
    pub(super) fn values<O: LaneValue>(&self, runs: Range<usize>) -> Decoded<Vec<O>> {
        self.values.to_vec(runs)
    }

    /// Visits the runs of some rows in order: place of the run among `runs`, and how many of the rows it covers.
    pub(super) fn for_each_run(&self, runs: Range<usize>, rows: &Range<usize>, mut visit: impl FnMut(usize, usize)) {
        let mut at = rows.start;
        for (place, run) in runs.enumerate() {
            let end = self.end(run).min(rows.end).max(at);
            visit(place, end - at);
            at = end;
        }
        // Ends out of order are damage that the checksum missed; the row count holds all the same.
        if at < rows.end {
            visit(0, rows.end - at);
        }
    }

    pub(super) fn read<O: LaneValue>(&self, rows: Range<usize>, out: &mut Vec<O>) -> Decoded<()> {
        let runs = self.runs(&rows)?;
        let values = self.values::<O>(runs.clone())?;
        self.for_each_run(runs, &rows, |run, count| out.resize(out.len() + count, values[run]));
        Ok(())
    }

    /// One bit per row: whether its value passes.
    pub(super) fn filter(&self, rows: &Range<usize>, passes: impl Fn(i64) -> bool) -> Decoded<BooleanBuffer> {
        let runs = self.runs(rows)?;
        let values = self.values::<i64>(runs.clone())?;
        let mut bits = BooleanBufferBuilder::new(rows.len());
        self.for_each_run(runs, rows, |run, count| bits.append_n(count, passes(values[run])));
        Ok(bits.finish())
    }
}
