//! HTTP from outside: the served binary, and a client on a plain socket. Batches that are exactly once, results that stream, and what is
//! refused, broken off or cut short, without an effect and without disturbing anybody else.

mod client;
mod guard;
mod insert;
mod limits;
mod producers;
mod query;
mod stop;

use client::{Answer, exchange};
use std::sync::OnceLock;
use stoa_tests::{Server, ServerOptions};

const JSON: (&str, &str) = ("Content-Type", "application/x-ndjson");
const CSV: (&str, &str) = ("Content-Type", "text/csv");

/// A server of its own.
fn start(folder: &std::path::Path, arguments: &[&str]) -> Server {
    let arguments = ["--http", "127.0.0.1:0"].iter().chain(arguments);
    Server::start(&ServerOptions {
        data: folder.join("data"),
        arguments: arguments.map(|argument| (*argument).to_owned()).collect(),
    })
}

/// One server for most tests of this file; each has tables of its own.
fn server() -> &'static Server {
    static SERVER: OnceLock<(Server, tempfile::TempDir)> = OnceLock::new();
    let (server, _) = SERVER.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let server = start(folder.path(), &[]).keep_until_exit();
        (server, folder)
    });
    server
}

fn insert(target: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    exchange(
        server().http_port(),
        "POST",
        &format!("/insert/{target}"),
        headers,
        body.as_bytes(),
    )
}

fn query(target: &str, headers: &[(&str, &str)], text: &str) -> Answer {
    exchange(
        server().http_port(),
        "POST",
        &format!("/query{target}"),
        headers,
        text.as_bytes(),
    )
}

/// Runs statements beside HTTP.
fn run(text: &str) {
    server().connect().batch_execute(text).unwrap();
}

/// Rows of a statement as csv without its header.
fn rows(text: &str) -> String {
    let answer = query("?format=csv", &[], text);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.text().split_once('\n').unwrap().1.trim_end().to_owned()
}

/// Waits until a statement that gives true or false gives true.
fn wait_until(server: &Server, condition: &str) {
    let mut client = server.connect();
    for _ in 0..1_000 {
        if client.query_one(condition, &[]).unwrap().get(0) {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("never came true: {condition}");
}
