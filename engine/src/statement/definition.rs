//! What statements that define things share: where a new name goes, whether it is free, and the changes that take or free it.

use super::Run;
use crate::catalog::CatalogState;
use crate::catalog::persist::{
    ColumnDefinition, Constraint, NameEntry, Rule, TableDefinition, name_object, schema_object, write_name, write_oid,
    write_table,
};
use crate::catalog::relation::Relation;
use crate::catalog::state::{BUILTIN_SCHEMAS, is_system_schema};
use crate::catalog::temporary;
use crate::catalog::versioned_key::{check_unique_keys, versioned_key};
use crate::error::{Error, Result, SqlState};
use crate::types::{LogicalType, array_type};
use std::sync::Arc;
use stoa_sql::catalog::TableName;
use stoa_sql::plan::{ConstraintDefinition, ConstraintKind};
use stoa_storage::commit::Change;
use stoa_storage::schema::TableSchema;

/// That there is no such schema.
pub(super) fn no_schema(name: &str) -> Error {
    Error::user(
        SqlState::INVALID_SCHEMA_NAME,
        format!("schema \"{name}\" does not exist"),
    )
}

/// The schema in which a new relation of that name is made, and what makes the schema where it is a session's first temporary one.
///
/// # Errors
/// 3F000 where there is none, 42501 where nobody may make anything.
pub(super) fn target_schema(run: &Run<'_>, name: &TableName) -> Result<(String, Vec<Change>)> {
    let own = run.view.temporary_schema.to_string();
    let is_own = |schema: &String| *schema == temporary::ALIAS || *schema == own;
    if !name.schema.as_ref().is_some_and(is_own) {
        return Ok((lasting_schema(run, name)?, Vec::new()));
    }
    let mut changes = Vec::new();
    if run.view.catalog.schema_oid(&own).is_none() {
        let oid = new_oids(run, 1);
        changes.push(Change::PutObject(schema_object(&own), Some(write_oid(oid))));
    }
    Ok((own, changes))
}

fn lasting_schema(run: &Run<'_>, name: &TableName) -> Result<String> {
    let catalog = &run.view.catalog;
    let Some(schema) = &name.schema else {
        let path = &run.view.statement.search_path;
        return catalog.creation_schema(path).map(str::to_owned).ok_or_else(|| {
            Error::user(
                SqlState::INVALID_SCHEMA_NAME,
                "no schema has been selected to create in",
            )
        });
    };
    if catalog.schema_oid(schema).is_none() {
        return Err(no_schema(schema));
    }
    if is_system_schema(schema) || temporary::is_temporary(schema) {
        let error = stoa_sql::Error::new(
            SqlState::INSUFFICIENT_PRIVILEGE,
            format!("permission denied to create \"{schema}.{}\"", name.name),
        );
        return Err(Error::Sql(
            error.with_detail("System catalog modifications are currently disallowed."),
        ));
    }
    Ok(schema.clone())
}

/// That a relation's name is taken.
pub(super) fn relation_exists(name: &str) -> Error {
    super::already_exists(SqlState::DUPLICATE_TABLE, "relation", name)
}

/// A name begins to stand for something, in a schema that nobody drops meanwhile.
pub(super) fn take_name(schema: &str, name: &str, entry: &NameEntry) -> Vec<Change> {
    let mut changes = vec![Change::PutObject(name_object(schema, name), Some(write_name(entry)))];
    let is_builtin = BUILTIN_SCHEMAS.iter().any(|(builtin, _)| *builtin == schema);
    if !is_builtin {
        changes.push(Change::Unchanged(schema_object(schema)));
    }
    changes
}

/// A name stands for nothing any more.
pub(crate) fn free_name(schema: &str, name: &str) -> Change {
    Change::PutObject(name_object(schema, name), None)
}

/// So many numbers for views, sequences, constraints or schemas, of which this is the first.
pub(super) fn new_oids(run: &Run<'_>, count: u32) -> u32 {
    run.view.shared.new_oids(&run.view.catalog, count)
}

/// Refuses types that only results may have.
///
/// # Errors
/// 0A000
pub(super) fn check_stored_type(column: &str, data_type: &LogicalType) -> Result<()> {
    let mut element = data_type;
    while let LogicalType::Array(inner) = element {
        element = inner;
    }
    match stoa_storage::vector::is_stored_type(&array_type(element)) {
        true => Ok(()),
        false => Err(Error::user(
            SqlState::FEATURE_NOT_SUPPORTED,
            format!("column \"{column}\" of type {data_type} cannot be stored: use jsonb"),
        )),
    }
}

/// Refuses options that order rows by arrays or look for them: storage does not know how arrays compare.
///
/// # Errors
/// 0A000
fn check_option_columns(schema: &TableSchema, definition: &TableDefinition) -> Result<()> {
    let options = [("order_by", &schema.sort_key), ("bloom_filter", &schema.bloom_columns)];
    let keys = schema.keys.iter().map(|key| ("deduplicate_by", &key.columns));
    for (option, ids) in options.into_iter().chain(keys) {
        let is_array = |id: u32| {
            let mut columns = definition.columns.iter();
            columns.any(|column| column.id == id && matches!(column.data_type, LogicalType::Array(_)))
        };
        let array = ids.iter().find(|id| is_array(id.0)).and_then(|id| schema.column(*id));
        if let Some(column) = array {
            return Err(Error::user(
                SqlState::FEATURE_NOT_SUPPORTED,
                format!(
                    "option \"{option}\" cannot name column \"{}\", which is an array",
                    column.name
                ),
            ));
        }
    }
    Ok(())
}

