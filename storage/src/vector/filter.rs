//! The meaning of a [`Condition`]: on a key, on bounds, on an array. Encodings answer faster but never otherwise than
//! [`evaluate`] on their decoded values.

use super::KeySet;
use super::key::{Domain, bytes_at, domain_of, lane_keys, wide_keys};
use crate::error::{Error, Result};
use crate::index::Verdict;
use crate::predicate::{Bound, Condition};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, UInt32Type};
use arrow_array::{Array, ArrayRef};
use arrow_buffer::{BooleanBuffer, BooleanBufferBuilder};
use arrow_schema::DataType;
use memchr::memmem::Finder;
use std::borrow::Cow;
use std::sync::Arc;

/// A condition on integer keys.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum KeyTest<K> {
    /// From `low` to `high`, both inside; nothing where `low` is above `high`.
    Range { low: K, high: K },
    /// Other than this.
    NotEqual(K),
    /// One of these, sorted.
    In(Vec<K>),
    /// None of these, sorted.
    NotIn(Vec<K>),
}

impl<K: Copy + Ord> KeyTest<K> {
    /// Whether a key passes.
    #[inline]
    pub(crate) fn passes(&self, key: K) -> bool {
        match self {
            KeyTest::Range { low, high } => *low <= key && key <= *high,
            KeyTest::NotEqual(value) => key != *value,
            KeyTest::In(values) => values.binary_search(&key).is_ok(),
            KeyTest::NotIn(values) => values.binary_search(&key).is_err(),
        }
    }

    /// What is known of keys between two bounds.
    pub(crate) fn verdict(&self, minimum: K, maximum: K) -> Verdict {
        match self {
            KeyTest::Range { low, high } if low > high || maximum < *low || minimum > *high => Verdict::NoRow,
            KeyTest::Range { low, high } if *low <= minimum && maximum <= *high => Verdict::EveryRow,
            KeyTest::Range { .. } => Verdict::SomeRows,
            KeyTest::NotEqual(value) => in_verdict(std::slice::from_ref(value), minimum, maximum).not(),
            KeyTest::In(values) => in_verdict(values, minimum, maximum),
            KeyTest::NotIn(values) => in_verdict(values, minimum, maximum).not(),
        }
    }
}

fn in_verdict<K: Copy + Ord>(values: &[K], minimum: K, maximum: K) -> Verdict {
    let first = values.partition_point(|value| *value < minimum);
    match values.get(first) {
        Some(value) if *value <= maximum => {
            if minimum == maximum {
                Verdict::EveryRow
            } else {
                Verdict::SomeRows
            }
        }
        _ => Verdict::NoRow,
    }
}

/// A condition on byte strings.
#[derive(Clone, Debug)]
pub(crate) enum BytesTest {
    /// Between bounds; `true` is inclusive.
    Range {
        lower: Option<(Vec<u8>, bool)>,
        upper: Option<(Vec<u8>, bool)>,
    },
    /// Other than this.
    NotEqual(Vec<u8>),
    /// One of these, sorted.
    In(Vec<Vec<u8>>),
    /// None of these, sorted.
    NotIn(Vec<Vec<u8>>),
    /// Begins so.
    Prefix(Vec<u8>),
    /// Has this inside.
    Contains(Box<Finder<'static>>),
}

impl BytesTest {
    /// Whether a value passes.
    #[inline]
    pub(crate) fn passes(&self, value: &[u8]) -> bool {
        match self {
            BytesTest::Range { lower, upper } => {
                lower
                    .as_ref()
                    .is_none_or(|(bound, inclusive)| above(value, bound, *inclusive))
                    && upper
                        .as_ref()
                        .is_none_or(|(bound, inclusive)| above(bound, value, *inclusive))
            }
            BytesTest::NotEqual(other) => value != other.as_slice(),
            BytesTest::In(values) => values.binary_search_by(|probe| probe.as_slice().cmp(value)).is_ok(),
            BytesTest::NotIn(values) => values.binary_search_by(|probe| probe.as_slice().cmp(value)).is_err(),
            BytesTest::Prefix(prefix) => value.starts_with(prefix),
            BytesTest::Contains(finder) => finder.find(value).is_some(),
        }
    }

