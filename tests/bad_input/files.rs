//! Files that cannot be loaded: by COPY from the server's import folder, and by `stoa load`. The error names the file; the table
//! stays as it was.

use super::{contents, one_line, refusal, shared, text, words};
use std::io::Write;
use std::path::Path;
use stoa_tests::{Server, ServerOptions, run_stoa};

/// Written by another program, with a checksum in every page: 60 rows in two row groups.
const PARQUET: &[u8] = include_bytes!("checksummed.parquet");

/// Where the pages of its first row group lie.
const PAGES: std::ops::Range<usize> = 4..568;

const DEFINITION: &str = "(id integer NOT NULL, label text, amount numeric(8,2))";

/// Rows of csv with a header; several blocks of any compression.
fn csv() -> String {
    let row = |id: u32| {
        format!(
            "{id},label {},{}.25\n",
            id.wrapping_mul(2_654_435_761) % 1_000_003,
            id % 100
        )
    };
    let rows: String = (1..=20_000).map(row).collect();
    format!("id,label,amount\n{rows}")
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn half(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.len() / 2]
}

/// With one bit turned over.
fn flipped(bytes: &[u8], place: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[place] ^= 0x10;
    bytes
}

/// A file that cannot be loaded.
struct Damaged {
    name: &'static str,
    bytes: Vec<u8>,
    /// Of COPY.
    state: &'static str,
    /// Part of what any command says, beside the file's name.
    words: &'static str,
}

fn damaged(name: &'static str, bytes: impl AsRef<[u8]>, state: &'static str, words: &'static str) -> Damaged {
    Damaged {
        name,
        bytes: bytes.as_ref().to_vec(),
        state,
        words,
    }
}

fn damaged_files() -> Vec<Damaged> {
    let csv = csv();
    let (gzip, zstd) = (gzip(csv.as_bytes()), zstd(csv.as_bytes()));
    let late = |row: &str| format!("{csv}{row}\n20002,end,1\n");
    vec![
        damaged("cut.parquet", half(PARQUET), "22P04", "Corrupt footer"),
        damaged(
            "flipped.parquet",
            flipped(PARQUET, 100),
            "22P04",
            "CRC checksum mismatch",
        ),
        damaged("words.parquet", csv.as_bytes(), "22P04", "Corrupt footer"),
        damaged("empty.parquet", "", "22P04", "too small"),
        damaged(
            "quote.csv",
            "id,label,amount\n1,one,1\n2,\"two,2\n3,three,3\n",
            "22P04",
            "unterminated CSV quoted field",
        ),
        damaged(
            "late_quote.csv",
            late("20001,\"end,1"),
            "22P04",
            "unterminated CSV quoted field",
        ),
        damaged("fields.csv", late("20001,end"), "22P04", "line 20002"),
        damaged("more_fields.csv", late("20001,end,1,2"), "22P04", "line 20002"),
        damaged(
            "number.csv",
            late("20001,end,1234567.8"),
            "22003",
            "line 20002, column amount: \"1234567.8\"",
        ),
        damaged("word.csv", late("end,end,1"), "22P02", "line 20002, column id: \"end\""),
        damaged("null.csv", late(",end,1"), "23502", "null value in column \"id\""),
        damaged(
            "bytes.csv",
            [csv.as_bytes(), b"20001,\xFF,1\n"].concat(),
            "22021",
            "line 20002, column label",
        ),
        damaged("cut.csv.gz", half(&gzip), "58030", "incomplete deflate stream"),
        damaged("cut.csv.zst", half(&zstd), "58030", "incomplete frame"),
        damaged("flipped.csv.zst", flipped(&zstd, zstd.len() - 2), "58030", "checksum"),
        damaged("flipped.csv.gz", flipped(&gzip, gzip.len() - 6), "58030", "checksum"),
        damaged("object.ndjson", "{\"id\": 1}\n{\"id\": 2\n", "22P04", "line 2"),
    ]
}

/// The options of COPY that a file's name asks for.
fn copy_options(name: &str) -> &'static str {
    match name.split_once('.').unwrap().1 {
        "parquet" => "FORMAT parquet",
        "ndjson" => "FORMAT json",
        _ => "FORMAT csv, HEADER",
    }
}

