//! A block of a column: presence and values, in the bytes of one chunk.
//!
//! ```text
//! chunk  = presence:sized(bits) values
//! values = stream of integers | text | bits        by the column's type
//!        | 0 (sixteen bytes)*                      plain uuids, intervals, wide decimals; f64*, f32* likewise
//!        | 6 stream                                codes of the segment's dictionary
//!        | 12 reference:i128 stream                128-bit values narrowed
//!        | 13 upper:sized(stream) lower:stream     128-bit values halved
//! ```

use crate::encoding::lanes::{self, Lanes};
use crate::encoding::presence::{self, Bits};
use crate::encoding::text::{self, Text};
use crate::encoding::{Cursor, Decoded, Encoding, malformed, put_sized};
use crate::vector::filter::{KeyTest, Test, evaluate_test};
use crate::vector::key::{LaneValue, bytes_at, integer_lanes, with_integer_type};
use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, BooleanArray, DictionaryArray, Int32Array, PrimitiveArray, RunArray,
    UInt32Array,
};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, ScalarBuffer};
use arrow_schema::DataType;
use std::ops::Range;
use std::sync::Arc;

/// Appends the chunk of a block: a plain array, and its codes where the column has a dictionary (arbitrary below NULLs).
pub(crate) fn encode(array: &ArrayRef, codes: Option<&[u32]>, out: &mut Vec<u8>) -> Encoding {
    let nulls = array.nulls().filter(|nulls| nulls.null_count() > 0);
    put_sized(out, |out| match nulls {
        None => presence::encode(&BooleanBuffer::new_set(array.len()), out),
        Some(nulls) => presence::encode(nulls.inner(), out),
    });
    if let Some(codes) = codes {
        let mut codes: Vec<i64> = codes.iter().map(|code| i64::from(*code)).collect();
        fill(&mut codes, nulls);
        out.push(Encoding::Dictionary as u8);
        lanes::encode(&codes, out);
        return Encoding::Dictionary;
    }
    if let Some(mut lanes) = integer_lanes(array.as_ref()) {
        fill(&mut lanes, nulls);
        return lanes::encode(&lanes, out);
    }
    match array.data_type() {
        DataType::Boolean => {
            out.push(Encoding::Bits as u8);
            presence::encode(array.as_boolean().values(), out);
            Encoding::Bits
        }
        DataType::Utf8View | DataType::BinaryView => {
            let values: Vec<&[u8]> = (0..array.len())
                .map(|row| {
                    if nulls.is_some_and(|nulls| nulls.is_null(row)) {
                        &[]
                    } else {
                        bytes_at(array.as_ref(), row)
                    }
                })
                .collect();
            text::encode(&values, out)
        }
        DataType::Decimal128(_, _) => encode_wide(array, nulls, out),
        _ => {
            out.push(Encoding::Plain as u8);
            encode_plain(array, out);
            Encoding::Plain
        }
    }
}

/// Puts the previous value (first: the next one) where a value is NULL, so that fillers cost nothing.
fn fill<T: Copy + Default>(values: &mut [T], nulls: Option<&NullBuffer>) {
    let Some(nulls) = nulls else { return };
    let first = nulls.inner().set_indices().next();
    let mut filler = first.map_or(T::default(), |row| values[row]);
    for (row, value) in values.iter_mut().enumerate() {
        if nulls.is_null(row) {
            *value = filler;
        } else {
            filler = *value;
        }
    }
}

fn encode_wide(array: &ArrayRef, nulls: Option<&NullBuffer>, out: &mut Vec<u8>) -> Encoding {
    let mut values = array.as_primitive::<Decimal128Type>().values().to_vec();
    fill(&mut values, nulls);
    let minimum = values.iter().copied().min().unwrap_or(0);
    let maximum = values.iter().copied().max().unwrap_or(0);
    if maximum
        .checked_sub(minimum)
        .is_some_and(|span| span <= i128::from(i64::MAX))
    {
        let differences: Vec<i64> = values.iter().map(|value| (value - minimum) as i64).collect();
        out.push(Encoding::Narrowed as u8);
        out.extend_from_slice(&minimum.to_le_bytes());
        lanes::encode(&differences, out);
        return Encoding::Narrowed;
    }
    let upper: Vec<i64> = values.iter().map(|value| (value >> 64) as i64).collect();
    let lower: Vec<i64> = values.iter().map(|value| *value as i64).collect();
    out.push(Encoding::Halves as u8);
    put_sized(out, |out| {
        lanes::encode(&upper, out);
    });
    lanes::encode(&lower, out);
    Encoding::Halves
}

