//! Window.

use super::{Piece, Planner};
use crate::error::{Error, Result};
use stoa_sql::plan::Window;

impl Planner {
    pub(super) fn plan_window(&mut self, window: &Window) -> Result<Piece> {
        let _ = window;
        Err(Error::Internal("window functions are not there yet".into()))
    }
}
