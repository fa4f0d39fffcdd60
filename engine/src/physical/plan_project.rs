//! Project.

use super::{Piece, Planner};
use crate::error::Result;
use crate::operators::project::{ProjectTransform, Projection};
use stoa_sql::plan::{ColumnDef, Expr, Project};

impl Planner {
    pub(super) fn plan_project(&mut self, project: &Project) -> Result<Piece> {
        let piece = self.plan(&project.input)?;
        self.projected(piece, &project.expressions)
    }

    /// A piece's rows with these columns instead.
    pub(super) fn projected(&self, piece: Piece, expressions: &[(ColumnDef, Expr)]) -> Result<Piece> {
        let mut projections = Vec::with_capacity(expressions.len());
        let mut columns = Vec::with_capacity(expressions.len());
        for (column, expression) in expressions {
            let place = match expression {
                Expr::Column(input) => piece.layout.position(input.id),
                _ => None,
            };
            projections.push(match place {
                Some(place) => Projection::Column(place),
                None => Projection::Expression(self.compile(expression, &piece.layout)?),
            });
            columns.push(column.clone());
        }
        Ok(piece.through(ProjectTransform::new(projections), columns))
    }
}