fn encode_plain(array: &ArrayRef, out: &mut Vec<u8>) {
    match array.data_type() {
        DataType::Float64 => {
            for value in array.as_primitive::<Float64Type>().values() {
                out.extend_from_slice(&value.to_le_bytes());
            }
        }
        DataType::Float32 => {
            for value in array.as_primitive::<Float32Type>().values() {
                out.extend_from_slice(&value.to_le_bytes());
            }
        }
        DataType::Interval(_) => {
            for value in array.as_primitive::<IntervalMonthDayNanoType>().values() {
                out.extend_from_slice(&value.months.to_le_bytes());
                out.extend_from_slice(&value.days.to_le_bytes());
                out.extend_from_slice(&value.nanoseconds.to_le_bytes());
            }
        }
        _ => {
            let values = array.as_fixed_size_binary();
            for row in 0..values.len() {
                out.extend_from_slice(values.value(row));
            }
        }
    }
}

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
    Plain { width: usize, bytes: &'a [u8] },
    Narrowed { reference: i128, differences: Lanes<'a> },
    Halves { upper: Lanes<'a>, lower: Lanes<'a> },
}

impl<'a> Chunk<'a> {
    /// Reads a chunk of that many rows; `bytes` holds nothing else.
    pub(crate) fn parse(bytes: &'a [u8], row_count: usize, data_type: &'a DataType) -> Decoded<Self> {
        let mut cursor = Cursor::new(bytes);
        let presence = Bits::parse(cursor.sized()?, row_count)?;
        let tag = Encoding::from_tag(cursor.clone().u8()?)?;
        let values = if tag == Encoding::Dictionary {
            cursor.u8()?;
            Values::Codes(Lanes::parse(cursor.rest(), row_count)?)
        } else {
            Self::parse_values(cursor, tag, row_count, data_type)?
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
    ) -> Decoded<Values<'a>> {
        let width = match data_type {
            DataType::Utf8View | DataType::BinaryView => {
                return Ok(Values::Text(Text::parse(cursor.rest(), row_count)?));
            }
            DataType::Float32 => 4,
            DataType::Float64 => 8,
            DataType::Boolean | DataType::Decimal128(_, _) | DataType::FixedSizeBinary(16) | DataType::Interval(_) => {
                16
            }
            _ => return Ok(Values::Lanes(Lanes::parse(cursor.rest(), row_count)?)),
        };
        cursor.u8()?;
        match tag {
            Encoding::Bits if *data_type == DataType::Boolean => {
                Ok(Values::Bits(Bits::parse(cursor.rest(), row_count)?))
            }
            Encoding::Plain if *data_type != DataType::Boolean => {
                let bytes = cursor.take(row_count * width)?;
                cursor.end()?;
                Ok(Values::Plain { width, bytes })
            }
            Encoding::Narrowed if width == 16 => Ok(Values::Narrowed {
                reference: cursor.i128()?,
                differences: Lanes::parse(cursor.rest(), row_count)?,
            }),
            Encoding::Halves if width == 16 => Ok(Values::Halves {
                upper: Lanes::parse(cursor.sized()?, row_count)?,
                lower: Lanes::parse(cursor.rest(), row_count)?,
            }),
            other => malformed(format!("{data_type} cannot be stored as {other:?}")),
        }
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

    /// The values of some rows; `dictionary` holds the segment's values if this chunk holds codes.
    pub(crate) fn decode(
        &self,
        rows: Range<usize>,
        dictionary: impl FnOnce() -> Decoded<ArrayRef>,
    ) -> Decoded<ArrayRef> {
        self.check(&rows)?;
        if let Some(one) = self.constant(&rows)? {
            return one_run(one, rows.len());
        }
        let nulls = self.nulls(rows.clone());
        match &self.values {
            Values::Lanes(lanes) => decode_integers(lanes, rows, self.data_type, nulls),
            Values::Codes(codes) => decode_codes(codes, rows, nulls, dictionary()?),
            Values::Text(text) => text.read(rows, self.data_type, nulls),
            Values::Bits(bits) => Ok(Arc::new(BooleanArray::new(bits.read(rows), nulls))),
            Values::Plain { width, bytes } => {
                decode_plain(&bytes[rows.start * width..rows.end * width], self.data_type, nulls)
            }
            Values::Narrowed { reference, differences } => {
                let mut values = differences.to_vec::<i128>(rows)?;
                for value in &mut values {
                    *value = value.wrapping_add(*reference);
                }
                wide_array(values, self.data_type, nulls)
            }
            Values::Halves { upper, lower } => {
                let mut values = upper.to_vec::<i128>(rows.clone())?;
                for (value, lower) in values.iter_mut().zip(lower.to_vec::<i64>(rows)?) {
                    *value = (*value << 64) | i128::from(lower as u64);
                }
                wide_array(values, self.data_type, nulls)
            }
        }
    }

    /// The one value of all rows, as an array of one, where that is known without reading them.
    fn constant(&self, rows: &Range<usize>) -> Decoded<Option<ArrayRef>> {
        if rows.is_empty() {
            return Ok(None);
        }
        match (self.presence.constant(), &self.values) {
            (Some(false), _) => Ok(Some(arrow_array::new_null_array(self.data_type, 1))),
            (Some(true), Values::Lanes(lanes)) if lanes.constant().is_some() => {
                decode_integers(lanes, rows.start..rows.start + 1, self.data_type, None).map(Some)
            }
            (Some(true), Values::Bits(bits)) => Ok(bits
                .constant()
                .map(|bit| Arc::new(BooleanArray::from(vec![bit])) as ArrayRef)),
            _ => Ok(None),
        }
    }

    /// One bit per row: whether its value meets a condition and it is selected. `codes` translates the test to codes.
    pub(crate) fn filter(
        &self,
        rows: Range<usize>,
        test: &Test,
        selection: &BooleanBuffer,
        codes: impl FnOnce() -> Decoded<KeyTest<i64>>,
        dictionary: impl FnOnce() -> Decoded<ArrayRef>,
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
        match (&self.values, test) {
            (Values::Lanes(lanes), Test::Lane(test)) => lanes.filter(rows, test, selection),
            (Values::Codes(lanes), _) => lanes.filter(rows, &codes()?, selection),
            (Values::Text(text), Test::Bytes(test)) => text.filter(rows, test, selection),
            (Values::Narrowed { reference, differences }, Test::Wide(test)) if test_narrows(self.data_type) => {
                differences.filter(rows, &narrow(test, *reference), selection)
            }
            _ => Ok(selection & &evaluate_test(&self.decode(rows, dictionary)?, test)),
        }
    }

    /// The codes of some rows, and which of them are not NULL; `None` where the chunk holds no codes.
    pub(crate) fn codes(&self, rows: Range<usize>) -> Decoded<Option<(Vec<u32>, Option<NullBuffer>)>> {
        self.check(&rows)?;
        match &self.values {
            Values::Codes(codes) => Ok(Some((codes.to_vec(rows.clone())?, self.nulls(rows)))),
            _ => Ok(None),
        }
    }

    /// The encoding of the values, for people.
    pub(crate) fn describe(&self) -> &'static str {
        match &self.values {
            Values::Lanes(lanes) => lanes.describe(),
            Values::Codes(codes) => codes.describe(),
            Values::Text(text) => text.describe(),
            Values::Bits(_) => "bits",
            Values::Plain { .. } => "plain",
            Values::Narrowed { differences, .. } => differences.describe(),
            Values::Halves { lower, .. } => lower.describe(),
        }
    }
}

fn test_narrows(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Decimal128(_, _))
}

