//! VACUUM, ANALYZE, CHECKPOINT: the store does these by itself; here it does them now.

use super::{Effect, Run, stored};
use crate::connection::StatementWrites;
use crate::error::Result;
use stoa_sql::catalog::TableId;

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

/// CHECKPOINT: everything in memory is sealed.
pub(super) fn checkpoint(run: &Run<'_>) -> Result<Effect> {
    run.view.shared.store.flush(None)?;
    Ok(Effect::command("CHECKPOINT", StatementWrites::default()))
}
