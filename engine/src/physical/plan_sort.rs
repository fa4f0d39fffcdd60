//! Sort and top-N.

use super::{Piece, Planner};
use crate::error::{Error, Result};
use stoa_sql::plan::Sort;

impl Planner {
    pub(super) fn plan_sort(&mut self, sort: &Sort, node: usize) -> Result<Piece> {
        let _ = (sort, node);
        Err(Error::Internal("sorting is not there yet".into()))
    }
}
