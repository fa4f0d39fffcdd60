//! What can be checked and encoded before a commit takes its turn: shapes, types, NULLs, definitions.

use super::apply::{conflict, invalid};
use super::logged::LoggedChange;
use super::{Change, PartId, ROW_BITS};
use crate::error::Result;
use crate::limits::{COLUMNS_MAX, VALUE_BYTES_MAX};
use crate::schema::{ColumnId, TableId, TableSchema};
use crate::store::state::{DatabaseState, TableState};
use crate::vector::{Batch, flatten, is_stored_type};
use crate::wal::rows::LoggedRows;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use std::collections::HashMap;
use std::sync::Arc;

/// A caller's changes as they will be logged, with places still open. `state` is the newest published one; rows may go into tables
/// that an earlier one of the changes defines.
pub(crate) fn prepare_changes(changes: Vec<Change>, state: &DatabaseState) -> Result<Vec<LoggedChange>> {
    let mut defined = HashMap::new();
    let prepared = changes.into_iter().map(|change| {
        if let Change::CreateTable(schema) | Change::AlterTable(schema) = &change {
            let column_ids: Arc<[ColumnId]> = schema.columns.iter().map(|column| column.id).collect();
            defined.insert(schema.id, (schema.clone(), column_ids));
        }
        prepare_change(change, state, &defined)
    });
    prepared.collect()
}

type Defined = HashMap<TableId, (Arc<TableSchema>, Arc<[ColumnId]>)>;

fn prepare_change(change: Change, state: &DatabaseState, defined: &Defined) -> Result<LoggedChange> {
    Ok(match change {
        Change::Insert(table, batch) => {
            let (schema, column_ids) = match (defined.get(&table), state.tables.get(&table)) {
                (Some((schema, column_ids)), _) => (schema, column_ids),
                (None, Some(table)) => (&table.schema, &table.column_ids),
                (None, None) => return conflict(format!("table {} does not exist any more", table.0)),
            };
            LoggedChange::Insert {
                table,
                part: PartId(0),
                first_row: 0,
                rows: prepare_rows(schema, column_ids, batch)?,
            }
        }
        Change::AddSegments(table, segments) => LoggedChange::AddSegments(table, segments),
        Change::Delete(table, sets) => LoggedChange::Delete(table, sets),
        Change::Truncate(table) => LoggedChange::Truncate(table),
        Change::CreateTable(schema) => LoggedChange::CreateTable(schema),
        Change::AlterTable(schema) => LoggedChange::AlterTable(schema),
        Change::DropTable(table) => LoggedChange::DropTable(table),
        Change::Ingest(table, source, counts) => LoggedChange::Ingest(table, source, counts),
        Change::Token(token) => LoggedChange::Token(token),
        Change::PutObject(name, bytes) => LoggedChange::PutObject(name, bytes),
        Change::Claim(..)
        | Change::Unchanged(_)
        | Change::CheckedBy(_)
        | Change::NoRowsSince(_)
        | Change::NoRowsDeletedSince(_) => {
            return invalid("a condition is no change of its own".to_owned());
        }
    })
}

/// Rows as they will be logged.
fn prepare_rows(schema: &TableSchema, column_ids: &Arc<[ColumnId]>, batch: Batch) -> Result<LoggedRows> {
    let (columns, row_count) = check_rows(schema, batch)?;
    Ok(LoggedRows {
        column_ids: column_ids.clone(),
        columns,
        row_count,
        bytes: 0,
    })
}

