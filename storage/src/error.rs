//! What can go wrong below SQL. Each names the thing and its place; none is a user's mistake in a statement.

use std::path::PathBuf;

/// Result of a storage operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A storage error.
#[derive(Debug)]
pub enum Error {
    /// The operating system refused an operation on a file.
    Io {
        /// What was attempted: `write`, `sync`, `rename` ..
        operation: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Bytes of a file are not what was written.
    Corrupt {
        /// The file.
        path: PathBuf,
        /// Where in it, in bytes.
        offset: u64,
        /// What is wrong there.
        reason: String,
    },
    /// No room on the device; nothing of the commit took effect.
    Full {
        /// The folder whose device is full.
        path: PathBuf,
    },
    /// The folder holds something else and no store.
    Foreign {
        /// The folder.
        path: PathBuf,
        /// What it holds.
        found: String,
    },
    /// Another process has the folder open.
    Locked {
        /// The folder.
        path: PathBuf,
        /// The other process, if it could be told.
        process_id: Option<u32>,
    },
    /// The folder or file was written by a newer version.
    UnknownVersion {
        /// The file.
        path: PathBuf,
        /// The version it states.
        found: u32,
        /// The newest this program reads.
        supported: u32,
    },
    /// An earlier failure (a failed sync, a panic in the commit path) stopped the store; restart recovers.
    Poisoned {
        /// That failure.
        reason: String,
    },
    /// A change does not apply any more: its table, column or row was changed meanwhile. Retry at a newer version.
    Conflict {
        /// What changed.
        reason: String,
    },
    /// What was asked does not fit the definition: a partition column of the wrong type, a NULL where none may be.
    Invalid {
        /// What does not fit.
        reason: String,
    },
    /// The version or time asked for lies outside the kept history.
    HistoryGone {
        /// The oldest version kept.
        oldest: u64,
    },
    /// A producer's batch was committed before; nothing is to be done.
    RepeatedBatch {
        /// The commit of the producer's last batch.
        last: crate::commit::CommitVersion,
    },
    /// A producer of a larger epoch has taken this one's place.
    FencedProducer {
        /// The producer.
        producer: String,
        /// The larger epoch.
        epoch: u64,
    },
    /// Batches before this one are missing.
    BatchOutOfOrder {
        /// The producer.
        producer: String,
        /// The number of its last batch.
        last: u64,
    },
    /// A row's part or place has too large a number for an address of 48 bits.
    NoAddress,
    /// A filter of the layer above failed on some row: its own error, to be had back by a downcast.
    Predicate(Box<dyn std::error::Error + Send + Sync>),
    /// The caller's cancellation flag was set.
    Cancelled,
}

impl std::fmt::Display for Error {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Error::Io {
                operation,
                path,
                source,
            } => {
                write!(formatter, "could not {operation} \"{}\": {source}", path.display())
            }
            Error::Corrupt { path, offset, reason } => {
                write!(
                    formatter,
                    "file \"{}\" is damaged at byte {offset}: {reason}",
                    path.display()
                )
            }
            Error::Full { path } => write!(formatter, "no space left on the device of \"{}\"", path.display()),
            Error::Foreign { path, found } => write!(
                formatter,
                "\"{}\" is no data directory: it holds \"{found}\" and no manifest",
                path.display()
            ),
            Error::Locked {
                path,
                process_id: Some(id),
            } => {
                write!(
                    formatter,
                    "data directory \"{}\" is in use by process {id}",
                    path.display()
                )
            }
            Error::Locked { path, process_id: None } => {
                write!(
                    formatter,
                    "data directory \"{}\" is in use by another process",
                    path.display()
                )
            }
            Error::UnknownVersion { path, found, supported } => write!(
                formatter,
                "\"{}\" has format version {found}; this program reads up to {supported}",
                path.display()
            ),
            Error::RepeatedBatch { last } => write!(
                formatter,
                "the batch was committed before; the producer's last one is version {}",
                last.0
            ),
            Error::FencedProducer { producer, epoch } => {
                write!(
                    formatter,
                    "producer \"{producer}\" is fenced: one of epoch {epoch} has taken its place"
                )
            }
            Error::BatchOutOfOrder { producer, last } => {
                write!(
                    formatter,
                    "batch {} of producer \"{producer}\" is the next one",
                    last + 1
                )
            }
            Error::Poisoned { reason } => write!(formatter, "the store stopped after a failure: {reason}"),
            Error::Conflict { reason } | Error::Invalid { reason } => formatter.write_str(reason),
            Error::HistoryGone { oldest } => write!(formatter, "history is kept from version {oldest} on"),
            Error::NoAddress => {
                formatter.write_str("the row has no address of 48 bits: too many parts were made before it")
            }
            Error::Predicate(error) => error.fmt(formatter),
            Error::Cancelled => formatter.write_str("cancelled"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Io { source, .. } => Some(source),
            Error::Predicate(error) => Some(&**error),
            _ => None,
        }
    }
}
