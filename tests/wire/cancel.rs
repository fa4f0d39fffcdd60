//! That everything which takes long can be ended: by a cancel request, by another session, by a timeout; and that the session lives on,
//! unless it was the session that was to end.

use super::server;
use postgres::error::SqlState;
use postgres::{Client, NoTls};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Generous against a busy machine and an unoptimized build, in which a large table of groups takes its time to grow; the promise
/// is 50 ms.
const PATIENCE: Duration = Duration::from_millis(if cfg!(debug_assertions) { 2_000 } else { 200 });

const SORT: &str = "SELECT max(place) FROM (SELECT row_number() OVER (ORDER BY key) AS place FROM \
    (SELECT md5(g::text) AS key FROM generate_series(1, 4000000) AS g) AS keys) AS sorted";
const STATEMENTS: [(&str, &str); 8] = [
    ("a series", "SELECT count(*) FROM generate_series(1, 100000000000)"),
    (
        "an aggregation",
        "SELECT count(*) FROM (SELECT g % 5000000 AS key, sum(g) FROM generate_series(1, 100000000000) AS g GROUP BY 1) AS sums",
    ),
    (
        "a hash join",
        "SELECT count(*) FROM generate_series(1, 300000) AS a JOIN generate_series(1, 300000) AS b ON a % 10 = b % 10",
    ),
    (
        "a join by comparison",
        "SELECT count(*) FROM generate_series(1, 300000) AS a JOIN generate_series(1, 300000) AS b ON a + b < 0",
    ),
    (
        "a sort",
        "SELECT g, md5(g::text) FROM generate_series(1, 4000000) AS g ORDER BY 2, 1 OFFSET 3999999",
    ),
    ("a window", SORT),
    (
        "a recursion",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n",
    ),
    ("a sleep", "SELECT pg_sleep(60)"),
];

/// Between two attempts to end something: the first may come before there is anything to end.
const AGAIN: Duration = Duration::from_secs(5);

/// Runs something that another thread ends after some time; how long that took.
fn ended_after(delay_ms: u64, end: impl Fn() + Send, run: impl FnOnce()) -> Duration {
    let (ended, has_ended) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        let ending = scope.spawn(move || {
            std::thread::sleep(Duration::from_millis(delay_ms));
            loop {
                let asked = Instant::now();
                end();
                if has_ended.recv_timeout(AGAIN).is_ok() {
                    return asked;
                }
            }
        });
        run();
        let now = Instant::now();
        ended.send(()).unwrap();
        now.saturating_duration_since(ending.join().unwrap())
    })
}

fn process_id(client: &mut Client) -> i32 {
    client.query_one("SELECT pg_backend_pid()", &[]).unwrap().get(0)
}

fn signal(function: &str, process_id: i32) -> bool {
    let statement = format!("SELECT {function}({process_id})");
    server().connect().query_one(&statement, &[]).unwrap().get(0)
}

#[track_caller]
fn is_cancelled(error: &postgres::Error, message: &str) {
    let error = error.as_db_error().unwrap_or_else(|| panic!("{error}"));
    assert_eq!((error.code(), error.message()), (&SqlState::QUERY_CANCELED, message));
}

#[track_caller]
fn lives(client: &mut Client) {
    let one: i32 = client.query_one("SELECT 1", &[]).unwrap().get(0);
    assert_eq!(one, 1);
}

#[test]
fn a_cancel_request_ends_whatever_takes_long() {
    let mut client = server().connect();
    for (name, statement) in STATEMENTS {
        for delay_ms in [60, 700] {
            let token = client.cancel_token();
            let took = ended_after(
                delay_ms,
                move || token.cancel_query(NoTls).unwrap(),
                || {
                    let error = client.query(statement, &[]).expect_err(name);
                    is_cancelled(&error, "canceling statement due to user request");
                },
            );
            println!("{name}: {took:?}");
            assert!(took < PATIENCE, "{name} took {took:?}");
            lives(&mut client);
        }
    }
}

