//! What the operators of one query share.

use super::{Cancel, MemoryBudget, Profile};
use crate::functions::StatementContext;
use std::sync::Arc;

/// Given to every operator when the query is planned.
#[derive(Clone)]
pub(crate) struct QueryContext {
    /// Whether to go on.
    pub(crate) cancel: Arc<Cancel>,
    /// The query's memory.
    pub(crate) memory: Arc<MemoryBudget>,
    /// What functions may know.
    pub(crate) statement: Arc<StatementContext>,
    /// Rows of a batch at most.
    pub(crate) batch_rows: usize,
    /// Answer from summaries of segments and blocks where rows need not be read (`stoa.use_metadata`).
    pub(crate) use_metadata: bool,
    /// Answer from rollups (`stoa.use_rollups`).
    pub(crate) use_rollups: bool,
    /// Workers that may run at once.
    pub(crate) threads: usize,
    /// Where operators count, for EXPLAIN ANALYZE.
    pub(crate) profile: Option<Arc<Profile>>,
}
