//! Older versions: read row by row as they were, through sealing, merging, truncation, retention and a restart, until their time is over.

use super::support::*;
use crate::clock::ManualClock;
use crate::commit::{Change, CommitVersion};
use crate::disk::{FaultyDisk, PowerLoss};
use crate::error::Error;
use crate::schema::{ColumnId, ColumnSchema, TableId, TableSchema};
use crate::store::{Store, StoreOptions, open_on};
use arrow_array::{ArrayRef, Int64Array};
use arrow_schema::DataType;
use std::sync::Arc;

const HISTORY_MS: u64 = 60_000;

/// A store, its clock, and the rows of each version.
struct World {
    disk: FaultyDisk,
    clock: Arc<ManualClock>,
    store: Option<Arc<dyn Store>>,
    table: TableId,
    versions: Vec<(CommitVersion, Vec<Row>)>,
}

impl World {
    fn new(history_ms: u64) -> Self {
        let (disk, clock) = (FaultyDisk::new(), Arc::new(ManualClock::at(1_000_000_000)));
        let store = open_on(Arc::new(disk.clone()), clock.clone(), options()).unwrap();
        let table = create_table_with_history(&*store, history_ms);
        World {
            disk,
            clock,
            store: Some(store),
            table,
            versions: vec![(CommitVersion(1), Vec::new())],
        }
    }

    fn store(&self) -> &dyn Store {
        &**self.store.as_ref().unwrap()
    }

    fn commit(&mut self, changes: Vec<Change>) {
        let version = commit(self.store(), changes).unwrap();
        let rows = read(&*self.store().snapshot(), self.table);
        self.versions.push((version, rows));
    }

    fn insert(&mut self, first: i64, count: i64) {
        self.commit(vec![Change::Insert(self.table, batch(&some_rows(first, count)))]);
    }

    fn delete(&mut self, picked: impl Fn(&Row) -> bool) {
        let change = delete_where(&*self.store().snapshot(), self.table, picked);
        self.commit(vec![change]);
    }

    fn tidy_up(&self) {
        self.store().flush(None).unwrap();
        self.store().compact(None).unwrap();
    }

    fn reopen(&mut self) {
        self.store = None;
        let disk = self.disk.restarted(PowerLoss::LosesUnsynced);
        self.disk = disk.clone();
        self.store = Some(open_on(Arc::new(disk), self.clock.clone(), options()).unwrap());
        let problems = self.store().check(&mut |_, _| {}).unwrap().problems;
        assert!(problems.is_empty(), "{problems:?}");
    }

    /// Every version shows what it showed when it was the newest.
    fn check(&self) {
        for (version, rows) in &self.versions {
            let snapshot = self.store().snapshot_at(*version).unwrap();
            assert_eq!(snapshot.version(), *version);
            assert_eq!(read(&*snapshot, self.table), *rows, "{version:?}");
            for (before, then) in self.versions.iter().filter(|(before, _)| before <= version) {
                check_changes(&*snapshot, self.table, *before, then);
            }
        }
    }

    fn oldest(&self) -> Option<u64> {
        let first = self.store().snapshot_at(CommitVersion(1)).unwrap();
        match try_read(&*first, self.table) {
            Err(Error::HistoryGone { oldest }) => Some(oldest),
            other => other.map(|_| None).unwrap(),
        }
    }
}

fn busy() -> World {
    let mut world = World::new(HISTORY_MS);
    world.insert(0, 300);
    world.delete(|row| row.1 % 5 == 0);
    world.insert(300, 40);
    world.tidy_up();
    world.delete(|row| row.1 % 3 == 0);
    world.insert(400, 10);
    world.delete(|row| row.1 == 401 || row.1 == 7);
    world
}

#[test]
fn every_version_is_read_as_it_was() {
    let mut world = busy();
    world.check();
    world.tidy_up();
    world.check();
    world.reopen();
    world.check();
    world.delete(|row| row.1 % 2 == 0);
    world.tidy_up();
    world.tidy_up();
    world.check();
    world.reopen();
    world.check();
}