    /// What is known of values between a lower and an upper bound (`None`: unbounded). `exact` says that both occur.
    pub(crate) fn verdict(&self, minimum: Option<&[u8]>, maximum: Option<&[u8]>, exact: bool) -> Verdict {
        let minimum = minimum.unwrap_or(&[]);
        let single = exact && maximum == Some(minimum);
        if single {
            return if self.passes(minimum) {
                Verdict::EveryRow
            } else {
                Verdict::NoRow
            };
        }
        let outside = |value: &[u8]| value < minimum || maximum.is_some_and(|maximum| value > maximum);
        match self {
            BytesTest::Range { lower, upper } => range_verdict(lower, upper, minimum, maximum),
            BytesTest::NotEqual(value) if outside(value) => Verdict::EveryRow,
            BytesTest::In(values) if values.iter().all(|value| outside(value)) => Verdict::NoRow,
            BytesTest::NotIn(values) if values.iter().all(|value| outside(value)) => Verdict::EveryRow,
            BytesTest::Prefix(prefix) => prefix_verdict(prefix, minimum, maximum),
            _ => Verdict::SomeRows,
        }
    }
}

fn above(value: &[u8], bound: &[u8], inclusive: bool) -> bool {
    if inclusive { value >= bound } else { value > bound }
}

fn range_verdict(
    lower: &Option<(Vec<u8>, bool)>,
    upper: &Option<(Vec<u8>, bool)>,
    minimum: &[u8],
    maximum: Option<&[u8]>,
) -> Verdict {
    let lower = lower.as_ref().map(|(bound, inclusive)| (bound.as_slice(), *inclusive));
    let upper = upper.as_ref().map(|(bound, inclusive)| (bound.as_slice(), *inclusive));
    let below_lower = lower
        .zip(maximum)
        .is_some_and(|((bound, inclusive), maximum)| !above(maximum, bound, inclusive));
    let above_upper = upper.is_some_and(|(bound, inclusive)| !above(bound, minimum, inclusive));
    if below_lower || above_upper {
        return Verdict::NoRow;
    }
    let from_lower = lower.is_none_or(|(bound, inclusive)| above(minimum, bound, inclusive));
    let to_upper =
        upper.is_none_or(|(bound, inclusive)| maximum.is_some_and(|maximum| above(bound, maximum, inclusive)));
    if from_lower && to_upper {
        Verdict::EveryRow
    } else {
        Verdict::SomeRows
    }
}

fn prefix_verdict(prefix: &[u8], minimum: &[u8], maximum: Option<&[u8]>) -> Verdict {
    if minimum.starts_with(prefix) && maximum.is_some_and(|maximum| maximum.starts_with(prefix)) {
        return Verdict::EveryRow;
    }
    let all_below = maximum.is_some_and(|maximum| maximum < prefix);
    let all_above = minimum > prefix && !minimum.starts_with(prefix);
    if all_below || all_above {
        Verdict::NoRow
    } else {
        Verdict::SomeRows
    }
}

/// A condition made ready for values of its column's domain.
#[derive(Clone, Debug)]
pub(crate) enum Test {
    Lane(KeyTest<i64>),
    Wide(KeyTest<i128>),
    Bytes(BytesTest),
    /// Of lanes.
    Among(Arc<KeySet>),
    Null,
    NotNull,
}

impl Test {
    /// Makes a condition ready for a column of a plain type.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the condition's values are not of that type's domain.
    pub(crate) fn compile(condition: &Condition, data_type: &DataType) -> Result<Test> {
        let domain = domain_of(data_type).ok_or_else(|| mismatch(data_type))?;
        match condition {
            Condition::IsNull => return Ok(Test::Null),
            Condition::IsNotNull => return Ok(Test::NotNull),
            Condition::Among(set) if domain == Domain::Lane => return Ok(Test::Among(set.clone())),
            Condition::Prefix(prefix) if domain == Domain::Bytes => {
                return Ok(Test::Bytes(BytesTest::Prefix(prefix.to_vec())));
            }
            Condition::Contains(needle) if domain == Domain::Bytes => {
                return Ok(Test::Bytes(BytesTest::Contains(Box::new(
                    Finder::new(needle).into_owned(),
                ))));
            }
            _ => {}
        }
        match domain {
            Domain::Lane => {
                let keys = |array: &dyn Array| lane_keys(array).map(Cow::into_owned);
                key_test(condition, &keys, i64::MIN, i64::MAX).map(Test::Lane)
            }
            Domain::Wide => key_test(condition, &wide_keys, i128::MIN, i128::MAX).map(Test::Wide),
            Domain::Bytes => bytes_test(condition).map(Test::Bytes),
        }
        .ok_or_else(|| mismatch(data_type))
    }

