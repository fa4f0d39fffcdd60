//! Scripts of real clients: `tests/clients/<client>/NAME.<extension>` with `NAME.expected` beside it.

use super::server;
use std::path::Path;
use std::process::{Command, Stdio};
use stoa_tests::{Server, ServerOptions};

/// Runs every script of a client and compares what it prints.
fn run_scripts(client: &str, extension: &str, command: impl Fn(&Path) -> Command) {
    let folder = stoa_tests::workspace_root().join("tests/clients").join(client);
    let mut scripts: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    scripts.sort();
    assert!(!scripts.is_empty(), "{client} has scripts");
    let mut problems = Vec::new();
    for script in scripts {
        let output = command(&script)
            .current_dir(&folder)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let mut printed = String::from_utf8_lossy(&output.stdout).into_owned();
        printed.push_str(&String::from_utf8_lossy(&output.stderr));
        let expected_file = script.with_extension("expected");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&expected_file, &printed).unwrap();
            continue;
        }
        let expected = std::fs::read_to_string(&expected_file).unwrap_or_default();
        if printed != expected {
            problems.push(format!("{}:\n{}", script.display(), difference(&expected, &printed)));
        }
    }
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

/// The first lines that differ.
fn difference(expected: &str, printed: &str) -> String {
    let (mut left, mut right) = (expected.lines(), printed.lines());
    let mut number = 0;
    loop {
        number += 1;
        match (left.next(), right.next()) {
            (None, None) => return "they differ in their ends of lines".into(),
            (left, right) if left != right => {
                return format!("line {number}: expected {left:?}, printed {right:?}\nall of it:\n{printed}");
            }
            _ => {}
        }
    }
}

/// Whether a client is there; says so where not.
fn is_there(client: &str, mut probe: Command) -> bool {
    let there = probe
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !there {
        let required = std::env::var("STOA_TEST_CLIENTS").is_ok_and(|value| value == "required");
        assert!(!required, "{client} is not installed");
        eprintln!("not run: {client} is not installed");
    }
    there
}

#[test]
fn psql() {
    let mut probe = Command::new("psql");
    probe.arg("--version");
    if !is_there("psql", probe) {
        return;
    }
    // A server of its own: `\d` lists what is there.
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&ServerOptions {
        data: folder.path().join("data"),
        arguments: Vec::new(),
    });
    let port = server.port().to_string();
    run_scripts("psql", "sql", |script| {
        let mut command = Command::new("psql");
        command
            .args([
                "-X",
                "-q",
                "-e",
                "-h",
                "127.0.0.1",
                "-U",
                "stoa",
                "-d",
                "stoa",
                "-p",
                &port,
                "-f",
            ])
            .arg(script.file_name().unwrap())
            .env("PGTZ", "UTC");
        command
    });
}

#[test]
fn psycopg() {
    let python = std::env::var("STOA_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
    let mut probe = Command::new(&python);
    probe.args(["-c", "import psycopg"]);
    if !is_there("psycopg", probe) {
        return;
    }
    let connection = server().connection_string();
    run_scripts("psycopg", "py", |script| {
        let mut command = Command::new(&python);
        command.arg(script.file_name().unwrap()).arg(&connection);
        command
    });
}

#[test]
fn pgbench() {
    let mut probe = Command::new("pgbench");
    probe.arg("--version");
    // Not on every machine that has psql, so never required.
    if !probe.output().is_ok_and(|output| output.status.success()) {
        eprintln!("not run: pgbench is not installed");
        return;
    }
    let mut connection = server().connect();
    connection
        .batch_execute("CREATE TABLE pgbench_rows (id bigint NOT NULL, value integer)")
        .unwrap();
    let folder = stoa_tests::workspace_root().join("tests/clients/pgbench");
    let output = Command::new("pgbench")
        .args([
            "-n",
            "-c",
            "4",
            "-t",
            "25",
            "-h",
            "127.0.0.1",
            "-U",
            "stoa",
            "-M",
            "prepared",
        ])
        .args(["-p", &server().port().to_string(), "-f"])
        .arg(folder.join("insert_and_count.sql"))
        .arg("stoa")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let rows: i64 = connection
        .query_one("SELECT count(*) FROM pgbench_rows", &[])
        .unwrap()
        .get(0);
    assert_eq!(rows, 100);
}
