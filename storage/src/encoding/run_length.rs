//! Runs of one value: where each ends, and its value. Conditions are tested once per run, and a range of few runs is handed on
//! as runs.
//!
//! ```text
//! run_length = runs:u32 last_row:u16* stream        last_row: the run's last row in the block, ascending; stream: a value per run
//! ```

use super::Encoding;
use super::cursor::{Cursor, Decoded, malformed};
use super::lanes::{self, Lanes};
use super::loops::words_buffer;
use crate::vector::key::LaneValue;
use arrow_buffer::BooleanBuffer;
use std::ops::Range;

#[derive(Clone, Debug)]
pub(crate) struct RunLength<'a> {
    last_rows: &'a [[u8; 2]],
    values: Box<Lanes<'a>>,
}

/// Rows of a run up to which it is written in one piece.
const SHORT_RUN: usize = 8;
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
    lanes::encode_of_runs(&values, out);
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
        let start = out.len();
        out.resize(start + rows.len() + SHORT_RUN, O::default());
        let places = &mut out[start..];
        let mut at = 0;
        self.for_each_run(runs, &rows, |run, count| {
            let value = values[run];
            // Short runs are written at full length: the next one overwrites what is too much.
            if let Some(place) = places[at..].first_chunk_mut::<SHORT_RUN>() {
                *place = [value; SHORT_RUN];
            }
            if count > SHORT_RUN {
                places[at + SHORT_RUN..at + count].fill(value);
            }
            at += count;
        });
        out.truncate(start + rows.len());
        Ok(())
    }

    /// Appends the values of some rows, which ascend.
    pub(super) fn pick<O: LaneValue>(&self, rows: &[u32], out: &mut Vec<O>) -> Decoded<()> {
        let mut run = 0;
        let runs = rows.iter().map(|row| {
            run = self.run_from(run, *row as usize);
            run as u32
        });
        let runs: Vec<u32> = runs.collect();
        self.values.pick(&runs, out)
    }

    /// The run that holds a row, from a run on: most often one of the next, so that steps begin small and double.
    fn run_from(&self, run: usize, row: usize) -> usize {
        let ends_before = |last: &[u8; 2]| (u16::from_le_bytes(*last) as usize) < row;
        let mut step = 1;
        while self.last_rows.get(run + step).is_some_and(ends_before) {
            step *= 2;
        }
        let from = run + step / 2;
        let to = self.last_rows.len().min(run + step + 1);
        let run = from + self.last_rows[from..to].partition_point(ends_before);
        run.min(self.last_rows.len() - 1)
    }

    /// One bit per row: whether the value of its run passes; `test` says which do of some runs.
    pub(super) fn filter(
        &self,
        rows: &Range<usize>,
        test: impl FnOnce(&Lanes<'a>, Range<usize>) -> Decoded<BooleanBuffer>,
    ) -> Decoded<BooleanBuffer> {
        let runs = self.runs(rows)?;
        let passing = test(&self.values, runs.clone())?;
        let mut words = vec![0u64; rows.len() / 64 + 2];
        for (first, behind) in passing.set_slices() {
            // Ends out of order are damage that the checksum missed; the rows are within the range all the same.
            let start = match first {
                0 => rows.start,
                first => self.end(runs.start + first - 1).clamp(rows.start, rows.end),
            };
            let end = self.end(runs.start + behind - 1).clamp(start, rows.end);
            set_bits(&mut words, start - rows.start, end - start);
        }
        Ok(BooleanBuffer::new(words_buffer(words), 0, rows.len()))
    }
}

/// Sets some bits; there is a word behind that of the last.
fn set_bits(words: &mut [u64], from: usize, count: usize) {
    let (mut from, mut left) = (from, count);
    while left > 0 {
        let length = left.min(64);
        let bits = u128::from(u64::MAX >> (64 - length)) << (from % 64);
        words[from / 64] |= bits as u64;
        words[from / 64 + 1] |= (bits >> 64) as u64;
        from += length;
        left -= length;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_that_begin_anew_are_stored_by_their_steps() {
        let lanes: Vec<i64> = (0..40_000).map(|row| row / 4 % 700 * 5_000).collect();
        let mut bytes = Vec::new();
        encode(&lanes, &mut bytes);
        let bits_of_a_run = bytes.len() * 8 / (lanes.len() / 4);
        assert!(bits_of_a_run < 16 + 15, "{bits_of_a_run} bits");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]
        #[test]
        fn runs_of_any_length_are_read_and_filtered(
            runs in prop::collection::vec((1usize..5, 0usize..150, -3i64..3), 1..60),
            cut in (0usize..300, 0usize..300),
        ) {
            let count = |short: usize, long: usize| if long > 100 { long } else { short };
            let lanes: Vec<i64> = runs
                .iter()
                .flat_map(|(short, long, value)| std::iter::repeat_n(*value, count(*short, *long)))
                .collect();
            let mut bytes = Vec::new();
            encode(&lanes, &mut bytes);
            let lane_count = lanes.len();
            let stored = RunLength::parse(Cursor::new(&bytes[1..]), lane_count).unwrap();
            let from = cut.0.min(lane_count - 1);
            let to = lane_count.saturating_sub(cut.1).max(from + 1);
            let mut read = vec![7];
            stored.read::<i64>(from..to, &mut read).unwrap();
            prop_assert_eq!(&read[1..], &lanes[from..to]);
            let passes = |value: i64| value % 2 == 0;
            let bits = stored.filter(&(from..to), |values, runs| {
                let all = BooleanBuffer::new_set(runs.len());
                values.pass(runs, &all, passes)
            }).unwrap();
            let expected = BooleanBuffer::collect_bool(to - from, |row| passes(lanes[from + row]));
            prop_assert_eq!(bits, expected);
        }
    }
}
