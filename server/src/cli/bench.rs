//! `stoa bench`: makes data and measures. What is measured and how is `stoa-benches`' business; here are options, progress and
//! files.

use super::arguments::ResourceOptions;
use super::embedded::config;
use super::progress::{Progress, Unit};
use super::size::parse_count;
use super::target::EngineTarget;
use super::{CommandError, Result};
use clap::{Args, Subcommand};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use stoa_benches::billion;
use stoa_benches::generate::parquet::{Codec, write_table};
use stoa_benches::generate::{SEED, Suite};
use stoa_benches::ingest;
use stoa_engine::database::Database;

/// Measure, or make the data to measure with
#[derive(Debug, Args)]
pub(super) struct BenchOptions {
    #[command(subcommand)]
    suite: Measurement,
}

#[derive(Debug, Subcommand)]
enum Measurement {
    Billion(BillionOptions),
    Generate(GenerateOptions),
    Ingest(IngestOptions),
}

/// Write made-up but lifelike tables as Parquet files: the same for the same seed and rows, everywhere
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stoa bench generate sales --rows 100000000 --out ./parquet      writes ./parquet/sales/sales-000.parquet ..
  stoa bench generate questions --rows 2000000 --out ./parquet    sales, events and their dimension tables")]
struct GenerateOptions {
    /// Which tables: sales, events, questions (both and their dimension tables), or hits (page views of many sites)
    #[arg(value_parser = clap::builder::PossibleValuesParser::new(Suite::ALL.map(|(name, _)| name)))]
    suite: String,
    /// Rows of the largest table; events are made by the session, so about that many
    #[arg(long, value_name = "N", value_parser = parse_count, default_value_t = 10_000_000)]
    rows: u64,
    /// The directory; made if it is not there
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// How pages are compressed
    #[arg(long, default_value = "snappy", value_parser = ["snappy", "zstd", "none"])]
    codec: String,
    /// Another seed makes other data
    #[arg(long, value_name = "N", default_value_t = SEED)]
    seed: u64,
    /// Files written at the same time [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

/// Load many sales into a database of this process and ask what one asks of them
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stoa bench billion                                    a billion rows: about 10 GiB of disk, minutes
  stoa bench billion --rows 10000000 --json billion.json

The data directory is kept: with the same --rows the next run asks at once.")]
struct BillionOptions {
    #[command(flatten)]
    resources: ResourceOptions,
    /// The data directory; sales made by an earlier run are used again
    #[arg(long, value_name = "DIR", default_value = "./stoa-billion")]
    data: PathBuf,
    /// Rows of sales
    #[arg(long, value_name = "N", value_parser = parse_count, default_value_t = billion::ROWS)]
    rows: u64,
    /// Also write the figures to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// How fast a running server takes rows in: COPY FROM STDIN, and single-row INSERTs over many connections
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stoa serve --data ./stoa-bench &
  stoa bench ingest
  stoa bench ingest --address 127.0.0.1:6000 --rows 10000000 --json ingest.json

It makes the tables bench_copy and bench_insert, checks that every acknowledged row is there, and drops them.")]
struct IngestOptions {
    /// The server
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:5433")]
    address: String,
    /// Rows of the COPY
    #[arg(long, value_name = "N", value_parser = parse_count, default_value_t = 5_000_000)]
    rows: u64,
    /// Connections that insert at the same time
    #[arg(long, value_name = "N", default_value_t = 64)]
    connections: usize,
    /// For how long they insert, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    seconds: u64,
    /// Also write the figures to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Runs the command.
pub(super) fn run(options: &BenchOptions) -> Result<()> {
    match &options.suite {
        Measurement::Billion(options) => measure_billion(options),
        Measurement::Generate(options) => generate(options),
        Measurement::Ingest(options) => measure_ingest(options),
    }
}

fn generate(options: &GenerateOptions) -> Result<()> {
    let codec = Codec::named(&options.codec).expect("the command line allows the names of codecs only");
    let suite = Suite::named(&options.suite).expect("the command line allows the names of suites only");
    let threads = options.threads.map_or_else(all_cores, usize::from);
    for table in suite.tables(options.rows, options.seed) {
        let progress = Steps::default();
        write_table(&*table, &options.out, codec, threads, &progress)
            .map_err(|error| CommandError::failed(error.to_string()))?;
    }
    Ok(())
}

fn measure_billion(options: &BillionOptions) -> Result<()> {
    let config = config(&options.data, &options.resources);
    let threads = config.threads;
    let database = Database::open(config)?;
    let target = EngineTarget {
        database: Arc::clone(&database),
        folder: options.data.clone(),
    };
    let report = billion::run(&target, options.rows, threads, &Steps::default()).map_err(failed);
    let closed = database.close(true);
    let report = report?;
    closed?;
    println!("{}", report.text());
    write_json(options.json.as_deref(), &report.json())?;
    match report.failed.len() {
        0 => Ok(()),
        count => Err(CommandError::failed(format!("{count} of the queries failed"))),
    }
}

fn measure_ingest(options: &IngestOptions) -> Result<()> {
    let measured = ingest::Options {
        address: options.address.clone(),
        copy_rows: options.rows,
        connections: options.connections,
        insert_seconds: options.seconds,
    };
    let report = ingest::run(&measured, &Steps::default()).map_err(failed)?;
    println!("{}", report.text());
    write_json(options.json.as_deref(), &report.json())
}

fn all_cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// An error of a measurement as one of a command.
pub(super) fn failed(error: stoa_benches::Error) -> CommandError {
    match error {
        stoa_benches::Error::Database(error) => error.into(),
        error => CommandError::failed(error.to_string()),
    }
}

/// Writes figures to the file asked for, if one was.
pub(super) fn write_json(file: Option<&Path>, figures: &str) -> Result<()> {
    let Some(file) = file else { return Ok(()) };
    std::fs::write(file, format!("{figures}\n"))
        .map_err(|error| CommandError::failed(format!("could not write \"{}\": {error}", file.display())))
}

/// The steps of a measurement as bars or lines, results on stdout.
#[derive(Default)]
pub(super) struct Steps {
    step: Mutex<Option<Progress>>,
}

impl Steps {
    /// The step under way; a thread that panicked while counting leaves it as good as it was.
    fn step(&self) -> std::sync::MutexGuard<'_, Option<Progress>> {
        self.step.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl stoa_benches::progress::Progress for Steps {
    fn begin(&self, what: &str, rows: u64) {
        *self.step() = Some(Progress::begin(what, Unit::Rows, rows));
    }

    fn advance(&self, rows: u64) {
        if let Some(step) = self.step().as_mut() {
            step.set(rows, 0);
        }
    }

    fn finish(&self, outcome: &str) {
        if let Some(step) = self.step().take() {
            step.end(outcome);
        }
    }

    fn line(&self, text: &str) {
        println!("{text}");
    }
}

impl Drop for Steps {
    fn drop(&mut self) {
        if let Some(step) = self.step().take() {
            step.abandon();
        }
    }
}
