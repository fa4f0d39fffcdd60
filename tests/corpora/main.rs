//! Public corpora of SQL with their expected answers, run in this process: how many answers are right, wrong, refused.
//! `run.sh` brings the corpora; nothing here touches the network, and no test depends on it.

mod answer;
mod arguments;
mod datafusion;
mod exceptions;
mod judge;
mod oracle;
mod report;
mod run;
mod script;
mod setup;
mod sqlite;
mod stoa;
mod verdicts;

use arguments::Arguments;
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run::run(&arguments) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(problem) => {
            eprintln!("corpora: {problem}");
            ExitCode::from(2)
        }
    }
}
