//! Common table expressions: materialized once, scanned by their uses; recursive ones round by round.

use super::{Piece, Planner};
use crate::error::{Error, Result};
use stoa_sql::plan::{CteScan, With};

/// The rows of a common table expression.
pub(super) struct CteRows;

impl Planner {
    pub(super) fn plan_with(&mut self, with: &With) -> Result<Piece> {
        let _ = with;
        Err(Error::Internal("WITH is not there yet".into()))
    }

    pub(super) fn plan_cte_scan(&mut self, scan: &CteScan) -> Result<Piece> {
        let _ = scan;
        Err(Error::Internal("WITH is not there yet".into()))
    }
}
