//! A full disk: writes are refused with 53100, reads go on, writes go on when there is room again, and a start finds every
//! acknowledged row once.

use super::mount::{SMALL_MIB, free_bytes, resize, take_all_but, within_mount};
use super::{one_line, refusal, text};
use postgres::Client;
use postgres::error::SqlState;
use std::io::Write;
use std::path::Path;
use stoa_tests::{Server, ServerOptions, run_stoa};

/// Rows of a COPY.
const BATCH: i64 = 10_000;

fn options(folder: &Path) -> ServerOptions {
    ServerOptions {
        data: folder.join("data"),
        arguments: vec!["--import-dir".into(), text(folder).into()],
    }
}

/// Lines of csv whose numbers do not compress.
fn lines(ids: std::ops::Range<i64>) -> String {
    let noise = |id: i64| {
        let mixed = (id as u64).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        (mixed ^ (mixed >> 31)) as i64
    };
    ids.map(|id| format!("{id},{}\n", noise(id))).collect()
}

/// Copies so many rows with ids from one on.
fn copy(client: &mut Client, first: i64, count: i64) -> Result<u64, postgres::Error> {
    let mut writer = client.copy_in("COPY filled FROM STDIN (FORMAT csv)")?;
    // A write that fails shows when the copy is finished.
    let _ = writer.write_all(lines(first..first + count).as_bytes());
    writer.finish()
}

/// Copies until not even one row fits; how many there are then.
fn fill(client: &mut Client, mut rows: i64) -> i64 {
    let mut count = BATCH;
    while count > 0 {
        match copy(client, rows, count) {
            Ok(_) => rows += count,
            result => {
                assert_full(result);
                count /= 10;
            }
        }
        assert!(rows < 1_000_000, "the disk does not become full");
    }
    rows
}

fn assert_full<T>(result: Result<T, postgres::Error>) {
    let error = refusal(result, "a write to a full disk");
    assert_eq!(*error.code(), SqlState::DISK_FULL, "{error:?}");
    assert!(
        error.message().starts_with("no space left on the device of \""),
        "{error:?}"
    );
}

/// The rows are there, each once.
fn assert_rows(client: &mut Client, rows: i64) {
    let row = client.query_one(
        "SELECT count(*), count(DISTINCT id), coalesce(max(id), -1) FROM filled",
        &[],
    );
    let row = row.unwrap();
    let found: (i64, i64, i64) = (row.get(0), row.get(1), row.get(2));
    assert_eq!(found, (rows, rows, rows - 1));
}

const CREATE: &str = "CREATE TABLE filled (id bigint NOT NULL, noise bigint)";

#[test]
fn writes_stop_when_the_disk_is_full_and_go_on_when_it_is_larger() {
    within_mount(
        "writes_stop_when_the_disk_is_full_and_go_on_when_it_is_larger",
        |folder| {
            let server = Server::start(&options(folder));
            let mut client = server.connect();
            client.batch_execute(CREATE).unwrap();
            let mut rows = fill(&mut client, 0);
            assert!(rows > 0);
            assert_rows(&mut client, rows);
            let mut other = server.connect();
            assert_full(other.batch_execute("INSERT INTO filled VALUES (-1)"));
            assert_full(other.batch_execute("CREATE TABLE refused (id integer)"));
            // What makes room needs no more than is left for it.
            client.batch_execute("CHECKPOINT").unwrap();
            assert_rows(&mut other, rows);
            server.kill();
            let server = Server::start(&options(folder));
            let mut client = server.connect();
            assert_rows(&mut client, rows);
            rows = fill(&mut client, rows);
            assert_rows(&mut client, rows);
            resize(folder, SMALL_MIB + 20);
            for _ in 0..3 {
                copy(&mut client, rows, BATCH).unwrap();
                rows += BATCH;
            }
            client
                .batch_execute("INSERT INTO filled VALUES (-1); DELETE FROM filled WHERE id < 0")
                .unwrap();
            assert_rows(&mut client, rows);
            drop(client);
            server.stop();
            let server = Server::start(&options(folder));
            assert_rows(&mut server.connect(), rows);
            server.stop();
            let ended = run_stoa(&["check", "--data", text(&options(folder).data)], |_| {});
            assert_eq!(ended.code, Some(0), "{ended:?}");
        },
    );
}

