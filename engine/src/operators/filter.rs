//! Keeps the rows for which every predicate is true: narrows the selection, and compacts a batch once few rows are left.

use crate::error::Result;
use crate::expression::Expression;
use crate::pipeline::{Stream, Transform};
use std::sync::Arc;
use stoa_storage::vector::{Batch, Selection};

/// A batch with fewer selected rows than one in so many is compacted.
const COMPACT_BELOW: usize = 4;

/// The transform.
pub(crate) struct FilterTransform {
    predicates: Arc<[Expression]>,
}

impl FilterTransform {
    /// Conjuncts over the input's columns.
    pub(crate) fn new(predicates: Vec<Expression>) -> Self {
        FilterTransform {
            predicates: predicates.into(),
        }
    }
}

impl Transform for FilterTransform {
    fn open(&self, input: Box<dyn Stream>) -> Result<Box<dyn Stream>> {
        Ok(Box::new(FilterStream {
            input,
            predicates: self.predicates.clone(),
        }))
    }
}

struct FilterStream {
    input: Box<dyn Stream>,
    predicates: Arc<[Expression]>,
}

impl Stream for FilterStream {
    fn next(&mut self) -> Result<Option<Batch>> {
        while let Some(batch) = self.input.next()? {
            let batch = narrowed(batch, &self.predicates)?;
            let selected = batch.selected_count();
            if selected == 0 {
                continue;
            }
            let sparse = selected * COMPACT_BELOW < batch.row_count;
            return Ok(Some(if sparse { batch.compact() } else { batch }));
        }
        Ok(None)
    }
}

/// A batch with only those rows selected for which all predicates are true.
pub(crate) fn narrowed(mut batch: Batch, predicates: &[Expression]) -> Result<Batch> {
    for predicate in predicates {
        let selection = Selection::new(predicate.select(&batch)?);
        batch.selection = (selection.selected_count() < batch.row_count).then_some(selection);
        if batch.selected_count() == 0 {
            break;
        }
    }
    Ok(batch)
}
