//! A rollup for the tests: by day, how many rows there are and what their values add up to, of the rows whose key is no multiple of five.
//! Now and then it makes nothing, as rollups may.

use super::support::*;
use crate::commit::Change;
use crate::disk::{Disk, FaultyDisk, MemoryDisk, PowerLoss};
use crate::error::{Error, Result};
use crate::predicate::{Bound, ColumnPredicate, Condition};
use crate::rollup::{PartialMaker, PartialRequest, RowsOfSegment};
use crate::scan::{ScanColumn, ScanItem, ScanRequest};
use crate::schema::{ColumnId, ColumnSchema, RollupSchema, TableId, TableSchema};
use crate::store::{BulkLoad, Snapshot, Store, StoreOptions};
use crate::vector::{Batch, flatten};
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int64Type};
use arrow_array::{ArrayRef, Date32Array, Int64Array};
use arrow_schema::DataType;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Rows and the sum of their values, by day.
pub(crate) type Totals = BTreeMap<i32, (i64, i64)>;

#[derive(Debug)]
pub(crate) struct TotalsByDay;

/// The rollup under an identity.
pub(crate) fn rollup(id: TableId) -> Arc<RollupSchema> {
    let column = |number: u32, name: &str, data_type| ColumnSchema {
        id: ColumnId(number),
        name: name.into(),
        data_type,
        nullable: false,
        missing_value: None,
    };
    Arc::new(RollupSchema {
        id,
        columns: vec![
            column(0, "day", DataType::Date32),
            column(1, "count", DataType::Int64),
            column(2, "sum", DataType::Int64),
        ],
        definition: Arc::from(&b"totals by day"[..]),
    })
}

fn add_rows(totals: &mut Totals, rows: &[ArrayRef]) {
    let days = rows[0].as_primitive::<Date32Type>();
    let (keys, values) = (rows[1].as_primitive::<Int64Type>(), rows[2].as_primitive::<Int64Type>());
    for row in (0..keys.values().len()).filter(|row| keys.value(*row) % 5 != 0) {
        let total = totals.entry(days.value(row)).or_default();
        *total = (total.0 + 1, total.1 + values.value(row));
    }
}

impl PartialMaker for TotalsByDay {
    fn columns(&self, _table: &TableSchema, _rollup: &RollupSchema) -> Result<Vec<ColumnId>> {
        Ok(vec![DAY, KEY, VALUE])
    }

    fn make(&self, _table: &TableSchema, rollup: &RollupSchema, rows: &mut RowsOfSegment<'_>) -> Result<Batch> {
        assert_eq!(&*rollup.definition, b"totals by day");
        let batches: Vec<Batch> = rows.collect::<Result<_>>()?;
        if batches.iter().map(Batch::selected_count).sum::<usize>() % 13 == 7 {
            return Err(Error::Invalid {
                reason: "a number of rows that this rollup does not like".into(),
            });
        }
        let mut totals = Totals::new();
        for batch in batches {
            let plain: Vec<ArrayRef> = batch.compact().columns.iter().map(flatten).collect();
            add_rows(&mut totals, &plain);
        }
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Date32Array::from_iter_values(totals.keys().copied())),
            Arc::new(Int64Array::from_iter_values(totals.values().map(|total| total.0))),
            Arc::new(Int64Array::from_iter_values(totals.values().map(|total| total.1))),
        ];
        Ok(Batch::new(columns, totals.len()))
    }
}

/// Totals of a table by way of its rollup, and how many segments were not read for them.
pub(crate) fn totals(snapshot: &dyn Snapshot, table: TableId) -> Result<(Totals, u64)> {
    totals_but_from(snapshot, table, i32::MAX)
}

/// Likewise, where the groups of days from this one on are left out, and their rows come beside partials.
fn totals_but_from(snapshot: &dyn Snapshot, table: TableId, from: i32) -> Result<(Totals, u64)> {
    let rest = ColumnPredicate {
        column: DAY,
        condition: Condition::Range {
            lower: Some(Bound {
                value: Arc::new(Date32Array::from(vec![from])),
                inclusive: true,
            }),
            upper: None,
        },
    };
    let table = snapshot.table(table).expect("the table is there");
    let rollup = table.schema().rollups.first().map(|rollup| rollup.id);
    let request = ScanRequest {
        columns: [DAY, KEY, VALUE].map(ScanColumn::Table).to_vec(),
        partial: rollup.map(|rollup| PartialRequest {
            rollup,
            columns: [0, 1, 2].map(ColumnId).into(),
            keys: Vec::new(),
            conditions: Vec::new(),
            rest: vec![rest],
        }),
        ..ScanRequest::default()
    };
    let scan = table.scan(request)?;
    let (mut reader, mut totals) = (scan.reader(), Totals::new());
    while let Some(item) = reader.next()? {
        match item {
            ScanItem::Rows(batch) => {
                let rows: Vec<ArrayRef> = batch.compact().columns.iter().map(flatten).collect();
                add_rows(&mut totals, &rows);
            }
            ScanItem::Partials(batch) => {
                let partial: Vec<ArrayRef> = batch.columns.iter().map(flatten).collect();
                let days = partial[0].as_primitive::<Date32Type>();
                let (counts, sums) = (
                    partial[1].as_primitive::<Int64Type>(),
                    partial[2].as_primitive::<Int64Type>(),
                );
                for row in (0..batch.row_count).filter(|row| days.value(*row) < from) {
                    let total = totals.entry(days.value(row)).or_default();
                    *total = (total.0 + counts.value(row), total.1 + sums.value(row));
                }
            }
            ScanItem::Summaries(_) => panic!("no summaries were asked for"),
        }
    }
    Ok((totals, scan.statistics().segments_from_partials.load(Ordering::Relaxed)))
}

