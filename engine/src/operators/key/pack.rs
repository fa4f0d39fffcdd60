//! Keys of fixed width: the columns' values one after the other in an integer, each so that unsigned order is SQL's.

use super::{KeyField, Nulls};
use crate::error::{Error, Result};
use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef};
use arrow_buffer::{IntervalMonthDayNano, NullBuffer};
use arrow_schema::{DataType, TimeUnit};

/// Bits that a value takes; `None` for types without a fixed width.
pub(super) fn value_bits(data_type: &DataType) -> Option<u32> {
    Some(match data_type {
        DataType::Boolean => 1,
        DataType::Int16 => 16,
        DataType::Int32 | DataType::Date32 | DataType::Float32 => 32,
        DataType::Int64
        | DataType::Float64
        | DataType::Decimal64(_, _)
        | DataType::Time64(TimeUnit::Microsecond)
        | DataType::Timestamp(TimeUnit::Microsecond, _) => 64,
        DataType::Decimal128(_, _) | DataType::FixedSizeBinary(16) | DataType::Interval(_) => 128,
        _ => return None,
    })
}

/// An integer that keys are packed into.
pub(crate) trait Packed: Copy + Ord + Default + Send + Sync + std::fmt::Debug + 'static {
    /// The low bits of a wider integer.
    fn cut(value: u128) -> Self;
    /// `self` moved up by so many bits (0 where that is all of them), with lower bits set.
    fn append(self, bits: u32, low: Self) -> Self;
    /// The lowest so many bits flipped.
    fn flip(self, bits: u32) -> Self;
}

macro_rules! packed {
    ($native:ty) => {
        impl Packed for $native {
            #[inline(always)]
            fn cut(value: u128) -> Self {
                value as $native
            }
            #[inline(always)]
            fn append(self, bits: u32, low: Self) -> Self {
                self.checked_shl(bits).unwrap_or(0) | low
            }
            #[inline(always)]
            fn flip(self, bits: u32) -> Self {
                self ^ <$native>::MAX >> (<$native>::BITS - bits)
            }
        }
    };
}
packed!(u64);
packed!(u128);

/// The order key of a double.
#[inline(always)]
pub(super) fn key_of_double(value: f64) -> u64 {
    let bits = if value.is_nan() { f64::NAN } else { value + 0.0 }.to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

/// The order key of a real.
#[inline(always)]
pub(super) fn key_of_real(value: f32) -> u32 {
    let bits = if value.is_nan() { f32::NAN } else { value + 0.0 }.to_bits();
    if bits >> 31 == 1 { !bits } else { bits | 1 << 31 }
}

/// An interval in nanoseconds, as intervals compare: a month is 30 days, a day 24 hours.
#[inline(always)]
pub(crate) fn interval_nanoseconds(value: IntervalMonthDayNano) -> i128 {
    const DAY: i128 = 86_400_000_000_000;
    (i128::from(value.months) * 30 + i128::from(value.days)) * DAY + i128::from(value.nanoseconds)
}

/// One key per row.
pub(super) fn pack<K: Packed>(fields: &[KeyField], columns: &[ArrayRef], row_count: usize) -> Result<Vec<K>> {
    let mut keys = vec![K::default(); row_count];
    for (field, column) in fields.iter().zip(columns) {
        if column.len() != row_count {
            return Err(Error::Internal("key columns of unequal length".into()));
        }
        append_column(&mut keys, field, column)?;
    }
    Ok(keys)
}

fn append_column<K: Packed>(keys: &mut [K], field: &KeyField, column: &ArrayRef) -> Result<()> {
    macro_rules! integers {
        ($arrow:ty, $unsigned:ty, $native:ty) => {{
            let values = column.as_primitive::<$arrow>().values();
            let flipped = |value: &$native| K::cut(u128::from((*value as $unsigned) ^ (1 << (<$unsigned>::BITS - 1))));
            append(keys, field, column, values.iter().map(flipped));
        }};
    }
    match column.data_type() {
        DataType::Boolean => {
            let values = column.as_boolean().values();
            append(keys, field, column, values.iter().map(|value| K::cut(value.into())));
        }
        DataType::Int16 => integers!(Int16Type, u16, i16),
        DataType::Int32 => integers!(Int32Type, u32, i32),
        DataType::Date32 => integers!(Date32Type, u32, i32),
        DataType::Int64 => integers!(Int64Type, u64, i64),
        DataType::Decimal64(_, _) => integers!(Decimal64Type, u64, i64),
        DataType::Time64(TimeUnit::Microsecond) => integers!(Time64MicrosecondType, u64, i64),
        DataType::Timestamp(TimeUnit::Microsecond, _) => integers!(TimestampMicrosecondType, u64, i64),
        DataType::Decimal128(_, _) => {
            let values = column.as_primitive::<Decimal128Type>().values();
            let flipped = |value: &i128| K::cut(*value as u128 ^ (1 << 127));
            append(keys, field, column, values.iter().map(flipped));
        }
        DataType::Float32 => {
            let values = column.as_primitive::<Float32Type>().values();
            let ordered = |value: &f32| K::cut(key_of_real(*value).into());
            append(keys, field, column, values.iter().map(ordered));
        }
        DataType::Float64 => {
            let values = column.as_primitive::<Float64Type>().values();
            let ordered = |value: &f64| K::cut(key_of_double(*value).into());
            append(keys, field, column, values.iter().map(ordered));
        }
        DataType::Interval(_) => {
            let values = column.as_primitive::<IntervalMonthDayNanoType>().values();
            let ordered = |value: &IntervalMonthDayNano| K::cut(interval_nanoseconds(*value) as u128 ^ (1 << 127));
            append(keys, field, column, values.iter().map(ordered));
        }
        DataType::FixedSizeBinary(16) => {
            let values = column.as_fixed_size_binary();
            let ordered = |row| K::cut(u128::from_be_bytes(values.value(row).try_into().unwrap_or_default()));
            append(keys, field, column, (0..values.len()).map(ordered));
        }
        other => return Err(Error::Internal(format!("a packed key of {other}"))),
    }
    Ok(())
}

/// Puts a column's values below what the keys hold already.
fn append<K: Packed>(keys: &mut [K], field: &KeyField, column: &ArrayRef, values: impl Iterator<Item = K>) {
    let bits = value_bits(&field.data_type).unwrap_or(0);
    match field.descending {
        false => append_ordered(keys, field.nulls, bits, column.nulls(), values),
        true => append_ordered(
            keys,
            field.nulls,
            bits,
            column.nulls(),
            values.map(|value| value.flip(bits)),
        ),
    }
}

fn append_ordered<K: Packed>(
    keys: &mut [K],
    nulls: Nulls,
    bits: u32,
    validity: Option<&NullBuffer>,
    values: impl Iterator<Item = K>,
) {
    let (of_value, of_null) = match nulls {
        Nulls::Absent => {
            keys.iter_mut()
                .zip(values)
                .for_each(|(key, value)| *key = key.append(bits, value));
            return;
        }
        Nulls::First => (K::cut(1 << bits.min(127)), K::default()),
        Nulls::Last => (K::default(), K::cut(1 << bits.min(127))),
    };
    match validity {
        None => keys
            .iter_mut()
            .zip(values)
            .for_each(|(key, value)| *key = key.append(bits + 1, of_value.append(0, value))),
        Some(validity) => {
            for ((key, value), valid) in keys.iter_mut().zip(values).zip(validity.iter()) {
                let low = if valid { of_value.append(0, value) } else { of_null };
                *key = key.append(bits + 1, low);
            }
        }
    }
}
