//! Columns as files hold them to columns as tables hold them: the same type without a copy, narrower ones with a check of every value,
//! strings as whatever their text says. Nothing is cut off or wrapped around in silence.

use crate::calendar::{DAY, SECOND, ZoneClock, is_timestamp};
use crate::error::{Error, Result, SqlState};
use crate::format::FormatSettings;
use crate::format::text::{self, ColumnWriter, column_builder};
use crate::types::{DECIMAL64_PRECISION_MAX, LogicalType, array_type};
use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, BinaryViewArray, FixedSizeBinaryArray, ListArray, PrimitiveArray,
};
use arrow_buffer::i256;
use arrow_schema::{DataType, Field, TimeUnit};
use std::sync::Arc;

/// Turns a file's column into a table's.
pub(super) type Conversion = Box<dyn Fn(&ArrayRef) -> Result<ArrayRef> + Send + Sync>;

/// How a type of file becomes a type of table; `None` where it does not.
pub(super) fn conversion(source: &DataType, target: &LogicalType, settings: &FormatSettings) -> Option<Conversion> {
    let plain = array_type(target);
    let takes_any_text = matches!(target, LogicalType::Text | LogicalType::Varchar(None));
    if let (DataType::List(field), LogicalType::Array(element)) = (source, target) {
        return list_conversion(field.data_type(), element, settings);
    }
    match (source, &plain) {
        (source, plain) if source == plain && (takes_any_text || *plain != DataType::Utf8View) => {
            Some(Box::new(|array| Ok(array.clone())))
        }
        (DataType::Utf8View, _) => Some(text_conversion(target.clone(), settings.clone())),
        (_, DataType::Int16 | DataType::Int32 | DataType::Int64) => integer_conversion(source, target, &plain),
        (_, DataType::Float32 | DataType::Float64) => float_conversion(source, &plain),
        (_, DataType::Decimal64(precision, scale) | DataType::Decimal128(precision, scale)) => {
            decimal_conversion(source, *precision, u8::try_from(*scale).ok()?)
        }
        (_, DataType::Date32) => date_conversion(source),
        (_, DataType::Time64(_)) => time_conversion(source),
        (_, DataType::Timestamp(_, _)) => timestamp_conversion(source, target, settings.clone()),
        (_, DataType::BinaryView | DataType::FixedSizeBinary(16)) => bytes_conversion(source, &plain),
        _ => None,
    }
}

#[cold]
fn out_of_range(type_name: impl std::fmt::Display) -> Error {
    Error::user(
        SqlState::NUMERIC_VALUE_OUT_OF_RANGE,
        format!("{type_name} out of range"),
    )
}

#[cold]
fn datetime_out_of_range(type_name: &str) -> Error {
    Error::user(SqlState::DATETIME_FIELD_OVERFLOW, format!("{type_name} out of range"))
}

/// Lists of what converts.
fn list_conversion(source: &DataType, element: &LogicalType, settings: &FormatSettings) -> Option<Conversion> {
    let convert = conversion(source, element, settings)?;
    let field = Arc::new(Field::new("item", array_type(element), true));
    Some(Box::new(move |array| {
        let (_, offsets, values, nulls) = array.as_list::<i32>().clone().into_parts();
        Ok(Arc::new(ListArray::try_new(
            field.clone(),
            offsets,
            convert(&values)?,
            nulls,
        )?))
    }))
}

/// Whatever a text stands for.
fn text_conversion(target: LogicalType, settings: FormatSettings) -> Conversion {
    Box::new(move |array| {
        let mut builder = column_builder(&target, &settings)?;
        for value in array.as_string_view() {
            match value {
                Some(value) => builder.push_text(value.as_bytes())?,
                None => builder.push_null(),
            }
        }
        Ok(builder.finish())
    })
}

/// An array of another type with every value changed.
fn map<S: ArrowPrimitiveType, T: ArrowPrimitiveType>(
    array: &ArrayRef,
    data_type: &DataType,
    change: impl Fn(S::Native) -> Result<T::Native>,
) -> Result<ArrayRef> {
    let changed: PrimitiveArray<T> = array.as_primitive::<S>().try_unary(change)?;
    Ok(Arc::new(changed.with_data_type(data_type.clone())))
}

