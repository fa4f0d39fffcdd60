//! A real PostgreSQL, in a schema of its own per file.

use crate::{Failure, column_type};
use postgres::SimpleQueryMessage;
use postgres::types::Type;
use sqllogictest::{DBOutput, DefaultColumnType};
use std::sync::atomic::{AtomicU32, Ordering};
use stoa_engine::types::LogicalType;

static SCHEMAS: AtomicU32 = AtomicU32::new(0);

pub(crate) struct Oracle {
    client: postgres::Client,
    schema: String,
}

impl Oracle {
    pub(crate) fn connect(connection: &str) -> Self {
        let number = SCHEMAS.fetch_add(1, Ordering::Relaxed);
        let schema = format!("slt_{}_{number}", std::process::id());
        let mut config: postgres::Config = connection.parse().unwrap();
        // What RESET and DISCARD go back to.
        config.options(&format!("-c search_path={schema} -c TimeZone=UTC"));
        let mut client = config.connect(postgres::NoTls).unwrap();
        client.batch_execute(&format!("CREATE SCHEMA {schema}")).unwrap();
        Oracle { client, schema }
    }

    fn types(&mut self, sql: &str) -> Vec<DefaultColumnType> {
        let Ok(statement) = self.client.prepare(sql) else {
            return Vec::new();
        };
        let columns = statement.columns().iter();
        columns
            .map(|column| match *column.type_() {
                Type::INT2 | Type::INT4 | Type::INT8 | Type::OID => DefaultColumnType::Integer,
                Type::FLOAT4 | Type::FLOAT8 | Type::NUMERIC => column_type(&LogicalType::Double),
                _ => DefaultColumnType::Text,
            })
            .collect()
    }
}

impl sqllogictest::DB for Oracle {
    type Error = Failure;
    type ColumnType = DefaultColumnType;

    fn run(&mut self, sql: &str) -> Result<DBOutput<DefaultColumnType>, Failure> {
        let messages = self
            .client
            .simple_query(sql)
            .map_err(|error| match error.as_db_error() {
                Some(error) => Failure {
                    state: error.code().code().to_owned(),
                    message: error.message().to_owned(),
                },
                None => Failure {
                    state: "08000".into(),
                    message: error.to_string(),
                },
            })?;
        let types = self.types(sql);
        let mut rows = Vec::new();
        let mut count = 0;
        for message in messages {
            match message {
                SimpleQueryMessage::Row(row) => rows.push(
                    (0..row.len())
                        .map(|column| shown(row.get(column)))
                        .collect::<Vec<String>>(),
                ),
                SimpleQueryMessage::CommandComplete(rows) => count = rows,
                _ => {}
            }
        }
        match types.is_empty() {
            true => Ok(DBOutput::StatementComplete(count)),
            false => Ok(DBOutput::Rows { types, rows }),
        }
    }

    fn shutdown(&mut self) {
        // A schema that stays behind does no harm.
        let _ = self
            .client
            .batch_execute(&format!("ROLLBACK; DROP SCHEMA {} CASCADE", self.schema));
    }

    fn engine_name(&self) -> &str {
        "postgres"
    }
}

/// A value as the corpus shows it.
pub(crate) fn shown(value: Option<&str>) -> String {
    match value {
        None => "NULL".into(),
        Some("") => "(empty)".into(),
        Some(value) => value.replace('\n', "\\n").replace('\t', "\\t"),
    }
}
