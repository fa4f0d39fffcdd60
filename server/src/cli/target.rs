//! The database in this process as something to measure and to load into: what `stoa-benches` asks of one.

use arrow_array::RecordBatch;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;
use stoa_benches::target::{ANSWER_ROWS_MAX, Answer, Loading, Session, Target};
use stoa_benches::{Error, Result};
use stoa_engine::connection::{Connection, ConnectionOptions, Outcome};
use stoa_engine::database::{Database, TableLoad};
use stoa_engine::format::FormatSettings;
use stoa_engine::format::text::ColumnWriter;
use stoa_engine::rows::{ResultColumn, RowBatch};

/// A database of this process and where it is.
pub(super) struct EngineTarget {
    pub(super) database: Arc<Database>,
    pub(super) folder: PathBuf,
}

impl Target for EngineTarget {
    fn session(&self) -> Result<Box<dyn Session>> {
        let connection = self.database.connect(ConnectionOptions {
            user: "stoa".into(),
            database: "stoa".into(),
            application_name: "stoa".into(),
            ..ConnectionOptions::default()
        });
        Ok(Box::new(EngineSession(connection)))
    }

    fn begin_load(&self, table: &str) -> Result<Box<dyn Loading>> {
        Ok(Box::new(EngineLoading(self.database.begin_load(table)?)))
    }

    fn disk_bytes(&self) -> u64 {
        stoa_benches::machine::folder_bytes(&self.folder)
    }

    fn version(&self) -> String {
        format!("Stoa {}", env!("CARGO_PKG_VERSION"))
    }
}

struct EngineLoading(TableLoad);

impl Loading for EngineLoading {
    fn append(&self, batch: RecordBatch) -> Result<()> {
        Ok(self.0.append(batch.columns().to_vec())?)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.0.finish()?;
        Ok(())
    }
}

struct EngineSession(Connection);

impl Session for EngineSession {
    fn ask(&mut self, statement: &str) -> Result<Answer> {
        let begun = Instant::now();
        let connection = &mut self.0;
        let mut answer = Answer::default();
        for parsed in connection.parse(statement)? {
            let prepared = connection.prepare(&parsed, &[])?;
            match connection.execute(&prepared, Vec::new())? {
                Outcome::Rows(mut rows, _) => {
                    let columns = rows.columns().clone();
                    let mut kept = Vec::new();
                    let (mut kept_rows, mut row_count) = (0, 0);
                    while let Some(batch) = rows.next_batch()? {
                        row_count += batch.row_count;
                        if kept_rows < ANSWER_ROWS_MAX {
                            kept_rows += batch.row_count;
                            kept.push(batch);
                        }
                    }
                    // Making text of the rows is not part of answering.
                    answer.seconds = begun.elapsed().as_secs_f64();
                    answer.row_count = row_count;
                    answer.columns = columns.iter().map(|column| column.name.clone()).collect();
                    answer.numeric = columns.iter().map(|column| column.data_type.is_numeric()).collect();
                    answer.rows = texts(&columns, &kept, &connection.format_settings());
                }
                Outcome::Command { .. } | Outcome::Empty => answer.seconds = begun.elapsed().as_secs_f64(),
                Outcome::CopyIn(_) | Outcome::CopyOut(_) => {
                    return Err(Error::Environment("COPY to or from a client has no client here".into()));
                }
            }
        }
        Ok(answer)
    }
}

/// The first rows as texts; NULL is empty.
fn texts(columns: &[ResultColumn], batches: &[RowBatch], format: &FormatSettings) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for batch in batches {
        for row in 0..batch.row_count {
            if rows.len() >= ANSWER_ROWS_MAX {
                return rows;
            }
            let values = batch.columns.iter().zip(columns).map(|(array, column)| {
                let mut out = Vec::new();
                if !array.is_null(row) {
                    ColumnWriter::new(array, &column.data_type, format).write(row, &mut out);
                }
                String::from_utf8_lossy(&out).into_owned()
            });
            rows.push(values.collect());
        }
    }
    rows
}