/// Any width of integer as 64 bits; `None` for other types.
fn widened(array: &ArrayRef) -> Option<Result<ArrayRef>> {
    fn widen<S: ArrowPrimitiveType>(array: &ArrayRef) -> Result<ArrayRef>
    where
        i64: TryFrom<S::Native>,
    {
        map::<S, Int64Type>(array, &DataType::Int64, |value| {
            i64::try_from(value).map_err(|_| out_of_range("bigint"))
        })
    }
    Some(match array.data_type() {
        DataType::Int8 => widen::<Int8Type>(array),
        DataType::Int16 => widen::<Int16Type>(array),
        DataType::Int32 => widen::<Int32Type>(array),
        DataType::Int64 => Ok(array.clone()),
        DataType::UInt8 => widen::<UInt8Type>(array),
        DataType::UInt16 => widen::<UInt16Type>(array),
        DataType::UInt32 => widen::<UInt32Type>(array),
        DataType::UInt64 => widen::<UInt64Type>(array),
        _ => return None,
    })
}

fn is_integer(data_type: &DataType) -> bool {
    data_type.is_integer()
}

fn is_decimal(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Decimal32(_, _) | DataType::Decimal64(_, _) | DataType::Decimal128(_, _) | DataType::Decimal256(_, _)
    )
}

fn integer_conversion(source: &DataType, target: &LogicalType, plain: &DataType) -> Option<Conversion> {
    let plain = plain.clone();
    let type_name = target.to_string();
    if is_decimal(source) {
        // Rounded to a whole number, as a cast from numeric is.
        let whole = decimal_conversion(source, 38, 0)?;
        return Some(Box::new(move |array| {
            let numbers = map::<Decimal128Type, Int64Type>(&whole(array)?, &DataType::Int64, |value| {
                i64::try_from(value).map_err(|_| out_of_range(&type_name))
            })?;
            narrowed(&numbers, &plain, &type_name)
        }));
    }
    if !is_integer(source) {
        return None;
    }
    Some(Box::new(move |array| match widened(array) {
        Some(numbers) => narrowed(&numbers?, &plain, &type_name),
        None => Err(Error::Internal(format!("{} is no integer", array.data_type()))),
    }))
}

/// 64-bit integers as a table's width.
fn narrowed(numbers: &ArrayRef, plain: &DataType, type_name: &str) -> Result<ArrayRef> {
    match plain {
        DataType::Int16 => map::<Int64Type, Int16Type>(numbers, plain, |value| {
            i16::try_from(value).map_err(|_| out_of_range(type_name))
        }),
        DataType::Int32 => map::<Int64Type, Int32Type>(numbers, plain, |value| {
            i32::try_from(value).map_err(|_| out_of_range(type_name))
        }),
        _ => Ok(numbers.clone()),
    }
}

fn float_conversion(source: &DataType, plain: &DataType) -> Option<Conversion> {
    let is_real = *plain == DataType::Float32;
    let finish = move |array: ArrayRef| match is_real {
        false => Ok(array),
        true => map::<Float64Type, Float32Type>(&array, &DataType::Float32, |value| {
            let narrow = value as f32;
            match narrow.is_infinite() && value.is_finite() {
                true => Err(out_of_range("real")),
                false => Ok(narrow),
            }
        }),
    };
    match source {
        DataType::Float32 => Some(Box::new(|array| {
            map::<Float32Type, Float64Type>(array, &DataType::Float64, |value| Ok(value.into()))
        })),
        DataType::Float64 => Some(Box::new(move |array| finish(array.clone()))),
        source if is_integer(source) => Some(Box::new(move |array| match widened(array) {
            Some(numbers) => finish(map::<Int64Type, Float64Type>(&numbers?, &DataType::Float64, |value| {
                Ok(value as f64)
            })?),
            None => Err(Error::Internal(format!("{} is no integer", array.data_type()))),
        })),
        source if is_decimal(source) => {
            let scale = scale_of(source)?;
            let numbers = decimal_conversion(source, 38, scale)?;
            Some(Box::new(move |array| {
                finish(map::<Decimal128Type, Float64Type>(
                    &numbers(array)?,
                    &DataType::Float64,
                    |value| Ok(float_of(value, scale)),
                )?)
            }))
        }
        _ => None,
    }
}

/// The nearest floating-point number.
fn float_of(value: i128, scale: u8) -> f64 {
    // Both exact, so that the quotient is rounded once.
    if value.unsigned_abs() < 1 << 53 && scale <= 22 {
        return value as f64 / 10_f64.powi(scale.into());
    }
    format!("{value}e-{scale}").parse().unwrap_or(f64::NAN)
}

/// Digits behind the point, where that is not negative.
fn scale_of(data_type: &DataType) -> Option<u8> {
    match data_type {
        DataType::Decimal32(_, scale)
        | DataType::Decimal64(_, scale)
        | DataType::Decimal128(_, scale)
        | DataType::Decimal256(_, scale) => u8::try_from(*scale).ok(),
        _ => Some(0),
    }
}

