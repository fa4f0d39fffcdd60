//! What can be asked on the command line.

use clap::{Parser, ValueEnum};
use std::path::PathBuf;

/// A corpus, each with its own form of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Corpus {
    /// The test files of the crate datafusion-sqllogictest.
    Datafusion,
    /// SQLite's logic tests.
    Sqlite,
}

impl Corpus {
    /// The folder beside this file whose lists belong to the corpus.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Corpus::Datafusion => "datafusion",
            Corpus::Sqlite => "sqlite",
        }
    }

    /// How the files end that begin a run; others are included by them.
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Corpus::Datafusion => "slt",
            Corpus::Sqlite => "test",
        }
    }
}

/// Runs a corpus of sqllogictest files against fresh databases and tells what Stoa answers.
#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    /// Which corpus.
    pub(crate) corpus: Corpus,
    /// Where its files are.
    pub(crate) folder: PathBuf,
    /// Where files are that DataFusion's tables are made of.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) data: Option<PathBuf>,
    /// Files that run at the same time.
    #[arg(long, default_value_t = 1)]
    pub(crate) jobs: usize,
    /// Of each file, run all statements and every N-th query.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) every: usize,
    /// Which of the N samples.
    #[arg(long, default_value_t = 0)]
    pub(crate) sample: usize,
    /// Run only files whose path contains this.
    #[arg(long, value_name = "WORD")]
    pub(crate) only: Option<String>,
    /// Begin no further file after so many minutes.
    #[arg(long)]
    pub(crate) minutes: Option<u64>,
    /// Ask a PostgreSQL what it answers, and write that into the corpus's list: `host=.. port=.. user=..`.
    #[arg(long, value_name = "CONNECTION")]
    pub(crate) oracle: Option<String>,
    /// Where the whole report goes.
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
}
