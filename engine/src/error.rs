//! Every error a client can see: a user's, the environment's or a bug, each with its SQLSTATE.

pub use stoa_sql::error::{ErrorObject, SqlState};

/// Result of an engine operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An engine error.
#[derive(Debug)]
pub enum Error {
    /// The user's statement or data is wrong, or something it needs is not supported.
    Sql(stoa_sql::Error),
    /// Storage could not do it.
    Storage(stoa_storage::Error),
    /// The query needed more memory than it may have.
    OutOfMemory {
        /// What was asked for, in bytes.
        requested_bytes: usize,
        /// The limit that stood against it, in bytes.
        limit_bytes: usize,
        /// What must be in memory as a whole and was to have it, where that is known.
        whole: Option<&'static str>,
    },
    /// The client, an administrator or `statement_timeout` ended the query.
    Cancelled(CancelReason),
    /// A broken invariant: a bug of Stoa.
    Internal(String),
}

/// Who ended a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelReason {
    /// A cancel request.
    User,
    /// `statement_timeout`.
    Timeout,
    /// The server stops, or an administrator ended the connection.
    Shutdown,
}

impl Error {
    /// A user error with a code and a sentence.
    pub fn user(state: SqlState, message: impl Into<String>) -> Self {
        Error::Sql(stoa_sql::Error::new(state, message))
    }

    /// The error; where memory is missing, it was for this, which must be in memory as a whole.
    pub(crate) fn of_whole(self, whole: &'static str) -> Self {
        match self {
            Error::OutOfMemory {
                requested_bytes,
                limit_bytes,
                whole: None,
            } => Error::OutOfMemory {
                requested_bytes,
                limit_bytes,
                whole: Some(whole),
            },
            other => other,
        }
    }

    /// The SQLSTATE of the error.
    pub fn state(&self) -> SqlState {
        use stoa_storage::Error as Storage;
        match self {
            Error::Sql(error) => error.state,
            Error::OutOfMemory { .. } => SqlState::OUT_OF_MEMORY,
            Error::Cancelled(CancelReason::Shutdown) => SqlState::ADMIN_SHUTDOWN,
            Error::Cancelled(_) | Error::Storage(Storage::Cancelled) => SqlState::QUERY_CANCELED,
            Error::Storage(Storage::Full { .. }) => SqlState::DISK_FULL,
            Error::Storage(Storage::Conflict { .. }) => SqlState::SERIALIZATION_FAILURE,
            Error::Storage(Storage::Corrupt { .. }) => SqlState::DATA_CORRUPTED,
            Error::Storage(Storage::Invalid { .. } | Storage::HistoryGone { .. }) => SqlState::INVALID_PARAMETER_VALUE,
            Error::Storage(
                Storage::FencedProducer { .. } | Storage::BatchOutOfOrder { .. } | Storage::RepeatedBatch { .. },
            ) => SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE,
            Error::Storage(Storage::NoAddress) => SqlState::PROGRAM_LIMIT_EXCEEDED,
            Error::Storage(_) => SqlState::IO_ERROR,
            Error::Internal(_) => SqlState::INTERNAL_ERROR,
        }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Error::Sql(error) => error.fmt(formatter),
            Error::Storage(error) => error.fmt(formatter),
            Error::OutOfMemory {
                requested_bytes,
                limit_bytes,
                whole,
            } => {
                let purpose = whole.map_or(String::new(), |whole| format!(" for {whole}"));
                write!(
                    formatter,
                    "out of memory: the query asked for {requested_bytes} more bytes{purpose}, its limit is {limit_bytes} bytes"
                )
            }
            Error::Cancelled(CancelReason::User) => formatter.write_str("canceling statement due to user request"),
            Error::Cancelled(CancelReason::Timeout) => {
                formatter.write_str("canceling statement due to statement timeout")
            }
            Error::Cancelled(CancelReason::Shutdown) => {
                formatter.write_str("terminating connection due to administrator command")
            }
            Error::Internal(reason) => write!(formatter, "internal error: {reason}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<stoa_sql::Error> for Error {
    fn from(error: stoa_sql::Error) -> Self {
        Error::Sql(error)
    }
}

impl From<stoa_storage::Error> for Error {
    fn from(error: stoa_storage::Error) -> Self {
        match error {
            stoa_storage::Error::Cancelled => Error::Cancelled(CancelReason::User),
            // What a filter that storage evaluates for us said comes back as it was.
            stoa_storage::Error::Predicate(error) => match error.downcast::<Error>() {
                Ok(error) => *error,
                Err(other) => Error::Internal(other.to_string()),
            },
            error => Error::Storage(error),
        }
    }
}

impl From<arrow_schema::ArrowError> for Error {
    fn from(error: arrow_schema::ArrowError) -> Self {
        Error::Internal(error.to_string())
    }
}
