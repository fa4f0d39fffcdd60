//! Bulk loads, and scans of what they wrote: pruned scans find what full ones do, summaries are what rows would sum to.

use super::support::*;
use crate::commit::{Change, CommitVersion};
use crate::disk::{Disk, MemoryDisk};
use crate::error::Error;
use crate::predicate::{Bound, ColumnPredicate, Condition, DynamicPredicate, RowPredicate};
use crate::scan::{Scan, ScanColumn, ScanItem, ScanRequest, SummaryRequest, SummaryValue, VisitOrder};
use crate::schema::{ColumnId, ColumnSchema, PartitionBy, PartitionUnit, TableId, TableSchema};
use crate::segment::SegmentMeta;
use crate::store::{Snapshot, Store};
use crate::testing::{Generator, STORED_TYPES, conditions_for};
use crate::vector::filter::evaluate;
use crate::vector::{Batch, flatten};
use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Int64Type};
use arrow_array::{Array, ArrayRef, Date32Array, Int64Array};
use arrow_buffer::BooleanBuffer;
use arrow_schema::DataType;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Loads rows from two threads and commits them.
fn load(store: &dyn Store, table: TableId, rows: &[Row], batch_rows: usize, memory: usize) -> Vec<SegmentMeta> {
    let schema = store.snapshot().table(table).unwrap().schema().clone();
    let load = store.bulk_load(schema, memory).unwrap();
    let batches: Vec<&[Row]> = rows.chunks(batch_rows).collect();
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let (load, batches) = (&load, &batches);
            scope.spawn(move || {
                for rows in batches.iter().skip(thread).step_by(2) {
                    load.append(batch(rows)).unwrap();
                }
            });
        }
    });
    assert_eq!(load.row_count(), rows.len() as u64);
    let segments = load.finish().unwrap();
    commit(store, vec![Change::AddSegments(table, segments.clone())]).unwrap();
    segments
}

fn sorted(mut rows: Vec<Row>) -> Vec<Row> {
    rows.sort();
    rows
}

#[test]
fn loaded_rows_are_there_sorted_and_by_partition_whatever_their_order_and_memory() {
    let mut generator = Generator::new(5);
    let mut rows = some_rows(0, 30_000);
    for round in 0..4 {
        let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::default());
        let store = open_store(disk.clone(), options()).unwrap();
        let table = create_table(&*store);
        if round % 2 == 1 {
            for row in (1..rows.len()).rev() {
                rows.swap(row, generator.below(row as u64 + 1) as usize);
            }
        }
        let memory = if round < 2 { 64 << 20 } else { 200_000 };
        let segments = load(&*store, table, &rows, 1_000, memory);
        assert_eq!(
            segments.iter().map(|segment| u64::from(segment.row_count)).sum::<u64>(),
            30_000
        );
        assert_eq!(segments.len() == 3, round < 2, "{} segments", segments.len());
        assert_eq!(read(&*store.snapshot(), table), sorted(rows.clone()));
        let version = store.snapshot().version();
        drop(store);
        let store = open_store(disk, options()).unwrap();
        assert_eq!(store.snapshot().version(), version);
        assert_eq!(read(&*store.snapshot(), table), sorted(rows.clone()));
        let found = store.snapshot().table(table).unwrap().segments();
        assert!(found.iter().all(|segment| segment.version_min == version));
        let batches = batches(&*store.snapshot(), table, all_columns()).unwrap();
        let in_order = rows_of(&batches);
        for pair in in_order.windows(2) {
            assert!(pair[0].1.part != pair[1].1.part || pair[0].0.1 <= pair[1].0.1);
        }
        store.close(true).unwrap();
    }
}

