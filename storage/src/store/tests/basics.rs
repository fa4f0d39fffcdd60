//! One session at a time: commits, deletes, definitions, conflicts, restarts.

use super::support::*;
use crate::commit::{Change, CommitVersion};
use crate::disk::{Disk, MemoryDisk};
use crate::error::Error;
use crate::predicate::{Bound, ColumnPredicate, Condition};
use crate::scan::ScanRequest;
use crate::schema::{ColumnId, ColumnSchema};
use crate::store::open;
use arrow_array::{Array, Int64Array, StringViewArray};
use arrow_schema::DataType;
use std::sync::Arc;

#[test]
fn rows_and_deletes_are_there_after_a_restart() {
    let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::default());
    let store = open_store(disk.clone(), options()).unwrap();
    let table = create_table(&*store);
    let rows = some_rows(0, 300);
    for piece in rows.chunks(7) {
        insert(&*store, table, piece).unwrap();
    }
    let change = delete_where(&*store.snapshot(), table, |row| row.1 % 5 == 0);
    let version = commit(&*store, vec![change]).unwrap();
    let kept: Vec<_> = rows.into_iter().filter(|row| row.1 % 5 != 0).collect();
    let mut kept = kept;
    kept.sort();
    assert_eq!(read(&*store.snapshot(), table), kept);
    drop(store);
    for clean in [false, true, false] {
        let store = open_store(disk.clone(), options()).unwrap();
        assert_eq!(store.snapshot().version(), version);
        assert_eq!(read(&*store.snapshot(), table), kept);
        let latest = store.commits(1).remove(0);
        assert_eq!((latest.rows_inserted, latest.rows_deleted), (0, 60));
        if clean {
            store.close(true).unwrap();
            assert!(matches!(
                insert(&*store, table, &some_rows(0, 1)),
                Err(Error::Poisoned { .. })
            ));
        }
    }
}

#[test]
fn a_folder_opens_once_and_again_after_it_was_closed() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path(), options()).unwrap();
    let table = create_table(&*store);
    insert(&*store, table, &some_rows(0, 10)).unwrap();
    assert!(matches!(open(folder.path(), options()), Err(Error::Locked { .. })));
    store.close(false).unwrap();
    let store = open(folder.path(), options()).unwrap();
    assert_eq!(read(&*store.snapshot(), table).len(), 10);
}

#[test]
fn a_row_is_deleted_once() {
    let store = open_store(Arc::new(MemoryDisk::default()), options()).unwrap();
    let table = create_table(&*store);
    insert(&*store, table, &some_rows(0, 10)).unwrap();
    let base = store.snapshot();
    let first = delete_where(&*base, table, |row| row.1 < 3);
    let second = delete_where(&*base, table, |row| row.1 == 2);
    commit(&*store, vec![first]).unwrap();
    let before = store.snapshot().version();
    assert!(matches!(commit(&*store, vec![second]), Err(Error::Conflict { .. })));
    assert_eq!(store.snapshot().version(), before, "a refused commit takes no version");
    assert_eq!(read(&*base, table).len(), 10, "a snapshot never changes");
}

#[test]
fn a_commit_happens_whole_or_not_at_all() {
    let store = open_store(Arc::new(MemoryDisk::default()), options()).unwrap();
    let table = create_table(&*store);
    let gone = Change::Truncate(crate::schema::TableId(999));
    let rows = Change::Insert(table, batch(&some_rows(0, 10)));
    assert!(commit(&*store, vec![rows, gone]).is_err());
    assert_eq!(read(&*store.snapshot(), table), []);
    assert_eq!(store.snapshot().version(), CommitVersion(1));
}

