//! The places of keys in arrays: numbers by their distance from a smallest one, dictionaries' values by their codes, several keys by
//! strides. Knows nothing of what the arrays hold.

use crate::error::Result;
use crate::operators::hash_aggregate::numbers::{is_number, number_array, widened, with_numbers};
use arrow_array::cast::AsArray;
use arrow_array::types::UInt32Type;
use arrow_array::{Array, ArrayRef, UInt32Array};
use arrow_schema::DataType;
use std::ops::Range;
use std::sync::Arc;
use stoa_storage::vector::flatten;
use stoa_storage::vector::multiversion::{Kernel, dispatch};

/// Places of combinations of keys.
pub(super) struct Places {
    keys: Vec<Key>,
    count: usize,
}

/// One key's part of a place: its number within the domain times the stride.
struct Key {
    domain: Domain,
    size: usize,
    stride: usize,
}

#[derive(Clone)]
enum Domain {
    /// From a smallest value on, of a type.
    Numbers { data_type: DataType, base: i64 },
    /// The values of a dictionary, and NULL.
    Codes { values: ArrayRef },
}

/// Places that are made for however few rows.
const PLACES_AT_ONCE: usize = 16 * 1024;
/// Places at most: sums of so many fit a core's share of the caches.
const PLACES_MAX: usize = 256 * 1024;

/// The same for the values of one dictionary: each row by itself would cost much more than a place.
const CODES_MAX: usize = 1024 * 1024;

/// Places that are worth their memory after so many rows.
pub(super) fn max_for(rows: usize, keys: &[ArrayRef]) -> usize {
    match keys {
        [key] if is_coded(key) => (rows * 32).clamp(PLACES_AT_ONCE, CODES_MAX),
        _ => (rows * 4).clamp(PLACES_AT_ONCE, PLACES_MAX),
    }
}

/// Whether rows are placed by the codes of a dictionary.
pub(super) fn is_coded(key: &ArrayRef) -> bool {
    matches!(key.data_type(), DataType::Dictionary(_, values) if !is_number(values))
}

/// Whether a key of this plain type may have places.
pub(super) fn is_key(data_type: &DataType) -> bool {
    is_number(data_type) || matches!(data_type, DataType::Utf8View)
}

/// A key column in a form whose rows can be placed: runs are spelt out, and so are dictionaries of numbers.
pub(super) fn addressable(key: &ArrayRef) -> ArrayRef {
    match key.data_type() {
        DataType::RunEndEncoded(_, _) => flatten(key),
        DataType::Dictionary(_, values) if is_number(values) => flatten(key),
        _ => key.clone(),
    }
}

impl Places {
    /// Places for what there were places for and for some more rows; `None` where those would be too many.
    pub(super) fn covering(
        known: Option<&Places>,
        columns: &[ArrayRef],
        rows: &Range<usize>,
        count_max: usize,
    ) -> Option<Self> {
        for with_room in [true, false] {
            let mut keys = Vec::with_capacity(columns.len());
            let mut count = 1usize;
            for (at, column) in columns.iter().enumerate() {
                let (domain, size) = match known.map(|known| &known.keys[at]) {
                    None => Domain::of(column, rows, None, with_room)?,
                    Some(key) => Domain::of(column, rows, Some(key), with_room)?,
                };
                keys.push(Key {
                    domain,
                    size,
                    stride: count,
                });
                count = count.checked_mul(size)?;
            }
            if count <= count_max {
                return Some(Places { keys, count });
            }
        }
        None
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Whether a dictionary's values are among the keys.
    pub(super) fn has_codes(&self) -> bool {
        let mut keys = self.keys.iter();
        keys.any(|key| matches!(key.domain, Domain::Codes { .. }))
    }

    /// Writes the places of rows; `false` where some have none.
    pub(super) fn find(&self, columns: &[ArrayRef], rows: &Range<usize>, places: &mut Vec<u32>) -> bool {
        places.clear();
        places.resize(rows.len(), 0);
        self.keys
            .iter()
            .zip(columns)
            .all(|(key, column)| key.add(column, rows, places))
    }

    /// The place here of a place elsewhere, whose domains these cover.
    pub(super) fn translate(&self, other: &Places, place: usize) -> usize {
        let parts = self.keys.iter().zip(&other.keys).map(|(key, known)| {
            let number = place / known.stride % known.size;
            (number + key.domain.offset_of(&known.domain)) * key.stride
        });
        parts.sum()
    }

    /// The keys of places.
    pub(super) fn keys(&self, places: &[usize]) -> Result<Vec<ArrayRef>> {
        let of_key = |key: &Key| {
            let numbers = places.iter().map(|place| place / key.stride % key.size);
            Ok(match &key.domain {
                Domain::Numbers { data_type, base } => {
                    number_array(data_type, numbers.map(|number| base + number as i64))
                }
                Domain::Codes { values } => {
                    let code = |number| (number < values.len()).then_some(number as u32);
                    let codes: UInt32Array = numbers.map(code).collect();
                    arrow_select::take::take(values, &codes, None)?
                }
            })
        };
        self.keys.iter().map(of_key).collect()
    }
}

impl Key {
    /// Adds this key's part to the places of rows.
    fn add(&self, column: &ArrayRef, rows: &Range<usize>, places: &mut [u32]) -> bool {
        match &self.domain {
            Domain::Codes { values } => {
                let Some(dictionary) = column.as_dictionary_opt::<UInt32Type>() else {
                    return false;
                };
                if !Arc::ptr_eq(values, dictionary.values()) {
                    return false;
                }
                let codes = &dictionary.keys().values()[rows.clone()];
                let stride = self.stride as u32;
                match dictionary.nulls().filter(|nulls| nulls.null_count() > 0) {
                    None => dispatch(AddCodes { places, codes, stride }),
                    Some(nulls) => {
                        let nulls = nulls.slice(rows.start, rows.len());
                        let null = values.len() as u32;
                        for ((place, code), is_valid) in places.iter_mut().zip(codes).zip(&nulls) {
                            *place += if is_valid { *code } else { null } * stride;
                        }
                    }
                }
                true
            }
            Domain::Numbers { data_type, base } => {
                data_type == column.data_type()
                    && with_numbers!(column, values => dispatch(AddParts {
                        places,
                        values: &values[rows.clone()],
                        base: *base,
                        size: self.size as u64,
                        stride: self.stride as u32,
                    }))
            }
        }
    }
}

/// Adds values' distances from a base, times a stride, to places; says whether all distances are below a size.
struct AddParts<'a, V> {
    places: &'a mut [u32],
    values: &'a [V],
    base: i64,
    size: u64,
    stride: u32,
}

