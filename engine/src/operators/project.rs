//! Computes columns. A column that is only handed on is not touched where all rows are selected.

use crate::error::Result;
use crate::expression::Expression;
use crate::pipeline::{Stream, Transform};
use std::sync::Arc;
use stoa_storage::vector::Batch;

/// What an output column is.
#[derive(Debug)]
pub(crate) enum Projection {
    /// The input's column at this place.
    Column(usize),
    /// Computed.
    Expression(Expression),
}

/// The transform.
pub(crate) struct ProjectTransform {
    projections: Arc<[Projection]>,
    /// Nothing is computed: a selection may stay.
    passes_on: bool,
}

impl ProjectTransform {
    pub(crate) fn new(projections: Vec<Projection>) -> Self {
        let passes_on = projections
            .iter()
            .all(|projection| matches!(projection, Projection::Column(_)));
        ProjectTransform {
            projections: projections.into(),
            passes_on,
        }
    }
}

impl Transform for ProjectTransform {
    fn open(&self, input: Box<dyn Stream>) -> Result<Box<dyn Stream>> {
        Ok(Box::new(ProjectStream {
            input,
            projections: self.projections.clone(),
            passes_on: self.passes_on,
        }))
    }
}

struct ProjectStream {
    input: Box<dyn Stream>,
    projections: Arc<[Projection]>,
    passes_on: bool,
}

impl Stream for ProjectStream {
    fn next(&mut self) -> Result<Option<Batch>> {
        let Some(batch) = self.input.next()? else {
            return Ok(None);
        };
        let selection = batch.selection.as_ref().filter(|_| !self.passes_on);
        let columns = self.projections.iter().map(|projection| match projection {
            Projection::Column(place) => Ok(match selection {
                None => batch.columns[*place].clone(),
                Some(selection) => selection.filter(&batch.columns[*place]),
            }),
            Projection::Expression(expression) => expression.evaluate(&batch),
        });
        let columns = columns.collect::<Result<Vec<_>>>()?;
        Ok(Some(match self.passes_on {
            true => Batch {
                columns,
                row_count: batch.row_count,
                selection: batch.selection,
            },
            false => Batch::new(columns, batch.selected_count()),
        }))
    }
}
