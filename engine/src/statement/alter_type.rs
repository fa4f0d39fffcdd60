//! ALTER COLUMN .. TYPE: the column goes, another one of its name and the new type takes its place, and all rows are written anew.
//! For storage that is three changes in one commit: all rows out, another definition, all rows in.

use super::alter_constraint::constraint_on;
use super::alter_versions::refused;
use super::definition::{check_stored_type, dependent_views, index_keys, with_definition};
use super::row_sink::RowSink;
use super::sequence::moved_with_column;
use super::update::Replacement;
use super::{Effect, Run, stored};
use crate::catalog::options::apply_options;
use crate::catalog::persist::{ColumnDefinition, TableDefinition};
use crate::catalog::relation::{Relation, table_relation};
use crate::catalog::temporary::is_temporary;
use crate::error::{Error, Result, SqlState};
use crate::types::{LogicalType, stored_type};
use std::sync::Arc;
use stoa_sql::plan::{AlterTable, AlterTableAction, Plan};
use stoa_storage::commit::Change;
use stoa_storage::schema::{ColumnId, ColumnSchema, TableSchema};

/// See the module; `rows` are those that [`AlterTable::rewrite`] describes.
pub(super) fn execute(run: &Run<'_>, alter: &AlterTable, rows: &Plan) -> Result<Effect> {
    let relation = run.table(alter.table)?;
    let table = stored(&relation)?;
    let mut schema = (*table.schema).clone();
    let mut definition = table.definition.clone();
    let mut moved = Vec::new();
    for action in &alter.actions {
        if let AlterTableAction::SetType { column, data_type } = action {
            refuse_views(run, &relation, column)?;
            refuse_constraints(run, &relation, &definition, column)?;
            refuse_versions(&relation, column)?;
            let replaced = replace_column(&mut schema, &mut definition, column, data_type)?;
            let identity = definition.columns.iter().find(|column| column.id == replaced.1);
            let is_identity = identity.is_some_and(|column| column.identity.is_some());
            let identity_type = is_identity.then_some(data_type);
            moved.extend(moved_with_column(run, relation.id().0, replaced, identity_type)?);
        }
    }
    let new_id = || run.view.shared.store.next_table_id();
    apply_options(
        &mut schema,
        &definition.options,
        is_temporary(&definition.schema),
        &new_id,
    )?;
    index_keys(&mut schema, &definition)?;
    let after = with_definition(&schema, &definition);
    let next = table_relation(&after)?;
    // Keys of other columns are those that they were.
    let sink = RowSink::new(&run.view, &next, &run.entry.running().memory)?
        .assigning(&[])
        .without_arrival();
    let mut writes = Replacement::run(run, rows, false, sink)?
        .arrive(run, &next, "alter table", None)?
        .writes;
    let is_delete = |change: &&Change| matches!(change, Change::Delete(..));
    let deletes = writes.changes.iter().take_while(is_delete).count();
    let between = alterations(&table.schema, after).into_iter().chain(moved);
    writes.changes.splice(deletes..deletes, between);
    Ok(Effect::command("ALTER TABLE", writes))
}

/// The new definition. Storage gives no column to rows that would lack its value: as long as the new columns may not be NULL, rows
/// that others brought meanwhile are a conflict.
fn alterations(before: &TableSchema, after: Arc<TableSchema>) -> Vec<Change> {
    let mut strict = (*after).clone();
    for column in &mut strict.columns {
        if before.column(column.id).is_none() {
            column.nullable = false;
        }
    }
    let is_strict = strict
        .columns
        .iter()
        .zip(&after.columns)
        .all(|(a, b)| a.nullable == b.nullable);
    let mut changes = vec![Change::AlterTable(Arc::new(strict))];
    if !is_strict {
        changes.push(Change::AlterTable(after));
    }
    changes
}