/// To `numeric(precision, scale)`, in 64 bits where they suffice.
fn decimal_conversion(source: &DataType, precision: u8, scale: u8) -> Option<Conversion> {
    if matches!(source, DataType::Float32 | DataType::Float64) {
        return Some(float_to_decimal(LogicalType::Numeric { precision, scale }));
    }
    if !is_integer(source) && !is_decimal(source) {
        return None;
    }
    let source_scale = scale_of(source)?;
    Some(Box::new(move |array| {
        let numbers = unscaled(array)?;
        let change = |value: i128| rescaled(value, source_scale, precision, scale);
        if precision > DECIMAL64_PRECISION_MAX {
            let data_type = DataType::Decimal128(precision, scale as i8);
            return map::<Decimal128Type, Decimal128Type>(&numbers, &data_type, change);
        }
        let data_type = DataType::Decimal64(precision, scale as i8);
        // So few digits fit.
        map::<Decimal128Type, Decimal64Type>(&numbers, &data_type, |value| change(value).map(|value| value as i64))
    }))
}

/// Integers and decimals as 128-bit numbers without their scale.
fn unscaled(array: &ArrayRef) -> Result<ArrayRef> {
    const WIDE: DataType = DataType::Decimal128(38, 0);
    match array.data_type() {
        DataType::Decimal32(_, _) => map::<Decimal32Type, Decimal128Type>(array, &WIDE, |value| Ok(value.into())),
        DataType::Decimal64(_, _) => map::<Decimal64Type, Decimal128Type>(array, &WIDE, |value| Ok(value.into())),
        DataType::Decimal128(_, _) => Ok(array.clone()),
        DataType::Decimal256(_, _) => map::<Decimal256Type, Decimal128Type>(array, &WIDE, |value: i256| {
            value.to_i128().ok_or_else(|| out_of_range("numeric"))
        }),
        DataType::UInt64 => map::<UInt64Type, Decimal128Type>(array, &WIDE, |value| Ok(value.into())),
        _ => match widened(array) {
            Some(numbers) => map::<Int64Type, Decimal128Type>(&numbers?, &WIDE, |value| Ok(value.into())),
            None => Err(Error::Internal(format!("{} is no number", array.data_type()))),
        },
    }
}

/// A number at another scale, rounded half away from zero, if the precision allows it.
fn rescaled(value: i128, source_scale: u8, precision: u8, scale: u8) -> Result<i128> {
    let overflow = || text::error::numeric_overflow(precision, scale);
    let power = |digits: u8| 10_i128.checked_pow(digits.into());
    let changed = match scale.checked_sub(source_scale) {
        Some(0) => value,
        Some(more) => match power(more).and_then(|factor| value.checked_mul(factor)) {
            Some(value) => value,
            None if value == 0 => 0,
            None => return Err(overflow()),
        },
        None => match power(source_scale - scale) {
            Some(divisor) => {
                let (quotient, rest) = (value / divisor, value % divisor);
                // Compared without doubling, which could overflow.
                let rounds = rest.unsigned_abs() >= divisor.unsigned_abs() - rest.unsigned_abs();
                quotient + if rounds { value.signum() } else { 0 }
            }
            None => 0,
        },
    };
    match power(precision) {
        Some(bound) if changed.unsigned_abs() >= bound.unsigned_abs() => Err(overflow()),
        _ => Ok(changed),
    }
}

/// By 15 (of `real` 6) significant digits, as Postgres casts.
fn float_to_decimal(target: LogicalType) -> Conversion {
    let settings = FormatSettings {
        extra_float_digits: 0,
        ..FormatSettings::default()
    };
    Box::new(move |array| {
        let writer = ColumnWriter::new(array, &LogicalType::Double, &settings);
        let mut builder = column_builder(&target, &settings)?;
        let mut shown = Vec::new();
        for row in 0..array.len() {
            if array.is_null(row) {
                builder.push_null();
                continue;
            }
            shown.clear();
            writer.write(row, &mut shown);
            builder.push_text(&shown)?;
        }
        Ok(builder.finish())
    })
}

fn date_conversion(source: &DataType) -> Option<Conversion> {
    const MILLISECONDS_PER_DAY: i64 = 86_400_000;
    match source {
        DataType::Date64 => Some(Box::new(|array| {
            map::<Date64Type, Date32Type>(array, &DataType::Date32, |value| {
                i32::try_from(value.div_euclid(MILLISECONDS_PER_DAY)).map_err(|_| datetime_out_of_range("date"))
            })
        })),
        _ => None,
    }
}

