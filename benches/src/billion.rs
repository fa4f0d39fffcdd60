//! `stoa bench billion`: makes and loads sales, asks what one asks of them, and reports what the machine could do at best.

use crate::bandwidth::read_bandwidth;
use crate::error::{Error, Result};
use crate::generate::{SEED, Table, sales::Sales};
use crate::load::{Load, load_table};
use crate::machine::Machine;
use crate::measure::{self, Timing};
use crate::progress::Progress;
use crate::queries::{SALES, SALES_SCHEMA};
use crate::quickstart::filled_rows;
use crate::report;
use crate::target::{Session, Target};
use serde::Serialize;

/// Rows unless asked for otherwise.
pub const ROWS: u64 = 1_000_000_000;
/// Runs of each query after the first.
const HOT_RUNS: usize = 7;
/// Memory that is read to learn how fast memory is.
const BANDWIDTH_BYTES: usize = 1 << 30;

/// All figures of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The database's version.
    pub version: String,
    /// Where it ran.
    pub machine: Machine,
    /// Threads that load and query.
    pub threads: usize,
    /// Rows of sales.
    pub row_count: u64,
    /// How they came in; `None` where an earlier run's were used.
    pub load: Option<Load>,
    /// What they take on disk.
    pub disk_bytes: u64,
    /// Bytes per second that 1 and 2 threads read from memory.
    pub read_bandwidth: [f64; 2],
    /// Each query's times.
    pub queries: Vec<Timing>,
    /// Queries that failed, with what the database said.
    pub failed: Vec<(String, String)>,
}

/// Loads `rows` sales unless so many are there, and measures. A query that fails is reported and does not end the run.
///
/// # Errors
/// What the database says to the load; a table of sales with other rows; an answer that is wrong.
pub fn run(target: &dyn Target, rows: u64, threads: usize, progress: &dyn Progress) -> Result<Report> {
    let machine = Machine::describe();
    let read_bandwidth = [1, 2].map(|threads| read_bandwidth(threads, BANDWIDTH_BYTES));
    let mut session = target.session()?;
    let load = match filled_rows(&mut *session, "sales")? {
        Some(there) if there == rows => None,
        Some(there) if there > 0 => {
            let there = report::count(there);
            let message = format!(
                "the data directory has sales of {there} rows: name another directory with --data, or ask for as many rows"
            );
            return Err(Error::Environment(message));
        }
        found => {
            if found.is_none() {
                session.ask(SALES_SCHEMA.trim().trim_end_matches(';'))?;
            }
            Some(load_table(target, &Sales::new(rows, SEED), threads, progress)?)
        }
    };
    check_answers(&mut *session, rows)?;
    let (mut queries, mut failed) = (Vec::new(), Vec::new());
    progress.begin("asking", 0);
    for query in SALES {
        match measure::time(&mut *session, query, HOT_RUNS) {
            Ok(timing) => queries.push(timing),
            Err(error) => failed.push((query.name.to_owned(), error.to_string())),
        }
    }
    progress.finish(&format!("{} queries asked", SALES.len()));
    Ok(Report {
        version: target.version(),
        machine,
        threads,
        row_count: rows,
        load,
        disk_bytes: target.disk_bytes(),
        read_bandwidth,
        queries,
        failed,
    })
}

/// Answers whose truth the generator knows: how many rows, and the revenue of the first chunk's whole days.
fn check_answers(session: &mut dyn Session, rows: u64) -> Result<()> {
    let counted = session.ask("SELECT count(*) FROM sales")?.number()?;
    if counted != rows {
        return Err(Error::Wrong(format!("count(*) says {counted} of {rows} rows")));
    }
    let Some((day, revenue_cents)) = first_whole_day(&Sales::new(rows, SEED)) else {
        return Ok(());
    };
    let date = crate::generate::calendar::day_at(day);
    let answer = session
        .ask(&format!(
            "SELECT sum(revenue_cents) FROM sales WHERE sale_date = date '{date}'"
        ))?
        .number()?;
    if answer != revenue_cents {
        return Err(Error::Wrong(format!(
            "revenue of {date} is {revenue_cents}, but the database says {answer}"
        )));
    }
    Ok(())
}

/// The first day and its revenue, made anew; `None` where a day is larger than what is worth making.
fn first_whole_day(sales: &Sales) -> Option<(usize, u64)> {
    use arrow_array::cast::AsArray;
    use arrow_array::types::{Date32Type, Int64Type};
    let first = crate::generate::calendar::days_since_epoch(crate::generate::calendar::first_day());
    let mut revenue = 0;
    for chunk in 0..sales.chunk_count().min(16) {
        let batch = sales.chunk(chunk);
        let dates = batch.column(0).as_primitive::<Date32Type>().values();
        let cents = batch.column(6).as_primitive::<Int64Type>().values();
        let of_day = dates.iter().take_while(|&&date| date == first).count();
        revenue += cents[..of_day].iter().sum::<i64>() as u64;
        if of_day < dates.len() {
            return (of_day > 0 || chunk > 0).then_some((0, revenue));
        }
    }
    None
}