#[test]
fn rows_of_the_past_are_apart_from_those_of_now() {
    let world = busy();
    world.tidy_up();
    let now = world.store().snapshot();
    let segments = now.table(world.table).unwrap().segments();
    let past: u32 = segments.iter().map(|segment| segment.row_count).sum::<u32>() - world.versions[6].1.len() as u32;
    assert_eq!(past, 350 - world.versions[6].1.len() as u32);
    let summary = now.table(world.table).unwrap().column_summary(KEY).unwrap();
    assert_eq!(summary.row_count as usize, world.versions[6].1.len());
    let scan = now.table(world.table).unwrap().scan(all_columns()).unwrap();
    let mut reader = scan.reader();
    while reader.next().unwrap().is_some() {}
    let scanned = scan
        .statistics()
        .rows_scanned
        .load(std::sync::atomic::Ordering::Relaxed);
    assert_eq!(
        scanned as usize,
        world.versions[6].1.len(),
        "deleted rows are not looked at"
    );
}

#[test]
fn truncation_leaves_the_past_readable() {
    let mut world = busy();
    world.commit(vec![Change::Truncate(world.table)]);
    world.insert(500, 20);
    world.check();
    world.tidy_up();
    world.check();
    world.commit(vec![Change::Truncate(world.table)]);
    world.reopen();
    world.check();
    world.tidy_up();
    world.check();
}

#[test]
fn partitions_beyond_retention_stay_readable_as_of_before() {
    const DAY_MICROSECONDS: i64 = 86_400_000_000;
    let mut world = World::new(HISTORY_MS);
    let change = altered(&world, |schema| schema.retention_days = Some(10));
    commit(world.store(), vec![change]).unwrap();
    world.versions.clear();
    world.insert(0, 900);
    world.delete(|row| row.1 % 4 == 0);
    world.tidy_up();
    world.clock.advance(41 * DAY_MICROSECONDS);
    world.insert(900, 10);
    world.store().apply_retention().unwrap();
    let latest = world.store().commits(1).remove(0);
    assert_eq!((latest.cause.as_str(), latest.rows_deleted), ("retention", 240));
    world.versions.drain(..1);
    world
        .versions
        .push((latest.version, read(&*world.store().snapshot(), world.table)));
    world.check();
    world.store().apply_retention().unwrap();
    assert_eq!(
        world.store().snapshot().version(),
        latest.version,
        "nothing more is beyond it"
    );
    world.tidy_up();
    world.reopen();
    world.check();
    world.clock.advance(DAY_MICROSECONDS);
    world.tidy_up();
    let table = world.store().snapshot().table(world.table).unwrap();
    let rows: u64 = table.visible_rows_of_segments().iter().sum();
    let all: u32 = table.segments().iter().map(|segment| segment.row_count).sum();
    assert_eq!(u64::from(all), rows, "what was dropped has left the disk");
}

#[test]
fn what_is_older_than_history_goes_and_says_so() {
    let mut world = busy();
    world.tidy_up();
    assert_eq!(world.oldest(), None);
    world.clock.advance(i64::try_from(HISTORY_MS).unwrap() * 1_000);
    world.delete(|row| row.1 == 11);
    world.tidy_up();
    // The version before the last is that of the time from which on history is kept.
    assert_eq!(world.oldest(), Some(7));
    world.versions.drain(..6);
    world.check();
    let segments = world.store().snapshot().table(world.table).unwrap().segments();
    let rows: u32 = segments.iter().map(|segment| segment.row_count).sum();
    assert_eq!(rows as usize, world.versions[0].1.len());
    world.reopen();
    world.check();
    assert_eq!(world.oldest(), Some(7));
    world.clock.advance(i64::try_from(HISTORY_MS).unwrap() * 1_000);
    world.commit(vec![Change::Truncate(world.table)]);
    world.clock.advance(i64::try_from(HISTORY_MS).unwrap() * 1_000);
    world.tidy_up();
    let table = world.store().snapshot().table(world.table).unwrap();
    assert!(table.segments().is_empty() && table.memtable_rows() == 0);
    assert_eq!(segment_files(&world.disk, world.table), [] as [String; 0]);
}

