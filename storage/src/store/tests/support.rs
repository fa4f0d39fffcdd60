//! Small tables and short calls for the tests of the store.

use crate::clock::ManualClock;
use crate::commit::{Change, Changes, CommitVersion, RowId};
use crate::disk::Disk;
use crate::error::Result;
use crate::scan::{ScanColumn, ScanItem, ScanRequest};
use crate::schema::{ColumnId, ColumnSchema, PartitionBy, PartitionUnit, TableId, TableSchema};
use crate::store::{Durability, Snapshot, Store, StoreOptions, open_on};
use crate::vector::{Batch, flatten};
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int64Type};
use arrow_array::{Array, ArrayRef, Date32Array, Int64Array, StringViewArray};
use arrow_schema::DataType;
use roaring::RoaringBitmap;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) const DAY: ColumnId = ColumnId(0);
pub(crate) const KEY: ColumnId = ColumnId(1);
pub(crate) const VALUE: ColumnId = ColumnId(2);
pub(crate) const NOTE: ColumnId = ColumnId(3);

/// A row of the test table: day, key, value, note.
pub(crate) type Row = (i32, i64, i64, Option<String>);

pub(crate) fn options() -> StoreOptions {
    StoreOptions {
        background: false,
        threads: 1,
        durability: Durability::Sync,
        ..StoreOptions::default()
    }
}

pub(crate) fn open_store(disk: Arc<dyn Disk>, options: StoreOptions) -> Result<Arc<dyn Store>> {
    open_on(disk, Arc::new(ManualClock::at(1_000_000)), options)
}

fn column(id: ColumnId, name: &str, data_type: DataType, nullable: bool) -> ColumnSchema {
    ColumnSchema {
        id,
        name: name.into(),
        data_type,
        nullable,
        missing_value: None,
    }
}

/// day date, key bigint, value bigint, note text; by month of day, ordered by key.
pub(crate) fn schema(id: TableId) -> TableSchema {
    TableSchema {
        id,
        columns: vec![
            column(DAY, "day", DataType::Date32, false),
            column(KEY, "key", DataType::Int64, false),
            column(VALUE, "value", DataType::Int64, false),
            column(NOTE, "note", DataType::Utf8View, true),
        ],
        next_column_id: 4,
        partition_by: Some(PartitionBy {
            column: DAY,
            unit: PartitionUnit::Month,
        }),
        sort_key: vec![KEY],
        bloom_columns: Vec::new(),
        retention_days: None,
        definition: Arc::from(&b"definition"[..]),
    }
}

pub(crate) fn batch(rows: &[Row]) -> Batch {
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Date32Array::from_iter_values(rows.iter().map(|row| row.0))),
        Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.1))),
        Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.2))),
        Arc::new(StringViewArray::from_iter(rows.iter().map(|row| row.3.clone()))),
    ];
    Batch::new(columns, rows.len())
}

pub(crate) fn commit(store: &dyn Store, changes: Vec<Change>) -> Result<CommitVersion> {
    let base = store.snapshot().version();
    store.commit(Changes { changes, cause: "test" }, base)
}

pub(crate) fn create_table(store: &dyn Store) -> TableId {
    let id = store.next_table_id();
    commit(store, vec![Change::CreateTable(Arc::new(schema(id)))]).unwrap();
    id
}

pub(crate) fn insert(store: &dyn Store, table: TableId, rows: &[Row]) -> Result<CommitVersion> {
    commit(store, vec![Change::Insert(table, batch(rows))])
}

pub(crate) fn all_columns() -> ScanRequest {
    let columns = [DAY, KEY, VALUE, NOTE].map(ScanColumn::Table);
    ScanRequest {
        columns: columns.into_iter().chain([ScanColumn::RowId]).collect(),
        ..ScanRequest::default()
    }
}

/// The batches of a scan, compacted and flattened.
pub(crate) fn batches(snapshot: &dyn Snapshot, table: TableId, request: ScanRequest) -> Result<Vec<Batch>> {
    let scan = snapshot.table(table).expect("the table is there").scan(request)?;
    let mut reader = scan.reader();
    let mut batches = Vec::new();
    while let Some(item) = reader.next()? {
        let ScanItem::Rows(batch) = item else {
            panic!("no summaries were asked for")
        };
        let mut batch = batch.compact();
        batch.columns = batch.columns.iter().map(flatten).collect();
        batches.push(batch);
    }
    Ok(batches)
}

/// Every visible row with its identity, in the order of the scan.
pub(crate) fn rows_of(batches: &[Batch]) -> Vec<(Row, RowId)> {
    let mut rows = Vec::new();
    for batch in batches {
        let day = batch.columns[0].as_primitive::<Date32Type>();
        let key = batch.columns[1].as_primitive::<Int64Type>();
        let value = batch.columns[2].as_primitive::<Int64Type>();
        let note = batch.columns[3].as_string_view();
        let id = batch.columns[4].as_primitive::<Int64Type>();
        for row in 0..batch.row_count {
            let text = note.is_valid(row).then(|| note.value(row).to_owned());
            let values = (day.value(row), key.value(row), value.value(row), text);
            rows.push((values, RowId::unpack(id.value(row))));
        }
    }
    rows
}

/// All rows, sorted.
pub(crate) fn read(snapshot: &dyn Snapshot, table: TableId) -> Vec<Row> {
    let batches = batches(snapshot, table, all_columns()).unwrap();
    let mut rows: Vec<Row> = rows_of(&batches).into_iter().map(|(row, _)| row).collect();
    rows.sort();
    assert_eq!(rows.len() as u64, snapshot.table(table).unwrap().row_count());
    rows
}

/// The change that deletes the rows which a test picks.
pub(crate) fn delete_where(snapshot: &dyn Snapshot, table: TableId, picked: impl Fn(&Row) -> bool) -> Change {
    let mut sets: BTreeMap<_, RoaringBitmap> = BTreeMap::new();
    for (row, id) in rows_of(&batches(snapshot, table, all_columns()).unwrap()) {
        if picked(&row) {
            sets.entry(id.part).or_default().insert(id.row);
        }
    }
    Change::Delete(table, sets.into_iter().collect())
}

/// `count` rows with keys from `first` on, over three months.
pub(crate) fn some_rows(first: i64, count: i64) -> Vec<Row> {
    (first..first + count)
        .map(|key| {
            let note = (key % 3 != 0).then(|| format!("note number {key} of many"));
            ((key % 90) as i32, key, key * 10, note)
        })
        .collect()
}
