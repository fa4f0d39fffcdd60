//! Golden files: data directories that former format versions wrote, one folder each beside this file. The present build opens them,
//! answers right, checks and inspects them.
//!
//! A folder never changes once its format version has been released. While that is still being worked on,
//! `UPDATE_GOLDEN=1` has the present build write the newest one anew.

use std::path::{Path, PathBuf};
use stoa_tests::{Server, ServerOptions, run_stoa, workspace_root};

/// The format version that the present build writes.
const NEWEST: &str = "v3";

/// What a golden directory holds: every type; rows in a segment, some of them deleted, in the manifest and in the log; rows in the log;
/// a column that the segment does not have; a view; a table that is gone; from version 3 on a key with its index, and batches of a producer.
const SCRIPT: &[&str] = &[
    "CREATE TABLE events (
        id bigint NOT NULL, day date NOT NULL, small smallint, medium integer, flag boolean, ratio double precision, part real,
        price numeric(12,2), large numeric(30,4), label text, short varchar(8), bytes bytea, at timestamp, instant timestamptz,
        clock time, span interval, key uuid, document jsonb
     ) WITH (partition_by = 'month(day)', order_by = 'id', bloom_filter = 'short', deduplicate_by = 'id')",
    "SET stoa.producer = 'golden'",
    "SET stoa.producer_token = 7",
    "INSERT INTO events SELECT n, date '2024-01-20' + (n / 5)::integer, n, n * 1000, n % 3 = 0, n / 8.0, n / 4.0,
        n * 1.25, n * 1000000000000.0625, 'label ' || n % 5, 's' || n, decode(md5(n::text), 'hex'),
        timestamp '2024-01-01 10:00:00' + n * interval '1 hour', timestamptz '2024-01-01 10:00:00.5+00' + n * interval '1 day',
        time '08:00' + n * interval '1 minute', n * interval '1 day 2 hours', ('00000000-0000-0000-0000-0000000000' || 10 + n)::uuid,
        ('{\"n\": ' || n || '}')::jsonb
     FROM generate_series(1, 20) AS t (n)",
    "INSERT INTO events (id, day) VALUES (21, '2024-02-29')",
    "CREATE TABLE gone (id integer)",
    "INSERT INTO gone VALUES (1)",
    "CHECKPOINT",
    "DELETE FROM events WHERE id IN (3, 13)",
    "DROP TABLE gone",
    "ALTER TABLE events ADD COLUMN added text DEFAULT 'none'",
    "CREATE VIEW labels AS SELECT label, count(*) AS count FROM events GROUP BY label",
    "CHECKPOINT",
    "INSERT INTO events (id, day, label, added) VALUES (22, '2024-03-01', 'in the log', 'some'), (23, '2024-03-02', NULL, NULL)",
    "DELETE FROM events WHERE id IN (19, 23)",
];

/// Questions, answered in `answers` beside the data.
const QUESTIONS: &[&str] = &[
    "SELECT * FROM events ORDER BY id",
    "SELECT count(*), sum(id), sum(price), sum(large), min(instant), max(span) FROM events",
    "SELECT * FROM labels ORDER BY label",
    "SELECT id FROM events WHERE short = 's17'",
    "SELECT id FROM events WHERE day BETWEEN '2024-01-21' AND '2024-01-23' AND label = 'label 2' ORDER BY id",
    "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns WHERE table_schema = 'public'
     ORDER BY table_name, ordinal_position",
];

/// Likewise, of directories that keep history, as all do but the first version's.
const QUESTIONS_OF_HISTORY: &[&str] = &[
    "SELECT count(*), sum(id) FROM events FOR SYSTEM_TIME AS OF 2",
    "SELECT count(*), sum(id), count(added) FROM events FOR SYSTEM_TIME AS OF 3",
    "SELECT id FROM events FOR SYSTEM_TIME AS OF 10 WHERE id > 18 ORDER BY id",
];

/// Likewise, of directories that know who brought rows.
const QUESTIONS_OF_INGEST: &[&str] = &[
    "SELECT * FROM stoa.producers",
    "SELECT source, rows_received, rows_stored, rows_deduplicated FROM stoa.ingest",
    "BEGIN; INSERT INTO events (id, day) SELECT id, '2024-01-01' FROM generate_series(1, 22) AS t (id) RETURNING id; ROLLBACK",
];

