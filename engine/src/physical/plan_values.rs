//! Values.

use super::{Piece, Planner};
use crate::error::Result;
use crate::expression::Layout;
use crate::operators::values::ArraysSource;
use crate::types::{array_of, array_type};
use arrow_array::{Array, ArrayRef, new_empty_array};
use stoa_sql::plan::{ColumnDef, Expr, Values};
use stoa_storage::vector::Batch;

impl Planner {
    pub(super) fn plan_values(&mut self, values: &Values) -> Result<Piece> {
        let columns = values.columns.iter().enumerate();
        let arrays = columns
            .map(|(place, column)| self.values_column(values, place, column))
            .collect::<Result<Vec<_>>>()?;
        let source = ArraysSource::new(arrays, values.rows.len(), self.context.batch_rows);
        Ok(Piece::source(source, values.columns.clone()))
    }

    fn values_column(&self, values: &Values, place: usize, column: &ColumnDef) -> Result<ArrayRef> {
        let one_row = Batch::new(Vec::new(), 1);
        let layout = Layout::default();
        let cells = values.rows.iter().filter_map(|row| row.get(place));
        let cells = cells
            .map(|cell| match cell {
                Expr::Literal(literal, _) => array_of(literal, &column.data_type),
                expression => self.compile(expression, &layout)?.evaluate_plain(&one_row),
            })
            .collect::<Result<Vec<_>>>()?;
        if cells.is_empty() {
            return Ok(new_empty_array(&array_type(&column.data_type)));
        }
        let cells: Vec<&dyn Array> = cells.iter().map(|cell| &**cell).collect();
        Ok(arrow_select::concat::concat(&cells)?)
    }
}
