//! `stoa bench ingest`: how fast rows come in over the wire. COPY FROM STDIN in csv over one connection, and single-row INSERTs,
//! each acknowledged after its sync, over many. The client runs on the same machine; it sends prepared bytes.

use crate::error::{Error, Result};
use crate::generate::{SEED, Table, sales::Sales};
use crate::machine::Machine;
use crate::progress::Progress;
use crate::report;
use crate::wire::Wire;
use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int16Type, Int32Type, Int64Type};
use serde::Serialize;
use std::fmt::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How to measure.
#[derive(Clone, Debug)]
pub struct Options {
    /// The server, `host:port`.
    pub address: String,
    /// Rows of the COPY.
    pub copy_rows: u64,
    /// Connections that insert.
    pub connections: usize,
    /// For how long they insert.
    pub insert_seconds: u64,
}

/// What was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Where it ran.
    pub machine: Machine,
    /// Rows copied.
    pub copy_rows: u64,
    /// Bytes of csv.
    pub copy_bytes: u64,
    /// From the statement to its acknowledgement.
    pub copy_seconds: f64,
    /// Connections that inserted.
    pub connections: usize,
    /// Rows acknowledged.
    pub inserts: u64,
    /// For how long.
    pub insert_seconds: f64,
    /// Time of one INSERT at the 50th and 99th percentile.
    pub insert_latency_seconds: [f64; 2],
}

const TABLES: [&str; 2] = ["bench_copy", "bench_insert"];

/// Makes two tables, fills them, measures, checks that every acknowledged row is there, and drops them.
///
/// # Errors
/// The server cannot be reached or refuses; a row is missing.
pub fn run(options: &Options, progress: &dyn Progress) -> Result<Report> {
    let machine = Machine::describe();
    let mut wire = Wire::connect(&options.address)?;
    for table in TABLES {
        wire.query(&format!("DROP TABLE IF EXISTS {table}"))?;
        let head = format!("CREATE TABLE {table} ");
        wire.query(&crate::queries::SALES_SCHEMA.replace("CREATE TABLE sales ", &head))?;
    }
    let (copy_bytes, copy_seconds) = copy(&mut wire, options, progress)?;
    expect_rows(&mut wire, TABLES[0], options.copy_rows)?;
    let (latencies, insert_seconds) = insert(options, progress)?;
    expect_rows(&mut wire, TABLES[1], latencies.len() as u64)?;
    for table in TABLES {
        wire.query(&format!("DROP TABLE {table}"))?;
    }
    Ok(Report {
        machine,
        copy_rows: options.copy_rows,
        copy_bytes,
        copy_seconds,
        connections: options.connections,
        inserts: latencies.len() as u64,
        insert_seconds,
        insert_latency_seconds: [percentile(&latencies, 50), percentile(&latencies, 99)],
    })
}

fn expect_rows(wire: &mut Wire, table: &str, expected: u64) -> Result<()> {
    let counted = wire.query(&format!("SELECT count(*) FROM {table}"))?.values;
    if counted == [expected.to_string()] {
        return Ok(());
    }
    Err(Error::Wrong(format!(
        "{expected} rows of {table} were acknowledged, count(*) says {}",
        counted.concat()
    )))
}

/// Copies prepared csv; bytes and seconds.
fn copy(wire: &mut Wire, options: &Options, progress: &dyn Progress) -> Result<(u64, f64)> {
    progress.begin("copying csv", options.copy_rows);
    let sales = Sales::new(options.copy_rows, SEED);
    let pieces: Vec<String> = (0..sales.chunk_count()).map(|chunk| csv(&sales.chunk(chunk))).collect();
    let begin = Instant::now();
    wire.begin_copy(&format!("COPY {} FROM STDIN (FORMAT csv)", TABLES[0]))?;
    for piece in &pieces {
        for data in piece.as_bytes().chunks(64 << 10) {
            wire.copy_data(data)?;
        }
    }
    wire.finish_copy()?;
    let seconds = begin.elapsed().as_secs_f64();
    progress.finish(&format!(
        "{} rows copied in {}",
        report::count(options.copy_rows),
        report::seconds(seconds)
    ));
    Ok((pieces.iter().map(|piece| piece.len() as u64).sum(), seconds))
}

/// Sales as csv.
fn csv(batch: &RecordBatch) -> String {
    let day = batch.column(0).as_primitive::<Date32Type>();
    let product = batch.column(1).as_primitive::<Int32Type>();
    let customer = batch.column(2).as_primitive::<Int32Type>();
    let (region, channel) = (batch.column(3).as_string_view(), batch.column(4).as_string_view());
    let quantity = batch.column(5).as_primitive::<Int16Type>();
    let revenue = batch.column(6).as_primitive::<Int64Type>();
    let discount = batch.column(7).as_primitive::<Int16Type>();
    let first_day = crate::generate::calendar::days_since_epoch(crate::generate::calendar::first_day());
    let mut text = String::with_capacity(batch.num_rows() * 48);
    let mut date = (i32::MIN, String::new());
    for row in 0..batch.num_rows() {
        if date.0 != day.value(row) {
            let index = (day.value(row) - first_day) as usize;
            date = (day.value(row), crate::generate::calendar::day_at(index).to_string());
        }
        writeln!(
            text,
            "{},{},{},{},{},{},{},{}",
            date.1,
            product.value(row),
            customer.value(row),
            region.value(row),
            channel.value(row),
            quantity.value(row),
            revenue.value(row),
            discount.value(row)
        )
        .expect("writing to a string cannot fail");
    }
    text
}

