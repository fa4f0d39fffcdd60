//! CREATE SEQUENCE and ALTER SEQUENCE, and the sequences behind serial and identity columns. The definition changes with the
//! transaction; where a sequence stands changes at once.

use super::definition::{free_name, new_oids, relation_exists, take_name, target_schema};
use super::{Effect, Run, stored};
use crate::catalog::CatalogState;
use crate::catalog::compile::CompilerCatalog;
use crate::catalog::names::quote_name;
use crate::catalog::persist::{NameEntry, name_object, write_name};
use crate::catalog::relation::Relation;
use crate::catalog::sequence::{SequenceDefinition, SequenceOwner};
use crate::connection::{Notice, StatementWrites};
use crate::database::sequences::Position;
use crate::error::{Error, Result, SqlState};
use crate::types::{Literal, LogicalType};
use std::sync::Arc;
use stoa_sql::catalog::{ColumnInfo, TableName};
use stoa_sql::plan::{AlterSequence, CreateSequence, Expr, SequenceOptions};
use stoa_storage::commit::{Change, VALUE_OBJECT_PREFIX};

/// Bytes of a name that is made up; as in Postgres.
const NAME_BYTES_MAX: usize = 63;

/// CREATE SEQUENCE
pub(super) fn create(run: &Run<'_>, create: &CreateSequence) -> Result<Effect> {
    const TAG: &str = "CREATE SEQUENCE";
    let (schema, mut changes) = target_schema(run, &create.name)?;
    let name = &create.name.name;
    if run.view.catalog.is_taken(&schema, name) {
        return match create.if_not_exists {
            true => Ok(Effect::command(TAG, StatementWrites::default()).with_notice(Notice {
                state: SqlState::DUPLICATE_TABLE.0.to_owned(),
                ..Notice::information(format!("relation \"{name}\" already exists, skipping"))
            })),
            false => Err(relation_exists(name)),
        };
    }
    let oid = new_oids(run, 1);
    let mut sequence = SequenceDefinition::new(oid, state_object(run, oid), &create.options)?;
    sequence.owner = owner(run, &create.options)?.flatten();
    changes.extend(take_name(&schema, name, &NameEntry::Sequence(sequence)));
    Ok(Effect::command(TAG, StatementWrites::new("create sequence", changes)))
}

/// Numbers of sequences may be given again after a rollback; their state must not be found by another.
fn state_object(run: &Run<'_>, oid: u32) -> String {
    format!("{VALUE_OBJECT_PREFIX}sequence/{oid}/{}", run.view.shared.now())
}

/// The column of OWNED BY; `None` where nothing was said of it.
fn owner(run: &Run<'_>, options: &SequenceOptions) -> Result<Option<Option<SequenceOwner>>> {
    let Some(owner) = &options.owner else { return Ok(None) };
    let Some((table, column)) = owner else {
        return Ok(Some(None));
    };
    let relation = run.view.catalog.resolve(table, &run.view.statement.search_path);
    let relation = relation.ok_or_else(|| no_relation(table))?;
    let table = stored(&relation)?;
    let found = table.schema.columns.iter().find(|known| known.name == *column);
    let found = found.ok_or_else(|| {
        Error::user(
            SqlState::UNDEFINED_COLUMN,
            format!("column \"{column}\" of relation \"{}\" does not exist", relation.name()),
        )
    })?;
    Ok(Some(Some(SequenceOwner {
        table: relation.id().0,
        column: found.id.0,
    })))
}

fn no_relation(name: &TableName) -> Error {
    Error::user(SqlState::UNDEFINED_TABLE, format!("relation \"{name}\" does not exist"))
}

