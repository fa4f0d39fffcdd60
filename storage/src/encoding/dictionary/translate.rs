//! A condition on values as one on the codes of a sorted dictionary.

use super::{Dictionary, Keys};
use crate::encoding::lanes::Lanes;
use crate::encoding::{Decoded, malformed};
use crate::vector::filter::{BytesTest, KeyTest, Test};
use crate::vector::key::bytes_at;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use arrow_buffer::{BooleanBuffer, Buffer};
use arrow_data::{ByteView, MAX_INLINE_VIEW_LEN};
use arrow_schema::DataType;
use memchr::memmem::Finder;
use std::ops::Range;
use std::sync::Arc;

/// A condition on codes.
#[derive(Clone, Debug)]
pub(crate) enum CodeTest {
    /// As on any integers.
    Codes(KeyTest<i64>),
    /// One bit per code.
    Set(Arc<BooleanBuffer>),
}

impl CodeTest {
    /// A test about a dictionary's least value, which has code 0, as one on codes; `None` for any other.
    pub(crate) fn of_least(test: &Test, least: &[u8]) -> Option<Self> {
        match test {
            Test::Bytes(BytesTest::NotEqual(value)) if value == least => Some(CodeTest::Codes(KeyTest::NotEqual(0))),
            Test::Bytes(BytesTest::Range {
                lower: Some((lower, true)),
                upper: Some((upper, true)),
            }) if lower == least && upper == least => Some(CodeTest::Codes(KeyTest::Range { low: 0, high: 0 })),
            _ => None,
        }
    }

    /// One bit per row: whether its code passes and it is selected.
    pub(crate) fn filter(
        &self,
        codes: &Lanes<'_>,
        rows: Range<usize>,
        selection: &BooleanBuffer,
    ) -> Decoded<BooleanBuffer> {
        match self {
            CodeTest::Codes(test) => codes.filter(rows, test, selection),
            CodeTest::Set(set) => {
                let passes = |code: i64| (code as usize) < set.len() && set.value(code as usize);
                Ok(selection & &codes.pass(rows, selection, passes)?)
            }
        }
    }

    /// The codes that pass, of a dictionary of so many values; `None` where there are more than `most`.
    pub(crate) fn passing(&self, value_count: usize, most: usize) -> Option<Vec<u32>> {
        let within = |code: &i64| (0..value_count as i64).contains(code);
        let few = |codes: &mut dyn Iterator<Item = i64>| {
            let codes: Vec<u32> = codes.filter(within).take(most + 1).map(|code| code as u32).collect();
            (codes.len() <= most).then_some(codes)
        };
        match self {
            CodeTest::Codes(KeyTest::Range { low, high }) => few(&mut (*low..=*high)),
            CodeTest::Codes(KeyTest::In(codes)) => few(&mut codes.iter().copied()),
            CodeTest::Codes(test) => few(&mut (0..value_count as i64).filter(|code| test.passes(*code))),
            CodeTest::Set(set) => few(&mut set.set_indices().map(|code| code as i64)),
        }
    }
}

/// Nothing passes.
const NOTHING: KeyTest<i64> = KeyTest::Range { low: 1, high: 0 };

fn range(codes: Range<usize>) -> KeyTest<i64> {
    if codes.is_empty() {
        return NOTHING;
    }
    KeyTest::Range {
        low: codes.start as i64,
        high: codes.end as i64 - 1,
    }
}

/// All but some codes.
fn outside(mut codes: Vec<i64>) -> KeyTest<i64> {
    codes.sort_unstable();
    match codes.as_slice() {
        [code] => KeyTest::NotEqual(*code),
        _ => KeyTest::NotIn(codes),
    }
}

/// Some codes.
fn inside(mut codes: Vec<i64>) -> KeyTest<i64> {
    codes.sort_unstable();
    match codes.as_slice() {
        [] => NOTHING,
        [first, .., last] if last - first + 1 == codes.len() as i64 => KeyTest::Range {
            low: *first,
            high: *last,
        },
        [code] => KeyTest::Range {
            low: *code,
            high: *code,
        },
        _ => KeyTest::In(codes),
    }
}

pub(super) fn translate(dictionary: &Dictionary, test: &Test) -> Decoded<CodeTest> {
    let codes = match (&dictionary.keys, test) {
        (Keys::Lane(keys), Test::Lane(test)) => of_keys(keys, test),
        (Keys::Lane(keys), Test::Among(set)) => {
            let codes = (0..keys.len()).filter(|code| set.passes(keys[*code]));
            inside(codes.map(|code| code as i64).collect())
        }
        (Keys::Wide(keys), Test::Wide(test)) => of_keys(keys, test),
        (Keys::Bytes, Test::Bytes(BytesTest::Contains(finder))) => {
            return Ok(CodeTest::Set(Arc::new(search(&dictionary.values, finder))));
        }
        (Keys::Bytes, Test::Bytes(test)) => of_bytes(&dictionary.values, test),
        _ => return malformed("a condition that is not one on the dictionary's values"),
    };
    Ok(CodeTest::Codes(codes))
}

