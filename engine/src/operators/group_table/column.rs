//! One key column: how its values become a lane, and what the value of every group is.

use super::KeyFacts;
use super::interner::{TextInterner, WideInterner};
use super::lane::{Lane, LaneValue, LaneValues, with_slice};
use crate::error::{Error, Result};
use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, BooleanArray, Float32Array, Float64Array, PrimitiveArray, UInt32Array,
};
use arrow_buffer::{BooleanBuffer, NullBuffer, ScalarBuffer};
use arrow_schema::{DataType, TimeUnit};
use std::sync::Arc;
use stoa_storage::vector::{constant_of, flatten};

/// A key column.
pub(super) struct KeyColumn {
    data_type: DataType,
    kind: Kind,
    /// The value of every group; arbitrary where it is NULL.
    values: Vec<i64>,
    /// Which are NULL; shorter than `values` where the rest are not. Ids have 0 for it instead.
    nulls: Vec<bool>,
    has_nulls: bool,
    dictionaries: Vec<DictionaryIds>,
}

enum Kind {
    Boolean,
    Short,
    Int,
    Long,
    Real,
    Double,
    /// Ids that a shared interner gave out, 0 for NULL.
    Id,
    /// Text and bytea.
    Text(TextInterner),
    /// 128 bits.
    Wide(WideInterner),
    /// Anything else, by its row encoding.
    Encoded(Box<super::interner::EncodedInterner>),
}

/// The ids of a dictionary's values, as far as they were needed.
struct DictionaryIds {
    values: ArrayRef,
    ids: Vec<u32>,
}

/// An id that was not asked for yet.
const UNKNOWN: u32 = u32::MAX;

/// Dictionaries whose ids are kept: a scan reads a few segments at a time, each with one of its own.
const DICTIONARIES_MAX: usize = 8;

impl KeyColumn {
    pub(super) fn new(data_type: &DataType) -> Result<Self> {
        let kind = match data_type {
            DataType::Boolean => Kind::Boolean,
            DataType::Int16 => Kind::Short,
            DataType::Int32 | DataType::Date32 => Kind::Int,
            DataType::Int64
            | DataType::Decimal64(_, _)
            | DataType::Time64(TimeUnit::Microsecond)
            | DataType::Timestamp(TimeUnit::Microsecond, _) => Kind::Long,
            DataType::UInt32 => Kind::Id,
            DataType::Float32 => Kind::Real,
            DataType::Float64 => Kind::Double,
            DataType::Utf8View | DataType::BinaryView => Kind::Text(TextInterner::default()),
            DataType::Decimal128(_, _) | DataType::FixedSizeBinary(16) | DataType::Interval(_) => {
                Kind::Wide(WideInterner::default())
            }
            other => Kind::Encoded(Box::new(super::interner::EncodedInterner::new(other)?)),
        };
        Ok(KeyColumn {
            data_type: data_type.clone(),
            kind,
            values: Vec::new(),
            nulls: Vec::new(),
            has_nulls: false,
            dictionaries: Vec::new(),
        })
    }

    /// Whether lanes are ids, dense from 1, with 0 for NULL.
    pub(super) fn gives_ids(&self) -> bool {
        matches!(
            self.kind,
            Kind::Boolean | Kind::Id | Kind::Text(_) | Kind::Wide(_) | Kind::Encoded(_)
        )
    }

    /// Whether they are ids of its own.
    pub(super) fn interns(&self) -> bool {
        matches!(self.kind, Kind::Text(_) | Kind::Wide(_) | Kind::Encoded(_))
    }

    /// Bits of a lane's values.
    pub(super) fn value_bits(&self) -> u32 {
        match self.kind {
            Kind::Boolean => 2,
            Kind::Short => 16,
            Kind::Long | Kind::Double => 64,
            _ => 32,
        }
    }

    /// Whether a group's value is NULL outside of ids.
    pub(super) fn has_nulls(&self) -> bool {
        self.has_nulls
    }

    /// The lane of a column that may be encoded.
    pub(super) fn lane(&mut self, array: &ArrayRef, facts: KeyFacts<'_>) -> Result<Lane> {
        let lane = match array.data_type() {
            DataType::RunEndEncoded(_, _) => match constant_of(array) {
                Some(value) => {
                    let lane = self.plain_lane(&value, KeyFacts::default())?;
                    Lane::constant(lane.value(0))
                }
                None => self.plain_lane(&flatten(array), facts)?,
            },
            DataType::Dictionary(_, _) if self.gives_ids() => self.dictionary_lane(array)?,
            DataType::Dictionary(_, _) => self.plain_lane(&flatten(array), facts)?,
            _ => self.plain_lane(array, facts)?,
        };
        self.has_nulls |= lane.nulls.is_some() || matches!(lane.values, LaneValues::Constant(None));
        Ok(lane)
    }

