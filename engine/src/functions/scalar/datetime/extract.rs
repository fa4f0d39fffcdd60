//! `extract(field FROM x)` as numeric, `date_part(field, x)` as double precision.

use super::field::{Fields, grows_forever, of_dates, of_intervals, of_offsets, of_times, of_timestamps};
use super::unit::{Unit, not_recognized, not_supported};
use crate::calendar::{DAY, JULIAN_EPOCH, ZoneClock, is_infinite, is_infinite_date, midnight, split};
use crate::error::{Error, Result, SqlState};
use crate::functions::scalar::signature::*;
use crate::functions::{Call, ScalarFunction, Value};
use crate::types::array_type;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal64Type, Decimal128Type, Float64Type, IntervalMonthDayNanoType, Time64MicrosecondType,
    TimestampMicrosecondType,
};
use arrow_array::{Array, ArrayRef, PrimitiveArray, new_empty_array, new_null_array};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;
use std::sync::Arc;
use stoa_sql::types::LogicalType;

pub(super) static EXTRACT: ScalarFunction = ScalarFunction {
    info: || {
        stable(
            "extract",
            const {
                &[
                    signature(&[TEXT, DATE], extracted),
                    signature(&[TEXT, TIME], extracted),
                    signature(&[TEXT, TIMESTAMP], extracted),
                    signature(&[TEXT, TIMESTAMPTZ], extracted),
                    signature(&[TEXT, INTERVAL], extracted),
                ]
            },
        )
    },
    documentation: documentation(
        "date and time",
        "A field of a date, time, timestamp or interval: year, month, day, hour, dow, doy, week, epoch and many more.",
        "extract(year FROM date '2024-02-29')",
        "2024",
    ),
    execute,
};

pub(super) static DATE_PART: ScalarFunction = ScalarFunction {
    info: || {
        stable(
            "date_part",
            const {
                &[
                    signature(&[TEXT, DATE], returns::double),
                    signature(&[TEXT, TIME], returns::double),
                    signature(&[TEXT, TIMESTAMP], returns::double),
                    signature(&[TEXT, TIMESTAMPTZ], returns::double),
                    signature(&[TEXT, INTERVAL], returns::double),
                ]
            },
        )
    },
    documentation: documentation(
        "date and time",
        "As extract, but as a double precision number.",
        "date_part('hour', timestamp '2024-02-29 12:30')",
        "12",
    ),
    execute,
};

/// Microseconds at least; the binder, which sees the field, takes off the digits that a field never has.
fn extracted(_: &[LogicalType]) -> LogicalType {
    LogicalType::Numeric {
        precision: 38,
        scale: 6,
    }
}

fn execute(call: &Call<'_>) -> Result<Value> {
    let (units, argument) = (call.texts(0)?, call.argument(1)?);
    if units.is_constant() && !units.is_null(0) {
        let answer = field_of(call, argument.array(), units.value(0))?;
        return Ok(match argument {
            Value::Constant(_) => Value::Constant(answer),
            Value::Array(_) => Value::Array(answer),
        });
    }
    let array = argument.expand(call.row_count)?;
    let answers = (0..call.row_count).map(|row| match units.is_null(row) {
        true => Ok(new_null_array(&array_type(call.return_type), 1)),
        false => field_of(call, &array.slice(row, 1), units.value(row)),
    });
    let answers = answers.collect::<Result<Vec<_>>>()?;
    let parts: Vec<&dyn Array> = answers.iter().map(|answer| &**answer).collect();
    if parts.is_empty() {
        return Ok(Value::Array(new_empty_array(&array_type(call.return_type))));
    }
    Ok(Value::Array(arrow_select::concat::concat(&parts)?))
}

