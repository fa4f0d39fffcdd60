//! Random histories against a naive model, on a disk that tears, drops and crashes. Every run replays from its seed:
//! `STOA_SIMULATION_SEED=17 cargo test -p stoa-storage --lib simulation`; `STOA_SIMULATION_RUNS` asks for more runs.

use super::partials::{TotalsByDay, rollup, totals, totals_of};
use super::support::*;
use crate::clock::{Clock, ManualClock};
use crate::commit::{Change, CommitVersion};
use crate::disk::{Fault, FaultyDisk, PowerLoss};
use crate::error::{Error, Result};
use crate::ingest::{IngestCounts, Token};
use crate::predicate::{Bound, ColumnPredicate, Condition};
use crate::scan::ScanRequest;
use crate::schema::{KeySchema, TableId};
use crate::store::{Durability, Snapshot, Store, StoreOptions, open_on};
use crate::testing::Generator;
use arrow_array::{ArrayRef, Int64Array};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

type Rows = Arc<BTreeMap<i64, Row>>;

/// What the table must hold at each version, the last of which may be in doubt.
struct Model {
    by_version: BTreeMap<u64, Rows>,
    /// When each was made, at the earliest.
    times: BTreeMap<u64, i64>,
    acknowledged: u64,
}

impl Model {
    fn now(&self) -> Rows {
        self.by_version[&self.acknowledged].clone()
    }
}

struct Simulation {
    seed: u64,
    generator: Generator,
    disk: FaultyDisk,
    options: StoreOptions,
    clock: Arc<ManualClock>,
    history_ms: u64,
    store: Option<Arc<dyn Store>>,
    table: TableId,
    model: Model,
    next_key: i64,
    /// Snapshots held for a while, and what they must show.
    held: Vec<(Arc<dyn Snapshot>, Rows)>,
    steps: Vec<String>,
    /// Segments that a partial stood for.
    from_partials: AtomicU64,
}

impl Simulation {
    fn new(seed: u64) -> Self {
        let mut generator = Generator::new(seed);
        let disk = FaultyDisk::new();
        let options = StoreOptions {
            compaction_rows_min: 2_000,
            durability: match generator.below(4) {
                0 => Durability::OperatingSystem,
                _ => Durability::Sync,
            },
            partial_maker: Some(Arc::new(TotalsByDay)),
            ..options()
        };
        let clock = Arc::new(ManualClock::at(1_000_000));
        let store = open_on(Arc::new(disk.clone()), clock.clone(), options.clone()).unwrap();
        let history_ms = [0, 2_000, 1_000_000][generator.below(3) as usize];
        let table = create_table_with_history(&*store, history_ms);
        Simulation {
            seed,
            generator,
            disk,
            options,
            clock,
            history_ms,
            store: Some(store),
            table,
            model: Model {
                by_version: BTreeMap::from([(1, Rows::default())]),
                times: BTreeMap::from([(1, 1_000_000)]),
                acknowledged: 1,
            },
            next_key: 0,
            held: Vec::new(),
            steps: Vec::new(),
            from_partials: AtomicU64::new(0),
        }
    }

    fn store(&self) -> Arc<dyn Store> {
        self.store.clone().expect("the store is open")
    }

    fn new_rows(&mut self) -> Vec<Row> {
        let most = [3, 40, 400][self.generator.below(3) as usize];
        let count = self.generator.below(most) as i64 + 1;
        let first = self.next_key;
        self.next_key += count;
        let spread = self.generator.below(2) == 0;
        (first..first + count)
            .map(|key| {
                let day = if spread { self.generator.below(100) as i32 } else { 40 };
                let note = (self.generator.below(3) > 0).then(|| format!("note {}", self.generator.below(50)));
                (day, key, key * 3, note)
            })
            .collect()
    }

    /// Some rows that are there, by a condition that a test can repeat.
    fn victims(&mut self) -> Vec<i64> {
        let rows = self.model.now();
        let (divisor, rest) = (self.generator.below(9) as i64 + 1, self.generator.below(3) as i64);
        let from = self.generator.below(self.next_key as u64 + 1) as i64;
        let keys = rows.range(from..from + 500).map(|(key, _)| *key);
        keys.filter(|key| key % divisor == rest % divisor).collect()
    }

