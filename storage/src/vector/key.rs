//! Values as order keys: every stored type compares as an `i64`, an `i128` or a byte string, and nothing else.
//!
//! Keys of equal values are equal and keys order as values do: -0.0 is 0.0, all NaNs are one value above all numbers, an
//! interval counts a month as 30 days and a day as 24 hours. NULLs have no key.

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType};
use arrow_buffer::IntervalMonthDayNano;
use arrow_schema::{DataType, TimeUnit};
use std::borrow::Cow;

/// What the values of a type compare as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Domain {
    /// Booleans, integers, floats, Decimal64, dates, times.
    Lane,
    /// Decimal128, uuid, intervals.
    Wide,
    /// Text and bytea.
    Bytes,
}

/// The domain of a stored (plain) type.
pub(crate) fn domain_of(data_type: &DataType) -> Option<Domain> {
    if !super::is_stored_type(data_type) {
        return None;
    }
    Some(match data_type {
        DataType::Utf8View | DataType::BinaryView => Domain::Bytes,
        DataType::Decimal128(_, _) | DataType::FixedSizeBinary(_) | DataType::Interval(_) => Domain::Wide,
        _ => Domain::Lane,
    })
}

/// The key of a double.
#[inline(always)]
pub(crate) fn key_of_f64(value: f64) -> i64 {
    let value = if value.is_nan() { f64::NAN } else { value + 0.0 };
    let bits = value.to_bits() as i64;
    bits ^ (((bits >> 63) as u64) >> 1) as i64
}

/// The double of a key.
pub(crate) fn f64_of_key(key: i64) -> f64 {
    f64::from_bits((key ^ (((key >> 63) as u64) >> 1) as i64) as u64)
}

/// The key of a real.
#[inline(always)]
pub(crate) fn key_of_f32(value: f32) -> i64 {
    let value = if value.is_nan() { f32::NAN } else { value + 0.0 };
    let bits = value.to_bits() as i32;
    i64::from(bits ^ (((bits >> 31) as u32) >> 1) as i32)
}

/// The real of a key.
pub(crate) fn f32_of_key(key: i64) -> f32 {
    let key = key as i32;
    f32::from_bits((key ^ (((key >> 31) as u32) >> 1) as i32) as u32)
}

/// The key of a uuid's sixteen bytes.
#[inline(always)]
pub(crate) fn key_of_uuid(bytes: [u8; 16]) -> i128 {
    (u128::from_be_bytes(bytes) ^ (1 << 127)) as i128
}

/// The uuid of a key.
pub(crate) fn uuid_of_key(key: i128) -> [u8; 16] {
    ((key as u128) ^ (1 << 127)).to_be_bytes()
}

/// The key of an interval: nanoseconds, a month being 30 days.
#[inline(always)]
pub(crate) fn key_of_interval(value: IntervalMonthDayNano) -> i128 {
    const DAY: i128 = 86_400_000_000_000;
    (i128::from(value.months) * 30 + i128::from(value.days)) * DAY + i128::from(value.nanoseconds)
}

/// Integers that a lane holds losslessly, and back.
pub(crate) trait LaneValue: Copy + Default + Send + Sync + 'static {
    /// From a lane that is known to hold such a value (or is damaged: then any value).
    fn from_lane(lane: i64) -> Self;
    /// As a lane.
    fn to_lane(self) -> i64;
    /// The same values as lanes, where they are.
    fn as_lanes(values: &[Self]) -> Option<&[i64]> {
        let _ = values;
        None
    }
}

impl LaneValue for i64 {
    #[inline(always)]
    fn from_lane(lane: i64) -> Self {
        lane
    }
    #[inline(always)]
    fn to_lane(self) -> i64 {
        self
    }
    fn as_lanes(values: &[i64]) -> Option<&[i64]> {
        Some(values)
    }
}

macro_rules! lane_value {
    ($($native:ty),*) => {$(
        impl LaneValue for $native {
            #[inline(always)]
            fn from_lane(lane: i64) -> Self {
                lane as $native
            }
            #[inline(always)]
            fn to_lane(self) -> i64 {
                self as i64
            }
        }
    )*};
}
lane_value!(i16, i32, i128, u32, u8);

/// Calls a macro's body with the Arrow type of an integer-like column bound to a name.
macro_rules! with_integer_type {
    ($data_type:expr, $name:ident => $body:expr, $otherwise:expr) => {
        match $data_type {
            arrow_schema::DataType::Int16 => {
                type $name = arrow_array::types::Int16Type;
                $body
            }
            arrow_schema::DataType::Int32 => {
                type $name = arrow_array::types::Int32Type;
                $body
            }
            arrow_schema::DataType::Int64 => {
                type $name = arrow_array::types::Int64Type;
                $body
            }
            arrow_schema::DataType::Date32 => {
                type $name = arrow_array::types::Date32Type;
                $body
            }
            arrow_schema::DataType::Decimal64(_, _) => {
                type $name = arrow_array::types::Decimal64Type;
                $body
            }
            arrow_schema::DataType::Time64(arrow_schema::TimeUnit::Microsecond) => {
                type $name = arrow_array::types::Time64MicrosecondType;
                $body
            }
            arrow_schema::DataType::Timestamp(arrow_schema::TimeUnit::Microsecond, _) => {
                type $name = arrow_array::types::TimestampMicrosecondType;
                $body
            }
            _ => $otherwise,
        }
    };
}
pub(crate) use with_integer_type;

