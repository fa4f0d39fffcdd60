//! `stoa check`: reads everything and says what is wrong.

use super::arguments::CheckOptions;
use super::progress::{Progress, Unit};
use super::size::show_size;
use super::{CommandError, Result};
use stoa_engine::config::Config;
use stoa_engine::database::Database;

/// Runs the command.
pub(super) fn run(options: &CheckOptions) -> Result<()> {
    if !options.data.is_dir() {
        return Err(CommandError::failed(format!(
            "there is no data directory \"{}\"; name one with --data",
            options.data.display()
        )));
    }
    let mut config = Config::new(&options.data);
    // Nothing may move while it is looked at.
    config.store.background = false;
    let database = Database::open(config)?;
    let mut progress = Progress::begin("checking", Unit::Bytes, 0);
    let report = database.check(&mut |done, total| progress.set(done, total));
    let closed = database.close(false);
    let report = match report {
        Ok(report) => report,
        Err(error) => {
            progress.abandon();
            return Err(error.into());
        }
    };
    progress.end(&format!("{} in {} files read", show_size(report.bytes), report.files));
    closed?;
    if report.problems.is_empty() {
        println!("everything is as written");
        return Ok(());
    }
    for problem in &report.problems {
        println!("{problem}");
    }
    Err(CommandError::failed(format!(
        "{} problems found in \"{}\"",
        report.problems.len(),
        options.data.display()
    )))
}