/// Checks rows against a table's definition, and makes their columns plain.
pub(crate) fn check_rows(schema: &TableSchema, batch: Batch) -> Result<(Vec<ArrayRef>, usize)> {
    let batch = batch.compact();
    if batch.columns.len() != schema.columns.len() {
        return conflict(format!(
            "rows have {} columns, the table has {}",
            batch.columns.len(),
            schema.columns.len()
        ));
    }
    if batch.row_count >= 1 << ROW_BITS {
        return invalid(format!("{} rows are too many for one batch", batch.row_count));
    }
    let mut columns = Vec::with_capacity(batch.columns.len());
    for (column, definition) in batch.columns.iter().zip(&schema.columns) {
        let column = flatten(column);
        if *column.data_type() != definition.data_type {
            return conflict(format!(
                "column \"{}\" has type {}, the rows have {}",
                definition.name,
                definition.data_type,
                column.data_type()
            ));
        }
        if !definition.nullable && column.null_count() > 0 {
            return invalid(format!("column \"{}\" must not be null", definition.name));
        }
        check_lengths(&definition.name, &column)?;
        columns.push(column);
    }
    Ok((columns, batch.row_count))
}

fn check_lengths(name: &str, column: &ArrayRef) -> Result<()> {
    let too_long = |length: u32| length as usize > VALUE_BYTES_MAX;
    let found = match column.data_type() {
        DataType::Utf8View => column
            .as_string_view()
            .views()
            .iter()
            .any(|view| too_long(*view as u32)),
        DataType::BinaryView => column
            .as_binary_view()
            .views()
            .iter()
            .any(|view| too_long(*view as u32)),
        _ => false,
    };
    match found {
        true => invalid(format!(
            "a value of column \"{name}\" is longer than {VALUE_BYTES_MAX} bytes"
        )),
        false => Ok(()),
    }
}

/// Whether a definition holds together.
pub(crate) fn check_schema(schema: &TableSchema) -> Result<()> {
    if schema.columns.len() > COLUMNS_MAX {
        return invalid(format!("a table has at most {COLUMNS_MAX} columns"));
    }
    let mut ids = std::collections::HashSet::new();
    for column in &schema.columns {
        if !is_stored_type(&column.data_type) {
            return invalid(format!(
                "column \"{}\" has type {}, which cannot be stored",
                column.name, column.data_type
            ));
        }
        if column.id.0 >= schema.next_column_id || !ids.insert(column.id) {
            return invalid(format!("column \"{}\" has an identity that is taken", column.name));
        }
        let unfit = |value: &ArrayRef| value.len() != 1 || *value.data_type() != column.data_type;
        if column.missing_value.as_ref().is_some_and(unfit) {
            return invalid(format!(
                "column \"{}\" has a default of another type or number",
                column.name
            ));
        }
    }
    if let Some(by) = schema.partition_by {
        let data_type = schema.column(by.column).map(|column| &column.data_type);
        if !matches!(data_type, Some(DataType::Date32 | DataType::Timestamp(_, _))) {
            return invalid("a table is partitioned by a column of type date or timestamp");
        }
    } else if schema.retention_days.is_some() {
        return invalid("retention needs a partitioned table");
    }
    if schema.keys.iter().any(|key| key.columns.is_empty()) {
        return invalid("a key has at least one column");
    }
    let of_keys = schema.keys.iter().flat_map(|key| &key.columns);
    let mut keys = schema.sort_key.iter().chain(&schema.bloom_columns).chain(of_keys);
    match keys.find(|id| schema.column(**id).is_none()) {
        Some(id) => invalid(format!(
            "the sort key or a filter names column {}, which is not there",
            id.0
        )),
        None => Ok(()),
    }
}

/// Whether a table may become this: identities keep their types, and rows stay where they are.
pub(crate) fn check_alteration(table: &TableState, next: &TableSchema) -> Result<()> {
    let current = &table.schema;
    for column in &next.columns {
        match current.column(column.id) {
            Some(before) if before.data_type != column.data_type => {
                return invalid(format!("column \"{}\" cannot change its type", column.name));
            }
            None if column.id.0 < current.next_column_id => {
                return invalid(format!("column \"{}\" has an identity that is taken", column.name));
            }
            _ => {}
        }
    }
    if next.next_column_id < current.next_column_id {
        return invalid("identities of columns are never given twice");
    }
    let empty = table.segments.is_empty() && table.parts.is_empty();
    if next.partition_by != current.partition_by && !empty {
        return invalid("a table with rows cannot be partitioned anew");
    }
    Ok(())
}
