//! Keys under many connections: of those who bring the same key at the same time, one succeeds.

use super::server;
use postgres::error::SqlState;
use std::sync::atomic::{AtomicUsize, Ordering};

const CONNECTIONS: usize = 8;
const KEYS: i32 = 60;

#[test]
fn one_of_many_inserts_of_a_key_succeeds() {
    server()
        .connect()
        .batch_execute("CREATE TABLE raced_key (id integer PRIMARY KEY, who integer)")
        .unwrap();
    let succeeded = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for who in 0..CONNECTIONS {
            let succeeded = &succeeded;
            scope.spawn(move || {
                let mut client = server().connect();
                for id in 0..KEYS {
                    match client.execute("INSERT INTO raced_key VALUES ($1, $2)", &[&id, &(who as i32)]) {
                        Ok(_) => {
                            succeeded.fetch_add(1, Ordering::Relaxed);
                        }
                        Err(error) => assert_eq!(error.code(), Some(&SqlState::UNIQUE_VIOLATION), "{error}"),
                    }
                }
            });
        }
    });
    assert_eq!(succeeded.load(Ordering::Relaxed), KEYS as usize);
    let row = server()
        .connect()
        .query_one("SELECT count(*), count(DISTINCT id) FROM raced_key", &[])
        .unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (KEYS.into(), KEYS.into()));
}

#[test]
fn two_transactions_that_bring_the_same_key_do_not_both_commit() {
    let (mut first, mut second) = (server().connect(), server().connect());
    first
        .batch_execute("CREATE TABLE claimed_key (id integer PRIMARY KEY)")
        .unwrap();
    first
        .batch_execute("BEGIN; INSERT INTO claimed_key VALUES (1)")
        .unwrap();
    second
        .batch_execute("BEGIN; INSERT INTO claimed_key VALUES (1)")
        .unwrap();
    first.batch_execute("COMMIT").unwrap();
    let error = second.batch_execute("COMMIT").unwrap_err();
    assert_eq!(error.code(), Some(&SqlState::T_R_SERIALIZATION_FAILURE), "{error}");
    // Another key is no conflict.
    first
        .batch_execute("BEGIN; INSERT INTO claimed_key VALUES (2)")
        .unwrap();
    second
        .batch_execute("BEGIN; INSERT INTO claimed_key VALUES (3)")
        .unwrap();
    first.batch_execute("COMMIT").unwrap();
    second.batch_execute("COMMIT").unwrap();
    assert_eq!(first.query("SELECT id FROM claimed_key", &[]).unwrap().len(), 3);
}

#[test]
fn a_copy_of_many_rows_is_all_or_nothing() {
    use std::io::Write;
    let mut client = server().connect();
    client
        .batch_execute("CREATE TABLE copied_key (id integer PRIMARY KEY, v text)")
        .unwrap();
    let copy = |client: &mut postgres::Client, ids: &mut dyn Iterator<Item = i32>| {
        let mut writer = client.copy_in("COPY copied_key FROM STDIN (FORMAT csv)").unwrap();
        let lines: String = ids.map(|id| format!("{id},row\n")).collect();
        writer.write_all(lines.as_bytes()).unwrap();
        writer.finish()
    };
    // More than goes through the log.
    assert_eq!(copy(&mut client, &mut (0..530_000)).unwrap(), 530_000);
    let error = copy(&mut client, &mut (529_999..530_100)).unwrap_err();
    assert_eq!(error.code(), Some(&SqlState::UNIQUE_VIOLATION), "{error}");
    assert_eq!(
        error.as_db_error().unwrap().detail(),
        Some("Key (id)=(529999) already exists.")
    );
    let error = copy(&mut client, &mut (530_000..530_100).chain([530_050])).unwrap_err();
    assert_eq!(error.code(), Some(&SqlState::UNIQUE_VIOLATION), "{error}");
    assert_eq!(copy(&mut client, &mut (530_000..530_100)).unwrap(), 100);
    let row = client
        .query_one("SELECT count(*), count(DISTINCT id) FROM copied_key", &[])
        .unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (530_100, 530_100));
}
