//! Bound expressions made executable: compiled once against a [`Layout`], then evaluated batch by batch.
//!
//! Evaluation never looks at rows outside a batch's selection (an error there would be a wrong error), works on dictionary codes
//! and runs where a function of one encoded column can be computed once per distinct value, and hands encoded columns on encoded.

mod compile;
mod layout;

pub(crate) use layout::Layout;

use crate::error::Result;
use arrow_array::ArrayRef;
use arrow_buffer::BooleanBuffer;
use stoa_storage::vector::Batch;

/// A compiled expression; shared by all threads.
#[derive(Debug)]
pub(crate) struct Expression {
    node: compile::Node,
}

impl Expression {
    /// One value per *selected* row, in order: an array of `batch.selected_count()` values, of the plain type of the expression
    /// or encoded from it (`Dictionary(UInt32, _)`, `RunEndEncoded(Int32, _)`; a constant is one run).
    pub(crate) fn evaluate(&self, batch: &Batch) -> Result<ArrayRef> {
        self.node.evaluate(batch)
    }

    /// As [`Self::evaluate`], always plain.
    pub(crate) fn evaluate_plain(&self, batch: &Batch) -> Result<ArrayRef> {
        Ok(stoa_storage::vector::flatten(&self.evaluate(batch)?))
    }

    /// For a boolean expression: one bit per row of the batch (`row_count`, not only selected ones), set where the row is selected
    /// and the expression is true.
    pub(crate) fn select(&self, batch: &Batch) -> Result<BooleanBuffer> {
        self.node.select(batch)
    }
}