/// A field of every value, as an array of the answer's type.
fn field_of(call: &Call<'_>, array: &ArrayRef, name: &str) -> Result<ArrayRef> {
    let data_type = call.argument_type(1)?;
    let unit = Unit::of(name).ok_or_else(|| not_recognized(name, data_type))?;
    // To date_part a date is its midnight, to extract it has no hours.
    let is_midnight = *call.return_type == LogicalType::Double && *data_type == LogicalType::Date;
    let fields = match array.data_type() {
        DataType::Date32 => {
            let days = array.as_primitive::<Date32Type>().values();
            let midnights = days.iter().map(|day| midnight(*day));
            match of_dates(days, unit) {
                None if is_midnight => of_timestamps(&midnights.collect::<Result<Vec<_>>>()?, unit),
                fields => fields,
            }
        }
        DataType::Time64(_) => of_times(array.as_primitive::<Time64MicrosecondType>().values(), unit),
        DataType::Interval(_) => of_intervals(array.as_primitive::<IntervalMonthDayNanoType>().values(), unit),
        _ => {
            let values = array.as_primitive::<TimestampMicrosecondType>().values();
            if *data_type == LogicalType::TimestampTz {
                of_instants(values, unit, &ZoneClock::new(&call.statement.time_zone))
            } else {
                of_timestamps(values, unit)
            }
        }
    };
    let shown_type = if is_midnight {
        &LogicalType::Timestamp
    } else {
        data_type
    };
    let fields = fields.ok_or_else(|| not_supported(name, shown_type))?;
    let infinite = infinities(array);
    if *call.return_type == LogicalType::Double {
        return Ok(as_doubles(fields, unit, array.logical_nulls(), &infinite));
    }
    if !infinite.is_empty() && grows_forever(unit) {
        return Err(Error::user(
            SqlState::FEATURE_NOT_SUPPORTED,
            "numeric has no infinity, which this field of an infinite time is",
        ));
    }
    let nulls = without(array.logical_nulls(), array.len(), &infinite);
    as_numerics(fields, nulls, call.return_type)
}

fn of_instants(values: &[i64], unit: Unit, clock: &ZoneClock) -> Option<Fields> {
    if unit == Unit::Epoch || clock.fixed_offset() == Some(0) && !is_zone_field(unit) {
        return of_timestamps(values, unit);
    }
    if is_zone_field(unit) {
        return of_offsets(values.iter().map(|value| clock.offset(*value)), unit);
    }
    let locals: Vec<i64> = values.iter().map(|value| clock.local_time(*value)).collect();
    of_timestamps(&locals, unit)
}

fn is_zone_field(unit: Unit) -> bool {
    matches!(unit, Unit::Timezone | Unit::TimezoneHour | Unit::TimezoneMinute)
}

/// The rows of infinite values that are not NULL, with their sign.
fn infinities(array: &ArrayRef) -> Vec<(usize, f64)> {
    let sign = |negative: bool| if negative { f64::NEG_INFINITY } else { f64::INFINITY };
    let mut rows: Vec<(usize, f64)> = match array.data_type() {
        DataType::Date32 => {
            let values = array.as_primitive::<Date32Type>().values().iter().enumerate();
            let infinite = values.filter(|(_, value)| is_infinite_date(**value));
            infinite.map(|(row, value)| (row, sign(*value < 0))).collect()
        }
        DataType::Timestamp(_, _) => {
            let values = array
                .as_primitive::<TimestampMicrosecondType>()
                .values()
                .iter()
                .enumerate();
            let infinite = values.filter(|(_, value)| is_infinite(**value));
            infinite.map(|(row, value)| (row, sign(*value < 0))).collect()
        }
        _ => Vec::new(),
    };
    rows.retain(|(row, _)| array.is_valid(*row));
    rows
}

/// The rows that are valid, but for some.
fn without(nulls: Option<NullBuffer>, length: usize, rows: &[(usize, f64)]) -> Option<NullBuffer> {
    if rows.is_empty() {
        return nulls;
    }
    let valid = |row: usize| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
    let mut bits: Vec<bool> = (0..length).map(valid).collect();
    for (row, _) in rows {
        if let Some(bit) = bits.get_mut(*row) {
            *bit = false;
        }
    }
    Some(bits.into())
}

