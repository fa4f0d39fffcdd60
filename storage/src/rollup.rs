//! Rollups as storage knows them: beside a segment lies, for each rollup of its table, a partial, which is what the layers above made
//! of exactly its rows when it was written. A scan may ask for partials instead of rows. What they mean is not known here.

use crate::error::Result;
use crate::predicate::ColumnPredicate;
use crate::schema::{ColumnId, RollupSchema, TableId, TableSchema};
use crate::vector::Batch;

/// Makes partials.
pub trait PartialMaker: std::fmt::Debug + Send + Sync {
    /// The columns of the table that a rollup is made of.
    ///
    /// # Errors
    /// As [`Self::make`].
    fn columns(&self, table: &TableSchema, rollup: &RollupSchema) -> Result<Vec<ColumnId>>;
    /// What a rollup has of a segment's rows: rows of [`RollupSchema::columns`]. The segment's rows come a batch at a time, of
    /// [`Self::columns`] in their order, still encoded where they are; rows that are not selected are deleted.
    ///
    /// # Errors
    /// Whatever it runs into; the segment has no partial then, and its rows are read.
    fn make(&self, table: &TableSchema, rollup: &RollupSchema, rows: &mut RowsOfSegment<'_>) -> Result<Batch>;
}

/// The rows of a segment, a batch at a time.
pub type RowsOfSegment<'a> = dyn Iterator<Item = Result<Batch>> + 'a;

/// Asks a scan for a rollup's partials instead of the rows of those segments that have one of all their visible rows.
#[derive(Clone, Debug)]
pub struct PartialRequest {
    /// The rollup.
    pub rollup: TableId,
    /// The columns of the batches, in order, of [`RollupSchema::columns`].
    pub columns: Vec<ColumnId>,
    /// Columns of the table that are columns of partials, too: what dynamic conditions leave out of them need not come.
    pub keys: Vec<(ColumnId, ColumnId)>,
    /// What all rows of a segment must meet for its partial to be wanted: conditions of the scan that the asker cannot test on partials.
    pub conditions: Vec<ColumnPredicate>,
    /// Rows that come beside a partial, because the asker leaves their groups out: those that meet one of these conditions and all of the
    /// scan's. No row meets two of them.
    pub rest: Vec<ColumnPredicate>,
}
