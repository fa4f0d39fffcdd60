//! VACUUM, ANALYZE, CHECKPOINT, REFRESH MATERIALIZED VIEW: the store does these by itself; here it does them now.

use super::{Effect, Run, stored};
use crate::catalog::persist::Materialized;
use crate::catalog::relation::{Body, storage_id};
use crate::connection::StatementWrites;
use crate::error::{Error, Result, SqlState};
use stoa_sql::catalog::{TableId, TableName};

/// VACUUM seals, merges and drops what is beyond retention; ANALYZE finds statistics up to date as they always are.
pub(super) fn execute(run: &Run<'_>, vacuum: bool, table: Option<TableId>) -> Result<Effect> {
    let table = match table {
        Some(id) => Some(stored(&*run.table(id)?)?.schema.id),
        None => None,
    };
    if !vacuum {
        return Ok(Effect::command("ANALYZE", StatementWrites::default()));
    }
    let store = &run.view.shared.store;
    store.flush(table)?;
    store.compact(table)?;
    if table.is_none() {
        store.apply_retention()?;
    }
    Ok(Effect::command("VACUUM", StatementWrites::default()))
}

/// REFRESH MATERIALIZED VIEW: its rows are those of now at any time; what makes them fast to have is made here and now where it is
/// missing.
pub(super) fn refresh(run: &Run<'_>, name: &TableName) -> Result<Effect> {
    let found = run.view.catalog.resolve(name, &run.view.statement.search_path);
    let relation =
        found.ok_or_else(|| Error::user(SqlState::UNDEFINED_TABLE, format!("relation \"{name}\" does not exist")))?;
    let materialized = match &relation.body {
        Body::View(view) => view.materialized,
        _ => None,
    };
    let Some(materialized) = materialized else {
        return Err(Error::user(
            SqlState::WRONG_OBJECT_TYPE,
            format!("\"{}\" is not a materialized view", relation.name()),
        ));
    };
    if let Materialized::WithTable { table, .. } = materialized {
        let table = storage_id(TableId(table));
        let store = &run.view.shared.store;
        store.flush(Some(table))?;
        store.make_partials(table)?;
    }
    Ok(Effect::command("REFRESH MATERIALIZED VIEW", StatementWrites::default()))
}

/// CHECKPOINT: everything in memory is sealed.
pub(super) fn checkpoint(run: &Run<'_>) -> Result<Effect> {
    run.view.shared.store.flush(None)?;
    Ok(Effect::command("CHECKPOINT", StatementWrites::default()))
}
