//! A real PostgreSQL, in a schema of its own.

use crate::answer::Answer;
use postgres::SimpleQueryMessage;
use std::sync::atomic::{AtomicU32, Ordering};

static SCHEMAS: AtomicU32 = AtomicU32::new(0);

pub(crate) struct Postgres {
    client: postgres::Client,
    schema: String,
}

impl Postgres {
    pub(crate) fn connect(connection: &str) -> Self {
        let number = SCHEMAS.fetch_add(1, Ordering::Relaxed);
        let schema = format!("differential_{}_{number}", std::process::id());
        let mut config: postgres::Config = connection.parse().unwrap();
        config.options(&format!(
            "-c search_path={schema} -c TimeZone=UTC -c statement_timeout=20s -c jit=off"
        ));
        let mut client = config.connect(postgres::NoTls).unwrap();
        client.batch_execute(&format!("CREATE SCHEMA {schema}")).unwrap();
        Postgres { client, schema }
    }

    pub(crate) fn ask(&mut self, sql: &str) -> Answer {
        let columns = match self.client.prepare(sql) {
            Ok(statement) => {
                let columns = statement.columns().iter();
                columns
                    .map(|column| (column.name().to_owned(), column.type_().oid()))
                    .collect()
            }
            Err(error) => return failed(&error),
        };
        let columns: Vec<(String, u32)> = columns;
        let messages = match self.client.simple_query(sql) {
            Ok(messages) => messages,
            Err(error) => return failed(&error),
        };
        let mut rows = Vec::new();
        let mut changed = 0;
        for message in messages {
            match message {
                SimpleQueryMessage::Row(row) => {
                    rows.push(
                        (0..row.len())
                            .map(|column| row.get(column).map(str::to_owned))
                            .collect(),
                    );
                }
                SimpleQueryMessage::CommandComplete(count) => changed = count,
                _ => {}
            }
        }
        match columns.is_empty() {
            true => Answer::Changed(changed),
            false => Answer::Rows { columns, rows },
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // A schema that stays behind does no harm.
        let _ = self
            .client
            .batch_execute(&format!("ROLLBACK; DROP SCHEMA {} CASCADE", self.schema));
    }
}

fn failed(error: &postgres::Error) -> Answer {
    match error.as_db_error() {
        Some(error) => Answer::Failed {
            state: error.code().code().to_owned(),
            message: error.message().to_owned(),
        },
        None => Answer::Failed {
            state: "08000".into(),
            message: error.to_string(),
        },
    }
}
