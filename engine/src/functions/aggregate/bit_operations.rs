//! `bit_and`, `bit_or`, `bit_xor` of integers.

use super::reduce::{Reduce, Reduction};
use super::signature::{aggregate, same_as_first, signatures};
use crate::error::{Error, Result};
use crate::functions::{Accumulator, AggregateBinding, AggregateFunction, Documentation};
use crate::types::array_type;
use arrow_array::types::{Int16Type, Int32Type, Int64Type};
use arrow_schema::DataType;
use stoa_sql::catalog::Signature;

pub(super) static FUNCTIONS: &[&AggregateFunction] = &[&BIT_AND, &BIT_OR, &BIT_XOR];

static BIT_AND: AggregateFunction = AggregateFunction {
    info: || aggregate("bit_and", SIGNATURES),
    documentation: Documentation {
        category: "aggregate",
        summary: "The bitwise AND of all values that are not NULL.",
        example: "bit_and(x)",
        result: "4",
    },
    accumulator: accumulator::<And>,
    summary: None,
};

static BIT_OR: AggregateFunction = AggregateFunction {
    info: || aggregate("bit_or", SIGNATURES),
    documentation: Documentation {
        category: "aggregate",
        summary: "The bitwise OR of all values that are not NULL.",
        example: "bit_or(x)",
        result: "7",
    },
    accumulator: accumulator::<Or>,
    summary: None,
};

static BIT_XOR: AggregateFunction = AggregateFunction {
    info: || aggregate("bit_xor", SIGNATURES),
    documentation: Documentation {
        category: "aggregate",
        summary: "The bitwise exclusive OR of all values that are not NULL: a checksum of an unordered set.",
        example: "bit_xor(x)",
        result: "2",
    },
    accumulator: accumulator::<Xor>,
    summary: None,
};

const SIGNATURES: &[Signature] = signatures![
    (SmallInt) => same_as_first,
    (Integer) => same_as_first,
    (BigInt) => same_as_first,
];

struct And;
struct Or;
struct Xor;

impl<V: std::ops::BitAnd<Output = V>> Reduction<V> for And {
    #[inline(always)]
    fn reduce(left: V, right: V) -> V {
        left & right
    }
}

impl<V: std::ops::BitOr<Output = V>> Reduction<V> for Or {
    #[inline(always)]
    fn reduce(left: V, right: V) -> V {
        left | right
    }
}

impl<V: std::ops::BitXor<Output = V>> Reduction<V> for Xor {
    #[inline(always)]
    fn reduce(left: V, right: V) -> V {
        left ^ right
    }
}

fn accumulator<R>(binding: &AggregateBinding) -> Result<Box<dyn Accumulator>>
where
    R: Reduction<i16> + Reduction<i32> + Reduction<i64>,
{
    let data_type = array_type(&binding.return_type);
    Ok(match data_type {
        DataType::Int16 => Box::new(Reduce::<Int16Type, R>::new(data_type)),
        DataType::Int32 => Box::new(Reduce::<Int32Type, R>::new(data_type)),
        DataType::Int64 => Box::new(Reduce::<Int64Type, R>::new(data_type)),
        other => return Err(Error::Internal(format!("bit operations of {other}"))),
    })
}
