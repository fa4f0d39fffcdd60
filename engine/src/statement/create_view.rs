//! CREATE VIEW: the query is kept as text and bound anew at every use. CREATE MATERIALIZED VIEW: besides, what it gives is kept with the
//! rows of its table, as a rollup of the table.

use super::definition::{new_oids, relation_exists, take_name, target_schema};
use super::{Effect, Run, stored};
use crate::catalog::compile::CompilerCatalog;
use crate::catalog::persist::{Materialized, NameEntry, ViewDefinition};
use crate::catalog::relation::{Body, Relation};
use crate::catalog::temporary::is_temporary;
use crate::catalog::view_reference::{Place, ViewReference, identities};
use crate::connection::{Notice, StatementWrites};
use crate::error::{Error, Result, SqlState};
use crate::limits::ROLLUPS_OF_TABLE_MAX;
use crate::rollup::{Reason, Rollup, RollupDefinition, unfixed_plan};
use crate::types::LogicalType;
use std::sync::Arc;
use stoa_sql::CompileOptions;
use stoa_sql::catalog::TableId;
use stoa_sql::plan::{self, CreateView};
use stoa_storage::commit::Change;
use stoa_storage::schema::RollupSchema;

/// See the module.
pub(super) fn execute(run: &Run<'_>, create: &CreateView) -> Result<Effect> {
    let (schema, mut changes) = target_schema(run, &create.name)?;
    let name = &create.name.name;
    if create.if_not_exists && run.view.catalog.is_taken(&schema, name) {
        return Ok(
            Effect::command(tag(create), StatementWrites::default()).with_notice(Notice {
                state: SqlState::DUPLICATE_TABLE.0.to_owned(),
                ..Notice::information(format!("relation \"{name}\" already exists, skipping"))
            }),
        );
    }
    let columns: Vec<(String, LogicalType)> = create
        .columns
        .iter()
        .map(|(name, data_type)| match data_type {
            LogicalType::Unknown => (name.clone(), LogicalType::Text),
            decided => (name.clone(), decided.clone()),
        })
        .collect();
    let mut comments = (None, Vec::new());
    let oid = match run.view.catalog.find(&schema, name) {
        None if run.view.catalog.is_taken(&schema, name) => return Err(relation_exists(name)),
        None => new_oids(run, 1),
        Some(former) => match &former.body {
            Body::View(view) if create.or_replace && view.materialized.is_none() => {
                check_replacement(&view.columns, &columns)?;
                comments = (view.comment.clone(), view.column_comments.clone());
                view.oid
            }
            _ if create.or_replace => {
                return Err(Error::user(
                    SqlState::WRONG_OBJECT_TYPE,
                    format!("\"{name}\" is not a view"),
                ));
            }
            _ => return Err(relation_exists(name)),
        },
    };
    let references = references(run, &create.references);
    let mut view = ViewDefinition {
        oid,
        columns,
        query: create.query.clone(),
        depends_on: run.seen.iter().map(|id| id.0).filter(|seen| *seen != oid).collect(),
        references: Some(references),
        comment: comments.0,
        column_comments: comments.1,
        materialized: None,
    };
    if create.materialized {
        view.materialized = Some(materialize(run, &view, &mut changes)?);
    }
    changes.extend(take_name(&schema, name, &NameEntry::View(view)));
    let cause = match create.materialized {
        true => "create materialized view",
        false => "create view",
    };
    Ok(Effect::command(tag(create), StatementWrites::new(cause, changes)))
}

fn tag(create: &CreateView) -> &'static str {
    match create.materialized {
        true => "CREATE MATERIALIZED VIEW",
        false => "CREATE VIEW",
    }
}

