//! Least and greatest of byte strings, cut to a length worth keeping: then the one is a lower, the other an upper bound.

use super::Verdict;
use crate::encoding::loops;
use crate::vector::filter::BytesTest;
use crate::vector::key::bytes_at;
use arrow_array::{Array, ArrayRef};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;

/// Bytes of a bound of text that are kept.
const BOUND_BYTES_MAX: usize = 64;
/// A bound up to this length was not cut, not even at the beginning of its last character.
pub(super) const WHOLE_BYTES_MAX: usize = BOUND_BYTES_MAX - 4;

/// Bounds of byte strings, perhaps cut.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ByteBounds {
    pub(crate) minimum: Option<Box<[u8]>>,
    pub(crate) maximum: Option<Box<[u8]>>,
    pub(crate) exact: bool,
}

impl ByteBounds {
    pub(super) fn verdict(&self, test: &BytesTest) -> Verdict {
        test.verdict(self.minimum.as_deref(), self.maximum.as_deref(), self.exact)
    }
}

/// Bounds by the codes of a dictionary, which order as values do.
pub(super) fn code_bounds(values: &ArrayRef, codes: &[u32], nulls: Option<&NullBuffer>) -> ByteBounds {
    let (least, greatest) = match nulls {
        None => loops::code_extremes(codes),
        Some(nulls) => {
            let present: Vec<u32> = nulls.valid_indices().map(|row| codes[row]).collect();
            loops::code_extremes(&present)
        }
    };
    let is_text = *values.data_type() == DataType::Utf8View;
    if least > greatest {
        return cut_bounds(None, None, is_text);
    }
    let bytes = |code: u32| Some(bytes_at(values.as_ref(), code as usize));
    cut_bounds(bytes(least), bytes(greatest), is_text)
}

pub(super) fn byte_bounds(array: &ArrayRef) -> ByteBounds {
    let (mut minimum, mut maximum): (Option<&[u8]>, Option<&[u8]>) = (None, None);
    for row in 0..array.len() {
        if array.is_null(row) {
            continue;
        }
        let value = bytes_at(array.as_ref(), row);
        if minimum.is_none_or(|minimum| value < minimum) {
            minimum = Some(value);
        }
        if maximum.is_none_or(|maximum| value > maximum) {
            maximum = Some(value);
        }
    }
    cut_bounds(minimum, maximum, *array.data_type() == DataType::Utf8View)
}

/// Bounds from the true least and greatest value, cut to what is kept.
pub(crate) fn cut_bounds(minimum: Option<&[u8]>, maximum: Option<&[u8]>, is_text: bool) -> ByteBounds {
    let exact = [minimum, maximum]
        .iter()
        .all(|bound| bound.is_none_or(|bound| bound.len() <= BOUND_BYTES_MAX));
    ByteBounds {
        minimum: minimum.map(|minimum| cut(minimum, is_text).into()),
        maximum: maximum.and_then(|maximum| upper_bound(maximum, is_text)),
        exact,
    }
}

/// At most [`BOUND_BYTES_MAX`] leading bytes, whole characters of text.
pub(super) fn cut(value: &[u8], is_text: bool) -> &[u8] {
    if value.len() <= BOUND_BYTES_MAX {
        return value;
    }
    let mut end = BOUND_BYTES_MAX;
    while is_text && end > 0 && value[end] & 0xc0 == 0x80 {
        end -= 1;
    }
    &value[..end]
}

/// The value itself if short, else something short above all values that begin alike; `None` if there is none.
fn upper_bound(value: &[u8], is_text: bool) -> Option<Box<[u8]>> {
    if value.len() <= BOUND_BYTES_MAX {
        return Some(value.into());
    }
    let head = cut(value, is_text);
    if is_text {
        let mut text = std::str::from_utf8(head).ok()?.to_owned();
        while let Some(last) = text.pop() {
            let next = if last == '\u{d7ff}' {
                Some('\u{e000}')
            } else {
                char::from_u32(u32::from(last) + 1)
            };
            if let Some(next) = next {
                text.push(next);
                return Some(text.into_bytes().into());
            }
        }
        return None;
    }
    let mut bytes = head.to_vec();
    while let Some(last) = bytes.pop() {
        if last < u8::MAX {
            bytes.push(last + 1);
            return Some(bytes.into());
        }
    }
    None
}

pub(super) fn merge_bytes(bounds: &[ByteBounds]) -> ByteBounds {
    let present = || bounds.iter().filter(|bounds| bounds.minimum.is_some());
    let unbounded = present().any(|bounds| bounds.maximum.is_none());
    ByteBounds {
        minimum: present().filter_map(|bounds| bounds.minimum.clone()).min(),
        maximum: if unbounded {
            None
        } else {
            present().filter_map(|bounds| bounds.maximum.clone()).max()
        },
        exact: bounds.iter().all(|bounds| bounds.exact),
    }
}
