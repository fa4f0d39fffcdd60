//! Join.

use super::{Piece, Planner};
use crate::error::{Error, Result};
use stoa_sql::plan::Join;

impl Planner {
    pub(super) fn plan_join(&mut self, join: &Join, node: usize) -> Result<Piece> {
        let _ = (join, node);
        Err(Error::Internal("joins are not there yet".into()))
    }
}