/// Makes a rollup of the table that a view reads. A view of nothing but materialized views needs none of its own.
fn materialize(run: &Run<'_>, view: &ViewDefinition, changes: &mut Vec<Change>) -> Result<Materialized> {
    let references = view.references.as_deref().unwrap_or_default();
    let relations = references
        .iter()
        .filter_map(|reference| run.view.catalog.by_id(TableId(reference.oid)));
    let relations: Vec<Arc<Relation>> = relations.collect();
    let is_materialized = |relation: &Arc<Relation>| relation.kind_letter() == 'm';
    if !relations.is_empty() && relations.iter().all(is_materialized) {
        check_fixed(run, &view.query)?;
        return Ok(Materialized::OfViews);
    }
    let (table, reference) = match (relations.as_slice(), references) {
        ([relation], [reference]) if relation.stored().is_some() => (stored(relation)?, reference),
        _ => return Err(other_relations(&relations)),
    };
    if is_temporary(&table.definition.schema) {
        return Err(Error::user(
            SqlState::FEATURE_NOT_SUPPORTED,
            "materialized views must not use temporary tables or views",
        ));
    }
    if table.schema.rollups.len() >= ROLLUPS_OF_TABLE_MAX {
        return Err(Error::user(
            SqlState::PROGRAM_LIMIT_EXCEEDED,
            format!("a table cannot have more than {ROLLUPS_OF_TABLE_MAX} materialized views"),
        ));
    }
    let definition = RollupDefinition {
        view: view.oid,
        query: view.query.clone(),
        table: reference.clone(),
    };
    let id = run.view.shared.store.next_table_id();
    let rollup = Rollup::new(&table.schema, id, &definition)?;
    let mut schema = (*table.schema).clone();
    schema.rollups.push(Arc::new(RollupSchema {
        id,
        columns: rollup.columns(),
        definition: definition.write(),
    }));
    changes.push(Change::AlterTable(Arc::new(schema)));
    Ok(Materialized::WithTable {
        table: reference.oid,
        rollup: id.0,
    })
}

/// Refuses a query of materialized views that may give different answers for the same rows.
fn check_fixed(run: &Run<'_>, query: &str) -> Result<()> {
    let catalog = CompilerCatalog::new(&run.view);
    for parsed in stoa_sql::parse(query)? {
        let compiled = stoa_sql::compile(&parsed, &catalog, &CompileOptions::default())?;
        if let plan::Statement::Query(query) = &compiled.statement
            && let Some(reason) = unfixed_plan(&query.plan)
        {
            return Err(reason.refusal());
        }
    }
    Ok(())
}

fn other_relations(relations: &[Arc<Relation>]) -> Error {
    let view = relations.iter().find(|relation| relation.kind_letter() == 'v');
    let (message, hint) = match (view, relations) {
        (Some(view), _) => (
            format!("it reads the view \"{}\"", view.name()),
            "Write the view's own query over its table instead.",
        ),
        (None, []) => ("it reads no table".to_owned(), "Make it a view."),
        (None, _) => (
            "it reads several relations".to_owned(),
            "Roll up one table on its keys, and join the others when the view is read.",
        ),
    };
    Reason { message, hint }.refusal()
}

/// The names of tables and views, each with its places; the system's relations keep their names.
fn references(run: &Run<'_>, named: &[plan::ViewReference]) -> Vec<ViewReference> {
    let mut references: Vec<ViewReference> = Vec::new();
    for reference in named {
        let place = reference.span.map(|span| Place {
            start: span.start,
            end: span.end,
            aliased: reference.aliased,
        });
        if let Some(known) = references.iter_mut().find(|known| known.name == reference.name) {
            known.places.extend(place);
            continue;
        }
        let relation = run.view.catalog.by_id(reference.table);
        let Some(columns) = relation.as_ref().and_then(|relation| identities(relation)) else {
            continue;
        };
        references.push(ViewReference {
            name: reference.name.clone(),
            oid: reference.table.0,
            columns,
            places: place.into_iter().collect(),
        });
    }
    references
}

/// A view may only get further columns: others' queries name those it has.
fn check_replacement(former: &[(String, LogicalType)], next: &[(String, LogicalType)]) -> Result<()> {
    let refused = |message: String| Err(Error::user(SqlState::INVALID_TABLE_DEFINITION, message));
    if next.len() < former.len() {
        return refused("cannot drop columns from view".into());
    }
    for ((name, data_type), (next_name, next_type)) in former.iter().zip(next) {
        if name != next_name {
            return refused(format!(
                "cannot change name of view column \"{name}\" to \"{next_name}\""
            ));
        }
        if data_type != next_type {
            return refused(format!(
                "cannot change data type of view column \"{name}\" from {data_type} to {next_type}"
            ));
        }
    }
    Ok(())
}
