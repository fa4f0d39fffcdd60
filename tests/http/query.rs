//! Statements and their rows: in both forms, at a known version, in bounded memory, and never a part for the whole.

use crate::client::{Http, head};
use crate::{query, rows, run, server, wait_until};
use std::time::{Duration, Instant};

#[test]
fn rows_come_as_json_and_as_csv() {
    let text = "SELECT 1 AS a, 1.50 AS b, 'x\"y' AS c, NULL::int AS d, true AS e, ARRAY[1,2] AS f, '{\"k\":\n1}'::json AS g, timestamp '2024-02-29 12:00' AS h, 'NaN'::float8 AS i";
    let answer = query("", &[], text);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
    assert_eq!(
        answer.text(),
        "{\"a\":1,\"b\":1.50,\"c\":\"x\\\"y\",\"d\":null,\"e\":true,\"f\":[1,2],\"g\":{\"k\": 1},\"h\":\"2024-02-29T12:00:00\",\"i\":\"NaN\"}\n"
    );
    for (target, headers) in [("?format=csv", &[][..]), ("", &[("Accept", "text/csv")])] {
        let answer = query(target, headers, "SELECT 1 AS a, 'x,\"y' AS b, NULL AS c");
        assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8"));
        assert_eq!(answer.text(), "a,b,c\n1,\"x,\"\"y\",\n");
    }
    assert_eq!(query("", &[], "SELECT 1 WHERE false").text(), "");
    assert_eq!(query("?format=csv", &[], "SELECT 1 AS a WHERE false").text(), "a\n");
}

#[test]
fn the_version_is_that_of_the_answer() {
    run("CREATE TABLE versions (n int)");
    let answer = query("", &[], "INSERT INTO versions VALUES (1)");
    let told = answer.json();
    assert_eq!(told["command"], "INSERT 0 1");
    let version = told["version"].as_u64().unwrap();
    run("INSERT INTO versions VALUES (2)");
    let answer = query("", &[], "SELECT snapshot_version() AS v, count(*) AS c FROM versions");
    let row: serde_json::Value = serde_json::from_str(answer.text()).unwrap();
    assert_eq!(answer.header("stoa-version").unwrap(), row["v"].to_string());
    assert!(row["v"].as_u64().unwrap() > version);
    let then = query(
        &format!("?setting.stoa.as_of={version}"),
        &[],
        "SELECT count(*) AS c FROM versions",
    );
    assert_eq!(then.text(), "{\"c\":1}\n");
    assert_eq!(then.header("stoa-version").unwrap(), version.to_string());
    let answer = query(
        "?setting.TimeZone=Asia/Tokyo",
        &[],
        "SELECT timestamptz '2024-01-01 00:00Z' AS t",
    );
    assert_eq!(answer.text(), "{\"t\":\"2024-01-01T09:00:00+09:00\"}\n");
    // A session ends with its request.
    assert_eq!(query("", &[], "SET TimeZone = 'Asia/Tokyo'").json()["command"], "SET");
    assert_eq!(rows("SHOW TimeZone"), rows("SELECT current_setting('TimeZone')"));
    assert_ne!(rows("SHOW TimeZone"), "Asia/Tokyo");
}

#[test]
fn errors_say_what_and_where() {
    for (text, status, state, position) in [
        ("SELECT nonsense", 400, "42703", Some(8)),
        ("SELEC 1", 400, "42601", Some(1)),
        ("SELECT 'é', * FROM nowhere", 404, "42P01", Some(20)),
        ("SELECT 1 / 0", 400, "22012", None),
        ("SELECT 1; SELECT 2", 400, "42601", None),
        ("", 400, "42601", None),
        (" ;", 400, "42601", None),
        ("SELECT 1, 2", 400, "42701", None),
        ("COPY (SELECT 1) TO STDOUT", 400, "0A000", None),
        ("SELECT pg_sleep(60)", 503, "57014", None),
    ] {
        let answer = query("?setting.statement_timeout=300", &[], text);
        assert_eq!(
            (answer.status, answer.error("sqlstate").as_str()),
            (status, state),
            "{text}: {}",
            answer.text()
        );
        assert_eq!(answer.json()["error"]["position"].as_u64(), position, "{text}");
        assert!(answer.header("stoa-version").is_none());
    }
    run("CREATE TABLE no_rows_here (a int)");
    let answer = query("", &[], "COPY no_rows_here FROM STDIN");
    assert_eq!((answer.status, answer.error("sqlstate").as_str()), (400, "0A000"));
    assert_eq!(query("?setting.no_such=1", &[], "SELECT 1").status, 400);
    assert_eq!(
        query("?setting.stoa.as_of=1", &[], "DROP TABLE no_rows_here").status,
        409
    );
    assert_eq!(query("?format=xml", &[], "SELECT 1").status, 400);
    let port = server().http_port();
    let answer = crate::exchange(port, "POST", "/query", &[], b"SELECT '\xff'");
    assert_eq!((answer.status, answer.error("sqlstate").as_str()), (400, "22021"));
}

