//! UNION, INTERSECT, EXCEPT.

use super::{Piece, Planner};
use crate::error::{Error, Result};
use stoa_sql::plan::SetOperation;

impl Planner {
    pub(super) fn plan_set_operation(&mut self, operation: &SetOperation) -> Result<Piece> {
        let _ = operation;
        Err(Error::Internal("set operations are not there yet".into()))
    }
}