    fn plain_lane(&mut self, array: &ArrayRef, facts: KeyFacts<'_>) -> Result<Lane> {
        if *array.data_type() != self.data_type {
            return Err(Error::Internal(format!(
                "a key of type {} where {} is expected",
                array.data_type(),
                self.data_type
            )));
        }
        let nulls = array.nulls().cloned();
        let values = match &mut self.kind {
            Kind::Boolean => LaneValues::Ids(boolean_ids(array.as_boolean())),
            Kind::Id => LaneValues::Ids(array.as_primitive::<UInt32Type>().values().to_vec()),
            Kind::Short => LaneValues::Short(array.as_primitive::<Int16Type>().values().clone()),
            Kind::Int => LaneValues::Int(match array.data_type() {
                DataType::Date32 => array.as_primitive::<Date32Type>().values().clone(),
                _ => array.as_primitive::<Int32Type>().values().clone(),
            }),
            Kind::Long => LaneValues::Long(longs(array)?),
            Kind::Real => {
                let values = array.as_primitive::<Float32Type>().values();
                LaneValues::Int(values.iter().map(|value| real_bits(*value)).collect())
            }
            Kind::Double => {
                let values = array.as_primitive::<Float64Type>().values();
                LaneValues::Long(values.iter().map(|value| double_bits(*value)).collect())
            }
            Kind::Text(interner) => LaneValues::Ids(interner.ids(array, facts)),
            Kind::Wide(interner) => LaneValues::Ids(interner.ids(array)?),
            Kind::Encoded(interner) => LaneValues::Ids(interner.ids(array)?),
        };
        match values {
            LaneValues::Ids(_) => Ok(Lane::new(values, None)),
            values => Ok(Lane::new(values, nulls)),
        }
    }

    fn dictionary_lane(&mut self, array: &ArrayRef) -> Result<Lane> {
        let dictionary = array.as_dictionary::<UInt32Type>();
        let place = self.dictionary(dictionary.values());
        let codes = dictionary.keys().values();
        let mut known = std::mem::take(&mut self.dictionaries[place].ids);
        let mut ids = gather(&known, codes, dictionary.keys().nulls());
        if ids.contains(&UNKNOWN) {
            let mut missing: Vec<u32> = Vec::new();
            for (id, code) in ids.iter().zip(codes) {
                if *id == UNKNOWN && known[*code as usize] == UNKNOWN {
                    known[*code as usize] = 0;
                    missing.push(*code);
                }
            }
            let values = arrow_select::take::take(dictionary.values(), &UInt32Array::from(missing.clone()), None)?;
            let lane = self.plain_lane(&values, KeyFacts::default())?;
            for (row, code) in missing.iter().enumerate() {
                known[*code as usize] = lane.value(row).unwrap_or(0) as u32;
            }
            ids = gather(&known, codes, dictionary.keys().nulls());
        }
        self.dictionaries[place].ids = known;
        Ok(Lane::new(LaneValues::Ids(ids), None))
    }

    /// Where a dictionary's ids are kept.
    fn dictionary(&mut self, values: &ArrayRef) -> usize {
        let known = self
            .dictionaries
            .iter()
            .position(|known| Arc::ptr_eq(&known.values, values));
        if let Some(place) = known {
            return place;
        }
        if self.dictionaries.len() == DICTIONARIES_MAX {
            self.dictionaries.remove(0);
        }
        self.dictionaries.push(DictionaryIds {
            values: values.clone(),
            ids: vec![UNKNOWN; values.len()],
        });
        self.dictionaries.len() - 1
    }

    /// Makes groups of rows.
    pub(super) fn append(&mut self, lane: &Lane, rows: &[u32]) {
        if lane.nulls.is_some() {
            rows.iter().for_each(|row| self.push(lane.value(*row as usize)));
            return;
        }
        with_slice!(&lane.values, values => {
            self.values.extend(rows.iter().map(|row| values[*row as usize].widen()));
        }, constant value => {
            rows.iter().for_each(|_| self.push(*value));
        });
    }

    /// Makes a group of a value.
    #[inline]
    pub(super) fn push(&mut self, value: Option<i64>) {
        if value.is_none() && !self.gives_ids() {
            self.nulls.resize(self.values.len(), false);
            self.nulls.push(true);
        }
        self.values.push(value.unwrap_or(0));
    }

    /// The value of a group.
    #[inline]
    pub(super) fn value(&self, group: usize) -> Option<i64> {
        match self.nulls.get(group) {
            Some(true) => None,
            _ => Some(self.values[group]),
        }
    }

    /// The values of all groups.
    pub(super) fn values(&self, group_count: usize) -> Result<ArrayRef> {
        debug_assert_eq!(self.values.len(), group_count);
        self.array(self.values.clone(), 0..group_count)
    }

    /// The values of some groups.
    pub(super) fn values_of(&self, groups: &[u32]) -> Result<ArrayRef> {
        let places = groups.iter().map(|group| *group as usize);
        self.array(places.clone().map(|group| self.values[group]).collect(), places)
    }