/// The lanes of an integer-like column, whatever lies below NULLs included; borrowed where they are 64-bit. `None` for other types.
pub(crate) fn integer_lanes(array: &dyn Array) -> Option<Cow<'_, [i64]>> {
    fn lanes<T: ArrowPrimitiveType>(array: &dyn Array) -> Cow<'_, [i64]>
    where
        T::Native: LaneValue,
    {
        let values = array.as_primitive::<T>().values();
        match T::Native::as_lanes(values) {
            Some(lanes) => Cow::Borrowed(lanes),
            None => Cow::Owned(values.iter().map(|value| value.to_lane()).collect()),
        }
    }
    Some(with_integer_type!(array.data_type(), T => lanes::<T>(array), return None))
}

/// The keys of a column whose domain is [`Domain::Lane`]; arbitrary below NULLs.
pub(crate) fn lane_keys(array: &dyn Array) -> Option<Cow<'_, [i64]>> {
    match array.data_type() {
        DataType::Boolean => Some(array.as_boolean().values().iter().map(i64::from).collect()),
        DataType::Float64 => {
            let values = array.as_primitive::<Float64Type>().values();
            Some(values.iter().map(|value| key_of_f64(*value)).collect())
        }
        DataType::Float32 => {
            let values = array.as_primitive::<Float32Type>().values();
            Some(values.iter().map(|value| key_of_f32(*value)).collect())
        }
        _ => integer_lanes(array),
    }
}

/// The keys of a column whose domain is [`Domain::Wide`]; arbitrary below NULLs.
pub(crate) fn wide_keys(array: &dyn Array) -> Option<Vec<i128>> {
    match array.data_type() {
        DataType::Decimal128(_, _) => Some(array.as_primitive::<Decimal128Type>().values().to_vec()),
        DataType::FixedSizeBinary(16) => {
            let values = array.as_fixed_size_binary();
            Some(
                (0..values.len())
                    .map(|row| key_of_uuid(values.value(row).try_into().unwrap_or_default()))
                    .collect(),
            )
        }
        DataType::Interval(_) => {
            let values = array.as_primitive::<IntervalMonthDayNanoType>().values();
            Some(values.iter().map(|value| key_of_interval(*value)).collect())
        }
        _ => None,
    }
}

/// The bytes of a text or bytea value.
#[inline]
pub(crate) fn bytes_at(array: &dyn Array, row: usize) -> &[u8] {
    match array.data_type() {
        DataType::Utf8View => array.as_string_view().value(row).as_bytes(),
        _ => array.as_binary_view().value(row),
    }
}

/// An array of the one value with this key; `None` where the type is not of the domain.
pub(crate) fn scalar_of_lane(data_type: &DataType, key: i64) -> Option<ArrayRef> {
    use std::sync::Arc;
    Some(match data_type {
        DataType::Boolean => Arc::new(arrow_array::BooleanArray::from(vec![key != 0])),
        DataType::Float64 => Arc::new(arrow_array::Float64Array::from(vec![f64_of_key(key)])),
        DataType::Float32 => Arc::new(arrow_array::Float32Array::from(vec![f32_of_key(key)])),
        DataType::Int16 => Arc::new(arrow_array::Int16Array::from(vec![key as i16])),
        DataType::Int32 => Arc::new(arrow_array::Int32Array::from(vec![key as i32])),
        DataType::Date32 => Arc::new(arrow_array::Date32Array::from(vec![key as i32])),
        DataType::Int64 => Arc::new(arrow_array::Int64Array::from(vec![key])),
        DataType::Time64(TimeUnit::Microsecond) => Arc::new(arrow_array::Time64MicrosecondArray::from(vec![key])),
        DataType::Decimal64(_, _) => {
            Arc::new(arrow_array::Decimal64Array::from(vec![key]).with_data_type(data_type.clone()))
        }
        DataType::Timestamp(TimeUnit::Microsecond, zone) => {
            Arc::new(arrow_array::TimestampMicrosecondArray::from(vec![key]).with_timezone_opt(zone.clone()))
        }
        _ => return None,
    })
}

/// An array of the one value with this key; `None` where the type is not of the domain or the key does not tell the value.
pub(crate) fn scalar_of_wide(data_type: &DataType, key: i128) -> Option<ArrayRef> {
    use std::sync::Arc;
    Some(match data_type {
        DataType::Decimal128(_, _) => {
            Arc::new(arrow_array::Decimal128Array::from(vec![key]).with_data_type(data_type.clone()))
        }
        DataType::FixedSizeBinary(16) => {
            Arc::new(arrow_array::FixedSizeBinaryArray::try_from_iter(std::iter::once(uuid_of_key(key))).ok()?)
        }
        _ => return None,
    })
}

/// An array of the one text or bytea value; `None` where text is not UTF-8.
pub(crate) fn scalar_of_bytes(data_type: &DataType, bytes: &[u8]) -> Option<ArrayRef> {
    use std::sync::Arc;
    Some(match data_type {
        DataType::Utf8View => Arc::new(arrow_array::StringViewArray::from_iter_values([std::str::from_utf8(
            bytes,
        )
        .ok()?])),
        DataType::BinaryView => Arc::new(arrow_array::BinaryViewArray::from_iter_values([bytes])),
        _ => return None,
    })
}