#[test]
fn another_session_cancels() {
    let mut client = server().connect();
    let process_id = process_id(&mut client);
    for (name, statement) in STATEMENTS {
        let took = ended_after(
            100,
            || assert!(signal("pg_cancel_backend", process_id)),
            || {
                let error = client.query(statement, &[]).expect_err(name);
                is_cancelled(&error, "canceling statement due to user request");
            },
        );
        assert!(took < PATIENCE, "{name} took {took:?}");
        lives(&mut client);
    }
    // Nothing runs: nothing is cancelled, not even what comes next.
    assert!(signal("pg_cancel_backend", process_id));
    lives(&mut client);
}

#[test]
fn a_timeout_says_so_whoever_notices_it() {
    let mut client = server().connect();
    client.batch_execute("SET statement_timeout = '100ms'").unwrap();
    for (name, statement) in STATEMENTS {
        let begun = Instant::now();
        let error = client.query(statement, &[]).expect_err(name);
        is_cancelled(&error, "canceling statement due to statement timeout");
        let took = begun.elapsed();
        assert!(took < PATIENCE + Duration::from_millis(100), "{name} took {took:?}");
    }
}

#[test]
fn a_copy_to_the_client_is_cancelled() {
    cancelled_by_request(|client| {
        let mut rows = client
            .copy_out("COPY (SELECT * FROM generate_series(1, 100000000000)) TO STDOUT")
            .unwrap();
        let error = std::io::copy(&mut rows, &mut std::io::sink()).unwrap_err();
        let error = error.into_inner().unwrap();
        *error.downcast::<postgres::Error>().unwrap()
    });
}

/// Runs something that a request cancels and that gives the error; the connection lives on.
fn cancelled_by_request(run: impl FnOnce(&mut Client) -> postgres::Error) {
    let mut client = server().connect();
    let token = client.cancel_token();
    let took = ended_after(
        200,
        move || token.cancel_query(NoTls).unwrap(),
        || is_cancelled(&run(&mut client), "canceling statement due to user request"),
    );
    assert!(took < PATIENCE, "took {took:?}");
    lives(&mut client);
}

#[test]
fn a_result_in_the_clients_hands_is_cancelled() {
    use postgres::fallible_iterator::FallibleIterator;
    cancelled_by_request(|client| {
        let mut rows = client
            .query_raw("SELECT * FROM generate_series(1, 100000000000)", Vec::<i32>::new())
            .unwrap();
        loop {
            match rows.next() {
                Ok(row) => assert!(row.is_some(), "the series is long"),
                Err(error) => return error,
            }
        }
    });
}

/// A connection without a client library: one hears of an error and of the end after it as of one thing.
struct Raw(TcpStream);

impl Raw {
    fn connect(user: &str) -> Raw {
        let mut raw = Raw(TcpStream::connect(("127.0.0.1", server().port())).unwrap());
        let startup = format!("\0\x03\0\0user\0{user}\0\0");
        raw.send(None, startup.as_bytes());
        raw
    }

    fn query(&mut self, text: &str) {
        self.send(Some(b'Q'), format!("{text}\0").as_bytes());
    }

    fn send(&mut self, tag: Option<u8>, body: &[u8]) {
        let length = u32::try_from(body.len() + 4).unwrap();
        let mut message: Vec<u8> = tag.into_iter().collect();
        message.extend_from_slice(&length.to_be_bytes());
        message.extend_from_slice(body);
        self.0.write_all(&message).unwrap();
    }

    /// Everything up to the connection's end.
    fn rest(mut self) -> String {
        let mut rest = Vec::new();
        let _ = self.0.read_to_end(&mut rest);
        String::from_utf8_lossy(&rest).into_owned()
    }
}

