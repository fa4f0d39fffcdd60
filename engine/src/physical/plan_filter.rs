//! Filter and Limit.

use super::{Piece, Planner};
use crate::error::{Error, Result};
use stoa_sql::plan::{Filter, Limit};

impl Planner {
    pub(super) fn plan_filter(&mut self, filter: &Filter) -> Result<Piece> {
        let _ = filter;
        Err(Error::Internal("filters are not there yet".into()))
    }

    pub(super) fn plan_limit(&mut self, limit: &Limit) -> Result<Piece> {
        let _ = limit;
        Err(Error::Internal("LIMIT is not there yet".into()))
    }
}
