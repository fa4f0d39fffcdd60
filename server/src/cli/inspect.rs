//! `stoa inspect`: what is inside a file of a data directory.

use super::arguments::InspectOptions;
use super::{CommandError, Result};
use std::io::Write;

/// Runs the command.
pub(super) fn run(options: &InspectOptions) -> Result<()> {
    let text = stoa_storage::inspect::inspect(&options.file).map_err(stoa_engine::Error::from)?;
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        // Whoever read it has seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Err(CommandError::Told),
        Err(error) => Err(CommandError::failed(format!("could not write: {error}"))),
        Ok(()) => Ok(()),
    }
}
