//! COMMENT ON: a part of the definition of what it is about; an empty one goes.

use super::definition::with_definition;
use super::{Effect, Run};
use crate::catalog::persist::{NameEntry, TableDefinition, ViewDefinition, name_object, write_name};
use crate::catalog::relation::{Body, StoredTable};
use crate::connection::StatementWrites;
use crate::error::{Error, Result};
use std::sync::Arc;
use stoa_sql::plan::Comment;
use stoa_storage::commit::Change;

/// See the module.
pub(super) fn execute(run: &Run<'_>, comment: &Comment) -> Result<Effect> {
    let gone = || Error::Internal(format!("relation {} is not there any more", comment.relation.0));
    let relation = run.view.catalog.by_id(comment.relation).ok_or_else(gone)?;
    let change = match &relation.body {
        Body::Table(table) => {
            let definition = commented_table(table, comment).ok_or_else(gone)?;
            Change::AlterTable(with_definition(&table.schema, &definition))
        }
        Body::View(view) => {
            let view = commented_view(view, comment).ok_or_else(gone)?;
            let entry: Arc<[u8]> = write_name(&NameEntry::View(view));
            Change::PutObject(name_object(relation.schema(), relation.name()), Some(entry))
        }
        Body::Sequence(_) | Body::System(_) => return Err(gone()),
    };
    Ok(Effect::command(
        "COMMENT",
        StatementWrites::new("comment", vec![change]),
    ))
}

fn commented_table(table: &StoredTable, comment: &Comment) -> Option<TableDefinition> {
    let mut definition = table.definition.clone();
    let Some(place) = comment.column else {
        definition.comment.clone_from(&comment.text);
        return Some(definition);
    };
    let id = table.schema.columns.get(place)?.id.0;
    let column = definition.columns.iter_mut().find(|column| column.id == id)?;
    column.comment.clone_from(&comment.text);
    Some(definition)
}

/// A view's columns have names and no identities.
fn commented_view(view: &ViewDefinition, comment: &Comment) -> Option<ViewDefinition> {
    let mut view = view.clone();
    let Some(place) = comment.column else {
        view.comment.clone_from(&comment.text);
        return Some(view);
    };
    let (column, _) = view.columns.get(place)?.clone();
    view.column_comments.retain(|(name, _)| *name != column);
    view.column_comments
        .extend(comment.text.clone().map(|text| (column, text)));
    Some(view)
}