#[test]
fn a_load_that_is_given_up_leaves_nothing() {
    let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::default());
    let store = open_store(disk.clone(), options()).unwrap();
    let table = create_table(&*store);
    let schema = store.snapshot().table(table).unwrap().schema().clone();
    let load = store.bulk_load(schema.clone(), 100_000).unwrap();
    load.append(batch(&some_rows(0, 20_000))).unwrap();
    let segments = load.finish().unwrap();
    let folder = format!("tables/{}", table.0);
    assert_eq!(disk.list(Path::new(&folder)).unwrap().len(), segments.len());
    drop(load);
    assert!(disk.list(Path::new(&folder)).unwrap().is_empty());
    let late = commit(&*store, vec![Change::AddSegments(table, segments)]);
    assert!(matches!(late, Err(Error::Invalid { .. })), "{late:?}");
    let load = store.bulk_load(schema, 100_000).unwrap();
    let wrong = Batch::new(vec![Arc::new(Int64Array::from(vec![1]))], 1);
    assert!(load.append(wrong).is_err());
    assert!(load.finish().unwrap().is_empty());
}

#[test]
fn deletes_reach_loaded_rows_and_survive_a_restart() {
    let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::default());
    let store = open_store(disk.clone(), options()).unwrap();
    let table = create_table(&*store);
    let rows = some_rows(0, 20_000);
    load(&*store, table, &rows, 700, 1 << 30);
    insert(&*store, table, &some_rows(20_000, 100)).unwrap();
    let change = delete_where(&*store.snapshot(), table, |row| row.1 % 7 == 0);
    commit(&*store, vec![change]).unwrap();
    let kept: Vec<Row> = some_rows(0, 20_100).into_iter().filter(|row| row.1 % 7 != 0).collect();
    assert_eq!(read(&*store.snapshot(), table), sorted(kept.clone()));
    drop(store);
    let store = open_store(disk, options()).unwrap();
    assert_eq!(read(&*store.snapshot(), table), sorted(kept));
}

/// A table with a column of every type, partitioned by day and ordered by two columns.
fn wide_schema(id: TableId) -> TableSchema {
    let columns = STORED_TYPES.iter().enumerate().map(|(place, data_type)| ColumnSchema {
        id: ColumnId(place as u32 + 1),
        name: format!("column_{place}"),
        data_type: data_type.clone(),
        nullable: true,
        missing_value: None,
    });
    let day = ColumnSchema {
        id: ColumnId(0),
        name: "day".into(),
        data_type: DataType::Date32,
        nullable: true,
        missing_value: None,
    };
    TableSchema {
        partition_by: Some(PartitionBy {
            column: ColumnId(0),
            unit: PartitionUnit::Day,
        }),
        sort_key: vec![ColumnId(9), ColumnId(4)],
        bloom_columns: vec![ColumnId(4), ColumnId(9)],
        ..TableSchema::new(id, std::iter::once(day).chain(columns).collect(), Arc::from([]))
    }
}

fn wide_batch(generator: &mut Generator, row_count: usize) -> Batch {
    let days = (0..row_count).map(|_| (generator.below(40) != 0).then(|| generator.below(3) as i32));
    let days: ArrayRef = Arc::new(days.collect::<Date32Array>());
    let columns = STORED_TYPES
        .iter()
        .map(|data_type| generator.column(data_type, row_count));
    Batch::new(std::iter::once(days).chain(columns).collect(), row_count)
}

fn joined(batches: &[Batch], column: usize) -> ArrayRef {
    let parts: Vec<ArrayRef> = batches.iter().map(|batch| flatten(&batch.columns[column])).collect();
    let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
    arrow_select::concat::concat(&parts).unwrap()
}

fn wide_request() -> ScanRequest {
    let columns = (0..=STORED_TYPES.len() as u32).map(|id| ScanColumn::Table(ColumnId(id)));
    ScanRequest {
        columns: columns.chain([ScanColumn::RowId, ScanColumn::CommitVersion]).collect(),
        ..ScanRequest::default()
    }
}

fn fill_wide(store: &dyn Store, generator: &mut Generator, row_count: usize) -> TableId {
    let table = store.next_table_id();
    let schema = Arc::new(wide_schema(table));
    let load = store.bulk_load(schema.clone(), 1 << 30).unwrap();
    load.append(wide_batch(generator, row_count)).unwrap();
    let segments = load.finish().unwrap();
    let changes = vec![Change::CreateTable(schema), Change::AddSegments(table, segments)];
    commit(store, changes).unwrap();
    commit(store, vec![Change::Insert(table, wide_batch(generator, 300))]).unwrap();
    table
}

