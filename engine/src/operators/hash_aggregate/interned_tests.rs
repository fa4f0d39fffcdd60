//! Aggregations by texts that come with dictionaries, as constants or plain, in any order, against the same rows all plain: alone, beside
//! other keys, in grouping sets, in two steps, and where memory ends among them.

use super::tests::{EARLY_PARTITIONS, aggregate_within, binding, sorted, specification, step};
use super::*;
use crate::operators::gather::constant;
use crate::operators::project::Projection;
use crate::operators::testing::{
    Random, TestSource, batches_of, branch, cancel, collect, memory, memory_of, rows_of, run,
};
use crate::pipeline::{MemoryBudget, Pipeline, Sink};
use crate::types::{Literal, LogicalType, array_type};
use arrow_array::cast::AsArray;
use arrow_array::types::UInt32Type;
use arrow_array::{Array, ArrayRef, DictionaryArray, StringViewArray, UInt32Array};
use std::sync::Arc;
use stoa_storage::vector::Batch;

const TYPES: [LogicalType; 3] = [LogicalType::Text, LogicalType::BigInt, LogicalType::Text];

/// Of the aggregation below: keys, a count, a sum.
const ANSWERS: [LogicalType; 5] = [
    LogicalType::Text,
    LogicalType::BigInt,
    LogicalType::Text,
    LogicalType::BigInt,
    LogicalType::Numeric {
        precision: 38,
        scale: 0,
    },
];

fn texts_and_a_number(random: &mut Random, row_count: usize, distinct: u64) -> Vec<Vec<Literal>> {
    let text = |random: &mut Random| match random.below(10) {
        0 => Literal::Null,
        1 => Literal::Text(String::new()),
        2..6 => Literal::Text(format!("{}", random.below(distinct))),
        _ => Literal::Text(format!("a text that no view holds whole: {}", random.below(distinct))),
    };
    let rows = (0..row_count).map(|_| {
        let number = match random.below(200) {
            0 => Literal::Null,
            number => Literal::Integer(number as i64 % 3),
        };
        vec![text(random), number, text(random)]
    });
    rows.collect()
}

/// The column with a dictionary: ascending as those of segments or in any order, with values that no row has, NULL as a code's or as a value.
fn with_dictionary(column: &ArrayRef, random: &mut Random) -> ArrayRef {
    let texts = column.as_string_view();
    let null_has_a_code = random.below(2) == 0;
    let mut values: Vec<Option<&str>> = texts.iter().chain([Some("of no row"), None]).collect();
    values.retain(|value| value.is_some() || null_has_a_code);
    for at in (1..values.len()).rev() {
        values.swap(at, random.below(at as u64 + 1) as usize);
    }
    let mut seen = std::collections::HashSet::new();
    values.retain(|value| seen.insert(*value));
    if random.below(2) == 0 {
        values.sort_unstable();
    }
    let code_of = |value: Option<&str>| values.iter().position(|known| *known == value).map(|at| at as u32);
    let codes = texts.iter().map(|value| match value {
        None if !null_has_a_code => None,
        value => code_of(value),
    });
    let codes: UInt32Array = codes.collect();
    let values: ArrayRef = Arc::new(StringViewArray::from_iter(values.iter().copied()));
    Arc::new(DictionaryArray::<UInt32Type>::new(codes, values))
}

/// The rows as batches whose texts are encoded one way or the other.
fn encoded(rows: &[Vec<Literal>], random: &mut Random) -> Vec<Batch> {
    let batches = batches_of(rows, &TYPES, 400).into_iter();
    // Batches with the dictionary of those before them, as those of one segment have.
    let pieces = batches.flat_map(|mut batch| {
        let is_plain = random.below(4) == 0;
        for column in [0, 2] {
            match random.below(6) {
                _ if is_plain => {}
                0 => batch.columns[column] = constant(&batch.columns[column].slice(0, 1), batch.row_count).unwrap(),
                _ => batch.columns[column] = with_dictionary(&batch.columns[column], random),
            }
        }
        (0..4).map(move |part| {
            let columns = batch.columns.iter().map(|column| column.slice(part * 100, 100));
            Batch::new(columns.collect(), 100)
        })
    });
    pieces.collect()
}

fn plain(batches: &[Batch]) -> Vec<Batch> {
    let plain = |batch: &Batch| {
        let columns = batch.columns.iter().map(stoa_storage::vector::flatten);
        Batch::new(columns.collect(), batch.row_count)
    };
    batches.iter().map(plain).collect()
}

fn calls() -> Vec<AggregateStep> {
    vec![
        step("count", binding(&[], LogicalType::BigInt, &[]), &[]),
        step("sum", binding(&[LogicalType::BigInt], ANSWERS[4].clone(), &[]), &[1]),
    ]
}

