//! What has a limit: headers, the time they take, silence in a body, statements, and requests at the same time.

use crate::client::{Http, exchange, head};
use crate::{JSON, query, rows, run, server, start};
use std::time::{Duration, Instant};
use stoa_server::limits::{
    HTTP_BODY_IDLE_TIME_MAX_MS, HTTP_HEADER_BYTES_MAX, HTTP_HEADER_TIME_MAX_MS, HTTP_STATEMENT_BYTES_MAX,
};

#[test]
fn headers_have_a_limit() {
    let port = server().http_port();
    let long = "x".repeat(HTTP_HEADER_BYTES_MAX);
    assert_eq!(exchange(port, "GET", "/health", &[("X", &long)], b"").status, 431);
    let target = format!("/health?{long}");
    assert!(exchange(port, "GET", &target, &[], b"").status >= 400);
    let fits = "x".repeat(HTTP_HEADER_BYTES_MAX / 2);
    assert_eq!(exchange(port, "GET", "/health", &[("X", &fits)], b"").status, 200);
    let many = vec![("X", "y"); 1_000];
    assert_eq!(exchange(port, "GET", "/health", &many, b"").status, 431);
}

#[test]
fn slow_headers_are_cut() {
    let mut http = Http::connect(server().http_port());
    let begun = Instant::now();
    http.send(b"GET /health HTTP/1.1\r\nHost: localhost\r\n");
    let mut dripping = http.stream.try_clone().unwrap();
    let dripper = std::thread::spawn(move || {
        use std::io::Write;
        while dripping.write_all(b"X: y\r\n").is_ok() && begun.elapsed() < Duration::from_secs(50) {
            std::thread::sleep(Duration::from_millis(500));
        }
    });
    assert!(http.answer().is_none_or(|answer| answer.status == 408));
    let limit = Duration::from_millis(HTTP_HEADER_TIME_MAX_MS);
    assert!(
        begun.elapsed() < limit + Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
    dripper.join().unwrap();
}

#[test]
fn a_silent_body_is_given_up() {
    run("CREATE TABLE silent (id int)");
    let mut http = Http::connect(server().http_port());
    let headers = [("Host", "localhost"), ("Content-Length", "1000"), JSON];
    let begun = Instant::now();
    http.send(head("POST", "/insert/silent", &headers).as_bytes())
        .send(b"{\"id\":1}\n");
    let answer = http.answer().unwrap();
    assert_eq!((answer.status, answer.header("connection")), (408, Some("close")));
    let limit = Duration::from_millis(HTTP_BODY_IDLE_TIME_MAX_MS);
    assert!(begun.elapsed() >= limit && begun.elapsed() < limit + Duration::from_secs(5));
    assert_eq!(rows("SELECT count(*) FROM silent"), "0");
}

#[test]
fn statements_have_a_limit_and_their_refusal_is_read() {
    let text = format!("SELECT '{}'", "x".repeat(HTTP_STATEMENT_BYTES_MAX));
    let answer = query("", &[], &text);
    assert_eq!((answer.status, answer.error("sqlstate").as_str()), (413, "54000"));
}

#[test]
fn a_refusal_of_a_large_body_is_read() {
    // The client sends all of it before it reads, and 20 MB do not fit into the sockets' buffers.
    let body = vec![b'x'; 20 << 20];
    let length = body.len().to_string();
    let headers = [("Host", "localhost"), ("Content-Length", length.as_str()), JSON];
    for target in ["/insert/nowhere", "/nowhere"] {
        let mut http = Http::connect(server().http_port());
        http.send(head("POST", target, &headers).as_bytes());
        std::io::Write::write_all(&mut http.stream, &body).expect("the server reads on");
        assert_eq!(http.answer().unwrap().status, 404);
    }
}

#[test]
fn a_client_that_waits_to_be_asked_is_not_asked_in_vain() {
    let headers = [
        ("Host", "localhost"),
        ("Content-Length", "1000"),
        ("Expect", "100-continue"),
        JSON,
    ];
    let mut http = Http::connect(server().http_port());
    http.send(head("POST", "/insert/nowhere", &headers).as_bytes());
    let mut first = [0; 12];
    std::io::Read::read_exact(&mut http.stream, &mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 404");
    run("CREATE TABLE asked (id int)");
    let headers = [
        ("Host", "localhost"),
        ("Content-Length", "9"),
        ("Expect", "100-continue"),
        JSON,
    ];
    let mut http = Http::connect(server().http_port());
    http.send(head("POST", "/insert/asked", &headers).as_bytes());
    let mut first = [0; 25];
    std::io::Read::read_exact(&mut http.stream, &mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 100 Continue\r\n\r\n");
    assert_eq!(http.send(b"{\"id\":1}\n").answer().unwrap().status, 200);
}

#[test]
fn requests_share_the_places_of_connections() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path(), &["--connections", "2"]);
    let (_one, two) = (server.connect(), server.connect());
    let ask = || exchange(server.http_port(), "POST", "/query", &[], b"SELECT 1 AS a");
    let refused = ask();
    assert_eq!((refused.status, refused.error("sqlstate").as_str()), (503, "53300"));
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(exchange(server.http_port(), "GET", "/health", &[], b"").status, 200);
    two.close().unwrap();
    let freed = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        ask().status == 200
    });
    assert!(freed);
    // One request after the other on one socket never finds its own former place taken.
    let mut http = Http::connect(server.http_port());
    let headers = [("Host", "localhost"), ("Content-Length", "13")];
    for _ in 0..200 {
        http.send(head("POST", "/query", &headers).as_bytes())
            .send(b"SELECT 1 AS a");
        assert_eq!(http.answer().unwrap().status, 200);
    }
}