/// ALTER SEQUENCE
pub(super) fn alter(run: &Run<'_>, alter: &AlterSequence) -> Result<Effect> {
    const TAG: &str = "ALTER SEQUENCE";
    let found = run.view.catalog.resolve(&alter.name, &run.view.statement.search_path);
    let Some(relation) = found else {
        return match alter.if_exists {
            true => Ok(
                Effect::command(TAG, StatementWrites::default()).with_notice(Notice::information(format!(
                    "relation \"{}\" does not exist, skipping",
                    alter.name.name
                ))),
            ),
            false => Err(no_relation(&alter.name)),
        };
    };
    let Some(sequence) = relation.sequence() else {
        return Err(Error::user(
            SqlState::WRONG_OBJECT_TYPE,
            format!("\"{}\" is not a sequence", relation.name()),
        ));
    };
    let mut next = sequence.altered(&alter.options)?;
    if let Some(owner) = owner(run, &alter.options)? {
        next.owner = owner;
    }
    let position = check_position(run, sequence, &next, alter)?;
    let (schema, name) = (relation.schema(), relation.name());
    let entry = NameEntry::Sequence(next.clone());
    let changes = match &alter.rename_to {
        Some(to) if run.view.catalog.is_taken(schema, to) => return Err(relation_exists(to)),
        Some(to) => {
            refuse_named(run, &relation)?;
            let mut changes = take_name(schema, to, &entry);
            changes.push(free_name(schema, name));
            changes
        }
        None => vec![Change::PutObject(name_object(schema, name), Some(write_name(&entry)))],
    };
    if let Some(position) = position {
        run.view.shared.sequences.set(&next, position)?;
    }
    Ok(Effect::command(TAG, StatementWrites::new("alter sequence", changes)))
}

/// Where RESTART puts the sequence; the place it has must lie within its bounds.
fn check_position(
    run: &Run<'_>,
    sequence: &SequenceDefinition,
    next: &SequenceDefinition,
    alter: &AlterSequence,
) -> Result<Option<Position>> {
    let restarted = alter.restart.map(|value| Position {
        last: value.unwrap_or(next.start),
        is_called: false,
    });
    let last = match restarted {
        Some(position) => position.last,
        None => run.view.shared.sequences.position(sequence)?.last,
    };
    let outside = |how: &str, bound: &str, value: i64| {
        Err(Error::user(
            SqlState::INVALID_PARAMETER_VALUE,
            format!("RESTART value ({last}) cannot be {how} than {bound} ({value})"),
        ))
    };
    match () {
        () if last < next.minimum => outside("less", "MINVALUE", next.minimum),
        () if last > next.maximum => outside("greater", "MAXVALUE", next.maximum),
        () => Ok(restarted),
    }
}

/// Defaults name their sequence: while one does, the sequence keeps its name.
fn refuse_named(run: &Run<'_>, relation: &Relation) -> Result<()> {
    match default_with(run, relation) {
        None => Ok(()),
        Some((table, column)) => {
            let error = stoa_sql::Error::new(
                SqlState::FEATURE_NOT_SUPPORTED,
                format!(
                    "renaming sequence \"{}\" is not supported: the default of column {column} of table {table} names it",
                    relation.name()
                ),
            );
            Err(Error::Sql(error))
        }
    }
}

/// The table and the column whose default takes numbers of a sequence.
pub(super) fn default_with(run: &Run<'_>, sequence: &Relation) -> Option<(String, String)> {
    let catalog = CompilerCatalog::new(&run.view);
    let oid = Literal::Integer(i64::from(sequence.id().0));
    let is_it = |part: &Expr| matches!(part, Expr::Literal(value, LogicalType::Regclass) if *value == oid);
    let takes = |column: &&ColumnInfo| {
        // A default that does not bind any more takes nothing.
        let default = column
            .default
            .is_some()
            .then(|| stoa_sql::compile_default(column, &catalog));
        default.is_some_and(|bound| bound.is_ok_and(|bound| bound.any(&mut |part| is_it(part))))
    };
    run.view.catalog.user_relations().find_map(|table| {
        let column = table.columns().find(takes)?;
        Some((table.name().to_owned(), column.name.clone()))
    })
}

fn qualified(schema: &str, name: &str) -> String {
    format!("{}.{}", quote_name(schema), quote_name(name)).replace('\'', "''")
}

/// A sequence in the making, for a column of a table in the making.
pub(super) struct ColumnSequence {
    /// The column's default.
    pub(super) default: String,
    /// What makes the sequence.
    pub(super) changes: Vec<Change>,
}