fn delete_some(store: &dyn Store, table: TableId, generator: &mut Generator) {
    let ids = joined(
        &batches(&*store.snapshot(), table, wide_request()).unwrap(),
        STORED_TYPES.len() + 1,
    );
    let mut sets = std::collections::BTreeMap::<_, roaring::RoaringBitmap>::new();
    for id in ids.as_primitive::<Int64Type>().values() {
        if generator.below(50) == 0 {
            let id = crate::commit::RowId::unpack(*id);
            sets.entry(id.part).or_default().insert(id.row);
        }
    }
    commit(store, vec![Change::Delete(table, sets.into_iter().collect())]).unwrap();
}

#[test]
fn pruned_scans_find_what_full_scans_do() {
    for seed in 0..4 {
        let mut generator = Generator::new(seed);
        let store = open_store(Arc::new(MemoryDisk::default()), options()).unwrap();
        let rows = [3_000, 70_000, 10_000, 1_000][seed as usize % 4];
        let table = fill_wide(&*store, &mut generator, rows);
        if seed % 2 == 1 {
            delete_some(&*store, table, &mut generator);
        }
        let snapshot = store.snapshot();
        let all = batches(&*snapshot, table, wide_request()).unwrap();
        let ids = joined(&all, STORED_TYPES.len() + 1);
        for column in 0..=STORED_TYPES.len() {
            let values = joined(&all, column);
            for condition in conditions_for(&values, &mut generator) {
                let expected = evaluate(&values, &condition);
                let expected: Vec<i64> = expected
                    .set_indices()
                    .map(|row| ids.as_primitive::<Int64Type>().value(row))
                    .collect();
                let request = ScanRequest {
                    columns: vec![ScanColumn::RowId],
                    predicates: vec![ColumnPredicate {
                        column: ColumnId(column as u32),
                        condition: condition.clone(),
                    }],
                    ..ScanRequest::default()
                };
                let found: Vec<i64> = batches(&*snapshot, table, request)
                    .unwrap()
                    .iter()
                    .flat_map(|batch| batch.columns[0].as_primitive::<Int64Type>().values().to_vec())
                    .collect();
                assert!(
                    sorted_ids(found) == sorted_ids(expected),
                    "column {column}, {condition:?}"
                );
            }
        }
    }
}

fn sorted_ids(mut ids: Vec<i64>) -> Vec<i64> {
    ids.sort_unstable();
    ids
}

fn summaries(scan: &Arc<dyn Scan>) -> (Vec<Batch>, Vec<Batch>) {
    let (mut rows, mut summaries) = (Vec::new(), Vec::new());
    let mut reader = scan.reader();
    while let Some(item) = reader.next().unwrap() {
        match item {
            ScanItem::Rows(batch) => rows.push(batch.compact()),
            ScanItem::Partials(_) => panic!("no partials were asked for"),
            ScanItem::Summaries(batch) => summaries.push(batch),
        }
    }
    (rows, summaries)
}

/// Count, sum, least and greatest key of a table, from summaries and rows together.
fn totals(snapshot: &dyn Snapshot, table: TableId, predicates: Vec<ColumnPredicate>) -> ((i64, i128, i64, i64), u64) {
    let request = ScanRequest {
        columns: vec![ScanColumn::Table(KEY)],
        predicates,
        summary: Some(SummaryRequest {
            keys: Vec::new(),
            values: vec![
                SummaryValue::RowCount,
                SummaryValue::Sum(KEY),
                SummaryValue::Minimum(KEY),
                SummaryValue::Maximum(KEY),
            ],
        }),
        ..ScanRequest::default()
    };
    let scan = snapshot.table(table).unwrap().scan(request).unwrap();
    let (rows, answers) = summaries(&scan);
    let mut total = (0, 0, i64::MAX, i64::MIN);
    for batch in rows {
        for key in flatten(&batch.columns[0]).as_primitive::<Int64Type>().values() {
            total = (
                total.0 + 1,
                total.1 + i128::from(*key),
                total.2.min(*key),
                total.3.max(*key),
            );
        }
    }
    for batch in answers {
        let integers = |column: usize| batch.columns[column].as_primitive::<Int64Type>();
        for row in 0..batch.row_count {
            total.0 += integers(0).value(row);
            total.1 += batch.columns[1].as_primitive::<Decimal128Type>().value(row);
            total.2 = total.2.min(integers(2).value(row));
            total.3 = total.3.max(integers(3).value(row));
        }
    }
    (total, scan.statistics().rows_scanned.load(Ordering::Relaxed))
}

