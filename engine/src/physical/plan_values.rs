//! Values.

use super::{Piece, Planner};
use crate::error::{Error, Result};
use stoa_sql::plan::Values;

impl Planner {
    pub(super) fn plan_values(&mut self, values: &Values) -> Result<Piece> {
        let _ = values;
        Err(Error::Internal("VALUES is not there yet".into()))
    }
}
