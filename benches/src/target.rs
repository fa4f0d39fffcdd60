//! What a database must offer to be measured: sessions that answer statements, and a way in for batches. The engine is measured
//! through `embedded`; tests measure a stand-in.

use crate::error::Result;
use arrow_array::RecordBatch;

/// Rows of an answer that are kept as text.
pub const ANSWER_ROWS_MAX: usize = 1_000;

/// A database.
pub trait Target: Send + Sync {
    /// Opens a session.
    ///
    /// # Errors
    /// What the database says.
    fn session(&self) -> Result<Box<dyn Session>>;

    /// Begins a bulk load into a table that is there, through the path that `COPY` from a file takes.
    ///
    /// # Errors
    /// What the database says.
    fn begin_load(&self, table: &str) -> Result<Box<dyn Loading>>;

    /// What the database takes on disk.
    fn disk_bytes(&self) -> u64;

    /// Its name and version.
    fn version(&self) -> String;
}

/// Rows on their way in. Dropped without [`Loading::finish`], none of them arrive.
pub trait Loading: Send + Sync {
    /// Takes rows with the table's columns; from any thread.
    ///
    /// # Errors
    /// What the database says.
    fn append(&self, batch: RecordBatch) -> Result<()>;

    /// Commits all rows together.
    ///
    /// # Errors
    /// What the database says; no row arrived then.
    fn finish(self: Box<Self>) -> Result<()>;
}

/// A session; used by one thread at a time.
pub trait Session {
    /// Executes one statement and takes the time from its text to its last row.
    ///
    /// # Errors
    /// What the database says.
    fn ask(&mut self, statement: &str) -> Result<Answer>;
}

/// An answer as text, and how long it took.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// Names of its columns.
    pub columns: Vec<String>,
    /// Which columns are numbers.
    pub numeric: Vec<bool>,
    /// The first [`ANSWER_ROWS_MAX`] rows; NULL is empty.
    pub rows: Vec<Vec<String>>,
    /// Rows in all.
    pub row_count: usize,
    /// From the statement's text to the last row, without making text of it.
    pub seconds: f64,
}
