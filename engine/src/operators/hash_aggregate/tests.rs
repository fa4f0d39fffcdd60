//! Aggregations against a map of groups: every key type, several workers, tiny batches, partitions early and late, filters,
//! orders, distinct arguments, grouping sets, states in and out.

use super::*;
use crate::error::{Error, Result};
use crate::functions::{AggregateBinding, registry};
use crate::operators::project::Projection;
use crate::operators::testing::{
    Random, TestSource, batches_of, branch, cancel, collect, compare, memory, memory_of, rows_of, run,
};
use crate::pipeline::{Branch, MemoryBudget, Pipeline};
use crate::types::{Literal, LogicalType, array_type};
use std::collections::BTreeMap;
use std::sync::Arc;
use stoa_storage::vector::Batch;

const NUMERIC: LogicalType = LogicalType::Numeric {
    precision: 38,
    scale: 0,
};

pub(super) const EARLY_PARTITIONS: &[GroupingLimits] = &[
    GroupingLimits {
        local_groups_max: 1 << 16,
        rows_per_group_min: 4,
        sent_rows_min: 1 << 16,
        divided_rows_min: 1 << 17,
        sent_groups_min: 2,
        interned_values_min: 4096,
    },
    GroupingLimits {
        local_groups_max: 8,
        rows_per_group_min: 0,
        sent_rows_min: 50,
        divided_rows_min: 1 << 17,
        sent_groups_min: 1 << 14,
        interned_values_min: 1,
    },
    GroupingLimits {
        local_groups_max: 8,
        rows_per_group_min: usize::MAX >> 32,
        sent_rows_min: 50,
        divided_rows_min: 3,
        sent_groups_min: 1,
        interned_values_min: 1,
    },
];

pub(super) fn binding(arguments: &[LogicalType], answer: LogicalType, order: &[LogicalType]) -> AggregateBinding {
    AggregateBinding {
        argument_types: arguments.to_vec(),
        return_type: answer,
        order_types: order.to_vec(),
        constants: vec![None; arguments.len()],
    }
}

pub(super) fn step(name: &str, binding: AggregateBinding, arguments: &[usize]) -> AggregateStep {
    AggregateStep {
        function: registry::aggregate_function(name).unwrap(),
        binding,
        input: AggregateInput::Rows {
            arguments: arguments.to_vec(),
            filter: None,
        },
        order: None,
        distinct: false,
    }
}

pub(super) fn specification(
    types: &[LogicalType],
    key_count: usize,
    calls: Vec<AggregateStep>,
) -> AggregateSpecification {
    AggregateSpecification {
        keys: (0..key_count).map(Projection::Column).collect(),
        key_types: types[..key_count].iter().map(array_type).collect(),
        arguments: (0..types.len()).map(Projection::Column).collect(),
        filters: Vec::new(),
        calls,
        sets: vec![(0..key_count).collect()],
        gives_set_index: false,
        gives_states: false,
        group_limit: None,
        best_groups: None,
    }
}

/// The batches of an aggregation's result.
fn aggregate(
    specification: AggregateSpecification,
    batches: Vec<Batch>,
    workers: usize,
    limits: GroupingLimits,
) -> Result<Vec<Batch>> {
    aggregate_within(memory(), specification, batches, workers, limits).map(|(result, _)| result)
}

/// Likewise, with the sink that it came from.
pub(super) fn aggregate_within(
    memory: Arc<MemoryBudget>,
    specification: AggregateSpecification,
    batches: Vec<Batch>,
    workers: usize,
    limits: GroupingLimits,
) -> Result<(Vec<Batch>, Arc<AggregateSink>)> {
    let sink = Arc::new(AggregateSink::with_limits(
        specification,
        memory,
        cancel(),
        limits,
        None,
    ));
    let source = AggregateSource::new(&sink, 100);
    let branches = vec![branch(TestSource::new(batches, workers), Vec::new())];
    run(
        &[Pipeline {
            branches,
            sink: sink.clone(),
        }],
        workers,
    )?;
    Ok((collect(vec![branch(source, Vec::new())], workers)?, sink))
}

