//! The rows that a table with an event time puts aside: each with when, from whom and why, in a table of its own beside it.

use super::Run;
use super::definition::{relation_exists, take_name, with_definition};
use crate::catalog::persist::{ColumnDefinition, NameEntry, TableDefinition, read_table, write_table};
use crate::catalog::relation::{Relation, relation_id};
use crate::catalog::view::View;
use crate::error::{Error, Result, SqlState};
use crate::types::{LogicalType, stored_type};
use std::sync::Arc;
use stoa_sql::catalog::TableId as RelationId;
use stoa_storage::commit::Change;
use stoa_storage::schema::{ColumnId, ColumnSchema, PartitionBy, PartitionUnit, TableId, TableSchema};

/// The columns of a table of rejects.
const COLUMNS: [(&str, LogicalType, bool); 5] = [
    ("rejected_at", LogicalType::TimestampTz, false),
    ("source", LogicalType::Text, false),
    ("reason", LogicalType::Text, false),
    ("event_time", LogicalType::TimestampTz, true),
    ("row", LogicalType::Jsonb, false),
];

/// Makes the table for the rejects of another one: `table_rejects` in the same schema. Gives back its identity in storage.
///
/// # Errors
/// 42P07 where the name is taken.
pub(super) fn make_rejects(run: &Run<'_>, schema_name: &str, table: &str) -> Result<(u32, Vec<Change>)> {
    let name = format!("{table}_rejects");
    if run.view.catalog.is_taken(schema_name, &name) {
        return Err(relation_exists(&name));
    }
    let id = run.view.shared.store.next_table_id();
    let definition = TableDefinition {
        schema: schema_name.to_owned(),
        name: name.clone(),
        columns: (0..)
            .zip(&COLUMNS)
            .map(|(id, (_, data_type, _))| ColumnDefinition {
                id,
                data_type: data_type.clone(),
                default: None,
                identity: None,
                comment: None,
            })
            .collect(),
        options: vec![("partition_by".to_owned(), "month(rejected_at)".to_owned())],
        constraints: Vec::new(),
        indexes: Vec::new(),
        rejects: None,
        comment: Some(format!("Rows that did not come into \"{table}\", and why")),
        on_commit: None,
        seals: Vec::new(),
    };
    let columns = (0..)
        .zip(COLUMNS)
        .map(|(id, (name, data_type, nullable))| ColumnSchema {
            id: ColumnId(id),
            name: name.to_owned(),
            data_type: stored_type(&data_type),
            nullable,
            missing_value: None,
        });
    let mut schema = TableSchema::new(id, columns.collect(), write_table(&definition));
    schema.partition_by = Some(PartitionBy {
        column: ColumnId(0),
        unit: PartitionUnit::Month,
    });
    let mut changes = vec![Change::CreateTable(schema.into())];
    changes.extend(take_name(schema_name, &name, &NameEntry::Table(id.0)));
    Ok((id.0, changes))
}

/// Whether a table's options say when its events happened.
pub(super) fn has_event_time(options: &[(String, String)]) -> bool {
    options
        .iter()
        .any(|(name, value)| name == "event_time" && !value.trim().is_empty())
}

/// A table that puts rows aside in that one.
///
/// # Errors
/// A definition that does not read back: a bug.
pub(super) fn with_rejects(schema: &TableSchema, rejects: u32) -> Result<Arc<TableSchema>> {
    let definition = TableDefinition {
        rejects: Some(rejects),
        ..read_table("the table", &schema.definition)?
    };
    Ok(with_definition(schema, &definition))
}

/// The table of the rejects of another one, where it has one.
pub(super) fn rejects_of(view: &View, relation: &Relation) -> Option<Arc<Relation>> {
    let id = relation.stored()?.definition.rejects?;
    view.catalog.by_id(relation_id(TableId(id)))
}

/// Refuses to take the table of rejects away from another one.
///
/// # Errors
/// 2BP01
pub(super) fn refuse_without_owner(
    run: &Run<'_>,
    relation: &Relation,
    is_doomed: impl Fn(RelationId) -> bool,
) -> Result<()> {
    let Some(stored) = relation.stored() else { return Ok(()) };
    let owner = run.view.catalog.user_relations().find(|owner| {
        let rejects = owner.stored().and_then(|owner| owner.definition.rejects);
        rejects == Some(stored.schema.id.0)
    });
    let Some(owner) = owner.filter(|owner| !is_doomed(owner.id())) else {
        return Ok(());
    };
    let error = stoa_sql::Error::new(
        SqlState("2BP01"),
        format!(
            "cannot drop table {} because table {} puts rows aside there",
            relation.name(),
            owner.name()
        ),
    );
    Err(Error::Sql(error.with_hint(
        "DELETE or TRUNCATE empties it; it goes with the other table, or when that is told to: ALTER TABLE .. SET (event_time = '').",
    )))
}