/// The sequence of a serial or identity column. `taken` are names given by the same statement.
pub(super) fn column_sequence(
    run: &Run<'_>,
    (schema, table): (&str, &str),
    column: &str,
    (oid, owner): (u32, SequenceOwner),
    options: &SequenceOptions,
    taken: &mut Vec<String>,
) -> Result<ColumnSequence> {
    let name = free_sequence_name(run, schema, table, column, taken);
    let mut sequence = SequenceDefinition::new(oid, state_object(run, oid), options)?;
    sequence.owner = Some(owner);
    let changes = take_name(schema, &name, &NameEntry::Sequence(sequence));
    let default = format!("nextval('{}'::regclass)", qualified(schema, &name));
    taken.push(name);
    Ok(ColumnSequence { default, changes })
}

/// `table_column_seq`, cut to what names may have, with a number where it is taken.
fn free_sequence_name(run: &Run<'_>, schema: &str, table: &str, column: &str, taken: &[String]) -> String {
    let is_free = |name: &String| !taken.contains(name) && !run.view.catalog.is_taken(schema, name);
    let numbered = (1..).map(|number: u32| made_name(table, column, &format!("seq{number}")));
    std::iter::once(made_name(table, column, "seq"))
        .chain(numbered)
        .find(is_free)
        .unwrap_or_default()
}

fn made_name(table: &str, column: &str, ending: &str) -> String {
    let (mut table, mut column) = (table, column);
    while table.len() + column.len() + ending.len() + 2 > NAME_BYTES_MAX {
        let longer = if table.len() > column.len() {
            &mut table
        } else {
            &mut column
        };
        let end = longer.floor_char_boundary(longer.len().saturating_sub(1));
        *longer = longer.get(..end).unwrap_or_default();
    }
    format!("{table}_{column}_{ending}")
}

/// Sequences that belong to a table's columns.
pub(crate) fn owned_sequences(catalog: &CatalogState, table: u32) -> Vec<Arc<Relation>> {
    let relations = catalog.user_relations();
    relations
        .filter(|relation| {
            let owner = relation.sequence().and_then(|sequence| sequence.owner);
            owner.is_some_and(|owner| owner.table == table)
        })
        .cloned()
        .collect()
}

/// What leaves a column's sequences with it where it gets another identity, and another type: that of an identity column counts in
/// the column's type.
pub(super) fn moved_with_column(
    run: &Run<'_>,
    table: u32,
    (former, id): (u32, u32),
    identity_type: Option<&LogicalType>,
) -> Result<Vec<Change>> {
    let mut changes = Vec::new();
    for relation in owned_sequences(&run.view.catalog, table) {
        let Some(sequence) = relation.sequence() else { continue };
        let Some(owner) = sequence.owner.filter(|owner| owner.column == former) else {
            continue;
        };
        let mut next = sequence.altered(&SequenceOptions {
            data_type: identity_type.cloned(),
            ..SequenceOptions::default()
        })?;
        next.owner = Some(SequenceOwner { column: id, ..owner });
        let entry = write_name(&NameEntry::Sequence(next));
        changes.push(Change::PutObject(
            name_object(relation.schema(), relation.name()),
            Some(entry),
        ));
    }
    Ok(changes)
}

/// What takes a sequence away.
pub(crate) fn drop_changes(relation: &Relation) -> Vec<Change> {
    let mut changes = vec![free_name(relation.schema(), relation.name())];
    if let Some(sequence) = relation.sequence() {
        changes.push(Change::PutObject(sequence.state_object.clone(), None));
    }
    changes
}

/// TRUNCATE .. RESTART IDENTITY
pub(super) fn restart_owned(run: &Run<'_>, table: u32) -> Result<()> {
    for relation in owned_sequences(&run.view.catalog, table) {
        if let Some(sequence) = relation.sequence() {
            let position = Position {
                last: sequence.start,
                is_called: false,
            };
            run.view.shared.sequences.set(sequence, position)?;
        }
    }
    Ok(())
}
