//! Group tables against a map of rows, for every key type, alone and together, as ranges grow and tables change their form.

use super::*;
use crate::operators::testing::{Random, columns_of, rows_of};
use crate::types::{Literal, LogicalType, array_type};
use arrow_array::types::{Int32Type, UInt32Type};
use arrow_array::{DictionaryArray, Int32Array, RunArray, UInt32Array};
use std::collections::HashMap;
use std::sync::Arc;
use stoa_storage::vector::Batch;

fn table(types: &[LogicalType]) -> GroupTable {
    GroupTable::new(&types.iter().map(array_type).collect::<Vec<_>>()).unwrap()
}

/// A row as what it is grouped by.
fn identity(row: &[Literal]) -> String {
    let values = row.iter().map(|value| match value {
        Literal::Float(value) if *value == 0.0 => "0".to_owned(),
        Literal::Interval {
            months,
            days,
            microseconds,
        } => format!(
            "{}",
            (i128::from(*months) * 30 + i128::from(*days)) * 86_400_000_000 + i128::from(*microseconds)
        ),
        other => format!("{other:?}"),
    });
    values.collect::<Vec<_>>().join("|")
}

fn check(types: &[LogicalType], batches: &[Vec<Vec<Literal>>]) -> &'static str {
    let mut table = table(types);
    let mut model: HashMap<String, u32> = HashMap::new();
    let mut groups = Vec::new();
    for rows in batches {
        let columns = columns_of(rows, types);
        let assigned = table.assign(&columns, rows.len(), &mut groups).unwrap();
        for (at, row) in rows.iter().enumerate() {
            let next = model.len() as u32;
            let expected = *model.entry(identity(row)).or_insert(next);
            let group = match assigned {
                Assigned::One(group) => group,
                Assigned::PerRow => groups[at],
            };
            assert_eq!(group, expected, "{types:?} {row:?}");
        }
        assert_eq!(table.group_count(), model.len());
    }
    let keys = Batch::new(table.keys().unwrap(), table.group_count());
    for (group, row) in rows_of(&[keys], types).iter().enumerate() {
        assert_eq!(model[&identity(row)], group as u32);
    }
    assert!(table.memory_bytes() > 0);
    table.index_name()
}

const TYPES: &[LogicalType] = &[
    LogicalType::Boolean,
    LogicalType::SmallInt,
    LogicalType::Integer,
    LogicalType::BigInt,
    LogicalType::Double,
    LogicalType::Real,
    LogicalType::Numeric {
        precision: 10,
        scale: 2,
    },
    LogicalType::Numeric {
        precision: 30,
        scale: 2,
    },
    LogicalType::Text,
    LogicalType::Date,
    LogicalType::TimestampTz,
    LogicalType::Interval,
    LogicalType::Uuid,
];

#[test]
fn every_type_alone_and_beside_others() {
    let mut random = Random::new(3);
    for data_type in TYPES {
        for distinct in [2, 40, 5_000] {
            for others in [
                vec![],
                vec![LogicalType::Integer],
                vec![LogicalType::Text],
                vec![LogicalType::BigInt, LogicalType::Date, LogicalType::Double],
            ] {
                let types: Vec<LogicalType> = std::iter::once(data_type.clone()).chain(others).collect();
                for batch_rows in [1, 300] {
                    let batches: Vec<_> = (0..4).map(|_| random.rows(batch_rows, &types, distinct)).collect();
                    check(&types, &batches);
                }
            }
        }
    }
}

#[test]
fn ranges_grow_in_both_directions_until_they_are_hashed() {
    let rows = |values: &[i64]| {
        values
            .iter()
            .map(|value| vec![Literal::Integer(*value)])
            .collect::<Vec<_>>()
    };
    let types = [LogicalType::BigInt];
    let batches = [rows(&[5, 6]), rows(&[7]), rows(&[-100, 5]), rows(&[1000, 6, -100])];
    assert_eq!(check(&types, &batches), "direct");
    let batches = [
        rows(&[5, 6]),
        rows(&[i64::MIN, i64::MAX, 5]),
        vec![vec![Literal::Null]],
        rows(&[6]),
    ];
    assert_eq!(check(&types, &batches), "hash of 128 bits");
    let batches = [rows(&[i64::MAX, i64::MAX - 1]), rows(&[i64::MAX])];
    check(&types, &batches);
    let batches = [rows(&[i64::MIN, i64::MIN + 1]), rows(&[i64::MIN])];
    check(&types, &batches);
    let batches = [rows(&[0, 1 << 30]), rows(&[7])];
    assert_eq!(check(&types, &batches), "hash of 64 bits");
    let pair = |left: i64, right: i64| vec![Literal::Integer(left), Literal::Integer(right)];
    let wide = [LogicalType::BigInt, LogicalType::BigInt, LogicalType::BigInt];
    let triple = |left, right, last| [pair(left, right), vec![Literal::Integer(last)]].concat();
    let batches = [
        vec![triple(1, 1 << 40, 1 << 50), triple(1 << 60, 2, 3)],
        vec![triple(1, 1 << 40, 1 << 50)],
    ];
    assert_eq!(check(&wide, &batches), "hash of columns");
}

