//! `generate_series(start, stop [, step])` of integers, numerics and times. Rows are made as they are asked for.

use super::rows::{Nothing, argument, has_null};
use super::table;
use crate::calendar::{Span, ZoneClock, moved};
use crate::error::{Error, Result, SqlState};
use crate::functions::scalar::signature::*;
use crate::functions::{TableCall, TableFunction, TableRows};
use crate::types::array_type;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Decimal64Type, Decimal128Type, Int32Type, Int64Type, IntervalMonthDayNanoType,
    TimestampMicrosecondType,
};
use arrow_array::{Array, ArrayRef, PrimitiveArray};
use arrow_schema::DataType;
use std::sync::Arc;
use stoa_sql::catalog::Volatility;
use stoa_sql::types::{LogicalType, NUMERIC_PRECISION_MAX};

pub(super) static GENERATE_SERIES: TableFunction = TableFunction {
    info: || {
        table(
            "generate_series",
            // In zones, days and months depend on the session's.
            Volatility::Stable,
            const {
                &[
                    signature(&[INTEGER, INTEGER], returns::integer),
                    signature(&[INTEGER, INTEGER, INTEGER], returns::integer),
                    signature(&[BIGINT, BIGINT], returns::bigint),
                    signature(&[BIGINT, BIGINT, BIGINT], returns::bigint),
                    signature(&[NUMERIC, NUMERIC], widest),
                    signature(&[NUMERIC, NUMERIC, NUMERIC], widest),
                    signature(&[TIMESTAMP, TIMESTAMP, INTERVAL], returns::timestamp),
                    signature(&[TIMESTAMPTZ, TIMESTAMPTZ, INTERVAL], returns::timestamptz),
                ]
            },
        )
    },
    documentation: documentation(
        "table",
        "The values from a start to a stop, a step apart.",
        "generate_series(1, 10, 3)",
        "1, 4, 7, 10",
    ),
    open,
};

/// The numeric that holds all digits of start and step.
fn widest(types: &[LogicalType]) -> LogicalType {
    let scales = types.iter().map(|data_type| match data_type {
        LogicalType::Numeric { scale, .. } => *scale,
        _ => 0,
    });
    LogicalType::Numeric {
        precision: NUMERIC_PRECISION_MAX,
        scale: scales.max().unwrap_or(0),
    }
}

fn open(call: &TableCall<'_>) -> Result<Box<dyn TableRows>> {
    if has_null(call) {
        return Ok(Box::new(Nothing));
    }
    match call.argument_types.first() {
        Some(LogicalType::Integer) => integers::<Int32Type>(call, LogicalType::Integer),
        Some(LogicalType::BigInt) => integers::<Int64Type>(call, LogicalType::BigInt),
        Some(LogicalType::Numeric { .. }) => numerics(call),
        Some(LogicalType::Timestamp) => times(call, LogicalType::Timestamp, None),
        Some(LogicalType::TimestampTz) => {
            let clock = ZoneClock::new(&call.statement.time_zone);
            times(call, LogicalType::TimestampTz, Some(clock))
        }
        other => Err(Error::Internal(format!("generate_series of {other:?}"))),
    }
}

fn no_step() -> Error {
    Error::user(SqlState::INVALID_PARAMETER_VALUE, "step size cannot equal zero")
}

/// Whole numbers a step apart, in 128 bits, where nothing overflows on the way to the stop.
struct Numbers<T> {
    next: i128,
    stop: i128,
    step: i128,
    data_type: LogicalType,
    narrow: fn(i128) -> T,
}

impl<T> Numbers<T> {
    /// How many are left.
    fn rest(&self) -> u128 {
        let distance = match self.step > 0 {
            true => self.stop - self.next,
            false => self.next - self.stop,
        };
        match distance < 0 {
            true => 0,
            false => distance.unsigned_abs() / self.step.unsigned_abs() + 1,
        }
    }

    fn take(&mut self, rows_max: usize) -> Option<Vec<T>> {
        let count = usize::try_from(self.rest()).unwrap_or(usize::MAX).min(rows_max.max(1));
        if count == 0 {
            return None;
        }
        let mut values = Vec::with_capacity(count);
        for _ in 0..count {
            values.push((self.narrow)(self.next));
            self.next += self.step;
        }
        Some(values)
    }
}

