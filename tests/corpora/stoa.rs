//! Stoa in this process: a fresh database for each file.

use crate::answer::{Answer, Engine, Failure, Kind};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use stoa_engine::config::Config;
use stoa_engine::connection::{Connection, ConnectionOptions, Outcome};
use stoa_engine::database::Database;
use stoa_engine::types::LogicalType;
use stoa_storage::store::Durability;
use stoa_tests::read_texts;

/// A statement that takes longer than this is as good as refused.
const STATEMENT_TIMEOUT: &str = "120s";

/// A database in a folder of its own, and its only session.
pub(crate) struct Stoa {
    database: Arc<Database>,
    /// Gone before its database.
    connection: Option<Connection>,
    _folder: tempfile::TempDir,
}

impl Stoa {
    pub(crate) fn open() -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let mut config = Config::new(folder.path().join("data"));
        config.store.durability = Durability::OperatingSystem;
        config.threads = 1;
        let database = Database::open(config).map_err(|error| error.to_string())?;
        let connection = database.connect(ConnectionOptions {
            user: "stoa".into(),
            database: "stoa".into(),
            settings: vec![("statement_timeout".into(), STATEMENT_TIMEOUT.into())],
            ..ConnectionOptions::default()
        });
        Ok(Stoa {
            database,
            connection: Some(connection),
            _folder: folder,
        })
    }

    fn execute(&mut self, sql: &str) -> stoa_engine::Result<Answer> {
        let connection = self.connection.as_mut().expect("it is there until the end");
        let mut answer = Answer::default();
        for parsed in connection.parse(sql)? {
            let prepared = connection.prepare(&parsed, &[])?;
            answer = match connection.execute(&prepared, Vec::new())? {
                Outcome::Rows(mut rows, _) => Answer {
                    kinds: rows.columns().iter().map(|column| kind(&column.data_type)).collect(),
                    rows: read_texts(&mut rows, connection)?,
                },
                _ => Answer::default(),
            };
        }
        Ok(answer)
    }
}

fn kind(data_type: &LogicalType) -> Kind {
    match data_type {
        LogicalType::Boolean => Kind::Boolean,
        LogicalType::SmallInt | LogicalType::Integer | LogicalType::BigInt | LogicalType::Oid => Kind::Integer,
        data_type if data_type.is_numeric() => Kind::Fraction,
        LogicalType::Timestamp | LogicalType::TimestampTz => Kind::Timestamp,
        _ => Kind::Text,
    }
}

impl Engine for Stoa {
    fn run(&mut self, sql: &str) -> Result<Answer, Failure> {
        let result = std::panic::catch_unwind(AssertUnwindSafe(|| self.execute(sql)));
        let result = match result {
            Ok(result) => result.map_err(|error| Failure {
                state: error.state().0.to_owned(),
                message: error.to_string(),
            }),
            Err(_) => Err(Failure {
                state: "XX000".into(),
                message: "panic".into(),
            }),
        };
        if result.is_err()
            && let Some(connection) = &mut self.connection
        {
            connection.fail_transaction();
        }
        result
    }
}

impl Drop for Stoa {
    fn drop(&mut self) {
        self.connection = None;
        // The folder goes away; what cannot be closed is of no interest.
        let _ = self.database.close(false);
    }
}
