//! TRUNCATE: all rows out.

use super::sequence::restart_owned;
use super::{Effect, Run, stored};
use crate::connection::StatementWrites;
use crate::error::Result;
use stoa_sql::plan::Truncate;
use stoa_storage::commit::Change;

/// See the module.
pub(super) fn execute(run: &Run<'_>, truncate: &Truncate) -> Result<Effect> {
    let mut changes = Vec::with_capacity(truncate.tables.len());
    for table in &truncate.tables {
        let relation = run.table(*table)?;
        changes.push(Change::Truncate(stored(&relation)?.schema.id));
        if truncate.restart_identity {
            restart_owned(run, table.0)?;
        }
    }
    Ok(Effect::command(
        "TRUNCATE TABLE",
        StatementWrites::new("truncate", changes),
    ))
}