fn as_doubles(fields: Fields, unit: Unit, nulls: Option<NullBuffer>, infinite: &[(usize, f64)]) -> ArrayRef {
    let mut values: Vec<f64> = match fields {
        Fields::Decimals { values, scale: 0 } => values.iter().map(|value| *value as f64).collect(),
        Fields::Decimals { values, scale } => {
            let divisor = 10f64.powi(scale.into());
            values.iter().map(|value| *value as f64 / divisor).collect()
        }
        Fields::JulianTimestamps(values) => values.iter().map(|value| julian(*value)).collect(),
    };
    if !grows_forever(unit) {
        let nulls = without(nulls, values.len(), infinite);
        return Arc::new(PrimitiveArray::<Float64Type>::new(values.into(), nulls));
    }
    for (row, value) in infinite {
        if let Some(place) = values.get_mut(*row) {
            *place = *value;
        }
    }
    Arc::new(PrimitiveArray::<Float64Type>::new(values.into(), nulls))
}

fn julian(timestamp: i64) -> f64 {
    let (days, time) = split(timestamp);
    (days + JULIAN_EPOCH) as f64 + time as f64 / DAY as f64
}

fn as_numerics(fields: Fields, nulls: Option<NullBuffer>, target: &LogicalType) -> Result<ArrayRef> {
    let array_type = array_type(target);
    match (fields, &array_type) {
        (Fields::Decimals { values, scale }, DataType::Decimal64(_, target))
            if i32::from(scale) == i32::from(*target) =>
        {
            let array = PrimitiveArray::<Decimal64Type>::new(values.into(), nulls);
            Ok(Arc::new(array.with_data_type(array_type)))
        }
        (fields, DataType::Decimal64(_, scale)) => {
            let values = rescaled(fields, *scale, &nulls)?;
            let values = values.into_iter().map(i64::try_from).collect::<Result<Vec<_>, _>>();
            let values = values.map_err(|_| out_of_range())?;
            let array = PrimitiveArray::<Decimal64Type>::new(values.into(), nulls);
            Ok(Arc::new(array.with_data_type(array_type)))
        }
        (fields, DataType::Decimal128(_, scale)) => {
            let values = rescaled(fields, *scale, &nulls)?;
            let array = PrimitiveArray::<Decimal128Type>::new(values.into(), nulls);
            Ok(Arc::new(array.with_data_type(array_type)))
        }
        (_, other) => Err(Error::Internal(format!("extract does not answer with {other}"))),
    }
}

fn out_of_range() -> Error {
    Error::user(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, "numeric field overflow")
}

/// The field as unscaled numerics of a scale, rounded half away from zero; 0 for NULLs.
fn rescaled(fields: Fields, scale: i8, nulls: &Option<NullBuffer>) -> Result<Vec<i128>> {
    let power = |digits: u32| 10i128.checked_pow(digits).ok_or_else(out_of_range);
    let target = u32::try_from(scale).unwrap_or(0);
    let mut values: Vec<i128> = match fields {
        Fields::Decimals { values, scale } if target >= u32::from(scale) => {
            let factor = power(target - u32::from(scale))?;
            values
                .iter()
                .map(|value| i128::from(*value).saturating_mul(factor))
                .collect()
        }
        Fields::Decimals { values, scale } => {
            let divisor = power(u32::from(scale) - target)?;
            values
                .iter()
                .map(|value| divide_rounded((*value).into(), divisor))
                .collect()
        }
        Fields::JulianTimestamps(values) => {
            let factor = power(target)?;
            let exact = |value: &i64| {
                let (days, time) = split(*value);
                let whole = i128::from(days + JULIAN_EPOCH).saturating_mul(factor);
                whole.saturating_add(divide_rounded(i128::from(time).saturating_mul(factor), DAY.into()))
            };
            values.iter().map(exact).collect()
        }
    };
    if let Some(nulls) = nulls {
        for (row, value) in values.iter_mut().enumerate() {
            if nulls.is_null(row) {
                *value = 0;
            }
        }
    }
    Ok(values)
}

fn divide_rounded(value: i128, divisor: i128) -> i128 {
    let (quotient, rest) = (value / divisor, value % divisor);
    quotient + if rest.abs() * 2 >= divisor { value.signum() } else { 0 }
}

#[cfg(test)]
#[path = "extract_tests.rs"]
mod tests;
