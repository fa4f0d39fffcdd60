//! From a bound expression to a tree that evaluates itself.

use super::{Expression, Layout};
use crate::error::{Error, Result};
use crate::functions::StatementContext;
use arrow_array::ArrayRef;
use arrow_buffer::BooleanBuffer;
use std::sync::Arc;
use stoa_sql::plan::Expr;
use stoa_storage::vector::Batch;

impl Expression {
    /// Compiles an expression without subqueries or parameters whose columns are all in the layout.
    ///
    /// # Errors
    /// A function that is not there, or a cast that does not exist.
    pub(crate) fn compile(expression: &Expr, layout: &Layout, statement: &Arc<StatementContext>) -> Result<Self> {
        let _ = (expression, layout, statement);
        Err(Error::Internal("expressions are not there yet".into()))
    }
}

/// A node.
#[derive(Debug)]
pub(super) struct Node;

impl Node {
    pub(super) fn evaluate(&self, _batch: &Batch) -> Result<ArrayRef> {
        Err(Error::Internal("expressions are not there yet".into()))
    }

    pub(super) fn select(&self, _batch: &Batch) -> Result<BooleanBuffer> {
        Err(Error::Internal("expressions are not there yet".into()))
    }
}
