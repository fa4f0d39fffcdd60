//! The rows an expression is evaluated for: those of a batch, or some of them, whose columns are filtered when first asked for.

use crate::error::{Error, Result};
use crate::functions::{StatementContext, Value};
use arrow_array::ArrayRef;
use arrow_buffer::BooleanBuffer;
use std::cell::RefCell;
use stoa_storage::vector::{Selection, constant_of};

/// Rows and what is known while they are evaluated.
pub(super) struct Frame<'a> {
    rows: Rows<'a>,
    row_count: usize,
    pub(super) statement: &'a StatementContext,
}

enum Rows<'a> {
    /// All rows of these columns.
    All(&'a [ArrayRef]),
    /// The selected rows of another frame.
    Some {
        of: &'a Frame<'a>,
        selection: Selection,
        /// Columns filtered so far, by place.
        filtered: RefCell<Vec<(usize, ArrayRef)>>,
    },
}

impl<'a> Frame<'a> {
    /// All rows of these columns.
    pub(super) fn new(columns: &'a [ArrayRef], row_count: usize, statement: &'a StatementContext) -> Self {
        Frame {
            rows: Rows::All(columns),
            row_count,
            statement,
        }
    }

    /// Those rows of this frame whose bit is set.
    pub(super) fn narrow<'b>(&'b self, bits: &BooleanBuffer) -> Frame<'b> {
        let selection = Selection::new(bits.clone());
        Frame {
            row_count: selection.selected_count(),
            rows: Rows::Some {
                of: self,
                selection,
                filtered: RefCell::new(Vec::new()),
            },
            statement: self.statement,
        }
    }

    /// Rows.
    pub(super) fn row_count(&self) -> usize {
        self.row_count
    }

    /// One value per row of a column, encoded or not.
    fn column(&self, at: usize) -> Result<ArrayRef> {
        match &self.rows {
            Rows::All(columns) => columns
                .get(at)
                .cloned()
                .ok_or_else(|| Error::Internal(format!("a batch has no column {at}"))),
            Rows::Some {
                of,
                selection,
                filtered,
            } => {
                let known = filtered.borrow().iter().find(|(place, _)| *place == at).cloned();
                if let Some((_, column)) = known {
                    return Ok(column);
                }
                let column = selection.filter(&of.column(at)?);
                filtered.borrow_mut().push((at, column.clone()));
                Ok(column)
            }
        }
    }

    /// A column's values; a column of one run is a constant.
    pub(super) fn value(&self, at: usize) -> Result<Value> {
        let column = self.column(at)?;
        Ok(match constant_of(&column) {
            Some(value) => Value::Constant(value),
            None => Value::Array(column),
        })
    }
}