impl Report {
    /// The report for people.
    pub fn text(&self) -> String {
        let mut lines = vec![
            format!(
                "{}, {} rows of sales, {} threads",
                self.version,
                report::count(self.row_count),
                self.threads
            ),
            self.machine.line(),
            format!(
                "memory is read at {:.1} GB/s by one thread, {:.1} GB/s by two",
                self.read_bandwidth[0] / 1e9,
                self.read_bandwidth[1] / 1e9
            ),
        ];
        lines.push(
            self.load
                .as_ref()
                .map_or("loaded by an earlier run".to_owned(), Load::line),
        );
        let per_row = self.disk_bytes as f64 / self.row_count.max(1) as f64;
        lines.push(format!(
            "on disk: {} ({per_row:.2} bytes per row)",
            report::bytes(self.disk_bytes)
        ));
        lines.push(String::new());
        lines.push(self.query_table());
        lines.extend(
            self.failed
                .iter()
                .map(|(name, message)| format!("{name} failed: {message}")),
        );
        lines.join("\n")
    }

    fn query_table(&self) -> String {
        let header = [
            "query",
            "rows",
            "first",
            "hot min",
            "hot median",
            "from metadata",
            "read",
            "time / limit",
        ];
        let rows: Vec<Vec<String>> = self
            .queries
            .iter()
            .map(|timing| {
                vec![
                    timing.name.clone(),
                    report::count(timing.row_count as u64),
                    report::seconds(timing.first_seconds),
                    report::seconds(timing.hot_min_seconds),
                    report::seconds(timing.hot_median_seconds),
                    timing.profile.from_metadata().to_owned(),
                    report::bytes(timing.profile.bytes_read),
                    self.times_over_limit(timing)
                        .map_or("-".to_owned(), |ratio| format!("{ratio:.1}")),
                ]
            })
            .collect();
        report::table(&header, &rows, &[false, true, true, true, true, false, true, true])
    }

    /// How many times longer a query took than reading its bytes from memory does; `None` where it read none.
    fn times_over_limit(&self, timing: &Timing) -> Option<f64> {
        let best = self.read_bandwidth[0].max(self.read_bandwidth[1]);
        let limit_seconds = timing.profile.bytes_read as f64 / best;
        (timing.profile.bytes_read > 0).then(|| timing.hot_min_seconds / limit_seconds)
    }

    /// The report for programs.
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).expect("numbers and text are always JSON")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::PeakMemory;
    use crate::measure::Profile;

    fn timing(name: &str, bytes_read: u64) -> Timing {
        Timing {
            name: name.to_owned(),
            first_seconds: 0.2,
            hot_seconds: vec![0.1],
            hot_min_seconds: 0.1,
            hot_median_seconds: 0.1,
            row_count: 1,
            profile: Profile {
                bytes_read,
                rows_scanned: bytes_read,
                summarized: 1,
                lines: vec![format!("Rows Scanned: {bytes_read}")],
            },
        }
    }

    #[test]
    fn the_report_says_how_far_from_the_limit_and_what_metadata_gave() {
        let report = Report {
            version: "stoa 0".to_owned(),
            machine: Machine::describe(),
            threads: 2,
            row_count: 1_000,
            load: Some(Load {
                table: "sales".to_owned(),
                row_count: 1_000,
                generate_seconds: 1.0,
                load_seconds: 2.0,
                peak_memory: PeakMemory::default(),
            }),
            disk_bytes: 8_000,
            read_bandwidth: [10e9, 20e9],
            queries: vec![timing("counted", 0), timing("scanned", 1_000_000_000)],
            failed: vec![("broken".to_owned(), "no such function".to_owned())],
        };
        let text = report.text();
        let line = |name: &str| text.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
        assert!(
            line("counted").contains("all") && line("counted").ends_with('-'),
            "{text}"
        );
        assert!(
            line("scanned").contains("some") && line("scanned").ends_with("2.0"),
            "{text}"
        );
        assert!(
            text.contains("8.00 bytes per row") && text.contains("broken failed: no such function"),
            "{text}"
        );
        let json: serde_json::Value = serde_json::from_str(&report.json()).unwrap();
        assert_eq!(json["queries"][1]["profile"]["bytes_read"], 1_000_000_000);
    }

    #[test]
    fn the_first_day_is_known_from_the_generator() {
        let sales = Sales::new(600_000, SEED);
        let (day, revenue) = first_whole_day(&sales).unwrap();
        assert_eq!(day, 0);
        assert!(revenue > 100_000, "{revenue}");
        assert_eq!(first_whole_day(&Sales::new(0, SEED)), None);
    }
}
