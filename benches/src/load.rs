//! Loads generated tables through the ordinary bulk path, a stretch of chunks at a time, so that neither the whole table nor a
//! file of it ever exists beside the database. Making rows and loading them take turns, and are timed apart.

use crate::error::Result;
use crate::generate::Table;
use crate::machine::{MemoryWatch, PeakMemory};
use crate::progress::Progress;
use crate::report;
use crate::target::{Loading, Target};
use arrow_array::RecordBatch;
use parking_lot::Mutex;
use serde::Serialize;
use std::time::Instant;

/// Rows made at a time.
const STRETCH_ROWS: u64 = 4 << 20;

/// What a load took.
#[derive(Clone, Debug, Serialize)]
pub struct Load {
    /// The table.
    pub table: String,
    /// Rows loaded.
    pub row_count: u64,
    /// Spent making rows; what the database does in the background meanwhile is not counted as loading.
    pub generate_seconds: f64,
    /// Spent taking them in, up to the commit.
    pub load_seconds: f64,
    /// Memory meanwhile, the generator's included.
    pub peak_memory: PeakMemory,
}

impl Load {
    /// Rows per second, without their making.
    pub fn rows_per_second(&self) -> f64 {
        self.row_count as f64 / self.load_seconds
    }

    /// A sentence for people.
    pub fn line(&self) -> String {
        format!(
            "{} rows of {} loaded in {} ({:.2} M rows/s), made in {}, peak memory {}",
            report::count(self.row_count),
            self.table,
            report::seconds(self.load_seconds),
            self.rows_per_second() / 1e6,
            report::seconds(self.generate_seconds),
            report::bytes(self.peak_memory.resident_bytes)
        )
    }
}

/// Loads a generated table into the table of its name, all or nothing.
///
/// # Errors
/// What the database says; nothing was loaded then.
pub fn load_table(target: &dyn Target, table: &dyn Table, threads: usize, progress: &dyn Progress) -> Result<Load> {
    progress.begin(&format!("loading {}", table.name()), table.row_count_estimate());
    let watch = MemoryWatch::begin();
    let loading = target.begin_load(table.name())?;
    let (mut generate_seconds, mut load_seconds, mut row_count) = (0.0, 0.0, 0);
    for chunks in stretches(table) {
        let begin = Instant::now();
        let batches = make(table, chunks, threads);
        let made = Instant::now();
        row_count += batches.iter().map(|batch| batch.num_rows() as u64).sum::<u64>();
        append(&*loading, batches, threads)?;
        generate_seconds += (made - begin).as_secs_f64();
        load_seconds += made.elapsed().as_secs_f64();
        progress.advance(row_count);
    }
    let begin = Instant::now();
    loading.finish()?;
    load_seconds += begin.elapsed().as_secs_f64();
    let load = Load {
        table: table.name().to_owned(),
        row_count,
        generate_seconds,
        load_seconds,
        peak_memory: watch.finish(),
    };
    progress.finish(&load.line());
    Ok(load)
}

/// The chunks in ranges of about [`STRETCH_ROWS`] rows.
fn stretches(table: &dyn Table) -> impl Iterator<Item = std::ops::Range<usize>> {
    let chunks = table.chunk_count();
    let length = STRETCH_ROWS * chunks as u64 / table.row_count_estimate().max(1);
    let length = length.clamp(1, chunks.max(1) as u64) as usize;
    (0..chunks)
        .step_by(length)
        .map(move |first| first..(first + length).min(chunks))
}

/// Makes a range of chunks on all threads, in order.
fn make(table: &dyn Table, chunks: std::ops::Range<usize>, threads: usize) -> Vec<RecordBatch> {
    let todo = Mutex::new(chunks);
    let made = Mutex::new(Vec::new());
    let work = || {
        loop {
            let next = todo.lock().next();
            let Some(chunk) = next else { return };
            let batch = table.chunk(chunk);
            made.lock().push((chunk, batch));
        }
    };
    std::thread::scope(|scope| (0..threads.max(1)).for_each(|_| drop(scope.spawn(work))));
    let mut made = made.into_inner();
    made.sort_by_key(|(chunk, _)| *chunk);
    made.into_iter().map(|(_, batch)| batch).collect()
}

/// Hands batches in on all threads, about in order.
fn append(loading: &dyn Loading, batches: Vec<RecordBatch>, threads: usize) -> Result<()> {
    let todo = Mutex::new(batches.into_iter());
    let work = || -> Result<()> {
        loop {
            let next = todo.lock().next();
            match next {
                Some(batch) => loading.append(batch)?,
                None => return Ok(()),
            }
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().expect("a loader returns its errors"))
    })
}