#[test]
fn keys_of_many_bits_are_packed_by_their_ranges_as_long_as_these_are_small() {
    let mut random = Random::new(21);
    let types = [LogicalType::BigInt, LogicalType::BigInt, LogicalType::BigInt];
    // The first is any number, the others lie between bounds that move apart.
    let mut rows = |low: i64, high: i64, has_nulls: bool| -> Vec<Vec<Literal>> {
        let rows = (0..200).map(|row| {
            let mut number = |low: i64, high: i64| {
                let span = high.wrapping_sub(low) as u64;
                let value = if span == u64::MAX {
                    random.below(span)
                } else {
                    random.below(span + 1)
                };
                Literal::Integer(low.wrapping_add(value as i64))
            };
            let any = [i64::MIN, i64::MAX, 0, -1, 1 << 40][row % 5];
            let last = if has_nulls && row % 7 == 0 {
                Literal::Null
            } else {
                number(low, high)
            };
            vec![Literal::Integer(any), number(low, high), last]
        });
        rows.collect()
    };
    let mut batches = vec![
        rows(3, 9, false),
        rows(0, 9, false),
        rows(-500, 9, false),
        rows(-500, 1 << 20, true),
    ];
    assert_eq!(check(&types, &batches), "hash of 128 bits");
    batches.push(rows(3, 9, false));
    batches.push(rows(i64::MIN, i64::MAX, true));
    batches.push(rows(3, 9, true));
    assert_eq!(check(&types, &batches), "hash of columns");
    let ends = vec![
        rows(i64::MAX - 3, i64::MAX, false),
        rows(i64::MAX - 900, i64::MAX, false),
    ];
    assert_eq!(check(&types, &ends), "hash of 128 bits");
    let ends = vec![
        rows(i64::MIN, i64::MIN + 3, false),
        rows(i64::MIN, i64::MIN + 900, true),
    ];
    assert_eq!(check(&types, &ends), "hash of 128 bits");
}

#[test]
fn many_groups_survive_growth() {
    let mut random = Random::new(11);
    for types in [
        vec![LogicalType::BigInt],
        vec![LogicalType::Text],
        vec![LogicalType::Text, LogicalType::Integer],
        vec![LogicalType::Uuid, LogicalType::BigInt, LogicalType::BigInt],
    ] {
        let batches: Vec<_> = (0..5).map(|_| random.rows(2_000, &types, 1 << 30)).collect();
        check(&types, &batches);
    }
}

#[test]
fn encoded_columns_are_in_the_groups_of_their_plain_values() {
    let mut table = table(&[LogicalType::Text]);
    let mut groups = Vec::new();
    let values: ArrayRef = Arc::new(arrow_array::StringViewArray::from(vec![
        Some("a"),
        None,
        Some("a text of more than twelve bytes"),
        Some("unused"),
    ]));
    let codes = UInt32Array::from(vec![Some(0), Some(1), None, Some(2), Some(0)]);
    let dictionary: ArrayRef = Arc::new(DictionaryArray::<UInt32Type>::new(codes, values.clone()));
    assert_eq!(table.assign(&[dictionary], 5, &mut groups).unwrap(), Assigned::PerRow);
    assert_eq!(groups, [0, 1, 1, 2, 0]);
    let again: ArrayRef = Arc::new(DictionaryArray::<UInt32Type>::new(
        UInt32Array::from(vec![2, 2, 2]),
        values,
    ));
    assert_eq!(table.assign(&[again], 3, &mut groups).unwrap(), Assigned::One(2));
    let plain: ArrayRef = Arc::new(arrow_array::StringViewArray::from(vec![None, Some("a"), Some("b")]));
    table.assign(std::slice::from_ref(&plain), 3, &mut groups).unwrap();
    assert_eq!(groups, [1, 0, 3]);
    let ends = Int32Array::from(vec![2, 3, 7]);
    let runs: ArrayRef = Arc::new(RunArray::<Int32Type>::try_new(&ends, &plain).unwrap());
    table.assign(std::slice::from_ref(&runs), 7, &mut groups).unwrap();
    assert_eq!(groups, [1, 1, 0, 3, 3, 3, 3]);
    assert_eq!(
        table.assign(&[runs.slice(3, 4)], 4, &mut groups).unwrap(),
        Assigned::One(3)
    );
    assert_eq!(
        table.assign(&[runs.slice(0, 1)], 1, &mut groups).unwrap(),
        Assigned::One(1)
    );
}

