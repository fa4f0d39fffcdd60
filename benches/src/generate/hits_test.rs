//! `hits` has the shape that is promised: columns, days, clusters, shares of distinct values.

use super::*;
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int32Type, Int64Type};
use std::collections::HashSet;

const ROWS: u64 = 150_000;

fn chunks() -> Vec<RecordBatch> {
    let hits = Hits::new(ROWS, 1);
    (0..hits.chunk_count()).map(|chunk| hits.chunk(chunk)).collect()
}

fn texts<'a>(chunks: &'a [RecordBatch], name: &'a str) -> impl Iterator<Item = &'a str> {
    let columns = chunks
        .iter()
        .map(move |chunk| chunk.column_by_name(name).unwrap().as_string_view());
    columns.flat_map(|column| column.iter().flatten())
}

#[test]
fn rows_lie_by_counter_and_day() {
    let chunks = chunks();
    assert_eq!(chunks.iter().map(RecordBatch::num_rows).sum::<usize>() as u64, ROWS);
    assert_eq!(chunks[0].num_columns(), 105);
    let mut places = Vec::new();
    for chunk in &chunks {
        let counters = chunk.column_by_name("CounterID").unwrap().as_primitive::<Int32Type>();
        let days = chunk.column_by_name("EventDate").unwrap().as_primitive::<Date32Type>();
        places.extend(counters.values().iter().copied().zip(days.values().iter().copied()));
    }
    assert!(places.is_sorted());
    assert!(
        places
            .iter()
            .all(|(_, day)| (FIRST_DAY..FIRST_DAY + DAYS as i32).contains(day))
    );
    let queried = places.iter().filter(|(counter, _)| *counter == 62).count();
    assert!((1_000..1_250).contains(&queried), "{queried}");
}

#[test]
fn as_many_values_differ_as_in_the_real_table() {
    let chunks = chunks();
    let share = |count: usize| count as f64 / ROWS as f64;
    let users: HashSet<i64> = chunks
        .iter()
        .flat_map(|chunk| {
            chunk
                .column_by_name("UserID")
                .unwrap()
                .as_primitive::<Int64Type>()
                .values()
                .to_vec()
        })
        .collect();
    let urls: HashSet<&str> = texts(&chunks, "URL").collect();
    let searches = texts(&chunks, "SearchPhrase")
        .filter(|phrase| !phrase.is_empty())
        .count();
    let phrases: HashSet<&str> = texts(&chunks, "SearchPhrase").collect();
    let bytes: usize = texts(&chunks, "URL").map(str::len).sum();
    let found = (
        share(users.len()),
        share(urls.len()),
        share(searches),
        share(phrases.len()),
        share(bytes),
    );
    assert!((0.166..0.192).contains(&found.0), "{found:?}");
    assert!((0.165..0.195).contains(&found.1), "{found:?}");
    assert!((0.125..0.138).contains(&found.2), "{found:?}");
    assert!((0.05..0.07).contains(&found.3), "{found:?}");
    assert!((70.0..90.0).contains(&found.4), "{found:?}");
}

#[test]
fn no_rows_is_one_empty_chunk() {
    let hits = Hits::new(0, 1);
    assert_eq!((hits.chunk_count(), hits.chunk(0).num_rows()), (1, 0));
}
