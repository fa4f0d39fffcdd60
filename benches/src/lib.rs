//! Deterministic generators of realistic data, and the programs that measure Stoa with them.
//!
//! Nothing here is needed to run a database: the command line calls [`quickstart`], [`billion`], [`ingest`] and
//! [`generate::parquet`], and `benches/compare` measures the same data and questions against other databases. Data depends on
//! nothing but a seed and a row count; times are only ever measured here, never assumed.

pub mod bandwidth;
pub mod billion;
pub mod error;
pub mod generate;
pub mod ingest;
pub mod load;
pub mod machine;
pub mod measure;
pub mod progress;
pub mod queries;
pub mod quickstart;
pub mod report;
pub mod target;
mod wire;

pub use error::{Error, Result};