/// Result rows sorted by all their columns.
pub(super) fn sorted(mut rows: Vec<Vec<Literal>>) -> Vec<Vec<Literal>> {
    rows.sort_by(|left, right| {
        let pairs = left.iter().zip(right);
        pairs
            .map(|(left, right)| compare(left, right))
            .find(|order| order.is_ne())
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    rows
}

/// Keys as they come out: what compares equal is one value.
fn normal(value: &Literal) -> Literal {
    match value {
        Literal::Float(value) if *value == 0.0 => Literal::Float(0.0),
        other => other.clone(),
    }
}

/// Rows by the given columns.
pub(super) fn groups_of<'r>(rows: &'r [Vec<Literal>], keys: &[usize]) -> Vec<(Vec<Literal>, Vec<&'r Vec<Literal>>)> {
    let mut groups: BTreeMap<String, (Vec<Literal>, Vec<&Vec<Literal>>)> = BTreeMap::new();
    for row in rows {
        let key: Vec<Literal> = keys.iter().map(|at| normal(&row[*at])).collect();
        groups
            .entry(format!("{key:?}"))
            .or_insert_with(|| (key, Vec::new()))
            .1
            .push(row);
    }
    groups.into_values().collect()
}

pub(super) fn sum(rows: &[&Vec<Literal>], at: usize) -> Literal {
    let values = rows.iter().filter_map(|row| match row[at] {
        Literal::Integer(value) => Some(i128::from(value)),
        _ => None,
    });
    values
        .reduce(|left, right| left + right)
        .map_or(Literal::Null, Literal::Numeric)
}

fn least(rows: &[&Vec<Literal>], at: usize) -> Literal {
    let values = rows.iter().map(|row| &row[at]).filter(|value| **value != Literal::Null);
    values
        .min_by(|left, right| compare(left, right))
        .cloned()
        .unwrap_or(Literal::Null)
}

#[test]
fn every_key_type_with_any_workers_batches_and_limits() {
    let mut random = Random::new(17);
    let key_types = [
        vec![LogicalType::Integer],
        vec![LogicalType::BigInt],
        vec![LogicalType::Date, LogicalType::Boolean],
        vec![LogicalType::Text],
        vec![LogicalType::Double, LogicalType::Text],
        vec![LogicalType::Uuid],
        vec![LogicalType::Timestamp, LogicalType::BigInt, LogicalType::Text],
        vec![],
    ];
    for keys in key_types {
        for distinct in [3, 400] {
            let mut types = keys.clone();
            types.extend([LogicalType::BigInt, LogicalType::Text]);
            let (number, text) = (keys.len(), keys.len() + 1);
            let rows = random.rows(1_500, &types, distinct);
            let expected = groups_of(&rows, &(0..keys.len()).collect::<Vec<_>>());
            let expected = expected.into_iter().map(|(mut key, rows)| {
                key.push(Literal::Integer(rows.len() as i64));
                key.push(sum(&rows, number));
                key.push(least(&rows, text));
                key
            });
            let expected = sorted(expected.collect());
            let mut answers = keys.clone();
            answers.extend([LogicalType::BigInt, NUMERIC, LogicalType::Text]);
            for (batch_rows, workers) in [(1, 2), (64, 3), (4_000, 1)] {
                for limits in EARLY_PARTITIONS {
                    let calls = vec![
                        step("count", binding(&[], LogicalType::BigInt, &[]), &[]),
                        step("sum", binding(&[LogicalType::BigInt], NUMERIC, &[]), &[number]),
                        step("min", binding(&[LogicalType::Text], LogicalType::Text, &[]), &[text]),
                    ];
                    let specification = specification(&types, keys.len(), calls);
                    let batches = batches_of(&rows, &types, batch_rows);
                    let result = aggregate(specification, batches, workers, *limits).unwrap();
                    let result = sorted(rows_of(&result, &answers));
                    assert_eq!(
                        format!("{result:?}"),
                        format!("{expected:?}"),
                        "{keys:?} {batch_rows} {limits:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn sorted_keys_are_taken_in_by_runs() {
    let types = [LogicalType::Date, LogicalType::BigInt];
    let rows: Vec<Vec<Literal>> = (0..5_000)
        .map(|row| vec![Literal::Date(row / 900), Literal::Integer(i64::from(row))])
        .collect();
    let expected: Vec<Vec<Literal>> = groups_of(&rows, &[0])
        .into_iter()
        .map(|(key, rows)| vec![key[0].clone(), Literal::Integer(rows.len() as i64), sum(&rows, 1)])
        .collect();
    let calls = vec![
        step("count", binding(&[], LogicalType::BigInt, &[]), &[]),
        step("sum", binding(&[LogicalType::BigInt], NUMERIC, &[]), &[1]),
    ];
    let batches = batches_of(&rows, &types, 1_000);
    let result = aggregate(specification(&types, 1, calls), batches, 2, EARLY_PARTITIONS[0]).unwrap();
    let result = rows_of(&result, &[LogicalType::Date, LogicalType::BigInt, NUMERIC]);
    assert_eq!(sorted(result), expected);
}

#[test]
fn sums_by_a_small_key_are_fused_and_fall_back() {
    use arrow_array::types::UInt32Type;
    use arrow_array::{ArrayRef, DictionaryArray, Int64Array, StringViewArray, UInt32Array};
    let mut random = Random::new(37);
    let key_types = [
        LogicalType::Date,
        LogicalType::SmallInt,
        LogicalType::BigInt,
        LogicalType::Timestamp,
    ];
    for key in key_types {
        // Small ranges that grow, a range that is too wide, NULLs, values that are too large: in this order, and again small.
        let mut rows: Vec<Vec<Literal>> = Vec::new();
        for (distinct, magnitude, with_nulls) in [
            (10, 100, false),
            (200, 100, false),
            (30_000, 100, false),
            (9, 100, true),
            (9, i64::MAX as u64, false),
            (9, 100, false),
        ] {
            while rows.len() % 500 != 499 {
                let row = random.rows(1, &[key.clone(), LogicalType::BigInt], distinct).remove(0);
                let value = Literal::Integer(random.below(magnitude) as i64);
                let row = if with_nulls { row } else { vec![row[0].clone(), value] };
                if with_nulls || row[0] != Literal::Null {
                    rows.push(row);
                }
            }
            rows.push(vec![rows[0][0].clone(), Literal::Integer(1)]);
        }
        let expected: Vec<Vec<Literal>> = groups_of(&rows, &[0])
            .into_iter()
            .map(|(key, rows)| vec![key[0].clone(), Literal::Integer(rows.len() as i64), sum(&rows, 1)])
            .collect();
        let types = [key.clone(), LogicalType::BigInt];
        for batch_rows in [100, 700] {
            let calls = vec![
                step("count", binding(&[], LogicalType::BigInt, &[]), &[]),
                step("sum", binding(&[LogicalType::BigInt], NUMERIC, &[]), &[1]),
            ];
            let batches = batches_of(&rows, &types, batch_rows);
            let result = aggregate(specification(&types, 1, calls), batches, 2, EARLY_PARTITIONS[0]).unwrap();
            let result = rows_of(&result, &[key.clone(), LogicalType::BigInt, NUMERIC]);
            assert_eq!(sorted(result), sorted(expected.clone()), "{key}");
        }
    }
    let batches = [["a", "b"], ["b", "c"]].map(|texts| {
        let values: ArrayRef = Arc::new(StringViewArray::from_iter_values(texts));
        let codes = UInt32Array::from_iter_values((0..100).map(|row| row % 2));
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..100));
        let keys: ArrayRef = Arc::new(DictionaryArray::<UInt32Type>::new(codes, values));
        Batch::new(vec![keys, numbers], 100)
    });
    let types = [LogicalType::Text, LogicalType::BigInt];
    let calls = vec![step("sum", binding(&[LogicalType::BigInt], NUMERIC, &[]), &[1])];
    let result = aggregate(
        specification(&types, 1, calls),
        batches.to_vec(),
        1,
        EARLY_PARTITIONS[0],
    )
    .unwrap();
    let row = |text: &str, sum: i128| vec![Literal::Text(text.into()), Literal::Numeric(sum)];
    let expected = [row("a", 2450), row("b", 2500 + 2450), row("c", 2500)];
    assert_eq!(sorted(rows_of(&result, &[LogicalType::Text, NUMERIC])), expected);
}

/// A column as the run ends of its equal neighbours.
fn as_runs(column: &arrow_array::Int64Array) -> arrow_array::ArrayRef {
    let values = column.values();
    let ends: Vec<i32> = (1..=values.len())
        .filter(|end| *end == values.len() || values[*end] != values[*end - 1])
        .map(|end| end as i32)
        .collect();
    let firsts = ends.iter().map(|end| values[*end as usize - 1]);
    let firsts = arrow_array::Int64Array::from_iter_values(firsts);
    let runs = arrow_array::RunArray::<arrow_array::types::Int32Type>::try_new(&ends.into(), &firsts);
    std::sync::Arc::new(runs.unwrap())
}

#[test]
fn encoded_keys_give_the_groups_of_plain_ones() {
    use arrow_array::types::UInt32Type;
    use arrow_array::{ArrayRef, DictionaryArray, Int64Array, StringViewArray, UInt32Array};
    use std::sync::Arc;
    let mut random = Random::new(41);
    let types = [
        LogicalType::BigInt,
        LogicalType::Text,
        LogicalType::BigInt,
        LogicalType::BigInt,
    ];
    // Rows per value of the first key: short runs are looked up row by row, long ones are added up as slices.
    for rows_per_run in [3, 60, 700, 5_000] {
        let (mut encoded, mut plain) = (Vec::new(), Vec::new());
        for number in 0..6 {
            let rows = 4_000;
            let days = (0..rows).map(|row| (number * rows + row + 13) as i64 / rows_per_run);
            let days = Int64Array::from_iter_values(days);
            let names = StringViewArray::from_iter_values((0..5).map(|name| format!("name {}", name + number % 2)));
            let names: ArrayRef = Arc::new(names);
            let codes = match number % 3 {
                0 => UInt32Array::from(vec![2; rows]),
                _ => UInt32Array::from_iter_values((0..rows).map(|_| random.below(5) as u32)),
            };
            let texts: ArrayRef = Arc::new(DictionaryArray::<UInt32Type>::new(codes, names));
            let mut numbers = |below: u64| -> ArrayRef {
                Arc::new(Int64Array::from_iter_values(
                    (0..rows).map(|_| random.below(below) as i64 - 50),
                ))
            };
            let (small, large) = (numbers(100), numbers(if number == 4 { 1 << 62 } else { 1 << 30 }));
            let spelt_out = stoa_storage::vector::flatten(&texts);
            let batch =
                |days: ArrayRef, texts: ArrayRef| Batch::new(vec![days, texts, small.clone(), large.clone()], rows);
            plain.push(batch(Arc::new(days.clone()), spelt_out));
            encoded.push(batch(as_runs(&days), texts));
        }
        let rows = rows_of(&plain, &types);
        for keys in [vec![0], vec![1], vec![0, 1]] {
            let expected: Vec<Vec<Literal>> = groups_of(&rows, &keys)
                .into_iter()
                .map(|(mut key, rows)| {
                    key.extend([Literal::Integer(rows.len() as i64), sum(&rows, 2), sum(&rows, 3)]);
                    key
                })
                .collect();
            for batches in [&encoded, &plain] {
                let calls = vec![
                    step("count", binding(&[], LogicalType::BigInt, &[]), &[]),
                    step("sum", binding(&[LogicalType::BigInt], NUMERIC, &[]), &[0]),
                    step("sum", binding(&[LogicalType::BigInt], NUMERIC, &[]), &[1]),
                ];
                let key_types: Vec<LogicalType> = keys.iter().map(|key| types[*key].clone()).collect();
                let specification = AggregateSpecification {
                    keys: keys.iter().map(|key| Projection::Column(*key)).collect(),
                    arguments: vec![Projection::Column(2), Projection::Column(3)],
                    ..specification(&key_types, keys.len(), calls)
                };
                let result = aggregate(specification, batches.clone(), 2, GroupingLimits::default()).unwrap();
                let answers = [key_types, vec![LogicalType::BigInt, NUMERIC, NUMERIC]].concat();
                assert_eq!(
                    sorted(rows_of(&result, &answers)),
                    sorted(expected.clone()),
                    "{keys:?} {rows_per_run}"
                );
            }
        }
    }
}

#[test]
fn filters_orders_and_distinct_arguments() {
    let mut random = Random::new(23);
    let types = [
        LogicalType::Integer,
        LogicalType::BigInt,
        LogicalType::Text,
        LogicalType::Boolean,
    ];
    let rows = random.rows(800, &types, 12);
    let array = LogicalType::Array(Box::new(LogicalType::BigInt));
    let expected = groups_of(&rows, &[0]).into_iter().map(|(mut key, rows)| {
        let counted: Vec<_> = rows
            .iter()
            .copied()
            .filter(|row| row[3] == Literal::Boolean(true))
            .collect();
        key.push(sum(&counted, 1));
        let mut distinct: Vec<Literal> = rows.iter().map(|row| row[1].clone()).collect();
        distinct.sort_by(compare);
        distinct.dedup();
        let not_null = distinct.iter().filter(|value| **value != Literal::Null);
        key.push(Literal::Integer(not_null.count() as i64));
        distinct.reverse();
        key.push(Literal::Array(distinct));
        let mut ordered: Vec<_> = rows.clone();
        ordered.sort_by(|left, right| compare(&left[2], &right[2]).then(compare(&right[1], &left[1])));
        key.push(Literal::Array(ordered.iter().map(|row| row[1].clone()).collect()));
        key
    });
    let expected = sorted(expected.collect());
    let answers = [
        LogicalType::Integer,
        NUMERIC,
        LogicalType::BigInt,
        array.clone(),
        array.clone(),
    ];
    for limits in EARLY_PARTITIONS {
        let mut calls = vec![
            step("sum", binding(&[LogicalType::BigInt], NUMERIC, &[]), &[1]),
            step("count", binding(&[LogicalType::BigInt], LogicalType::BigInt, &[]), &[1]),
            step(
                "array_agg",
                binding(&[LogicalType::BigInt], array.clone(), &[LogicalType::BigInt]),
                &[1, 1],
            ),
            step(
                "array_agg",
                binding(
                    &[LogicalType::BigInt],
                    array.clone(),
                    &[LogicalType::Text, LogicalType::BigInt],
                ),
                &[1, 2, 1],
            ),
        ];
        calls[0].input = AggregateInput::Rows {
            arguments: vec![1],
            filter: Some(0),
        };
        calls[1].distinct = true;
        calls[2].distinct = true;
        calls[2].order = Some(CallOrder {
            keys: vec![(true, true)],
        });
        calls[3].order = Some(CallOrder {
            keys: vec![(false, false), (true, true)],
        });
        let specification = AggregateSpecification {
            filters: vec![Projection::Column(3)],
            ..specification(&types, 1, calls)
        };
        let result = aggregate(specification, batches_of(&rows, &types, 70), 3, *limits).unwrap();
        assert_eq!(sorted(rows_of(&result, &answers)), expected, "{limits:?}");
    }
}

#[test]
fn grouping_sets_give_nulls_and_their_numbers_and_a_row_for_no_rows() {
    let mut random = Random::new(29);
    let types = [LogicalType::Integer, LogicalType::Text, LogicalType::BigInt];
    let sets = vec![vec![0, 1], vec![0], vec![], vec![0, 1]];
    let answers = [LogicalType::Integer, LogicalType::Text, NUMERIC, LogicalType::Integer];
    for rows in [random.rows(700, &types, 9), Vec::new()] {
        let mut expected = Vec::new();
        for (number, set) in sets.iter().enumerate() {
            let mut groups = groups_of(&rows, set);
            if rows.is_empty() && set.is_empty() {
                groups.push((Vec::new(), Vec::new()));
            }
            for (key, rows) in groups {
                let mut row = vec![
                    Literal::Null,
                    Literal::Null,
                    sum(&rows, 2),
                    Literal::Integer(number as i64),
                ];
                for (at, value) in set.iter().zip(key) {
                    row[*at] = value;
                }
                expected.push(row);
            }
        }
        let expected = sorted(expected);
        for limits in EARLY_PARTITIONS {
            let calls = vec![step("sum", binding(&[LogicalType::BigInt], NUMERIC, &[]), &[2])];
            let specification = AggregateSpecification {
                sets: sets.clone(),
                gives_set_index: true,
                ..specification(&types, 2, calls)
            };
            let result = aggregate(specification, batches_of(&rows, &types, 64), 2, *limits).unwrap();
            assert_eq!(sorted(rows_of(&result, &answers)), expected);
        }
    }
}

#[test]
fn no_rows_are_one_group_without_keys_and_none_with_keys() {
    let types = [LogicalType::Integer];
    let calls = || vec![step("count", binding(&[], LogicalType::BigInt, &[]), &[])];
    let without = aggregate(specification(&types, 0, calls()), Vec::new(), 2, EARLY_PARTITIONS[0]).unwrap();
    assert_eq!(rows_of(&without, &[LogicalType::BigInt]), [[Literal::Integer(0)]]);
    let with = aggregate(specification(&types, 1, calls()), Vec::new(), 2, EARLY_PARTITIONS[0]).unwrap();
    assert!(with.is_empty());
}

#[test]
fn states_that_one_aggregation_hands_out_another_takes_in() {
    let mut random = Random::new(31);
    let types = [LogicalType::Integer, LogicalType::Text, LogicalType::BigInt];
    let rows = random.rows(900, &types, 15);
    let average = LogicalType::Numeric {
        precision: 38,
        scale: 16,
    };
    let calls = || {
        vec![
            step("avg", binding(&[LogicalType::BigInt], average.clone(), &[]), &[2]),
            step("min", binding(&[LogicalType::Text], LogicalType::Text, &[]), &[1]),
        ]
    };
    let answers = [
        LogicalType::Integer,
        average.clone(),
        LogicalType::Text,
        LogicalType::BigInt,
    ];
    let mut outer = calls();
    outer[0].input = AggregateInput::States {
        columns: vec![2, 3],
        filter: None,
    };
    outer[1].input = AggregateInput::States {
        columns: vec![4],
        filter: None,
    };
    // How many distinct texts there are, by the way.
    outer.push(step(
        "count",
        binding(&[LogicalType::Text], LogicalType::BigInt, &[]),
        &[1],
    ));
    let mut single = calls();
    single.push(step(
        "count",
        binding(&[LogicalType::Text], LogicalType::BigInt, &[]),
        &[1],
    ));
    single[2].distinct = true;
    let expected = aggregate(
        specification(&types, 1, single),
        batches_of(&rows, &types, 100),
        1,
        EARLY_PARTITIONS[0],
    );
    let expected = sorted(rows_of(&expected.unwrap(), &answers));
    let inner = AggregateSpecification {
        gives_states: true,
        group_limit: None,
        best_groups: None,
        ..specification(&types, 2, calls())
    };
    let inner = Arc::new(AggregateSink::with_limits(
        inner,
        memory(),
        cancel(),
        EARLY_PARTITIONS[1],
        None,
    ));
    let outer = AggregateSpecification {
        keys: vec![Projection::Column(0)],
        key_types: vec![array_type(&LogicalType::Integer)],
        arguments: (0..5).map(Projection::Column).collect(),
        ..specification(&types, 1, outer)
    };
    let outer = Arc::new(AggregateSink::with_limits(
        outer,
        memory(),
        cancel(),
        EARLY_PARTITIONS[2],
        None,
    ));
    let between: Branch = branch(AggregateSource::new(&inner, 50), Vec::new());
    let last = branch(AggregateSource::new(&outer, 50), Vec::new());
    let first = branch(TestSource::new(batches_of(&rows, &types, 100), 3), Vec::new());
    let pipelines = [
        Pipeline {
            branches: vec![first],
            sink: inner,
        },
        Pipeline {
            branches: vec![between],
            sink: outer,
        },
    ];
    run(&pipelines, 3).unwrap();
    let result = collect(vec![last], 3).unwrap();
    assert_eq!(sorted(rows_of(&result, &answers)), expected);
}

#[test]
fn summaries_are_added_to_rows() {
    let types = [LogicalType::Date, LogicalType::BigInt];
    let calls = vec![
        step("count", binding(&[], LogicalType::BigInt, &[]), &[]),
        step("sum", binding(&[LogicalType::BigInt], NUMERIC, &[]), &[1]),
    ];
    let sink = Arc::new(AggregateSink::with_limits(
        specification(&types, 1, calls),
        memory(),
        cancel(),
        GroupingLimits::default(),
        None,
    ));
    let receiver = sink.summary_receiver();
    let answers = [LogicalType::Date, LogicalType::BigInt, NUMERIC];
    let row = |day: i32, count: i64, sum: Literal| vec![Literal::Date(day), Literal::Integer(count), sum];
    let summaries = [
        row(1, 10, Literal::Numeric(100)),
        row(2, 5, Literal::Null),
        row(1, 1, Literal::Numeric(-1)),
    ];
    for batch in batches_of(&summaries, &answers, 2) {
        receiver.receive(batch).unwrap();
    }
    let rows = [
        vec![Literal::Date(1), Literal::Integer(7)],
        vec![Literal::Date(3), Literal::Null],
    ];
    let source = AggregateSource::new(&sink, 100);
    let branches = vec![branch(TestSource::new(batches_of(&rows, &types, 1), 2), Vec::new())];
    run(&[Pipeline { branches, sink }], 2).unwrap();
    let result = rows_of(&collect(vec![branch(source, Vec::new())], 1).unwrap(), &answers);
    let expected = [
        row(1, 12, Literal::Numeric(106)),
        row(2, 5, Literal::Null),
        row(3, 1, Literal::Null),
    ];
    assert_eq!(sorted(result), expected);
}

#[test]
fn groups_on_disk_answer_as_those_in_memory() {
    let types = [LogicalType::BigInt, LogicalType::Text, LogicalType::BigInt];
    let mut random = Random::new(9);
    let rows: Vec<Vec<Literal>> = (0..30_000)
        .map(|_| {
            let key = random.below(12_000) as i64;
            vec![
                Literal::Integer(key * 1_000_003),
                Literal::Text(format!("a text that is not short {}", key % 9)),
                Literal::Integer(random.below(1000) as i64),
            ]
        })
        .collect();
    let answers = [
        LogicalType::BigInt,
        LogicalType::Text,
        LogicalType::BigInt,
        NUMERIC,
        LogicalType::BigInt,
    ];
    let answer = |memory: Arc<MemoryBudget>, limits: GroupingLimits, workers: usize| {
        let calls = vec![
            step("count", binding(&[], LogicalType::BigInt, &[]), &[]),
            step("sum", binding(&[LogicalType::BigInt], NUMERIC, &[]), &[2]),
            step("max", binding(&[LogicalType::BigInt], LogicalType::BigInt, &[]), &[2]),
        ];
        let specification = specification(&types, 2, calls);
        let batches = batches_of(&rows, &types, 500);
        let (result, _) = aggregate_within(memory, specification, batches, workers, limits).unwrap();
        sorted(rows_of(&result, &answers))
    };
    let expected = answer(memory(), GroupingLimits::default(), 1);
    for limits in EARLY_PARTITIONS.iter().copied().chain([GroupingLimits::default()]) {
        for workers in [1, 3] {
            let small = memory_of(1_200_000);
            let found = answer(small.clone(), limits, workers);
            assert!(found == expected, "{limits:?}, {workers} workers");
            assert!(small.spilled_bytes() > 0, "{limits:?}, {workers} workers");
            assert!(
                small.reservation().resize(1_200_000).is_ok(),
                "all memory is given back"
            );
            assert_eq!(small.temporary_files().used_bytes(), 0, "no file stays");
        }
    }
}

#[test]
fn one_group_that_does_not_fit_is_an_error_and_gives_its_memory_back() {
    let types = [LogicalType::BigInt];
    let rows: Vec<Vec<Literal>> = (0..20_000).map(|row| vec![Literal::Integer(row * 1_000_003)]).collect();
    let budget = memory_of(100_000);
    let list = LogicalType::Array(Box::new(LogicalType::BigInt));
    let calls = vec![step("array_agg", binding(&[LogicalType::BigInt], list, &[]), &[0])];
    let specification = specification(&types, 0, calls);
    let sink = Arc::new(AggregateSink::with_limits(
        specification,
        budget.clone(),
        cancel(),
        GroupingLimits::default(),
        None,
    ));
    let source = AggregateSource::new(&sink, 100);
    let branches = vec![branch(TestSource::new(batches_of(&rows, &types, 500), 2), Vec::new())];
    let done = run(&[Pipeline { branches, sink }], 2);
    let error = done
        .and_then(|()| collect(vec![branch(source, Vec::new())], 1))
        .unwrap_err();
    assert!(matches!(error, Error::OutOfMemory { .. }), "{error}");
    assert!(budget.reservation().resize(100_000).is_ok());
}
