//! `stoa quickstart`: a database of sample data, made, asked and served with one command. What is in it and what is asked is
//! `stoa-benches`' business.

use super::arguments::QuickstartOptions;
use super::bench::{Steps, failed};
use super::embedded::config;
use super::serve::Reserved;
use super::target::EngineTarget;
use super::{CommandError, Result};
use std::sync::Arc;
use stoa_benches::progress::Progress;
use stoa_benches::quickstart::{ask_questions, prepare};
use stoa_engine::database::Database;

/// Runs the command.
pub(super) fn run(options: &QuickstartOptions) -> Result<()> {
    // The address first: a port in use must be known before minutes of loading.
    let reserved = match options.no_serve {
        true => None,
        false => Some(Reserved::new(&options.listen, None)?),
    };
    let config = config(&options.data, &options.resources);
    let threads = config.threads;
    let database = Database::open(config)?;
    let target = EngineTarget {
        database: Arc::clone(&database),
        folder: options.data.clone(),
    };
    let steps = Steps::default();
    let prepared = prepare(&target, options.rows, threads, &steps)
        .and_then(|_| ask_questions(&target, &steps))
        .map_err(failed);
    match (prepared, reserved) {
        (Ok(times), Some(reserved)) => {
            let total: f64 = times.iter().sum();
            steps.line(&format!("\n{} questions in {:.2} s.\n", times.len(), total));
            drop(target);
            reserved.serve(database, &options.data, crate::limits::CONNECTIONS_MAX)
        }
        (prepared, _) => {
            let closed = database.close(true).map_err(CommandError::from);
            prepared.and(closed)
        }
    }
}
