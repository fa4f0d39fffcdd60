//! Sorts and top-N against a plain sort of rows.

use super::*;
use crate::error::Error;
use crate::operators::key::{KeyField, Nulls};
use crate::operators::project::Projection;
use crate::operators::testing::{
    Random, TestSource, batches_of, branch, cancel, collect, compare, memory, memory_of, rows_of, run,
};
use crate::operators::top_n::{TopN, top_n};
use crate::pipeline::{Branch, Pipeline};
use crate::types::{Literal, LogicalType, array_type};
use std::cmp::Ordering;
use stoa_storage::predicate::Condition;

#[derive(Clone, Copy)]
struct Key {
    place: usize,
    descending: bool,
    nulls: Nulls,
}

fn order(keys: &[Key], types: &[LogicalType]) -> Order {
    let fields = keys.iter().map(|key| KeyField {
        data_type: array_type(&types[key.place]),
        descending: key.descending,
        nulls: key.nulls,
    });
    Order {
        encoder: KeyEncoder::new(fields.collect()).unwrap(),
        columns: KeyColumns(keys.iter().map(|key| Projection::Column(key.place)).collect()),
    }
}

fn by_keys(left: &[Literal], right: &[Literal], keys: &[Key]) -> Ordering {
    let orders = keys.iter().map(|key| {
        let (left, right) = (&left[key.place], &right[key.place]);
        let is_null = |literal: &Literal| *literal == Literal::Null;
        match (is_null(left) || is_null(right), key.nulls, key.descending) {
            (true, Nulls::First, _) => compare(right, left),
            (true, _, _) => compare(left, right),
            (false, _, true) => compare(right, left),
            (false, _, false) => compare(left, right),
        }
    });
    orders.fold(Ordering::Equal, Ordering::then)
}

fn source(rows: &[Vec<Literal>], types: &[LogicalType], workers: usize) -> Vec<Branch> {
    vec![branch(TestSource::new(batches_of(rows, types, 50), workers), vec![])]
}

fn sorted(
    rows: &[Vec<Literal>],
    types: &[LogicalType],
    keys: &[Key],
    limit: Option<usize>,
    workers: usize,
) -> Vec<Vec<Literal>> {
    sorted_within(rows, types, keys, limit, workers, memory()).unwrap()
}

fn sorted_within(
    rows: &[Vec<Literal>],
    types: &[LogicalType],
    keys: &[Key],
    limit: Option<usize>,
    workers: usize,
    memory: Arc<MemoryBudget>,
) -> Result<Vec<Vec<Literal>>> {
    let plain = types.iter().map(array_type).collect();
    let sort = Sort::new(order(keys, types), plain, limit, 64, memory, cancel(), 1);
    let pipeline = Pipeline {
        branches: source(rows, types, workers),
        sink: Arc::new(SortSink(sort.clone())),
    };
    run(&[pipeline], workers)?;
    let batches = collect(vec![branch(SortSource(sort), vec![])], workers)?;
    assert!(batches.iter().all(|batch| batch.row_count <= 64));
    Ok(rows_of(&batches, types))
}

fn first_rows(
    rows: &[Vec<Literal>],
    types: &[LogicalType],
    keys: &[Key],
    limit: usize,
    workers: usize,
) -> (Vec<Vec<Literal>>, Option<Condition>) {
    let condition = Arc::new(Mutex::new(None));
    let (sink, top_source) = top_n(TopN {
        order: order(keys, types),
        limit,
        batch_rows: 64,
        cancel: cancel(),
        memory: memory(),
        publishes: true,
        condition: condition.clone(),
    });
    let pipeline = Pipeline {
        branches: source(rows, types, workers),
        sink,
    };
    run(&[pipeline], workers).unwrap();
    let result = Branch {
        source: Arc::from(top_source),
        transforms: vec![],
    };
    let batches = collect(vec![result], workers).unwrap();
    let condition = condition.lock().clone();
    (rows_of(&batches, types), condition)
}

/// The keys of rows: rows with equal keys may come in any order.
fn keys_only(rows: &[Vec<Literal>], keys: &[Key]) -> Vec<String> {
    let text = |literal: &Literal| match literal {
        Literal::Float(value) => format!("{:?}", value + 0.0),
        // Intervals may be equal without being the same.
        Literal::Interval { .. } => "interval".into(),
        other => format!("{other:?}"),
    };
    rows.iter()
        .map(|row| {
            keys.iter()
                .map(|key| text(&row[key.place]))
                .collect::<Vec<_>>()
                .join(",")
        })
        .collect()
}