#[test]
fn an_added_column_has_its_default_in_older_rows() {
    let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::default());
    let store = open_store(disk.clone(), options()).unwrap();
    let table = create_table(&*store);
    insert(&*store, table, &some_rows(0, 10)).unwrap();
    let mut next = schema(table);
    next.columns.push(ColumnSchema {
        id: ColumnId(4),
        name: "added".into(),
        data_type: DataType::Utf8View,
        nullable: false,
        missing_value: Some(Arc::new(StringViewArray::from(vec!["before"]))),
    });
    next.next_column_id = 5;
    commit(&*store, vec![Change::AlterTable(Arc::new(next))]).unwrap();
    let mut wider = batch(&some_rows(10, 5));
    assert!(
        insert(&*store, table, &some_rows(10, 5)).is_err(),
        "rows must have the new column"
    );
    wider.columns.push(Arc::new(StringViewArray::from(vec!["after"; 5])));
    commit(&*store, vec![Change::Insert(table, wider)]).unwrap();
    let store = {
        drop(store);
        open_store(disk, options()).unwrap()
    };
    let request = ScanRequest {
        columns: vec![crate::scan::ScanColumn::Table(ColumnId(4))],
        ..ScanRequest::default()
    };
    let batches = batches(&*store.snapshot(), table, request).unwrap();
    let values: Vec<String> = batches
        .iter()
        .flat_map(|batch| {
            let column: &StringViewArray = batch.columns[0].as_any().downcast_ref().unwrap();
            (0..column.len())
                .map(|row| column.value(row).to_owned())
                .collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(values, [vec!["before"; 10], vec!["after"; 5]].concat());
}

#[test]
fn predicates_leave_the_rows_that_meet_them() {
    let store = open_store(Arc::new(MemoryDisk::default()), options()).unwrap();
    let table = create_table(&*store);
    insert(&*store, table, &some_rows(0, 100)).unwrap();
    let bound = |value: i64| Bound {
        value: Arc::new(Int64Array::from(vec![value])),
        inclusive: true,
    };
    let request = ScanRequest {
        predicates: vec![
            ColumnPredicate {
                column: KEY,
                condition: Condition::Range {
                    lower: Some(bound(10)),
                    upper: Some(bound(20)),
                },
            },
            ColumnPredicate {
                column: NOTE,
                condition: Condition::IsNull,
            },
        ],
        ..all_columns()
    };
    let batches = batches(&*store.snapshot(), table, request).unwrap();
    let keys: Vec<i64> = rows_of(&batches).iter().map(|(row, _)| row.1).collect();
    assert_eq!(keys, [12, 15, 18]);
}

#[test]
fn objects_conflict_where_they_changed_meanwhile() {
    let store = open_store(Arc::new(MemoryDisk::default()), options()).unwrap();
    let put = |bytes: &[u8], base| {
        let changes = vec![Change::PutObject("view".into(), Some(Arc::from(bytes)))];
        store.commit(
            crate::commit::Changes {
                changes,
                cause: "test".into(),
            },
            base,
        )
    };
    let base = store.snapshot().version();
    put(b"one", base).unwrap();
    assert!(matches!(put(b"two", base), Err(Error::Conflict { .. })));
    put(b"three", store.snapshot().version()).unwrap();
    assert_eq!(store.snapshot().object("view").as_deref(), Some(&b"three"[..]));
}

#[test]
fn an_overlay_is_read_like_a_version_and_seen_by_nobody_else() {
    let store = open_store(Arc::new(MemoryDisk::default()), options()).unwrap();
    let table = create_table(&*store);
    insert(&*store, table, &some_rows(0, 10)).unwrap();
    let base = store.snapshot();
    let changes = vec![
        delete_where(&*base, table, |row| row.1 < 3),
        Change::Insert(table, batch(&some_rows(20, 5))),
    ];
    let (first, places) = store.overlay(&base, changes, None).unwrap();
    assert_eq!(read(&*first, table).len(), 12);
    let deleted = delete_where(&*first, table, |row| row.1 == 21);
    assert!(matches!(&deleted, Change::Delete(_, sets) if sets[0].0 == places[0].part));
    let own_from = places[0].part;
    let (second, _) = store.overlay(&first, vec![deleted], Some(own_from)).unwrap();
    assert_eq!(read(&*second, table).len(), 11);
    let more = vec![Change::Insert(table, batch(&some_rows(30, 2)))];
    let (joined, places) = store.overlay(&second, more, Some(own_from)).unwrap();
    assert_eq!((places[0].part, places[0].row), (own_from, 5));
    assert_eq!((read(&*joined, table).len(), read(&*second, table).len()), (13, 11));
    assert_eq!(second.version(), base.version());
    let id = store.next_table_id();
    let made = vec![
        Change::CreateTable(Arc::new(schema(id))),
        Change::Insert(id, batch(&some_rows(0, 4))),
        Change::AlterTable(Arc::new(schema(id))),
        Change::PutObject("name".into(), Some(Arc::from(&b"one"[..]))),
        Change::PutObject("name".into(), Some(Arc::from(&b"two"[..]))),
    ];
    let (third, _) = store.overlay(&second, made.clone(), Some(own_from)).unwrap();
    assert_eq!(read(&*third, id).len(), 4);
    assert_eq!(read(&*store.snapshot(), table).len(), 10);
    assert_eq!(store.snapshot().definition_version(), CommitVersion(1));
    let version = commit(&*store, made).unwrap();
    assert_eq!(read(&*store.snapshot(), id).len(), 4);
    assert_eq!(store.snapshot().definition_version(), version);
    assert_eq!(store.snapshot().object("name").as_deref(), Some(&b"two"[..]));
}
