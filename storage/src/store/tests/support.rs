//! Small tables and short calls for the tests of the store.

use crate::clock::ManualClock;
use crate::commit::{Change, Changes, CommitVersion, RowId};
use crate::disk::{AppendFile, Disk, FileBytes};
use crate::error::Result;
use crate::scan::{ScanColumn, ScanItem, ScanRequest};
use crate::schema::{ColumnId, ColumnSchema, PartitionBy, PartitionUnit, TableId, TableSchema};
use crate::store::{Durability, RowChange, Snapshot, Store, StoreOptions, TableSnapshot, open_on};
use crate::vector::{Batch, flatten};
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int64Type};
use arrow_array::{Array, ArrayRef, Date32Array, Int64Array, StringViewArray};
use arrow_schema::DataType;
use parking_lot::Mutex;
use roaring::RoaringBitmap;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
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
        history_ms: 0,
        rollups: Vec::new(),
        keys: Vec::new(),
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
    store.commit(
        Changes {
            changes,
            cause: "test".into(),
        },
        base,
    )
}

pub(crate) fn create_table(store: &dyn Store) -> TableId {
    create_table_with_history(store, 0)
}

pub(crate) fn create_table_with_history(store: &dyn Store, history_ms: u64) -> TableId {
    let id = store.next_table_id();
    let schema = TableSchema {
        history_ms,
        ..schema(id)
    };
    commit(store, vec![Change::CreateTable(Arc::new(schema))]).unwrap();
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
    batches_of(&*snapshot.table(table).expect("the table is there"), request)
}

fn batches_of(table: &dyn TableSnapshot, request: ScanRequest) -> Result<Vec<Batch>> {
    let scan = table.scan(request)?;
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
    try_read(snapshot, table).unwrap()
}

/// Likewise, of a version that may be gone.
pub(crate) fn try_read(snapshot: &dyn Snapshot, table: TableId) -> Result<Vec<Row>> {
    let batches = batches(snapshot, table, all_columns())?;
    let mut rows: Vec<Row> = rows_of(&batches).into_iter().map(|(row, _)| row).collect();
    rows.sort();
    assert_eq!(rows.len() as u64, snapshot.table(table).unwrap().row_count());
    Ok(rows)
}

/// The rows that commits after a version brought or took away, up to a snapshot's, each with its commit, sorted.
pub(crate) fn read_changes(
    snapshot: &dyn Snapshot,
    table: TableId,
    change: RowChange,
    after: CommitVersion,
) -> Result<Vec<(Row, u64)>> {
    let version = match change {
        RowChange::Added => ScanColumn::CommitVersion,
        RowChange::Removed => ScanColumn::DeleteVersion,
    };
    let mut request = all_columns();
    request.columns.push(version);
    let changed = snapshot
        .changes(table, change, Some(after))?
        .expect("the table is there");
    let count = changed.row_count();
    let batches = batches_of(&*changed, request)?;
    let versions = batches.iter().flat_map(|batch| {
        let versions = batch.columns[5].as_primitive::<Int64Type>();
        assert_eq!(versions.null_count(), 0, "a change without a commit");
        versions.values().to_vec()
    });
    let rows = rows_of(&batches).into_iter().map(|(row, _)| row);
    let mut rows: Vec<(Row, u64)> = rows.zip(versions.map(|version| version as u64)).collect();
    rows.sort();
    assert_eq!(rows.len() as u64, count);
    Ok(rows)
}

/// That what an older version had, what came and what went since give what a snapshot has, by the commits between.
pub(crate) fn check_changes(snapshot: &dyn Snapshot, table: TableId, after: CommitVersion, then: &[Row]) {
    let of = |change| read_changes(snapshot, table, change, after).unwrap();
    let (added, removed) = (of(RowChange::Added), of(RowChange::Removed));
    let mut counts: BTreeMap<&Row, i64> = BTreeMap::new();
    then.iter().for_each(|row| *counts.entry(row).or_default() += 1);
    for (rows, sign) in [(&added, 1), (&removed, -1)] {
        for (row, version) in rows {
            assert!(*version > after.0 && *version <= snapshot.version().0);
            *counts.entry(row).or_default() += sign;
        }
    }
    let expected = read(snapshot, table);
    let found = counts.into_iter().flat_map(|(row, count)| {
        assert!(count >= 0, "{row:?} went and was not there");
        std::iter::repeat_n(row.clone(), count as usize)
    });
    assert_eq!(found.collect::<Vec<Row>>(), expected, "since {after:?}");
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

type Hook = Box<dyn FnMut(&Path) + Send>;

/// A disk that calls back before a segment's file is made.
pub(crate) struct HookDisk {
    pub(crate) inner: Arc<dyn Disk>,
    pub(crate) hook: Mutex<Option<Hook>>,
}

impl HookDisk {
    pub(crate) fn new(inner: Arc<dyn Disk>) -> Arc<Self> {
        let hook = Mutex::new(None);
        Arc::new(HookDisk { inner, hook })
    }

    pub(crate) fn set(&self, hook: impl FnMut(&Path) + Send + 'static) {
        *self.hook.lock() = Some(Box::new(hook));
    }
}

impl Disk for HookDisk {
    fn create(&self, path: &Path) -> Result<Box<dyn AppendFile>> {
        if path.extension().is_some_and(|extension| extension == "segment") {
            // Taken out while it runs: what it does may make files itself.
            let hook = self.hook.lock().take();
            if let Some(mut hook) = hook {
                hook(path);
                self.hook.lock().get_or_insert(hook);
            }
        }
        self.inner.create(path)
    }
    fn open_append(&self, path: &Path, length_bytes: u64) -> Result<Box<dyn AppendFile>> {
        self.inner.open_append(path, length_bytes)
    }
    fn map(&self, path: &Path) -> Result<Arc<dyn FileBytes>> {
        self.inner.map(path)
    }
    fn read(&self, path: &Path) -> Result<Vec<u8>> {
        self.inner.read(path)
    }
    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        self.inner.rename(from, to)
    }
    fn remove(&self, path: &Path) -> Result<()> {
        self.inner.remove(path)
    }
    fn list(&self, folder: &Path) -> Result<Vec<String>> {
        self.inner.list(folder)
    }
    fn create_folder(&self, folder: &Path) -> Result<()> {
        self.inner.create_folder(folder)
    }
    fn sync_folder(&self, folder: &Path) -> Result<()> {
        self.inner.sync_folder(folder)
    }
    fn length_bytes(&self, path: &Path) -> Result<Option<u64>> {
        self.inner.length_bytes(path)
    }
    fn free_bytes(&self) -> Result<u64> {
        self.inner.free_bytes()
    }
    fn describe(&self, path: &Path) -> PathBuf {
        self.inner.describe(path)
    }
}

/// Names of the segment files of a table.
pub(crate) fn segment_files(disk: &dyn Disk, table: TableId) -> Vec<String> {
    disk.list(&Path::new("tables").join(table.0.to_string())).unwrap()
}