#[test]
fn sorts_as_a_plain_sort_does() {
    use LogicalType::*;
    let types = [Integer, Text, Double, BigInt, Boolean, Interval, Date];
    let key = |place, descending, nulls| Key {
        place,
        descending,
        nulls,
    };
    let cases = [
        vec![key(0, false, Nulls::Last)],
        vec![key(0, true, Nulls::First)],
        vec![key(1, false, Nulls::Last)],
        vec![key(1, true, Nulls::Last), key(0, false, Nulls::First)],
        vec![key(2, false, Nulls::First)],
        vec![key(3, false, Nulls::Last)],
        vec![key(3, true, Nulls::First), key(6, false, Nulls::Last)],
        vec![
            key(4, false, Nulls::Last),
            key(1, true, Nulls::First),
            key(2, true, Nulls::Last),
        ],
        vec![key(5, false, Nulls::Last), key(0, true, Nulls::Last)],
        vec![],
    ];
    for (number, keys) in cases.iter().enumerate() {
        for (count, distinct) in [(0, 1), (1, 10), (1000, 30), (700, 1_000_000)] {
            let rows = Random::new(number as u64 + 1).rows(count, &types, distinct);
            let mut expected = rows.clone();
            expected.sort_by(|left, right| by_keys(left, right, keys));
            for workers in [1, 3] {
                let got = sorted(&rows, &types, keys, None, workers);
                assert_eq!(keys_only(&got, keys), keys_only(&expected, keys), "case {number}");
                let set = crate::operators::testing::as_set;
                assert_eq!(set(&got), set(&rows), "case {number}");
                for limit in [1, 7, 300] {
                    let expected = &expected[..limit.min(expected.len())];
                    let got = sorted(&rows, &types, keys, Some(limit), workers);
                    assert_eq!(
                        keys_only(&got, keys),
                        keys_only(expected, keys),
                        "case {number} limit {limit}"
                    );
                    let (got, _) = first_rows(&rows, &types, keys, limit, workers);
                    assert_eq!(
                        keys_only(&got, keys),
                        keys_only(expected, keys),
                        "case {number} top {limit}"
                    );
                }
            }
        }
    }
}

#[test]
fn many_rows_sort_by_radix() {
    for spread in [1u64, 1 << 8, 1 << 20] {
        let mut random = Random::new(spread);
        let keys: Vec<u64> = (0..100_000).map(|_| random.below(1 << 20) * spread).collect();
        let rows = sorted_rows(&Keys::Narrow(keys.clone()));
        assert!(rows.windows(2).all(|pair| {
            let (left, right) = (pair[0] as usize, pair[1] as usize);
            (keys[left], left) < (keys[right], right)
        }));
        let wide = keys.iter().map(|key| u128::from(*key) << 50 | 1 << 120).collect();
        assert_eq!(sorted_rows(&Keys::Wide(wide)), rows);
    }
}

#[test]
fn a_top_n_tells_what_still_matters() {
    let types = [LogicalType::BigInt, LogicalType::Text];
    let rows: Vec<Vec<Literal>> = (0..500)
        .map(|row| vec![Literal::Integer((row * 7919) % 500), Literal::Text(row.to_string())])
        .collect();
    let key = Key {
        place: 0,
        descending: true,
        nulls: Nulls::First,
    };
    let (top, condition) = first_rows(&rows, &types, &[key], 10, 2);
    assert_eq!(top.len(), 10);
    assert_eq!(top[0][0], Literal::Integer(499));
    let Some(Condition::Range {
        lower: Some(bound),
        upper: None,
    }) = condition
    else {
        panic!("{condition:?}");
    };
    assert!(!bound.inclusive);
    let bound = crate::types::literal_at(&*bound.value, 0, &types[0]).unwrap();
    assert!(
        matches!(bound, Literal::Integer(250..=490)),
        "{bound}: the tenth of one worker's rows at least"
    );
    let ascending = Key {
        descending: false,
        ..key
    };
    let more = Key { place: 1, ..ascending };
    let (_, condition) = first_rows(&rows, &types, &[ascending, more], 3, 1);
    assert!(
        matches!(&condition, Some(Condition::Range { lower: None, upper: Some(bound) }) if bound.inclusive),
        "{condition:?}"
    );
}

#[test]
fn a_sort_on_disk_answers_as_one_in_memory() {
    let types = [LogicalType::BigInt, LogicalType::Text, LogicalType::Integer];
    let mut random = Random::new(3);
    let rows: Vec<Vec<Literal>> = (0..20_000)
        .map(|row| {
            let text = format!("a text that is not short {}", random.below(500));
            vec![
                Literal::Integer(random.below(1 << 40) as i64),
                Literal::Text(text),
                Literal::Integer(row % 100),
            ]
        })
        .collect();
    let key = |place, descending| Key {
        place,
        descending,
        nulls: Nulls::Last,
    };
    for keys in [
        vec![key(0, false)],
        vec![key(1, true), key(0, false)],
        vec![key(2, false), key(0, true)],
    ] {
        for (limit, workers) in [(None, 1), (None, 3), (Some(5000), 2)] {
            let expected = sorted(&rows, &types, &keys, limit, workers);
            // Little memory, and so little that runs are merged more than once.
            for limit_bytes in [400_000, 150_000] {
                let small = memory_of(limit_bytes);
                let found = sorted_within(&rows, &types, &keys, limit, workers, small.clone()).unwrap();
                assert!(found == expected, "{} of {} rows", found.len(), expected.len());
                assert!(small.spilled_bytes() > 0);
                assert!(small.peak_bytes() <= limit_bytes);
                assert!(
                    small.reservation().resize(limit_bytes).is_ok(),
                    "all memory is given back"
                );
                assert_eq!(small.temporary_files().used_bytes(), 0, "no file stays");
            }
        }
    }
}

#[test]
fn a_batch_that_does_not_fit_is_an_error() {
    let types = [LogicalType::BigInt];
    let rows = Random::new(3).rows(1000, &types, 1 << 40);
    let keys = [Key {
        place: 0,
        descending: false,
        nulls: Nulls::Last,
    }];
    let error = sorted_within(&rows, &types, &keys, None, 1, memory_of(500)).unwrap_err();
    assert!(matches!(error, Error::OutOfMemory { .. }), "{error}");
}