/// Likewise of rows.
pub(crate) fn totals_of<'a>(rows: impl Iterator<Item = &'a Row>) -> Totals {
    let mut totals = Totals::new();
    for (day, _, value, _) in rows.filter(|row| row.1 % 5 != 0) {
        let total = totals.entry(*day).or_default();
        *total = (total.0 + 1, total.1 + value);
    }
    totals
}

fn with_rollup(store: &dyn Store) -> (TableId, TableId) {
    let (id, of_rollup) = (store.next_table_id(), store.next_table_id());
    let schema = TableSchema {
        rollups: vec![rollup(of_rollup)],
        ..schema(id)
    };
    commit(store, vec![Change::CreateTable(Arc::new(schema))]).unwrap();
    (id, of_rollup)
}

fn options_with_maker() -> StoreOptions {
    StoreOptions {
        partial_maker: Some(Arc::new(TotalsByDay)),
        ..options()
    }
}

fn load(store: &dyn Store, table: TableId, rows: &[Row]) -> Arc<dyn BulkLoad> {
    let schema = store.snapshot().table(table).unwrap().schema().clone();
    let load = store.bulk_load(schema, 1 << 20).unwrap();
    load.append(batch(rows)).unwrap();
    load
}

fn load_and_commit(store: &dyn Store, table: TableId, rows: &[Row]) {
    let load = load(store, table, rows);
    let segments = load.finish().unwrap();
    commit(store, vec![Change::AddSegments(table, segments)]).unwrap();
}

#[test]
fn partials_stand_for_segments_whose_rows_are_all_there() {
    let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::default());
    let store = open_store(disk.clone(), options_with_maker()).unwrap();
    let (table, _) = with_rollup(&*store);
    let mut rows = some_rows(0, 300);
    load_and_commit(&*store, table, &rows);
    insert(&*store, table, &some_rows(300, 20)).unwrap();
    rows.extend(some_rows(300, 20));
    // A month each, and rows in memory.
    assert_eq!(totals(&*store.snapshot(), table).unwrap(), (totals_of(rows.iter()), 3));
    let change = delete_where(&*store.snapshot(), table, |row| row.1 == 31);
    commit(&*store, vec![change]).unwrap();
    rows.retain(|row| row.1 != 31);
    assert_eq!(totals(&*store.snapshot(), table).unwrap(), (totals_of(rows.iter()), 2));
    store.compact(None).unwrap();
    drop(store);
    let store = open_store(disk.clone(), options_with_maker()).unwrap();
    assert_eq!(totals(&*store.snapshot(), table).unwrap(), (totals_of(rows.iter()), 3));
    assert_eq!(store.check(&mut |_, _| {}).unwrap().problems, [] as [String; 0]);
}

#[test]
fn partials_that_are_missing_are_made() {
    let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::default());
    let store = open_store(disk.clone(), options_with_maker()).unwrap();
    let (table, of_rollup) = (store.next_table_id(), store.next_table_id());
    commit(&*store, vec![Change::CreateTable(Arc::new(schema(table)))]).unwrap();
    let mut rows = some_rows(0, 300);
    load_and_commit(&*store, table, &rows);
    let before = store.snapshot();
    let with_rollup = TableSchema {
        rollups: vec![rollup(of_rollup)],
        ..schema(table)
    };
    commit(&*store, vec![Change::AlterTable(Arc::new(with_rollup))]).unwrap();
    assert_eq!(totals(&*store.snapshot(), table).unwrap(), (totals_of(rows.iter()), 0));
    store.make_partials(table).unwrap();
    assert_eq!(totals(&*store.snapshot(), table).unwrap(), (totals_of(rows.iter()), 3));
    assert_eq!(read(&*before, table).len(), 300);
    // One of a segment of which rows are gone takes the place of the former one, for whoever comes later.
    let (whole, seen) = (rows.clone(), store.snapshot());
    let change = delete_where(&*store.snapshot(), table, |row| row.1 % 7 == 1 && row.0 < 31);
    commit(&*store, vec![change]).unwrap();
    rows.retain(|row| row.1 % 7 != 1 || row.0 >= 31);
    assert_eq!(totals(&*store.snapshot(), table).unwrap(), (totals_of(rows.iter()), 2));
    store.make_partials(table).unwrap();
    assert_eq!(totals(&*store.snapshot(), table).unwrap(), (totals_of(rows.iter()), 3));
    assert_eq!(totals(&*seen, table).unwrap(), (totals_of(whole.iter()), 3));
    drop((before, seen));
    drop(store);
    let store = open_store(disk.clone(), options_with_maker()).unwrap();
    assert_eq!(totals(&*store.snapshot(), table).unwrap(), (totals_of(rows.iter()), 3));
    assert_eq!(segment_files(&*disk, of_rollup).len(), 3);
    assert_eq!(store.check(&mut |_, _| {}).unwrap().problems, [] as [String; 0]);
}