/// A test of wide values as one of their differences from a reference, which are never negative.
fn narrow(test: &KeyTest<i128>, reference: i128) -> KeyTest<i64> {
    let difference = |value: i128| value.checked_sub(reference).and_then(|value| i64::try_from(value).ok());
    let all = |values: &[i128]| values.iter().filter_map(|value| difference(*value)).collect();
    let clamp = |value: i128| value.saturating_sub(reference).clamp(-1, i128::from(i64::MAX)) as i64;
    match test {
        KeyTest::Range { low, high } => match low.saturating_sub(reference) > i128::from(i64::MAX) {
            true => KeyTest::Range { low: 1, high: 0 },
            false => KeyTest::Range {
                low: clamp(*low),
                high: clamp(*high),
            },
        },
        KeyTest::NotEqual(value) => KeyTest::NotEqual(difference(*value).unwrap_or(-1)),
        KeyTest::In(values) => KeyTest::In(all(values)),
        KeyTest::NotIn(values) => KeyTest::NotIn(all(values)),
    }
}

/// A column of `row_count` times one value.
pub(crate) fn one_run(value: ArrayRef, row_count: usize) -> Decoded<ArrayRef> {
    let ends = Int32Array::from(vec![row_count as i32]);
    match RunArray::<Int32Type>::try_new(&ends, value.as_ref()) {
        Ok(run) => Ok(Arc::new(run)),
        Err(error) => malformed(error.to_string()),
    }
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
        let values = ScalarBuffer::from(lanes.to_vec::<T::Native>(rows)?);
        Ok(Arc::new(
            PrimitiveArray::<T>::new(values, nulls).with_data_type(data_type.clone()),
        ))
    }
    with_integer_type!(data_type, T => read::<T>(lanes, rows, data_type, nulls), malformed(format!(
        "{data_type} is not stored as integers"
    )))
}

