//! A set of constants that a column's values are looked for in: `IN (..)`.

use super::bits::{Truth, test_each};
use super::compare::{compare, interval_length};
use crate::functions::Value;
use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef};
use arrow_buffer::BooleanBuffer;
use arrow_schema::{DataType, TimeUnit};
use hashbrown::HashSet;
use stoa_sql::plan::CompareOp;
use stoa_sql::types::LogicalType;

type Hash = foldhash::fast::RandomState;

/// Up to so many values are compared one after the other.
const COMPARED_MAX: usize = 4;
/// Integers that lie within so wide a range are looked up in a bitmap.
const BITMAP_RANGE_MAX: i64 = 1 << 16;
/// The longest text that lies in its view.
const INLINE_BYTES_MAX: usize = 12;

/// Constants of one type, none of them NULL.
#[derive(Debug)]
pub(crate) struct ConstantSet {
    members: Members,
    data_type: LogicalType,
}

#[derive(Debug)]
enum Members {
    /// Compared one by one.
    Few(Vec<ArrayRef>),
    /// Integers from `low` on.
    Bitmap {
        low: i64,
        bits: Vec<bool>,
    },
    Integers(HashSet<i64, Hash>),
    Wide(HashSet<i128, Hash>),
    /// Texts that all lie in their views.
    Views(HashSet<u128, Hash>),
    Bytes(HashSet<Box<[u8]>, Hash>),
}

impl ConstantSet {
    /// The set of these arrays of length 1.
    pub(crate) fn new(values: &[ArrayRef], data_type: &LogicalType) -> Self {
        ConstantSet {
            members: members(values, data_type),
            data_type: data_type.clone(),
        }
    }

    /// Whether each value of a plain array is a member; NULL is neither.
    pub(crate) fn test(&self, array: &ArrayRef) -> Truth {
        let bits = self
            .bits(array)
            .unwrap_or_else(|| BooleanBuffer::new_unset(array.len()));
        Truth {
            bits,
            nulls: array.logical_nulls().filter(|nulls| nulls.null_count() > 0),
        }
    }

    fn bits(&self, array: &ArrayRef) -> Option<BooleanBuffer> {
        Some(match &self.members {
            Members::Few(values) => {
                let column = Value::Array(array.clone());
                let mut found = BooleanBuffer::new_unset(array.len());
                for value in values {
                    let one = Value::Constant(value.clone());
                    let truth = compare(CompareOp::Equal, &column, &one, &self.data_type, array.len()).ok()?;
                    found = &found | &truth.bits;
                }
                found
            }
            Members::Bitmap { low, bits } => {
                let (low, last) = (*low, bits.len() as u64);
                test_integers(array, |value| {
                    let place = value.wrapping_sub(low) as u64;
                    place < last && bits[place as usize]
                })?
            }
            Members::Integers(set) => match array.data_type() {
                DataType::Float32 => test_each(array.as_primitive::<Float32Type>().values(), |value| {
                    set.contains(&float_key(f64::from(value)))
                }),
                DataType::Float64 => test_each(array.as_primitive::<Float64Type>().values(), |value| {
                    set.contains(&float_key(value))
                }),
                _ => test_integers(array, |value| set.contains(&value))?,
            },
            Members::Wide(set) => {
                let keys = wide_keys(array)?;
                test_each(&keys, |key| set.contains(&key))
            }
            Members::Views(set) => test_each(array.as_string_view().views(), |view| set.contains(&view)),
            Members::Bytes(set) => BooleanBuffer::collect_bool(array.len(), |row| set.contains(bytes_at(array, row))),
        })
    }
}

