//! Scan: of a stored table through storage, of a system table through its rows.

use super::{Piece, Planner};
use crate::error::{Error, Result};
use arrow_array::ArrayRef;
use std::sync::Arc;
use stoa_sql::catalog::TableId;
use stoa_sql::plan::Scan;
use stoa_storage::commit::CommitVersion;
use stoa_storage::store::TableSnapshot;

/// How a relation's column is stored.
#[derive(Clone, Debug)]
pub(crate) struct StoredColumn {
    /// Its identity in storage.
    pub(crate) id: stoa_storage::schema::ColumnId,
}

/// Where the rows of a relation are.
pub(crate) enum TableAccess {
    /// In storage; the relation's columns in order.
    Stored {
        /// The table at the statement's version.
        table: Arc<dyn TableSnapshot>,
        /// By the relation's column index.
        columns: Vec<StoredColumn>,
    },
    /// Computed: plain columns of the relation, by its column index, all of equal length.
    System {
        /// All columns.
        columns: Vec<ArrayRef>,
        /// Rows.
        row_count: usize,
    },
}

/// Finds relations for the planner.
pub(crate) trait Tables: Send + Sync {
    /// A relation as of the statement, or as of another version.
    fn table(&self, id: TableId, as_of: Option<CommitVersion>) -> Result<TableAccess>;
    /// The version that was current at a time (microseconds since 1970 UTC), for AS OF TIMESTAMP.
    fn version_at(&self, time: i64) -> Result<CommitVersion>;
}

impl Planner {
    pub(super) fn plan_scan(&mut self, scan: &Scan, node: usize) -> Result<Piece> {
        let _ = (scan, node, &self.tables);
        Err(Error::Internal("scans are not there yet".into()))
    }
}
