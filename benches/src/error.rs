//! What can go wrong while measuring.

use std::fmt;

/// The result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// See the module.
#[derive(Debug)]
pub enum Error {
    /// The database refused.
    Database(stoa_engine::Error),
    /// A file, a process or a connection failed; the text says which.
    Environment(String),
    /// An answer is not what it must be; the text says which and how.
    Wrong(String),
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Database(error) => error.fmt(formatter),
            Error::Environment(text) | Error::Wrong(text) => formatter.write_str(text),
        }
    }
}

impl std::error::Error for Error {}

impl From<stoa_engine::Error> for Error {
    fn from(error: stoa_engine::Error) -> Self {
        Error::Database(error)
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Error::Environment(error.to_string())
    }
}
