//! Columns from text (or binary) values: one builder per form of column, all NULLs apart from the values.

mod boolean;
mod literals;
mod primitive;
mod strings;

use super::ColumnBuilder;
use super::text_in::{datetime, interval, number, numeric, tid, uuid};
use crate::error::{Error, Result, SqlState};
use crate::format::FormatSettings;
use crate::format::binary::read;
use crate::types::{DECIMAL64_PRECISION_MAX, LogicalType, array_type};
use arrow_array::types::*;
use arrow_buffer::IntervalMonthDayNano;
use primitive::{PrimitiveColumn, UuidColumn};
use strings::{BytesColumn, JsonColumn, TextColumn};

/// See [`super::column_builder`].
pub(super) fn column_builder(data_type: &LogicalType, settings: &FormatSettings) -> Result<Box<dyn ColumnBuilder>> {
    let array = array_type(data_type);
    let settings = settings.clone();
    Ok(match data_type {
        LogicalType::Boolean => Box::new(boolean::BooleanColumn::default()),
        LogicalType::SmallInt => Box::new(PrimitiveColumn::<Int16Type, _, _>::new(
            array,
            |text| number::parse_integer(text, "smallint"),
            read::i16,
        )),
        LogicalType::Integer => Box::new(PrimitiveColumn::<Int32Type, _, _>::new(
            array,
            |text| number::parse_integer(text, "integer"),
            read::i32,
        )),
        LogicalType::BigInt => Box::new(PrimitiveColumn::<Int64Type, _, _>::new(
            array,
            |text| number::parse_integer(text, "bigint"),
            read::i64,
        )),
        LogicalType::Oid => Box::new(PrimitiveColumn::<Int64Type, _, _>::new(
            array,
            number::parse_oid,
            read::oid,
        )),
        LogicalType::Tid => Box::new(PrimitiveColumn::<Int64Type, _, _>::new(array, tid::parse, read::tid)),
        LogicalType::Real => Box::new(PrimitiveColumn::<Float32Type, _, _>::new(
            array,
            number::parse_f32,
            read::f32,
        )),
        LogicalType::Double => Box::new(PrimitiveColumn::<Float64Type, _, _>::new(
            array,
            number::parse_f64,
            read::f64,
        )),
        LogicalType::Numeric { precision, scale } => decimal_builder(*precision, *scale, array),
        LogicalType::Date => Box::new(PrimitiveColumn::<Date32Type, _, _>::new(
            array,
            move |text| datetime::parse_date(text, &settings),
            read::date,
        )),
        LogicalType::Time => Box::new(PrimitiveColumn::<Time64MicrosecondType, _, _>::new(
            array,
            move |text| datetime::parse_time(text, &settings),
            read::time,
        )),
        LogicalType::Timestamp => Box::new(PrimitiveColumn::<TimestampMicrosecondType, _, _>::new(
            array,
            move |text| datetime::parse_timestamp(text, &settings),
            read::timestamp,
        )),
        LogicalType::TimestampTz => Box::new(PrimitiveColumn::<TimestampMicrosecondType, _, _>::new(
            array,
            move |text| datetime::parse_timestamp_tz(text, &settings),
            read::timestamp,
        )),
        LogicalType::Interval => Box::new(PrimitiveColumn::<IntervalMonthDayNanoType, _, _>::new(
            array,
            move |text| {
                let value = interval::parse(text, settings.interval_style)?;
                Ok(nanoseconds(value.months, value.days, value.microseconds))
            },
            |bytes| {
                let (months, days, microseconds) = read::interval(bytes)?;
                Ok(nanoseconds(months, days, microseconds))
            },
        )),
        LogicalType::Uuid => Box::new(UuidColumn::new(uuid::parse)),
        LogicalType::Bytea => Box::new(BytesColumn::default()),
        LogicalType::Json | LogicalType::Jsonb | LogicalType::Jsonpath => Box::new(JsonColumn::new(data_type.clone())),
        LogicalType::Unknown
        | LogicalType::Text
        | LogicalType::Varchar(_)
        | LogicalType::Char(_)
        | LogicalType::Name
        | LogicalType::SingleChar => Box::new(TextColumn::new(data_type.clone())),
        LogicalType::Regclass
        | LogicalType::Regtype
        | LogicalType::Regproc
        | LogicalType::Regnamespace
        | LogicalType::Int2Vector
        | LogicalType::OidVector
        | LogicalType::Array(_)
        | LogicalType::Record(_) => Box::new(literals::LiteralColumn::new(data_type.clone(), settings)),
        LogicalType::Void => {
            return Err(Error::user(
                SqlState::FEATURE_NOT_SUPPORTED,
                "cannot accept a value of type void",
            ));
        }
    })
}

fn decimal_builder(precision: u8, scale: u8, array: arrow_schema::DataType) -> Box<dyn ColumnBuilder> {
    if precision > DECIMAL64_PRECISION_MAX {
        return Box::new(PrimitiveColumn::<Decimal128Type, _, _>::new(
            array,
            move |text| numeric::parse_decimal128(text, precision, scale),
            move |bytes| read::numeric(bytes, precision, scale),
        ));
    }
    Box::new(PrimitiveColumn::<Decimal64Type, _, _>::new(
        array,
        move |text| numeric::parse_decimal64(text, precision, scale),
        // So few digits always fit.
        move |bytes| Ok(read::numeric(bytes, precision, scale)? as i64),
    ))
}

/// Both readers have made sure that the nanoseconds fit.
fn nanoseconds(months: i32, days: i32, microseconds: i64) -> IntervalMonthDayNano {
    IntervalMonthDayNano::new(months, days, microseconds.saturating_mul(1_000))
}
