//! `min` and `max` of every ordered type. NaN is above all numbers; text compares by its bytes; '1 month' and '30 days' are equal.

mod bytes;
mod encoded;

pub(super) use bytes::BytesExtreme;
pub(super) use encoded::EncodedExtreme;

use super::best_rows::BestRows;
use super::reduce::{Reduce, Reduction};
use super::signature::{aggregate, array_of_first, same_as_first};
use crate::error::{Error, Result};
use crate::functions::{Accumulator, AggregateBinding, AggregateFunction, Documentation, SummaryState};
use crate::types::array_type;
use arrow_array::types::*;
use arrow_buffer::IntervalMonthDayNano;
use arrow_schema::{DataType, TimeUnit};
use stoa_sql::catalog::{Parameter, Signature};
use stoa_sql::types::{LogicalType, TypeKind};

pub(super) static FUNCTIONS: &[&AggregateFunction] = &[&MIN, &MAX];

static MIN: AggregateFunction = AggregateFunction {
    info: || aggregate("min", SIGNATURES),
    documentation: Documentation {
        category: "aggregate",
        summary: "The smallest value that is not NULL; with (x, n) the n smallest as an array.",
        example: "min(x)",
        result: "1",
    },
    accumulator: |binding| match binding.argument_types.len() {
        1 => extreme_of::<Smaller>(binding),
        _ => Ok(Box::new(BestRows::new(binding, false)?)),
    },
    summary: Some(|binding: &AggregateBinding| is_bound(binding).then(|| vec![SummaryState::Minimum])),
};

static MAX: AggregateFunction = AggregateFunction {
    info: || aggregate("max", SIGNATURES),
    documentation: Documentation {
        category: "aggregate",
        summary: "The largest value that is not NULL; with (x, n) the n largest as an array.",
        example: "max(x)",
        result: "3",
    },
    accumulator: |binding| match binding.argument_types.len() {
        1 => extreme_of::<Larger>(binding),
        _ => Ok(Box::new(BestRows::new(binding, true)?)),
    },
    summary: Some(|binding: &AggregateBinding| is_bound(binding).then(|| vec![SummaryState::Maximum])),
};

macro_rules! ordered {
    ($($kind:ident),*) => {
        &[$(Signature {
            parameters: &[Parameter::Kind(TypeKind::$kind)],
            variadic: false,
            returns: same_as_first,
        },)* Signature {
            parameters: &[Parameter::AnyArray],
            variadic: false,
            returns: same_as_first,
        }, Signature {
            parameters: &[Parameter::AnyElement, Parameter::Kind(TypeKind::BigInt)],
            variadic: false,
            returns: array_of_first,
        }]
    };
}

const SIGNATURES: &[Signature] = ordered![
    Text,
    SmallInt,
    Integer,
    BigInt,
    Real,
    Double,
    Numeric,
    Char,
    Date,
    Time,
    Timestamp,
    TimestampTz,
    Interval,
    Oid,
    Uuid,
    Bytea
];

/// Whether a block's bound is the answer for the block.
fn is_bound(binding: &AggregateBinding) -> bool {
    matches!(binding.argument_types.as_slice(), [data_type] if has_bounds(data_type))
}

/// Whether summaries have exact bounds of the type. Floating-point bounds do not tell -0 from 0, intervals' not 30 days from a
/// month, and text's may be cut.
fn has_bounds(data_type: &LogicalType) -> bool {
    use LogicalType as Type;
    matches!(
        data_type,
        Type::SmallInt
            | Type::Integer
            | Type::BigInt
            | Type::Numeric { .. }
            | Type::Date
            | Type::Time
            | Type::Timestamp
            | Type::TimestampTz
    )
}

/// Which end of an order.
pub(super) trait End: Send + 'static {
    /// The largest rather than the smallest.
    const IS_LARGEST: bool;
}

pub(super) struct Smaller;
pub(super) struct Larger;

impl End for Smaller {
    const IS_LARGEST: bool = false;
}

impl End for Larger {
    const IS_LARGEST: bool = true;
}

macro_rules! ordered_reduction {
    ($($native:ty: $less:expr),*) => {$(
        impl Reduction<$native> for Smaller {
            #[inline(always)]
            fn reduce(left: $native, right: $native) -> $native {
                if $less(right, left) { right } else { left }
            }
        }
        impl Reduction<$native> for Larger {
            #[inline(always)]
            fn reduce(left: $native, right: $native) -> $native {
                if $less(left, right) { right } else { left }
            }
        }
    )*};
}
ordered_reduction!(
    i16: |left, right| left < right,
    i32: |left, right| left < right,
    i64: |left, right| left < right,
    i128: |left, right| left < right,
    // Of values that compare equal it is always the same one that stays, whatever came first.
    f32: |left: f32, right: f32| {
        left < right || right.is_nan() && !left.is_nan() || left == right && left.is_sign_negative() && right.is_sign_positive()
    },
    f64: |left: f64, right: f64| {
        left < right || right.is_nan() && !left.is_nan() || left == right && left.is_sign_negative() && right.is_sign_positive()
    },
    IntervalMonthDayNano: |left, right| interval_order(left) < interval_order(right)
);

/// What intervals are ordered by; equal ones that are written in different ways by their parts.
fn interval_order(value: IntervalMonthDayNano) -> (i128, i32, i32, i64) {
    (interval_key(value), value.months, value.days, value.nanoseconds)
}

/// An interval as nanoseconds, a month being 30 days.
pub(super) fn interval_key(value: IntervalMonthDayNano) -> i128 {
    const DAY: i128 = 86_400_000_000_000;
    (i128::from(value.months) * 30 + i128::from(value.days)) * DAY + i128::from(value.nanoseconds)
}

fn extreme_of<E>(binding: &AggregateBinding) -> Result<Box<dyn Accumulator>>
where
    E: End
        + Reduction<i16>
        + Reduction<i32>
        + Reduction<i64>
        + Reduction<i128>
        + Reduction<f32>
        + Reduction<f64>
        + Reduction<IntervalMonthDayNano>,
{
    let data_type = array_type(&binding.return_type);
    Ok(match &data_type {
        DataType::Int16 => Box::new(Reduce::<Int16Type, E>::new(data_type)),
        DataType::Int32 => Box::new(Reduce::<Int32Type, E>::new(data_type)),
        DataType::Int64 => Box::new(Reduce::<Int64Type, E>::new(data_type)),
        DataType::Float32 => Box::new(Reduce::<Float32Type, E>::new(data_type)),
        DataType::Float64 => Box::new(Reduce::<Float64Type, E>::new(data_type)),
        DataType::Decimal64(_, _) => Box::new(Reduce::<Decimal64Type, E>::new(data_type)),
        DataType::Decimal128(_, _) => Box::new(Reduce::<Decimal128Type, E>::new(data_type)),
        DataType::Date32 => Box::new(Reduce::<Date32Type, E>::new(data_type)),
        DataType::Time64(TimeUnit::Microsecond) => Box::new(Reduce::<Time64MicrosecondType, E>::new(data_type)),
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            Box::new(Reduce::<TimestampMicrosecondType, E>::new(data_type))
        }
        DataType::Interval(_) => Box::new(Reduce::<IntervalMonthDayNanoType, E>::new(data_type)),
        DataType::Utf8View | DataType::BinaryView => Box::new(BytesExtreme::<E>::new(data_type)),
        DataType::FixedSizeBinary(_) | DataType::List(_) => Box::new(EncodedExtreme::<E>::new(data_type)?),
        other => return Err(Error::Internal(format!("an extreme of {other}"))),
    })
}
