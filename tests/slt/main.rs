//! The SQL corpus, each file under several configurations: an answer must not depend on threads, on the size of vectors, or on
//! whether rows are in memory or in segments of a database that was opened anew.
//!
//! `STOA_SLT=join` runs the files whose path contains the word. `STOA_SLT_ORACLE="host=.. user=.."` records the corpus's
//! expectations from a real PostgreSQL instead of testing them (files below `slt/stoa` are Stoa's own and are left out).

mod embedded;
#[cfg(test)]
mod insert_constants;
mod oracle;

use embedded::{Configuration, Embedded};
use sqllogictest::{DefaultColumnType, Runner, default_validator, strict_column_validator};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use stoa_engine::types::LogicalType;

/// What a failed statement says, the same for every database: `42P01: relation "x" does not exist`.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) state: String,
    pub(crate) message: String,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {}", self.state, self.message)
    }
}

impl std::error::Error for Failure {}

/// How a column is compared.
pub(crate) fn column_type(data_type: &LogicalType) -> DefaultColumnType {
    match data_type {
        data_type if data_type.is_integer() => DefaultColumnType::Integer,
        LogicalType::Oid => DefaultColumnType::Integer,
        data_type if data_type.is_numeric() => DefaultColumnType::FloatingPoint,
        _ => DefaultColumnType::Text,
    }
}

fn corpus() -> Vec<PathBuf> {
    let wanted = std::env::var("STOA_SLT").unwrap_or_default();
    let mut files = Vec::new();
    let mut folders = vec![stoa_tests::workspace_root().join("tests/slt")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "slt")
                && path.to_string_lossy().contains(&wanted)
            {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// Runs every file on two threads; the failures of all.
fn run_all(files: &[PathBuf], run: impl Fn(&Path) -> Result<(), String> + Sync) -> Vec<String> {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(file) = files.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
                    if let Err(failure) = run(file) {
                        failures.lock().unwrap().push(failure);
                    }
                }
            });
        }
    });
    failures.into_inner().unwrap()
}

fn run_file(file: &Path, configuration: Configuration) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let mut runner = Runner::new(|| {
        let database = Embedded::open(folder.path(), configuration);
        async move { Ok(database) }
    });
    runner.with_column_validator(strict_column_validator);
    runner
        .run_file(file)
        .map_err(|error| format!("{} ({configuration:?}): {}", file.display(), error.display(false)))
}

fn check(configuration: Configuration) {
    if std::env::var_os("STOA_SLT_ORACLE").is_some() {
        return;
    }
    let files = corpus();
    assert!(!files.is_empty(), "there are files to run");
    let failures = run_all(&files, |file| run_file(file, configuration));
    assert!(
        failures.is_empty(),
        "{} of {} files fail:\n{}",
        failures.len(),
        files.len(),
        failures.join("\n")
    );
}

#[test]
fn one_thread() {
    check(Configuration::OneThread);
}

#[test]
fn many_threads_and_tiny_vectors() {
    check(Configuration::TinyVectors);
}

#[test]
fn flush_and_reopen_between_statements() {
    check(Configuration::Reopen);
}

/// Writes what a real PostgreSQL answers into the corpus.
#[test]
fn record_from_oracle() {
    let Ok(connection) = std::env::var("STOA_SLT_ORACLE") else {
        return;
    };
    for file in corpus() {
        if file.components().any(|part| part.as_os_str() == "stoa") {
            continue;
        }
        let mut runner = Runner::new(|| {
            let database = oracle::Oracle::connect(&connection);
            async move { Ok(database) }
        });
        let update = runner.update_test_file(
            &file,
            "\t",
            default_validator,
            sqllogictest::default_normalizer,
            strict_column_validator,
        );
        block_on(update).unwrap();
    }
}

/// The runner's futures never wait for anything outside.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    loop {
        if let std::task::Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}