fn decode_codes(
    codes: &Lanes<'_>,
    rows: Range<usize>,
    nulls: Option<NullBuffer>,
    dictionary: ArrayRef,
) -> Decoded<ArrayRef> {
    if let (Some(code), None) = (codes.constant(), &nulls)
        && let Ok(code) = usize::try_from(code)
        && code < dictionary.len()
        && !rows.is_empty()
    {
        return one_run(dictionary.slice(code, 1), rows.len());
    }
    let codes = codes.to_vec::<u32>(rows)?;
    if codes.iter().any(|code| *code as usize >= dictionary.len()) {
        return malformed(format!("a code beyond the dictionary's {} values", dictionary.len()));
    }
    let keys = UInt32Array::new(ScalarBuffer::from(codes), nulls);
    match dictionary.data_type() {
        DataType::Utf8View | DataType::BinaryView => match DictionaryArray::try_new(keys, dictionary) {
            Ok(array) => Ok(Arc::new(array)),
            Err(error) => malformed(error.to_string()),
        },
        _ => arrow_select::take::take(&dictionary, &keys, None).or_else(|error| malformed(error.to_string())),
    }
}

fn decode_plain(bytes: &[u8], data_type: &DataType, nulls: Option<NullBuffer>) -> Decoded<ArrayRef> {
    let array: ArrayRef = match data_type {
        DataType::Float64 => {
            let values: Vec<f64> = bytes
                .as_chunks()
                .0
                .iter()
                .map(|value| f64::from_le_bytes(*value))
                .collect();
            Arc::new(PrimitiveArray::<Float64Type>::new(values.into(), nulls))
        }
        DataType::Float32 => {
            let values: Vec<f32> = bytes
                .as_chunks()
                .0
                .iter()
                .map(|value| f32::from_le_bytes(*value))
                .collect();
            Arc::new(PrimitiveArray::<Float32Type>::new(values.into(), nulls))
        }
        DataType::Decimal128(_, _) => {
            let values: Vec<i128> = bytes
                .as_chunks()
                .0
                .iter()
                .map(|value| i128::from_le_bytes(*value))
                .collect();
            return wide_array(values, data_type, nulls);
        }
        DataType::Interval(_) => {
            let mut values = Vec::with_capacity(bytes.len() / 16);
            let mut cursor = Cursor::new(bytes);
            for _ in 0..bytes.len() / 16 {
                values.push(arrow_buffer::IntervalMonthDayNano::new(
                    cursor.i32()?,
                    cursor.i32()?,
                    cursor.i64()?,
                ));
            }
            Arc::new(PrimitiveArray::<IntervalMonthDayNanoType>::new(values.into(), nulls))
        }
        _ => match arrow_array::FixedSizeBinaryArray::try_new(16, Buffer::from(bytes), nulls) {
            Ok(array) => Arc::new(array),
            Err(error) => return malformed(error.to_string()),
        },
    };
    Ok(array)
}

fn wide_array(values: Vec<i128>, data_type: &DataType, nulls: Option<NullBuffer>) -> Decoded<ArrayRef> {
    match data_type {
        DataType::Decimal128(_, _) => Ok(Arc::new(
            PrimitiveArray::<Decimal128Type>::new(values.into(), nulls).with_data_type(data_type.clone()),
        )),
        other => malformed(format!("{other} is not stored as decimals")),
    }
}