/// A view keeps the types that it was made with.
fn refuse_views(run: &Run<'_>, relation: &Relation, column: &str) -> Result<()> {
    let dependents = dependent_views(&run.view.catalog, &[relation.id().0]);
    let Some(view) = dependents.first() else {
        return Ok(());
    };
    let error = stoa_sql::Error::new(
        SqlState::FEATURE_NOT_SUPPORTED,
        "cannot alter type of a column used by a view or rule",
    );
    let detail = format!(
        "view {} depends on table {}, of which {column} is a column",
        view.name(),
        relation.name()
    );
    Err(Error::Sql(
        error
            .with_detail(detail)
            .with_hint("Drop the views, and make them again afterwards."),
    ))
}

/// What a constraint says of a column would have to be found out anew.
fn refuse_constraints(run: &Run<'_>, relation: &Relation, definition: &TableDefinition, column: &str) -> Result<()> {
    let stored = stored(relation)?.schema.columns.iter();
    let id = stored
        .clone()
        .find(|stored| stored.name == column)
        .map(|stored| stored.id.0);
    let Some(id) = id else { return Ok(()) };
    match constraint_on(run, relation, definition, (column, id))? {
        None => Ok(()),
        Some(constraint) => {
            let error = stoa_sql::Error::new(
                SqlState::FEATURE_NOT_SUPPORTED,
                format!("altering the type of column \"{column}\" is not supported: {constraint} is about it"),
            );
            Err(Error::Sql(error.with_hint(
                "Drop the constraint or index, and add it again afterwards, in one transaction.",
            )))
        }
    }
}

/// Versions of rows are told apart by their keys and periods as they are.
fn refuse_versions(relation: &Relation, column: &str) -> Result<()> {
    let Some(versions) = &relation.info.versions else {
        return Ok(());
    };
    let mut places = versions
        .columns
        .iter()
        .chain([&versions.valid_from, &versions.valid_to]);
    let is_it = |place: &usize| {
        relation
            .info
            .columns
            .get(*place)
            .is_some_and(|info| info.name == column)
    };
    match places.any(is_it) {
        true => Err(refused(column, "get another type")),
        false => Ok(()),
    }
}

/// The column of a name becomes another one; the answer is its identity before and after.
fn replace_column(
    schema: &mut TableSchema,
    definition: &mut TableDefinition,
    name: &str,
    data_type: &LogicalType,
) -> Result<(u32, u32)> {
    check_stored_type(name, data_type)?;
    let id = ColumnId(schema.next_column_id);
    let missing = || Error::Internal(format!("column \"{name}\" is not there any more"));
    let column = schema.columns.iter_mut().find(|column| column.name == name);
    let column = column.ok_or_else(missing)?;
    let former = column.id;
    if schema.partition_by.is_some_and(|by| by.column == former) {
        let error = stoa_sql::Error::new(
            SqlState::FEATURE_NOT_SUPPORTED,
            format!("cannot alter the type of column \"{name}\", by which the table is partitioned"),
        );
        return Err(Error::Sql(
            error.with_hint("Make a new table and copy the rows: INSERT INTO .. SELECT."),
        ));
    }
    if schema.keys.iter().any(|key| key.columns.contains(&former)) {
        let error = stoa_sql::Error::new(
            SqlState::FEATURE_NOT_SUPPORTED,
            format!("cannot alter the type of column \"{name}\", by which the table's rows are deduplicated"),
        );
        return Err(Error::Sql(error.with_hint(
            "Take the option out first: ALTER TABLE .. SET (deduplicate_by = '').",
        )));
    }
    *column = ColumnSchema {
        id,
        data_type: stored_type(data_type),
        missing_value: None,
        ..column.clone()
    };
    schema.next_column_id += 1;
    let described = definition.columns.iter_mut().find(|column| column.id == former.0);
    let described = described.ok_or_else(missing)?;
    *described = ColumnDefinition {
        id: id.0,
        data_type: data_type.clone(),
        ..described.clone()
    };
    let indexed = definition.indexes.iter_mut().flat_map(|index| &mut index.columns);
    for column in indexed.filter(|column| column.id == former.0) {
        column.id = id.0;
    }
    Ok((former.0, id.0))
}
