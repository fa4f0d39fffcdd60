//! Rows found by keys, against a look at all rows: in memory, in segments with an index and without, among deleted rows, in a
//! transaction's own writes, after a start; and rows of loads that are there already.

use super::support::*;
use crate::commit::{Change, Changes, RowId};
use crate::disk::{Disk, MemoryDisk};
use crate::error::Error;
use crate::predicate::{Bound, ColumnPredicate, Condition};
use crate::scan::ScanRequest;
use crate::schema::{KeySchema, TableId, TableSchema};
use crate::store::snapshot::StateSnapshot;
use crate::store::{Snapshot, Store};
use crate::temporary::TEMPORARY_FOLDER;
use crate::testing::Generator;
use arrow_array::{ArrayRef, Int64Array, StringViewArray};
use roaring::RoaringBitmap;
use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::Arc;

/// A key of the tests: the column key, and the note, which may be NULL.
type Key = (i64, Option<String>);

fn key_of(row: &Row) -> Key {
    (row.1, row.3.clone())
}

fn columns(keys: &[Key]) -> Vec<ArrayRef> {
    vec![
        Arc::new(Int64Array::from_iter_values(keys.iter().map(|key| key.0))),
        Arc::new(StringViewArray::from_iter(keys.iter().map(|key| key.1.clone()))),
    ]
}

fn with_key(table: TableId, key: TableId) -> TableSchema {
    let columns = vec![KEY, NOTE];
    TableSchema {
        keys: vec![KeySchema { id: key, columns }],
        ..schema(table)
    }
}

/// Rows with few different keys.
fn random_rows(random: &mut Generator, count: usize) -> Vec<Row> {
    let row = |random: &mut Generator| {
        let note = (random.below(6) > 0).then(|| format!("note {}", random.below(3)));
        let (day, key) = (random.below(90) as i32, random.below(200) as i64);
        (day, key, random.below(1000) as i64, note)
    };
    (0..count).map(|_| row(random)).collect()
}

fn visible(snapshot: &dyn Snapshot, table: TableId) -> BTreeMap<RowId, Row> {
    let rows = rows_of(&batches(snapshot, table, all_columns()).unwrap());
    rows.into_iter().map(|(row, id)| (id, row)).collect()
}

/// What is found is what is there, for all keys that could be there and some that could not.
fn check_found(snapshot: &dyn Snapshot, table: TableId, key: TableId) {
    let rows = visible(snapshot, table);
    let notes = [None, Some("note 0"), Some("note 1"), Some("note 2"), Some("other")];
    let keys = (0..210).flat_map(|key| notes.map(|note| (key, note.map(str::to_owned))));
    let keys: Vec<Key> = keys.collect();
    let found = snapshot.table(table).unwrap().find(key, &columns(&keys)).unwrap();
    let there: HashSet<Key> = rows.values().map(key_of).filter(|key| key.1.is_some()).collect();
    for (key, found) in keys.iter().zip(found) {
        assert_eq!(found.is_some(), there.contains(key), "{key:?}");
        if let Some(id) = found {
            assert_eq!(&key_of(&rows[&id]), key);
        }
    }
}

/// Conditions that say what a row's key is give the rows that have it.
fn check_scanned(snapshot: &dyn Snapshot, table: TableId) {
    let rows = visible(snapshot, table);
    for number in [0, 17, 63, 150, 199, 205] {
        let key = (number, Some("note 1".to_owned()));
        let equals = |column, value: &ArrayRef| {
            let bound = Bound {
                value: value.clone(),
                inclusive: true,
            };
            let condition = Condition::Range {
                lower: Some(bound.clone()),
                upper: Some(bound),
            };
            ColumnPredicate { column, condition }
        };
        let values = columns(std::slice::from_ref(&key));
        let request = ScanRequest {
            predicates: vec![equals(KEY, &values[0]), equals(NOTE, &values[1])],
            ..all_columns()
        };
        let found = rows_of(&batches(snapshot, table, request).unwrap());
        let found: BTreeMap<RowId, Row> = found.into_iter().map(|(row, id)| (id, row)).collect();
        let expected = rows.iter().filter(|(_, row)| key_of(row) == key);
        assert_eq!(found, expected.map(|(id, row)| (*id, row.clone())).collect());
    }
}