fn golden() -> PathBuf {
    workspace_root().join("tests/golden")
}

/// The golden directories, each of another version.
fn versions() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(golden()).unwrap().map(|entry| entry.unwrap().path());
    let mut versions: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    versions.sort();
    assert!(versions.iter().any(|version| version.ends_with(NEWEST)), "{versions:?}");
    versions
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        match entry.unwrap().path() {
            path if path.is_dir() => files.extend(self::files(&path)),
            path => files.push(path),
        }
    }
    files.sort();
    files
}

fn copy_folder(from: &Path, to: &Path) {
    for path in files(from) {
        let target = to.join(path.strip_prefix(from).unwrap());
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::copy(&path, &target).unwrap();
    }
}

fn serve(data: &Path) -> Server {
    Server::start(&ServerOptions {
        data: data.to_path_buf(),
        arguments: Vec::new(),
    })
}

/// Questions with their answers, a row a line, NULL as `~`.
fn answers(server: &Server, version: &Path) -> String {
    use postgres::SimpleQueryMessage::Row;
    let mut client = server.connect();
    client.batch_execute("SET timezone = 'UTC'").unwrap();
    let mut text = String::new();
    let is_of = |versions: &[&str]| versions.iter().any(|name| version.ends_with(name));
    let of_history = if is_of(&["v1"]) { &[] } else { QUESTIONS_OF_HISTORY };
    let of_ingest = if is_of(&["v1", "v2"]) { &[] } else { QUESTIONS_OF_INGEST };
    for question in QUESTIONS.iter().chain(of_history).chain(of_ingest) {
        text += &format!("? {question}\n");
        for message in client.simple_query(question).unwrap() {
            if let Row(row) = message {
                let values: Vec<&str> = (0..row.len()).map(|at| row.get(at).unwrap_or("~")).collect();
                text += &format!("{}\n", values.join(" | "));
            }
        }
    }
    text
}

/// Writes the newest directory anew, through the public binary: a server that is killed leaves rows in its log.
fn update() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = serve(&data);
    let mut client = server.connect();
    for statement in SCRIPT {
        client.batch_execute(statement).unwrap();
    }
    let target = golden().join(NEWEST);
    let answers = answers(&server, &target);
    server.kill();
    let _ = std::fs::remove_dir_all(&target);
    std::fs::remove_file(data.join("LOCK")).unwrap();
    copy_folder(&data, &target.join("data"));
    std::fs::write(target.join("answers"), answers).unwrap();
}

#[test]
fn every_former_format_is_read() {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        update();
    }
    for version in versions() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        copy_folder(&version.join("data"), &data);
        inspect(&data);
        let expected = std::fs::read_to_string(version.join("answers")).unwrap();
        // Opened, checked, sealed and opened again: what is read and what is written of it must agree.
        for round in ["as it was written", "after a check", "sealed"] {
            let server = serve(&data);
            assert_eq!(
                answers(&server, &version),
                expected,
                "\"{}\" {round}",
                version.display()
            );
            server.connect().batch_execute("CHECKPOINT").unwrap();
            server.kill();
            let check = run_stoa(&["check", "--data", data.to_str().unwrap()], |_| {});
            assert_eq!(check.code, Some(0), "{check:?}");
            assert!(check.output.contains("everything is as written"), "{check:?}");
        }
    }
}

/// Every file can be shown, and says what it holds.
fn inspect(data: &Path) {
    for path in files(data) {
        let shown = run_stoa(&["inspect", path.to_str().unwrap()], |_| {});
        assert_eq!(shown.code, Some(0), "{shown:?}");
        let expected = match path.extension().and_then(|ending| ending.to_str()) {
            // The index of a key is one, too.
            Some("segment") if shown.output.contains("\"hash\"") => "column 1 \"row\" Int32",
            Some("segment") => "column 9 \"label\" Utf8View",
            Some("log") => "(insert): 2 rows into table 1",
            Some("manifest") => "20 rows, 2 deleted",
            ending => panic!("\"{}\" ends in {ending:?}", path.display()),
        };
        assert!(shown.output.contains(expected), "{shown:?}");
    }
}
