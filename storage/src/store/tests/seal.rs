//! Sealing, merging and retention: the same rows before and after, whoever reads or deletes meanwhile.

use super::support::*;
use crate::clock::ManualClock;
use crate::commit::{Change, Changes, CommitVersion};
use crate::disk::{Disk, MemoryDisk};
use crate::error::Error;
use crate::scan::{ScanColumn, ScanRequest};
use crate::schema::{ColumnId, ColumnSchema};
use crate::store::{Store, open_on};
use crate::vector::{Batch, flatten};
use arrow_array::Int64Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_schema::DataType;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

fn sorted(mut rows: Vec<Row>) -> Vec<Row> {
    rows.sort();
    rows
}

/// Commits by key.
fn versions(store: &dyn Store, table: crate::schema::TableId) -> Vec<(i64, i64)> {
    let request = ScanRequest {
        columns: vec![ScanColumn::Table(KEY), ScanColumn::CommitVersion],
        ..ScanRequest::default()
    };
    let mut found = Vec::new();
    for batch in batches(&*store.snapshot(), table, request).unwrap() {
        let (keys, versions) = (flatten(&batch.columns[0]), flatten(&batch.columns[1]));
        let keys = keys.as_primitive::<Int64Type>().values().iter().copied();
        found.extend(keys.zip(versions.as_primitive::<Int64Type>().values().iter().copied()));
    }
    found.sort_unstable();
    found
}

#[test]
fn sealed_rows_keep_values_versions_and_deletes_and_the_log_goes() {
    let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::default());
    let store = open_store(disk.clone(), options()).unwrap();
    let table = create_table(&*store);
    for piece in some_rows(0, 3_000).chunks(100) {
        insert(&*store, table, piece).unwrap();
    }
    let change = delete_where(&*store.snapshot(), table, |row| row.1 % 10 == 0);
    commit(&*store, vec![change]).unwrap();
    let (rows, commits) = (read(&*store.snapshot(), table), versions(&*store, table));
    let before = store.snapshot();
    store.flush(None).unwrap();
    let after = store.snapshot();
    assert_eq!(after.version(), before.version(), "sealing takes no version");
    assert_eq!(after.table(table).unwrap().memtable_rows(), 0);
    assert_eq!(after.table(table).unwrap().segments().len(), 3);
    for snapshot in [&before, &after] {
        assert_eq!(read(&**snapshot, table), rows);
    }
    assert_eq!(versions(&*store, table), commits);
    insert(&*store, table, &some_rows(3_000, 10)).unwrap();
    let rows = read(&*store.snapshot(), table);
    drop(store);
    for _ in 0..2 {
        let store = open_store(disk.clone(), options()).unwrap();
        assert_eq!(read(&*store.snapshot(), table), rows);
        store.flush(None).unwrap();
        assert_eq!(read(&*store.snapshot(), table), rows);
        assert_eq!(disk.list(Path::new("log")).unwrap().len(), 1);
    }
}

#[test]
fn rows_deleted_while_others_seal_or_merge_stay_deleted() {
    let disk = HookDisk::new(Arc::new(MemoryDisk::default()));
    let store = open_store(disk.clone(), options()).unwrap();
    let table = create_table(&*store);
    let doomed = Arc::new(AtomicU64::new(0));
    let hook = {
        let (weak, doomed) = (Arc::downgrade(&store), doomed.clone());
        move |_: &Path| {
            let store = weak.upgrade().unwrap();
            let key = doomed.fetch_add(1, Ordering::Relaxed) as i64;
            let change = delete_where(&*store.snapshot(), table, |row| row.1 == key);
            commit(&*store, vec![change]).unwrap();
            insert(&*store, table, &[(1, 1_000_000 + key, 0, None)]).unwrap();
        }
    };
    insert(&*store, table, &some_rows(0, 1_000)).unwrap();
    disk.set(hook);
    store.flush(Some(table)).unwrap();
    insert(&*store, table, &some_rows(1_000, 1_000)).unwrap();
    store.flush(Some(table)).unwrap();
    store.compact(Some(table)).unwrap();
    let gone = doomed.load(Ordering::Relaxed) as i64;
    assert!(gone >= 6, "{gone} rows deleted");
    let expected = |row: &Row| row.1 >= gone;
    let mut rows: Vec<Row> = some_rows(0, 2_000).into_iter().filter(expected).collect();
    rows.extend((0..gone).map(|key| (1, 1_000_000 + key, 0, None)));
    let rows = sorted(rows);
    assert_eq!(read(&*store.snapshot(), table), rows);
    *disk.hook.lock() = None;
    drop(store);
    let store = open_store(disk.clone(), options()).unwrap();
    assert_eq!(read(&*store.snapshot(), table), rows);
}