fn members(values: &[ArrayRef], data_type: &LogicalType) -> Members {
    let few = || Members::Few(values.to_vec());
    let Some(first) = values.first() else { return few() };
    if values.len() <= COMPARED_MAX || *data_type == LogicalType::Jsonb {
        return few();
    }
    match first.data_type() {
        DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::Decimal64(_, _)
        | DataType::Date32
        | DataType::Time64(TimeUnit::Microsecond)
        | DataType::Timestamp(TimeUnit::Microsecond, _) => integers(values.iter().filter_map(integer_of).collect()),
        DataType::Float32 => {
            let keys = values
                .iter()
                .map(|value| f64::from(value.as_primitive::<Float32Type>().value(0)));
            Members::Integers(keys.map(float_key).collect())
        }
        DataType::Float64 => {
            let keys = values.iter().map(|value| value.as_primitive::<Float64Type>().value(0));
            Members::Integers(keys.map(float_key).collect())
        }
        DataType::Decimal128(_, _) | DataType::FixedSizeBinary(16) | DataType::Interval(_) => {
            Members::Wide(values.iter().filter_map(wide_keys).flatten().collect())
        }
        DataType::Utf8View => {
            if values.iter().all(|value| bytes_at(value, 0).len() <= INLINE_BYTES_MAX) {
                let views = values
                    .iter()
                    .filter_map(|value| value.as_string_view().views().first().copied());
                return Members::Views(views.collect());
            }
            Members::Bytes(values.iter().map(|value| Box::from(bytes_at(value, 0))).collect())
        }
        DataType::BinaryView => Members::Bytes(values.iter().map(|value| Box::from(bytes_at(value, 0))).collect()),
        _ => few(),
    }
}

fn integers(values: Vec<i64>) -> Members {
    let (low, high) = match (values.iter().min(), values.iter().max()) {
        (Some(low), Some(high)) => (*low, *high),
        _ => (0, 0),
    };
    match high.checked_sub(low) {
        Some(range) if range < BITMAP_RANGE_MAX => {
            let mut bits = vec![false; range as usize + 1];
            for value in values {
                bits[(value - low) as usize] = true;
            }
            Members::Bitmap { low, bits }
        }
        _ => Members::Integers(values.into_iter().collect()),
    }
}

/// -0 is 0, every NaN the same.
fn float_key(value: f64) -> i64 {
    let value = if value.is_nan() { f64::NAN } else { value + 0.0 };
    value.to_bits() as i64
}

fn integer_of(value: &ArrayRef) -> Option<i64> {
    macro_rules! first {
        ($type:ty) => {
            value
                .as_primitive::<$type>()
                .values()
                .first()
                .map(|value| i64::from(*value))
        };
    }
    match value.data_type() {
        DataType::Int16 => first!(Int16Type),
        DataType::Int32 => first!(Int32Type),
        DataType::Int64 => first!(Int64Type),
        DataType::Decimal64(_, _) => first!(Decimal64Type),
        DataType::Date32 => first!(Date32Type),
        DataType::Time64(TimeUnit::Microsecond) => first!(Time64MicrosecondType),
        DataType::Timestamp(TimeUnit::Microsecond, _) => first!(TimestampMicrosecondType),
        _ => None,
    }
}

fn test_integers(array: &ArrayRef, test: impl Fn(i64) -> bool) -> Option<BooleanBuffer> {
    macro_rules! each {
        ($type:ty) => {
            test_each(array.as_primitive::<$type>().values(), |value| {
                test(i64::from(value))
            })
        };
    }
    Some(match array.data_type() {
        DataType::Int16 => each!(Int16Type),
        DataType::Int32 => each!(Int32Type),
        DataType::Int64 => each!(Int64Type),
        DataType::Decimal64(_, _) => each!(Decimal64Type),
        DataType::Date32 => each!(Date32Type),
        DataType::Time64(TimeUnit::Microsecond) => each!(Time64MicrosecondType),
        DataType::Timestamp(TimeUnit::Microsecond, _) => each!(TimestampMicrosecondType),
        _ => return None,
    })
}

fn wide_keys(array: &ArrayRef) -> Option<Vec<i128>> {
    match array.data_type() {
        DataType::Decimal128(_, _) => Some(array.as_primitive::<Decimal128Type>().values().to_vec()),
        DataType::Interval(_) => {
            let values = array.as_primitive::<IntervalMonthDayNanoType>().values();
            Some(values.iter().map(|value| interval_length(*value)).collect())
        }
        DataType::FixedSizeBinary(16) => {
            let uuids = array.as_fixed_size_binary();
            let key = |row| i128::from_be_bytes(uuids.value(row).try_into().unwrap_or([0; 16]));
            Some((0..uuids.len()).map(key).collect())
        }
        _ => None,
    }
}

fn bytes_at(array: &ArrayRef, row: usize) -> &[u8] {
    match array.data_type() {
        DataType::Utf8View => array.as_string_view().value(row).as_bytes(),
        _ => array.as_binary_view().value(row),
    }
}
