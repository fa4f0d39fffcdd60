//! From a plain array to the bytes of a chunk.

use super::{fixed, wide};
use crate::encoding::reals::{self, Real};
use crate::encoding::tokens::Trained;
use crate::encoding::{Encoding, lanes, presence, put_sized, text};
use crate::vector::key::{bytes_at, integer_lanes};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType};
use arrow_buffer::{BooleanBuffer, NullBuffer};
use arrow_schema::DataType;
use std::borrow::Cow;

/// Appends the chunk of a block: a plain array, and its codes where the column has a dictionary (arbitrary below NULLs).
pub(crate) fn encode(array: &ArrayRef, codes: Option<&[u32]>, out: &mut Vec<u8>) -> Encoding {
    encode_block(array, integer_lanes(array.as_ref()), codes, None, out)
}

/// [`encode`] where the lanes of an integer-like column are at hand, or a text column has a table of tokens.
pub(crate) fn encode_block(
    array: &ArrayRef,
    lanes: Option<Cow<'_, [i64]>>,
    codes: Option<&[u32]>,
    tokens: Option<&Trained>,
    out: &mut Vec<u8>,
) -> Encoding {
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
    if let Some(mut lanes) = lanes {
        if nulls.is_some() {
            fill(lanes.to_mut(), nulls);
        }
        return lanes::encode(&lanes, out);
    }
    match array.data_type() {
        DataType::Boolean => {
            out.push(Encoding::Bits as u8);
            presence::encode(array.as_boolean().values(), out);
            Encoding::Bits
        }
        DataType::Utf8View | DataType::BinaryView => encode_text(array, nulls, tokens, out),
        DataType::Float64 => encode_reals::<Float64Type>(array, nulls, out),
        DataType::Float32 => encode_reals::<Float32Type>(array, nulls, out),
        DataType::Decimal128(_, _) => wide::encode(array, nulls, out),
        _ => {
            out.push(Encoding::Plain as u8);
            fixed::encode(array, out);
            Encoding::Plain
        }
    }
}

fn encode_reals<T: ArrowPrimitiveType<Native: Real>>(
    array: &ArrayRef,
    nulls: Option<&NullBuffer>,
    out: &mut Vec<u8>,
) -> Encoding {
    let values = array.as_primitive::<T>().values();
    if nulls.is_none() {
        return reals::encode(values, out);
    }
    let mut values = values.to_vec();
    fill(&mut values, nulls);
    reals::encode(&values, out)
}

fn encode_text(array: &ArrayRef, nulls: Option<&NullBuffer>, tokens: Option<&Trained>, out: &mut Vec<u8>) -> Encoding {
    let values: Vec<&[u8]> = (0..array.len()).map(|row| present_bytes(array, nulls, row)).collect();
    text::encode(&values, tokens, out)
}

/// A table of tokens for a plain column, if it is text that is best stored by one.
pub(crate) fn train_tokens(array: &ArrayRef) -> Option<Trained> {
    let is_text = matches!(array.data_type(), DataType::Utf8View | DataType::BinaryView);
    let nulls = array.nulls().filter(|nulls| nulls.null_count() > 0);
    is_text.then(|| text::train_tokens(array.len(), |row| present_bytes(array, nulls, row)))?
}

fn present_bytes<'a>(array: &'a ArrayRef, nulls: Option<&NullBuffer>, row: usize) -> &'a [u8] {
    match nulls {
        Some(nulls) if nulls.is_null(row) => &[],
        _ => bytes_at(array.as_ref(), row),
    }
}

/// Puts the previous value (first: the next one) where a value is NULL, so that fillers cost nothing.
pub(super) fn fill<T: Copy + Default>(values: &mut [T], nulls: Option<&NullBuffer>) {
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
