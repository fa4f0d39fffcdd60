//! Makes partials: what storage calls whenever it writes a segment.

use super::shape::Rollup;
use crate::error::{Error, Result};
use crate::expression::Expression;
use crate::operators::filter::narrowed;
use crate::operators::hash_aggregate::aggregated;
use crate::pipeline::MemoryBudget;
use arrow_array::{ArrayRef, UInt32Array};
use arrow_ord::sort::{SortColumn, lexsort_to_indices};
use std::sync::Arc;
use stoa_storage::disk::MemoryDisk;
use stoa_storage::rollup::{PartialMaker, RowsOfSegment};
use stoa_storage::schema::{ColumnId, RollupSchema, TableSchema};
use stoa_storage::temporary::TemporaryFiles;
use stoa_storage::vector::Batch;

/// See the module.
#[derive(Debug)]
pub(crate) struct PartialsOfRows;

impl PartialMaker for PartialsOfRows {
    fn columns(&self, table: &TableSchema, rollup: &RollupSchema) -> stoa_storage::Result<Vec<ColumnId>> {
        let places = Rollup::of(table, rollup).map_err(invalid)?.table_places();
        let columns = places.into_iter().filter_map(|place| table.columns.get(place));
        Ok(columns.map(|column| column.id).collect())
    }

    fn make(
        &self,
        table: &TableSchema,
        rollup: &RollupSchema,
        rows: &mut RowsOfSegment<'_>,
    ) -> stoa_storage::Result<Batch> {
        let mut rows = rows.map(|batch| batch.map_err(Error::from));
        let made = Rollup::of(table, rollup).and_then(|rollup| rollup.partial(&mut rows));
        made.map_err(invalid)
    }
}

fn invalid(error: Error) -> stoa_storage::Error {
    stoa_storage::Error::Invalid {
        reason: error.to_string(),
    }
}

impl Rollup {
    /// What the rollup has of some rows of the table, in the order of its keys: neighbours are alike then, and take little room.
    fn partial(&self, rows: &mut dyn Iterator<Item = Result<Batch>>) -> Result<Batch> {
        let (specification, layout) = self.specification()?;
        let conditions = self.conditions.iter();
        let conditions = conditions.map(|condition| Expression::compile(condition, &layout, self.statement()));
        let conditions: Vec<Expression> = conditions.collect::<Result<_>>()?;
        let mut rows = rows.map(|batch| narrowed(batch?, &conditions));
        let groups = aggregated(specification, &no_limit(), &mut rows)?;
        let keys = groups.columns.iter().take(self.keys.len());
        let keys: Vec<SortColumn> = keys
            .map(|key| SortColumn {
                values: key.clone(),
                options: None,
            })
            .collect();
        if keys.is_empty() {
            return Ok(groups);
        }
        let order: UInt32Array = lexsort_to_indices(&keys, None)?;
        let columns = groups.columns.iter();
        let sorted = columns.map(|column| arrow_select::take::take(column, &order, None));
        let sorted: Vec<ArrayRef> = sorted.collect::<std::result::Result<_, _>>()?;
        Ok(Batch::new(sorted, groups.row_count))
    }
}

/// The groups of one segment are no more than its rows: they stay in memory.
fn no_limit() -> Arc<MemoryBudget> {
    let nowhere = Arc::new(MemoryDisk::default());
    MemoryBudget::new(usize::MAX, TemporaryFiles::new(nowhere))
}