#[test]
fn summaries_are_what_the_rows_sum_to() {
    let store = open_store(Arc::new(MemoryDisk::default()), options()).unwrap();
    let table = create_table(&*store);
    // Three months of three blocks and a bit.
    load(&*store, table, &some_rows(0, 600_000), 10_000, 1 << 30);
    let expected = |keys: &dyn Fn(i64) -> bool| {
        let keys: Vec<i64> = (0..600_000).filter(|key| keys(*key)).collect();
        let sum = keys.iter().map(|key| i128::from(*key)).sum();
        (keys.len() as i64, sum, keys[0], *keys.last().unwrap())
    };
    assert_eq!(totals(&*store.snapshot(), table, Vec::new()), (expected(&|_| true), 0));
    let range = |low: i64, high: i64| {
        let bound = |value| {
            Some(Bound {
                value: Arc::new(Int64Array::from(vec![value])),
                inclusive: true,
            })
        };
        vec![ColumnPredicate {
            column: KEY,
            condition: Condition::Range {
                lower: bound(low),
                upper: bound(high),
            },
        }]
    };
    // Blocks in the middle of each month are answered from their summaries, the first and last are read.
    let (found, read) = totals(&*store.snapshot(), table, range(1_000, 599_000));
    assert_eq!(found, expected(&|key| (1_000..=599_000).contains(&key)));
    assert!(read > 0 && read < 450_000, "{read} rows read");
    let change = delete_where(&*store.snapshot(), table, |row| row.1 == 150_000 || row.1 == 599_999);
    commit(&*store, vec![change]).unwrap();
    let (found, read) = totals(&*store.snapshot(), table, Vec::new());
    assert_eq!(found, expected(&|key| key != 150_000 && key != 599_999));
    assert!(read < 150_000, "{read} rows read");
    let counted = ScanRequest {
        summary: Some(SummaryRequest {
            keys: vec![],
            values: vec![SummaryValue::RowCount],
        }),
        ..ScanRequest::default()
    };
    let scan = store.snapshot().table(table).unwrap().scan(counted).unwrap();
    let (rows, answers) = summaries(&scan);
    let count: i64 = answers
        .iter()
        .flat_map(|batch| batch.columns[0].as_primitive::<Int64Type>().values().to_vec())
        .sum();
    assert!(rows.is_empty() && count == 599_998);
}

#[test]
fn a_key_that_is_constant_is_summarized_per_block() {
    let store = open_store(Arc::new(MemoryDisk::default()), options()).unwrap();
    let table = create_table(&*store);
    // Ordered by key, value is key / 100,000 here: constant in most blocks.
    let rows: Vec<Row> = (0..400_000).map(|key| (3, key, key / 100_000, None)).collect();
    load(&*store, table, &rows, 50_000, 1 << 30);
    let request = ScanRequest {
        columns: vec![ScanColumn::Table(VALUE), ScanColumn::Table(KEY)],
        summary: Some(SummaryRequest {
            keys: vec![VALUE, NOTE],
            values: vec![SummaryValue::Count(KEY), SummaryValue::Sum(KEY)],
        }),
        ..ScanRequest::default()
    };
    let scan = store.snapshot().table(table).unwrap().scan(request).unwrap();
    let (rows, answers) = summaries(&scan);
    let mut totals = [(0i64, 0i128); 4];
    for batch in &rows {
        let (value, key) = (flatten(&batch.columns[0]), flatten(&batch.columns[1]));
        for row in 0..batch.row_count {
            let total = &mut totals[value.as_primitive::<Int64Type>().value(row) as usize];
            *total = (
                total.0 + 1,
                total.1 + i128::from(key.as_primitive::<Int64Type>().value(row)),
            );
        }
    }
    for batch in &answers {
        assert_eq!(batch.columns[1].null_count(), batch.row_count);
        for row in 0..batch.row_count {
            let total = &mut totals[batch.columns[0].as_primitive::<Int64Type>().value(row) as usize];
            total.0 += batch.columns[2].as_primitive::<Int64Type>().value(row);
            total.1 += batch.columns[3].as_primitive::<Decimal128Type>().value(row);
        }
    }
    for (value, total) in totals.iter().enumerate() {
        let first = value as i128 * 100_000;
        assert_eq!(*total, (100_000, (2 * first + 99_999) * 50_000));
    }
    assert!(!answers.is_empty() && !rows.is_empty());
}

