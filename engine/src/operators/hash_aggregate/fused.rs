//! The commonest aggregation in one loop: count and sum of one integer column by one key of a small range (dates, small
//! numbers, a dictionary's codes). Sums and counts stand in an array indexed by the key; they go to the groups as states when
//! the key's range or dictionary changes, or at the end. Whatever does not fit takes the general way.

use super::call::{AggregateInput, AggregateStep};
use super::groups::HandedOut;
use super::specification::AggregateSpecification;
use crate::error::Result;
use crate::functions::SummaryState;
use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, Decimal128Array, Int64Array, PrimitiveArray, UInt32Array};
use arrow_schema::{DataType, TimeUnit};
use std::sync::Arc;

/// See the module.
pub(super) struct FusedSums {
    /// Where the summed column is among the arguments, and the scale of its sum; count(*) alone has none.
    argument: Option<(usize, i8)>,
    /// The states of each call.
    states: Vec<Vec<SummaryState>>,
    key: Option<Key>,
    entries: Vec<Entry>,
    /// Rows in the entries.
    rows: usize,
    /// Times that the entries were handed out, and rows they held in all.
    flush_count: usize,
    flushed_rows: usize,
}

/// What places in the array stand for.
enum Key {
    /// `base + place`, of a type.
    Number { data_type: DataType, base: i64 },
    /// The dictionary's value.
    Code { values: ArrayRef },
}

#[derive(Clone, Copy, Default)]
struct Entry {
    sum: i64,
    count: u64,
}

/// Places at most: 256 KiB of them, half of a core's second-level cache.
const PLACES_MAX: usize = 16 * 1024;
/// Rows after which sums are handed out: 64 bits hold so many values of up to 2^40.
const ROWS_MAX: usize = 1 << 22;
/// Values are taken in and checked in pieces that the first-level cache holds.
const CHUNK_ROWS: usize = 1024;
/// Magnitude of values that [`ROWS_MAX`] of can be added.
const SMALL: i64 = 1 << 40;
/// Rows per handing out below which this does not pay.
const ROWS_PER_FLUSH_MIN: usize = 64 * 1024;

/// How far a batch was taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// All of it.
    All,
    /// Only so many rows of it; nothing more can be taken before the entries are handed out.
    Rows(usize),
}

impl FusedSums {
    /// For an aggregation that has this form.
    pub(super) fn of(specification: &AggregateSpecification) -> Option<Self> {
        let [key_type] = specification.key_types.as_slice() else {
            return None;
        };
        let is_key = is_number(key_type) || matches!(key_type, DataType::Utf8View);
        if !is_key || specification.numbers_sets() || specification.calls.is_empty() {
            return None;
        }
        let mut argument = None;
        let mut states = Vec::new();
        for call in &specification.calls {
            let (place, call_states) = states_of(call)?;
            if let Some(place) = place {
                let known = *argument.get_or_insert(place);
                if known != place {
                    return None;
                }
            }
            states.push(call_states);
        }
        Some(FusedSums {
            argument,
            states,
            key: None,
            entries: Vec::new(),
            rows: 0,
            flush_count: 0,
            flushed_rows: 0,
        })
    }

    /// Whether it was handed out so often that the general way is better.
    pub(super) fn is_in_vain(&self) -> bool {
        self.flush_count >= 8 && self.flushed_rows < self.flush_count * ROWS_PER_FLUSH_MIN
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.entries.capacity() * size_of::<Entry>()
    }