/// Loads rows without those whose keys are there.
fn load_new(store: &dyn Store, table: TableId, key: TableId, rows: &[Row]) {
    let snapshot = store.snapshot();
    let known: HashSet<Key> = visible(&*snapshot, table).values().map(key_of).collect();
    let schema = snapshot.table(table).unwrap().schema().clone();
    let load = store.bulk_load(schema.clone(), 1 << 12).unwrap();
    for part in rows.chunks(50) {
        load.append(batch(part)).unwrap();
    }
    let segments = load.finish().unwrap();
    let duplicates = store
        .loaded_keys(&snapshot, &schema, key, &segments)
        .unwrap()
        .duplicates;
    let mut changes = vec![Change::AddSegments(table, segments)];
    if !duplicates.is_empty() {
        changes.push(Change::Delete(table, duplicates));
    }
    let version = commit(store, changes).unwrap();
    let all = visible(&*store.snapshot(), table);
    let keys = all.values().map(key_of).filter(|key| key.1.is_some());
    let mut counts: BTreeMap<Key, usize> = BTreeMap::new();
    keys.for_each(|key| *counts.entry(key).or_default() += 1);
    for row in rows
        .iter()
        .map(key_of)
        .filter(|key| key.1.is_some() && !known.contains(key))
    {
        assert_eq!(counts[&row], 1, "{row:?} came once");
    }
    let came = store.commits(1)[0].clone();
    assert_eq!((came.version, came.rows_deleted), (version, 0));
    assert_eq!(
        came.rows_inserted as usize,
        all.len() - visible(&*snapshot, table).len()
    );
}

fn delete_some(store: &dyn Store, table: TableId, random: &mut Generator) {
    let rest = random.below(4) as i64;
    let change = delete_where(&*store.snapshot(), table, |row| row.2 % 4 == rest);
    if !matches!(&change, Change::Delete(_, sets) if sets.is_empty()) {
        commit(store, vec![change]).unwrap();
    }
}

fn random_history(seed: u64) {
    let mut random = Generator::new(seed);
    let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::default());
    let mut store = open_store(disk.clone(), options()).unwrap();
    let table = create_table_with_history(&*store, random.below(2) * 1_000_000);
    let key = store.next_table_id();
    let history_ms = store.snapshot().table(table).unwrap().schema().history_ms;
    let schema = Arc::new(TableSchema {
        history_ms,
        ..with_key(table, key)
    });
    let rows = random_rows(&mut random, 120);
    insert(&*store, table, &rows).unwrap();
    store.flush(None).unwrap();
    commit(&*store, vec![Change::AlterTable(schema)]).unwrap();
    // Until the index of the first segment is made, it is read.
    for _ in 0..25 {
        check_found(&*store.snapshot(), table, key);
        check_scanned(&*store.snapshot(), table);
        match random.below(8) {
            0 | 1 => {
                let count = random.below(60) as usize;
                insert(&*store, table, &random_rows(&mut random, count))
                    .map(drop)
                    .unwrap();
            }
            2 => delete_some(&*store, table, &mut random),
            3 => store.flush(None).unwrap(),
            4 => store.compact(None).unwrap(),
            5 => {
                let rows = random_rows(&mut random, 300);
                load_new(&*store, table, key, &rows);
            }
            6 => store.make_partials(table).unwrap(),
            _ => {
                drop(store);
                store = open_store(disk.clone(), options()).unwrap();
            }
        }
    }
    store.flush(None).unwrap();
    store.make_partials(table).unwrap();
    check_found(&*store.snapshot(), table, key);
    let snapshot: Arc<dyn std::any::Any> = store.snapshot();
    let state = &snapshot.downcast_ref::<StateSnapshot>().unwrap().state;
    for segment in state.tables[&table].visible_segments() {
        assert!(segment.key_index(key).is_some());
    }
    assert_eq!(store.check(&mut |_, _| {}).unwrap().problems, [] as [String; 0]);
}

#[test]
fn rows_are_found_by_their_keys() {
    for seed in 0..8 {
        random_history(seed);
    }
}

