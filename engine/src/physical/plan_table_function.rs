//! Table functions, by themselves and for each row of another relation.

use super::{Piece, Planner};
use crate::error::{Error, Result};
use stoa_sql::plan::{Apply, TableFunction};

impl Planner {
    pub(super) fn plan_table_function(&mut self, function: &TableFunction) -> Result<Piece> {
        let _ = function;
        Err(Error::Internal("table functions are not there yet".into()))
    }

    /// The one form that unnesting leaves: a table function for each row of the left side.
    pub(super) fn plan_apply(&mut self, apply: &Apply) -> Result<Piece> {
        let _ = apply;
        Err(Error::Internal("lateral table functions are not there yet".into()))
    }
}
