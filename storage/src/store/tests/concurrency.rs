//! Readers, writers, sealing and merging at once: every reader sees whole commits, and versions never go back.

use super::support::*;
use crate::commit::Change;
use crate::disk::MemoryDisk;
use crate::error::Error;
use crate::schema::TableId;
use crate::store::{Store, StoreOptions};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Rows of a commit: their values sum to zero.
fn balanced(first: i64) -> Vec<Row> {
    (0..10)
        .map(|at| {
            (
                (first % 60) as i32,
                first + at,
                if at % 2 == 0 { first } else { -first },
                None,
            )
        })
        .collect()
}

fn read_on(store: &dyn Store, table: TableId, done: &AtomicBool, reads: &AtomicU64) {
    let mut last = 0;
    while !done.load(Ordering::Relaxed) {
        let snapshot = store.snapshot();
        assert!(snapshot.version().0 >= last, "a reader goes back in time");
        last = snapshot.version().0;
        for _ in 0..2 {
            let rows = read(&*snapshot, table);
            assert_eq!(rows.iter().map(|row| row.2).sum::<i64>(), 0, "a commit is seen in part");
            assert!(rows.windows(2).all(|pair| pair[0] != pair[1]), "a row is there twice");
            assert_eq!(rows.len() % 10, 0);
        }
        reads.fetch_add(1, Ordering::Relaxed);
    }
}

fn delete_on(store: &dyn Store, table: TableId, done: &AtomicBool, deleted: &AtomicU64) {
    let mut commit_number = 0;
    while !done.load(Ordering::Relaxed) {
        let first = commit_number * 10;
        let change = delete_where(&*store.snapshot(), table, |row| (first..first + 10).contains(&row.1));
        let Change::Delete(_, sets) = &change else { return };
        if sets.is_empty() {
            std::thread::yield_now();
            continue;
        }
        match commit(store, vec![change]) {
            Ok(_) => {
                commit_number += 3;
                deleted.fetch_add(10, Ordering::Relaxed);
            }
            // Its rows were sealed or merged meanwhile: look again.
            Err(Error::Conflict { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn readers_see_whole_commits_while_rows_are_sealed_merged_and_deleted() {
    let options = StoreOptions {
        memtable_rows_max: 300,
        background: true,
        compaction_rows_min: 100_000,
        ..options()
    };
    let store = open_store(Arc::new(MemoryDisk::default()), options).unwrap();
    let table = create_table(&*store);
    let done = AtomicBool::new(false);
    let (inserted, deleted, reads) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| read_on(&*store, table, &done, &reads));
        scope.spawn(|| delete_on(&*store, table, &done, &deleted));
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                store.flush(None).unwrap();
                store.compact(None).unwrap();
            }
        });
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_millis(1_500) {
            let first = inserted.fetch_add(10, Ordering::Relaxed) as i64;
            insert(&*store, table, &balanced(first)).unwrap();
        }
        done.store(true, Ordering::Relaxed);
    });
    let expected = inserted.into_inner() - deleted.into_inner();
    assert_eq!(read(&*store.snapshot(), table).len() as u64, expected);
    assert!(reads.into_inner() > 0);
    store.compact(None).unwrap();
    assert_eq!(read(&*store.snapshot(), table).len() as u64, expected);
    store.close(true).unwrap();
}

/// Whoever waits for a group that another thread writes must be woken, whatever the order in which they come and are told.
#[test]
fn every_committer_is_told() {
    const COMMITTERS: u64 = 16;
    const COMMITS: u64 = 400;
    let store = open_store(Arc::new(MemoryDisk::default()), options()).unwrap();
    let table = create_table(&*store);
    let (sender, told) = std::sync::mpsc::channel();
    for committer in 0..COMMITTERS {
        let (store, sender) = (store.clone(), sender.clone());
        std::thread::spawn(move || {
            for number in 0..COMMITS {
                let first = (committer * COMMITS + number) as i64;
                insert(&*store, table, &some_rows(first, 1)).unwrap();
            }
            sender.send(committer).unwrap();
        });
    }
    for at in 0..COMMITTERS {
        let told = told.recv_timeout(Duration::from_secs(60));
        assert!(told.is_ok(), "{} committers still wait", COMMITTERS - at);
    }
    assert_eq!(read(&*store.snapshot(), table).len() as u64, COMMITTERS * COMMITS);
    store.close(true).unwrap();
}
