//! Keys of any width: arrow's row format over columns whose values were made to compare as SQL's do.

use super::pack::interval_nanoseconds;
use super::{KeyField, Nulls};
use crate::error::{Error, Result};
use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Float32Type, Float64Type, IntervalMonthDayNanoType};
use arrow_array::{Array, ArrayRef, ListArray, PrimitiveArray, StructArray};
use arrow_row::{RowConverter, Rows, SortField};
use arrow_schema::{DataType, Field, FieldRef, SortOptions};
use std::sync::Arc;

/// Intervals are compared as this.
const INTERVAL_AS: DataType = DataType::Decimal128(38, 0);

/// The converter for these columns.
pub(super) fn converter(fields: &[KeyField]) -> Result<RowConverter> {
    let fields = fields.iter().map(|field| {
        let options = SortOptions {
            descending: field.descending,
            nulls_first: field.nulls == Nulls::First,
        };
        SortField::new_with_options(comparable_type(&field.data_type), options)
    });
    RowConverter::new(fields.collect())
        .map_err(|error| Error::user(crate::error::SqlState::FEATURE_NOT_SUPPORTED, error.to_string()))
}

/// One row per row.
pub(super) fn encode(converter: &RowConverter, columns: &[ArrayRef]) -> Result<Rows> {
    let columns = columns.iter().map(comparable).collect::<Result<Vec<_>>>()?;
    Ok(converter.convert_columns(&columns)?)
}

fn comparable_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Interval(_) => INTERVAL_AS,
        DataType::List(field) => DataType::List(comparable_field(field)),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(comparable_field).collect()),
        other => other.clone(),
    }
}

fn comparable_field(field: &FieldRef) -> FieldRef {
    Arc::new(Field::new(field.name(), comparable_type(field.data_type()), true))
}

/// The column with values whose bits order as they do.
fn comparable(column: &ArrayRef) -> Result<ArrayRef> {
    Ok(match column.data_type() {
        DataType::Float32 => Arc::new(
            column
                .as_primitive::<Float32Type>()
                .unary::<_, Float32Type>(|value| if value.is_nan() { f32::NAN } else { value + 0.0 }),
        ),
        DataType::Float64 => Arc::new(
            column
                .as_primitive::<Float64Type>()
                .unary::<_, Float64Type>(|value| if value.is_nan() { f64::NAN } else { value + 0.0 }),
        ),
        DataType::Interval(_) => {
            let values = column.as_primitive::<IntervalMonthDayNanoType>();
            let values: PrimitiveArray<Decimal128Type> = values.unary(interval_nanoseconds);
            Arc::new(values.with_data_type(INTERVAL_AS))
        }
        DataType::List(field) => {
            let (_, offsets, values, nulls) = column.as_list::<i32>().clone().into_parts();
            Arc::new(ListArray::try_new(
                comparable_field(field),
                offsets,
                comparable(&values)?,
                nulls,
            )?)
        }
        DataType::Struct(fields) => {
            let (_, columns, nulls) = column.as_struct().clone().into_parts();
            let columns = columns.iter().map(comparable).collect::<Result<Vec<_>>>()?;
            let fields = fields.iter().map(comparable_field).collect();
            Arc::new(StructArray::try_new_with_length(fields, columns, nulls, column.len())?)
        }
        _ => column.clone(),
    })
}