/// Constraints as they are kept, with numbers from one on. Columns of a new table have their places as identities.
pub(super) fn constraints(defined: &[ConstraintDefinition], first_oid: u32) -> Vec<Constraint> {
    let kept = (first_oid..).zip(defined).map(|(oid, constraint)| Constraint {
        oid,
        name: constraint.name.clone(),
        rule: match &constraint.kind {
            ConstraintKind::PrimaryKey(places) => Rule::Key {
                columns: places.iter().map(|place| *place as u32).collect(),
                is_primary: true,
            },
            ConstraintKind::Unique(places) => Rule::Key {
                columns: places.iter().map(|place| *place as u32).collect(),
                is_primary: false,
            },
            ConstraintKind::Check(condition) => Rule::Check(condition.clone()),
        },
    });
    kept.collect()
}

/// Looking for a key must not read the table: its columns get Bloom filters.
///
/// # Errors
/// 0A000 for a type that cannot be a key, and for options about arrays.
pub(super) fn index_keys(schema: &mut TableSchema, definition: &TableDefinition) -> Result<()> {
    check_option_columns(schema, definition)?;
    for id in schema.keys.iter().flat_map(|key| &key.columns) {
        check_key_type(definition, id.0)?;
    }
    let mut keys: Vec<Vec<u32>> = definition.keys().map(|(_, _, columns)| columns).collect();
    if let Some(versions) = versioned_key(schema, &definition.options)? {
        check_unique_keys(schema, definition, &versions)?;
        let columns = versions.columns.iter().filter_map(|place| schema.columns.get(*place));
        keys.push(columns.map(|column| column.id.0).collect());
    }
    for columns in keys {
        for id in columns {
            check_key_type(definition, id)?;
            let id = stoa_storage::schema::ColumnId(id);
            if !schema.bloom_columns.contains(&id) {
                schema.bloom_columns.push(id);
            }
        }
    }
    Ok(())
}

fn check_key_type(definition: &TableDefinition, id: u32) -> Result<()> {
    let column = definition.columns.iter().find(|column| column.id == id);
    match column.filter(|column| !is_key_type(&column.data_type)) {
        None => Ok(()),
        Some(column) => Err(Error::user(
            SqlState::FEATURE_NOT_SUPPORTED,
            format!("a key of type {} is not supported", column.data_type),
        )),
    }
}

/// Types whose equal values are the same bits.
fn is_key_type(data_type: &LogicalType) -> bool {
    !matches!(
        data_type,
        LogicalType::Json
            | LogicalType::Jsonb
            | LogicalType::Jsonpath
            | LogicalType::Interval
            | LogicalType::Array(_)
            | LogicalType::Record(_)
    )
}

/// The table with another definition beside storage's own part.
pub(super) fn with_definition(schema: &TableSchema, definition: &TableDefinition) -> Arc<TableSchema> {
    let definition = TableDefinition {
        // Of columns that are gone nothing is kept.
        columns: definition
            .columns
            .iter()
            .filter(|column| schema.columns.iter().any(|stored| stored.id.0 == column.id))
            .cloned()
            .collect::<Vec<ColumnDefinition>>(),
        ..definition.clone()
    };
    Arc::new(TableSchema {
        definition: write_table(&definition),
        ..schema.clone()
    })
}

/// Views that read a relation, directly or through each other, as changes and names.
pub(crate) fn dependent_views(catalog: &CatalogState, roots: &[u32]) -> Vec<Arc<Relation>> {
    use crate::catalog::relation::Body;
    let mut found: Vec<Arc<Relation>> = Vec::new();
    let mut numbers: Vec<u32> = roots.to_vec();
    loop {
        let before = found.len();
        for relation in catalog.user_relations() {
            let Body::View(view) = &relation.body else { continue };
            let depends = view.depends_on.iter().any(|oid| numbers.contains(oid));
            if depends && !numbers.contains(&view.oid) {
                numbers.push(view.oid);
                found.push(relation.clone());
            }
        }
        if found.len() == before {
            return found;
        }
    }
}

/// That something cannot go, or get another name, because views read it.
pub(super) fn still_needed(verb: &str, what: &str, dependents: &[Arc<Relation>]) -> Error {
    let lines: Vec<String> = dependents
        .iter()
        .map(|view| format!("{} {} depends on {what}", view.kind_word(), view.name()))
        .collect();
    let error = stoa_sql::Error::new(
        SqlState("2BP01"),
        format!("cannot {verb} {what} because other objects depend on it"),
    );
    Error::Sql(error.with_detail(lines.join("\n")).with_hint(match verb {
        "drop" => "Use DROP ... CASCADE to drop the dependent objects too.",
        _ => "Drop the views, and make them again afterwards.",
    }))
}
