//! `overlaps(start, end, start, end)`: what `(start, end) OVERLAPS (start, end)` means. Not strict: as in Postgres, one end may be
//! unknown where the others decide.

use crate::error::Result;
use crate::functions::kernel::arguments::nulls_of;
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use arrow_array::BooleanArray;
use arrow_array::types::{ArrowPrimitiveType, Date32Type, Time64MicrosecondType, TimestampMicrosecondType};
use std::sync::Arc;
use stoa_sql::types::LogicalType;

pub(super) static OVERLAPS: ScalarFunction = ScalarFunction {
    info: || {
        called_on_null(immutable(
            "overlaps",
            const {
                &[
                    signature(&[TIMESTAMPTZ, TIMESTAMPTZ, TIMESTAMPTZ, TIMESTAMPTZ], returns::boolean),
                    signature(&[TIMESTAMP, TIMESTAMP, TIMESTAMP, TIMESTAMP], returns::boolean),
                    signature(&[DATE, DATE, DATE, DATE], returns::boolean),
                    signature(&[TIME, TIME, TIME, TIME], returns::boolean),
                ]
            },
        ))
    },
    documentation: documentation(
        "date and time",
        "Whether two stretches of time share a moment; an end does not belong to its stretch, unless it is also its start.",
        "overlaps(date '2024-01-01', date '2024-02-01', date '2024-01-31', date '2024-03-01')",
        "t",
    ),
    execute,
};

fn execute(call: &Call<'_>) -> Result<Value> {
    match call.argument_type(0)? {
        LogicalType::Date => answer::<Date32Type>(call),
        LogicalType::Time => answer::<Time64MicrosecondType>(call),
        _ => answer::<TimestampMicrosecondType>(call),
    }
}

fn answer<T: ArrowPrimitiveType>(call: &Call<'_>) -> Result<Value>
where
    T::Native: Into<i64>,
{
    let mut columns = Vec::with_capacity(4);
    for (at, argument) in call.arguments.iter().enumerate() {
        let nulls = nulls_of(std::slice::from_ref(argument), call.row_count);
        columns.push((call.primitives::<T>(at)?, nulls));
    }
    let value = |at: usize, row: usize| -> Option<i64> {
        let (values, nulls) = columns.get(at)?;
        let is_there = nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
        is_there.then(|| values.value(row).into())
    };
    let answers = (0..call.row_count)
        .map(|row| overlap((value(0, row), value(1, row)), (value(2, row), value(3, row))))
        .collect::<BooleanArray>();
    Ok(Value::Array(Arc::new(answers)))
}

/// A stretch with its earlier moment first; a lone moment may be either. `None` where neither is known.
fn ordered((start, end): (Option<i64>, Option<i64>)) -> Option<(i64, Option<i64>)> {
    match (start, end) {
        (Some(start), Some(end)) => Some((start.min(end), Some(start.max(end)))),
        (Some(moment), None) | (None, Some(moment)) => Some((moment, None)),
        (None, None) => None,
    }
}

fn overlap(first: (Option<i64>, Option<i64>), second: (Option<i64>, Option<i64>)) -> Option<bool> {
    let (first, second) = (ordered(first)?, ordered(second)?);
    let (earlier, later) = if first.0 <= second.0 {
        (first, second)
    } else {
        (second, first)
    };
    if earlier.0 == later.0 {
        return (earlier.1.is_some() && later.1.is_some()).then_some(true);
    }
    match later.0 < earlier.1? {
        true => Some(true),
        false => later.1.map(|_| false),
    }
}

#[cfg(test)]
mod tests {
    use super::overlap;

    #[test]
    fn unknown_ends_matter_where_they_decide() {
        let some = |start, end| (Some(start), Some(end));
        assert_eq!(overlap(some(1, 5), some(4, 9)), Some(true));
        assert_eq!(overlap(some(5, 1), some(9, 4)), Some(true));
        assert_eq!(overlap(some(1, 4), some(4, 9)), Some(false));
        assert_eq!(overlap(some(4, 4), some(4, 9)), Some(true));
        assert_eq!(overlap(some(4, 4), some(1, 4)), Some(false));
        assert_eq!(overlap(some(1, 5), (Some(4), None)), Some(true));
        assert_eq!(overlap(some(1, 5), (None, Some(6))), None);
        assert_eq!(overlap((Some(1), None), some(1, 5)), None);
        assert_eq!(overlap((None, None), some(1, 5)), None);
    }
}