fn aggregate(
    specification: AggregateSpecification,
    batches: Vec<Batch>,
    how: (usize, GroupingLimits),
    memory: Arc<MemoryBudget>,
) -> Vec<Batch> {
    grouped(specification, batches, how, memory).0
}

/// The answers, and whether there was no room for more ids.
fn grouped(
    specification: AggregateSpecification,
    batches: Vec<Batch>,
    (workers, limits): (usize, GroupingLimits),
    memory: Arc<MemoryBudget>,
) -> (Vec<Batch>, bool) {
    let (result, sink) = aggregate_within(memory, specification, batches, workers, limits).unwrap();
    let is_full = sink.interned.as_ref().unwrap().keys.is_full();
    (result, is_full)
}

fn by_ids() -> impl Iterator<Item = (usize, GroupingLimits)> {
    let limits = EARLY_PARTITIONS.iter().map(|limits| GroupingLimits {
        interned_values_min: 3,
        ..*limits
    });
    limits.flat_map(|limits| [(1, limits), (3, limits)])
}

#[test]
fn texts_of_dictionaries_are_grouped_as_plain_ones() {
    let mut random = Random::new(11);
    for distinct in [3, 500] {
        let rows = texts_and_a_number(&mut random, 6_000, distinct);
        let batches = encoded(&rows, &mut random);
        for sets in [vec![vec![0, 1, 2]], vec![vec![0], vec![1, 2], vec![], vec![0, 2]]] {
            let specification = || AggregateSpecification {
                sets: sets.clone(),
                ..specification(&TYPES, 3, calls())
            };
            let only_plain = (1, EARLY_PARTITIONS[0]);
            let expected = aggregate(specification(), plain(&batches), only_plain, memory());
            let expected = sorted(rows_of(&expected, &ANSWERS));
            for how in by_ids() {
                let found = aggregate(specification(), batches.clone(), how, memory());
                let found = sorted(rows_of(&found, &ANSWERS));
                assert!(found == expected, "{distinct} {sets:?} {how:?}");
            }
        }
    }
}

#[test]
fn texts_counted_by_their_codes_are_those_counted_one_by_one() {
    let mut random = Random::new(14);
    for (distinct, bytes) in [(3, 1 << 30), (500, 1 << 30), (9_000, 300_000)] {
        let rows = texts_and_a_number(&mut random, 12_000, distinct);
        let batches = encoded(&rows, &mut random);
        for (calls, answers) in [(calls(), vec![0, 3, 4]), (Vec::new(), vec![0])] {
            let answers: Vec<LogicalType> = answers.iter().map(|at| ANSWERS[*at].clone()).collect();
            let specification = || specification(&TYPES, 1, calls.clone());
            let expected = aggregate(specification(), plain(&batches), (1, EARLY_PARTITIONS[0]), memory());
            let expected = sorted(rows_of(&expected, &answers));
            for how in by_ids() {
                let small = memory_of(bytes);
                let found = aggregate(specification(), batches.clone(), how, small.clone());
                assert!(
                    sorted(rows_of(&found, &answers)) == expected,
                    "{distinct} {answers:?} {how:?}"
                );
                assert!(small.reservation().resize(bytes).is_ok(), "all memory is given back");
            }
        }
    }
}

#[test]
fn texts_in_a_dictionary_count_as_theirs_and_not_as_all_of_it() {
    let texts = (0..1_000).map(|number| format!("a text that no view holds whole: {number}"));
    let all: ArrayRef = Arc::new(StringViewArray::from_iter_values(texts));
    let groups = super::groups::HandedOut {
        keys: vec![all.slice(500, 2)],
        states: Vec::new(),
        group_count: 2,
    };
    assert_eq!(groups.memory_bytes(), 2 * (16 + 36));
}

#[test]
fn where_memory_ends_texts_take_the_place_of_ids() {
    let mut random = Random::new(12);
    let rows = texts_and_a_number(&mut random, 24_000, 9_000);
    let batches = encoded(&rows, &mut random);
    let expected = aggregate(
        specification(&TYPES, 3, calls()),
        plain(&batches),
        (1, EARLY_PARTITIONS[0]),
        memory(),
    );
    let expected = sorted(rows_of(&expected, &ANSWERS));
    let mut full_count = 0;
    for bytes in [2_000_000, 4_000_000, 6_000_000] {
        for how in by_ids() {
            let small = memory_of(bytes);
            let (found, is_full) = grouped(specification(&TYPES, 3, calls()), batches.clone(), how, small.clone());
            full_count += usize::from(is_full);
            assert!(sorted(rows_of(&found, &ANSWERS)) == expected, "{bytes} {how:?}");
            assert!(small.reservation().resize(bytes).is_ok(), "all memory is given back");
        }
    }
    assert!((3..18).contains(&full_count), "{full_count} of 18");
}