struct Series<P: ArrowPrimitiveType>(Numbers<P::Native>);

impl<P: ArrowPrimitiveType> TableRows for Series<P>
where
    P::Native: Send,
{
    fn next(&mut self, rows_max: usize) -> Result<Option<Vec<ArrayRef>>> {
        let data_type = array_type(&self.0.data_type);
        Ok(self.0.take(rows_max).map(|values| {
            let array = PrimitiveArray::<P>::new(values.into(), None).with_data_type(data_type);
            vec![Arc::new(array) as ArrayRef]
        }))
    }
}

/// A number that a series of this type reaches: it lies between two others of the type.
trait Narrow {
    fn narrow(value: i128) -> Self;
}

impl Narrow for i32 {
    fn narrow(value: i128) -> Self {
        value as i32
    }
}

impl Narrow for i64 {
    fn narrow(value: i128) -> Self {
        value as i64
    }
}

fn integers<P: ArrowPrimitiveType>(call: &TableCall<'_>, data_type: LogicalType) -> Result<Box<dyn TableRows>>
where
    P::Native: Into<i64> + Narrow + Send,
{
    let value = |at: usize| -> Result<i128> {
        let value: i64 = argument(call, at)?.as_primitive::<P>().value(0).into();
        Ok(value.into())
    };
    let step = if call.arguments.len() == 3 { value(2)? } else { 1 };
    if step == 0 {
        return Err(no_step());
    }
    Ok(Box::new(Series::<P>(Numbers {
        next: value(0)?,
        stop: value(1)?,
        step,
        data_type,
        narrow: P::Native::narrow,
    })))
}

fn numerics(call: &TableCall<'_>) -> Result<Box<dyn TableRows>> {
    let data_type = widest(call.argument_types);
    let LogicalType::Numeric { scale: target, .. } = data_type else {
        return Err(Error::Internal("a series of numerics is not numeric".into()));
    };
    let value = |at: usize| -> Result<i128> {
        let array = argument(call, at)?;
        let (value, scale) = match array.data_type() {
            DataType::Decimal64(_, scale) => (array.as_primitive::<Decimal64Type>().value(0).into(), *scale),
            DataType::Decimal128(_, scale) => (array.as_primitive::<Decimal128Type>().value(0), *scale),
            other => return Err(Error::Internal(format!("a numeric is {other}"))),
        };
        let digits = u32::from(target) - u32::try_from(scale).unwrap_or(0).min(u32::from(target));
        let scaled = 10i128.checked_pow(digits).and_then(|factor| value.checked_mul(factor));
        // Far from overflow, so that the series cannot overflow either.
        scaled
            .filter(|value: &i128| value.unsigned_abs() < 10u128.pow(37))
            .ok_or_else(|| Error::user(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, "numeric field overflow"))
    };
    let step = match call.arguments.len() {
        3 => value(2)?,
        _ => 10i128.pow(target.into()),
    };
    if step == 0 {
        return Err(no_step());
    }
    Ok(Box::new(Series::<Decimal128Type>(Numbers {
        next: value(0)?,
        stop: value(1)?,
        step,
        data_type,
        narrow: |value| value,
    })))
}

/// Times an interval apart, each from the one before.
struct Times {
    next: Option<i64>,
    stop: i64,
    step: Span,
    forward: bool,
    data_type: LogicalType,
    clock: Option<ZoneClock>,
}

fn times(call: &TableCall<'_>, data_type: LogicalType, clock: Option<ZoneClock>) -> Result<Box<dyn TableRows>> {
    let value = |at: usize| Ok::<_, Error>(argument(call, at)?.as_primitive::<TimestampMicrosecondType>().value(0));
    let step = argument(call, 2)?.as_primitive::<IntervalMonthDayNanoType>().value(0);
    // Months count as 30 days where intervals are compared.
    let days = i128::from(step.months) * 30 + i128::from(step.days);
    let length = days * 86_400_000_000_000 + i128::from(step.nanoseconds);
    if length == 0 {
        return Err(no_step());
    }
    Ok(Box::new(Times {
        next: Some(value(0)?),
        stop: value(1)?,
        step: step.into(),
        forward: length > 0,
        data_type,
        clock,
    }))
}

impl TableRows for Times {
    fn next(&mut self, rows_max: usize) -> Result<Option<Vec<ArrayRef>>> {
        let mut values = Vec::new();
        while values.len() < rows_max.max(1)
            && let Some(here) = self.next
            && (if self.forward {
                here <= self.stop
            } else {
                here >= self.stop
            })
        {
            values.push(here);
            let next = moved(here, self.step, self.clock.as_ref());
            // The step after the last may leave the range; one that leads nowhere ends the series.
            self.next = next.ok().filter(|next| *next != here);
        }
        if values.is_empty() {
            return Ok(None);
        }
        let array = PrimitiveArray::<TimestampMicrosecondType>::new(values.into(), None);
        Ok(Some(vec![Arc::new(array.with_data_type(array_type(&self.data_type)))]))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::functions::scalar::datetime::testing::{interval, timestamp, timestamptz};
    use crate::functions::scalar::testing::*;
    use crate::types::LogicalType;

    #[test]
    fn integers() {
        for (arguments, expected) in [
            (vec![integer(1), integer(3)], vec![1, 2, 3]),
            (vec![integer(5), integer(1), integer(-2)], vec![5, 3, 1]),
            (vec![integer(3), integer(1)], vec![]),
            (
                vec![integer(i32::MAX - 1), integer(i32::MAX)],
                vec![i32::MAX - 1, i32::MAX],
            ),
            (vec![integer(1), integer(10), integer(4)], vec![1, 5, 9]),
        ] {
            let expected: Vec<_> = expected.into_iter().map(|value| vec![integer(value)]).collect();
            assert_eq!(rows("generate_series", &arguments), expected);
        }
        let end = [bigint(i64::MAX - 1), bigint(i64::MAX)];
        assert_eq!(rows("generate_series", &end).len(), 2);
        let whole = try_rows("generate_series", &[integer(1), integer(3), integer(0)]).unwrap_err();
        assert_eq!(
            (whole.state().0, whole.to_string().as_str()),
            ("22023", "step size cannot equal zero")
        );
        assert!(rows("generate_series", &[null(LogicalType::Integer), integer(3)]).is_empty());
    }

    #[test]
    fn numerics() {
        let shown = |arguments: &[Typed]| -> Vec<String> {
            rows("generate_series", arguments)
                .iter()
                .map(|row| format!("{:?}", row[0].0))
                .collect()
        };
        assert_eq!(shown(&[numeric("1.5"), numeric("3")]), ["Numeric(15)", "Numeric(25)"]);
        let halves = [numeric("1.0"), numeric("2"), numeric("0.50")];
        assert_eq!(shown(&halves), ["Numeric(100)", "Numeric(150)", "Numeric(200)"]);
    }

    #[test]
    fn times() {
        let month = interval(1, 0, "0:0:0");
        let arguments = [timestamp("2024-01-31"), timestamp("2024-05-01"), month];
        let expected = ["2024-01-31", "2024-02-29", "2024-03-29", "2024-04-29"].map(|time| vec![timestamp(time)]);
        assert_eq!(rows("generate_series", &arguments), expected);
        let back = [
            timestamptz("2024-01-03"),
            timestamptz("2024-01-02"),
            interval(0, -1, "0:0:0"),
        ];
        assert_eq!(
            rows("generate_series", &back),
            ["2024-01-03", "2024-01-02"].map(|time| vec![timestamptz(time)])
        );
        let wrong_way = [
            timestamp("2024-01-01"),
            timestamp("2024-01-05"),
            interval(1, -31, "0:0:0"),
        ];
        assert!(rows("generate_series", &wrong_way).is_empty());
        let nowhere = [
            timestamp("2024-01-01"),
            timestamp("2024-01-05"),
            interval(0, 0, "0:0:0"),
        ];
        assert_eq!(
            try_rows("generate_series", &nowhere).unwrap_err().to_string(),
            "step size cannot equal zero"
        );
    }
}
