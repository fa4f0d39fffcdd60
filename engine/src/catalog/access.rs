//! The planner's questions: where a relation's rows are, now or as of another version.

use super::arrival::has_arrival;
use super::relation::{Body, Relation, relation_id, storage_id};
use super::view::View;
use super::watermark::check_complete;
use crate::error::{Error, Result, SqlState};
use crate::physical::{Reading, StoredColumn, TableAccess, Tables};
use crate::rollup::TableRollups;
use crate::types::{Literal, LogicalType, array_of, array_type};
use std::sync::Arc;
use stoa_sql::catalog::TableId;
use stoa_storage::commit::CommitVersion;
use stoa_storage::schema::TableSchema;
use stoa_storage::store::Snapshot;

impl Tables for View {
    fn table(&self, id: TableId, reading: Reading) -> Result<TableAccess> {
        let gone = || Error::user(SqlState::UNDEFINED_TABLE, format!("relation {} does not exist", id.0));
        let relation = self.catalog.by_id(id).ok_or_else(gone)?;
        match (&relation.body, reading.as_of) {
            (Body::Table(table), None) => {
                let access = stored(&*self.snapshot, reading, &table.schema, &relation)?;
                checked(self, access, &relation)
            }
            (Body::Table(table), Some(version)) => {
                let snapshot = self.shared.store.snapshot_at(version)?;
                let table = stored(&*snapshot, reading, &table.schema, &relation);
                let access = table.map_err(|error| at_version(error, version))?;
                checked(self, access, &relation)
            }
            (Body::Sequence(sequence), _) => {
                let position = self.shared.sequences.position(sequence)?;
                let columns = [
                    array_of(&Literal::Integer(position.last), &LogicalType::BigInt)?,
                    array_of(&Literal::Integer(0), &LogicalType::BigInt)?,
                    array_of(&Literal::Boolean(position.is_called), &LogicalType::Boolean)?,
                ];
                Ok(TableAccess::System {
                    columns: columns.into(),
                    row_count: 1,
                })
            }
            (Body::System(_), Some(_)) => Err(Error::user(
                SqlState::FEATURE_NOT_SUPPORTED,
                format!(
                    "FOR SYSTEM_TIME AS OF on the system table \"{}\" is not supported",
                    relation.name()
                ),
            )),
            (Body::System(table), None) => {
                let columns = self.system_rows(table)?;
                let row_count = columns.first().map_or(0, |column| column.len());
                Ok(TableAccess::System { columns, row_count })
            }
            (Body::View(_), _) => Err(Error::Internal(format!("the view \"{}\" is scanned", relation.name()))),
        }
    }

    fn note_scan(&self, id: TableId) {
        self.shared.scans.add(id);
    }

    fn rollups(&self, id: TableId) -> TableRollups {
        let rollups = self.catalog.rollups(id);
        let table = match rollups.is_empty() {
            true => None,
            false => self.snapshot.table(storage_id(id)),
        };
        let Some(table) = table else {
            return TableRollups::default();
        };
        let measured = rollups.iter().map(|named| {
            let coverage = table.rollup_coverage(named.rollup.id);
            (named.clone(), coverage.group_count + coverage.rows_left)
        });
        TableRollups {
            row_count: table.row_count(),
            rollups: measured.collect(),
            table: Some(table),
        }
    }

    fn version_at(&self, time: i64) -> Result<CommitVersion> {
        self.shared.store.version_at(time).ok_or_else(|| {
            Error::user(
                SqlState::INVALID_PARAMETER_VALUE,
                "no version of the database is kept from that time",
            )
        })
    }
}

/// A table that is as complete as the session demands.
fn checked(view: &View, access: TableAccess, relation: &Relation) -> Result<TableAccess> {
    if let TableAccess::Stored { table, .. } = &access {
        check_complete(view, relation, &**table)?;
    }
    Ok(access)
}

/// The relation's columns in a snapshot's table.
fn stored(snapshot: &dyn Snapshot, reading: Reading, schema: &TableSchema, relation: &Relation) -> Result<TableAccess> {
    let missing = || {
        Error::user(
            SqlState::UNDEFINED_TABLE,
            format!("relation \"{}\" does not exist", relation.name()),
        )
    };
    let id = storage_id(relation_id(schema.id));
    let table = match reading.changes {
        None => snapshot.table(id),
        Some((_, Some(after))) if after > snapshot.version() => {
            let (after, until) = (after.0, snapshot.version().0);
            let message = format!("there are no changes after version {after} up to version {until}");
            return Err(Error::user(SqlState::INVALID_PARAMETER_VALUE, message));
        }
        Some((change, after)) => snapshot.changes(id, change, after)?,
    };
    let table = table.ok_or_else(missing)?;
    let then = table.schema();
    if !Arc::ptr_eq(
        then,
        &relation.stored().map_or_else(|| then.clone(), |now| now.schema.clone()),
    ) {
        let lost = schema.columns.iter().find(|column| then.column(column.id).is_none());
        if let Some(column) = lost {
            return Err(Error::user(
                SqlState::UNDEFINED_COLUMN,
                format!(
                    "column \"{}\" of relation \"{}\" does not exist",
                    column.name,
                    relation.name()
                ),
            ));
        }
    }
    let types = relation.info.columns.iter().map(|column| &column.data_type);
    // How rows came is no column of the relation.
    let types = types.chain(has_arrival(schema).then_some(&LogicalType::SmallInt));
    let columns = schema
        .columns
        .iter()
        .zip(types)
        .map(|(column, data_type)| StoredColumn {
            id: column.id,
            list: matches!(data_type, LogicalType::Array(_)).then(|| array_type(data_type)),
        });
    Ok(TableAccess::Stored {
        columns: columns.collect(),
        table,
    })
}

fn at_version(error: Error, version: CommitVersion) -> Error {
    match error {
        Error::Sql(error) => Error::Sql(error.with_detail(format!("This is so at version {}.", version.0))),
        other => other,
    }
}
