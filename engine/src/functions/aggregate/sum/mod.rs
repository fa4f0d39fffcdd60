//! `sum`: exact and checked; of floating-point numbers rounded once, at the end.

mod float;
mod integer;
mod interval;
mod kernel;
#[cfg(test)]
mod measure;

pub(super) use float::{FloatSum, Parts, two_sum};
pub(super) use integer::IntegerSum;
pub(super) use interval::IntervalSum;

use super::signature::{aggregate, same_as_first, signatures};
use crate::error::{Error, Result, SqlState};
use crate::functions::{Accumulator, AggregateBinding, AggregateFunction, Documentation, SummaryState};
use crate::types::array_type;
use arrow_array::types::{Decimal64Type, Decimal128Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type};
use arrow_array::{ArrayRef, Decimal128Array, Int64Array};
use arrow_schema::DataType;
use std::sync::Arc;
use stoa_sql::catalog::Signature;
use stoa_sql::types::LogicalType;

pub(super) static FUNCTIONS: &[&AggregateFunction] = &[&SUM];

static SUM: AggregateFunction = AggregateFunction {
    info: || aggregate("sum", SIGNATURES),
    documentation: Documentation {
        category: "aggregate",
        summary: "The sum of all values that are not NULL; NULL where there are none. Of floating-point numbers it is the exact sum, rounded once.",
        example: "sum(x)",
        result: "6",
    },
    accumulator: |binding| sum_of(&binding.argument_types[0], &binding.return_type),
    summary: Some(|binding: &AggregateBinding| {
        is_summarized(&binding.argument_types[0]).then(|| vec![SummaryState::Sum])
    }),
};

const SIGNATURES: &[Signature] = signatures![
    (SmallInt) => |_| LogicalType::BigInt,
    (Integer) => |_| LogicalType::BigInt,
    (BigInt) => whole,
    (Numeric) => decimal,
    (Double) => same_as_first,
    (Real) => same_as_first,
    (Interval) => same_as_first,
];

fn whole(_: &[LogicalType]) -> LogicalType {
    LogicalType::Numeric {
        precision: 38,
        scale: 0,
    }
}

fn decimal(arguments: &[LogicalType]) -> LogicalType {
    match arguments {
        [LogicalType::Numeric { scale, .. }] => LogicalType::Numeric {
            precision: 38,
            scale: *scale,
        },
        _ => LogicalType::NUMERIC,
    }
}

/// Whether a block's summary has sums of the type, which can stand in for its rows.
pub(super) fn is_summarized(data_type: &LogicalType) -> bool {
    matches!(
        data_type,
        LogicalType::SmallInt | LogicalType::Integer | LogicalType::BigInt | LogicalType::Numeric { .. }
    )
}

/// Sums of an argument; those of integers and decimals are handed out as Decimal128(38, the argument's scale).
pub(super) fn sum_of(argument: &LogicalType, answer: &LogicalType) -> Result<Box<dyn Accumulator>> {
    let answer = array_type(answer);
    Ok(match array_type(argument) {
        DataType::Int16 => Box::new(IntegerSum::<Int16Type>::new(0, answer)),
        DataType::Int32 => Box::new(IntegerSum::<Int32Type>::new(0, answer)),
        DataType::Int64 => Box::new(IntegerSum::<Int64Type>::new(0, answer)),
        DataType::Decimal64(_, scale) => Box::new(IntegerSum::<Decimal64Type>::new(scale, answer)),
        DataType::Decimal128(_, scale) => Box::new(IntegerSum::<Decimal128Type>::new(scale, answer)),
        DataType::Float32 => Box::new(FloatSum::<Float32Type>::new()),
        DataType::Float64 => Box::new(FloatSum::<Float64Type>::new()),
        DataType::Interval(_) => Box::new(IntervalSum::default()),
        other => return Err(Error::Internal(format!("a sum of {other}"))),
    })
}

/// The type in which exact sums are handed out.
pub(super) fn sum_state_type(scale: i8) -> DataType {
    DataType::Decimal128(38, scale)
}

/// Exact sums as an array of the states' type.
fn sum_states(sums: impl Iterator<Item = Option<i128>>, scale: i8) -> ArrayRef {
    let array: Decimal128Array = sums.collect();
    Arc::new(array.with_data_type(sum_state_type(scale)))
}

/// Exact sums as an array of the answer's type.
fn sum_answers(sums: impl Iterator<Item = Option<i128>>, answer: &DataType) -> Result<ArrayRef> {
    if *answer == DataType::Int64 {
        let narrow = |sum: i128| {
            i64::try_from(sum).map_err(|_| Error::user(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, "bigint out of range"))
        };
        let sums = sums.map(|sum| sum.map(narrow).transpose());
        return Ok(Arc::new(sums.collect::<Result<Int64Array>>()?));
    }
    let checked = sums.map(|sum| match sum {
        Some(sum) if sum.unsigned_abs() >= WIDE_LIMIT => Err(overflow()),
        sum => Ok(sum),
    });
    let array = checked.collect::<Result<Decimal128Array>>()?;
    Ok(Arc::new(array.with_data_type(answer.clone())))
}

/// What 38 digits cannot hold.
const WIDE_LIMIT: u128 = 10u128.pow(38);

/// The error of a decimal beyond 38 digits.
pub(super) fn overflow() -> Error {
    Error::user(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, "value overflows numeric format")
}
