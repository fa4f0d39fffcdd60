//! What can be written on the command line, and the help that explains it.

use super::size::{parse_count, parse_size};
use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// Stoa: a columnar database for analytics in one program, spoken to over the Postgres wire.
#[derive(Debug, Parser)]
#[command(
    name = "stoa",
    version,
    styles = STYLES,
    max_term_width = 100,
    arg_required_else_help = true,
    after_help = "\
Examples:
  stoa quickstart                          make a database of sample data, ask it, serve it
  stoa serve --data ./shop                 serve a database; then: psql -h 127.0.0.1 -p 5433 stoa
  stoa sql --data ./shop -c 'SELECT 1'     ask without a server
  stoa load sales sales-*.parquet --data ./shop --create

\"stoa COMMAND --help\" says more about a command."
)]
pub(super) struct Arguments {
    /// What to log to stderr: error, warn, info, debug, trace, or a list such as stoa_server=debug,warn
    #[arg(long, global = true, value_name = "FILTER")]
    pub(super) log: Option<String>,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Serve(ServeOptions),
    Quickstart(QuickstartOptions),
    Sql(SqlOptions),
    Load(LoadOptions),
    Check(CheckOptions),
    Inspect(InspectOptions),
    Bench(super::bench::BenchOptions),
}

/// Where a database is and what it may use.
#[derive(Clone, Debug, Args)]
pub(super) struct DatabaseOptions {
    /// The data directory; made if it is not there
    #[arg(long, value_name = "DIR", default_value = "./stoa-data")]
    pub(super) data: PathBuf,
    #[command(flatten)]
    pub(super) resources: ResourceOptions,
}

/// What a database may use.
#[derive(Clone, Debug, Args)]
pub(super) struct ResourceOptions {
    /// Memory for all queries together, such as 12GiB or 512MB; decoded dictionaries are held in half as much beside it [default: half of
    /// the machine's]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub(super) memory_limit: Option<usize>,
    /// Threads for queries, loads and background work [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) threads: Option<u16>,
}

/// Serve a database over the Postgres wire, and over HTTP if asked to, until Ctrl-C
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stoa serve
  stoa serve --data /srv/shop --listen 127.0.0.1:6000 --memory-limit 12GiB
  stoa serve --import-dir /srv/import      lets COPY read and write files below /srv/import
  stoa serve --http 127.0.0.1:8123         takes rows and statements over HTTP, too

Without authentication the server listens on addresses of this machine only. Ctrl-C or SIGTERM stop it cleanly: running
statements get 3 seconds, a second Ctrl-C cancels them at once. Nothing acknowledged is lost either way.")]
pub(super) struct ServeOptions {
    #[command(flatten)]
    pub(super) database: DatabaseOptions,
    /// Where to listen
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:5433")]
    pub(super) listen: String,
    /// Where to listen for HTTP: POST /insert/TABLE takes rows, POST /query a statement, GET /health tells whether it serves [default:
    /// nowhere]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(super) http: Option<String>,
    /// The directory below which COPY may read and write files [default: none]
    #[arg(long, value_name = "DIR")]
    pub(super) import_dir: Option<PathBuf>,
    /// Connections at the same time, running HTTP requests among them
    #[arg(long, value_name = "N", default_value_t = crate::limits::CONNECTIONS_MAX)]
    pub(super) connections: usize,
}

/// Make a database of realistic events and sales, ask it the first questions, and serve it
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stoa quickstart
  stoa quickstart --rows 1000000           smaller and faster
  stoa quickstart --no-serve               stop after the answers")]
pub(super) struct QuickstartOptions {
    #[command(flatten)]
    pub(super) resources: ResourceOptions,
    /// The data directory; a database made by an earlier quickstart is used again
    #[arg(long, value_name = "DIR", default_value = "./stoa-quickstart")]
    pub(super) data: PathBuf,
    /// Events; sales are twice as many
    #[arg(long, value_name = "N", value_parser = parse_count, default_value_t = 10_000_000)]
    pub(super) rows: u64,
    /// Where to serve it afterwards
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:5433")]
    pub(super) listen: String,
    /// Stop after the answers
    #[arg(long)]
    pub(super) no_serve: bool,
}