impl<V: Copy + Into<i64>> Kernel for AddParts<'_, V> {
    type Output = bool;

    #[inline(always)]
    fn run(self) -> bool {
        let mut fits = true;
        for (place, value) in self.places.iter_mut().zip(self.values) {
            let distance = (*value).into().wrapping_sub(self.base) as u64;
            fits &= distance < self.size;
            *place = place.wrapping_add((distance as u32).wrapping_mul(self.stride));
        }
        fits
    }
}

/// Adds codes, which are known to be in range, times a stride.
struct AddCodes<'a> {
    places: &'a mut [u32],
    codes: &'a [u32],
    stride: u32,
}

impl Kernel for AddCodes<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (place, code) in self.places.iter_mut().zip(self.codes) {
            *place = place.wrapping_add(code.wrapping_mul(self.stride));
        }
    }
}

impl Domain {
    /// The domain of some rows and what was known, and its size.
    fn of(column: &ArrayRef, rows: &Range<usize>, known: Option<&Key>, with_room: bool) -> Option<(Domain, usize)> {
        if let Some(dictionary) = column.as_dictionary_opt::<UInt32Type>() {
            let values = dictionary.values();
            return match known.map(|key| &key.domain) {
                Some(Domain::Codes { values: known }) if !Arc::ptr_eq(known, values) => None,
                Some(Domain::Numbers { .. }) => None,
                _ if values.null_count() > 0 || values.is_empty() => None,
                _ => Some((Domain::Codes { values: values.clone() }, values.len() + 1)),
            };
        }
        if !is_number(column.data_type()) {
            return None;
        }
        let (mut minimum, mut maximum) = with_numbers!(column, values => {
            let values = &values[rows.clone()];
            (widened(values.iter().min()?), widened(values.iter().max()?))
        });
        match known.map(|key| (&key.domain, key.size)) {
            Some((Domain::Codes { .. }, _)) => return None,
            Some((Domain::Numbers { base, .. }, size)) => {
                if minimum >= *base && maximum.checked_sub(*base)? < size as i64 {
                    return Some((known?.domain.clone(), size));
                }
                minimum = minimum.min(*base);
                maximum = maximum.max(base.checked_add(size as i64 - 1)?);
            }
            None => {}
        }
        let needed = usize::try_from(maximum.checked_sub(minimum)?).ok()?.checked_add(1)?;
        // Room for keys that go on growing, as dates do.
        let size = if with_room {
            needed.checked_next_power_of_two()?
        } else {
            needed
        };
        minimum.checked_add(i64::try_from(size).ok()?)?;
        let data_type = column.data_type().clone();
        Some((
            Domain::Numbers {
                data_type,
                base: minimum,
            },
            size,
        ))
    }

    /// What must be added to the numbers of a domain that this one covers.
    fn offset_of(&self, other: &Domain) -> usize {
        match (self, other) {
            (Domain::Numbers { base, .. }, Domain::Numbers { base: known, .. }) => known.wrapping_sub(*base) as usize,
            _ => 0,
        }
    }
}
