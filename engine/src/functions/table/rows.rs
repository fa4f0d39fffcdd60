//! Rows that are there already, handed out in slices.

use crate::error::Result;
use crate::functions::{TableCall, TableRows};
use arrow_array::{Array, ArrayRef};

/// Columns of equal length.
struct Ready {
    columns: Vec<ArrayRef>,
    given: usize,
}

/// Hands out columns of equal length.
pub(super) fn ready(columns: Vec<ArrayRef>) -> Box<dyn TableRows> {
    Box::new(Ready { columns, given: 0 })
}

impl TableRows for Ready {
    fn next(&mut self, rows_max: usize) -> Result<Option<Vec<ArrayRef>>> {
        let rest = self.columns.first().map_or(0, |column| column.len()) - self.given;
        if rest == 0 {
            return Ok(None);
        }
        let count = rest.min(rows_max.max(1));
        let slices = self.columns.iter().map(|column| column.slice(self.given, count));
        let slices = slices.collect();
        self.given += count;
        Ok(Some(slices))
    }
}

/// No rows: what a strict function gives for NULL.
pub(super) struct Nothing;

impl TableRows for Nothing {
    fn next(&mut self, _rows_max: usize) -> Result<Option<Vec<ArrayRef>>> {
        Ok(None)
    }
}

/// Whether an argument is NULL.
pub(super) fn has_null(call: &TableCall<'_>) -> bool {
    call.arguments.iter().any(|argument| argument.is_null(0))
}

/// An argument by place.
pub(super) fn argument<'a>(call: &TableCall<'a>, at: usize) -> Result<&'a ArrayRef> {
    call.arguments
        .get(at)
        .ok_or_else(|| crate::error::Error::Internal(format!("a table function has no argument {at}")))
}
