//! COPY between a client and a table.

use super::{Connection, CopyFormat, Outcome};
use crate::error::{Error, Result, SqlState};
use crate::statement::Run;
use stoa_sql::plan::Copy;

/// Bytes of the client on their way into a table.
#[derive(Debug)]
pub struct CopyIn {}

/// Rows on their way to the client as bytes.
#[derive(Debug)]
pub struct CopyOut {}

pub(super) fn execute(_: &Connection, _: &Run<'_>, _: &Copy) -> Result<Outcome> {
    let _ = CopyFormat::Csv;
    Err(Error::user(SqlState::FEATURE_NOT_SUPPORTED, "COPY is not supported yet"))
}