#[test]
fn arrays_and_no_columns_are_keys_too() {
    let list = |values: &[i64]| {
        vec![Literal::Array(
            values.iter().map(|value| Literal::Integer(*value)).collect(),
        )]
    };
    let types = [LogicalType::Array(Box::new(LogicalType::Integer))];
    check(
        &types,
        &[
            vec![list(&[1, 2]), list(&[]), vec![Literal::Null], list(&[1, 2])],
            vec![list(&[])],
        ],
    );
    let mut nothing = table(&[]);
    let mut groups = Vec::new();
    assert_eq!(nothing.assign(&[], 10, &mut groups).unwrap(), Assigned::One(0));
    assert_eq!(nothing.group_count(), 1);
}

#[test]
fn hashes_of_rows_do_not_depend_on_encodings() {
    let mut random = Random::new(5);
    for data_type in TYPES {
        let types = [data_type.clone(), LogicalType::Text];
        let rows = random.rows(50, &types, 10);
        let columns = columns_of(&rows, &types);
        let hashes = hash_rows(&columns, rows.len()).unwrap();
        let single: Vec<u64> = (0..rows.len())
            .map(|row| {
                let one: Vec<ArrayRef> = columns
                    .iter()
                    .map(|column| crate::operators::gather::constant(&column.slice(row, 1), 3).unwrap())
                    .collect();
                hash_rows(&one, 3).unwrap()[2]
            })
            .collect();
        assert_eq!(hashes, single, "{data_type}");
        for (left, left_row) in rows.iter().enumerate() {
            for (right, right_row) in rows.iter().enumerate() {
                assert_eq!(identity(left_row) == identity(right_row), hashes[left] == hashes[right]);
            }
        }
    }
}

#[test]
fn a_shared_interner_gives_equal_texts_one_id_whatever_they_come_in() {
    use arrow_array::cast::AsArray;
    use arrow_array::{ArrayRef, StringViewArray};
    let interner = SharedInterner::new(
        &arrow_schema::DataType::Utf8View,
        crate::operators::testing::memory().reservation(),
    );
    let text = |number: u64| match number % 2 {
        0 => format!("{number}"),
        _ => format!("a text that no view holds whole: {number}"),
    };
    // Dictionaries that overlap, each met by two threads at once: first by a few rows, then by many.
    let dictionaries: Vec<ArrayRef> = (0..6)
        .map(|at| {
            Arc::new(StringViewArray::from_iter_values(
                (0..9_000).map(|value| text(value * 2 + at)),
            )) as ArrayRef
        })
        .collect();
    let found: Vec<(String, u32)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..2)
            .map(|seed| {
                let (interner, dictionaries) = (&interner, &dictionaries);
                scope.spawn(move || {
                    let mut random = Random::new(seed);
                    let mut found = Vec::new();
                    for dictionary in dictionaries {
                        for row_count in [20, 20, 8_000] {
                            let codes = (0..row_count).map(|_| random.below(9_000) as u32);
                            let codes = UInt32Array::from_iter_values(codes);
                            let column: ArrayRef =
                                Arc::new(DictionaryArray::<UInt32Type>::new(codes.clone(), dictionary.clone()));
                            let ids = interner.ids(&column).unwrap();
                            let texts = dictionary.as_string_view();
                            let rows = codes.values().iter().zip(ids.as_primitive::<UInt32Type>().values());
                            found.extend(rows.map(|(code, id)| (texts.value(*code as usize).to_owned(), *id)));
                        }
                    }
                    found
                })
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    let mut by_text: HashMap<&str, u32> = HashMap::new();
    for (text, id) in &found {
        assert_eq!(*by_text.entry(text).or_insert(*id), *id, "{text}");
    }
    let ids: std::collections::HashSet<u32> = by_text.values().copied().collect();
    assert_eq!(ids.len(), by_text.len(), "no two texts have one id");
    assert!(interner.text_count() >= ids.len() && interner.text_count() <= 18_006);
    let (texts, ids): (Vec<&str>, Vec<u32>) = by_text.into_iter().unzip();
    for rows in [100, texts.len()] {
        let ids: ArrayRef = Arc::new(ids[..rows].iter().copied().chain([0]).collect::<UInt32Array>());
        let values = stoa_storage::vector::flatten(&interner.values(&ids).unwrap());
        let expected = texts[..rows].iter().copied().map(Some).chain([None]);
        assert!(values.as_string_view().iter().eq(expected));
    }
}
