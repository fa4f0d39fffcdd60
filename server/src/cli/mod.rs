//! The command line: one file per command. Errors are one line on stderr; the exit code is 1 for what failed and 2 for a
//! command that makes no sense.

mod arguments;
mod bench;
mod check;
mod client;
mod embedded;
mod inspect;
mod load;
mod output;
mod progress;
mod quickstart;
mod serve;
mod size;
mod sql;
mod target;
mod url;

use arguments::{Arguments, Command};
use clap::Parser;
use std::ffi::OsString;
use std::process::ExitCode;
use stoa_engine::Error;

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(crate) enum CommandError {
    /// The command line makes no sense.
    Usage(String),
    /// It failed: what, where, what to do.
    Failed(String),
    /// It failed, and everything has been said.
    Told,
}

/// Result of a command.
pub(crate) type Result<T, E = CommandError> = std::result::Result<T, E>;

impl CommandError {
    /// A failure with a sentence.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        CommandError::Failed(message.into())
    }
}

impl From<Error> for CommandError {
    fn from(error: Error) -> Self {
        CommandError::Failed(sentence(&error))
    }
}

/// An engine's error as one line, with what to do where that is known.
fn sentence(error: &Error) -> String {
    use stoa_storage::Error as Storage;
    let sentence = match error {
        Error::Sql(sql) => {
            let advice = sql.hint.as_ref().or(sql.detail.as_ref());
            let beside = advice.into_iter().chain(&sql.context);
            beside.fold(error.to_string(), |line, more| format!("{line}; {more}"))
        }
        Error::Storage(Storage::Foreign { .. }) => format!("{error}; name an empty or a new one with --data"),
        Error::Storage(Storage::Locked { .. }) => {
            format!("{error}; stop it, or use its database through it with --url postgres://127.0.0.1:5433")
        }
        Error::Storage(Storage::UnknownVersion { .. }) => {
            format!("{error}; the data was written by a newer Stoa, use that version or a newer one")
        }
        error => error.to_string(),
    };
    sentence.replace('\n', "; ")
}

/// Runs the command that the arguments name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    start_log(arguments.log.as_deref(), &arguments.command);
    let result = match arguments.command {
        Command::Serve(options) => serve::run(&options),
        Command::Quickstart(options) => quickstart::run(&options),
        Command::Sql(options) => sql::run(&options),
        Command::Load(options) => load::run(&options),
        Command::Check(options) => check::run(&options),
        Command::Inspect(options) => inspect::run(&options),
        Command::Bench(options) => bench::run(&options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(CommandError::Told) => ExitCode::FAILURE,
        Err(CommandError::Failed(message)) => {
            eprintln!("stoa: {message}");
            ExitCode::FAILURE
        }
        Err(CommandError::Usage(message)) => {
            eprintln!("stoa: {message}");
            ExitCode::from(2)
        }
    }
}

/// Log lines go to stderr, so that results on stdout stay clean.
fn start_log(filter: Option<&str>, command: &Command) {
    let default = match command {
        Command::Serve(_) => "info",
        _ => "warn",
    };
    let filter = tracing_subscriber::EnvFilter::try_new(filter.unwrap_or(default))
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(default));
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .try_init();
}
