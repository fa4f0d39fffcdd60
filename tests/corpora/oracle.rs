//! A real PostgreSQL: a database of its own for each file, dropped afterwards.

use crate::answer::{Answer, Engine, Failure, Kind};
use postgres::SimpleQueryMessage;
use postgres::types::Type;
use std::sync::atomic::{AtomicU32, Ordering};

static DATABASES: AtomicU32 = AtomicU32::new(0);

/// A session in a database of its own.
pub(crate) struct Oracle {
    administrator: postgres::Client,
    client: Option<postgres::Client>,
    database: String,
}

impl Oracle {
    /// # Errors
    /// No PostgreSQL at that address, or it makes no database.
    pub(crate) fn connect(connection: &str) -> Result<Self, String> {
        let mut config: postgres::Config = connection.parse().map_err(|error: postgres::Error| error.to_string())?;
        let mut administrator = config
            .connect(postgres::NoTls)
            .map_err(|error| format!("{connection}: {error}"))?;
        let number = DATABASES.fetch_add(1, Ordering::Relaxed);
        let database = format!("corpora_{}_{number}", std::process::id());
        administrator
            .batch_execute(&format!(
                "CREATE DATABASE {database} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'"
            ))
            .map_err(|error| error.to_string())?;
        config.dbname(&database);
        config.options("-c TimeZone=UTC -c statement_timeout=60s");
        let client = config.connect(postgres::NoTls).map_err(|error| error.to_string())?;
        Ok(Oracle {
            administrator,
            client: Some(client),
            database,
        })
    }

    /// The kinds of a query's columns; none for a statement that gives no rows.
    fn kinds(&mut self, sql: &str) -> Vec<Kind> {
        let client = self.client.as_mut().expect("it is there until the end");
        let Ok(statement) = client.prepare(sql) else {
            return Vec::new();
        };
        let columns = statement.columns().iter();
        columns
            .map(|column| match *column.type_() {
                Type::BOOL => Kind::Boolean,
                Type::INT2 | Type::INT4 | Type::INT8 | Type::OID => Kind::Integer,
                Type::FLOAT4 | Type::FLOAT8 | Type::NUMERIC => Kind::Fraction,
                Type::TIMESTAMP | Type::TIMESTAMPTZ => Kind::Timestamp,
                _ => Kind::Text,
            })
            .collect()
    }
}

fn failure(error: &postgres::Error) -> Failure {
    match error.as_db_error() {
        Some(error) => Failure {
            state: error.code().code().to_owned(),
            message: error.message().to_owned(),
        },
        None => Failure {
            state: "08000".into(),
            message: error.to_string(),
        },
    }
}

impl Engine for Oracle {
    fn run(&mut self, sql: &str) -> Result<Answer, Failure> {
        let client = self.client.as_mut().expect("it is there until the end");
        let messages = client.simple_query(sql).map_err(|error| failure(&error))?;
        let mut kinds = self.kinds(sql);
        let mut rows = Vec::new();
        for message in messages {
            if let SimpleQueryMessage::Row(row) = message {
                kinds.resize(row.len(), Kind::Text);
                rows.push(
                    (0..row.len())
                        .map(|column| row.get(column).map(str::to_owned))
                        .collect(),
                );
            }
        }
        Ok(Answer { kinds, rows })
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        self.client = None;
        // A database that stays behind does no harm.
        let _ = self
            .administrator
            .batch_execute(&format!("DROP DATABASE {} WITH (FORCE)", self.database));
    }
}
