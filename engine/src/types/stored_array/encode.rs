//! Lists to bytes. Equal arrays give equal bytes: what lies below a NULL element is written as zeroes.

use super::{HAS_NULLS, Layout};
use crate::error::{Error, Result};
use arrow_array::builder::BinaryViewBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::{BinaryViewType, ByteViewType, StringViewType};
use arrow_array::{Array, ArrayRef, BooleanArray, GenericByteViewArray, ListArray};
use arrow_buffer::{NullBuffer, bit_util};
use arrow_schema::DataType;
use std::ops::Range;
use std::sync::Arc;

/// A plain column as storage keeps it: lists as bytes, anything else as it is.
///
/// # Errors
/// Elements that cannot be stored: a bug.
pub(crate) fn encode(column: &ArrayRef) -> Result<ArrayRef> {
    let Some(lists) = column.as_list_opt::<i32>() else {
        return Ok(column.clone());
    };
    let elements = Elements::of(lists)?;
    let mut encoded = BinaryViewBuilder::with_capacity(lists.len());
    let mut bytes = Vec::new();
    for row in 0..lists.len() {
        if lists.is_null(row) {
            encoded.append_null();
            continue;
        }
        bytes.clear();
        elements.write(range_of(lists, row), &mut bytes);
        encoded.try_append_value(&bytes)?;
    }
    Ok(Arc::new(encoded.finish()))
}

fn range_of(lists: &ListArray, row: usize) -> Range<usize> {
    let offsets = lists.value_offsets();
    offsets[row] as usize..offsets[row + 1] as usize
}

/// The elements of all lists of a column, ready to be written.
struct Elements<'a> {
    layout: Layout,
    nulls: Option<&'a NullBuffer>,
    values: Values<'a>,
}

enum Values<'a> {
    Bits(&'a BooleanArray),
    Fixed(Vec<u8>, usize),
    Texts(&'a GenericByteViewArray<StringViewType>),
    Bytes(&'a GenericByteViewArray<BinaryViewType>),
    Arrays(&'a ListArray, Box<Elements<'a>>),
}

impl<'a> Elements<'a> {
    fn of(lists: &'a ListArray) -> Result<Elements<'a>> {
        let array = &**lists.values();
        let layout = Layout::of(array.data_type())?;
        let values = match (layout, array.data_type()) {
            (Layout::Bits, _) => Values::Bits(array.as_boolean()),
            (Layout::Bytes, DataType::Utf8View) => Values::Texts(array.as_string_view()),
            (Layout::Bytes, _) => Values::Bytes(array.as_binary_view()),
            (Layout::Arrays, _) => {
                let inner = array.as_list::<i32>();
                Values::Arrays(inner, Box::new(Elements::of(inner)?))
            }
            (Layout::Fixed(width), _) => Values::Fixed(fixed_bytes(array, width)?, width),
        };
        Ok(Elements {
            layout,
            nulls: array.nulls(),
            values,
        })
    }

    /// An array of these elements.
    fn write(&self, range: Range<usize>, out: &mut Vec<u8>) {
        let nulls = self.nulls.map(|nulls| nulls.slice(range.start, range.len()));
        let nulls = nulls.filter(|nulls| nulls.null_count() > 0);
        let flag = if nulls.is_some() { HAS_NULLS } else { 0 };
        out.push(self.layout.number() | flag);
        write_number(range.len(), out);
        if let Some(nulls) = &nulls {
            write_bits(range.len(), |at| nulls.is_valid(at), out);
        }
        let is_null = |at: usize| nulls.as_ref().is_some_and(|nulls| nulls.is_null(at));
        match &self.values {
            Values::Bits(bits) => write_bits(range.len(), |at| !is_null(at) && bits.value(range.start + at), out),
            Values::Fixed(bytes, width) => {
                out.extend_from_slice(bytes.get(range.start * width..range.end * width).unwrap_or_default());
            }
            Values::Texts(texts) => write_bytes(texts, range, is_null, out),
            Values::Bytes(bytes) => write_bytes(bytes, range, is_null, out),
            Values::Arrays(lists, elements) => {
                for at in range.clone() {
                    match is_null(at - range.start) {
                        true => elements.write(0..0, out),
                        false => elements.write(range_of(lists, at), out),
                    }
                }
            }
        }
    }
}

/// The values' bytes in order, those of NULLs zero.
fn fixed_bytes(array: &dyn Array, width: usize) -> Result<Vec<u8>> {
    let data = array.to_data();
    let start = data.offset() * width;
    let bytes = data.buffers().first().map(|buffer| buffer.as_slice());
    let bytes = bytes.and_then(|bytes| bytes.get(start..start + array.len() * width));
    let bytes = bytes.ok_or_else(|| Error::Internal("an array is shorter than its length".into()))?;
    let mut bytes = bytes.to_vec();
    if let Some(nulls) = array.nulls() {
        for (value, is_valid) in bytes.chunks_exact_mut(width).zip(nulls.iter()) {
            if !is_valid {
                value.fill(0);
            }
        }
    }
    Ok(bytes)
}

fn write_bytes<T: ByteViewType>(
    array: &GenericByteViewArray<T>,
    range: Range<usize>,
    is_null: impl Fn(usize) -> bool,
    out: &mut Vec<u8>,
) {
    let start = range.start;
    let value = |at: usize| -> &[u8] {
        match is_null(at - start) {
            true => &[],
            false => array.value(at).as_ref(),
        }
    };
    range.clone().for_each(|at| write_number(value(at).len(), out));
    range.for_each(|at| out.extend_from_slice(value(at)));
}

fn write_bits(count: usize, is_set: impl Fn(usize) -> bool, out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + count.div_ceil(8), 0);
    let bits = &mut out[start..];
    (0..count)
        .filter(|at| is_set(*at))
        .for_each(|at| bit_util::set_bit(bits, at));
}

/// Seven bits a byte, the lowest first; all bytes but the last have the highest bit set.
fn write_number(number: usize, out: &mut Vec<u8>) {
    let mut rest = number;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// Fixed-width values are written as they lie in memory.
const _: () = assert!(cfg!(target_endian = "little"), "stored arrays are little-endian");
