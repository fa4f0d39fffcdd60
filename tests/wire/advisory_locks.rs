//! Advisory locks between connections: who waits, what ends the waiting, and what gives a lock back.

use super::server;
use postgres::Client;
use std::time::{Duration, Instant};

fn try_lock(client: &mut Client, key: i64) -> bool {
    let row = client.query_one("SELECT pg_try_advisory_lock($1)", &[&key]).unwrap();
    row.get(0)
}

fn code(error: postgres::Error) -> String {
    error.code().map(|code| code.code().to_owned()).unwrap_or_default()
}

/// How many wait for a key.
fn waiting(client: &mut Client, key: i64) -> i64 {
    let sql = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = $1::bigint AND NOT granted";
    client.query_one(sql, &[&key]).unwrap().get(0)
}

#[test]
fn a_lock_is_waited_for_until_it_is_given_back() {
    let (mut holder, mut other) = (server().connect(), server().connect());
    holder.batch_execute("SELECT pg_advisory_lock(4001)").unwrap();
    assert!(!try_lock(&mut other, 4001));
    let waiter = std::thread::spawn(move || {
        other.batch_execute("SELECT pg_advisory_lock(4001)").unwrap();
        other
    });
    while waiting(&mut holder, 4001) == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    holder.batch_execute("SELECT pg_advisory_unlock(4001)").unwrap();
    let other = waiter.join().unwrap();
    assert!(!try_lock(&mut holder, 4001));
    // A session takes its locks along.
    drop(other);
    let begin = Instant::now();
    while !try_lock(&mut holder, 4001) {
        assert!(begin.elapsed() < Duration::from_secs(10));
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn waiting_ends_with_its_time_and_when_it_is_cancelled() {
    let (mut holder, mut other) = (server().connect(), server().connect());
    holder.batch_execute("SELECT pg_advisory_lock(4002)").unwrap();
    let error = other
        .batch_execute("SET statement_timeout = '100ms'; SELECT pg_advisory_lock(4002)")
        .unwrap_err();
    assert_eq!(code(error), "57014");
    let cancel = other.cancel_token();
    let waiter = std::thread::spawn(move || {
        other.batch_execute("SET statement_timeout = 0").unwrap();
        code(other.batch_execute("SELECT pg_advisory_xact_lock(4002)").unwrap_err())
    });
    while waiting(&mut holder, 4002) == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    cancel.cancel_query(postgres::NoTls).unwrap();
    assert_eq!(waiter.join().unwrap(), "57014");
    assert_eq!(waiting(&mut holder, 4002), 0);
}

#[test]
fn transactions_give_back_at_their_end_however_it_comes() {
    let (mut holder, mut other) = (server().connect(), server().connect());
    for end in ["COMMIT", "ROLLBACK", "SELECT 1 / 0"] {
        holder
            .batch_execute("BEGIN; SELECT pg_advisory_xact_lock(4003)")
            .unwrap();
        assert!(!try_lock(&mut other, 4003), "{end}");
        let _ = holder.batch_execute(end);
        assert!(try_lock(&mut other, 4003), "{end}");
        other.batch_execute("SELECT pg_advisory_unlock(4003)").unwrap();
        holder.batch_execute("ROLLBACK").unwrap();
    }
    // A statement by itself is a transaction.
    holder.batch_execute("SELECT pg_advisory_xact_lock(4003)").unwrap();
    assert!(try_lock(&mut other, 4003));
}

#[test]
fn who_would_wait_for_ever_is_refused() {
    let (mut first, mut second) = (server().connect(), server().connect());
    first.batch_execute("SELECT pg_advisory_lock(4004)").unwrap();
    second.batch_execute("SELECT pg_advisory_lock(4005)").unwrap();
    let waiter = std::thread::spawn(move || second.batch_execute("SELECT pg_advisory_lock(4004)"));
    while waiting(&mut first, 4004) == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    let error = first.batch_execute("SELECT pg_advisory_lock(4005)").unwrap_err();
    assert_eq!(code(error), "40P01");
    first.batch_execute("SELECT pg_advisory_unlock_all()").unwrap();
    waiter.join().unwrap().unwrap();
}
