//! Stoa in this process, under a configuration.

use crate::oracle::shown;
use crate::{Failure, column_type};
use sqllogictest::{DBOutput, DefaultColumnType};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use stoa_engine::config::Config;
use stoa_engine::connection::{Connection, ConnectionOptions, Outcome, TransactionStatus};
use stoa_engine::database::Database;
use stoa_engine::rows::Rows;
use stoa_storage::store::Durability;

/// Rows of a vector in the configuration that makes every loop end in the middle of something.
const TINY_BATCH_ROWS: usize = 3;

/// What is varied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Configuration {
    OneThread,
    TinyVectors,
    Reopen,
}

/// A database and its only session.
pub(crate) struct Embedded {
    folder: PathBuf,
    configuration: Configuration,
    /// The session has settings, prepared statements or cursors of its own.
    keeps_session: bool,
    open: Option<(Arc<Database>, Connection)>,
}

impl Embedded {
    pub(crate) fn open(folder: &Path, configuration: Configuration) -> Self {
        Embedded {
            folder: folder.to_owned(),
            configuration,
            keeps_session: false,
            open: Some(open(folder, configuration)),
        }
    }

    /// Seals what is in memory and starts anew; a session inside a transaction or with settings of its own stays.
    fn reopen(&mut self) {
        let Some((database, connection)) = self.open.take() else {
            return;
        };
        if self.keeps_session || !matches!(connection.transaction_status(), TransactionStatus::Idle) {
            self.open = Some((database, connection));
            return;
        }
        drop(connection);
        database.close(true).expect("a database closes");
        drop(database);
        self.open = Some(open(&self.folder, self.configuration));
    }

    /// Whether a statement succeeds, or all that its error says.
    pub(crate) fn outcome(&mut self, sql: &str) -> Result<(), String> {
        self.execute(sql).map(|_| ()).map_err(|error| format!("{error:?}"))
    }

    fn execute(&mut self, sql: &str) -> stoa_engine::Result<DBOutput<DefaultColumnType>> {
        let (_, connection) = self.open.as_mut().expect("it is open");
        let mut output = DBOutput::StatementComplete(0);
        for parsed in connection.parse(sql)? {
            let prepared = connection.prepare(&parsed, &[])?;
            output = match connection.execute(&prepared, Vec::new())? {
                Outcome::Rows(rows, _) => read(rows, connection)?,
                Outcome::Command { tag } => DBOutput::StatementComplete(count_of(&tag)),
                _ => DBOutput::StatementComplete(0),
            };
        }
        Ok(output)
    }
}

fn open(folder: &Path, configuration: Configuration) -> (Arc<Database>, Connection) {
    let mut config = Config::new(folder.join("data"));
    config.store.durability = Durability::OperatingSystem;
    config.threads = 1;
    if configuration == Configuration::TinyVectors {
        config.threads = 4;
        config.batch_rows = TINY_BATCH_ROWS;
    }
    let database = Database::open(config).expect("a database opens");
    let connection = database.connect(ConnectionOptions {
        user: "stoa".into(),
        database: "stoa".into(),
        ..ConnectionOptions::default()
    });
    (database, connection)
}

fn read(mut rows: Rows, connection: &Connection) -> stoa_engine::Result<DBOutput<DefaultColumnType>> {
    let lines = stoa_tests::read_texts(&mut rows, connection)?;
    Ok(DBOutput::Rows {
        types: rows
            .columns()
            .iter()
            .map(|column| column_type(&column.data_type))
            .collect(),
        rows: lines
            .iter()
            .map(|line| line.iter().map(|value| shown(value.as_deref())).collect())
            .collect(),
    })
}

fn count_of(tag: &str) -> u64 {
    tag.rsplit(' ').next().and_then(|count| count.parse().ok()).unwrap_or(0)
}

impl sqllogictest::DB for Embedded {
    type Error = Failure;
    type ColumnType = DefaultColumnType;

    fn run(&mut self, sql: &str) -> Result<DBOutput<DefaultColumnType>, Failure> {
        if self.configuration == Configuration::Reopen {
            self.reopen();
        }
        let word = sql.split_whitespace().next().unwrap_or_default().to_uppercase();
        match word.as_str() {
            "SET" | "PREPARE" | "DECLARE" => self.keeps_session = true,
            "CREATE" if sql.to_uppercase().starts_with("CREATE TEMP") => self.keeps_session = true,
            "RESET" | "DEALLOCATE" => self.keeps_session = false,
            "DISCARD" => self.keeps_session &= !sql.to_uppercase().contains("ALL"),
            _ => {}
        }
        let result = self.execute(sql);
        if result.is_err()
            && let Some((_, connection)) = &mut self.open
        {
            connection.fail_transaction();
        }
        result.map_err(|error| Failure {
            state: error.state().0.to_owned(),
            message: error.to_string(),
        })
    }

    fn shutdown(&mut self) {
        if let Some((database, connection)) = self.open.take() {
            drop(connection);
            // The folder goes away; what cannot be closed is of no interest.
            let _ = database.close(false);
        }
    }

    fn engine_name(&self) -> &str {
        "stoa"
    }
}