#[test]
fn a_crowded_memory_ends_history_early_and_keeps_the_newer_half() {
    let mut world = World::new(HISTORY_MS);
    let disk = world.disk.clone();
    let few = StoreOptions {
        deletes_remembered_max: 20,
        ..options()
    };
    world.store = None;
    world.store = Some(
        open_on(
            Arc::new(disk.restarted(PowerLoss::ProcessOnly)),
            world.clock.clone(),
            few,
        )
        .unwrap(),
    );
    world.insert(0, 100);
    for key in 0..20 {
        world.delete(|row| row.1 == key);
    }
    world.store().compact(None).unwrap();
    assert_eq!(world.oldest(), None);
    world.check();
    world.delete(|row| row.1 == 20);
    world.store().compact(None).unwrap();
    // Version 2 brought the rows, 3 to 23 took one each: half of the 21 stay.
    assert_eq!(world.oldest(), Some(13));
    world.versions.retain(|(version, _)| version.0 >= 13);
    world.check();
}

#[test]
fn without_history_rows_go_at_once_and_only_what_lost_none_is_readable() {
    let mut world = World::new(0);
    world.insert(0, 100);
    world.insert(100, 50);
    world.tidy_up();
    world.insert(150, 5);
    world.check();
    world.delete(|row| row.1 < 60);
    assert_eq!(world.oldest(), Some(5));
    world.tidy_up();
    let segments = world.store().snapshot().table(world.table).unwrap().segments();
    assert_eq!(segments.iter().map(|segment| segment.row_count).sum::<u32>(), 95);
    world.versions.drain(..4);
    world.reopen();
    world.check();
}

fn altered(world: &World, alter: impl FnOnce(&mut TableSchema)) -> Change {
    let table = world.store().snapshot().table(world.table).unwrap();
    let mut schema = (**table.schema()).clone();
    alter(&mut schema);
    Change::AlterTable(Arc::new(schema))
}

#[test]
fn older_rows_have_the_columns_of_now() {
    let mut world = busy();
    let change = altered(&world, |schema| {
        schema.next_column_id += 1;
        schema.columns.push(ColumnSchema {
            id: ColumnId(4),
            name: "later".into(),
            data_type: DataType::Int64,
            nullable: false,
            missing_value: Some(Arc::new(Int64Array::from(vec![5])) as ArrayRef),
        });
    });
    commit(world.store(), vec![change]).unwrap();
    world.check();
    let past = world.store().snapshot_at(CommitVersion(3)).unwrap();
    assert_eq!(past.table(world.table).unwrap().schema().columns.len(), 5);
    // Another column of the same name: rows of before have no value of it.
    let change = altered(&world, |schema| {
        schema.next_column_id += 1;
        schema.columns[4].id = ColumnId(5);
    });
    let version = commit(world.store(), vec![change]).unwrap();
    assert_eq!(world.oldest(), Some(version.0));
    world.versions = vec![(version, read(&*world.store().snapshot(), world.table))];
    world.reopen();
    world.check();
}

#[test]
fn who_wants_no_history_any_more_has_none() {
    let mut world = busy();
    let change = altered(&world, |schema| schema.history_ms = 0);
    let version = commit(world.store(), vec![change]).unwrap();
    assert_eq!(world.oldest(), Some(version.0));
    world.tidy_up();
    let segments = world.store().snapshot().table(world.table).unwrap().segments();
    let rows: u32 = segments.iter().map(|segment| segment.row_count).sum();
    assert_eq!(rows as usize, world.versions[6].1.len());
    world.reopen();
    assert_eq!(world.oldest(), Some(version.0));
}
