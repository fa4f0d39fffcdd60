//! Keys of any width: arrow's row format over columns whose values were made to compare as SQL's do.

use super::pack::interval_nanoseconds;
use super::{KeyField, Nulls};
use crate::error::{Error, Result};
use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Float32Type, Float64Type, IntervalMonthDayNanoType};
use arrow_array::{Array, ArrayRef, BooleanArray, ListArray, PrimitiveArray, StructArray};
use arrow_row::{RowConverter, Rows, SortField};
use arrow_schema::{DataType, Field, FieldRef, SortOptions};
use std::sync::Arc;

/// Intervals are compared as this.
const INTERVAL_AS: DataType = DataType::Decimal128(38, 0);

/// The converter for these columns.
pub(super) fn converter(fields: &[KeyField]) -> Result<RowConverter> {
    let fields = fields.iter().flat_map(|field| {
        let options = SortOptions {
            descending: field.descending,
            nulls_first: match is_nested(field) {
                true => field.descending,
                false => field.nulls == Nulls::First,
            },
        };
        let mark = is_marked(field).then(|| SortField::new(DataType::Boolean));
        let value = SortField::new_with_options(comparable_type(&field.data_type), options);
        mark.into_iter().chain([value])
    });
    RowConverter::new(fields.collect())
        .map_err(|error| Error::user(crate::error::SqlState::FEATURE_NOT_SUPPORTED, error.to_string()))
}

fn is_nested(field: &KeyField) -> bool {
    matches!(field.data_type, DataType::List(_) | DataType::Struct(_))
}

/// Inside arrays and records a NULL is larger than all values, wherever the NULLs of the column itself are to be. Where these are not
/// the largest, too, a mark of their own says where they are.
fn is_marked(field: &KeyField) -> bool {
    let has_largest_nulls = match field.nulls {
        Nulls::First => field.descending,
        Nulls::Last => !field.descending,
        Nulls::Absent => true,
    };
    is_nested(field) && !has_largest_nulls
}

/// One row per row.
pub(super) fn encode(converter: &RowConverter, fields: &[KeyField], columns: &[ArrayRef]) -> Result<Rows> {
    let mut encoded: Vec<ArrayRef> = Vec::with_capacity(columns.len());
    for (index, column) in columns.iter().enumerate() {
        if let Some(field) = fields.get(index).filter(|field| is_marked(field)) {
            let nulls_first = field.nulls == Nulls::First;
            let marks = (0..column.len()).map(|row| Some(column.is_null(row) != nulls_first));
            let mark: ArrayRef = Arc::new(marks.collect::<BooleanArray>());
            encoded.push(mark);
        }
        encoded.push(comparable(column)?);
    }
    Ok(converter.convert_columns(&encoded)?)
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
