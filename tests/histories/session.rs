//! A database in this process and a session of it. Knows nothing of what is asked.

use std::sync::Arc;
use stoa_engine::config::Config;
use stoa_engine::connection::{Connection, ConnectionOptions, Outcome};
use stoa_engine::database::Database;
use stoa_storage::store::Durability;
use stoa_tests::read_texts;

/// See the module.
pub(crate) struct Session {
    folder: tempfile::TempDir,
    open: Option<(Arc<Database>, Connection)>,
    threads: usize,
}

impl Session {
    pub(crate) fn new(threads: usize) -> Self {
        let mut session = Session {
            folder: tempfile::tempdir().unwrap(),
            open: None,
            threads,
        };
        session.start();
        session
    }

    fn start(&mut self) {
        let mut config = Config::new(self.folder.path().join("data"));
        config.store.durability = Durability::OperatingSystem;
        config.store.background = false;
        config.threads = self.threads;
        let database = Database::open(config).expect("a database opens");
        let connection = database.connect(ConnectionOptions {
            user: "stoa".into(),
            database: "stoa".into(),
            ..ConnectionOptions::default()
        });
        self.open = Some((database, connection));
    }

    /// Ends in an orderly way, with what is in memory sealed or not, or not, and begins anew.
    pub(crate) fn restart(&mut self, closes: Option<bool>) {
        if let Some((database, connection)) = self.open.take() {
            drop(connection);
            if let Some(seals) = closes {
                database.close(seals).expect("a database closes");
            }
        }
        self.start();
    }

    /// The last statement's rows, `NULL` where there is no value.
    pub(crate) fn ask(&mut self, sql: &str) -> stoa_engine::Result<Vec<String>> {
        let (_, connection) = self.open.as_mut().expect("it is open");
        let mut lines = Vec::new();
        for parsed in connection.parse(sql)? {
            let prepared = connection.prepare(&parsed, &[])?;
            lines.clear();
            if let Outcome::Rows(mut rows, _) = connection.execute(&prepared, Vec::new())? {
                for row in read_texts(&mut rows, connection)? {
                    let values = row.into_iter().map(|value| value.unwrap_or_else(|| "NULL".into()));
                    lines.push(values.collect::<Vec<_>>().join("|"));
                }
            }
        }
        Ok(lines)
    }
}
