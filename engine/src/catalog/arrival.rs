//! How rows came into a table whose events have times: a column that storage keeps behind the table's own and that no statement names.
//! Rows from before the table's events had times have no value of it.

use super::options::event_time;
use crate::error::Result;
use arrow_schema::DataType;
use stoa_sql::catalog::ARRIVAL;
use stoa_storage::schema::{ColumnId, ColumnSchema, TableSchema};

/// The event was not before the latest one of its source.
pub(crate) const ON_TIME: i16 = 0;
/// It was, by no more than the table allows.
pub(crate) const LATE: i16 = 1;
/// It was, by more.
pub(crate) const VERY_LATE: i16 = 2;
/// The row did not come from outside: UPDATE or MERGE made it of another one.
pub(crate) const CORRECTED: i16 = 3;

/// Whether storage keeps how rows came.
pub(crate) fn has_arrival(schema: &TableSchema) -> bool {
    schema.columns.last().is_some_and(|column| column.name == ARRIVAL)
}

/// The columns that statements name, by their places.
pub(crate) fn named_columns(schema: &TableSchema) -> &[ColumnSchema] {
    let count = schema.columns.len() - usize::from(has_arrival(schema));
    schema.columns.get(..count).unwrap_or_default()
}

/// Puts a column behind those that statements name.
pub(crate) fn add_column(schema: &mut TableSchema, column: ColumnSchema) {
    let place = named_columns(schema).len();
    schema.columns.insert(place, column);
}

/// A table whose events have times keeps how its rows came, from then on.
///
/// # Errors
/// Those of the options.
pub(crate) fn keep_arrival(schema: &mut TableSchema, options: &[(String, String)]) -> Result<()> {
    if event_time(schema, options)?.is_none() || has_arrival(schema) {
        return Ok(());
    }
    let id = schema.next_column_id;
    schema.next_column_id = id + 1;
    schema.columns.push(ColumnSchema {
        id: ColumnId(id),
        name: ARRIVAL.to_owned(),
        data_type: DataType::Int16,
        nullable: true,
        missing_value: None,
    });
    Ok(())
}
