//! From the bytes of a chunk to arrays, and conditions on the bytes.

use super::fixed;
use super::wide::Wide;
use crate::encoding::dictionary::{CodeTest, Dictionary};
use crate::encoding::lanes::Lanes;
use crate::encoding::presence::Bits;
use crate::encoding::reals::{Real, Reals};
use crate::encoding::text::Text;
use crate::encoding::tokens::Tokens;
use crate::encoding::{Cursor, Decoded, Encoding, Malformed, malformed};
use crate::vector::filter::{Test, evaluate_test};
use crate::vector::key::{LaneValue, with_integer_type};
use arrow_array::types::*;
use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, BooleanArray, Int32Array, PrimitiveArray, RunArray, UInt32Array,
};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use arrow_schema::DataType;
use std::ops::Range;
use std::sync::Arc;

/// Rows per run from which rows are handed on as runs.
const ROWS_PER_RUN_MIN: usize = 32;

/// Rows between which single ones are picked from what was read of all: the longest frame of texts.
const PIECE_ROWS: u32 = 8 * crate::limits::VECTOR_ROWS as u32;

/// A chunk that was read; rows are those of the block.
#[derive(Debug)]
pub(crate) struct Chunk<'a> {
    row_count: usize,
    data_type: &'a DataType,
    presence: Bits<'a>,
    values: Values<'a>,
}

