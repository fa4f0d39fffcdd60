//! Which column of a batch is which column of the plan.

use std::collections::HashMap;
use stoa_sql::plan::{ColumnDef, ColumnId};

/// The columns of the batches between two operators, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layout {
    columns: Vec<ColumnDef>,
    positions: HashMap<ColumnId, usize>,
}

impl Layout {
    /// Batches with these columns in this order.
    pub(crate) fn new(columns: Vec<ColumnDef>) -> Self {
        let positions = columns.iter().enumerate().map(|(at, column)| (column.id, at)).collect();
        Layout { columns, positions }
    }

    /// The columns in order.
    pub(crate) fn columns(&self) -> &[ColumnDef] {
        &self.columns
    }

    /// Where a column stands.
    pub(crate) fn position(&self, id: ColumnId) -> Option<usize> {
        self.positions.get(&id).copied()
    }
}
