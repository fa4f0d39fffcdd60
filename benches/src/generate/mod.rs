//! Tables of made-up but lifelike data, the same for the same seed and row count on every machine and thread count.
//!
//! A [`Table`] is cut into chunks that are made independently of each other, so that any number of threads can make them in
//! any order. Arrays are of the plain types that the engine stores. In reading order: [`random`] numbers, the [`calendar`],
//! the [`world`] that all tables share (products, regions, customers), the tables, and [`parquet`] files of them.

pub mod calendar;
pub mod dimensions;
mod event_columns;
pub mod events;
pub mod hits;
mod hits_columns;
mod hits_texts;
pub mod parquet;
pub mod random;
pub mod sales;
mod strings;
pub mod world;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

/// The seed used unless another is asked for.
pub const SEED: u64 = 20_220_101;

/// A generated table.
pub trait Table: Send + Sync {
    /// Its name in the database.
    fn name(&self) -> &'static str;
    /// Columns and their types.
    fn schema(&self) -> SchemaRef;
    /// Into how many chunks it is cut; at least one.
    fn chunk_count(&self) -> usize;
    /// The rows of a chunk; each index below `chunk_count` gives the same rows every time.
    fn chunk(&self, index: usize) -> RecordBatch;
    /// About how many rows there are in all.
    fn row_count_estimate(&self) -> u64;
}

/// A named collection of tables that can be generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suite {
    /// `sales` alone.
    Sales,
    /// `events` alone.
    Events,
    /// `sales`, `events` and the dimension tables: what the quickstart has.
    Questions,
    /// `hits` alone.
    Hits,
}

impl Suite {
    /// All suites by name.
    pub const ALL: [(&'static str, Suite); 4] = [
        ("sales", Suite::Sales),
        ("events", Suite::Events),
        ("questions", Suite::Questions),
        ("hits", Suite::Hits),
    ];

    /// The suite of that name.
    pub fn named(name: &str) -> Option<Suite> {
        Suite::ALL
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, suite)| *suite)
    }

    /// Its tables, where the largest has about `rows` rows. In `Questions` that is `sales`; `events` has half as many.
    pub fn tables(self, rows: u64, seed: u64) -> Vec<Box<dyn Table>> {
        match self {
            Suite::Sales => vec![Box::new(sales::Sales::new(rows, seed))],
            Suite::Hits => vec![Box::new(hits::Hits::new(rows, seed))],
            Suite::Events => vec![Box::new(events::Events::new(rows, seed))],
            Suite::Questions => {
                let mut tables = dimensions::all(world::customer_count(rows), seed);
                tables.push(Box::new(events::Events::new(rows / 2, seed)));
                tables.push(Box::new(sales::Sales::new(rows, seed)));
                tables
            }
        }
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
