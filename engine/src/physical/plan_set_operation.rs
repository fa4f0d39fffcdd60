//! UNION.

use super::{Piece, Planner};
use crate::error::{Error, Result};
use crate::expression::Layout;
use crate::operators::project::{ProjectTransform, Projection};
use std::sync::Arc;
use stoa_sql::plan::{ColumnDef, Plan, SetOperation, SetOperationKind};

impl Planner {
    pub(super) fn plan_set_operation(&mut self, operation: &SetOperation) -> Result<Piece> {
        let mut inputs = operation.inputs.iter();
        let first = inputs
            .next()
            .ok_or_else(|| Error::Internal("a set operation without inputs".into()))?;
        if operation.kind != SetOperationKind::Union {
            return Err(Error::Internal(format!("{:?} is a join", operation.kind)));
        }
        let mut piece = self.planned_by_place(first, &operation.columns)?;
        for input in inputs {
            let other = self.planned_by_place(input, &operation.columns)?;
            piece.branches.extend(other.branches);
        }
        match operation.all {
            true => Ok(piece),
            false => self.distinct_rows(piece),
        }
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
