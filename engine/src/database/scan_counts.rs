//! How often tables were scanned since the database was opened: what `pg_stat_user_tables` shows. Kept in memory only.

use parking_lot::Mutex;
use std::collections::HashMap;
use stoa_sql::catalog::TableId;

/// By table.
#[derive(Debug, Default)]
pub(crate) struct ScanCounts(Mutex<HashMap<TableId, u64>>);

impl ScanCounts {
    /// A scan begins.
    pub(crate) fn add(&self, table: TableId) {
        *self.0.lock().entry(table).or_default() += 1;
    }

    /// Scans of a table.
    pub(crate) fn of(&self, table: TableId) -> u64 {
        self.0.lock().get(&table).copied().unwrap_or(0)
    }
}
