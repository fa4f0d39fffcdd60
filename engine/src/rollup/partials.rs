//! Makes partials: what storage calls whenever it writes a segment.

use super::shape::Rollup;
use crate::error::{Error, Result};
use crate::expression::Expression;
use crate::operators::filter::narrowed;
use crate::operators::hash_aggregate::aggregated;
use arrow_array::{ArrayRef, UInt32Array};
use arrow_ord::sort::{SortColumn, lexsort_to_indices};
use stoa_storage::rollup::PartialMaker;
use stoa_storage::schema::{ColumnId, RollupSchema, TableSchema};
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

    fn make(&self, table: &TableSchema, rollup: &RollupSchema, rows: Batch) -> stoa_storage::Result<Batch> {
        let made = Rollup::of(table, rollup).and_then(|rollup| rollup.partial(rows));
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
    fn partial(&self, rows: Batch) -> Result<Batch> {
        let (specification, layout) = self.specification()?;
        let conditions = self.conditions.iter();
        let conditions = conditions.map(|condition| Expression::compile(condition, &layout, self.statement()));
        let conditions: Vec<Expression> = conditions.collect::<Result<_>>()?;
        let (columns, row_count) = aggregated(specification, narrowed(rows, &conditions)?)?;
        let keys = columns.iter().take(self.keys.len());
        let keys: Vec<SortColumn> = keys
            .map(|key| SortColumn {
                values: key.clone(),
                options: None,
            })
            .collect();
        if keys.is_empty() {
            return Ok(Batch::new(columns, row_count));
        }
        let order: UInt32Array = lexsort_to_indices(&keys, None)?;
        let sorted = columns
            .iter()
            .map(|column| arrow_select::take::take(column, &order, None));
        let sorted: Vec<ArrayRef> = sorted.collect::<std::result::Result<_, _>>()?;
        Ok(Batch::new(sorted, row_count))
    }
}
