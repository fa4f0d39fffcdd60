//! Seals beside other writers: what was sealed stays, whoever came first.

mod world;

use world::{World, ask, check, refused};

const CONFLICT: &str = "40001 could not serialize access due to concurrent update";

fn begun() -> World {
    let world = World::new();
    let mut session = world.connect();
    check(
        &mut session,
        "CREATE TABLE events (id bigint, at timestamp) WITH (event_time = 'at', after_seal = 'reject')",
        "CREATE TABLE",
    );
    check(
        &mut session,
        "INSERT INTO events VALUES (1, '2024-01-01'), (2, '2024-02-01')",
        "INSERT 0 2",
    );
    world
}

#[test]
fn a_delete_that_began_before_a_seal_does_not_take_sealed_rows_away() {
    let world = begun();
    let (mut first, mut second) = (world.connect(), world.connect());
    check(&mut first, "BEGIN", "BEGIN");
    check(&mut first, "DELETE FROM events WHERE id = 1", "DELETE 1");
    check(&mut second, "ALTER TABLE events SEAL UP TO '2024-01-31'", "ALTER TABLE");
    refused(&mut first, "COMMIT", CONFLICT);
    assert_eq!(ask(&mut second, "SELECT count(*) FROM events").unwrap(), "2");
    check(&mut first, "DELETE FROM events WHERE id = 2", "DELETE 1");
    drop((first, second));
    let world = world.reopened();
    let mut session = world.connect();
    let sealed = "55000 \"events\" is sealed up to 2024-02-01 00:00:00+00: no row of before goes or changes";
    refused(&mut session, "DELETE FROM events", sealed);
    assert_eq!(
        ask(&mut session, "SELECT sealed_until, version FROM stoa.seals").unwrap(),
        "2024-02-01 00:00:00+00|2"
    );
}

#[test]
fn a_seal_that_began_before_a_delete_does_not_seal_what_went() {
    let world = begun();
    let (mut first, mut second) = (world.connect(), world.connect());
    check(&mut first, "BEGIN ISOLATION LEVEL REPEATABLE READ", "BEGIN");
    ask(&mut first, "SELECT count(*) FROM events").unwrap();
    check(&mut second, "DELETE FROM events WHERE id = 1", "DELETE 1");
    check(&mut first, "ALTER TABLE events SEAL UP TO '2024-01-31'", "ALTER TABLE");
    refused(&mut first, "COMMIT", CONFLICT);
    assert_eq!(ask(&mut second, "SELECT count(*) FROM stoa.seals").unwrap(), "0");
}

#[test]
fn a_row_that_was_checked_before_a_seal_does_not_come_into_it() {
    let world = begun();
    let (mut first, mut second) = (world.connect(), world.connect());
    check(&mut first, "BEGIN", "BEGIN");
    check(&mut first, "INSERT INTO events VALUES (3, '2024-01-15')", "INSERT 0 1");
    check(&mut second, "ALTER TABLE events SEAL UP TO '2024-01-31'", "ALTER TABLE");
    refused(&mut first, "COMMIT", CONFLICT);
    assert_eq!(ask(&mut second, "SELECT count(*) FROM events").unwrap(), "2");
}
