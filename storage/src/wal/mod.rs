//! The one log: every commit and every structural edit, in order, synced before anyone hears of it. With
//! [`crate::store::Durability::Sync`] a commit is acknowledged after `fdatasync` covers its record; with `OperatingSystem` after the
//! write, so that it survives a kill but not a power cut. The grammar and the crash argument are in this crate's README.

mod dump;
mod reader;
pub(crate) mod record;
pub(crate) mod rows;
mod writer;

pub use dump::dump;
pub(crate) use reader::{LogFile, list_files, read_file};
pub(crate) use record::{RecordKind, file_path};
pub(crate) use writer::{LogRecord, LogWriter, SealedFile, WriteFailure, random_salt, rewrite_file};

/// A position in the log: the number of a record, counted from 1 without gaps.
pub type LogPosition = u64;

/// The folder of the log's files.
pub(crate) const LOG_FOLDER: &str = "log";