#[derive(Debug)]
enum Values<'a> {
    Lanes(Lanes<'a>),
    Codes(Lanes<'a>),
    Text(Text<'a>),
    Bits(Bits<'a>),
    Doubles(Reals<'a, f64>),
    Singles(Reals<'a, f32>),
    Fixed(&'a [u8]),
    Wide(Wide<'a>),
}

impl<'a> Chunk<'a> {
    /// Reads a chunk of that many rows; `bytes` holds nothing else. `tokens` is the column's table, if it has one.
    pub(crate) fn parse(
        bytes: &'a [u8],
        row_count: usize,
        data_type: &'a DataType,
        tokens: Option<&'a Tokens>,
    ) -> Decoded<Self> {
        let mut cursor = Cursor::new(bytes);
        let presence = Bits::parse(cursor.sized()?, row_count)?;
        let tag = Encoding::from_tag(cursor.clone().u8()?)?;
        let values = if tag == Encoding::Dictionary {
            cursor.u8()?;
            Values::Codes(Lanes::parse(cursor.rest(), row_count)?)
        } else {
            Self::parse_values(cursor, tag, row_count, data_type, tokens)?
        };
        Ok(Chunk {
            row_count,
            data_type,
            presence,
            values,
        })
    }

    fn parse_values(
        mut cursor: Cursor<'a>,
        tag: Encoding,
        row_count: usize,
        data_type: &DataType,
        tokens: Option<&'a Tokens>,
    ) -> Decoded<Values<'a>> {
        Ok(match data_type {
            DataType::Utf8View | DataType::BinaryView => Values::Text(Text::parse(cursor.rest(), row_count, tokens)?),
            DataType::Float64 => Values::Doubles(Reals::parse(cursor.rest(), row_count)?),
            DataType::Float32 => Values::Singles(Reals::parse(cursor.rest(), row_count)?),
            DataType::Decimal128(_, _) => {
                cursor.u8()?;
                Values::Wide(Wide::parse(tag, cursor, row_count)?)
            }
            DataType::Boolean if tag == Encoding::Bits => {
                cursor.u8()?;
                Values::Bits(Bits::parse(cursor.rest(), row_count)?)
            }
            DataType::FixedSizeBinary(16) | DataType::Interval(_) if tag == Encoding::Plain => {
                cursor.u8()?;
                let bytes = cursor.take(row_count * fixed::WIDTH_BYTES)?;
                cursor.end()?;
                Values::Fixed(bytes)
            }
            DataType::Boolean | DataType::FixedSizeBinary(_) | DataType::Interval(_) => {
                return malformed(format!("{data_type} cannot be stored as {tag:?}"));
            }
            _ => Values::Lanes(Lanes::parse(cursor.rest(), row_count)?),
        })
    }

    fn check(&self, rows: &Range<usize>) -> Decoded<()> {
        if rows.start > rows.end || rows.end > self.row_count {
            return malformed(format!("rows {rows:?} of a block of {}", self.row_count));
        }
        Ok(())
    }

    fn nulls(&self, rows: Range<usize>) -> Option<NullBuffer> {
        match self.presence.constant() {
            Some(true) => None,
            _ => Some(NullBuffer::new(self.presence.read(rows))).filter(|nulls| nulls.null_count() > 0),
        }
    }

    /// The values of some rows; `dictionary` is the segment's, if the column has one.
    pub(crate) fn decode(&self, rows: Range<usize>, dictionary: Option<&Dictionary>) -> Decoded<ArrayRef> {
        self.check(&rows)?;
        if rows.is_empty() {
            return Ok(arrow_array::new_empty_array(self.data_type));
        }
        match self.presence.constant() {
            Some(false) => return one_run(arrow_array::new_null_array(self.data_type, 1), rows.len()),
            Some(true) => {}
            None => return self.decode_rows(rows, dictionary),
        }
        let runs = match &self.values {
            Values::Lanes(lanes) => decode_integer_runs(lanes, &rows, self.data_type)?,
            Values::Codes(codes) => decode_code_runs(codes, &rows, needed(dictionary)?)?,
            Values::Bits(bits) => match bits.constant() {
                Some(bit) => Some(one_run(Arc::new(BooleanArray::from(vec![bit])), rows.len())?),
                None => None,
            },
            Values::Doubles(reals) => constant_real::<Float64Type>(reals, rows.len())?,
            Values::Singles(reals) => constant_real::<Float32Type>(reals, rows.len())?,
            _ => None,
        };
        match runs {
            Some(runs) => Ok(runs),
            None => self.decode_rows(rows, dictionary),
        }
    }

    /// As [`Self::decode`], of single rows, which ascend: where they are few, others are not unpacked.
    pub(crate) fn pick(&self, rows: &[u32], dictionary: Option<&Dictionary>) -> Decoded<ArrayRef> {
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
            return Ok(arrow_array::new_empty_array(self.data_type));
        };
        let all = *first as usize..*last as usize + 1;
        self.check(&all)?;
        if self.presence.constant() == Some(false) {
            return one_run(arrow_array::new_null_array(self.data_type, 1), rows.len());
        }
        let nulls = self.pick_nulls(rows, all);
        match &self.values {
            Values::Lanes(lanes) if nulls.is_none() && lanes.constant().is_some() => {
                one_run(pick_integers(lanes, &rows[..1], self.data_type, None)?, rows.len())
            }
            Values::Codes(codes) if nulls.is_none() && codes.constant().is_some() => {
                one_run(needed(dictionary)?.take(codes.to_vec(0..1)?, None)?, rows.len())
            }
            Values::Lanes(lanes) => pick_integers(lanes, rows, self.data_type, nulls),
            Values::Codes(codes) => needed(dictionary)?.pick(codes, rows, nulls),
            _ => self.pick_pieces(rows, dictionary),
        }
    }

    /// The codes of single rows, which ascend, and which of them are there; `None` where values are not stored as codes.
    pub(crate) fn pick_codes(&self, rows: &[u32]) -> Decoded<Option<(Vec<u32>, Option<NullBuffer>)>> {
        let (Values::Codes(codes), Some(first), Some(last)) = (&self.values, rows.first(), rows.last()) else {
            return Ok(None);
        };
        let all = *first as usize..*last as usize + 1;
        self.check(&all)?;
        let mut picked = Vec::new();
        codes.pick(rows, &mut picked)?;
        Ok(Some((picked, self.pick_nulls(rows, all))))
    }

    /// Which of single rows within a range are there; `None` where all are.
    fn pick_nulls(&self, rows: &[u32], all: Range<usize>) -> Option<NullBuffer> {
        if self.presence.constant() == Some(true) {
            return None;
        }
        let first = all.start;
        let bits = self.presence.read(all);
        let bits = BooleanBuffer::collect_bool(rows.len(), |at| bits.value(rows[at] as usize - first));
        Some(NullBuffer::new(bits)).filter(|nulls| nulls.null_count() > 0)
    }

    /// Reads all rows between the first and the last, but not so many at a time that it matters.
    fn pick_pieces(&self, rows: &[u32], dictionary: Option<&Dictionary>) -> Decoded<ArrayRef> {
        let pieces = rows.chunk_by(|left, right| left / PIECE_ROWS == right / PIECE_ROWS);
        let pieces = pieces.map(|rows| {
            let (first, last) = (rows[0], rows[rows.len() - 1]);
            let all = self.decode_rows(first as usize..last as usize + 1, dictionary)?;
            let places: UInt32Array = rows.iter().map(|row| row - first).collect();
            arrow_select::take::take(&all, &places, None).or_else(|error| malformed(error.to_string()))
        });
        let pieces = pieces.collect::<Decoded<Vec<ArrayRef>>>()?;
        match pieces.as_slice() {
            [only] => Ok(only.clone()),
            pieces => {
                let pieces: Vec<&dyn Array> = pieces.iter().map(|piece| &**piece).collect();
                arrow_select::concat::concat(&pieces).or_else(|error| malformed(error.to_string()))
            }
        }
    }

    /// All values, plain: of chunks that are not a block of rows.
    pub(crate) fn decode_plain(&self) -> Decoded<ArrayRef> {
        self.decode_rows(0..self.row_count, None)
    }

    /// The values one by one.
    fn decode_rows(&self, rows: Range<usize>, dictionary: Option<&Dictionary>) -> Decoded<ArrayRef> {
        let nulls = self.nulls(rows.clone());
        match &self.values {
            Values::Lanes(lanes) => decode_integers(lanes, rows, self.data_type, nulls),
            Values::Codes(codes) => needed(dictionary)?.decode(codes, rows, nulls),
            Values::Text(text) => text.read(rows, self.data_type, nulls),
            Values::Bits(bits) => Ok(Arc::new(BooleanArray::new(bits.read(rows), nulls))),
            Values::Doubles(reals) => decode_reals::<Float64Type>(reals, rows, nulls),
            Values::Singles(reals) => decode_reals::<Float32Type>(reals, rows, nulls),
            Values::Fixed(bytes) => {
                let bytes = &bytes[rows.start * fixed::WIDTH_BYTES..rows.end * fixed::WIDTH_BYTES];
                fixed::read(bytes, self.data_type, nulls)
            }
            Values::Wide(wide) => wide.read(rows, self.data_type, nulls),
        }
    }

    /// One bit per row: whether its value meets a condition and it is selected. `codes` is the test as one on the codes of the
    /// segment's dictionary, if the column has one.
    pub(crate) fn filter(
        &self,
        rows: Range<usize>,
        test: &Test,
        codes: Option<&CodeTest>,
        selection: &BooleanBuffer,
    ) -> Decoded<BooleanBuffer> {
        self.check(&rows)?;
        if selection.len() != rows.len() {
            return malformed(format!("a selection of {} for {} rows", selection.len(), rows.len()));
        }
        match test {
            Test::Null => return Ok(selection & &!&self.presence.read(rows)),
            Test::NotNull => return Ok(selection & &self.presence.read(rows)),
            _ => {}
        }
        let present;
        let selection = match self.presence.constant() {
            Some(true) => selection,
            _ => {
                present = selection & &self.presence.read(rows.clone());
                &present
            }
        };
        if !selection.has_true() {
            return Ok(selection.clone());
        }
        let on_encoded = match (&self.values, test) {
            (Values::Lanes(lanes), Test::Lane(test)) => Some(lanes.filter(rows.clone(), test, selection)),
            (Values::Lanes(lanes), Test::Among(set)) => {
                let passing = lanes.among(rows.clone(), selection, set);
                Some(passing.map(|bits| selection & &bits))
            }
            (Values::Codes(lanes), _) => match codes {
                Some(codes) => Some(codes.filter(lanes, rows.clone(), selection)),
                None => return malformed(WITHOUT_DICTIONARY),
            },
            (Values::Text(text), Test::Bytes(test)) => Some(text.filter(rows.clone(), test, selection)),
            (Values::Doubles(reals), Test::Lane(test)) => reals.filter(rows.clone(), test, selection),
            (Values::Singles(reals), Test::Lane(test)) => reals.filter(rows.clone(), test, selection),
            (Values::Wide(wide), Test::Wide(test)) => wide.filter(rows.clone(), test, selection),
            _ => None,
        };
        match on_encoded {
            Some(bits) => bits,
            None => Ok(selection & &evaluate_test(&self.decode_rows(rows, None)?, test)),
        }
    }

    /// The encoding of the values within.
    pub(crate) fn encoding(&self) -> Encoding {
        match &self.values {
            Values::Lanes(lanes) | Values::Codes(lanes) => lanes.encoding(),
            Values::Text(text) => text.encoding(),
            Values::Bits(_) => Encoding::Bits,
            Values::Doubles(reals) => reals.encoding(),
            Values::Singles(reals) => reals.encoding(),
            Values::Fixed(_) => Encoding::Plain,
            Values::Wide(wide) => wide.encoding(),
        }
    }
}

const WITHOUT_DICTIONARY: &str = "codes without a dictionary";

fn needed(dictionary: Option<&Dictionary>) -> Decoded<&Dictionary> {
    dictionary.ok_or_else(|| Malformed(WITHOUT_DICTIONARY.into()))
}

/// A column of `row_count` times one value.
pub(crate) fn one_run(value: ArrayRef, row_count: usize) -> Decoded<ArrayRef> {
    runs(vec![row_count as i32], &value)
}

fn runs(ends: Vec<i32>, values: &ArrayRef) -> Decoded<ArrayRef> {
    match RunArray::<Int32Type>::try_new(&Int32Array::from(ends), values.as_ref()) {
        Ok(run) => Ok(Arc::new(run)),
        Err(error) => malformed(error.to_string()),
    }
}

/// The ends and values of few runs.
fn few_runs<O: LaneValue>(lanes: &Lanes<'_>, rows: &Range<usize>) -> Decoded<Option<(Vec<i32>, Vec<O>)>> {
    match lanes.constant() {
        Some(value) => Ok(Some((vec![rows.len() as i32], vec![O::from_lane(value)]))),
        None => lanes.runs(rows, rows.len() / ROWS_PER_RUN_MIN),
    }
}

fn decode_integer_runs(lanes: &Lanes<'_>, rows: &Range<usize>, data_type: &DataType) -> Decoded<Option<ArrayRef>> {
    fn read<T: ArrowPrimitiveType>(
        lanes: &Lanes<'_>,
        rows: &Range<usize>,
        data_type: &DataType,
    ) -> Decoded<Option<ArrayRef>>
    where
        T::Native: LaneValue,
    {
        let Some((ends, values)) = few_runs::<T::Native>(lanes, rows)? else {
            return Ok(None);
        };
        let values: ArrayRef =
            Arc::new(PrimitiveArray::<T>::new(values.into(), None).with_data_type(data_type.clone()));
        runs(ends, &values).map(Some)
    }
    with_integer_type!(data_type, T => read::<T>(lanes, rows, data_type), malformed(format!(
        "{data_type} is not stored as integers"
    )))
}

fn decode_code_runs(codes: &Lanes<'_>, rows: &Range<usize>, dictionary: &Dictionary) -> Decoded<Option<ArrayRef>> {
    match few_runs::<u32>(codes, rows)? {
        Some((ends, codes)) => runs(ends, &dictionary.take(codes, None)?).map(Some),
        None => Ok(None),
    }
}

fn constant_real<T: ArrowPrimitiveType<Native: Real>>(
    reals: &Reals<'_, T::Native>,
    row_count: usize,
) -> Decoded<Option<ArrayRef>> {
    match reals.constant() {
        Some(value) => one_run(Arc::new(PrimitiveArray::<T>::from_value(value, 1)), row_count).map(Some),
        None => Ok(None),
    }
}

fn decode_reals<T: ArrowPrimitiveType<Native: Real>>(
    reals: &Reals<'_, T::Native>,
    rows: Range<usize>,
    nulls: Option<NullBuffer>,
) -> Decoded<ArrayRef> {
    Ok(Arc::new(PrimitiveArray::<T>::new(reals.to_vec(rows)?.into(), nulls)))
}

fn pick_integers(
    lanes: &Lanes<'_>,
    rows: &[u32],
    data_type: &DataType,
    nulls: Option<NullBuffer>,
) -> Decoded<ArrayRef> {
    fn pick<T: ArrowPrimitiveType>(
        lanes: &Lanes<'_>,
        rows: &[u32],
        data_type: &DataType,
        nulls: Option<NullBuffer>,
    ) -> Decoded<ArrayRef>
    where
        T::Native: LaneValue,
    {
        let mut values: Vec<T::Native> = Vec::new();
        lanes.pick(rows, &mut values)?;
        Ok(integers::<T>(values, data_type, nulls))
    }
    with_integer_type!(data_type, T => pick::<T>(lanes, rows, data_type, nulls), malformed(format!(
        "{data_type} is not stored as integers"
    )))
}

fn integers<T: ArrowPrimitiveType>(
    values: Vec<T::Native>,
    data_type: &DataType,
    nulls: Option<NullBuffer>,
) -> ArrayRef {
    Arc::new(PrimitiveArray::<T>::new(values.into(), nulls).with_data_type(data_type.clone()))
}

fn decode_integers(
    lanes: &Lanes<'_>,
    rows: Range<usize>,
    data_type: &DataType,
    nulls: Option<NullBuffer>,
) -> Decoded<ArrayRef> {
    fn read<T: ArrowPrimitiveType>(
        lanes: &Lanes<'_>,
        rows: Range<usize>,
        data_type: &DataType,
        nulls: Option<NullBuffer>,
    ) -> Decoded<ArrayRef>
    where
        T::Native: LaneValue,
    {
        Ok(integers::<T>(lanes.to_vec(rows)?, data_type, nulls))
    }
    with_integer_type!(data_type, T => read::<T>(lanes, rows, data_type, nulls), malformed(format!(
        "{data_type} is not stored as integers"
    )))
}
