//! Who is kept out: requests by another name, and those of web pages, whatever they ask for.

use crate::client::{Http, exchange, head};
use crate::{JSON, rows, run, server};

const ROUTES: [(&str, &str); 5] = [
    ("POST", "/insert/guarded"),
    ("POST", "/query"),
    ("GET", "/health"),
    ("GET", "/nowhere"),
    ("OPTIONS", "/query"),
];

fn with_host(method: &str, target: &str, headers: &[(&str, &str)]) -> (u16, String) {
    let mut http = Http::connect(server().http_port());
    let body = "INSERT INTO guarded VALUES (1)";
    let length = body.len().to_string();
    let mut all = vec![("Content-Length", length.as_str()), JSON];
    all.extend_from_slice(headers);
    http.send(head(method, target, &all).as_bytes()).send(body.as_bytes());
    let answer = http.answer().unwrap();
    (answer.status, answer.error("message"))
}

#[test]
fn every_route_is_guarded() {
    run("CREATE TABLE guarded (id int)");
    let host = ("Host", "127.0.0.1:8123");
    for (method, target) in ROUTES {
        for headers in [
            &[("Host", "evil.example")][..],
            &[("Host", "evil.example:8123")],
            &[("Host", "127.0.0.1.evil.example")],
            &[("Host", "")],
            &[],
            &[host, host],
            &[host, ("Origin", "http://evil.example")],
            &[host, ("Origin", "http://localhost:3000")],
            &[host, ("Origin", "null")],
            &[host, ("Sec-Fetch-Site", "cross-site")],
            &[host, ("Sec-Fetch-Site", "same-site")],
        ] {
            let (status, message) = with_host(method, target, headers);
            assert_eq!(status, 403, "{method} {target} {headers:?}: {message}");
            assert!(
                message.ends_with("served") || message.contains("Host header"),
                "{message}"
            );
        }
    }
    let (status, _) = with_host("POST", "http://evil.example/query", &[host]);
    assert_eq!(status, 403);
    assert_eq!(rows("SELECT count(*) FROM guarded"), "0");
    for headers in [
        &[("Host", "LOCALHOST")][..],
        &[("Host", "[::1]:8123")],
        &[
            host,
            ("Origin", "http://127.0.0.1:8123"),
            ("Sec-Fetch-Site", "same-origin"),
        ],
    ] {
        assert_eq!(with_host("POST", "/query", headers).0, 200, "{headers:?}");
    }
    assert_eq!(rows("SELECT count(*) FROM guarded"), "3");
}

#[test]
fn ways_and_methods_that_there_are_not() {
    let port = server().http_port();
    for (method, target, status) in [
        ("GET", "/health", 200),
        ("POST", "/health", 405),
        ("GET", "/query", 405),
        ("PUT", "/insert/guarded", 405),
        ("GET", "/", 404),
        ("POST", "/queries", 404),
        ("POST", "/insert", 404),
        ("POST", "/query/", 404),
    ] {
        let answer = exchange(port, method, target, &[], b"");
        assert_eq!(answer.status, status, "{method} {target}");
        assert_eq!(answer.header("allow").is_some(), status == 405);
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    }
    assert_eq!(
        exchange(port, "GET", "/health", &[], b"").text(),
        "{\"status\":\"ok\"}\n"
    );
    // An older version could take a part of an answer for all of it.
    let mut http = Http::connect(port);
    http.send(b"POST /query HTTP/1.0\r\nHost: localhost\r\nContent-Length: 8\r\n\r\nSELECT 1");
    assert_eq!(http.answer().unwrap().status, 505);
}

#[test]
fn garbage_is_answered_or_cut_and_nobody_else_notices() {
    for garbage in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"GET\r\n\r\n",
        b"POST /query HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST /query HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /query HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST /insert/%00 HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\nContent-Length: 0\r\n\r\n",
        b"\0\0\0\x08\x04\xd2\x16\x2f",
    ] {
        let mut http = Http::connect(server().http_port());
        http.send(garbage);
        http.stream.shutdown(std::net::Shutdown::Write).unwrap();
        let status = http.answer().map(|answer| answer.status);
        assert!(status.is_none_or(|status| status >= 400), "{status:?}");
    }
    assert_eq!(rows("SELECT 1"), "1");
}
