//! Bad input to the served binary: statements, rows, files, data directories and disks that cannot be used. Each gives one clear
//! error that names the thing and its place, has no effect, and disturbs nobody else.

mod copy;
mod files;
#[cfg(target_os = "linux")]
mod full_disk;
#[cfg(target_os = "linux")]
mod mount;
mod start;
mod statements;

use postgres::Client;
use postgres::error::{DbError, ErrorPosition};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use stoa_tests::{Ended, Server, ServerOptions};

/// A server that several tests use, with its files.
struct Shared {
    server: Server,
    log: PathBuf,
    /// What COPY may read.
    import: PathBuf,
}

/// One server for the tests of statements and files; each test has tables of its own.
fn shared() -> &'static Shared {
    static SHARED: OnceLock<Shared> = OnceLock::new();
    SHARED.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap().keep();
        let import = folder.join("import");
        std::fs::create_dir(&import).unwrap();
        let options = ServerOptions {
            data: folder.join("data"),
            arguments: vec!["--import-dir".into(), import.to_str().unwrap().into()],
        };
        let log = folder.join("log");
        Shared {
            server: Server::start_logging(&options, &log).keep_until_exit(),
            log,
            import,
        }
    })
}

impl Shared {
    /// The server lives, takes connections, and no thread of it panicked.
    fn is_well(&self) {
        let one: i32 = self.server.connect().query_one("SELECT 1", &[]).unwrap().get(0);
        assert_eq!(one, 1);
        let log = std::fs::read_to_string(&self.log).unwrap();
        assert!(!log.contains("panicked"), "{log}");
    }
}

/// The server's error, which must be there.
fn refusal<T>(result: Result<T, postgres::Error>, what: &str) -> DbError {
    match result {
        Ok(_) => panic!("not refused: {what}"),
        Err(error) => match error.as_db_error() {
            Some(error) => error.clone(),
            None => panic!("{what}: {error}"),
        },
    }
}

/// Message and detail of an error.
fn words(error: &DbError) -> String {
    let beside = [error.detail(), error.where_()];
    let beside: Vec<&str> = beside.into_iter().flatten().collect();
    format!("{} / {}", error.message(), beside.join(" / "))
}

/// The character of the statement that an error points at, from 1.
fn position(error: &DbError) -> Option<u32> {
    match error.position()? {
        ErrorPosition::Original(position) => Some(*position),
        ErrorPosition::Internal { .. } => None,
    }
}

/// All rows of a table, each as one text with `~` for NULL.
fn contents(client: &mut Client, table: &str) -> Vec<String> {
    let rows = client
        .simple_query(&format!("SELECT * FROM {table} ORDER BY 1, 2"))
        .unwrap();
    let shown = rows.iter().filter_map(|message| match message {
        postgres::SimpleQueryMessage::Row(row) => Some(
            (0..row.len())
                .map(|column| row.get(column).unwrap_or("~"))
                .collect::<Vec<_>>()
                .join("|"),
        ),
        _ => None,
    });
    shown.collect()
}

/// The one line that a command which failed with code 1 said; on a slow machine a load tells before how far it has come.
fn one_line(ended: &Ended) -> &str {
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let mut said = ended.errors.as_str();
    while let Some((_, rest)) = said.split_once('\n').filter(|(first, _)| is_progress(first)) {
        said = rest;
    }
    let line = said.strip_prefix("stoa: ").and_then(|rest| rest.strip_suffix('\n'));
    match line {
        Some(line) if !line.contains('\n') && !line.contains("panicked") => line,
        _ => panic!("one line was expected: {ended:?}"),
    }
}

/// `loading filled: 23.0 MiB of 26.0 MiB`
fn is_progress(line: &str) -> bool {
    line.starts_with("loading ") && line.contains(" of ")
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
