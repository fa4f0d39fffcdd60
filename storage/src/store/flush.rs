//! Sealing: rows in memory become segments, and the log that held them goes.

use super::database::Shared;
use super::rewrite::Rewrite;
use super::state::TableState;
use crate::error::Result;
use crate::schema::TableId;

/// Seals the rows in memory of one table, or of all, and writes a manifest.
pub(crate) fn flush(shared: &Shared, table: Option<TableId>) -> Result<()> {
    shared.sequencer.check_usable()?;
    let tables: Vec<TableId> = match table {
        Some(table) => vec![table],
        None => shared.sequencer.published().tables.keys().copied().collect(),
    };
    for table in tables {
        flush_table(shared, table)?;
    }
    shared.checkpoint()
}

/// Seals the rows that a table has in memory now.
pub(crate) fn flush_table(shared: &Shared, table: TableId) -> Result<()> {
    let _turn = shared.flushing.lock();
    let has_rows = |table: &TableState| !table.parts.is_empty();
    if !shared
        .sequencer
        .published()
        .tables
        .get(&table)
        .is_some_and(|table| has_rows(table))
    {
        return Ok(());
    }
    let (state, floor) = shared.sequencer.close_parts(table)?;
    let Some(table) = state.tables.get(&table) else {
        return Ok(());
    };
    let mut rewrite = Rewrite::new(shared, table, state.version);
    for part in table.parts.iter().filter(|part| part.id < floor) {
        rewrite.add_part(part)?;
    }
    // Rows of a table that was truncated or dropped meanwhile need no segments.
    rewrite.finish().map(drop)
}
