//! The database behind one facade: sessions, catalog, physical plans, pipelines, operators and functions.
//!
//! Not async: queries run on the engine's own worker threads; callers block or poll with a waker. Prints nothing and formats
//! nothing for a protocol beyond the Postgres text and binary forms of values ([`format`]). In reading order: [`database`] is
//! opened, a [`connection`] executes statements that `stoa-sql` compiles against the [`catalog`], `physical` turns plans into
//! `pipeline`s of `operators`, `rollup` says what stands for their rows, `expression` evaluates with `functions`, and [`rows`] stream out.

mod activity;
mod calendar;
mod catalog;
pub mod config;
pub mod connection;
pub mod database;
pub mod error;
mod expression;
pub mod format;
pub mod functions;
pub mod ingest;
mod limits;
mod operators;
mod physical;
mod pipeline;
mod rollup;
pub mod rows;
mod settings;
mod statement;
pub mod types;

pub use error::{Error, Result};
