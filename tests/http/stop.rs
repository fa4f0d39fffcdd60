//! A stop: what is at work finishes or is told, what comes later is told, and nothing half done stays.

use crate::client::{Http, exchange, head};
use crate::{JSON, start, wait_until};
use std::time::{Duration, Instant};
use stoa_server::limits::STOP_GRACE_MS;

#[test]
fn a_stop_lets_queries_finish_and_ends_bodies_that_wait() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path(), &[]);
    server.connect().batch_execute("CREATE TABLE t (id int)").unwrap();
    let port = server.http_port();
    let mut idle = Http::connect(port);
    idle.send(head("GET", "/health", &[("Host", "localhost")]).as_bytes());
    assert_eq!(idle.answer().unwrap().status, 200);
    let mut insert = Http::connect(port);
    let headers = [("Host", "localhost"), ("Content-Length", "1000"), JSON];
    insert
        .send(head("POST", "/insert/t", &headers).as_bytes())
        .send(b"{\"id\":1}\n");
    let mut query = Http::connect(port);
    let headers = [("Host", "localhost"), ("Content-Length", "35")];
    query
        .send(head("POST", "/query", &headers).as_bytes())
        .send(b"SELECT 1 AS a FROM pg_sleep(2) AS b");
    wait_until(
        &server,
        "SELECT count(*) = 2 FROM pg_stat_activity WHERE application_name = 'http'",
    );
    server.begin_stop();
    let begun = Instant::now();
    let refused = insert.answer().unwrap();
    assert!(
        begun.elapsed() < Duration::from_millis(STOP_GRACE_MS),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(
        (refused.status, refused.error("sqlstate").as_str()),
        (503, "57P01"),
        "{}",
        refused.text()
    );
    assert!(!idle.read_more(), "an idle connection is closed");
    let health = exchange(port, "GET", "/health", &[], b"");
    assert_eq!((health.status, health.error("sqlstate").as_str()), (503, "57P03"));
    assert_eq!(exchange(port, "POST", "/query", &[], b"SELECT 1").status, 503);
    let answer = query.answer().unwrap();
    assert_eq!((answer.status, answer.text()), (200, "{\"a\":1}\n"));
    server.stop();
    let server = start(folder.path(), &[]);
    let left: i64 = server
        .connect()
        .query_one("SELECT count(*) FROM t", &[])
        .unwrap()
        .get(0);
    assert_eq!(left, 0);
}

#[test]
fn a_stop_does_not_wait_for_clients_that_do_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path(), &[]);
    let text = "SELECT i, repeat('x', 1000) AS t FROM generate_series(1, 10000000) i";
    let mut http = Http::connect(server.http_port());
    let length = text.len().to_string();
    let headers = [("Host", "localhost"), ("Content-Length", length.as_str())];
    http.send(head("POST", "/query", &headers).as_bytes())
        .send(text.as_bytes());
    wait_until(
        &server,
        "SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'http'",
    );
    std::thread::sleep(Duration::from_millis(500));
    let begun = Instant::now();
    server.stop();
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    let answer = http.answer().unwrap();
    assert_eq!((answer.status, answer.is_complete), (200, false));
}

#[test]
fn only_addresses_of_this_machine_are_listened_on() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let ended = stoa_tests::run_stoa(
        &[
            "serve",
            "--data",
            data.to_str().unwrap(),
            "--listen",
            "127.0.0.1:0",
            "--http",
            "0.0.0.0:0",
        ],
        |_| (),
    );
    assert_eq!(ended.code, Some(1));
    let expected = "refusing to listen on 0.0.0.0:0: without authentication only addresses of this machine";
    assert!(ended.errors.contains(expected), "{}", ended.errors);
}