/// Which database a command talks to.
#[derive(Clone, Debug, Args)]
pub(super) struct TargetOptions {
    /// A data directory, opened by this command; no server must have it open [default: ./stoa-data]
    #[arg(long, value_name = "DIR", conflicts_with = "url")]
    pub(super) data: Option<PathBuf>,
    /// A running server: postgres://user@host:port/database
    #[arg(long, value_name = "URL")]
    pub(super) url: Option<String>,
    #[command(flatten)]
    pub(super) resources: ResourceOptions,
}

/// Run statements and print their results
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stoa sql -c 'SELECT count(*) FROM sales'
  stoa sql --url postgres://127.0.0.1:5433/stoa -f report.sql --csv > report.csv
  echo 'SELECT 1; SELECT 2' | stoa sql --data ./shop --json
  stoa sql -c 'COPY sales FROM STDIN (FORMAT csv)' < sales.csv

The statements of one -c, one -f or of standard input run together: if one fails, none of them had an effect (unless they
say BEGIN and COMMIT themselves). On a terminal, without -c and -f, statements are read line by line up to a semicolon.")]
pub(super) struct SqlOptions {
    #[command(flatten)]
    pub(super) target: TargetOptions,
    /// Statements to run; may be repeated
    #[arg(short, long, value_name = "SQL")]
    pub(super) command: Vec<String>,
    /// A file of statements to run, after the commands; may be repeated
    #[arg(short, long, value_name = "FILE")]
    pub(super) file: Vec<PathBuf>,
    /// Print results as comma-separated values with a header
    #[arg(long, conflicts_with = "json")]
    pub(super) csv: bool,
    /// Print each result as an array of objects
    #[arg(long)]
    pub(super) json: bool,
}

/// Load Parquet, CSV or JSON files into a table
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stoa load sales sales-*.parquet --data ./shop
  stoa load sales sales.parquet --create --partition-by 'month(sale_date)' --order-by 'product_id'
  stoa load events events.csv.gz --url postgres://127.0.0.1:5433/stoa

Formats go by the names: .parquet, .csv, .tsv, .ndjson, .jsonl or .json, each but Parquet also with .gz or .zst. CSV files
begin with a header. All files become visible together, or none. With --data they go past the log,
on all threads; with --url their rows are sent through COPY.")]
pub(super) struct LoadOptions {
    /// The table
    pub(super) table: String,
    /// The files
    #[arg(required = true)]
    pub(super) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) target: TargetOptions,
    /// Make the table from the first file's columns, if it is not there
    #[arg(long)]
    pub(super) create: bool,
    /// How a table that is made is partitioned: day(column), week(column), month(column) or year(column)
    #[arg(long, value_name = "EXPRESSION", requires = "create")]
    pub(super) partition_by: Option<String>,
    /// How a table that is made is ordered: columns with commas between
    #[arg(long, value_name = "COLUMNS", requires = "create")]
    pub(super) order_by: Option<String>,
}

/// Verify every checksum and reference of a database
#[derive(Debug, Args)]
#[command(after_help = "Exit code 0: everything is as written. 1: something is damaged, a line each says what.")]
pub(super) struct CheckOptions {
    /// The data directory; no server must have it open
    #[arg(long, value_name = "DIR", default_value = "./stoa-data")]
    pub(super) data: PathBuf,
}

/// Print what is inside a segment, log or manifest file
#[derive(Debug, Args)]
pub(super) struct InspectOptions {
    /// A file of a data directory
    pub(super) file: PathBuf,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        use clap::CommandFactory;
        Arguments::command().debug_assert();
    }

    #[test]
    fn no_command_is_a_usage_error() {
        let error = Arguments::try_parse_from(["stoa"]).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        let error = Arguments::try_parse_from(["stoa", "serve", "--memory-limit", "lots"]).unwrap_err();
        assert_eq!(error.exit_code(), 2);
    }

    #[test]
    fn sizes_are_bytes() {
        let arguments = Arguments::try_parse_from(["stoa", "serve", "--memory-limit", "12GiB"]).unwrap();
        let Command::Serve(options) = arguments.command else {
            panic!("serve")
        };
        assert_eq!(options.database.resources.memory_limit, Some(12 << 30));
    }
}