/// Inserts single rows over all connections until the time is up; each acknowledged insert's latency, sorted, and seconds.
fn insert(options: &Options, progress: &dyn Progress) -> Result<(Vec<f64>, f64)> {
    progress.begin("inserting single rows", 0);
    let wires: Vec<Wire> = (0..options.connections)
        .map(|_| Wire::connect(&options.address))
        .collect::<Result<_>>()?;
    let stop = AtomicBool::new(false);
    let begin = Instant::now();
    let outcomes: Vec<Result<Vec<f64>>> = std::thread::scope(|scope| {
        let stop = &stop;
        let inserters: Vec<_> = wires
            .into_iter()
            .enumerate()
            .map(|(number, wire)| scope.spawn(move || insert_on(wire, number, stop)))
            .collect();
        std::thread::sleep(Duration::from_secs(options.insert_seconds));
        stop.store(true, Ordering::Relaxed);
        inserters
            .into_iter()
            .map(|inserter| inserter.join().expect("an inserter returns its errors"))
            .collect()
    });
    let seconds = begin.elapsed().as_secs_f64();
    let mut latencies = Vec::new();
    for outcome in outcomes {
        latencies.extend(outcome?);
    }
    latencies.sort_by(f64::total_cmp);
    progress.finish(&format!(
        "{} rows inserted in {}",
        report::count(latencies.len() as u64),
        report::seconds(seconds)
    ));
    Ok((latencies, seconds))
}

/// Inserts on one connection until told to stop.
fn insert_on(mut wire: Wire, number: usize, stop: &AtomicBool) -> Result<Vec<f64>> {
    let mut latencies = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let product = 1 + (number * 7_919 + latencies.len()) % 100_000;
        let statement = format!(
            "INSERT INTO {} VALUES ('2024-12-31', {product}, {}, 'germany', 'web', 1, 1999, 0)",
            TABLES[1],
            number + 1
        );
        let begin = Instant::now();
        let reply = wire.query(&statement)?;
        if reply.tag != "INSERT 0 1" {
            return Err(Error::Wrong(format!("an INSERT was answered with {:?}", reply.tag)));
        }
        latencies.push(begin.elapsed().as_secs_f64());
    }
    Ok(latencies)
}

/// The value that so many of a hundred do not exceed; 0 of nothing.
fn percentile(sorted: &[f64], percent: usize) -> f64 {
    let place = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(place).copied().unwrap_or_default()
}

impl Report {
    /// The report for people.
    pub fn text(&self) -> String {
        let copy_rate = self.copy_rows as f64 / self.copy_seconds;
        let insert_rate = self.inserts as f64 / self.insert_seconds;
        [
            self.machine.line(),
            format!(
                "COPY FROM STDIN, csv, one connection: {} rows ({}) in {}: {} rows/s",
                report::count(self.copy_rows),
                report::bytes(self.copy_bytes),
                report::seconds(self.copy_seconds),
                report::count(copy_rate as u64)
            ),
            format!(
                "INSERT of one row, {} connections: {} acknowledged in {}: {}/s, median {}, 99 of 100 within {}",
                self.connections,
                report::count(self.inserts),
                report::seconds(self.insert_seconds),
                report::count(insert_rate as u64),
                report::seconds(self.insert_latency_seconds[0]),
                report::seconds(self.insert_latency_seconds[1])
            ),
        ]
        .join("\n")
    }

    /// The report for programs.
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).expect("numbers and text are always JSON")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_has_a_line_per_row_in_the_tables_order() {
        let sales = Sales::new(10_000, SEED);
        let text = csv(&sales.chunk(0));
        assert_eq!(text.lines().count(), 10_000);
        let fields: Vec<&str> = text.lines().next().unwrap().split(',').collect();
        assert_eq!((fields.len(), fields[0]), (8, "2022-01-01"));
        assert!(text.lines().last().unwrap().starts_with("2024-12-31,"));
        assert!(fields[6].parse::<i64>().unwrap() > 0);
    }

    #[test]
    fn percentiles_of_few_and_none() {
        assert_eq!(percentile(&[], 50), 0.0);
        assert_eq!(percentile(&[1.0], 99), 1.0);
        let hundred: Vec<f64> = (0..100).map(f64::from).collect();
        assert_eq!((percentile(&hundred, 50), percentile(&hundred, 99)), (50.0, 99.0));
    }
}
