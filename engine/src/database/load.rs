//! A bulk load from within the process: batches from any thread straight into segments, visible together or not at all.

use super::advisory_locks::{Owner, Scope, SessionLocks};
use super::{Database, Shared};
use crate::activity::Client;
use crate::catalog::relation::Relation;
use crate::catalog::view::{Asker, Moment, View};
use crate::connection::batch::CommitLabel;
use crate::error::{Error, Result, SqlState};
use crate::ingest::{FileReader, SourceFile, TargetColumn};
use crate::pipeline::Cancel;
use crate::settings::Settings;
use crate::statement::Run;
use crate::statement::copy_file::read_into;
use crate::statement::insert::writes_of;
use crate::statement::row_sink::RowSink;
use arrow_array::{Array, ArrayRef};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use stoa_sql::plan::CopyOptions;
use stoa_storage::vector::Batch;

/// Rows on their way into a table. Dropped without [`TableLoad::finish`], none of them arrive.
pub struct TableLoad {
    view: View,
    relation: Arc<Relation>,
    sink: Arc<RowSink>,
}

/// Between two reports of progress.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(50);

impl std::fmt::Debug for TableLoad {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "TableLoad({} rows)", self.sink.row_count())
    }
}

/// What the program itself sees.
fn own_view(shared: &Arc<Shared>) -> Result<View> {
    shared.check_open()?;
    let snapshot = shared.store.snapshot();
    let catalog = shared.catalog_of(&*snapshot)?;
    let asker = Asker {
        user: "stoa".into(),
        database: "stoa".into(),
        process_id: 0,
        temporary_schema: crate::catalog::temporary::ALIAS.into(),
        change_setting: Arc::new(|name, _, _| {
            Err(Error::Internal(format!("a load has no setting \"{name}\" to change")))
        }),
        session_sequences: Arc::default(),
        sessions: shared.sessions.clone(),
        warn: Arc::new(|_, warning| tracing::warn!("{warning}")),
        list_cursors: Arc::new(Vec::new),
        export_snapshot: Arc::new(|| Err(Error::Internal("a load has no transaction".into()))),
        random: Arc::default(),
        locks: SessionLocks {
            locks: shared.advisory_locks.clone(),
            owner: Owner {
                session: 0,
                process_id: 0,
            },
        },
    };
    let now = shared.now();
    let moment = Moment {
        transaction_time: now,
        statement_time: now,
        cancel: None,
        lock_scope: Scope::Transaction,
    };
    let settings = Arc::new(Settings::new(&asker.user));
    Ok(View::new(shared, snapshot, catalog, settings, &asker, moment))
}

impl Database {
    /// Begins a bulk load into a table, named as in SQL.
    ///
    /// # Errors
    /// 42P01 where there is no such table, 42809 where it is something else.
    pub fn begin_load(&self, table: &str) -> Result<TableLoad> {
        let view = own_view(&self.shared)?;
        let relation = crate::catalog::compile::relation_named(&view, table).ok_or_else(|| {
            Error::user(
                SqlState::UNDEFINED_TABLE,
                format!("relation \"{table}\" does not exist"),
            )
        })?;
        if relation.stored().is_none() {
            return Err(Error::user(
                SqlState::WRONG_OBJECT_TYPE,
                format!("\"{table}\" is not a table"),
            ));
        }
        let memory = &self.shared.memory;
        let sink = RowSink::bulk(&view, &relation, memory)?;
        Ok(TableLoad {
            view,
            relation,
            sink: Arc::new(sink),
        })
    }
}

impl TableLoad {
    /// Takes rows: plain columns of the table's types ([`crate::types::array_type`]) in its order. From any thread.
    ///
    /// # Errors
    /// 42804 where a column has another type, 23502 for a NULL where none may be, and what storage says.
    pub fn append(&self, columns: Vec<ArrayRef>) -> Result<()> {
        self.sink.check_types(&columns)?;
        let row_count = columns.first().map_or(0, |column| column.len());
        self.sink.append(Batch::new(columns, row_count))
    }

    /// Takes all rows of files that whoever runs this process named. Columns go by name in Parquet and JSON, by place in csv and text;
    /// every column of the table must be there. `progress` hears bytes done and bytes in all, now and then.
    ///
    /// # Errors
    /// What a file says, with its name, column and line; the load can only be dropped then.
    pub fn read_files(
        &self,
        files: &[(PathBuf, CopyOptions)],
        threads: usize,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<()> {
        let targets = self.columns();
        let name = self.relation.name();
        let readers = files.iter().map(|(path, options)| {
            let source = SourceFile::open(path)?;
            FileReader::open(source, name, &targets, options, &self.view.format)
        });
        let readers = readers.collect::<Result<Vec<_>>>()?;
        let total: u64 = readers.iter().map(FileReader::byte_count).sum();
        let done = || readers.iter().map(|reader| reader.progress().bytes_done()).sum();
        std::thread::scope(|scope| {
            let loading = scope.spawn(|| read_into(&readers, threads, &self.sink));
            while !loading.is_finished() {
                progress(done(), total);
                std::thread::park_timeout(PROGRESS_INTERVAL);
            }
            progress(done(), total);
            loading
                .join()
                .unwrap_or_else(|_| Err(Error::Internal("a thread that read a file panicked".into())))
        })
    }

    /// The table's columns.
    pub fn columns(&self) -> Vec<TargetColumn> {
        let columns = self.relation.info.columns.iter();
        let columns = columns.map(|column| TargetColumn {
            name: column.name.clone(),
            data_type: column.data_type.clone(),
            nullable: column.nullable,
        });
        columns.collect()
    }

    /// Rows taken so far.
    pub fn row_count(&self) -> u64 {
        self.sink.row_count()
    }

    /// Makes all rows visible together; gives back how many they are.
    ///
    /// # Errors
    /// What storage says; no row arrived then.
    pub fn finish(self) -> Result<u64> {
        let mut view = self.view.clone();
        view.refresh_rows(&self.relation);
        let shared = view.shared.clone();
        let client = Client {
            process_id: 0,
            user: "stoa".into(),
            application_name: "load".into(),
        };
        let memory = shared.memory.child(shared.config.memory_limit_bytes);
        let cancel = Arc::new(Cancel::new(None));
        let entry = shared.activity.begin("load", client, shared.now(), memory, cancel);
        let run = Run {
            view,
            entry: Arc::new(entry),
            parameters: &[],
            seen: Vec::new(),
            returned: Default::default(),
            compile_time: std::time::Duration::ZERO,
            changed_before: Vec::new(),
        };
        let (row_count, writes) = writes_of(&run, &self.relation, &self.sink, "load")?;
        writes.commit(&shared, &*run.view.snapshot, CommitLabel::default())?;
        Ok(row_count)
    }
}
