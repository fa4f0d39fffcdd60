//! Constants as arrays and back.

use super::{Literal, LogicalType, array_type};
use crate::error::{Error, Result};
use arrow_array::builder::{ArrayBuilder, FixedSizeBinaryBuilder, make_builder};
use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{
    Array, ArrayRef, BinaryViewArray, BooleanArray, ListArray, PrimitiveArray, StringViewArray, StructArray,
    new_null_array,
};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{DataType, TimeUnit};
use std::sync::Arc;

/// The nanoseconds of a microsecond.
const NANOSECONDS: i64 = 1_000;

fn one<T: ArrowPrimitiveType>(value: T::Native, data_type: &DataType) -> ArrayRef {
    Arc::new(PrimitiveArray::<T>::from_value(value, 1).with_data_type(data_type.clone()))
}

/// A constant as a plain array of one value.
///
/// # Errors
/// [`Error::Internal`] where the literal is not of that type.
pub fn array_of(literal: &Literal, data_type: &LogicalType) -> Result<ArrayRef> {
    let target = array_type(data_type);
    let mismatch = || Error::Internal(format!("the literal {literal} is not of type {data_type}"));
    let out_of_range = |_| Error::Internal(format!("the literal {literal} does not fit {data_type}"));
    Ok(match (literal, &target) {
        (Literal::Null, _) => new_null_array(&target, 1),
        (Literal::Boolean(value), DataType::Boolean) => Arc::new(BooleanArray::from(vec![*value])),
        (Literal::Integer(value), DataType::Int16) => {
            one::<Int16Type>(i16::try_from(*value).map_err(out_of_range)?, &target)
        }
        (Literal::Integer(value), DataType::Int32) => {
            one::<Int32Type>(i32::try_from(*value).map_err(out_of_range)?, &target)
        }
        (Literal::Integer(value), DataType::Int64) => one::<Int64Type>(*value, &target),
        (Literal::Float(value), DataType::Float32) => one::<Float32Type>(*value as f32, &target),
        (Literal::Float(value), DataType::Float64) => one::<Float64Type>(*value, &target),
        (Literal::Numeric(value), DataType::Decimal64(_, _)) => {
            one::<Decimal64Type>(i64::try_from(*value).map_err(out_of_range)?, &target)
        }
        (Literal::Numeric(value), DataType::Decimal128(_, _)) => one::<Decimal128Type>(*value, &target),
        (Literal::Text(value), DataType::Utf8View) => Arc::new(StringViewArray::from(vec![value.as_str()])),
        (Literal::Bytes(value), DataType::BinaryView) => Arc::new(BinaryViewArray::from(vec![value.as_slice()])),
        (Literal::Date(days), DataType::Date32) => one::<Date32Type>(*days, &target),
        (Literal::Time(value), DataType::Time64(TimeUnit::Microsecond)) => {
            one::<Time64MicrosecondType>(*value, &target)
        }
        (Literal::Timestamp(value), DataType::Timestamp(TimeUnit::Microsecond, _)) => {
            one::<TimestampMicrosecondType>(*value, &target)
        }
        (
            Literal::Interval {
                months,
                days,
                microseconds,
            },
            DataType::Interval(_),
        ) => {
            let nanoseconds = microseconds.checked_mul(NANOSECONDS).ok_or_else(mismatch)?;
            let value = arrow_buffer::IntervalMonthDayNano::new(*months, *days, nanoseconds);
            one::<IntervalMonthDayNanoType>(value, &target)
        }
        (Literal::Uuid(bytes), DataType::FixedSizeBinary(16)) => {
            let mut builder = FixedSizeBinaryBuilder::with_capacity(1, 16);
            builder.append_value(bytes)?;
            Arc::new(builder.finish())
        }
        (Literal::Array(elements), DataType::List(field)) => {
            let element = data_type.element().ok_or_else(mismatch)?;
            Arc::new(ListArray::try_new(
                field.clone(),
                OffsetBuffer::from_lengths([elements.len()]),
                concat_literals(elements, element)?,
                None,
            )?)
        }
        (Literal::Record(values), DataType::Struct(fields)) => {
            let LogicalType::Record(types) = data_type else {
                return Err(mismatch());
            };
            let columns = values
                .iter()
                .zip(types)
                .map(|(value, (_, field))| array_of(value, field))
                .collect::<Result<Vec<_>>>()?;
            Arc::new(StructArray::try_new_with_length(fields.clone(), columns, None, 1)?)
        }
        _ => return Err(mismatch()),
    })
}