#[test]
fn an_error_behind_the_first_rows_breaks_the_answer_off() {
    for format in ["ndjson", "csv"] {
        let target = format!("?format={format}");
        let answer = query(
            &target,
            &[],
            "SELECT 1000000 / (500000 - i) AS n FROM generate_series(1, 1000000) i",
        );
        assert_eq!(answer.status, 200);
        assert!(answer.body.len() > 100_000, "{}", answer.body.len());
        assert!(!answer.is_complete, "{} bytes look like all", answer.body.len());
    }
    let all = query("", &[], "SELECT i FROM generate_series(1, 100000) i");
    assert!(all.is_complete);
    assert_eq!(all.text().lines().count(), 100_000);
}

/// Resident memory of the server, in bytes.
#[cfg(target_os = "linux")]
fn resident_bytes() -> usize {
    let path = format!("/proc/{}/statm", server().process_id());
    let pages: usize = std::fs::read_to_string(path)
        .unwrap()
        .split(' ')
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    pages * 4_096
}

/// What it has grown by, once it does not grow any more.
#[cfg(target_os = "linux")]
fn grown_when_still(before: usize) -> usize {
    let (mut last, mut still) = (0, 0);
    for _ in 0..120 {
        std::thread::sleep(Duration::from_millis(500));
        let grown = resident_bytes().saturating_sub(before);
        still = if grown > last + (1 << 20) { 0 } else { still + 1 };
        last = last.max(grown);
        if still == 8 {
            break;
        }
    }
    last
}

#[cfg(target_os = "linux")]
#[test]
fn a_large_answer_does_not_wait_in_memory() {
    // 400 MB that nobody reads for a while, then all of it.
    let text = "SELECT i, repeat('x', 4000) AS t FROM generate_series(1, 100000) i";
    query(
        "",
        &[],
        "SELECT i, repeat('x', 4000) AS t FROM generate_series(1, 2000) i",
    );
    let before = resident_bytes();
    let mut http = Http::connect(server().http_port());
    let length = text.len().to_string();
    let headers = [("Host", "localhost"), ("Content-Length", length.as_str())];
    http.send(head("POST", "/query", &headers).as_bytes())
        .send(text.as_bytes());
    let grown = grown_when_still(before);
    assert!(grown < 150 << 20, "{grown} bytes wait");
    let answer = http.answer().unwrap();
    assert!(answer.is_complete);
    assert!(answer.body.len() > 400_000_000);
    assert!(answer.body.ends_with(b"\"}\n"));
}

#[test]
fn a_client_that_goes_ends_its_query() {
    let slow =
        "SELECT count(*) AS given_up FROM generate_series(1, 100000) a, generate_series(1, 100000) b WHERE a + b < 0";
    let streaming = "SELECT i AS given_up, repeat('y', 100) AS t FROM generate_series(1, 100000000) i";
    for text in [slow, streaming] {
        let mut http = Http::connect(server().http_port());
        let length = text.len().to_string();
        let headers = [("Host", "localhost"), ("Content-Length", length.as_str())];
        http.send(head("POST", "/query", &headers).as_bytes())
            .send(text.as_bytes());
        let running = "FROM pg_stat_activity WHERE application_name = 'http' AND query LIKE '%given_up%'";
        wait_until(server(), &format!("SELECT count(*) = 1 {running}"));
        let gone = Instant::now();
        drop(http);
        wait_until(server(), &format!("SELECT count(*) = 0 {running}"));
        assert!(gone.elapsed() < Duration::from_secs(5), "{:?}", gone.elapsed());
    }
}