/// Keys of equal values may repeat: 0.0 and -0.0 are apart in the dictionary.
fn of_keys<K: Copy + Ord>(keys: &[K], test: &KeyTest<K>) -> KeyTest<i64> {
    let equal = |key: &K| {
        let from = keys.partition_point(|other| other < key);
        let count = keys[from..].iter().take_while(|other| *other == key).count();
        from as i64..(from + count) as i64
    };
    match test {
        KeyTest::Range { low, high } => {
            let from = keys.partition_point(|key| key < low);
            let to = keys.partition_point(|key| key <= high);
            range(from..to.max(from))
        }
        KeyTest::NotEqual(key) => outside(equal(key).collect()),
        KeyTest::In(list) => inside(list.iter().flat_map(equal).collect()),
        KeyTest::NotIn(list) => outside(list.iter().flat_map(equal).collect()),
    }
}

/// The first code whose value does not meet what a prefix of the codes does.
fn partition_point(values: &ArrayRef, below: impl Fn(&[u8]) -> bool) -> usize {
    let (mut from, mut to) = (0, values.len());
    while from < to {
        let middle = from + (to - from) / 2;
        if below(bytes_at(values.as_ref(), middle)) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    from
}

fn of_bytes(values: &ArrayRef, test: &BytesTest) -> KeyTest<i64> {
    let code_of = |wanted: &Vec<u8>| {
        let code = partition_point(values, |value| value < wanted.as_slice());
        (code < values.len() && bytes_at(values.as_ref(), code) == wanted).then_some(code as i64)
    };
    match test {
        BytesTest::Range { lower, upper } => {
            let first_above = |bound: &[u8], inclusive: bool| {
                partition_point(values, |value| value < bound || (inclusive && value == bound))
            };
            let from = lower
                .as_ref()
                .map_or(0, |(bound, inclusive)| first_above(bound, !inclusive));
            let to = upper
                .as_ref()
                .map_or(values.len(), |(bound, inclusive)| first_above(bound, *inclusive));
            range(from..to.max(from))
        }
        BytesTest::NotEqual(value) => outside(code_of(value).into_iter().collect()),
        BytesTest::In(list) => inside(list.iter().filter_map(code_of).collect()),
        BytesTest::NotIn(list) => outside(list.iter().filter_map(code_of).collect()),
        BytesTest::Prefix(prefix) => {
            let from = partition_point(values, |value| value < prefix.as_slice());
            let to = partition_point(values, |value| value < prefix.as_slice() || value.starts_with(prefix));
            range(from..to)
        }
        BytesTest::Contains(_) => NOTHING,
    }
}

/// Which values have something inside: found by one search over the bytes of all, which lie one after the other.
fn search(values: &ArrayRef, finder: &Finder<'static>) -> BooleanBuffer {
    let Some((views, buffers)) = views_of(values) else {
        return BooleanBuffer::collect_bool(values.len(), |code| {
            finder.find(bytes_at(values.as_ref(), code)).is_some()
        });
    };
    let needle_bytes = finder.needle().len();
    // The first hit of a buffer from some place on.
    let (mut buffer, mut from, mut hit) = (u32::MAX, 0, 0);
    BooleanBuffer::collect_bool(values.len(), |code| {
        let view = ByteView::from(views[code]);
        if view.length <= MAX_INLINE_VIEW_LEN {
            return finder.find(bytes_at(values.as_ref(), code)).is_some();
        }
        let start = view.offset as usize;
        if buffer != view.buffer_index || start < from || hit < start {
            (buffer, from) = (view.buffer_index, start);
            let found = finder.find(&buffers[buffer as usize][start..]);
            hit = found.map_or(usize::MAX, |found| start + found);
        }
        hit.saturating_add(needle_bytes) <= start + view.length as usize
    })
}

fn views_of(values: &ArrayRef) -> Option<(&[u128], &[Buffer])> {
    match values.data_type() {
        DataType::Utf8View => {
            let values = values.as_string_view();
            Some((values.views(), values.data_buffers()))
        }
        DataType::BinaryView => {
            let values = values.as_binary_view();
            Some((values.views(), values.data_buffers()))
        }
        _ => None,
    }
}