/// Constants of one type as one plain array.
///
/// # Errors
/// [`Error::Internal`] where one is not of that type.
pub fn array_of_all(literals: &[Literal], data_type: &LogicalType) -> Result<ArrayRef> {
    let target = array_type(data_type);
    let mismatch = |literal: &Literal| Error::Internal(format!("the literal {literal} is not of type {data_type}"));
    Ok(match &target {
        DataType::Utf8View => {
            let values = literals.iter().map(|literal| match literal {
                Literal::Null => Ok(None),
                Literal::Text(value) => Ok(Some(value.as_str())),
                other => Err(mismatch(other)),
            });
            Arc::new(values.collect::<Result<StringViewArray>>()?)
        }
        DataType::Boolean => {
            let values = literals.iter().map(|literal| match literal {
                Literal::Null => Ok(None),
                Literal::Boolean(value) => Ok(Some(*value)),
                other => Err(mismatch(other)),
            });
            Arc::new(values.collect::<Result<BooleanArray>>()?)
        }
        DataType::Int64 => {
            let values = literals.iter().map(|literal| match literal {
                Literal::Null => Ok(None),
                Literal::Integer(value) => Ok(Some(*value)),
                other => Err(mismatch(other)),
            });
            Arc::new(values.collect::<Result<PrimitiveArray<Int64Type>>>()?)
        }
        _ => concat_literals(literals, data_type)?,
    })
}

/// As [`array_of_all`], one by one.
fn concat_literals(literals: &[Literal], data_type: &LogicalType) -> Result<ArrayRef> {
    let arrays = literals
        .iter()
        .map(|literal| array_of(literal, data_type))
        .collect::<Result<Vec<_>>>()?;
    if arrays.is_empty() {
        return Ok(make_builder(&array_type(data_type), 0).finish());
    }
    let arrays: Vec<&dyn Array> = arrays.iter().map(|array| &**array).collect();
    Ok(arrow_select::concat::concat(&arrays)?)
}

/// The value of a plain array at a row, as a constant.
///
/// # Errors
/// [`Error::Internal`] where the array is not of that type.
pub fn literal_at(array: &dyn Array, row: usize, data_type: &LogicalType) -> Result<Literal> {
    if array.is_null(row) {
        return Ok(Literal::Null);
    }
    Ok(match array.data_type() {
        DataType::Null => Literal::Null,
        DataType::Boolean => Literal::Boolean(array.as_boolean().value(row)),
        DataType::Int16 => Literal::Integer(array.as_primitive::<Int16Type>().value(row).into()),
        DataType::Int32 => Literal::Integer(array.as_primitive::<Int32Type>().value(row).into()),
        DataType::Int64 => Literal::Integer(array.as_primitive::<Int64Type>().value(row)),
        DataType::Float32 => Literal::Float(array.as_primitive::<Float32Type>().value(row).into()),
        DataType::Float64 => Literal::Float(array.as_primitive::<Float64Type>().value(row)),
        DataType::Decimal64(_, _) => Literal::Numeric(array.as_primitive::<Decimal64Type>().value(row).into()),
        DataType::Decimal128(_, _) => Literal::Numeric(array.as_primitive::<Decimal128Type>().value(row)),
        DataType::Utf8View => Literal::Text(array.as_string_view().value(row).to_owned()),
        DataType::BinaryView => Literal::Bytes(array.as_binary_view().value(row).to_vec()),
        DataType::Date32 => Literal::Date(array.as_primitive::<Date32Type>().value(row)),
        DataType::Time64(TimeUnit::Microsecond) => {
            Literal::Time(array.as_primitive::<Time64MicrosecondType>().value(row))
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            Literal::Timestamp(array.as_primitive::<TimestampMicrosecondType>().value(row))
        }
        DataType::Interval(_) => {
            let value = array.as_primitive::<IntervalMonthDayNanoType>().value(row);
            Literal::Interval {
                months: value.months,
                days: value.days,
                microseconds: value.nanoseconds / NANOSECONDS,
            }
        }
        DataType::FixedSizeBinary(16) => {
            let bytes = array.as_fixed_size_binary().value(row);
            Literal::Uuid(bytes.try_into().unwrap_or([0; 16]))
        }
        DataType::List(_) => {
            let element = data_type
                .element()
                .ok_or_else(|| Error::Internal(format!("a list is not of type {data_type}")))?;
            let elements = array.as_list::<i32>().value(row);
            let elements = (0..elements.len()).map(|at| literal_at(&*elements, at, element));
            Literal::Array(elements.collect::<Result<_>>()?)
        }
        DataType::Struct(_) => {
            let LogicalType::Record(fields) = data_type else {
                return Err(Error::Internal(format!("a record is not of type {data_type}")));
            };
            let columns = array.as_struct().columns().iter().zip(fields);
            let values = columns.map(|(column, (_, field))| literal_at(&**column, row, field));
            Literal::Record(values.collect::<Result<_>>()?)
        }
        other => return Err(Error::Internal(format!("no constant of {other}"))),
    })
}