#[test]
fn a_disk_that_somebody_else_filled_stops_writes_only() {
    within_mount("a_disk_that_somebody_else_filled_stops_writes_only", |folder| {
        let server = Server::start(&options(folder));
        let mut client = server.connect();
        client.batch_execute(CREATE).unwrap();
        copy(&mut client, 0, BATCH).unwrap();
        take_all_but(folder, 0);
        assert_full(copy(&mut client, BATCH, BATCH));
        assert_full(client.batch_execute("INSERT INTO filled VALUES (-1)"));
        assert_full(client.batch_execute("CHECKPOINT"));
        assert_rows(&mut client, BATCH);
        std::fs::remove_file(folder.join("taken")).unwrap();
        client.batch_execute("CHECKPOINT").unwrap();
        copy(&mut client, BATCH, BATCH).unwrap();
        assert_rows(&mut client, 2 * BATCH);
        take_all_but(folder, 0);
        server.kill();
        // A start writes a little. Without any room it says so, and changes nothing.
        let ended = run_stoa(
            &[
                "serve",
                "--data",
                text(&options(folder).data),
                "--listen",
                "127.0.0.1:0",
            ],
            |_| {},
        );
        assert!(
            one_line(&ended).starts_with("no space left on the device of \""),
            "{ended:?}"
        );
        std::fs::remove_file(folder.join("taken")).unwrap();
        let server = Server::start(&options(folder));
        assert_rows(&mut server.connect(), 2 * BATCH);
        server.stop();
    });
}

#[test]
fn a_load_that_does_not_fit_leaves_no_files() {
    within_mount("a_load_that_does_not_fit_leaves_no_files", |folder| {
        let outside = tempfile::tempdir().unwrap();
        let file = outside.path().join("rows.csv");
        std::fs::write(&file, format!("id,noise\n{}", lines(0..1_000_000))).unwrap();
        let server = Server::start(&options(folder));
        server.connect().batch_execute(CREATE).unwrap();
        server.stop();
        let data = options(folder).data;
        let before = free_bytes(folder);
        let ended = run_stoa(&["load", "filled", text(&file), "--data", text(&data)], |_| {});
        assert!(
            one_line(&ended).starts_with("no space left on the device of \""),
            "{ended:?}"
        );
        assert!(
            free_bytes(folder) + (1 << 20) > before,
            "{} of {before} bytes are free",
            free_bytes(folder)
        );
        let server = Server::start(&options(folder));
        let mut client = server.connect();
        assert_rows(&mut client, 0);
        copy(&mut client, 0, BATCH).unwrap();
        assert_rows(&mut client, BATCH);
    });
}

#[test]
fn clients_that_fill_a_disk_together_lose_nothing_acknowledged() {
    within_mount(
        "clients_that_fill_a_disk_together_lose_nothing_acknowledged",
        |folder| {
            let server = Server::start(&options(folder));
            server.connect().batch_execute(CREATE).unwrap();
            let acknowledged: i64 = std::thread::scope(|scope| {
                let clients = (0..3).map(|number| (number, server.connect()));
                let threads: Vec<_> = clients
                    .map(|(number, mut client)| scope.spawn(move || insert_until_full(&mut client, number)))
                    .collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).sum()
            });
            assert_sum(&mut server.connect(), acknowledged);
            server.kill();
            assert_sum(&mut Server::start(&options(folder)).connect(), acknowledged);
        },
    );
}

/// Inserts rows of its own until five inserts were refused; how many rows were acknowledged.
fn insert_until_full(client: &mut Client, number: i64) -> i64 {
    let (mut rows, mut refused) = (0, 0);
    while refused < 5 {
        let first = number * 10_000_000 + rows;
        let insert = format!("INSERT INTO filled SELECT * FROM generate_series({first}, {first} + 9999)");
        match client.batch_execute(&insert) {
            Ok(()) => rows += BATCH,
            result => {
                assert_full(result);
                refused += 1;
            }
        }
        assert!(rows < 5_000_000, "the disk does not become full");
    }
    rows
}

fn assert_sum(client: &mut Client, rows: i64) {
    let row = client.query_one("SELECT count(*), count(DISTINCT id) FROM filled", &[]);
    let row = row.unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (rows, rows));
}

#[test]
fn what_is_dropped_makes_room() {
    within_mount("what_is_dropped_makes_room", |folder| {
        let server = Server::start(&options(folder));
        let mut client = server.connect();
        let create =
            "CREATE TABLE dropped AS SELECT value, md5(value::text) FROM generate_series(1, 50000) AS t (value)";
        client.batch_execute(create).unwrap();
        client.batch_execute("CHECKPOINT").unwrap();
        client.batch_execute(CREATE).unwrap();
        let rows = fill(&mut client, 0);
        client.batch_execute("DELETE FROM filled WHERE id < 5").unwrap();
        client.batch_execute("DROP TABLE dropped").unwrap();
        client.batch_execute("CHECKPOINT").unwrap();
        copy(&mut client, rows, 1_000).unwrap();
    });
}
