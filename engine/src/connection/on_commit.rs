//! ON COMMIT of temporary tables: what the end of a transaction does to those that lose their rows, or go, with it.

use super::transaction::StatementWrites;
use crate::catalog::CatalogState;
use crate::catalog::relation::{Relation, relation_id};
use crate::statement::definition::{dependent_views, free_name};
use crate::statement::sequence::{drop_changes, owned_sequences};
use std::sync::Arc;
use stoa_sql::plan::OnCommit;
use stoa_storage::commit::Change;
use stoa_storage::store::Snapshot;

/// What the end of a transaction does to the temporary tables of a session.
pub(super) fn on_commit(catalog: &CatalogState, snapshot: &dyn Snapshot, schema: &str) -> StatementWrites {
    let mut changes = Vec::new();
    let mut doomed: Vec<Arc<Relation>> = Vec::new();
    for relation in catalog.user_relations().filter(|relation| relation.schema() == schema) {
        let Some(table) = relation.stored() else { continue };
        match table.definition.on_commit {
            Some(OnCommit::DeleteRows) => {
                let rows = snapshot.table(table.schema.id);
                if rows.is_some_and(|rows| rows.row_count() > 0) {
                    changes.push(Change::Truncate(table.schema.id));
                }
            }
            Some(OnCommit::Drop) => doomed.push(relation.clone()),
            None => {}
        }
    }
    // What reads or belongs to a table goes with it, as with DROP .. CASCADE.
    let numbers: Vec<u32> = doomed.iter().map(|relation| relation.id().0).collect();
    let sequences = numbers.iter().flat_map(|table| owned_sequences(catalog, *table));
    sequences.for_each(|sequence| changes.extend(drop_changes(&sequence)));
    for view in dependent_views(catalog, &numbers) {
        changes.push(free_name(view.schema(), view.name()));
    }
    for relation in doomed {
        if let Some(table) = relation.stored() {
            debug_assert_eq!(relation_id(table.schema.id), relation.id());
            changes.push(Change::DropTable(table.schema.id));
        }
        changes.push(free_name(relation.schema(), relation.name()));
    }
    StatementWrites::new("on commit", changes)
}