#[test]
fn copy_names_a_damaged_file_and_takes_nothing_of_it() {
    let mut client = shared().server.connect();
    let create = format!("CREATE TABLE copied {DEFINITION}; INSERT INTO copied VALUES (1, 'kept', 1)");
    client.batch_execute(&create).unwrap();
    let before = contents(&mut client, "copied");
    for file in damaged_files() {
        let path = shared().import.join(file.name);
        std::fs::write(&path, &file.bytes).unwrap();
        let copy = format!("COPY copied FROM '{}' ({})", path.display(), copy_options(file.name));
        let error = refusal(client.batch_execute(&copy), file.name);
        let words = words(&error);
        assert_eq!(error.code().code(), file.state, "{}: {words}", file.name);
        assert!(
            words.contains(text(&path)) && words.contains(file.words),
            "{}: {words}",
            file.name
        );
        assert_eq!(words.matches(file.name).count(), 1, "{words}");
        assert_eq!(contents(&mut client, "copied"), before, "{}", file.name);
    }
    shared().is_well();
}

#[test]
fn no_flipped_byte_of_a_checksummed_page_is_loaded() {
    let mut client = shared().server.connect();
    client
        .batch_execute(&format!("CREATE TABLE paged {DEFINITION}"))
        .unwrap();
    let folder = shared().import.join("pages");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("whole.parquet"), PARQUET).unwrap();
    client
        .batch_execute("COPY paged FROM 'pages/whole.parquet' (FORMAT parquet)")
        .unwrap();
    let whole = contents(&mut client, "paged");
    assert_eq!(whole.len(), 60);
    let mut refused = 0;
    for place in PAGES.step_by(7) {
        std::fs::write(folder.join("flipped.parquet"), flipped(PARQUET, place)).unwrap();
        client.batch_execute("TRUNCATE paged").unwrap();
        match client.batch_execute("COPY paged FROM 'pages/flipped.parquet' (FORMAT parquet)") {
            // In a page's header there are bytes that mean nothing to a reader.
            Ok(()) => assert_eq!(contents(&mut client, "paged"), whole, "byte {place}"),
            result => {
                let error = refusal(result, "a flipped byte");
                assert!(words(&error).contains("flipped.parquet"), "{}", words(&error));
                assert!(contents(&mut client, "paged").is_empty());
                refused += 1;
            }
        }
    }
    assert!(refused > 50, "{refused} of the flipped bytes were refused");
    shared().is_well();
}

#[test]
fn copy_does_not_leave_the_import_folder() {
    let mut client = shared().server.connect();
    client
        .batch_execute(&format!("CREATE TABLE inside {DEFINITION}"))
        .unwrap();
    let outside = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(outside.path(), "1,one,1\n").unwrap();
    std::os::unix::fs::symlink(outside.path(), shared().import.join("link.csv")).unwrap();
    std::fs::create_dir(shared().import.join("folder.csv")).unwrap();
    for (path, state, expected) in [
        (text(outside.path()), "42501", "is outside of the import folder"),
        ("../data/LOCK", "42501", "is outside of the import folder"),
        ("link.csv", "42501", "is outside of the import folder"),
        ("folder.csv", "42809", "is not a regular file"),
        ("missing.csv", "58P01", "No such file or directory"),
        ("missing-*.csv", "58P01", "No such file or directory"),
        ("missing/*.csv", "58P01", "No such file or directory"),
    ] {
        let error = refusal(
            client.batch_execute(&format!("COPY inside FROM '{path}' (FORMAT csv)")),
            path,
        );
        assert_eq!(error.code().code(), state, "{error:?}");
        assert!(
            error.message().contains(path) && error.message().contains(expected),
            "{error:?}"
        );
    }
    assert!(contents(&mut client, "inside").is_empty());
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&ServerOptions {
        data: folder.path().join("data"),
        arguments: Vec::new(),
    });
    let copy = format!(
        "CREATE TABLE t {DEFINITION}; COPY t FROM '{}'",
        outside.path().display()
    );
    let error = refusal(server.connect().batch_execute(&copy), &copy);
    assert_eq!(error.code().code(), "42501");
    assert!(
        error.hint().is_some_and(|hint| hint.contains("--import-dir")),
        "{error:?}"
    );
}

