//! CREATE TABLE, also AS.

use super::definition::{
    check_stored_type, constraints, index_keys, new_oids, relation_exists, take_name, target_schema,
};
use super::insert::{new_sink, run_source, writes_of};
use super::rejects::{has_event_time, make_rejects, with_rejects};
use super::sequence::column_sequence;
use super::{Effect, Run};
use crate::catalog::options::{apply_options, is_without_effect};
use crate::catalog::persist::{ColumnDefinition, Constraint, NameEntry, TableDefinition, write_table};
use crate::catalog::relation::{relation_id, table_relation};
use crate::catalog::sequence::SequenceOwner;
use crate::catalog::temporary::is_temporary;
use crate::catalog::versioned_key::versioned_key;
use crate::connection::{Notice, StatementWrites};
use crate::error::{Result, SqlState};
use crate::types::stored_type;
use std::sync::Arc;
use stoa_sql::plan::CreateTable;
use stoa_storage::commit::Change;
use stoa_storage::schema::{ColumnId, ColumnSchema, TableId, TableSchema};

/// See the module.
pub(super) fn execute(run: &Run<'_>, create: &CreateTable) -> Result<Effect> {
    let (schema_name, mut changes) = target_schema(run, &create.name)?;
    let name = &create.name.name;
    let tag = match create.source {
        Some(_) => "CREATE TABLE AS",
        None => "CREATE TABLE",
    };
    if run.view.catalog.is_taken(&schema_name, name) {
        return match create.if_not_exists {
            true => Ok(Effect::command(tag, StatementWrites::default()).with_notice(Notice {
                state: SqlState::DUPLICATE_TABLE.0.to_owned(),
                ..Notice::information(format!("relation \"{name}\" already exists, skipping"))
            })),
            false => Err(relation_exists(name)),
        };
    }
    let id = run.view.shared.store.next_table_id();
    let sequence_count = create.columns.iter().filter(|column| column.sequence.is_some()).count() as u32;
    let count = sequence_count + create.constraints.len() as u32;
    let first_oid = new_oids(run, count);
    let sequences = column_sequences(run, (relation_id(id).0, first_oid), &schema_name, create)?;
    let constraints = constraints(&create.constraints, first_oid + sequence_count);
    let new_id = || run.view.shared.store.next_table_id();
    let mut schema = table_schema(id, &schema_name, create, &sequences.defaults, constraints, &new_id)?;
    if has_event_time(&create.options) {
        let (rejects, made) = make_rejects(run, &schema_name, name)?;
        changes.extend(made);
        schema = with_rejects(&schema, rejects)?;
    }
    changes.push(Change::CreateTable(schema.clone()));
    changes.extend(sequences.changes);
    changes.extend(take_name(&schema_name, name, &NameEntry::Table(id.0)));
    let Some(source) = &create.source else {
        let effect = Effect::command(tag, StatementWrites::new("create table", changes));
        return Ok(told(effect, &create.options));
    };
    let relation = table_relation(&schema)?;
    let sink = Arc::new(new_sink(run, &relation)?.without_arrival());
    run_source(run, &source.plan, &sink)?;
    let (count, mut writes) = writes_of(run, &relation, &sink, "create table")?;
    writes.changes.splice(0..0, changes);
    Ok(told(
        Effect::command(format!("SELECT {count}"), writes),
        &create.options,
    ))
}

/// The effect, with a notice for each option that has none.
fn told(effect: Effect, options: &[(String, String)]) -> Effect {
    let idle = options.iter().filter(|(name, _)| is_without_effect(name));
    idle.fold(effect, |effect, (name, _)| {
        effect.with_notice(Notice::information(format!(
            "storage parameter \"{name}\" has no effect"
        )))
    })
}

/// The sequences of serial and identity columns: each such column's default, and what makes the sequences.
#[derive(Default)]
struct ColumnSequences {
    defaults: Vec<Option<String>>,
    changes: Vec<Change>,
}

fn column_sequences(
    run: &Run<'_>,
    (table, mut oid): (u32, u32),
    schema_name: &str,
    create: &CreateTable,
) -> Result<ColumnSequences> {
    let mut sequences = ColumnSequences::default();
    let mut taken = vec![create.name.name.clone()];
    for (column, definition) in (0..).zip(&create.columns) {
        let Some(options) = &definition.sequence else {
            sequences.defaults.push(None);
            continue;
        };
        let names = (schema_name, create.name.name.as_str());
        let owner = SequenceOwner { table, column };
        let made = column_sequence(run, names, &definition.name, (oid, owner), options, &mut taken)?;
        oid += 1;
        sequences.defaults.push(Some(made.default));
        sequences.changes.extend(made.changes);
    }
    Ok(sequences)
}

fn table_schema(
    id: TableId,
    schema_name: &str,
    create: &CreateTable,
    sequence_defaults: &[Option<String>],
    constraints: Vec<Constraint>,
    new_id: &dyn Fn() -> TableId,
) -> Result<Arc<TableSchema>> {
    let mut columns = Vec::with_capacity(create.columns.len());
    let mut definitions = Vec::with_capacity(create.columns.len());
    for (number, column) in (0..).zip(&create.columns) {
        check_stored_type(&column.name, &column.data_type)?;
        columns.push(ColumnSchema {
            id: ColumnId(number),
            name: column.name.clone(),
            data_type: stored_type(&column.data_type),
            nullable: column.nullable,
            missing_value: None,
        });
        definitions.push(ColumnDefinition {
            id: number,
            data_type: column.data_type.clone(),
            default: sequence_defaults
                .get(number as usize)
                .cloned()
                .flatten()
                .or_else(|| column.default.clone()),
            identity: column.identity,
            comment: None,
        });
    }
    let definition = TableDefinition {
        schema: schema_name.to_owned(),
        name: create.name.name.clone(),
        columns: definitions,
        options: create.options.clone(),
        constraints,
        indexes: Vec::new(),
        rejects: None,
        comment: None,
        on_commit: create.on_commit,
        seals: Vec::new(),
    };
    let mut schema = TableSchema::new(id, columns, write_table(&definition));
    apply_options(&mut schema, &create.options, is_temporary(schema_name), new_id)?;
    index_keys(&mut schema, &definition)?;
    for place in versioned_key(&schema, &create.options)?
        .iter()
        .flat_map(|versions| &versions.columns)
    {
        if let Some(column) = schema.columns.get_mut(*place) {
            column.nullable = false;
        }
    }
    Ok(Arc::new(schema))
}