    /// Values of these groups.
    fn array(&self, values: Vec<i64>, groups: impl Iterator<Item = usize>) -> Result<ArrayRef> {
        let nulls = || {
            let valid = groups.map(|group| self.nulls.get(group) != Some(&true));
            let valid: BooleanBuffer = match self.nulls.is_empty() {
                true => return None,
                false => valid.collect(),
            };
            Some(NullBuffer::new(valid)).filter(|nulls| nulls.null_count() > 0)
        };
        let ids = || values.iter().map(|id| *id as u32);
        Ok(match &self.kind {
            Kind::Boolean => Arc::new(ids().map(|id| (id > 0).then_some(id == 2)).collect::<BooleanArray>()),
            Kind::Id => Arc::new(UInt32Array::from_iter_values(ids())),
            Kind::Short => Arc::new(PrimitiveArray::<Int16Type>::new(
                values.iter().map(|value| *value as i16).collect(),
                nulls(),
            )),
            Kind::Int => {
                let values: ScalarBuffer<i32> = values.iter().map(|value| *value as i32).collect();
                match self.data_type {
                    DataType::Date32 => Arc::new(PrimitiveArray::<Date32Type>::new(values, nulls())),
                    _ => Arc::new(PrimitiveArray::<Int32Type>::new(values, nulls())),
                }
            }
            Kind::Long => long_array(&self.data_type, values.into(), nulls())?,
            Kind::Real => {
                let values = values.iter().map(|bits| f32::from_bits(*bits as u32));
                Arc::new(Float32Array::new(values.collect(), nulls()))
            }
            Kind::Double => {
                let values = values.iter().map(|bits| f64::from_bits(*bits as u64));
                Arc::new(Float64Array::new(values.collect(), nulls()))
            }
            Kind::Text(interner) => interner.values(ids(), &self.data_type),
            Kind::Wide(interner) => interner.values(ids(), &self.data_type)?,
            Kind::Encoded(interner) => interner.values(ids())?,
        })
    }

    /// Makes room for so many texts that lie near one another.
    pub(super) fn reserve_near(&mut self, count: usize) {
        if let Kind::Text(interner) = &mut self.kind {
            interner.reserve_near(count);
        }
    }

    pub(super) fn memory_bytes(&self) -> usize {
        let interned = match &self.kind {
            Kind::Text(interner) => interner.memory_bytes() + interner.staying_bytes(),
            Kind::Wide(interner) => interner.memory_bytes(),
            Kind::Encoded(interner) => interner.memory_bytes(),
            _ => 0,
        };
        let dictionaries: usize = self
            .dictionaries
            .iter()
            .map(|known| known.ids.len() * size_of::<u32>())
            .sum();
        interned + dictionaries + self.values.capacity() * size_of::<i64>() + self.nulls.capacity()
    }
}

fn gather(ids: &[u32], codes: &[u32], nulls: Option<&NullBuffer>) -> Vec<u32> {
    match nulls.filter(|nulls| nulls.null_count() > 0) {
        None => codes.iter().map(|code| ids[*code as usize]).collect(),
        Some(nulls) => codes
            .iter()
            .zip(nulls)
            .map(|(code, is_valid)| if is_valid { ids[*code as usize] } else { 0 })
            .collect(),
    }
}

fn boolean_ids(values: &BooleanArray) -> Vec<u32> {
    match values.nulls() {
        None => values.values().iter().map(|value| 1 + u32::from(value)).collect(),
        Some(_) => values
            .iter()
            .map(|value| value.map_or(0, |value| 1 + u32::from(value)))
            .collect(),
    }
}

/// Bits that are equal where the values are: -0 is 0, all NaNs are one.
fn real_bits(value: f32) -> i32 {
    if value.is_nan() { f32::NAN } else { value + 0.0 }.to_bits() as i32
}

fn double_bits(value: f64) -> i64 {
    if value.is_nan() { f64::NAN } else { value + 0.0 }.to_bits() as i64
}

macro_rules! with_long_type {
    ($data_type:expr, $name:ident => $body:expr) => {
        match $data_type {
            DataType::Int64 => {
                type $name = Int64Type;
                $body
            }
            DataType::Decimal64(_, _) => {
                type $name = Decimal64Type;
                $body
            }
            DataType::Time64(TimeUnit::Microsecond) => {
                type $name = Time64MicrosecondType;
                $body
            }
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                type $name = TimestampMicrosecondType;
                $body
            }
            other => return Err(Error::Internal(format!("a 64-bit key of {other}"))),
        }
    };
}

fn longs(array: &ArrayRef) -> Result<ScalarBuffer<i64>> {
    Ok(with_long_type!(array.data_type(), T => array.as_primitive::<T>().values().clone()))
}

fn long_array(data_type: &DataType, values: ScalarBuffer<i64>, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
    fn build<T: ArrowPrimitiveType<Native = i64>>(
        data_type: &DataType,
        values: ScalarBuffer<i64>,
        nulls: Option<NullBuffer>,
    ) -> ArrayRef {
        Arc::new(PrimitiveArray::<T>::new(values, nulls).with_data_type(data_type.clone()))
    }
    Ok(with_long_type!(data_type, T => build::<T>(data_type, values, nulls)))
}
