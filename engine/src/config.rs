//! How a database is opened. Settings that a session can change with SET live with the connection.

use crate::limits::BULK_LOAD_THREAD_BYTES_MAX;
use std::path::PathBuf;

/// Options of [`crate::database::Database::open`].
#[derive(Clone, Debug)]
pub struct Config {
    /// The data directory; made if it is not there.
    pub data_folder: PathBuf,
    /// Worker threads for queries, loads, flush and compaction.
    pub threads: usize,
    /// Memory for all queries together, in bytes; a query beyond its share ends with 53200.
    pub memory_limit_bytes: usize,
    /// The folder below which COPY may name files of the server; `None` allows none.
    pub import_folder: Option<PathBuf>,
    /// Rows of a batch at most; tests make it tiny.
    pub batch_rows: usize,
    /// How the store works.
    pub store: stoa_storage::store::StoreOptions,
}

impl Config {
    /// The defaults for a data directory: all cores, half of the machine's memory.
    pub fn new(data_folder: impl Into<PathBuf>) -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Config {
            data_folder: data_folder.into(),
            threads,
            memory_limit_bytes: 4 << 30,
            import_folder: None,
            batch_rows: stoa_storage::limits::BATCH_ROWS,
            store: stoa_storage::store::StoreOptions {
                threads,
                ..Default::default()
            },
        }
    }

    /// Memory that one bulk load may hold.
    pub(crate) fn bulk_load_bytes_max(&self) -> usize {
        let of_threads = BULK_LOAD_THREAD_BYTES_MAX.saturating_mul(self.store.threads.max(1));
        of_threads.min(self.memory_limit_bytes / 4)
    }
}
