//! A database in a folder of its own, sessions of it, and what they are told. Holds no tests.

use std::sync::Arc;
use stoa_engine::Result;
use stoa_engine::config::Config;
use stoa_engine::connection::{Connection, ConnectionOptions, Outcome, RowsTag};
use stoa_engine::database::Database;
use stoa_engine::format::text::ColumnWriter;

pub(crate) struct World {
    pub(crate) database: Arc<Database>,
    pub(crate) folder: tempfile::TempDir,
}

pub(crate) fn config(folder: &std::path::Path) -> Config {
    let mut config = Config::new(folder);
    config.threads = 2;
    config.memory_limit_bytes = 256 << 20;
    config.store.durability = stoa_storage::store::Durability::OperatingSystem;
    config
}

impl World {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(config(folder.path())).unwrap();
        World { database, folder }
    }

    pub(crate) fn connect(&self) -> Connection {
        self.database.connect(ConnectionOptions {
            user: "ann".into(),
            database: "shop".into(),
            application_name: "tests".into(),
            process_id: 7,
            settings: Vec::new(),
        })
    }

    pub(crate) fn reopened(self) -> Self {
        self.database.close(false).unwrap();
        let World { database, folder } = self;
        drop(database);
        let database = Database::open(config(folder.path())).unwrap();
        World { database, folder }
    }
}

/// Runs statements one by one; the last one's rows as `a|b` lines, or its tag.
pub(crate) fn ask(connection: &mut Connection, text: &str) -> Result<String> {
    let mut last = String::new();
    for parsed in connection.parse(text)? {
        let prepared = connection.prepare(&parsed, &[])?;
        last = match connection.execute(&prepared, Vec::new())? {
            Outcome::Rows(mut rows, tag) => {
                let columns = rows.columns().clone();
                let format = connection.format_settings();
                let mut lines = Vec::new();
                while let Some(batch) = rows.next_batch()? {
                    for row in 0..batch.row_count {
                        let values = batch.columns.iter().zip(columns.iter()).map(|(array, column)| {
                            if array.is_null(row) {
                                return "NULL".to_owned();
                            }
                            let mut out = Vec::new();
                            ColumnWriter::new(array, &column.data_type, &format).write(row, &mut out);
                            String::from_utf8(out).unwrap()
                        });
                        lines.push(values.collect::<Vec<_>>().join("|"));
                    }
                }
                match tag {
                    RowsTag::Select | RowsTag::Fetch { .. } => lines.join("\n"),
                    RowsTag::Tag(tag) => format!("{}\n{tag}", lines.join("\n")),
                }
            }
            Outcome::Command { tag } => tag,
            Outcome::Empty => "(empty)".into(),
            Outcome::CopyIn(_) | Outcome::CopyOut(_) => "(copy)".into(),
        };
    }
    Ok(last)
}

#[track_caller]
pub(crate) fn check(connection: &mut Connection, text: &str, expected: &str) {
    match ask(connection, text) {
        Ok(found) => assert_eq!(found, expected, "{text}"),
        Err(error) => panic!("{text}: {error} {error:?}"),
    }
}

/// The SQLSTATE and the sentence of an error.
#[track_caller]
pub(crate) fn refused(connection: &mut Connection, text: &str, expected: &str) {
    match ask(connection, text) {
        Ok(found) => panic!("{text}: {found}"),
        Err(error) => assert_eq!(format!("{} {error}", error.state().0), expected, "{text}"),
    }
}