#[test]
fn a_delete_of_an_older_snapshot_finds_rows_that_were_sealed_and_merged_since() {
    let store = open_store(Arc::new(MemoryDisk::default()), options()).unwrap();
    let table = create_table(&*store);
    insert(&*store, table, &some_rows(0, 500)).unwrap();
    let old = store.snapshot();
    let delete = delete_where(&*old, table, |row| row.1 % 2 == 0);
    let late = delete_where(&*old, table, |row| row.1 == 4 || row.1 == 5);
    store.flush(None).unwrap();
    insert(&*store, table, &some_rows(500, 500)).unwrap();
    store.flush(None).unwrap();
    store.compact(None).unwrap();
    let changes = |change| Changes {
        changes: vec![change],
        cause: "test".into(),
    };
    store.commit(changes(delete), old.version()).unwrap();
    let kept: Vec<Row> = some_rows(0, 1_000)
        .into_iter()
        .filter(|row| row.1 >= 500 || row.1 % 2 == 1)
        .collect();
    assert_eq!(read(&*store.snapshot(), table), sorted(kept.clone()));
    let refused = store.commit(changes(late.clone()), old.version());
    assert!(matches!(refused, Err(Error::Conflict { .. })), "{refused:?}");
    store.flush(None).unwrap();
    store.compact(None).unwrap();
    let refused = store.commit(changes(late), old.version());
    assert!(matches!(refused, Err(Error::Conflict { .. })), "{refused:?}");
    assert_eq!(read(&*store.snapshot(), table), sorted(kept));
}

#[test]
fn merging_leaves_few_segments_and_snapshots_keep_theirs() {
    let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::default());
    let store = open_store(disk.clone(), options()).unwrap();
    let table = create_table(&*store);
    for round in 0..6 {
        insert(&*store, table, &some_rows(round * 500, 500)).unwrap();
        store.flush(None).unwrap();
    }
    let change = delete_where(&*store.snapshot(), table, |row| row.0 >= 59 || row.1 == 7);
    commit(&*store, vec![change]).unwrap();
    let (old, commits) = (store.snapshot(), versions(&*store, table));
    let rows = read(&*old, table);
    assert_eq!(segment_files(&*disk, table).len(), 18);
    store.compact(None).unwrap();
    let now = store.snapshot();
    assert_eq!(
        now.table(table).unwrap().segments().len(),
        2,
        "the third month is empty"
    );
    for snapshot in [&old, &now] {
        assert_eq!(read(&**snapshot, table), rows);
    }
    assert_eq!(versions(&*store, table), commits);
    assert_eq!(
        segment_files(&*disk, table).len(),
        20,
        "files stay while a snapshot reads them"
    );
    drop(old);
    assert_eq!(segment_files(&*disk, table).len(), 2);
    drop((store, now));
    let store = open_store(disk, options()).unwrap();
    assert_eq!(read(&*store.snapshot(), table), rows);
}

#[test]
fn a_table_truncated_while_it_seals_is_empty_and_leaves_no_files() {
    let disk = HookDisk::new(Arc::new(MemoryDisk::default()));
    let store = open_store(disk.clone(), options()).unwrap();
    let table = create_table(&*store);
    insert(&*store, table, &some_rows(0, 100)).unwrap();
    let weak = Arc::downgrade(&store);
    disk.set(move |_| {
        let store = weak.upgrade().unwrap();
        commit(&*store, vec![Change::Truncate(table)]).unwrap();
    });
    store.flush(None).unwrap();
    assert_eq!(read(&*store.snapshot(), table), []);
    assert!(segment_files(&*disk, table).is_empty());
}

#[test]
fn columns_added_and_dropped_between_rows_come_out_right() {
    let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::default());
    let store = open_store(disk.clone(), options()).unwrap();
    let table = create_table(&*store);
    insert(&*store, table, &some_rows(0, 50)).unwrap();
    store.flush(None).unwrap();
    insert(&*store, table, &some_rows(50, 50)).unwrap();
    let mut next = schema(table);
    next.columns.retain(|column| column.id != VALUE);
    next.columns.push(ColumnSchema {
        id: ColumnId(4),
        name: "added".into(),
        data_type: DataType::Int64,
        nullable: false,
        missing_value: Some(Arc::new(Int64Array::from(vec![-1]))),
    });
    next.next_column_id = 5;
    commit(&*store, vec![Change::AlterTable(Arc::new(next))]).unwrap();
    let mut rows = batch(&some_rows(100, 50));
    rows.columns.remove(2);
    rows.columns.push(Arc::new(Int64Array::from_iter_values(100..150)));
    commit(&*store, vec![Change::Insert(table, rows)]).unwrap();
    let added = |store: &dyn Store| {
        let request = ScanRequest {
            columns: [KEY, ColumnId(4)].map(ScanColumn::Table).to_vec(),
            ..ScanRequest::default()
        };
        let mut rows = Vec::new();
        for batch in batches(&*store.snapshot(), table, request).unwrap() {
            let column = |at: usize| batch.columns[at].as_primitive::<Int64Type>().values().to_vec();
            rows.extend(column(0).into_iter().zip(column(1)));
        }
        rows.sort_unstable();
        rows
    };
    let expected: Vec<(i64, i64)> = (0..150).map(|key| (key, if key < 100 { -1 } else { key })).collect();
    assert_eq!(added(&*store), expected);
    store.flush(None).unwrap();
    assert_eq!(added(&*store), expected);
    store.compact(None).unwrap();
    assert_eq!(added(&*store), expected);
    assert_eq!(store.snapshot().table(table).unwrap().segments().len(), 3);
    drop(store);
    assert_eq!(added(&*open_store(disk, options()).unwrap()), expected);
}

