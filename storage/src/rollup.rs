//! Rollups as storage knows them: beside a segment lies, for each rollup of its table, a partial, which is what the layers above made
//! of exactly its rows when it was written. A scan may ask for partials instead of rows. What they mean is not known here.

use crate::error::Result;
use crate::schema::{RollupSchema, TableId, TableSchema};
use crate::vector::Batch;

/// Makes partials.
pub trait PartialMaker: std::fmt::Debug + Send + Sync {
    /// What a rollup has of some rows, which are all columns of the table: rows of [`RollupSchema::columns`].
    ///
    /// # Errors
    /// Whatever it runs into; the segment has no partial then, and its rows are read.
    fn make(&self, table: &TableSchema, rollup: &RollupSchema, rows: Batch) -> Result<Batch>;
}

/// Asks a scan for a rollup's partials instead of the rows of those segments that have one of all their visible rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartialRequest {
    /// The rollup.
    pub rollup: TableId,
}
