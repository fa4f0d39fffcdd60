//! Bound expressions made executable: compiled once against a [`Layout`], then evaluated batch by batch.
//!
//! Evaluation never looks at rows outside a batch's selection (an error there would be a wrong error), works on dictionary codes
//! and runs where a function of one encoded column can be computed once per distinct value, and hands encoded columns on encoded.

mod apply;
mod array;
mod call;
mod compile;
mod conditional;
mod frame;
mod in_list;
mod layout;
mod logic;
mod merge;
mod node;
mod quantified;
mod remembered;
mod select;
#[cfg(test)]
mod tests;

pub(crate) use layout::Layout;

use crate::error::Result;
use crate::functions::{StatementContext, Value};
use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, Int32Array, RunArray};
use arrow_buffer::BooleanBuffer;
use frame::Frame;
use std::sync::Arc;
use stoa_storage::vector::{Batch, Selection};

/// A compiled expression; shared by all threads.
#[derive(Debug)]
pub(crate) struct Expression {
    node: node::Node,
    statement: Arc<StatementContext>,
}

impl Expression {
    /// One value per *selected* row, in order: an array of `batch.selected_count()` values, of the plain type of the expression
    /// or encoded from it (`Dictionary(UInt32, _)`, `RunEndEncoded(Int32, _)`; a constant is one run).
    pub(crate) fn evaluate(&self, batch: &Batch) -> Result<ArrayRef> {
        match self.value(batch)? {
            Value::Array(array) => Ok(array),
            Value::Constant(value) => one_run(&value, batch.selected_count()),
        }
    }

    /// As [`Self::evaluate`], always plain.
    pub(crate) fn evaluate_plain(&self, batch: &Batch) -> Result<ArrayRef> {
        match self.value(batch)? {
            Value::Array(array) => Ok(stoa_storage::vector::flatten(&array)),
            constant => constant.expand(batch.selected_count()),
        }
    }

    fn value(&self, batch: &Batch) -> Result<Value> {
        let frame = Frame::new(&batch.columns, batch.row_count, &self.statement);
        match narrowing(batch) {
            Some(selection) => self.node.evaluate(&frame.narrow(selection.bits())),
            None => self.node.evaluate(&frame),
        }
    }

    /// For a boolean expression: one bit per row of the batch (`row_count`, not only selected ones), set where the row is selected
    /// and the expression is true.
    pub(crate) fn select(&self, batch: &Batch) -> Result<BooleanBuffer> {
        let frame = Frame::new(&batch.columns, batch.row_count, &self.statement);
        self.node.select(&frame, narrowing(batch).map(Selection::bits), true)
    }
}

/// The batch's selection, unless that is every row.
fn narrowing(batch: &Batch) -> Option<&Selection> {
    batch
        .selection
        .as_ref()
        .filter(|selection| selection.selected_count() < batch.row_count)
}

/// A column of `row_count` times the same value.
fn one_run(value: &ArrayRef, row_count: usize) -> Result<ArrayRef> {
    if row_count == 0 {
        return Ok(value.slice(0, 0));
    }
    let ends = Int32Array::from(vec![i32::try_from(row_count).unwrap_or(i32::MAX)]);
    Ok(Arc::new(RunArray::<Int32Type>::try_new(&ends, value)?))
}