    /// Takes rows in, from the first on.
    pub(super) fn take_in(&mut self, key: &ArrayRef, arguments: &[ArrayRef]) -> Taken {
        if key.null_count() > 0 || self.rows + key.len() > ROWS_MAX {
            return Taken::Rows(0);
        }
        let argument = self.argument.and_then(|(place, _)| arguments.get(place));
        if argument.is_some_and(|argument| argument.null_count() > 0) {
            return Taken::Rows(0);
        }
        match key.data_type() {
            DataType::Dictionary(_, _) => self.take_in_codes(key, argument),
            DataType::Int16 => self.take_in_numbers(key, key.as_primitive::<Int16Type>().values(), argument),
            DataType::Int32 => self.take_in_numbers(key, key.as_primitive::<Int32Type>().values(), argument),
            DataType::Date32 => self.take_in_numbers(key, key.as_primitive::<Date32Type>().values(), argument),
            DataType::Int64 => self.take_in_numbers(key, key.as_primitive::<Int64Type>().values(), argument),
            DataType::Decimal64(_, _) => {
                self.take_in_numbers(key, key.as_primitive::<Decimal64Type>().values(), argument)
            }
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                self.take_in_numbers(key, key.as_primitive::<TimestampMicrosecondType>().values(), argument)
            }
            _ => Taken::Rows(0),
        }
    }

    fn take_in_codes(&mut self, key: &ArrayRef, argument: Option<&ArrayRef>) -> Taken {
        let dictionary = key.as_dictionary::<UInt32Type>();
        let values = dictionary.values();
        match &self.key {
            Some(Key::Code { values: known }) if Arc::ptr_eq(known, values) => {}
            Some(_) => return Taken::Rows(0),
            None if values.len() > PLACES_MAX || values.null_count() > 0 => return Taken::Rows(0),
            None => {
                self.key = Some(Key::Code { values: values.clone() });
                self.entries = vec![Entry::default(); values.len()];
            }
        }
        self.add_all(dictionary.keys().values(), argument, 0)
    }

    fn take_in_numbers<K: Small>(&mut self, key: &ArrayRef, keys: &[K], argument: Option<&ArrayRef>) -> Taken {
        let mut done = 0;
        loop {
            let base = match &self.key {
                Some(Key::Number { base, .. }) => *base,
                Some(Key::Code { .. }) => return Taken::Rows(done),
                None => 0,
            };
            let rest = argument.map(|argument| argument.slice(done, keys.len() - done));
            match self.add_all(&keys[done..], rest.as_ref(), base) {
                Taken::All => return Taken::All,
                Taken::Rows(rows) => done += rows,
            }
            if !self.widen(key.data_type(), &keys[done..]) {
                return Taken::Rows(done);
            }
        }
    }

    /// Makes places for keys; `false` where that does not help or is too much.
    fn widen<K: Small>(&mut self, data_type: &DataType, keys: &[K]) -> bool {
        let (Some(minimum), Some(maximum)) = (keys.iter().min(), keys.iter().max()) else {
            return false;
        };
        let (mut minimum, mut maximum) = (minimum.widen(), maximum.widen());
        let known = match &self.key {
            Some(Key::Number { base, .. }) => Some(*base),
            _ => None,
        };
        if let Some(base) = known {
            let last = base.saturating_add(self.entries.len() as i64 - 1);
            if minimum >= base && maximum <= last {
                // The keys have their places: it was a value that could not be taken in.
                return false;
            }
            (minimum, maximum) = (minimum.min(base), maximum.max(last));
        }
        let Some(places) = maximum
            .checked_sub(minimum)
            .and_then(|length| usize::try_from(length).ok())
        else {
            return false;
        };
        if places >= PLACES_MAX {
            return false;
        }
        // Room for keys that go on growing, as dates do.
        let places = (places + 1).next_power_of_two().max(64);
        let mut entries = vec![Entry::default(); places];
        if let Some(base) = known {
            let start = base.wrapping_sub(minimum) as usize;
            entries[start..start + self.entries.len()].copy_from_slice(&self.entries);
        }
        self.entries = entries;
        self.key = Some(Key::Number {
            data_type: data_type.clone(),
            base: minimum,
        });
        true
    }

    fn add_all<K: Small>(&mut self, keys: &[K], argument: Option<&ArrayRef>, base: i64) -> Taken {
        match argument {
            None => self.add(keys, &[] as &[i64], base),
            Some(argument) => match argument.data_type() {
                DataType::Int16 => self.add(keys, argument.as_primitive::<Int16Type>().values(), base),
                DataType::Int32 => self.add(keys, argument.as_primitive::<Int32Type>().values(), base),
                DataType::Int64 => self.add(keys, argument.as_primitive::<Int64Type>().values(), base),
                _ => self.add(keys, argument.as_primitive::<Decimal64Type>().values(), base),
            },
        }
    }

    fn add<K: Small, V: Small>(&mut self, keys: &[K], values: &[V], base: i64) -> Taken {
        let mut done = 0;
        for keys in keys.chunks(CHUNK_ROWS) {
            let taken = match values.get(done..done + keys.len()) {
                None => count(&mut self.entries, keys, base),
                Some(values) if V::are_small(values) => add(&mut self.entries, keys, values, base),
                Some(_) => 0,
            };
            self.rows += taken;
            done += taken;
            if taken < keys.len() {
                return Taken::Rows(done);
            }
        }
        Taken::All
    }

    /// What was added up, as groups with their states; empty afterwards.
    pub(super) fn hand_out(&mut self) -> Result<Option<HandedOut>> {
        self.flush_count += 1;
        self.flushed_rows += std::mem::take(&mut self.rows);
        let entries = std::mem::take(&mut self.entries);
        let Some(key) = self.key.take() else { return Ok(None) };
        let present: Vec<usize> = (0..entries.len()).filter(|place| entries[*place].count > 0).collect();
        let keys = match &key {
            Key::Number { data_type, base } => {
                number_array(data_type, present.iter().map(|place| base + *place as i64).collect())
            }
            Key::Code { values } => {
                let codes: UInt32Array = present.iter().map(|place| Some(*place as u32)).collect();
                arrow_select::take::take(values, &codes, None)?
            }
        };
        let counts: ArrayRef = Arc::new(Int64Array::from_iter_values(
            present.iter().map(|place| entries[*place].count as i64),
        ));
        let scale = self.argument.map_or(0, |(_, scale)| scale);
        let sums = Decimal128Array::from_iter_values(present.iter().map(|place| i128::from(entries[*place].sum)));
        let sums: ArrayRef = Arc::new(sums.with_data_type(DataType::Decimal128(38, scale)));
        let column = |state: &SummaryState| match state {
            SummaryState::Sum => sums.clone(),
            _ => counts.clone(),
        };
        Ok(Some(HandedOut {
            keys: vec![keys],
            states: self
                .states
                .iter()
                .map(|states| states.iter().map(column).collect())
                .collect(),
            group_count: present.len(),
        }))
    }
}