    /// Commits, and tells the model what must hold from then on.
    fn commit(&mut self, mut changes: Vec<Change>, after: BTreeMap<i64, Row>) -> Result<()> {
        let next = self.model.acknowledged + 1;
        changes.push(Change::Token(Token {
            producer: "p".into(),
            epoch: 0,
            number: next,
        }));
        let counts = IngestCounts {
            received: 1,
            stored: 1,
            ..IngestCounts::default()
        };
        changes.push(Change::Ingest(self.table, "p".into(), counts));
        self.model.by_version.insert(next, Arc::new(after));
        self.model.times.insert(next, self.clock.now());
        match commit(&*self.store(), changes) {
            Ok(version) => {
                assert_eq!(version, CommitVersion(next), "versions have no gaps");
                self.model.acknowledged = next;
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    fn step(&mut self) -> Result<()> {
        if self.disk.is_dead() {
            // In a call whose failure does no harm: the removal of a file.
            return Err(Error::Cancelled);
        }
        let kind = self.generator.below(20);
        let mut after = (*self.model.now()).clone();
        let table = self.table;
        self.steps.push(format!("{kind}"));
        self.clock.advance(self.generator.below(400_000) as i64);
        match kind {
            0..=6 => {
                let rows = self.new_rows();
                after.extend(rows.iter().map(|row| (row.1, row.clone())));
                self.commit(vec![Change::Insert(table, batch(&rows))], after)
            }
            7..=9 => {
                let victims = self.victims();
                after.retain(|key, _| victims.binary_search(key).is_err());
                let seen = self.store().snapshot();
                let change = delete_where(&*seen, table, |row| victims.binary_search(&row.1).is_ok());
                if kind == 9 {
                    // Rows move between the look at where they are and the commit.
                    self.store().flush(Some(table))?;
                    self.store().compact(None)?;
                }
                self.commit(vec![change], after)
            }
            10..=11 => {
                let victims = self.victims();
                let delete = delete_where(&*self.store().snapshot(), table, |row| {
                    victims.binary_search(&row.1).is_ok()
                });
                let updated: Vec<Row> = victims
                    .iter()
                    .map(|key| (after[key].0, *key, after[key].2 + 1, None))
                    .collect();
                after.extend(updated.iter().map(|row| (row.1, row.clone())));
                self.commit(vec![delete, Change::Insert(table, batch(&updated))], after)
            }
            12..=13 => self.store().flush(Some(table)),
            14..=15 => self.store().compact(None),
            16 => self.load(after),
            17 if self.generator.below(4) == 0 => self.commit(vec![Change::Truncate(table)], BTreeMap::new()),
            17 if self.generator.below(3) == 0 => self.alter(after),
            17 => {
                self.hold();
                Ok(())
            }
            18 => self.reopen(),
            _ => {
                self.look();
                self.look_back();
                Ok(())
            }
        }
    }

    /// Every version that history is kept of is as it was; of those before, what is not gone.
    fn look_back(&self) {
        let kept_from = self.clock.now() - self.history_ms as i64 * 1_000;
        let kept = self.model.times.iter().rev().find(|(_, time)| **time <= kept_from);
        let kept = kept.map_or(0, |(version, _)| *version);
        for (version, rows) in self.model.by_version.range(..=self.model.acknowledged) {
            let snapshot = self.store().snapshot_at(CommitVersion(*version)).unwrap();
            match try_read(&*snapshot, self.table) {
                Ok(_) => {
                    self.compare(&*snapshot, rows);
                    let mut then: Vec<Row> = rows.values().cloned().collect();
                    then.sort();
                    check_changes(&*self.store().snapshot(), self.table, CommitVersion(*version), &then);
                }
                Err(Error::HistoryGone { oldest }) => assert!(
                    oldest > *version && (self.history_ms == 0 || *version < kept),
                    "seed {}, steps {}: version {version} is gone, {kept} must be kept",
                    self.seed,
                    self.steps.join(" ")
                ),
                Err(other) => panic!("seed {}: {other}", self.seed),
            }
        }
    }

    /// The rollup goes, or another one comes in its place.
    fn alter(&mut self, after: BTreeMap<i64, Row>) -> Result<()> {
        let store = self.store();
        let mut schema = store
            .snapshot()
            .table(self.table)
            .expect("the table is there")
            .schema()
            .as_ref()
            .clone();
        schema.keys = match self.generator.below(3) {
            0 => Vec::new(),
            _ => vec![KeySchema {
                id: store.next_table_id(),
                columns: vec![KEY],
            }],
        };
        schema.rollups = match self.generator.below(3) {
            0 => Vec::new(),
            _ => vec![rollup(store.next_table_id())],
        };
        self.commit(vec![Change::AlterTable(Arc::new(schema))], after)
    }

    fn load(&mut self, mut after: BTreeMap<i64, Row>) -> Result<()> {
        let store = self.store();
        let schema = store
            .snapshot()
            .table(self.table)
            .expect("the table is there")
            .schema()
            .clone();
        let load = store.bulk_load(schema, 20_000 + self.generator.below(200_000) as usize)?;
        for _ in 0..=self.generator.below(4) {
            let rows = self.new_rows();
            load.append(batch(&rows))?;
            after.extend(rows.iter().map(|row| (row.1, row.clone())));
        }
        let segments = load.finish()?;
        match self.generator.below(4) {
            0 => Ok(()),
            _ => self.commit(vec![Change::AddSegments(self.table, segments)], after),
        }
    }

    fn hold(&mut self) {
        let snapshot = self.store().snapshot();
        self.held.push((snapshot, self.model.now()));
        if self.held.len() > 3 {
            let at = self.generator.below(3) as usize;
            let (snapshot, rows) = self.held.remove(at);
            self.compare(&*snapshot, &rows);
        }
    }

    fn compare(&self, snapshot: &dyn Snapshot, rows: &Rows) {
        let found = read(snapshot, self.table);
        let mut expected: Vec<Row> = rows.values().cloned().collect();
        expected.sort();
        let (totals, from_partials) = totals(snapshot, self.table).unwrap();
        self.from_partials.fetch_add(from_partials, Ordering::Relaxed);
        assert!(
            totals == totals_of(rows.values()),
            "seed {}, steps {}: totals at version {} are {totals:?}",
            self.seed,
            self.steps.join(" "),
            snapshot.version().0
        );
        self.find(snapshot, rows);
        let keys = |rows: &[Row]| rows.iter().map(|row| row.1).collect::<Vec<_>>();
        if found != expected {
            panic!(
                "seed {}, steps {}: at version {} keys {:?} instead of {:?}",
                self.seed,
                self.steps.join(" "),
                snapshot.version().0,
                keys(&found),
                keys(&expected)
            );
        }
    }

    /// Rows by their keys, those that are there and some that are not.
    fn find(&self, snapshot: &dyn Snapshot, rows: &Rows) {
        let table = snapshot.table(self.table).expect("the table is there");
        for key in &table.schema().keys {
            let asked: Vec<i64> = (0..self.next_key + 9).step_by(7).collect();
            let columns: Vec<ArrayRef> = vec![Arc::new(Int64Array::from(asked.clone()))];
            let found = table.find(key.id, &columns).unwrap();
            for (key, found) in asked.into_iter().zip(found) {
                assert!(
                    found.is_some() == rows.contains_key(&key),
                    "seed {}, steps {}: key {key} at version {}: {found:?}",
                    self.seed,
                    self.steps.join(" "),
                    snapshot.version().0
                );
            }
        }
    }

    /// What came with the commits came with each of them.
    fn count(&self, snapshot: &dyn Snapshot) {
        let version = snapshot.version().0;
        let table = snapshot.table(self.table).expect("the table is there");
        let received: u64 = table.ingest().iter().map(|(_, counts)| counts.received).sum();
        assert_eq!(received, version - 1, "seed {}", self.seed);
        if version > 1 {
            assert_eq!(snapshot.last_batch("p").map(|last| last.number), Some(version));
        }
    }

    /// A full scan, and a pruned one, against the model.
    fn look(&mut self) {
        let (snapshot, rows) = (self.store().snapshot(), self.model.now());
        self.count(&*snapshot);
        self.compare(&*snapshot, &rows);
        let low = self.generator.below(self.next_key as u64 + 1) as i64;
        let high = low + self.generator.below(300) as i64;
        let bound = |value: i64| {
            Some(Bound {
                value: Arc::new(Int64Array::from(vec![value])),
                inclusive: true,
            })
        };
        let request = ScanRequest {
            predicates: vec![ColumnPredicate {
                column: KEY,
                condition: Condition::Range {
                    lower: bound(low),
                    upper: bound(high),
                },
            }],
            ..all_columns()
        };
        let found = batches(&*snapshot, self.table, request).unwrap();
        let mut found: Vec<Row> = rows_of(&found).into_iter().map(|(row, _)| row).collect();
        found.sort_by_key(|row| row.1);
        let expected: Vec<Row> = rows.range(low..=high).map(|(_, row)| row.clone()).collect();
        assert!(found == expected, "seed {}: a pruned scan differs", self.seed);
        let few = [low, low + 1, high];
        let request = ScanRequest {
            predicates: vec![ColumnPredicate {
                column: KEY,
                condition: Condition::In(Arc::new(Int64Array::from_iter_values(BTreeSet::from(few)))),
            }],
            ..all_columns()
        };
        let found = rows_of(&batches(&*snapshot, self.table, request).unwrap());
        let found: BTreeSet<i64> = found.into_iter().map(|(row, _)| row.1).collect();
        let expected = few.into_iter().filter(|key| rows.contains_key(key)).collect();
        assert!(found == expected, "seed {}: a scan by keys differs", self.seed);
    }

    /// Ends the process in an orderly way or not, and begins it anew.
    fn reopen(&mut self) -> Result<()> {
        let store = self.store.take().expect("the store is open");
        self.held.clear();
        let closed = match self.generator.below(3) {
            0 => store.close(true),
            1 => store.close(false),
            _ => Ok(()),
        };
        drop(store);
        closed?;
        self.store = Some(self.open()?);
        self.verify_after_start(false);
        Ok(())
    }

    fn open(&self) -> Result<Arc<dyn Store>> {
        open_on(Arc::new(self.disk.clone()), self.clock.clone(), self.options.clone())
    }

    /// After a crash: a new process on what the disk kept, which may crash itself while it starts.
    fn recover(&mut self) {
        self.store = None;
        self.held.clear();
        let process_only = self.generator.below(3) == 0;
        for attempt in 0.. {
            let loss = match (process_only, self.generator.below(2)) {
                (true, _) => PowerLoss::ProcessOnly,
                (_, 0) => PowerLoss::LosesUnsynced,
                _ => PowerLoss::Tears(self.generator.next()),
            };
            self.disk = self.disk.restarted(loss);
            if attempt < 2 && self.generator.below(2) == 0 {
                self.disk.set_fault(Some(Fault::Crash(self.generator.below(12) + 1)));
            }
            match self.open() {
                Ok(store) => {
                    self.store = Some(store);
                    break;
                }
                Err(error) => assert!(attempt < 2, "seed {}: {error}", self.seed),
            }
        }
        self.disk.set_fault(None);
        self.verify_after_start(!process_only);
    }

    /// Everything acknowledged is there; of the last commit, which was not, all or nothing.
    fn verify_after_start(&mut self, lost_power: bool) {
        let snapshot = self.store().snapshot();
        let version = snapshot.version().0;
        let may_lose = lost_power && self.options.durability == Durability::OperatingSystem;
        assert!(
            version >= self.model.acknowledged || may_lose,
            "seed {}, steps {}: version {version} after {} was acknowledged",
            self.seed,
            self.steps.join(" "),
            self.model.acknowledged
        );
        if version == 0 {
            // Not even the table survived: begin again.
            self.table = create_table_with_history(&*self.store(), self.history_ms);
            self.model.acknowledged = 1;
            self.model.by_version = BTreeMap::from([(1, Rows::default())]);
            self.model.times = BTreeMap::from([(1, self.clock.now())]);
            return;
        }
        let rows = self.model.by_version[&version].clone();
        self.compare(&*snapshot, &rows);
        self.count(&*snapshot);
        self.model.acknowledged = version;
        self.model.by_version.split_off(&(version + 1));
        self.model.times.split_off(&(version + 1));
        self.look_back();
        let problems = self.store().check(&mut |_, _| {}).unwrap().problems;
        assert!(problems.is_empty(), "seed {}: {problems:?}", self.seed);
    }

    fn run(&mut self) {
        for _ in 0..40 {
            let crashes = self.generator.below(6) == 0;
            if crashes {
                self.disk.set_fault(Some(Fault::Crash(self.generator.below(40) + 1)));
            }
            let mut outcome = Ok(());
            for _ in 0..if crashes { 12 } else { 1 } {
                outcome = self.step();
                if outcome.is_err() {
                    break;
                }
            }
            match outcome {
                Ok(()) => self.disk.set_fault(None),
                Err(error) => {
                    assert!(crashes, "seed {}, steps {}: {error}", self.seed, self.steps.join(" "));
                    self.steps.push("crash".into());
                    self.recover();
                }
            }
        }
        self.look();
        self.look_back();
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn simulation_every_acknowledged_row_is_there_once_and_no_other() {
    let seeds = match number("STOA_SIMULATION_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("STOA_SIMULATION_RUNS").unwrap_or(60),
    };
    let mut from_partials = 0;
    for seed in seeds.clone() {
        let run = || {
            let mut simulation = Simulation::new(seed);
            simulation.run();
            simulation.from_partials.into_inner()
        };
        match std::panic::catch_unwind(run) {
            Ok(count) => from_partials += count,
            Err(panic) => {
                println!("replay with STOA_SIMULATION_SEED={seed}");
                std::panic::resume_unwind(panic);
            }
        }
    }
    assert!(
        from_partials > 0 || seeds.end - seeds.start < 60,
        "no partial was ever used"
    );
}

/// One fixed history, whose steps may fail.
fn script(store: &Arc<dyn Store>, table: TableId, outcome: &mut dyn FnMut(Result<CommitVersion>, Vec<Row>)) {
    let mut rows: Vec<Row> = Vec::new();
    for round in 0..3i64 {
        let more = some_rows(round * 100, 40);
        let inserted = insert(&**store, table, &more);
        let happened = inserted.is_ok();
        let mut after = rows.clone();
        after.extend(more);
        outcome(inserted, after.clone());
        if happened {
            rows = after;
        }
        let change = delete_where(&*store.snapshot(), table, |row| row.1 % 7 == 3);
        let after: Vec<Row> = rows.iter().filter(|row| row.1 % 7 != 3).cloned().collect();
        let deleted = commit(&**store, vec![change]);
        let happened = deleted.is_ok();
        outcome(deleted, after.clone());
        if happened {
            rows = after;
        }
        let _ = store.flush(None);
        let loaded = some_rows(round * 100 + 50, 20);
        let load = store
            .snapshot()
            .table(table)
            .and_then(|table| store.bulk_load(table.schema().clone(), 1 << 20).ok());
        if let Some(load) = load
            && load.append(batch(&loaded)).is_ok()
            && let Ok(segments) = load.finish()
        {
            let mut after = rows.clone();
            after.extend(loaded);
            let added = commit(&**store, vec![Change::AddSegments(table, segments)]);
            let happened = added.is_ok();
            outcome(added, after.clone());
            if happened {
                rows = after;
            }
        }
        let _ = store.compact(None);
    }
}

/// Runs the script with a fault at every place where one can be.
fn with_faults(fault: impl Fn(u64) -> Fault, last: impl Fn(&FaultyDisk, u64) -> bool, step: u64) {
    let mut at = 1;
    loop {
        let disk = FaultyDisk::new();
        let store = open_store(Arc::new(disk.clone()), options()).unwrap();
        let table = create_table(&*store);
        disk.set_fault(Some(fault(at)));
        let mut rows: Vec<Row> = Vec::new();
        let mut doubtful: Option<Vec<Row>> = None;
        script(&store, table, &mut |outcome, after| match outcome {
            Ok(_) => {
                assert!(doubtful.is_none(), "fault {at}: a commit after the store stopped");
                rows = after;
            }
            Err(Error::Poisoned { .. }) if doubtful.is_none() => doubtful = Some(after),
            Err(_) => {}
        });
        let is_last = last(&disk, at);
        disk.set_fault(None);
        rows.sort();
        assert_eq!(read(&*store.snapshot(), table), rows, "fault {at}: what is published");
        // Usable, or clearly stopped; stopped for sure where a commit's outcome is not known.
        match insert(&*store, table, &some_rows(5_000, 1)) {
            Ok(_) => {
                assert!(doubtful.is_none(), "fault {at}");
                rows.extend(some_rows(5_000, 1));
                store.flush(None).unwrap();
                store.compact(None).unwrap();
            }
            Err(Error::Poisoned { .. }) => {}
            Err(other) => panic!("fault {at}: {other}"),
        }
        drop(store);
        let store = open_store(Arc::new(disk.restarted(PowerLoss::LosesUnsynced)), options()).unwrap();
        rows.sort();
        let found = read(&*store.snapshot(), table);
        let doubtful = doubtful.map(|mut rows| {
            rows.sort();
            rows
        });
        assert!(
            found == rows || Some(found) == doubtful,
            "fault {at}: after the restart"
        );
        let problems = store.check(&mut |_, _| {}).unwrap().problems;
        assert!(problems.is_empty(), "fault {at}: {problems:?}");
        if is_last {
            return;
        }
        at += step;
    }
}

#[test]
fn a_failing_call_anywhere_loses_nothing() {
    with_faults(Fault::Once, |disk, at| disk.calls() < at, 1);
}

#[test]
fn a_disk_that_fails_from_some_call_on_loses_nothing() {
    with_faults(Fault::From, |disk, at| disk.calls() < at, 3);
}

#[test]
fn a_disk_that_is_full_from_some_size_on_loses_nothing_and_goes_on() {
    with_faults(|size| Fault::Full(size * 10), |_, at| at > 10_000, 61);
}

#[test]
fn a_log_cut_anywhere_gives_back_the_commits_before() {
    let disk = FaultyDisk::new();
    let store = open_store(Arc::new(disk.clone()), options()).unwrap();
    let table = create_table(&*store);
    let mut by_version = vec![Vec::new(), Vec::new()];
    let mut ends = Vec::new();
    let log = std::path::Path::new("log/00000001.log");
    let length = |disk: &FaultyDisk| crate::disk::Disk::length_bytes(disk, log).unwrap().unwrap() as usize;
    ends.push(length(&disk));
    let mut rows: Vec<Row> = Vec::new();
    for round in 0..6 {
        insert(&*store, table, &some_rows(round * 10, 4)).unwrap();
        rows.extend(some_rows(round * 10, 4));
        by_version.push(rows.clone());
        ends.push(length(&disk));
    }
    drop(store);
    for cut in ends[0]..=length(&disk) {
        let torn = disk.restarted(PowerLoss::LosesUnsynced);
        torn.cut(log, cut);
        let store = open_store(Arc::new(torn), options()).unwrap();
        let version = store.snapshot().version().0 as usize;
        assert_eq!(version, ends.partition_point(|end| *end <= cut), "cut at {cut}");
        let mut expected = by_version[version].clone();
        expected.sort();
        assert_eq!(read(&*store.snapshot(), table), expected, "cut at {cut}");
    }
}
