//! Answers without reading rows: a segment or block all of whose rows are visible and pass, and in which every key has one value,
//! gives one row of sums and extremes. Whatever is not exact is not answered.

use super::planned::{has_extremes, missing_value};
use super::{SummaryRequest, SummaryValue};
use crate::error::{Error, Result};
use crate::index::zone_map::has_sum;
use crate::schema::ColumnId;
use crate::segment::ColumnSummary;
use crate::store::state::TableState;
use crate::vector::Batch;
use arrow_array::{Array, ArrayRef, Decimal128Array, Int64Array, new_null_array};
use arrow_schema::DataType;
use std::borrow::Cow;
use std::sync::Arc;

/// The largest sum that a decimal of 38 digits holds.
const SUM_MAX: i128 = 10i128.pow(38) - 1;

/// A column as a request names it.
#[derive(Debug)]
struct Column {
    id: ColumnId,
    position: usize,
    data_type: DataType,
}

/// A request made ready.
#[derive(Debug)]
pub(crate) struct PlannedSummary {
    keys: Vec<Column>,
    values: Vec<(SummaryValue, Option<Column>)>,
}

/// What is asked of: rows of a segment or block.
pub(crate) struct Summarized<'a> {
    pub(crate) table: &'a TableState,
    /// Rows, and those of them that are not deleted.
    pub(crate) row_count: u32,
    pub(crate) visible_rows: u32,
    /// The summary of a column that the segment holds.
    pub(crate) summary: &'a dyn Fn(ColumnId, usize) -> Option<Cow<'a, ColumnSummary>>,
}

impl PlannedSummary {
    /// `None` where summaries can never answer the request.
    pub(crate) fn new(table: &TableState, request: &SummaryRequest) -> Option<Self> {
        let column = |id: ColumnId| {
            let position = table.schema.columns.iter().position(|column| column.id == id)?;
            let data_type = table.schema.columns[position].data_type.clone();
            Some(Column {
                id,
                position,
                data_type,
            })
        };
        let keys = request.keys.iter().map(|id| column(*id)).collect::<Option<_>>()?;
        let value = |value: &SummaryValue| match *value {
            SummaryValue::RowCount => Some((*value, None)),
            SummaryValue::Count(id) => Some((*value, Some(column(id)?))),
            SummaryValue::Sum(id) => column(id)
                .filter(|column| has_sum(&column.data_type))
                .map(|column| (*value, Some(column))),
            SummaryValue::Minimum(id) | SummaryValue::Maximum(id) => column(id)
                .filter(|column| has_extremes(&column.data_type))
                .map(|column| (*value, Some(column))),
        };
        let values = request.values.iter().map(value).collect::<Option<_>>()?;
        Some(PlannedSummary { keys, values })
    }

    /// One row of keys and values, each an array of length 1; `None` where rows must be read.
    pub(crate) fn row(&self, rows: &Summarized<'_>) -> Option<Vec<ArrayRef>> {
        let mut row = Vec::with_capacity(self.keys.len() + self.values.len());
        for key in &self.keys {
            row.push(constant_value(&*rows.summary_of(key)?, &key.data_type)?);
        }
        let is_whole = rows.visible_rows == rows.row_count;
        for (value, column) in &self.values {
            row.push(match column {
                None => Arc::new(Int64Array::from(vec![i64::from(rows.visible_rows)])),
                Some(column) if is_whole => value_of(*value, &*rows.summary_of(column)?, &column.data_type)?,
                Some(_) => return None,
            });
        }
        Some(row)
    }
}

impl<'a> Summarized<'a> {
    fn summary_of(&self, column: &Column) -> Option<Cow<'a, ColumnSummary>> {
        if let Some(summary) = (self.summary)(column.id, column.position) {
            return Some(summary);
        }
        // The segment is older than the column: all rows have its default.
        let value = missing_value(self.table, column.position);
        let is_null = value.is_null(0);
        let one = single_sum(&value);
        Some(Cow::Owned(ColumnSummary {
            row_count: self.row_count,
            null_count: if is_null { self.row_count } else { 0 },
            sum: one.and_then(|value| value.checked_mul(i128::from(self.row_count))),
            minimum: (!is_null).then(|| value.clone()),
            maximum: (!is_null).then_some(value),
            exact: true,
            distinct_count: None,
        }))
    }
}

/// The sum of an array of one value.
fn single_sum(value: &ArrayRef) -> Option<i128> {
    use crate::vector::key::{integer_lanes, wide_keys};
    if value.is_null(0) || !has_sum(value.data_type()) {
        return None;
    }
    match integer_lanes(value.as_ref()) {
        Some(lanes) => lanes.first().map(|lane| i128::from(*lane)),
        None => wide_keys(value.as_ref())?.first().copied(),
    }
}

/// The one value of all rows.
fn constant_value(summary: &ColumnSummary, data_type: &DataType) -> Option<ArrayRef> {
    if summary.null_count == summary.row_count {
        return Some(new_null_array(data_type, 1));
    }
    let (minimum, maximum) = (summary.minimum.as_ref()?, summary.maximum.as_ref()?);
    (summary.exact && summary.null_count == 0 && minimum == maximum).then(|| minimum.clone())
}

fn value_of(value: SummaryValue, summary: &ColumnSummary, data_type: &DataType) -> Option<ArrayRef> {
    let all_null = summary.null_count == summary.row_count;
    let extreme = |bound: &Option<ArrayRef>| match all_null {
        true => Some(new_null_array(data_type, 1)),
        false => bound.clone().filter(|_| summary.exact),
    };
    match value {
        SummaryValue::RowCount => None,
        SummaryValue::Count(_) => {
            let count = summary.row_count - summary.null_count;
            Some(Arc::new(Int64Array::from(vec![i64::from(count)])))
        }
        SummaryValue::Sum(_) => {
            let sum = match all_null {
                true => None,
                false => Some(summary.sum.filter(|sum| (-SUM_MAX..=SUM_MAX).contains(sum))?),
            };
            let scale = match data_type {
                DataType::Decimal64(_, scale) | DataType::Decimal128(_, scale) => *scale,
                _ => 0,
            };
            let sums = Decimal128Array::from(vec![sum]).with_data_type(DataType::Decimal128(38, scale));
            Some(Arc::new(sums))
        }
        SummaryValue::Minimum(_) => extreme(&summary.minimum),
        SummaryValue::Maximum(_) => extreme(&summary.maximum),
    }
}

/// Rows of arrays of length 1 as a batch; `None` where there are none.
pub(crate) fn batch_of(rows: &[Vec<ArrayRef>]) -> Result<Option<Batch>> {
    let Some(first) = rows.first() else { return Ok(None) };
    let mut columns = Vec::with_capacity(first.len());
    for position in 0..first.len() {
        let values: Vec<&dyn Array> = rows.iter().map(|row| row[position].as_ref()).collect();
        let joined = arrow_select::concat::concat(&values).map_err(|error| Error::Invalid {
            reason: format!("summaries cannot be joined: {error}"),
        })?;
        columns.push(joined);
    }
    Ok(Some(Batch::new(columns, rows.len())))
}