#[test]
fn a_client_that_does_not_read_keeps_nobody_from_cancelling() {
    let statements = [
        ("unread_rows", "SELECT * FROM generate_series(1, 100000000000)"),
        (
            "unread_copy",
            "COPY (SELECT * FROM generate_series(1, 100000000000)) TO STDOUT",
        ),
    ];
    for (user, statement) in statements {
        let mut raw = Raw::connect(user);
        raw.query(statement);
        let process_id = find(user, "active");
        // Long enough for all buffers on the way to be full.
        std::thread::sleep(Duration::from_millis(700));
        let mut client = server().connect();
        let asked = Instant::now();
        assert!(signal("pg_cancel_backend", process_id));
        let failed = "SELECT error_code FROM stoa.queries WHERE process_id = $1 AND state = 'failed'";
        let code: String = loop {
            match client.query_opt(failed, &[&process_id]).unwrap() {
                Some(row) => break row.get(0),
                None if asked.elapsed() > 5 * PATIENCE => panic!("{statement} goes on"),
                None => std::thread::sleep(Duration::from_millis(1)),
            }
        };
        println!("{statement}: {:?}", asked.elapsed());
        assert_eq!(code, "57014");
        raw.send(Some(b'X'), b"");
        let rest = raw.rest();
        assert!(
            rest.contains("canceling statement due to user request"),
            "{}",
            rest.len()
        );
        assert!(
            !rest.contains("\0SELECT ") && rest.ends_with("Z\0\0\0\u{5}I"),
            "{}",
            rest.len()
        );
    }
}

const TERMINATED: &str = "SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0";

/// The session of a user, once it is in a state.
fn find(user: &str, state: &str) -> i32 {
    let mut client = server().connect();
    let find = "SELECT pid FROM pg_stat_activity WHERE usename = $1 AND state = $2";
    loop {
        match client.query_opt(find, &[&user, &state]).unwrap() {
            Some(row) => break row.get(0),
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    }
}

fn terminate(process_id: i32) -> bool {
    let statement = format!("SELECT pg_terminate_backend({process_id}, 5000)");
    server().connect().query_one(&statement, &[]).unwrap().get(0)
}

#[test]
fn another_session_ends_a_busy_one() {
    for (name, statement) in STATEMENTS {
        let mut raw = Raw::connect("busy");
        raw.query(statement);
        let process_id = find("busy", "active");
        let took = ended_after(
            100,
            || {
                terminate(process_id);
            },
            || assert!(raw.rest().ends_with(TERMINATED), "{name}"),
        );
        assert!(took < PATIENCE, "{name} took {took:?}");
    }
}

#[test]
fn another_session_ends_an_idle_one() {
    let mut raw = Raw::connect("lazy");
    raw.query("BEGIN; CREATE TABLE never_there (id integer)");
    assert!(terminate(find("lazy", "idle in transaction")));
    assert!(raw.rest().ends_with(TERMINATED));
    let mut client = server().connect();
    let gone = client
        .query_one("SELECT to_regclass('never_there') IS NULL", &[])
        .unwrap();
    assert!(gone.get::<_, bool>(0), "its transaction was undone");
    assert!(
        !signal("pg_terminate_backend", 2_000_000_000),
        "there is none of this number"
    );
}

#[test]
fn another_session_ends_one_that_copies() {
    let mut client = server().connect();
    client.batch_execute("CREATE TABLE half_copied (id integer)").unwrap();
    let mut raw = Raw::connect("copier");
    raw.query("COPY half_copied FROM STDIN");
    raw.send(Some(b'd'), b"1\n");
    assert!(terminate(find("copier", "active")));
    assert!(raw.rest().ends_with(TERMINATED));
    let rows: i64 = client
        .query_one("SELECT count(*) FROM half_copied", &[])
        .unwrap()
        .get(0);
    assert_eq!(rows, 0);
}

#[test]
fn a_session_that_does_not_read_is_ended() {
    let mut raw = Raw::connect("slow");
    raw.query("SELECT * FROM generate_series(1, 100000000000)");
    let process_id = find("slow", "active");
    // Until the socket is full.
    std::thread::sleep(Duration::from_millis(500));
    assert!(terminate(process_id));
    drop(raw);
}

#[test]
fn a_session_ends_itself() {
    let mut raw = Raw::connect("tired");
    raw.query("SELECT pg_terminate_backend(pg_backend_pid())");
    assert!(raw.rest().ends_with(TERMINATED));
    let mut client = server().connect();
    let error = client
        .query("SELECT pg_cancel_backend(pg_backend_pid())", &[])
        .unwrap_err();
    is_cancelled(&error, "canceling statement due to user request");
    lives(&mut client);
}
