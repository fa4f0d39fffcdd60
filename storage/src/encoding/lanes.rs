//! Streams of 64-bit integers: what integers, dates, timestamps, decimals, dictionary codes, text lengths and scaled doubles are
//! all stored as. Chooses the cheapest encoding by exact size and dispatches to it; holds no format of its own.

use super::bit_packed::BitPacked;
use super::cursor::{Cursor, Decoded, malformed};
use super::plain::Plain;
use super::{Encoding, bit_packed, constant, plain};
use crate::limits::VECTOR_ROWS;
use crate::vector::filter::{KeyTest, test_keys};
use crate::vector::key::LaneValue;
use arrow_buffer::{BooleanBuffer, BooleanBufferBuilder};
use std::ops::Range;

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
    let (minimum, maximum) = lanes.iter().fold((i64::MAX, i64::MIN), |(low, high), lane| {
        (low.min(*lane), high.max(*lane))
    });
    if lanes.is_empty() || minimum == maximum {
        constant::encode(lanes.first().copied().unwrap_or(0), out);
        return Encoding::Constant;
    }
    let span = maximum.wrapping_sub(minimum) as u64;
    if plain::estimate(lanes.len(), span) < bit_packed::estimate(lanes.len(), span) {
        plain::encode(lanes, minimum, span, out);
        Encoding::Plain
    } else {
        bit_packed::encode(lanes, minimum, span, out);
        Encoding::BitPacked
    }
}

impl<'a> Lanes<'a> {
    /// Reads a stream of that many values; `bytes` holds nothing else.
    pub(crate) fn parse(bytes: &'a [u8], row_count: usize) -> Decoded<Self> {
        let mut cursor = Cursor::new(bytes);
        let form = match Encoding::from_tag(cursor.u8()?)? {
            Encoding::Constant => Form::Constant(constant::parse(cursor)?),
            Encoding::Plain => Form::Plain(Plain::parse(cursor, row_count)?),
            Encoding::BitPacked => Form::BitPacked(BitPacked::parse(cursor, row_count)?),
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

    /// The encoding, for people.
    pub(crate) fn describe(&self) -> &'static str {
        match &self.form {
            Form::Constant(_) => "constant",
            Form::Plain(_) => "plain",
            Form::BitPacked(_) => "bit_packed",
        }
    }

    fn check(&self, rows: &Range<usize>) -> Decoded<()> {
        if rows.start > rows.end || rows.end > self.row_count {
            return malformed(format!("rows {rows:?} of {}", self.row_count));
        }
        Ok(())
    }

    /// Appends the values of some rows.
    pub(crate) fn read<O: LaneValue>(&self, rows: Range<usize>, out: &mut Vec<O>) -> Decoded<()> {
        self.check(&rows)?;
        match &self.form {
            Form::Constant(value) => out.resize(out.len() + rows.len(), O::from_lane(*value)),
            Form::Plain(plain) => plain.read(rows, out),
            Form::BitPacked(packed) => read_vectors(rows, out, |vector, values| {
                packed.read_vector(vector, values);
                Ok(())
            })?,
        }
        Ok(())
    }

    /// The values of some rows.
    pub(crate) fn to_vec<O: LaneValue>(&self, rows: Range<usize>) -> Decoded<Vec<O>> {
        let mut out = Vec::with_capacity(rows.len().min(self.row_count) + VECTOR_ROWS);
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
        if let Form::Constant(value) = self.form {
            return Ok(if test.passes(value) {
                selection.clone()
            } else {
                BooleanBuffer::new_unset(rows.len())
            });
        }
        Ok(match test {
            KeyTest::Range { low, high } => selection & &self.range(rows, *low, *high, selection)?,
            KeyTest::NotEqual(value) => selection & &!&self.range(rows, *value, *value, selection)?,
            KeyTest::In(values) => selection & &self.any_of(rows, values, selection)?,
            KeyTest::NotIn(values) => selection & &!&self.any_of(rows, values, selection)?,
        })
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
            _ => Ok(test_keys(&self.to_vec::<i64>(rows)?, &KeyTest::Range { low, high })),
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
        let keys = self.to_vec::<i64>(rows)?;
        let bits = BooleanBuffer::collect_bool(keys.len(), |row| values.binary_search(&keys[row]).is_ok());
        Ok(bits)
    }
}

/// Appends rows of a stream that is read a vector at a time.
pub(super) fn read_vectors<O: LaneValue>(
    rows: Range<usize>,
    out: &mut Vec<O>,
    mut read: impl FnMut(usize, &mut [O; VECTOR_ROWS]) -> Decoded<()>,
) -> Decoded<()> {
    let mut at = rows.start;
    let mut values = [O::default(); VECTOR_ROWS];
    while at < rows.end {
        let vector = at / VECTOR_ROWS;
        let from = at % VECTOR_ROWS;
        let to = (rows.end - vector * VECTOR_ROWS).min(VECTOR_ROWS);
        if from == 0 && to == VECTOR_ROWS {
            let length = out.len();
            out.resize(length + VECTOR_ROWS, O::default());
            if let Some(place) = out[length..].first_chunk_mut::<VECTOR_ROWS>() {
                read(vector, place)?;
            }
        } else {
            read(vector, &mut values)?;
            out.extend_from_slice(&values[from..to]);
        }
        at = vector * VECTOR_ROWS + to;
    }
    Ok(())
}

/// Bits of rows, a vector at a time; vectors without a selected row are skipped and left unset.
pub(super) fn filter_vectors(
    rows: Range<usize>,
    selection: &BooleanBuffer,
    mut filter: impl FnMut(usize, &mut [u64; 16]) -> Decoded<()>,
) -> Decoded<BooleanBuffer> {
    let mut builder = BooleanBufferBuilder::new(rows.len());
    let mut at = rows.start;
    let mut bits = [0u64; 16];
    while at < rows.end {
        let vector = at / VECTOR_ROWS;
        let from = at % VECTOR_ROWS;
        let to = (rows.end - vector * VECTOR_ROWS).min(VECTOR_ROWS);
        if selection.slice(at - rows.start, to - from).has_true() {
            filter(vector, &mut bits)?;
            let mut bytes = [0u8; VECTOR_ROWS / 8];
            for (place, word) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(&bits) {
                *place = word.to_le_bytes();
            }
            builder.append_packed_range(from..to, &bytes);
        } else {
            builder.append_n(to - from, false);
        }
        at = vector * VECTOR_ROWS + to;
    }
    Ok(builder.finish())
}
