//! Streams of 64-bit integers: what integers, dates, timestamps, decimals, dictionary codes, text lengths and scaled doubles are
//! all stored as. Dispatches to the encoding that [`choose`] found cheapest; holds no format of its own.

use super::bit_packed::BitPacked;
use super::choose::{Survey, Values};
use super::cursor::{Cursor, Decoded, malformed};
use super::delta::Delta;
use super::frame_of_reference::FrameOfReference;
use super::packing::{self, Uninitialized};
use super::plain::Plain;
use super::run_length::RunLength;
use super::{Encoding, bit_packed, choose, constant, delta, frame_of_reference, loops, plain, run_length};
use crate::limits::VECTOR_ROWS;
use crate::vector::KeySet;
use crate::vector::filter::{KeyTest, test_keys};
use crate::vector::key::LaneValue;
use arrow_buffer::BooleanBuffer;
use std::ops::Range;

/// Rows of a vector up to which unpacking them one by one is faster than unpacking all.
const PICKED_ROWS_MAX: usize = 64;

/// A stream that was read.
#[derive(Clone, Debug)]
pub(crate) struct Lanes<'a> {
    row_count: usize,
    form: Form<'a>,
}

#[derive(Clone, Debug)]
enum Form<'a> {
    Constant(i64),
    Plain(Plain<'a>),
    BitPacked(BitPacked<'a>),
    FrameOfReference(FrameOfReference<'a>),
    Delta(Delta<'a>),
    RunLength(RunLength<'a>),
}

/// A range of values as a range of codes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum CodeTest {
    None,
    All,
    Range(u64, u64),
}

impl CodeTest {
    /// Codes are differences from `reference` of `width` bits.
    pub(super) fn translate(reference: i64, width: u8, low: i64, high: i64) -> Self {
        let largest = if width == 0 { 0 } else { u64::MAX >> (64 - width) };
        let low = (i128::from(low) - i128::from(reference)).max(0);
        let high = (i128::from(high) - i128::from(reference)).min(i128::from(largest));
        if low > high {
            CodeTest::None
        } else if low == 0 && high == i128::from(largest) {
            CodeTest::All
        } else {
            CodeTest::Range(low as u64, high as u64)
        }
    }
}

/// Appends a stream of values in the cheapest encoding, which it returns.
pub(crate) fn encode(lanes: &[i64], out: &mut Vec<u8>) -> Encoding {
    encode_values(lanes, Values::OfRows, out)
}

/// Likewise, a value per run.
pub(super) fn encode_of_runs(lanes: &[i64], out: &mut Vec<u8>) {
    encode_values(lanes, Values::OfRuns, out);
}

fn encode_values(lanes: &[i64], are: Values, out: &mut Vec<u8>) -> Encoding {
    let survey = choose::survey(lanes);
    let encoding = choose::choose(lanes, &survey, are).encoding;
    encode_as(encoding, lanes, &survey, out);
    encoding
}

/// Appends a stream of values in an encoding that can hold them.
fn encode_as(encoding: Encoding, lanes: &[i64], survey: &Survey, out: &mut Vec<u8>) {
    match encoding {
        Encoding::Constant => constant::encode(lanes.first().copied().unwrap_or(0), out),
        Encoding::Plain => plain::encode(lanes, survey.minimum, survey.span, out),
        Encoding::RunLength => run_length::encode(lanes, out),
        Encoding::FrameOfReference => frame_of_reference::encode(lanes, out),
        Encoding::Delta => delta::encode(lanes, out),
        _ => bit_packed::encode(lanes, survey.minimum, survey.span, out),
    }
}

/// Appends a stream in an encoding that need not be the cheapest.
#[cfg(test)]
pub(crate) fn encode_in(encoding: Encoding, lanes: &[i64], out: &mut Vec<u8>) {
    encode_as(encoding, lanes, &choose::survey(lanes), out);
}

impl<'a> Lanes<'a> {
    /// Reads a stream of that many values; `bytes` holds nothing else.
    pub(crate) fn parse(bytes: &'a [u8], row_count: usize) -> Decoded<Self> {
        if bytes.first() == Some(&(Encoding::RunLength as u8)) {
            let mut cursor = Cursor::new(bytes);
            cursor.u8()?;
            let form = Form::RunLength(RunLength::parse(cursor, row_count)?);
            return Ok(Lanes { row_count, form });
        }
        Self::parse_nested(bytes, row_count)
    }

    /// Reads a stream that holds no runs: what streams of runs consist of.
    pub(super) fn parse_nested(bytes: &'a [u8], row_count: usize) -> Decoded<Self> {
        let mut cursor = Cursor::new(bytes);
        let form = match Encoding::from_tag(cursor.u8()?)? {
            Encoding::Constant => Form::Constant(constant::parse(cursor)?),
            Encoding::Plain => Form::Plain(Plain::parse(cursor, row_count)?),
            Encoding::BitPacked => Form::BitPacked(BitPacked::parse(cursor, row_count)?),
            Encoding::FrameOfReference => Form::FrameOfReference(FrameOfReference::parse(cursor, row_count)?),
            Encoding::Delta => Form::Delta(Delta::parse(cursor, row_count)?),
            other => return malformed(format!("integers cannot be stored as {other:?}")),
        };
        Ok(Lanes { row_count, form })
    }

    /// The one value of all rows.
    pub(crate) fn constant(&self) -> Option<i64> {
        match self.form {
            Form::Constant(value) => Some(value),
            _ => None,
        }
    }

    /// The encoding.
    pub(crate) fn encoding(&self) -> Encoding {
        match &self.form {
            Form::Constant(_) => Encoding::Constant,
            Form::Plain(_) => Encoding::Plain,
            Form::BitPacked(_) => Encoding::BitPacked,
            Form::FrameOfReference(_) => Encoding::FrameOfReference,
            Form::Delta(_) => Encoding::Delta,
            Form::RunLength(_) => Encoding::RunLength,
        }
    }

    fn check(&self, rows: &Range<usize>) -> Decoded<()> {
        if rows.start > rows.end || rows.end > self.row_count {
            return malformed(format!("rows {rows:?} of {}", self.row_count));
        }
        Ok(())
    }

    /// The ends (counted from the range's start) and values of the runs of some rows, where they are stored as runs and there are
    /// at most so many.
    pub(crate) fn runs<O: LaneValue>(
        &self,
        rows: &Range<usize>,
        run_count_max: usize,
    ) -> Decoded<Option<(Vec<i32>, Vec<O>)>> {
        self.check(rows)?;
        let Form::RunLength(runs) = &self.form else {
            return Ok(None);
        };
        if rows.is_empty() {
            return Ok(None);
        }
        let places = runs.runs(rows)?;
        if places.len() > run_count_max {
            return Ok(None);
        }
        let mut ends = Vec::with_capacity(places.len());
        let mut end = 0;
        let mut damaged = false;
        runs.for_each_run(places.clone(), rows, |_, count| {
            damaged |= count == 0;
            end += count as i32;
            ends.push(end);
        });
        if damaged || ends.len() != places.len() {
            return malformed("runs out of order");
        }
        Ok(Some((ends, runs.values(places)?)))
    }

    /// Writes all places of a vector.
    fn read_vector<O: LaneValue>(&self, vector: usize, out: &mut Uninitialized<O>) -> Decoded<()> {
        match &self.form {
            Form::BitPacked(packed) => packed.read_vector(vector, out),
            Form::FrameOfReference(frame) => return frame.read_vector(vector, out),
            Form::Delta(delta) => return delta.read_vector(vector, out),
            Form::Constant(_) | Form::Plain(_) | Form::RunLength(_) => {
                let from = vector * VECTOR_ROWS;
                let rows = from..(from + VECTOR_ROWS).min(self.row_count);
                let mut values = Vec::with_capacity(VECTOR_ROWS);
                self.read(rows, &mut values)?;
                values.resize(VECTOR_ROWS, O::default());
                for (place, value) in out.iter_mut().zip(values) {
                    place.write(value);
                }
            }
        }
        Ok(())
    }

    /// Appends the values of some rows.
    pub(crate) fn read<O: LaneValue>(&self, rows: Range<usize>, out: &mut Vec<O>) -> Decoded<()> {
        self.check(&rows)?;
        match &self.form {
            _ if rows.is_empty() => {}
            Form::Constant(value) => out.resize(out.len() + rows.len(), O::from_lane(*value)),
            Form::Plain(plain) => plain.read(rows, out),
            Form::RunLength(runs) => runs.read(rows, out)?,
            _ => self.read_vectors(rows, out)?,
        }
        Ok(())
    }

    fn read_vectors<O: LaneValue>(&self, rows: Range<usize>, out: &mut Vec<O>) -> Decoded<()> {
        out.reserve(rows.len());
        let mut at = rows.start;
        while at < rows.end {
            let vector = at / VECTOR_ROWS;
            let from = at % VECTOR_ROWS;
            let to = (rows.end - vector * VECTOR_ROWS).min(VECTOR_ROWS);
            let length = out.len();
            match out.spare_capacity_mut().first_chunk_mut::<VECTOR_ROWS>() {
                Some(place) if from == 0 && to == VECTOR_ROWS => {
                    self.read_vector(vector, place)?;
                    // SAFETY: `read_vector` wrote the 1,024 places behind the length, which lie within the capacity.
                    unsafe { out.set_len(length + VECTOR_ROWS) };
                }
                _ => {
                    let mut values = packing::uninitialized();
                    self.read_vector(vector, &mut values)?;
                    // SAFETY: `read_vector` wrote every place.
                    out.extend_from_slice(&unsafe { packing::initialized(&values) }[from..to]);
                }
            }
            at = vector * VECTOR_ROWS + to;
        }
        Ok(())
    }

    /// Appends the values of single rows, which ascend.
    pub(crate) fn pick<O: LaneValue>(&self, rows: &[u32], out: &mut Vec<O>) -> Decoded<()> {
        if let Some(row) = rows.iter().find(|row| **row as usize >= self.row_count) {
            return malformed(format!("row {row} of {}", self.row_count));
        }
        out.reserve(rows.len());
        match &self.form {
            Form::Constant(value) => out.resize(out.len() + rows.len(), O::from_lane(*value)),
            Form::Plain(plain) => plain.pick(rows, out),
            Form::RunLength(runs) => return runs.pick(rows, out),
            _ => {
                let vector = |row: &u32| *row as usize / VECTOR_ROWS;
                for rows in rows.chunk_by(|left, right| vector(left) == vector(right)) {
                    self.pick_of_vector(vector(&rows[0]), rows, out)?;
                }
            }
        }
        Ok(())
    }

    fn pick_of_vector<O: LaneValue>(&self, vector: usize, rows: &[u32], out: &mut Vec<O>) -> Decoded<()> {
        let places = rows.iter().map(|row| *row as usize % VECTOR_ROWS);
        match &self.form {
            Form::BitPacked(packed) if rows.len() <= PICKED_ROWS_MAX => packed.pick(vector, places, out),
            Form::FrameOfReference(frame) if rows.len() <= PICKED_ROWS_MAX => frame.pick(vector, places, out)?,
            _ => {
                let mut values = packing::uninitialized();
                self.read_vector::<O>(vector, &mut values)?;
                // SAFETY: `read_vector` wrote every place.
                let values = unsafe { packing::initialized(&values) };
                out.extend(places.map(|place| values[place]));
            }
        }
        Ok(())
    }

    /// The values of some rows.
    pub(crate) fn to_vec<O: LaneValue>(&self, rows: Range<usize>) -> Decoded<Vec<O>> {
        let mut out = Vec::new();
        self.read(rows, &mut out)?;
        Ok(out)
    }

    /// One bit per row: whether its value passes and it is selected.
    pub(crate) fn filter(
        &self,
        rows: Range<usize>,
        test: &KeyTest<i64>,
        selection: &BooleanBuffer,
    ) -> Decoded<BooleanBuffer> {
        self.check(&rows)?;
        if selection.len() != rows.len() {
            return malformed(format!("a selection of {} for {} rows", selection.len(), rows.len()));
        }
        if rows.is_empty() {
            return Ok(selection.clone());
        }
        match (&self.form, test) {
            (Form::Constant(value), _) if test.passes(*value) => Ok(selection.clone()),
            (Form::Constant(_), _) => Ok(BooleanBuffer::new_unset(rows.len())),
            (Form::RunLength(runs), _) => {
                let passing = runs.filter(&rows, |values, runs| {
                    let all = BooleanBuffer::new_set(runs.len());
                    values.filter(runs, test, &all)
                });
                Ok(selection & &passing?)
            }
            (Form::Plain(_), _) => Ok(selection & &test_keys(&self.to_vec::<i64>(rows)?, test)),
            (_, KeyTest::Range { low, high }) => Ok(selection & &self.range(rows, *low, *high, selection)?),
            (_, KeyTest::NotEqual(value)) => Ok(selection & &!&self.range(rows, *value, *value, selection)?),
            (_, KeyTest::In(values)) => Ok(selection & &self.any_of(rows, values, selection)?),
            (_, KeyTest::NotIn(values)) => Ok(selection & &!&self.any_of(rows, values, selection)?),
        }
    }

    /// Bits of values in a range; arbitrary where not selected.
    fn range(&self, rows: Range<usize>, low: i64, high: i64, selection: &BooleanBuffer) -> Decoded<BooleanBuffer> {
        match &self.form {
            Form::BitPacked(packed) => match packed.translate(low, high) {
                CodeTest::None => Ok(BooleanBuffer::new_unset(rows.len())),
                CodeTest::All => Ok(BooleanBuffer::new_set(rows.len())),
                CodeTest::Range(low, high) => filter_vectors(rows, selection, |vector, bits| {
                    packed.compare_vector(vector, low, high, bits);
                    Ok(())
                }),
            },
            Form::FrameOfReference(frame) => filter_vectors(rows, selection, |vector, bits| {
                frame.compare_vector(vector, low, high, bits)
            }),
            _ => filter_vectors(rows, selection, |vector, bits| {
                let mut values = packing::uninitialized();
                self.read_vector(vector, &mut values)?;
                // SAFETY: `read_vector` wrote every place.
                loops::within(unsafe { packing::initialized(&values) }, low, high, bits);
                Ok(())
            }),
        }
    }

    /// Bits of values in a sorted list; arbitrary where not selected.
    fn any_of(&self, rows: Range<usize>, values: &[i64], selection: &BooleanBuffer) -> Decoded<BooleanBuffer> {
        if values.len() <= 4 {
            let mut bits = BooleanBuffer::new_unset(rows.len());
            for value in values {
                bits = &bits | &self.range(rows.clone(), *value, *value, selection)?;
            }
            return Ok(bits);
        }
        let members = Members::new(values);
        self.pass(rows, selection, |value| members.contains(value))
    }

    /// Bits of values that pass; unset where a whole vector is not selected, else arbitrary where not selected.
    pub(crate) fn pass(
        &self,
        rows: Range<usize>,
        selection: &BooleanBuffer,
        passes: impl Fn(i64) -> bool,
    ) -> Decoded<BooleanBuffer> {
        self.check(&rows)?;
        if let Form::RunLength(runs) = &self.form
            && !rows.is_empty()
        {
            return runs.filter(&rows, |values, runs| {
                let all = BooleanBuffer::new_set(runs.len());
                values.pass(runs, &all, passes)
            });
        }
        self.pass_words(rows, selection, |_, groups, bits| {
            for (word, group) in bits.iter_mut().zip(groups) {
                *word = (0..64).fold(0, |word, place| word | u64::from(passes(group[place])) << place);
            }
        })
    }

    /// As [`Self::pass`], for a set.
    pub(crate) fn among(&self, rows: Range<usize>, selection: &BooleanBuffer, set: &KeySet) -> Decoded<BooleanBuffer> {
        match &self.form {
            Form::Constant(_) | Form::RunLength(_) => self.pass(rows, selection, |value| set.passes(value)),
            _ => {
                self.check(&rows)?;
                // Words of the selection are words of vectors where the rows begin with one.
                let wanted: Vec<u64> = match rows.start % VECTOR_ROWS {
                    0 => selection.bit_chunks().iter_padded().collect(),
                    _ => Vec::new(),
                };
                let first = rows.start / VECTOR_ROWS;
                self.pass_words(rows, selection, |vector, groups, bits| {
                    let at = (vector - first) * (VECTOR_ROWS / 64);
                    let wanted = |group: usize| wanted.get(at + group).copied().unwrap_or(u64::MAX);
                    set.passing(groups, wanted, bits);
                })
            }
        }
    }

    /// Bits of rows, a vector at a time: its number, its values, and a word for each 64 of them.
    fn pass_words(
        &self,
        rows: Range<usize>,
        selection: &BooleanBuffer,
        test: impl Fn(usize, &[[i64; 64]], &mut [u64]),
    ) -> Decoded<BooleanBuffer> {
        filter_vectors(rows, selection, |vector, bits| {
            let mut values = packing::uninitialized();
            self.read_vector::<i64>(vector, &mut values)?;
            // SAFETY: `read_vector` wrote every place.
            let (groups, _) = unsafe { packing::initialized(&values) }.as_chunks::<64>();
            test(vector, groups, bits);
            Ok(())
        })
    }
}

/// A sorted list, as a bitmap where it is dense.
enum Members<'a> {
    Dense { first: i64, bits: Vec<u64> },
    Sorted(&'a [i64]),
}

impl<'a> Members<'a> {
    fn new(values: &'a [i64]) -> Self {
        let (Some(first), Some(last)) = (values.first(), values.last()) else {
            return Members::Sorted(values);
        };
        let span = last.wrapping_sub(*first) as u64;
        if span >= 1 << 18 || span / 64 > values.len() as u64 * 16 {
            return Members::Sorted(values);
        }
        let mut bits = vec![0u64; span as usize / 64 + 1];
        for value in values {
            let place = value.wrapping_sub(*first) as usize;
            bits[place / 64] |= 1 << (place % 64);
        }
        Members::Dense { first: *first, bits }
    }

    #[inline]
    fn contains(&self, value: i64) -> bool {
        match self {
            Members::Dense { first, bits } => {
                let place = value.wrapping_sub(*first) as u64;
                bits.get((place / 64) as usize)
                    .is_some_and(|word| word >> (place % 64) & 1 == 1)
            }
            Members::Sorted(values) => values.binary_search(&value).is_ok(),
        }
    }
}

/// Bits of rows, a vector at a time; vectors without a selected row are skipped and left unset.
fn filter_vectors(
    rows: Range<usize>,
    selection: &BooleanBuffer,
    mut filter: impl FnMut(usize, &mut [u64; 16]) -> Decoded<()>,
) -> Decoded<BooleanBuffer> {
    let first = rows.start / VECTOR_ROWS;
    let vectors = first..rows.end.div_ceil(VECTOR_ROWS).max(first);
    let all = selection.len() == rows.len() && selection.count_set_bits() == rows.len();
    let mut words = vec![0u64; vectors.len() * 16];
    for (vector, bits) in vectors.zip(words.as_chunks_mut::<16>().0) {
        let from = (vector * VECTOR_ROWS).max(rows.start);
        let to = ((vector + 1) * VECTOR_ROWS).min(rows.end);
        if all || selection.slice(from - rows.start, to - from).has_true() {
            filter(vector, bits)?;
        }
    }
    let offset = rows.start - first * VECTOR_ROWS;
    Ok(BooleanBuffer::new(loops::words_buffer(words), offset, rows.len()))
}