fn time_conversion(source: &DataType) -> Option<Conversion> {
    const TARGET: DataType = DataType::Time64(TimeUnit::Microsecond);
    let checked = |microseconds: i64| match microseconds {
        0..=DAY => Ok(microseconds),
        _ => Err(datetime_out_of_range("time")),
    };
    match source {
        DataType::Time32(TimeUnit::Second) => Some(Box::new(move |array| {
            map::<Time32SecondType, Time64MicrosecondType>(array, &TARGET, |value| checked(i64::from(value) * SECOND))
        })),
        DataType::Time32(TimeUnit::Millisecond) => Some(Box::new(move |array| {
            map::<Time32MillisecondType, Time64MicrosecondType>(array, &TARGET, |value| {
                checked(i64::from(value) * 1_000)
            })
        })),
        DataType::Time64(TimeUnit::Nanosecond) => Some(Box::new(move |array| {
            map::<Time64NanosecondType, Time64MicrosecondType>(array, &TARGET, |value| checked(value.div_euclid(1_000)))
        })),
        _ => None,
    }
}

fn timestamp_conversion(source: &DataType, target: &LogicalType, settings: FormatSettings) -> Option<Conversion> {
    let to_zoned = *target == LogicalType::TimestampTz;
    let plain = array_type(target);
    let (unit, from_zoned) = match source {
        DataType::Timestamp(unit, zone) => (*unit, zone.is_some()),
        DataType::Date32 => {
            return Some(Box::new(move |array| {
                let clock = ZoneClock::new(&settings.time_zone);
                map::<Date32Type, TimestampMicrosecondType>(array, &plain, |days| {
                    moved(i64::from(days) * DAY, false, to_zoned, &clock)
                })
            }));
        }
        _ => return None,
    };
    Some(Box::new(move |array| {
        let clock = ZoneClock::new(&settings.time_zone);
        let change = |value: i64, numerator: i64, denominator: i64| {
            let microseconds = value
                .checked_mul(numerator)
                .ok_or_else(|| datetime_out_of_range("timestamp"))?;
            moved(microseconds.div_euclid(denominator), from_zoned, to_zoned, &clock)
        };
        match unit {
            TimeUnit::Second => {
                map::<TimestampSecondType, TimestampMicrosecondType>(array, &plain, |value| change(value, SECOND, 1))
            }
            TimeUnit::Millisecond => {
                map::<TimestampMillisecondType, TimestampMicrosecondType>(array, &plain, |value| {
                    change(value, 1_000, 1)
                })
            }
            // Only the zone's name differs.
            TimeUnit::Microsecond if from_zoned && to_zoned => {
                let values = array.as_primitive::<TimestampMicrosecondType>().clone();
                Ok(Arc::new(values.with_data_type(plain.clone())) as ArrayRef)
            }
            TimeUnit::Microsecond => {
                map::<TimestampMicrosecondType, TimestampMicrosecondType>(array, &plain, |value| change(value, 1, 1))
            }
            TimeUnit::Nanosecond => {
                map::<TimestampNanosecondType, TimestampMicrosecondType>(array, &plain, |value| change(value, 1, 1_000))
            }
        }
    }))
}

/// Local time to an instant and back, in the session's zone, if that is what differs.
fn moved(microseconds: i64, from_zoned: bool, to_zoned: bool, clock: &ZoneClock) -> Result<i64> {
    let moment = match (from_zoned, to_zoned) {
        (false, true) => clock.instant_of(microseconds),
        (true, false) => clock.local_time(microseconds),
        _ => microseconds,
    };
    match is_timestamp(moment) {
        true => Ok(moment),
        false => Err(datetime_out_of_range("timestamp")),
    }
}

fn bytes_conversion(source: &DataType, plain: &DataType) -> Option<Conversion> {
    match (source, plain) {
        (DataType::FixedSizeBinary(_), DataType::BinaryView) => Some(Box::new(|array| {
            let values: BinaryViewArray = array.as_fixed_size_binary().iter().collect();
            Ok(Arc::new(values))
        })),
        (DataType::BinaryView, DataType::FixedSizeBinary(16)) => Some(Box::new(|array| {
            let values = array.as_binary_view().iter();
            let array = FixedSizeBinaryArray::try_from_sparse_iter_with_size(values, 16)
                .map_err(|_| Error::user(SqlState::INVALID_TEXT_REPRESENTATION, "a uuid must have 16 bytes"))?;
            Ok(Arc::new(array))
        })),
        _ => None,
    }
}
