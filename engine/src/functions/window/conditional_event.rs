//! `conditional_true_event(condition)`, `conditional_change_event(value)`, `session_id(time, gap)`: numbers that go up where something
//! happens along the window's order, so that the rows between fall into groups. As Snowflake and Vertica have the first two.

use super::window;
use crate::calendar::{DAY, fixed_microseconds};
use crate::error::{Error, Result, SqlState};
use crate::functions::scalar::signature::*;
use crate::functions::{WindowArguments, WindowFunction};
use crate::operators::key::{KeyEncoder, KeyField};
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int64Type, IntervalMonthDayNanoType, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef, Int64Array};
use arrow_schema::DataType;
use std::cmp::Ordering;
use std::sync::Arc;

pub(super) static CONDITIONAL_TRUE_EVENT: WindowFunction = WindowFunction {
    info: || {
        window(
            "conditional_true_event",
            const { &[signature(&[BOOLEAN], returns::bigint)] },
        )
    },
    documentation: documentation(
        "window",
        "In how many rows of the partition up to this one the condition is true.",
        "conditional_true_event(x > 1) OVER (ORDER BY x)",
        "0",
    ),
    execute: |call| {
        let conditions = argument(call, 0)?.as_boolean();
        Ok(numbered(call, 0, |row| {
            conditions.is_valid(row) && conditions.value(row)
        }))
    },
};

pub(super) static CONDITIONAL_CHANGE_EVENT: WindowFunction = WindowFunction {
    info: || {
        window(
            "conditional_change_event",
            const { &[signature(&[ANY_ELEMENT], returns::bigint)] },
        )
    },
    documentation: documentation(
        "window",
        "How often the value has changed from one row of the partition to the next; a change from or to NULL is none.",
        "conditional_change_event(x) OVER (ORDER BY x)",
        "0",
    ),
    execute: change_event,
};

pub(super) static SESSION_ID: WindowFunction = WindowFunction {
    info: || {
        window(
            "session_id",
            const {
                &[
                    signature(&[TIMESTAMP, INTERVAL], returns::bigint),
                    signature(&[TIMESTAMPTZ, INTERVAL], returns::bigint),
                    signature(&[DATE, INTERVAL], returns::bigint),
                    signature(&[BIGINT, BIGINT], returns::bigint),
                ]
            },
        )
    },
    documentation: documentation(
        "window",
        "The number of the session, from 1: another one begins where the time is more than the gap after that of the row before.",
        "session_id(x, 1) OVER (ORDER BY x)",
        "1",
    ),
    execute: session_id,
};

fn argument<'a>(call: &'a WindowArguments<'_>, place: usize) -> Result<&'a ArrayRef> {
    let argument = call.arguments.get(place);
    argument.ok_or_else(|| Error::Internal("a window function lacks its argument".into()))
}

/// A number per row that goes up at every event.
fn numbered(call: &WindowArguments<'_>, first: i64, is_event: impl Fn(usize) -> bool) -> ArrayRef {
    let mut number = first;
    let numbers = (0..call.row_count).map(|row| {
        number += i64::from(is_event(row));
        number
    });
    Arc::new(Int64Array::from_iter_values(numbers))
}

fn change_event(call: &WindowArguments<'_>) -> Result<ArrayRef> {
    let values = argument(call, 0)?;
    let encoder = KeyEncoder::new(vec![KeyField::without_nulls(values.data_type().clone())])?;
    let keys = encoder.encode(std::slice::from_ref(values), call.row_count)?;
    let is_null = values.logical_nulls();
    let is_value = |row: usize| is_null.as_ref().is_none_or(|nulls| nulls.is_valid(row));
    Ok(numbered(call, 0, |row| {
        let before = row.checked_sub(1);
        before.is_some_and(|before| is_value(before) && is_value(row) && keys.compare(before, row) != Ordering::Equal)
    }))
}

fn session_id(call: &WindowArguments<'_>) -> Result<ArrayRef> {
    let times = argument(call, 0)?;
    let gaps = argument(call, 1)?;
    let time_at: Box<dyn Fn(usize) -> i64> = match times.data_type() {
        DataType::Int64 => Box::new(|row| times.as_primitive::<Int64Type>().value(row)),
        DataType::Date32 => Box::new(|row| i64::from(times.as_primitive::<Date32Type>().value(row)) * DAY),
        _ => Box::new(|row| times.as_primitive::<TimestampMicrosecondType>().value(row)),
    };
    let gaps: Vec<Option<i64>> = match gaps.data_type() {
        DataType::Int64 => gaps.as_primitive::<Int64Type>().iter().collect(),
        _ => {
            let gaps = gaps.as_primitive::<IntervalMonthDayNanoType>();
            if gaps.iter().flatten().any(|gap| gap.months != 0) {
                return Err(Error::user(
                    SqlState::INVALID_PARAMETER_VALUE,
                    "the gap between sessions must not have months, which differ in length",
                ));
            }
            let microseconds = gaps.iter().map(|gap| gap.map(fixed_microseconds).transpose());
            microseconds.collect::<Result<_>>()?
        }
    };
    let mut last: Option<i64> = None;
    let mut number = 1;
    let numbers = (0..call.row_count).map(|row| {
        if times.is_null(row) {
            return number;
        }
        let time = time_at(row);
        if let (Some(last), Some(gap)) = (last, gaps.get(row).copied().flatten()) {
            number += i64::from(time.saturating_sub(last) > gap);
        }
        last = Some(time);
        number
    });
    Ok(Arc::new(Int64Array::from_iter_values(numbers)))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use arrow_array::{ArrayRef, BooleanArray};
    use std::sync::Arc;

    #[test]
    fn events_are_numbered() {
        let conditions: ArrayRef = Arc::new(BooleanArray::from(vec![Some(false), Some(true), None, Some(true)]));
        same(
            run("conditional_true_event", &[conditions], 4, &[0]),
            bigints([Some(0), Some(1), Some(1), Some(2)]),
        );
        let values = integers(vec![Some(1), Some(1), Some(2), None, Some(3), Some(4)]);
        same(
            run("conditional_change_event", &[values], 6, &[0]),
            bigints([Some(0), Some(0), Some(1), Some(1), Some(1), Some(2)]),
        );
    }

    #[test]
    fn sessions_end_after_a_gap() {
        let times = bigints([Some(1), Some(5), None, Some(11), Some(16), Some(22)]);
        let gaps = bigints([Some(5); 6]);
        same(
            run("session_id", &[times, gaps], 6, &[0]),
            bigints([Some(1), Some(1), Some(1), Some(2), Some(2), Some(3)]),
        );
    }
}
