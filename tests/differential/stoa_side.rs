//! Stoa in this process, under one of several configurations.

use crate::answer::Answer;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use stoa_engine::config::Config;
use stoa_engine::connection::{Connection, ConnectionOptions, Outcome};
use stoa_engine::database::Database;
use stoa_engine::format::binary::type_oid;
use stoa_engine::rows::Rows;
use stoa_storage::store::Durability;
use stoa_tests::read_texts;

/// What is varied beside tables and statements.
#[derive(Clone, Debug)]
pub(crate) struct Configuration {
    pub(crate) threads: usize,
    pub(crate) batch_rows: usize,
    /// Rows are sealed and the database is opened anew between the statements that fill it.
    pub(crate) reopens: bool,
    /// Settings of the session.
    pub(crate) settings: Vec<String>,
}

impl Configuration {
    /// The three of the SQL corpus, by turns.
    pub(crate) fn of(number: u64) -> Self {
        let plain = Configuration {
            threads: 1,
            batch_rows: stoa_storage::limits::BATCH_ROWS,
            reopens: false,
            settings: Vec::new(),
        };
        match number % 3 {
            0 => plain,
            1 => Configuration {
                threads: 4,
                batch_rows: 3,
                ..plain
            },
            _ => Configuration { reopens: true, ..plain },
        }
    }
}

pub(crate) struct Stoa {
    folder: tempfile::TempDir,
    configuration: Configuration,
    open: Option<(Arc<Database>, Connection)>,
}

impl Stoa {
    pub(crate) fn open(configuration: Configuration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut stoa = Stoa {
            folder,
            configuration,
            open: None,
        };
        stoa.start();
        stoa
    }

    fn start(&mut self) {
        let mut config = Config::new(self.folder.path().join("data"));
        config.store.durability = Durability::OperatingSystem;
        config.store.background = false;
        config.threads = self.configuration.threads;
        config.batch_rows = self.configuration.batch_rows;
        let database = Database::open(config).expect("a database opens");
        let connection = database.connect(ConnectionOptions {
            user: "stoa".into(),
            database: "stoa".into(),
            ..ConnectionOptions::default()
        });
        self.open = Some((database, connection));
        let mut settings = vec!["SET statement_timeout = '60s'".to_owned()];
        settings.extend(self.configuration.settings.clone());
        for setting in settings {
            let answer = self.ask(&setting);
            assert!(answer.state().is_none(), "{setting}: {answer:?}");
        }
    }

    /// Seals what is in memory and starts anew.
    pub(crate) fn reopen(&mut self) {
        if let Some((database, connection)) = self.open.take() {
            drop(connection);
            database.close(true).expect("a database closes");
        }
        self.start();
    }

    /// After a statement that fills the database.
    pub(crate) fn settle(&mut self) {
        if self.configuration.reopens {
            self.reopen();
        }
    }

    pub(crate) fn ask(&mut self, sql: &str) -> Answer {
        let answer = catch_unwind(AssertUnwindSafe(|| self.execute(sql)));
        let answer = match answer {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => Answer::Failed {
                state: error.state().0.to_owned(),
                message: error.to_string(),
            },
            Err(panic) => {
                let message = panic.downcast_ref::<String>().cloned();
                let message = message.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
                Answer::Failed {
                    state: "panic".into(),
                    message: message.unwrap_or_default(),
                }
            }
        };
        if answer.state().is_some()
            && let Some((_, connection)) = &mut self.open
        {
            connection.fail_transaction();
        }
        answer
    }

    fn execute(&mut self, sql: &str) -> stoa_engine::Result<Answer> {
        let (_, connection) = self.open.as_mut().expect("it is open");
        let mut answer = Answer::Changed(0);
        for parsed in connection.parse(sql)? {
            let prepared = connection.prepare(&parsed, &[])?;
            answer = match connection.execute(&prepared, Vec::new())? {
                Outcome::Rows(rows, _) => read(rows, connection)?,
                Outcome::Command { tag } => Answer::Changed(count_of(&tag)),
                _ => Answer::Changed(0),
            };
        }
        Ok(answer)
    }
}

impl Drop for Stoa {
    fn drop(&mut self) {
        if let Some((database, connection)) = self.open.take() {
            drop(connection);
            // The folder goes away.
            let _ = database.close(false);
        }
    }
}

fn read(mut rows: Rows, connection: &Connection) -> stoa_engine::Result<Answer> {
    let columns = rows.columns().clone();
    let lines = read_texts(&mut rows, connection)?;
    let columns = columns.iter();
    Ok(Answer::Rows {
        columns: columns
            .map(|column| (column.name.clone(), type_oid(&column.data_type)))
            .collect(),
        rows: lines,
    })
}

fn count_of(tag: &str) -> u64 {
    tag.rsplit(' ').next().and_then(|count| count.parse().ok()).unwrap_or(0)
}
