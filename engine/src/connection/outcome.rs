//! What a statement gives, and what it wanted said.

use super::copy::{CopyIn, CopyOut};
use crate::rows::Rows;

/// What a statement gives.
#[derive(Debug)]
pub enum Outcome {
    /// Rows, and what the statement's end is called.
    Rows(Rows, RowsTag),
    /// It is done.
    Command {
        /// What its end is called: `INSERT 0 1`.
        tag: String,
    },
    /// It waits for the client's bytes.
    CopyIn(CopyIn),
    /// It has bytes for the client.
    CopyOut(CopyOut),
    /// There was no statement.
    Empty,
}

/// What the end of a statement that gives rows is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowsTag {
    /// `SELECT` and the number of rows.
    Select,
    /// `FETCH` and the number of rows.
    Fetch {
        /// The cursor is one whose values a simple query gives in binary.
        is_binary: bool,
    },
    /// This.
    Tag(String),
}

/// Something to be told beside a statement's outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// `NOTICE` or `WARNING`.
    pub severity: String,
    /// Its SQLSTATE.
    pub state: String,
    /// A sentence.
    pub message: String,
    /// More about this case.
    pub detail: Option<String>,
    /// What could be done.
    pub hint: Option<String>,
}

impl Notice {
    fn new(severity: &str, state: &str, message: impl Into<String>) -> Self {
        Notice {
            severity: severity.to_owned(),
            state: state.to_owned(),
            message: message.into(),
            detail: None,
            hint: None,
        }
    }

    /// Good to know.
    pub(crate) fn information(message: impl Into<String>) -> Self {
        Notice::new("NOTICE", "00000", message)
    }

    /// Worth a look.
    pub(crate) fn warning(state: &str, message: impl Into<String>) -> Self {
        Notice::new("WARNING", state, message)
    }
}

/// What a statement committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The version of the database that has it: of a batch that had been committed before, that of the producer's last one.
    pub version: u64,
    /// It was a batch of a producer that had been committed before: nothing was changed.
    pub is_repeated: bool,
}

/// Whether a transaction is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransactionStatus {
    /// None.
    Idle,
    /// One that can go on.
    InTransaction,
    /// One that can only be rolled back.
    Failed,
}
