//! The whole filter language of storage: conditions on one column that encodings and indexes can answer. Never an expression;
//! NULL never satisfies a condition except [`ColumnPredicate::IsNull`].

use crate::schema::ColumnId;
use crate::vector::KeySet;
use arrow_array::ArrayRef;
use std::sync::Arc;

/// A condition on a column.
#[derive(Clone, Debug)]
pub struct ColumnPredicate {
    /// The column.
    pub column: ColumnId,
    /// What must hold of its value.
    pub condition: Condition,
}

/// What must hold of a value. Scalars are arrays of length 1 of the column's plain type, never NULL.
#[derive(Clone, Debug)]
pub enum Condition {
    /// Between bounds, in the order of `vector::order` (NaN above all numbers; text by bytes).
    Range {
        /// Lower bound, if any.
        lower: Option<Bound>,
        /// Upper bound, if any.
        upper: Option<Bound>,
    },
    /// Other than this value.
    NotEqual(ArrayRef),
    /// One of these values: plain, sorted, without duplicates or NULL.
    In(ArrayRef),
    /// One of a set's values, or one of the few others that pass its test.
    Among(Arc<KeySet>),
    /// None of these values: plain, sorted, without duplicates or NULL.
    NotIn(ArrayRef),
    /// Begins with these bytes (text, bytea).
    Prefix(Arc<[u8]>),
    /// Contains these bytes (text, bytea).
    Contains(Arc<[u8]>),
    /// NULL.
    IsNull,
    /// Not NULL.
    IsNotNull,
}

/// A bound of a range.
#[derive(Clone, Debug)]
pub struct Bound {
    /// An array of one value.
    pub value: ArrayRef,
    /// The value itself is inside.
    pub inclusive: bool,
}

/// A predicate that tightens while a query runs: a join's keys, a top-N's threshold. Scans ask for it per block.
pub trait DynamicPredicate: Send + Sync {
    /// The condition that holds from now on for every row that can still matter; `None` while nothing is known.
    fn current(&self) -> Option<ColumnPredicate>;
}

/// A filter over several columns or beyond [`Condition`], evaluated by the layer above on decoded columns, before the
/// remaining columns of a block are read.
pub trait RowPredicate: Send + Sync {
    /// The columns it reads.
    fn columns(&self) -> &[ColumnId];
    /// One bit per row: whether the row passes. Columns may be encoded.
    fn evaluate(
        &self,
        columns: &[ArrayRef],
        row_count: usize,
    ) -> std::result::Result<arrow_buffer::BooleanBuffer, Box<dyn std::error::Error + Send + Sync>>;
}

impl std::fmt::Debug for dyn DynamicPredicate {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("DynamicPredicate")
    }
}

impl std::fmt::Debug for dyn RowPredicate {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("RowPredicate")
    }
}