/// Fails on a key that another condition takes out.
struct Picky;

#[derive(Debug)]
struct PickyError;

impl std::fmt::Display for PickyError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("division by zero")
    }
}

impl std::error::Error for PickyError {}

impl RowPredicate for Picky {
    fn columns(&self) -> &[ColumnId] {
        &[KEY]
    }

    fn evaluate(
        &self,
        columns: &[ArrayRef],
        row_count: usize,
    ) -> std::result::Result<BooleanBuffer, Box<dyn std::error::Error + Send + Sync>> {
        let keys = flatten(&columns[0]);
        let keys = keys.as_primitive::<Int64Type>();
        if keys.values().contains(&0) {
            return Err(Box::new(PickyError));
        }
        Ok(BooleanBuffer::collect_bool(row_count, |row| 100 % keys.value(row) == 0))
    }
}

#[test]
fn a_filter_of_the_layer_above_sees_only_rows_that_are_left_and_gets_its_error_back() {
    let store = open_store(Arc::new(MemoryDisk::default()), options()).unwrap();
    let table = create_table(&*store);
    load(&*store, table, &some_rows(0, 3_000), 500, 1 << 30);
    insert(&*store, table, &some_rows(0, 50)).unwrap();
    let request = ScanRequest {
        predicates: vec![ColumnPredicate {
            column: KEY,
            condition: Condition::NotEqual(Arc::new(Int64Array::from(vec![0]))),
        }],
        row_predicates: vec![Arc::new(Picky)],
        ..all_columns()
    };
    let found = batches(&*store.snapshot(), table, request.clone()).unwrap();
    let mut keys: Vec<i64> = rows_of(&found).iter().map(|(row, _)| row.1).collect();
    keys.sort_unstable();
    assert_eq!(keys, [1, 1, 2, 2, 4, 4, 5, 5, 10, 10, 20, 20, 25, 25, 50, 100]);
    let request = ScanRequest {
        predicates: Vec::new(),
        ..request
    };
    match batches(&*store.snapshot(), table, request) {
        Err(Error::Predicate(error)) => assert!(error.downcast_ref::<PickyError>().is_some()),
        other => panic!("{other:?}"),
    }
}

/// Keys below a bound.
struct Below(i64);

impl DynamicPredicate for Below {
    fn current(&self) -> Option<ColumnPredicate> {
        Some(ColumnPredicate {
            column: KEY,
            condition: Condition::Range {
                lower: None,
                upper: Some(Bound {
                    value: Arc::new(Int64Array::from(vec![self.0])),
                    inclusive: false,
                }),
            },
        })
    }
}

#[test]
fn dynamic_conditions_skip_blocks() {
    let store = open_store(Arc::new(MemoryDisk::default()), options()).unwrap();
    let table = create_table(&*store);
    load(&*store, table, &some_rows(0, 300_000), 10_000, 1 << 30);
    let request = ScanRequest {
        dynamic_predicates: vec![Arc::new(Below(100))],
        ..all_columns()
    };
    let scan = store.snapshot().table(table).unwrap().scan(request).unwrap();
    let (rows, _) = summaries(&scan);
    let keys: usize = rows.iter().map(|batch| batch.row_count).sum();
    assert!((100..10_000).contains(&keys), "{keys}");
    assert!(scan.statistics().blocks_pruned.load(Ordering::Relaxed) >= 3);
}