#[test]
fn rows_without_columns_are_still_rows() {
    let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::default());
    let store = open_store(disk.clone(), options()).unwrap();
    let table = store.next_table_id();
    let mut bare = schema(table);
    (bare.columns, bare.partition_by, bare.sort_key) = (Vec::new(), None, Vec::new());
    commit(&*store, vec![Change::CreateTable(Arc::new(bare))]).unwrap();
    for _ in 0..3 {
        commit(&*store, vec![Change::Insert(table, Batch::new(Vec::new(), 5))]).unwrap();
        store.flush(None).unwrap();
    }
    store.compact(None).unwrap();
    for _ in 0..2 {
        let store = open_store(disk.clone(), options()).unwrap();
        assert_eq!(store.snapshot().table(table).unwrap().row_count(), 15);
        let rows = batches(&*store.snapshot(), table, ScanRequest::default()).unwrap();
        assert_eq!(rows.iter().map(|batch| batch.row_count).sum::<usize>(), 15);
    }
}

#[test]
fn partitions_beyond_retention_go_with_a_commit() {
    let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::default());
    let clock = Arc::new(ManualClock::at(0));
    let store = open_on(disk.clone(), clock.clone(), options()).unwrap();
    let table = store.next_table_id();
    let mut definition = schema(table);
    definition.retention_days = Some(10);
    commit(&*store, vec![Change::CreateTable(Arc::new(definition))]).unwrap();
    insert(&*store, table, &some_rows(0, 900)).unwrap();
    let day = 86_400_000_000i64;
    clock.advance(40 * day);
    store.apply_retention().unwrap();
    assert_eq!(
        store.snapshot().version(),
        CommitVersion(2),
        "January ended nine days ago"
    );
    clock.advance(day);
    store.apply_retention().unwrap();
    let latest = store.commits(1).remove(0);
    assert_eq!((latest.cause.as_str(), latest.rows_deleted), ("retention", 310));
    let kept: Vec<Row> = some_rows(0, 900).into_iter().filter(|row| row.0 >= 31).collect();
    assert_eq!(read(&*store.snapshot(), table), sorted(kept.clone()));
    drop(store);
    let store = open_store(disk.clone(), options()).unwrap();
    assert_eq!(read(&*store.snapshot(), table), sorted(kept));
    assert_eq!(segment_files(&*disk, table).len(), 2);
}

#[test]
fn the_background_seals_by_size_and_commits_wait_for_room() {
    let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::default());
    let mut small = options();
    small.background = true;
    small.memtable_bytes_max = 200_000;
    small.memtable_rows_max = 1_000_000;
    let store = open_store(disk.clone(), small.clone()).unwrap();
    let table = create_table(&*store);
    for piece in some_rows(0, 20_000).chunks(500) {
        insert(&*store, table, piece).unwrap();
        let rows = store.snapshot().table(table).unwrap().memtable_rows();
        assert!(rows < 10_000, "{rows} rows in memory");
    }
    assert!(!store.snapshot().table(table).unwrap().segments().is_empty());
    assert_eq!(read(&*store.snapshot(), table), sorted(some_rows(0, 20_000)));
    store.close(true).unwrap();
    assert!(matches!(store.flush(None), Err(Error::Poisoned { .. })));
    let store = open_store(disk, small).unwrap();
    assert_eq!(read(&*store.snapshot(), table), sorted(some_rows(0, 20_000)));
    assert_eq!(store.snapshot().table(table).unwrap().memtable_rows(), 0);
}

#[test]
fn a_panic_in_the_background_stops_the_store_and_says_so() {
    let disk = HookDisk::new(Arc::new(MemoryDisk::default()));
    let mut small = options();
    small.background = true;
    small.memtable_rows_max = 10;
    let store = open_store(disk.clone(), small).unwrap();
    let table = create_table(&*store);
    disk.set(|_| panic!("planted"));
    insert(&*store, table, &some_rows(0, 100)).unwrap();
    let stopped = (0..200).find_map(|_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        insert(&*store, table, &some_rows(0, 1)).err()
    });
    match stopped {
        Some(Error::Poisoned { reason }) => assert!(reason.contains("planted"), "{reason}"),
        other => panic!("{other:?}"),
    }
    assert!(!store.snapshot().tables().is_empty(), "reading goes on");
}
