//! UNION, INTERSECT, EXCEPT.

use super::plan_sort::column_types;
use super::{Piece, Planner};
use crate::error::{Error, Result};
use crate::expression::Layout;
use crate::operators::project::{ProjectTransform, Projection};
use crate::operators::set_operation::{CountSink, RowCounts, SetStep, SetTransform};
use std::sync::Arc;
use stoa_sql::plan::{ColumnDef, Plan, SetOperation, SetOperationKind};

impl Planner {
    pub(super) fn plan_set_operation(&mut self, operation: &SetOperation) -> Result<Piece> {
        let mut inputs = operation.inputs.iter();
        let first = inputs
            .next()
            .ok_or_else(|| Error::Internal("a set operation without inputs".into()))?;
        let mut piece = self.planned_by_place(first, &operation.columns)?;
        let step = match (operation.kind, operation.all) {
            (SetOperationKind::Union, all) => {
                for input in inputs {
                    let other = self.planned_by_place(input, &operation.columns)?;
                    piece.branches.extend(other.branches);
                }
                return match all {
                    true => Ok(piece),
                    false => self.distinct_rows(piece),
                };
            }
            (SetOperationKind::Intersect, true) => SetStep::IntersectAll,
            (SetOperationKind::Except, true) => SetStep::ExceptAll,
            (kind, false) => return Err(Error::Internal(format!("{kind:?} without ALL is a join"))),
        };
        for input in inputs {
            let right = self.planned_by_place(input, &operation.columns)?;
            let counts = self.row_counts(operation)?;
            let sink = CountSink {
                counts: counts.clone(),
                cancel: self.context.cancel.clone(),
            };
            self.sink(right, Arc::new(sink));
            piece = self.counted(piece, step, counts)?;
        }
        Ok(piece)
    }

    fn row_counts(&self, operation: &SetOperation) -> Result<Arc<RowCounts>> {
        RowCounts::new(&column_types(&operation.columns), &self.context.memory)
    }

    fn counted(&self, piece: Piece, step: SetStep, counts: Arc<RowCounts>) -> Result<Piece> {
        let columns = piece.layout.columns().to_vec();
        Ok(piece.through(SetTransform { step, counts }, columns))
    }

    /// An input whose columns are taken by their places in the plan's output, as other columns.
    pub(super) fn planned_by_place(&mut self, input: &Plan, columns: &[ColumnDef]) -> Result<Piece> {
        let mut piece = self.plan(input)?;
        let output = input.output();
        let is_in_order =
            (output.iter().map(|column| column.id)).eq(piece.layout.columns().iter().map(|column| column.id));
        if is_in_order {
            piece.layout = Arc::new(Layout::new(columns.to_vec()));
            return Ok(piece);
        }
        let projections = output.iter().map(|column| {
            let place = piece.layout.position(column.id);
            place
                .map(Projection::Column)
                .ok_or_else(|| Error::Internal(format!("{} is not handed on", column.name)))
        });
        let transform = ProjectTransform::new(projections.collect::<Result<_>>()?);
        Ok(piece.through(transform, columns.to_vec()))
    }
}
