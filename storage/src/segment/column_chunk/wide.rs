//! Decimals of 128 bits as streams of 64: narrowed to differences where they fit, else as halves.

use super::encode::fill;
use crate::encoding::lanes::{self, Lanes};
use crate::encoding::{Cursor, Decoded, Encoding, malformed, put_sized};
use crate::vector::filter::KeyTest;
use arrow_array::cast::AsArray;
use arrow_array::types::Decimal128Type;
use arrow_array::{ArrayRef, PrimitiveArray};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use arrow_schema::DataType;
use std::ops::Range;
use std::sync::Arc;

/// Values that were read.
#[derive(Debug)]
pub(super) enum Wide<'a> {
    Narrowed { reference: i128, differences: Lanes<'a> },
    Halves { upper: Lanes<'a>, lower: Lanes<'a> },
}

pub(super) fn encode(array: &ArrayRef, nulls: Option<&NullBuffer>, out: &mut Vec<u8>) -> Encoding {
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

impl<'a> Wide<'a> {
    /// Reads what follows the tag.
    pub(super) fn parse(tag: Encoding, mut cursor: Cursor<'a>, row_count: usize) -> Decoded<Self> {
        Ok(match tag {
            Encoding::Narrowed => Wide::Narrowed {
                reference: cursor.i128()?,
                differences: Lanes::parse(cursor.rest(), row_count)?,
            },
            Encoding::Halves => Wide::Halves {
                upper: Lanes::parse(cursor.sized()?, row_count)?,
                lower: Lanes::parse(cursor.rest(), row_count)?,
            },
            other => return malformed(format!("128-bit values cannot be stored as {other:?}")),
        })
    }

    pub(super) fn encoding(&self) -> Encoding {
        match self {
            Wide::Narrowed { differences, .. } => differences.encoding(),
            Wide::Halves { lower, .. } => lower.encoding(),
        }
    }

    pub(super) fn read(
        &self,
        rows: Range<usize>,
        data_type: &DataType,
        nulls: Option<NullBuffer>,
    ) -> Decoded<ArrayRef> {
        let values = match self {
            Wide::Narrowed { reference, differences } => {
                let mut values = differences.to_vec::<i128>(rows)?;
                for value in &mut values {
                    *value = value.wrapping_add(*reference);
                }
                values
            }
            Wide::Halves { upper, lower } => {
                let mut values = upper.to_vec::<i128>(rows.clone())?;
                for (value, lower) in values.iter_mut().zip(lower.to_vec::<i64>(rows)?) {
                    *value = (*value << 64) | i128::from(lower as u64);
                }
                values
            }
        };
        Ok(Arc::new(
            PrimitiveArray::<Decimal128Type>::new(values.into(), nulls).with_data_type(data_type.clone()),
        ))
    }

    /// One bit per row whose value passes and is selected; `None` where values must be read for that.
    pub(super) fn filter(
        &self,
        rows: Range<usize>,
        test: &KeyTest<i128>,
        selection: &BooleanBuffer,
    ) -> Option<Decoded<BooleanBuffer>> {
        match self {
            Wide::Narrowed { reference, differences } => {
                Some(differences.filter(rows, &narrow(test, *reference), selection))
            }
            Wide::Halves { .. } => None,
        }
    }
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
