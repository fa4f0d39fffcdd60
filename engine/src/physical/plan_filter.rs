//! Filter and Limit.

use super::{Piece, Planner};
use crate::error::{Error, Result, SqlState};
use crate::expression::Layout;
use crate::operators::filter::FilterTransform;
use crate::operators::limit::LimitTransform;
use crate::types::{Literal, literal_at};
use stoa_sql::plan::{Expr, Filter, Limit};
use stoa_storage::vector::Batch;

impl Planner {
    pub(super) fn plan_filter(&mut self, filter: &Filter) -> Result<Piece> {
        let piece = self.plan(&filter.input)?;
        let predicates = self.compile_all(&filter.predicates, &piece.layout)?;
        let columns = piece.layout.columns().to_vec();
        Ok(piece.through(FilterTransform::new(predicates), columns))
    }

    pub(super) fn plan_limit(&mut self, limit: &Limit) -> Result<Piece> {
        let piece = self.plan(&limit.input)?;
        let offset = self.count(limit.offset.as_ref(), "OFFSET")?.unwrap_or(0);
        let rows = self.count(limit.limit.as_ref(), "LIMIT")?;
        let columns = piece.layout.columns().to_vec();
        Ok(piece.through(LimitTransform::new(offset, rows), columns))
    }

    /// The value of LIMIT or OFFSET; NULL is none.
    fn count(&self, expression: Option<&Expr>, clause: &str) -> Result<Option<u64>> {
        let Some(expression) = expression else { return Ok(None) };
        let value = self.compile(expression, &Layout::default())?;
        let value = value.evaluate_plain(&Batch::new(Vec::new(), 1))?;
        match literal_at(&*value, 0, &expression.data_type())? {
            Literal::Null => Ok(None),
            Literal::Integer(rows) => u64::try_from(rows).map(Some).map_err(|_| {
                let state = match clause {
                    "LIMIT" => SqlState("2201W"),
                    _ => SqlState("2201X"),
                };
                Error::user(state, format!("{clause} must not be negative"))
            }),
            other => Err(Error::Internal(format!("{clause} {other} is not a bigint"))),
        }
    }
}