/// What is in a table of a data directory that no server has open.
fn rows_of(data: &Path, table: &str) -> String {
    let query = format!("SELECT * FROM {table} ORDER BY id");
    let ended = run_stoa(&["sql", "--data", text(data), "--csv", "-c", &query], |_| {});
    assert_eq!(ended.code, Some(0), "{ended:?}");
    ended.output
}

#[test]
fn load_names_a_damaged_file_in_one_line_and_takes_nothing_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let create = format!("CREATE TABLE loaded {DEFINITION}; INSERT INTO loaded VALUES (1, 'kept', 1)");
    let made = run_stoa(&["sql", "--data", text(&data), "-c", &create], |_| {});
    assert_eq!(made.code, Some(0), "{made:?}");
    let before = rows_of(&data, "loaded");
    let whole = folder.path().join("whole.csv");
    std::fs::write(&whole, csv()).unwrap();
    let missing = folder.path().join("missing.parquet");
    let mut problems = Vec::new();
    let mut load = |path: &Path, expected: &str| {
        // A good file beside it stays out, too.
        let ended = run_stoa(
            &["load", "loaded", text(&whole), text(path), "--data", text(&data)],
            |_| {},
        );
        let line = one_line(&ended);
        if !line.contains(expected) || line.matches(text(path)).count() != 1 {
            problems.push(line.to_owned());
        }
    };
    load(&missing, "No such file or directory");
    for file in damaged_files() {
        let path = folder.path().join(file.name);
        std::fs::write(&path, &file.bytes).unwrap();
        load(&path, file.words);
    }
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
    assert_eq!(rows_of(&data, "loaded"), before);
    let segments = std::fs::read_dir(data.join("tables/1")).unwrap().count();
    assert_eq!(segments, 1, "files of loads that failed are gone");
}

#[test]
fn load_through_a_server_names_a_damaged_file_in_one_line() {
    let server = &shared().server;
    let mut client = server.connect();
    let create = format!("CREATE TABLE sent {DEFINITION}; INSERT INTO sent VALUES (1, 'kept', 1)");
    client.batch_execute(&create).unwrap();
    let before = contents(&mut client, "sent");
    let url = format!("postgres://127.0.0.1:{}/stoa", server.port());
    let folder = tempfile::tempdir().unwrap();
    let mut problems = Vec::new();
    for file in damaged_files() {
        let path = folder.path().join(file.name);
        std::fs::write(&path, &file.bytes).unwrap();
        let ended = run_stoa(&["load", "sent", text(&path), "--url", &url], |_| {});
        let line = one_line(&ended);
        // A value that the table does not take is found by the server, which knows no file.
        let is_named = line.contains(text(&path)) || line.contains("COPY sent, line 20001");
        if !is_named {
            problems.push(line.to_owned());
        }
        assert_eq!(contents(&mut client, "sent"), before, "{}", file.name);
    }
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
    shared().is_well();
}

#[test]
fn a_load_that_fails_leaves_no_table_that_it_made() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let url = format!("postgres://127.0.0.1:{}/stoa", shared().server.port());
    let path = folder.path().join("flipped.parquet");
    std::fs::write(&path, flipped(PARQUET, 100)).unwrap();
    let whole = folder.path().join("whole.parquet");
    for target in [["--data", text(&data)], ["--url", &url]] {
        let load = ["load", "half_made", text(&path), "--create", target[0], target[1]];
        let ended = run_stoa(&load, |_| {});
        assert!(one_line(&ended).contains(text(&path)), "{ended:?}");
        let ended = run_stoa(&["sql", target[0], target[1], "-c", "SELECT * FROM half_made"], |_| {});
        assert!(
            ended.errors.contains("relation \"half_made\" does not exist"),
            "{ended:?}"
        );
        std::fs::write(&whole, PARQUET).unwrap();
        let ended = run_stoa(
            &["load", "half_made", text(&whole), "--create", target[0], target[1]],
            |_| {},
        );
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let ended = run_stoa(
            &[
                "sql",
                target[0],
                target[1],
                "--csv",
                "-c",
                "SELECT count(*) FROM half_made",
            ],
            |_| {},
        );
        assert_eq!(ended.output, "count\n60\n", "{ended:?}");
    }
}
