//! CREATE VIEW: the query is kept as text and bound anew at every use.

use super::definition::{new_oids, relation_exists, take_name, target_schema};
use super::{Effect, Run};
use crate::catalog::persist::{NameEntry, ViewDefinition};
use crate::catalog::relation::Body;
use crate::catalog::view_reference::{Place, ViewReference, identities};
use crate::connection::StatementWrites;
use crate::error::{Error, Result, SqlState};
use crate::types::LogicalType;
use stoa_sql::plan::{self, CreateView};

/// See the module.
pub(super) fn execute(run: &Run<'_>, create: &CreateView) -> Result<Effect> {
    let (schema, mut changes) = target_schema(run, &create.name)?;
    let name = &create.name.name;
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
            Body::View(view) if create.or_replace => {
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
    let view = ViewDefinition {
        oid,
        columns,
        query: create.query.clone(),
        depends_on: run.seen.iter().map(|id| id.0).filter(|seen| *seen != oid).collect(),
        references: Some(references),
        comment: comments.0,
        column_comments: comments.1,
    };
    changes.extend(take_name(&schema, name, &NameEntry::View(view)));
    Ok(Effect::command(
        "CREATE VIEW",
        StatementWrites::new("create view", changes),
    ))
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