#[test]
fn a_transaction_finds_its_own_rows_also_after_going_back() {
    let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::default());
    let store = open_store(disk, options()).unwrap();
    let (table, key) = (store.next_table_id(), store.next_table_id());
    commit(&*store, vec![Change::CreateTable(Arc::new(with_key(table, key)))]).unwrap();
    insert(&*store, table, &[(1, 1, 1, Some("note 0".into()))]).unwrap();
    let base = store.snapshot();
    let row = |number: i64| (1, number, 1, Some("note 1".to_owned()));
    let add = |below: &Arc<dyn Snapshot>, own: Option<RowId>, number: i64| {
        let changes = vec![Change::Insert(table, batch(&[row(number)]))];
        let (next, places) = store.overlay(below, changes, own.map(|id| id.part)).unwrap();
        check_found(&*next, table, key);
        (next, places[0])
    };
    let (first, place) = add(&base, None, 2);
    let (_, one) = add(&first, Some(place), 3);
    // Another row at the place of the one before.
    let (_, other) = add(&first, Some(place), 4);
    assert_eq!(one, other);
    check_found(&*first, table, key);
    check_found(&*base, table, key);
}

#[test]
fn an_index_of_many_rows_finds_each_of_them_and_no_other() {
    let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::default());
    let store = open_store(disk, options()).unwrap();
    let (table, key) = (store.next_table_id(), store.next_table_id());
    let schema = TableSchema {
        partition_by: None,
        ..with_key(table, key)
    };
    commit(&*store, vec![Change::CreateTable(Arc::new(schema.clone()))]).unwrap();
    let load = store.bulk_load(Arc::new(schema), 1 << 30).unwrap();
    // Several blocks; every third row has no key, every hundredth key is there twice.
    let rows: Vec<Row> = some_rows(0, 200_000);
    let again: Vec<Row> = rows.iter().filter(|row| row.1 % 100 == 1).cloned().collect();
    load.append(batch(&rows)).unwrap();
    load.append(batch(&again)).unwrap();
    let segments = load.finish().unwrap();
    commit(&*store, vec![Change::AddSegments(table, segments.clone())]).unwrap();
    let asked: Vec<Key> = rows
        .iter()
        .map(key_of)
        .chain(some_rows(200_000, 50_000).iter().map(key_of))
        .collect();
    let found = store
        .snapshot()
        .table(table)
        .unwrap()
        .find(key, &columns(&asked))
        .unwrap();
    for (key, found) in asked.iter().zip(found) {
        assert_eq!(found.is_some(), key.0 < 200_000 && key.1.is_some(), "{key:?}");
    }
    let load = store
        .bulk_load(store.snapshot().table(table).unwrap().schema().clone(), 1 << 30)
        .unwrap();
    load.append(batch(&some_rows(199_000, 2_000))).unwrap();
    let segments = load.finish().unwrap();
    let schema = store.snapshot().table(table).unwrap().schema().clone();
    let duplicates = store
        .loaded_keys(&store.snapshot(), &schema, key, &segments)
        .unwrap()
        .duplicates;
    let expected: RoaringBitmap = (0..1_000).filter(|row| (row + 199_000) % 3 != 0).collect();
    assert_eq!(duplicates, [(segments[0].id, expected)]);
}

#[test]
fn all_rows_of_a_load_that_is_loaded_again_are_there() {
    let store = open_store(Arc::new(MemoryDisk::default()), options()).unwrap();
    let (table, key) = (store.next_table_id(), store.next_table_id());
    let schema = Arc::new(TableSchema {
        partition_by: None,
        ..with_key(table, key)
    });
    commit(&*store, vec![Change::CreateTable(schema.clone())]).unwrap();
    let rows = some_rows(0, 200_000);
    let expected: RoaringBitmap = (0..200_000).filter(|row| row % 3 != 0).collect();
    for round in 0..2 {
        let load = store.bulk_load(schema.clone(), 1 << 30).unwrap();
        load.append(batch(&rows)).unwrap();
        let segments = load.finish().unwrap();
        let keys = store.loaded_keys(&store.snapshot(), &schema, key, &segments).unwrap();
        match round {
            0 => assert_eq!((keys.duplicates.len(), keys.hashes.len() as u64), (0, expected.len())),
            _ => {
                assert_eq!(keys.duplicates, [(segments[0].id, expected.clone())]);
                assert_eq!(keys.hashes, [] as [u64; 0]);
            }
        }
        commit(&*store, vec![Change::AddSegments(table, segments)]).unwrap();
    }
}

