//! ASOF joins against a search through all right rows, in memory and on disk.

use super::*;
use crate::operators::key::KeyField;
use crate::operators::project::Projection;
use crate::operators::testing::{
    Random, TestSource, as_set, batches_of, branch, cancel, collect, compare, memory, memory_of, rows_of, run,
};
use crate::pipeline::Pipeline;
use crate::types::{Literal, LogicalType, array_type};

#[test]
fn places_are_found_from_anywhere() {
    for count in 0..40u32 {
        let rows: Vec<u32> = (0..count).collect();
        for end in 0..=count {
            for from in 0..=count as usize + 1 {
                assert_eq!(partition_point(&rows, from, |row| row < end), end as usize);
            }
        }
    }
}

type Row = Vec<Literal>;

/// A key, a time, and something to tell rows apart.
const TYPES: [LogicalType; 3] = [LogicalType::Integer, LogicalType::BigInt, LogicalType::Text];

fn joined_rows(
    nearest: Nearest,
    keeps_left: bool,
    key_count: usize,
    sides: [&[Row]; 2],
    workers: usize,
    memory: &Arc<MemoryBudget>,
) -> Result<Vec<Row>> {
    let first = 1 - key_count;
    let types: Vec<DataType> = TYPES.iter().map(array_type).collect();
    let columns = || KeyColumns((first..2).map(Projection::Column).collect());
    let fields = |places: std::ops::Range<usize>| {
        let fields = places.map(|place| KeyField::without_nulls(types[place].clone()));
        KeyEncoder::new(fields.collect()).unwrap()
    };
    let order = || Order {
        columns: columns(),
        encoder: fields(first..2),
    };
    let join = AsOfJoin::new(Specification {
        nearest,
        keeps_left,
        left: columns(),
        right: columns(),
        order: fields(first..2),
        equality: fields(first..1),
        left_types: types.clone(),
        right_types: types.clone(),
        left_order: Arc::new(order()),
        right_sort: Sort::new(order(), types.clone(), None, 64, memory.clone(), cancel(), 1),
        batch_rows: 64,
        workers,
        memory: memory.clone(),
        cancel: cancel(),
    });
    let source = |rows: &[Row]| TestSource::new(batches_of(rows, &TYPES, 50), workers);
    let pipeline = Pipeline {
        branches: vec![branch(source(sides[1]), vec![])],
        sink: Arc::new(AsOfSink(join.clone())),
    };
    run(&[pipeline], workers)?;
    let left = branch(source(sides[0]), vec![Arc::new(AsOfTransform(join))]);
    let batches = collect(vec![left], workers)?;
    Ok(rows_of(&batches, &[TYPES, TYPES].concat()))
}

fn expected(nearest: Nearest, keeps_left: bool, key_count: usize, left: &[Row], right: &[Row]) -> Vec<Row> {
    let is_equal =
        |left: &Row, right: &Row| key_count == 0 || left[0] != Literal::Null && compare(&left[0], &right[0]).is_eq();
    let matches = |left: &Row, right: &Row| {
        let order = compare(&right[1], &left[1]);
        let holds = match nearest {
            Nearest::Before { inclusive } => order.is_lt() || inclusive && order.is_eq(),
            Nearest::After { inclusive } => order.is_gt() || inclusive && order.is_eq(),
        };
        left[1] != Literal::Null && right[1] != Literal::Null && is_equal(left, right) && holds
    };
    let mut rows = Vec::new();
    for row in left {
        let found = right.iter().filter(|right| matches(row, right));
        let found = match nearest {
            Nearest::Before { .. } => found.max_by(|a, b| compare(&a[1], &b[1])),
            Nearest::After { .. } => found.min_by(|a, b| compare(&a[1], &b[1])),
        };
        let nothing = vec![Literal::Null; TYPES.len()];
        if keeps_left || found.is_some() {
            rows.push(row.iter().chain(found.unwrap_or(&nothing)).cloned().collect());
        }
    }
    rows
}

/// Rows of which no two have the same time.
fn rows(seed: u64, count: usize, keys: u64) -> Vec<Row> {
    let mut random = Random::new(seed);
    let rows = (0..count).map(|row| {
        let time = (row * 7919) % count * 3 + random.below(3) as usize;
        let key = random.literal(&TYPES[0], keys);
        let time = if row % 40 == 7 {
            Literal::Null
        } else {
            Literal::Integer(time as i64)
        };
        vec![key, time, Literal::Text(format!("row number {row} of {seed}"))]
    });
    rows.collect()
}

/// Every way to be near.
fn all_nearest() -> impl Iterator<Item = Nearest> {
    [true, false]
        .into_iter()
        .flat_map(|inclusive| [Nearest::Before { inclusive }, Nearest::After { inclusive }])
}

#[test]
fn the_nearest_row_is_found() {
    let (left, right) = (rows(3, 300, 6), rows(4, 400, 6));
    for (number, nearest) in all_nearest().enumerate() {
        for (key_count, keeps_left) in [(0, true), (1, true), (0, false), (1, false)] {
            let expected = expected(nearest, keeps_left, key_count, &left, &right);
            let workers = 1 + number % 3;
            let found = joined_rows(nearest, keeps_left, key_count, [&left, &right], workers, &memory());
            assert_eq!(
                as_set(&found.unwrap()),
                as_set(&expected),
                "{nearest:?} of {key_count} keys"
            );
        }
    }
}

#[test]
fn right_rows_on_disk_are_found_as_those_in_memory() {
    const LIMIT_BYTES: usize = 400_000;
    // Keys are few, so that neighbours are found across blocks.
    let (few, many, others) = (rows(3, 300, 6), rows(4, 9_000, 6), rows(5, 9_000, 9));
    for (number, nearest) in all_nearest().enumerate() {
        for (key_count, keeps_left, left) in [(0, true, &few), (1, false, &few), (1, true, &others)] {
            let workers = 1 + number % 3;
            let found = |memory: &Arc<MemoryBudget>| {
                as_set(&joined_rows(nearest, keeps_left, key_count, [left, &many], workers, memory).unwrap())
            };
            let small = memory_of(LIMIT_BYTES);
            let on_disk = found(&small);
            assert!(on_disk == found(&memory()), "{nearest:?} of {key_count} keys");
            assert!(small.spilled_bytes() > 0);
            assert!(
                small.reservation().resize(LIMIT_BYTES).is_ok(),
                "all memory is given back"
            );
            assert_eq!(small.temporary_files().used_bytes(), 0, "no file stays");
        }
    }
}
