//! Bytes to Arrow arrays and back: segments, encodings, indexes, log, manifest, commits, compaction.
//!
//! Knows no SQL: filters reach it as [`predicate::ColumnPredicate`], definitions as opaque bytes. Not async. In reading order:
//! what a table is ([`schema`]), the currency ([`vector`]), how a row comes in ([`store`], [`commit`], then the log, the
//! memtable and [`segment`]s), how it is found again ([`scan`]).

pub mod clock;
pub mod commit;
pub mod disk;
pub(crate) mod encoding;
pub mod error;
pub mod index;
pub mod ingest;
pub mod inspect;
pub mod key_index;
pub mod limits;
pub mod manifest;
mod memtable;
pub mod predicate;
pub mod rollup;
pub mod scan;
pub mod schema;
pub mod segment;
mod serial;
mod stats;
pub mod store;
pub mod temporary;
#[cfg(test)]
mod testing;
pub mod vector;
pub mod wal;

pub use error::{Error, Result};