/// The states of a call, where they are sums and counts of rows, and the column that is summed with the scale of its sum.
fn states_of(call: &AggregateStep) -> Option<(Option<(usize, i8)>, Vec<SummaryState>)> {
    let AggregateInput::Rows {
        arguments,
        filter: None,
    } = &call.input
    else {
        return None;
    };
    if call.order.is_some() || call.distinct {
        return None;
    }
    let states = (call.function.summary?)(&call.binding)?;
    if states
        .iter()
        .any(|state| matches!(state, SummaryState::Minimum | SummaryState::Maximum))
    {
        return None;
    }
    let place = match (arguments.as_slice(), call.binding.argument_types.as_slice()) {
        ([], []) => None,
        ([place], [data_type]) => match crate::types::array_type(data_type) {
            DataType::Int16 | DataType::Int32 | DataType::Int64 => Some((*place, 0)),
            DataType::Decimal64(_, scale) => Some((*place, scale)),
            _ => return None,
        },
        _ => return None,
    };
    Some((place, states))
}

fn is_number(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Int16
            | DataType::Int32
            | DataType::Int64
            | DataType::Date32
            | DataType::Decimal64(_, _)
            | DataType::Timestamp(TimeUnit::Microsecond, _)
    )
}

/// Numbers as an array of a type for which [`is_number`] holds.
fn number_array(data_type: &DataType, values: Vec<i64>) -> ArrayRef {
    fn of<T: ArrowPrimitiveType>(data_type: &DataType, values: impl Iterator<Item = T::Native>) -> ArrayRef {
        Arc::new(PrimitiveArray::<T>::from_iter_values(values).with_data_type(data_type.clone()))
    }
    let values = values.into_iter();
    match data_type {
        DataType::Int16 => of::<Int16Type>(data_type, values.map(|value| value as i16)),
        DataType::Int32 => of::<Int32Type>(data_type, values.map(|value| value as i32)),
        DataType::Date32 => of::<Date32Type>(data_type, values.map(|value| value as i32)),
        DataType::Decimal64(_, _) => of::<Decimal64Type>(data_type, values),
        DataType::Timestamp(_, _) => of::<TimestampMicrosecondType>(data_type, values),
        _ => of::<Int64Type>(data_type, values),
    }
}

/// Integers of up to 64 bits.
trait Small: Copy + Ord {
    fn widen(self) -> i64;
    /// Whether [`ROWS_MAX`] such values can be added up in 64 bits.
    fn are_small(values: &[Self]) -> bool;
}

macro_rules! small {
    ($($native:ty: $are_small:expr),*) => {$(
        impl Small for $native {
            #[inline(always)]
            fn widen(self) -> i64 {
                i64::from(self)
            }
            #[inline(always)]
            fn are_small(values: &[Self]) -> bool {
                $are_small(values)
            }
        }
    )*};
}
small!(
    i16: |_| true,
    i32: |_| true,
    u32: |_| true,
    i64: |values: &[i64]| {
        let bits = values.iter().fold(0, |bits, value| bits | value.wrapping_add(SMALL) as u64);
        bits < 2 * SMALL as u64
    }
);

/// Adds rows up to the first whose key has no place; says how many.
fn add<K: Small, V: Small>(entries: &mut [Entry], keys: &[K], values: &[V], base: i64) -> usize {
    for (row, (key, value)) in keys.iter().zip(values).enumerate() {
        let Some(entry) = entries.get_mut(key.widen().wrapping_sub(base) as usize) else {
            return row;
        };
        entry.sum += value.widen();
        entry.count += 1;
    }
    keys.len()
}

/// Counts rows up to the first whose key has no place; says how many.
fn count<K: Small>(entries: &mut [Entry], keys: &[K], base: i64) -> usize {
    for (row, key) in keys.iter().enumerate() {
        let Some(entry) = entries.get_mut(key.widen().wrapping_sub(base) as usize) else {
            return row;
        };
        entry.count += 1;
    }
    keys.len()
}
