//! Project.

use super::{Piece, Planner};
use crate::error::{Error, Result};
use stoa_sql::plan::Project;

impl Planner {
    pub(super) fn plan_project(&mut self, project: &Project) -> Result<Piece> {
        let _ = project;
        Err(Error::Internal("projections are not there yet".into()))
    }
}