#[test]
fn groups_of_a_worker_that_ended_before_partitions_began_are_gathered_too() {
    let mut random = Random::new(15);
    let rows = texts_and_a_number(&mut random, 3_000, 700);
    // With the rows that are not selected.
    let batches = plain(&batches_of(&rows, &TYPES, 100));
    let coded = batches[10..].iter().map(|batch| {
        let mut batch = batch.clone();
        for column in [0, 2] {
            batch.columns[column] = with_dictionary(&batch.columns[column], &mut random);
        }
        batch
    });
    // A few texts; then more than a worker keeps to itself; then most rows, which have ids.
    let few = Batch::new(batches[0].columns.iter().map(|column| column.slice(0, 3)).collect(), 3);
    let parts = [vec![few], [batches[1..10].to_vec(), coded.collect()].concat()];
    let limits = GroupingLimits {
        interned_values_min: 3,
        ..EARLY_PARTITIONS[1]
    };
    let sink = AggregateSink::with_limits(specification(&TYPES, 3, calls()), memory(), cancel(), limits, None);
    for batches in &parts {
        let mut part = sink.open().unwrap();
        for batch in batches {
            part.consume(batch.clone()).unwrap();
        }
        part.finish().unwrap();
    }
    assert!(sink.shared.partitions().is_some());
    sink.finish().unwrap();
    assert!(sink.interned.as_ref().unwrap().holds_result());
    let found = collect(vec![branch(AggregateSource::new(&sink, 50), Vec::new())], 1).unwrap();
    let expected = aggregate(
        specification(&TYPES, 3, calls()),
        parts.iter().flat_map(|batches| plain(batches)).collect(),
        (1, EARLY_PARTITIONS[0]),
        memory(),
    );
    assert!(sorted(rows_of(&found, &ANSWERS)) == sorted(rows_of(&expected, &ANSWERS)));
}

#[test]
fn a_second_step_takes_the_ids_of_the_first() {
    let mut random = Random::new(13);
    let rows = texts_and_a_number(&mut random, 6_000, 300);
    let batches = encoded(&rows, &mut random);
    // Of each text the distinct texts beside it.
    let distinct = |distinct: bool| AggregateStep {
        distinct,
        ..step("count", binding(&[LogicalType::Text], LogicalType::BigInt, &[]), &[1])
    };
    let pairs = |batches: Vec<Batch>| -> Vec<Batch> {
        let pairs = batches.into_iter().map(|batch| {
            let columns = vec![batch.columns[0].clone(), batch.columns[2].clone()];
            Batch::new(columns, batch.row_count)
        });
        pairs.collect()
    };
    let types = [LogicalType::Text, LogicalType::Text];
    let answers = [LogicalType::Text, LogicalType::BigInt];
    let expected = aggregate(
        specification(&types, 1, vec![distinct(true)]),
        pairs(plain(&batches)),
        (1, EARLY_PARTITIONS[0]),
        memory(),
    );
    let expected = sorted(rows_of(&expected, &answers));
    let ways = by_ids().flat_map(|way| [(way, 1..1), (way, 1..2)]);
    for ((workers, limits), counted) in ways {
        let with_limits = |specification, inner: Option<&AggregateSink>| {
            Arc::new(AggregateSink::with_limits(
                specification,
                memory(),
                cancel(),
                limits,
                inner,
            ))
        };
        let inner = with_limits(
            AggregateSpecification {
                arguments: Vec::new(),
                ..specification(&types, 2, Vec::new())
            },
            None,
        );
        let outer = with_limits(
            AggregateSpecification {
                keys: vec![Projection::Column(0)],
                key_types: vec![array_type(&LogicalType::Text)],
                ..specification(&types, 1, vec![distinct(false)])
            },
            Some(&inner),
        );
        let first = branch(TestSource::new(pairs(batches.clone()), workers), Vec::new());
        let between = branch(
            AggregateSource::new(&inner, 50).with_ids(1, counted.clone()),
            Vec::new(),
        );
        let last = branch(AggregateSource::new(&outer, 50), Vec::new());
        let pipelines = [(first, inner), (between, outer)].map(|(branch, sink)| Pipeline {
            branches: vec![branch],
            sink,
        });
        run(&pipelines, workers).unwrap();
        let found = collect(vec![last], workers).unwrap();
        assert!(
            sorted(rows_of(&found, &answers)) == expected,
            "{workers} {limits:?} {counted:?}"
        );
    }
}
