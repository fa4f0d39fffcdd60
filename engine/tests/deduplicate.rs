//! Tables that deduplicate, with many writers at once: each key comes once, whoever brings it, however often, and the writers hear of
//! no conflict.

mod world;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use stoa_engine::connection::{Connection, Outcome};
use world::{World, ask, check, refused};

const WRITERS: u64 = 6;
const BATCHES: u64 = 40;
const BATCH_ROWS: u64 = 60;

/// The keys of a batch: batches overlap, and each is brought by several writers.
fn keys(batch: u64) -> impl Iterator<Item = u64> {
    (0..BATCH_ROWS).map(move |row| (batch * BATCH_ROWS * 2 / 3 + row * 7 % BATCH_ROWS) * 13)
}

fn insert(session: &mut Connection, batch: u64, writer: u64) -> u64 {
    let values: Vec<String> = keys(batch)
        .map(|key| format!("({key}, date '2024-01-01' + {}, {writer})", key % 60))
        .collect();
    let tag = ask(session, &format!("INSERT INTO events VALUES {}", values.join(", "))).unwrap();
    tag.strip_prefix("INSERT 0 ").unwrap().parse().unwrap()
}

fn copy(session: &mut Connection, batch: u64, writer: u64) -> u64 {
    let parsed = session.parse("COPY events FROM STDIN (FORMAT csv)").unwrap().remove(0);
    let prepared = session.prepare(&parsed, &[]).unwrap();
    let Ok(Outcome::CopyIn(mut copy)) = session.execute(&prepared, Vec::new()) else {
        panic!("a copy begins")
    };
    for key in keys(batch) {
        let line = format!("{key},2024-0{}-01,{writer}\n", key % 3 + 1);
        copy.write(line.as_bytes()).unwrap();
    }
    copy.finish().unwrap().stored
}

#[test]
fn writers_that_bring_the_same_keys_bring_each_once() {
    let world = World::new();
    let mut session = world.connect();
    check(
        &mut session,
        "CREATE TABLE events (id bigint, day date NOT NULL, writer integer) WITH (partition_by = 'month(day)', deduplicate_by = 'id')",
        "CREATE TABLE",
    );
    let (arrived, is_done) = (AtomicU64::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let mut session = world.connect();
                let arrived = &arrived;
                scope.spawn(move || {
                    for step in 0..BATCHES {
                        // Neighbours bring the same batches at about the same time, in another order.
                        let batch = (step + writer / 2 * 3) % BATCHES;
                        let count = match (writer + step) % 3 {
                            0 => copy(&mut session, batch, writer),
                            _ => insert(&mut session, batch, writer),
                        };
                        arrived.fetch_add(count, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        let (mut session, is_done) = (world.connect(), &is_done);
        scope.spawn(move || {
            while !is_done.load(Ordering::Relaxed) {
                ask(&mut session, "CHECKPOINT; VACUUM events").unwrap();
            }
        });
        for writer in writers {
            writer.join().unwrap();
        }
        is_done.store(true, Ordering::Relaxed);
    });
    let expected: BTreeSet<u64> = (0..BATCHES).flat_map(keys).collect();
    let counts = format!("{0}|{0}", expected.len());
    check(&mut session, "SELECT count(*), count(DISTINCT id) FROM events", &counts);
    assert_eq!(arrived.into_inner(), expected.len() as u64);
    drop(session);
    let world = world.reopened();
    let mut session = world.connect();
    check(&mut session, "SELECT count(*), count(DISTINCT id) FROM events", &counts);
    check(&mut session, "INSERT INTO events SELECT * FROM events", "INSERT 0 0");
}

#[test]
fn transactions_that_bring_the_same_key_do_not_both_succeed() {
    let world = World::new();
    let (mut one, mut other) = (world.connect(), world.connect());
    check(
        &mut one,
        "CREATE TABLE t (id text) WITH (deduplicate_by = 'id')",
        "CREATE TABLE",
    );
    for session in [&mut one, &mut other] {
        check(session, "BEGIN; INSERT INTO t VALUES ('a'), ('b')", "INSERT 0 2");
    }
    check(&mut one, "COMMIT", "COMMIT");
    refused(
        &mut other,
        "COMMIT",
        "40001 could not serialize access due to concurrent update",
    );
    check(&mut other, "INSERT INTO t VALUES ('a'), ('b'), ('c')", "INSERT 0 1");
}

#[test]
fn rows_that_were_checked_by_an_older_definition_do_not_come() {
    let world = World::new();
    let (mut one, mut other) = (world.connect(), world.connect());
    check(
        &mut one,
        "CREATE TABLE t (id integer); INSERT INTO t VALUES (1)",
        "INSERT 0 1",
    );
    check(&mut one, "BEGIN; INSERT INTO t VALUES (1), (2)", "INSERT 0 2");
    check(&mut other, "ALTER TABLE t SET (deduplicate_by = 'id')", "ALTER TABLE");
    refused(
        &mut one,
        "COMMIT",
        "40001 could not serialize access due to concurrent update",
    );
    // The other way round: what an older look at the rows allows.
    check(
        &mut one,
        "CREATE TABLE u (id integer); BEGIN; ALTER TABLE u ADD PRIMARY KEY (id)",
        "ALTER TABLE",
    );
    check(&mut other, "INSERT INTO u VALUES (1), (1)", "INSERT 0 2");
    refused(
        &mut one,
        "COMMIT",
        "40001 could not serialize access due to concurrent update",
    );
    check(&mut other, "SELECT count(*) FROM u", "2");
}