    /// What is known of lanes between two bounds.
    pub(crate) fn lane_verdict(&self, minimum: i64, maximum: i64) -> Verdict {
        match self {
            Test::Lane(test) => test.verdict(minimum, maximum),
            Test::Among(set) => match set.bounds() {
                (least, greatest) if maximum < least || minimum > greatest => Verdict::NoRow,
                _ if minimum == maximum && set.passes(minimum) => Verdict::EveryRow,
                _ if minimum == maximum => Verdict::NoRow,
                _ => Verdict::SomeRows,
            },
            _ => Verdict::SomeRows,
        }
    }

    /// Whether NULLs pass and values that are not NULL are not looked at.
    pub(crate) fn about_presence(&self) -> Option<bool> {
        match self {
            Test::Null => Some(false),
            Test::NotNull => Some(true),
            _ => None,
        }
    }
}

fn mismatch(data_type: &DataType) -> Error {
    Error::Invalid {
        reason: format!("a condition's value is not of its column's type {data_type}"),
    }
}

trait Key: Copy + Ord {
    fn next(self) -> Option<Self>;
    fn previous(self) -> Option<Self>;
}
impl Key for i64 {
    fn next(self) -> Option<Self> {
        self.checked_add(1)
    }
    fn previous(self) -> Option<Self> {
        self.checked_sub(1)
    }
}
impl Key for i128 {
    fn next(self) -> Option<Self> {
        self.checked_add(1)
    }
    fn previous(self) -> Option<Self> {
        self.checked_sub(1)
    }
}

fn key_test<K: Key>(
    condition: &Condition,
    keys: &dyn Fn(&dyn Array) -> Option<Vec<K>>,
    least: K,
    greatest: K,
) -> Option<KeyTest<K>> {
    let one = |value: &ArrayRef| keys(value.as_ref()).and_then(|keys| keys.first().copied());
    let sorted = |values: &ArrayRef| {
        let mut keys = keys(values.as_ref())?;
        keys.sort_unstable();
        keys.dedup();
        Some(keys)
    };
    let nothing = KeyTest::Range {
        low: greatest,
        high: least,
    };
    Some(match condition {
        Condition::Range { lower, upper } => {
            let mut low = least;
            let mut high = greatest;
            if let Some(Bound { value, inclusive }) = lower {
                let key = one(value)?;
                match if *inclusive { Some(key) } else { key.next() } {
                    Some(key) => low = key,
                    None => return Some(nothing),
                }
            }
            if let Some(Bound { value, inclusive }) = upper {
                let key = one(value)?;
                match if *inclusive { Some(key) } else { key.previous() } {
                    Some(key) => high = key,
                    None => return Some(nothing),
                }
            }
            KeyTest::Range { low, high }
        }
        Condition::NotEqual(value) => KeyTest::NotEqual(one(value)?),
        Condition::In(values) => match sorted(values)?.as_slice() {
            [] => nothing,
            [key] => KeyTest::Range { low: *key, high: *key },
            keys => KeyTest::In(keys.to_vec()),
        },
        Condition::NotIn(values) => match sorted(values)?.as_slice() {
            [key] => KeyTest::NotEqual(*key),
            keys => KeyTest::NotIn(keys.to_vec()),
        },
        _ => return None,
    })
}

fn bytes_test(condition: &Condition) -> Option<BytesTest> {
    let is_bytes = |value: &ArrayRef| domain_of(value.data_type()) == Some(Domain::Bytes);
    let one = |value: &ArrayRef| (is_bytes(value) && !value.is_empty()).then(|| bytes_at(value.as_ref(), 0).to_vec());
    let sorted = |values: &ArrayRef| {
        is_bytes(values).then(|| {
            let mut all: Vec<Vec<u8>> = (0..values.len())
                .map(|row| bytes_at(values.as_ref(), row).to_vec())
                .collect();
            all.sort_unstable();
            all.dedup();
            all
        })
    };
    let bound = |bound: &Option<Bound>| match bound {
        None => Some(None),
        Some(bound) => one(&bound.value).map(|value| Some((value, bound.inclusive))),
    };
    Some(match condition {
        Condition::Range { lower, upper } => BytesTest::Range {
            lower: bound(lower)?,
            upper: bound(upper)?,
        },
        Condition::NotEqual(value) => BytesTest::NotEqual(one(value)?),
        Condition::In(values) => BytesTest::In(sorted(values)?),
        Condition::NotIn(values) => BytesTest::NotIn(sorted(values)?),
        _ => return None,
    })
}

/// One bit per row: whether the value meets the condition. The column may be plain or encoded.
///
/// # Panics
/// Where the condition's values are not of the column's plain type.
pub fn evaluate(array: &ArrayRef, condition: &Condition) -> BooleanBuffer {
    let plain_type = super::plain_type(array.data_type());
    let test = Test::compile(condition, plain_type).expect("a condition's values are of its column's type");
    evaluate_test(array, &test)
}

/// [`evaluate`] for a condition made ready before.
pub(crate) fn evaluate_test(array: &ArrayRef, test: &Test) -> BooleanBuffer {
    match array.data_type() {
        DataType::Dictionary(_, _) => {
            let dictionary = array.as_dictionary::<UInt32Type>();
            let mut passing = evaluate_plain(dictionary.values(), test);
            if passing.is_empty() {
                passing = BooleanBuffer::new_unset(1);
            }
            let keys = dictionary.keys();
            let bits = BooleanBuffer::collect_bool(keys.len(), |row| {
                passing.value((keys.values()[row] as usize).min(passing.len() - 1))
            });
            match (keys.nulls(), test.about_presence()) {
                (None, _) => bits,
                (Some(nulls), Some(false)) => &bits | &!nulls.inner(),
                (Some(nulls), _) => &bits & nulls.inner(),
            }
        }
        DataType::RunEndEncoded(_, _) => {
            let runs = array.as_run::<Int32Type>();
            let passing = evaluate_plain(runs.values(), test);
            let mut bits = BooleanBufferBuilder::new(array.len());
            super::batch::for_each_run(runs, |physical, length| bits.append_n(length, passing.value(physical)));
            bits.finish()
        }
        _ => evaluate_plain(array, test),
    }
}

fn evaluate_plain(array: &ArrayRef, test: &Test) -> BooleanBuffer {
    let nulls = array.nulls().map(|nulls| nulls.inner());
    let bits = match test {
        Test::Null => {
            return nulls.map_or_else(|| BooleanBuffer::new_unset(array.len()), |nulls| !nulls);
        }
        Test::NotNull => return nulls.map_or_else(|| BooleanBuffer::new_set(array.len()), Clone::clone),
        Test::Lane(test) => {
            let keys = lane_keys(array.as_ref()).unwrap_or_default();
            test_keys(&keys, test)
        }
        Test::Among(set) => {
            let keys = lane_keys(array.as_ref()).unwrap_or_default();
            BooleanBuffer::collect_bool(keys.len(), |row| set.passes(keys[row]))
        }
        Test::Wide(test) => {
            let keys = wide_keys(array.as_ref()).unwrap_or_default();
            test_keys(&keys, test)
        }
        Test::Bytes(test) => BooleanBuffer::collect_bool(array.len(), |row| test.passes(bytes_at(array.as_ref(), row))),
    };
    match nulls {
        Some(nulls) => &bits & nulls,
        None => bits,
    }
}

/// One bit per key.
pub(crate) fn test_keys<K: Copy + Ord>(keys: &[K], test: &KeyTest<K>) -> BooleanBuffer {
    match test {
        KeyTest::Range { low, high } => {
            let (low, high) = (*low, *high);
            BooleanBuffer::collect_bool(keys.len(), |row| low <= keys[row] && keys[row] <= high)
        }
        KeyTest::NotEqual(value) => BooleanBuffer::collect_bool(keys.len(), |row| keys[row] != *value),
        _ => BooleanBuffer::collect_bool(keys.len(), |row| test.passes(keys[row])),
    }
}