#[test]
fn identities_that_the_log_alone_knows_of_are_not_given_again() {
    let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::default());
    let store = open_store(disk.clone(), options_with_maker()).unwrap();
    let (table, of_rollup) = with_rollup(&*store);
    load_and_commit(&*store, table, &some_rows(0, 300));
    drop(store);
    let store = open_store(disk.clone(), options_with_maker()).unwrap();
    load_and_commit(&*store, table, &some_rows(400, 3));
    let mut names = [segment_files(&*disk, table), segment_files(&*disk, of_rollup)].concat();
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn a_damaged_partial_is_found_and_never_believed() {
    let disk = FaultyDisk::new();
    let store = open_store(Arc::new(disk.clone()), options_with_maker()).unwrap();
    let (table, of_rollup) = with_rollup(&*store);
    load_and_commit(&*store, table, &some_rows(0, 30));
    drop(store);
    let name = segment_files(&disk, of_rollup).remove(0);
    let path = std::path::Path::new("tables").join(of_rollup.0.to_string()).join(name);
    let damaged = disk.restarted(PowerLoss::ProcessOnly);
    damaged.flip(&path, 20, 1);
    let store = open_store(Arc::new(damaged), options_with_maker()).unwrap();
    let found = totals(&*store.snapshot(), table);
    assert!(matches!(found, Err(Error::Corrupt { .. })), "{found:?}");
    assert_eq!(store.check(&mut |_, _| {}).unwrap().problems.len(), 1);
}

#[test]
fn rollups_and_loads_that_are_given_up_leave_no_files() {
    let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::default());
    let store = open_store(disk.clone(), options_with_maker()).unwrap();
    let (table, of_rollup) = with_rollup(&*store);
    let given_up = load(&*store, table, &some_rows(0, 30));
    given_up.finish().unwrap();
    assert_eq!(segment_files(&*disk, of_rollup).len(), 1);
    drop(given_up);
    assert!(segment_files(&*disk, of_rollup).is_empty() && segment_files(&*disk, table).is_empty());
    insert(&*store, table, &some_rows(0, 100)).unwrap();
    store.flush(None).unwrap();
    assert!(!segment_files(&*disk, of_rollup).is_empty());
    let mut schema = (**store.snapshot().table(table).unwrap().schema()).clone();
    schema.rollups.clear();
    commit(&*store, vec![Change::AlterTable(Arc::new(schema))]).unwrap();
    assert!(segment_files(&*disk, of_rollup).is_empty());
    assert_eq!(read(&*store.snapshot(), table).len(), 100);
    let request = ScanRequest {
        partial: Some(PartialRequest {
            rollup: of_rollup,
            columns: Vec::new(),
            keys: Vec::new(),
            conditions: Vec::new(),
            rest: Vec::new(),
        }),
        ..all_columns()
    };
    let refused = store.snapshot().table(table).unwrap().scan(request);
    assert!(matches!(refused.err(), Some(Error::Invalid { .. })));
}

#[test]
fn rows_come_beside_partials_that_are_asked_for_in_part() {
    let store = open_store(Arc::new(MemoryDisk::default()), options_with_maker()).unwrap();
    let (table, _) = with_rollup(&*store);
    let rows = some_rows(0, 3_000);
    load_and_commit(&*store, table, &rows[..1_000]);
    insert(&*store, table, &rows[1_000..2_000]).unwrap();
    store.flush(None).unwrap();
    insert(&*store, table, &rows[2_000..]).unwrap();
    let days: std::collections::BTreeSet<i32> = rows.iter().map(|row| row.0).collect();
    let (first, last) = (*days.first().unwrap(), *days.last().unwrap());
    assert!(last > first);
    for from in first - 1..=last + 1 {
        let (found, from_partials) = totals_but_from(&*store.snapshot(), table, from).unwrap();
        assert_eq!(found, totals_of(rows.iter()), "{from}");
        assert!(from_partials > 0);
    }
}

#[test]
fn identities_of_rollups_are_not_given_again_after_a_crash() {
    let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::default());
    let store = open_store(disk.clone(), options_with_maker()).unwrap();
    let (table, of_rollup) = (store.next_table_id(), store.next_table_id());
    commit(&*store, vec![Change::CreateTable(Arc::new(schema(table)))]).unwrap();
    let with_rollup = TableSchema {
        rollups: vec![rollup(of_rollup)],
        ..schema(table)
    };
    commit(&*store, vec![Change::AlterTable(Arc::new(with_rollup))]).unwrap();
    drop(store);
    let store = open_store(disk, options_with_maker()).unwrap();
    assert!(store.next_table_id() > of_rollup);
}
