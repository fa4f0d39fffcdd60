//! Aggregate and Distinct.

use super::{Piece, Planner};
use crate::error::{Error, Result};
use stoa_sql::plan::{Aggregate, Distinct};

impl Planner {
    pub(super) fn plan_aggregate(&mut self, aggregate: &Aggregate, node: usize) -> Result<Piece> {
        let _ = (aggregate, node);
        Err(Error::Internal("aggregates are not there yet".into()))
    }

    pub(super) fn plan_distinct(&mut self, distinct: &Distinct) -> Result<Piece> {
        let _ = distinct;
        Err(Error::Internal("DISTINCT is not there yet".into()))
    }
}