#[test]
fn of_many_rows_with_one_key_the_one_that_is_left_is_found() {
    let store = open_store(Arc::new(MemoryDisk::default()), options()).unwrap();
    let (table, key) = (store.next_table_id(), store.next_table_id());
    commit(&*store, vec![Change::CreateTable(Arc::new(with_key(table, key)))]).unwrap();
    let same = |value: i64| (1, 7, value, Some("note 0".to_owned()));
    let rows: Vec<Row> = (0..3_000)
        .map(same)
        .chain(random_rows(&mut Generator::new(1), 3_000))
        .collect();
    insert(&*store, table, &rows).unwrap();
    store.flush(None).unwrap();
    // Several vectors of the index have nothing but this hash.
    let change = delete_where(&*store.snapshot(), table, |row| row.1 == 7 && row.2 != 2_999);
    commit(&*store, vec![change]).unwrap();
    check_found(&*store.snapshot(), table, key);
}

#[test]
fn indexes_go_with_their_keys_and_rows_come_only_under_the_keys_that_checked_them() {
    let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::default());
    let store = open_store(disk.clone(), options()).unwrap();
    let (table, key) = (store.next_table_id(), store.next_table_id());
    let with_key = Arc::new(with_key(table, key));
    commit(&*store, vec![Change::CreateTable(with_key.clone())]).unwrap();
    insert(&*store, table, &some_rows(0, 100)).unwrap();
    store.flush(None).unwrap();
    assert!(!segment_files(&*disk, key).is_empty());
    commit(&*store, vec![Change::AlterTable(Arc::new(schema(table)))]).unwrap();
    assert!(segment_files(&*disk, key).is_empty());
    let come = || vec![Change::Insert(table, batch(&some_rows(100, 1)))];
    let checked = |by: &Arc<TableSchema>| come().into_iter().chain([Change::CheckedBy(by.clone())]).collect();
    let refused = commit(&*store, checked(&with_key)).unwrap_err();
    assert!(matches!(refused, Error::Conflict { .. }), "{refused}");
    commit(&*store, checked(&Arc::new(schema(table)))).unwrap();
    let base = store.snapshot().version();
    commit(&*store, come()).unwrap();
    let changes = Changes {
        changes: vec![Change::NoRowsSince(table)],
        cause: "test".into(),
    };
    let refused = store.commit(changes.clone(), base).unwrap_err();
    assert!(matches!(refused, Error::Conflict { .. }), "{refused}");
    store.flush(None).unwrap();
    store.commit(changes.clone(), base).unwrap_err();
    store.commit(changes, store.snapshot().version()).unwrap();
}

#[test]
fn filters_are_of_many_segments_and_go_with_them() {
    let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::default());
    let store = open_store(disk.clone(), options()).unwrap();
    let (table, key) = (store.next_table_id(), store.next_table_id());
    commit(&*store, vec![Change::CreateTable(Arc::new(with_key(table, key)))]).unwrap();
    let seal = |first: i64, count: i64| {
        let rows = (first..first + count).map(|key| (1, key, key, Some("note 0".to_owned())));
        insert(&*store, table, &rows.collect::<Vec<Row>>()).unwrap();
        store.flush(None).unwrap();
    };
    let filters = || {
        store.make_partials(table).unwrap();
        let snapshot: Arc<dyn std::any::Any> = store.snapshot();
        let state = &snapshot.downcast_ref::<StateSnapshot>().unwrap().state;
        let filters = state.tables[&table].key_filters.segments(key);
        filters.iter().map(Vec::len).collect::<Vec<usize>>()
    };
    seal(0, 60);
    assert_eq!(filters(), [] as [usize; 0], "one segment needs none");
    seal(60, 60);
    assert_eq!(filters(), [2]);
    seal(120, 10);
    seal(130, 10);
    assert_eq!(filters(), [2, 2], "a larger one is left alone");
    seal(140, 100);
    seal(240, 100);
    assert_eq!(filters(), [6], "smaller ones are taken in");
    seal(340, 400);
    seal(740, 400);
    let mut made = filters();
    made.sort_unstable();
    assert_eq!(made, [1, 6], "as far as they fit");
    check_found(&*store.snapshot(), table, key);
    let delete = |least: i64| {
        commit(
            &*store,
            vec![delete_where(&*store.snapshot(), table, |row| row.1 >= least)],
        )
        .unwrap();
    };
    delete(60);
    assert_eq!(filters(), [] as [usize; 0], "most segments are gone");
    check_found(&*store.snapshot(), table, key);
    assert_eq!(disk.list(Path::new(TEMPORARY_FOLDER)).unwrap(), [] as [String; 0]);
}