#[test]
fn loaded_rows_have_their_version_and_columns_added_later() {
    let store = open_store(Arc::new(MemoryDisk::default()), options()).unwrap();
    let table = create_table(&*store);
    load(&*store, table, &some_rows(0, 3_000), 500, 1 << 30);
    let mut next = schema(table);
    next.columns.push(ColumnSchema {
        id: ColumnId(4),
        name: "added".into(),
        data_type: DataType::Int64,
        nullable: false,
        missing_value: Some(Arc::new(Int64Array::from(vec![7]))),
    });
    next.next_column_id = 5;
    commit(&*store, vec![Change::AlterTable(Arc::new(next))]).unwrap();
    let request = |value: i64| ScanRequest {
        columns: vec![ScanColumn::CommitVersion, ScanColumn::Table(ColumnId(4))],
        predicates: vec![ColumnPredicate {
            column: ColumnId(4),
            condition: Condition::In(Arc::new(Int64Array::from(vec![value]))),
        }],
        ..ScanRequest::default()
    };
    let found = batches(&*store.snapshot(), table, request(7)).unwrap();
    assert_eq!(found.iter().map(|batch| batch.row_count).sum::<usize>(), 3_000);
    let version = CommitVersion(2);
    for batch in &found {
        let versions = batch.columns[0].as_primitive::<Int64Type>();
        assert!(versions.values().iter().all(|found| *found as u64 == version.0));
        assert!(
            batch.columns[1]
                .as_primitive::<Int64Type>()
                .values()
                .iter()
                .all(|value| *value == 7)
        );
    }
    assert!(batches(&*store.snapshot(), table, request(8)).unwrap().is_empty());
    let summary = ScanRequest {
        summary: Some(SummaryRequest {
            keys: vec![ColumnId(4)],
            values: vec![SummaryValue::RowCount, SummaryValue::Sum(ColumnId(4))],
        }),
        ..ScanRequest::default()
    };
    let scan = store.snapshot().table(table).unwrap().scan(summary).unwrap();
    let (rows, answers) = summaries(&scan);
    assert!(rows.is_empty());
    let sum: i128 = answers[0].columns[2]
        .as_primitive::<Decimal128Type>()
        .values()
        .iter()
        .sum();
    assert_eq!(sum, 21_000);
}

/// The threshold of a query that wants the largest keys, which it learns from the first batch.
#[derive(Default)]
struct Threshold(parking_lot::Mutex<Option<i64>>);

impl DynamicPredicate for Threshold {
    fn current(&self) -> Option<ColumnPredicate> {
        let lower = Bound {
            value: Arc::new(Int64Array::from(vec![(*self.0.lock())?])),
            inclusive: true,
        };
        Some(ColumnPredicate {
            column: KEY,
            condition: Condition::Range {
                lower: Some(lower),
                upper: None,
            },
        })
    }
}

#[test]
fn visiting_the_largest_first_prunes_nearly_everything() {
    let store = open_store(Arc::new(MemoryDisk::default()), options()).unwrap();
    let table = create_table(&*store);
    for part in 0..8 {
        let rows: Vec<Row> = (part * 70_000..(part + 1) * 70_000)
            .map(|key| (3, key, 0, None))
            .collect();
        load(&*store, table, &rows, 70_000, 1 << 30);
    }
    let threshold = Arc::new(Threshold::default());
    let request = ScanRequest {
        columns: vec![ScanColumn::Table(KEY)],
        dynamic_predicates: vec![threshold.clone()],
        visit: Some(VisitOrder {
            column: KEY,
            is_descending: true,
        }),
        ..ScanRequest::default()
    };
    let scan = store.snapshot().table(table).unwrap().scan(request).unwrap();
    let mut reader = scan.reader();
    let mut largest = Vec::new();
    while let Some(item) = reader.next().unwrap() {
        let ScanItem::Rows(batch) = item else {
            panic!("rows were asked for")
        };
        let keys = flatten(&batch.compact().columns[0]);
        largest.extend_from_slice(keys.as_primitive::<Int64Type>().values());
        largest.sort_unstable_by(|left, right| right.cmp(left));
        largest.truncate(10);
        *threshold.0.lock() = largest.last().copied();
    }
    assert!(largest.into_iter().eq((559_990..560_000).rev()));
    assert_eq!(scan.statistics().blocks_total.load(Ordering::Relaxed), 16);
    assert_eq!(scan.statistics().blocks_pruned.load(Ordering::Relaxed), 15);
}
