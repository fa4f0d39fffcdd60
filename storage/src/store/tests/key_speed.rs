//! What it costs to look for keys beside many segments, on demand:
//! `cargo test --release -p stoa-storage --lib key_speed -- --ignored --nocapture --test-threads 1`. Says nothing of what is found.

use super::support::*;
use crate::commit::Change;
use crate::index::bloom::{Bloom, Builder};
use crate::schema::{KeySchema, PartitionBy, PartitionUnit, TableId, TableSchema};
use crate::store::{Store, open};
use crate::vector::Batch;
use arrow_array::{ArrayRef, Date32Array, Int64Array, StringViewArray};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What this thread had of a processor: other work on the machine does not count.
fn processor_time() -> Duration {
    let statistics = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let used = statistics.split_whitespace().next().and_then(|used| used.parse().ok());
    Duration::from_nanos(used.unwrap_or_default())
}

/// A number in the environment.
fn setting(name: &str, otherwise: u64) -> u64 {
    let found = std::env::var(name).ok().and_then(|value| value.parse().ok());
    found.unwrap_or(otherwise)
}

fn mix(value: u64) -> i64 {
    let value = value.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ value >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (value ^ value >> 32) as i64
}

/// Rows of one day: key without order, value in order of time over all days.
fn day_batch(day: u64, rows: u64) -> Batch {
    let numbers = || day * rows..(day + 1) * rows;
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Date32Array::from_iter_values(numbers().map(|_| day as i32))),
        Arc::new(Int64Array::from_iter_values(numbers().map(mix))),
        Arc::new(Int64Array::from_iter_values(numbers().map(|number| number as i64))),
        Arc::new(StringViewArray::from_iter(numbers().map(|_| None::<&str>))),
    ];
    Batch::new(columns, rows as usize)
}

/// A table of so many segments with so many rows each, one a day, and two keys: a random one, and that with a time.
fn table_of(store: &dyn Store, segments: u64, rows: u64) -> (TableId, [TableId; 2]) {
    let table = store.next_table_id();
    let keys = [store.next_table_id(), store.next_table_id()];
    let key = |id, columns: &[_]| KeySchema {
        id,
        columns: columns.to_vec(),
    };
    let schema = Arc::new(TableSchema {
        partition_by: Some(PartitionBy {
            column: DAY,
            unit: PartitionUnit::Day,
        }),
        keys: vec![key(keys[0], &[KEY]), key(keys[1], &[KEY, VALUE])],
        sort_key: vec![],
        ..schema(table)
    });
    commit(store, vec![Change::CreateTable(schema.clone())]).unwrap();
    let load = store.bulk_load(schema, 1 << 30).unwrap();
    for day in 0..segments {
        load.append(day_batch(day, rows)).unwrap();
    }
    let segments = load.finish().unwrap();
    commit(store, vec![Change::AddSegments(table, segments)]).unwrap();
    (table, keys)
}

/// Keys of which one in twenty is there, anywhere among the rows; the others are newer.
fn asked(round: u64, count: u64, all_rows: u64) -> Vec<ArrayRef> {
    let numbers = (0..count).map(|place| match place % 20 {
        7 => (mix(round << 32 | place) as u64) % all_rows,
        _ => all_rows + round * count + place,
    });
    let numbers: Vec<u64> = numbers.collect();
    let (keys, times) = (numbers.iter().map(|number| mix(*number)), numbers.iter());
    vec![
        Arc::new(Int64Array::from_iter_values(keys)),
        Arc::new(Int64Array::from_iter_values(times.map(|number| *number as i64))),
    ]
}

#[test]
#[ignore = "a measurement, for release builds"]
fn key_speed() {
    let rows = setting("STOA_KEY_SEGMENT_ROWS", 20_000);
    let segments_max = setting("STOA_KEY_SEGMENTS", 3_000);
    for segments in [100, 1_000, 3_000].into_iter().filter(|count| *count <= segments_max) {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path(), options()).unwrap();
        let begun = Instant::now();
        let (table, keys) = table_of(&*store, segments, rows);
        println!("{segments} segments of {rows} rows made in {:.1?}", begun.elapsed());
        for round in 0..2 {
            for (name, key, columns) in [("random", keys[0], 1), ("random, time", keys[1], 2)] {
                for batch in [1, 200, 1_000, 10_000] {
                    measure(&*store, table, key, (columns, batch, segments * rows), name);
                }
            }
            if round == 0 {
                let begun = Instant::now();
                store.make_partials(table).unwrap();
                println!(" filters of both keys made in {:.1?}", begun.elapsed());
            }
        }
    }
}

/// A key's mean of rounds after the first, which opens files.
fn measure(store: &dyn Store, table: TableId, key: TableId, (columns, batch, all_rows): (usize, u64, u64), name: &str) {
    const ROUNDS: u64 = 20;
    let snapshot = store.snapshot();
    let table = snapshot.table(table).unwrap();
    let mut there = 0;
    let mut elapsed = Vec::new();
    for round in 0..=ROUNDS {
        let asked = asked(round, batch, all_rows);
        let begun = processor_time();
        let found = table.find(key, &asked[..columns]).unwrap();
        elapsed.push(processor_time().saturating_sub(begun));
        there += found.iter().flatten().count();
    }
    let seconds = elapsed[1..].iter().sum::<Duration>().as_secs_f64();
    let count = (ROUNDS * batch) as f64;
    println!(
        "  key ({name}), batch {batch}: first {:.2?}, then {:.2} us a key, {:.0} keys/s, {there} there",
        elapsed[0],
        seconds * 1e6 / count,
        count / seconds
    );
}

/// What it costs to go by filters of the size that 3,000 M keys have, which no cache holds: takes 128 MiB of memory for each.
#[test]
#[ignore = "a measurement, for release builds"]
fn key_speed_of_large_filters() {
    const KEYS: u64 = 1 << 26;
    let mut builder = Builder::with_bits(KEYS as usize, 16);
    (0..KEYS).for_each(|key| builder.add(mix(key) as u64));
    let filters: Vec<Vec<u8>> = (0..setting("STOA_KEY_FILTERS", 46))
        .map(|_| builder.blocks().to_vec())
        .collect();
    for batch in [1_000, 10_000, 100_000] {
        let mut hashes: Vec<u64> = (KEYS..KEYS + batch).map(|key| mix(key) as u64).collect();
        hashes.sort_unstable();
        let begun = processor_time();
        let passed = filters.iter().map(|filter| {
            let filter = Bloom::of_blocks(filter).unwrap();
            hashes.iter().filter(|hash| filter.has_hash(**hash)).count()
        });
        let passed: usize = passed.sum();
        let used = processor_time().saturating_sub(begun).as_secs_f64() / batch as f64;
        println!(
            "{} filters, batch {batch}: {:.2} us a key, {:.4} of {} passed",
            filters.len(),
            used * 1e6,
            passed as f64 / (batch as usize * filters.len()) as f64,
            batch as usize * filters.len()
        );
    }
}
