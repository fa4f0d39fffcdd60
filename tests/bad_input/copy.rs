//! Rows of COPY that cannot be, sent by a client: the error names line and column, and no row arrives.

use super::statements::table;
use super::{contents, refusal, shared, words};
use postgres::Client;
use postgres::error::SqlState;
use std::io::Write;

/// Sends rows as COPY data.
fn copy(client: &mut Client, statement: &str, data: &[u8]) -> Result<u64, postgres::Error> {
    let mut writer = client.copy_in(statement)?;
    // A write that fails shows when the copy is finished.
    let _ = writer.write_all(data);
    writer.finish()
}

/// Lines of csv, with code and words of their errors; every one of them is line 3.
const CSV_LINES: &[(&str, &str, &str)] = &[
    (
        "3,label,1",
        "22P04",
        "missing data for column \"day\" / COPY copied_csv, line 3: \"3,label,1\"",
    ),
    (
        "3,label,1,2024-01-01,more",
        "22P04",
        "extra data after last expected column / COPY copied_csv, line 3",
    ),
    ("three,label,1,2024-01-01", "22P02", "line 3, column id: \"three\""),
    (
        "3000000000,label,1,2024-01-01",
        "22003",
        "line 3, column id: \"3000000000\"",
    ),
    (
        ",label,1,2024-01-01",
        "23502",
        "null value in column \"id\" of relation \"copied_csv\"",
    ),
    ("3,too long,1,2024-01-01", "22001", "line 3, column label: \"too long\""),
    (
        "3,label,12345.6,2024-01-01",
        "22003",
        "line 3, column amount: \"12345.6\"",
    ),
    ("3,label,1,2024-13-01", "22008", "line 3, column day: \"2024-13-01\""),
    (
        "3,\"label,1,2024-01-01",
        "22P04",
        "unterminated CSV quoted field / COPY copied_csv, line 3",
    ),
];

#[test]
fn a_bad_csv_row_names_line_and_column_and_leaves_nothing() {
    let mut client = table("copied_csv");
    let before = contents(&mut client, "copied_csv");
    for (line, state, expected) in CSV_LINES {
        let data = format!("10,ten,1,2024-01-01\n11,,,\n{line}\n12,,,\n");
        let error = refusal(
            copy(&mut client, "COPY copied_csv FROM STDIN (FORMAT csv)", data.as_bytes()),
            line,
        );
        let words = words(&error);
        assert_eq!(error.code().code(), *state, "{line}: {words}");
        assert!(words.contains(expected) && words.contains("line 3"), "{line}: {words}");
        assert_eq!(contents(&mut client, "copied_csv"), before, "{line}");
    }
    let bytes = b"10,ten,1,2024-01-01\n11,\xFF\xFE,1,2024-01-01\n";
    let error = refusal(
        copy(&mut client, "COPY copied_csv FROM STDIN (FORMAT csv)", bytes),
        "bytes",
    );
    assert_eq!(*error.code(), SqlState::CHARACTER_NOT_IN_REPERTOIRE);
    assert!(words(&error).contains("line 2, column label"), "{}", words(&error));
    assert_eq!(contents(&mut client, "copied_csv"), before);
    shared().is_well();
}

/// Rows of csv from one id on; more than a batch.
fn many_rows(first: usize, count: usize) -> String {
    (first..first + count)
        .map(|id| format!("{id},row,1.25,2024-05-05\n"))
        .collect()
}

#[test]
fn a_bad_row_in_the_middle_of_a_large_copy_leaves_nothing() {
    let mut client = table("copied_large");
    let before = contents(&mut client, "copied_large");
    let (head, tail) = (many_rows(100, 100_000), many_rows(200_000, 100_000));
    for (line, state, place) in [
        (
            "7,row,12345.6,2024-05-05",
            "22003",
            "line 100001, column amount: \"12345.6\"",
        ),
        ("7,row", "22P04", "line 100001: \"7,row\""),
    ] {
        let data = format!("{head}{line}\n{tail}");
        let error = refusal(
            copy(
                &mut client,
                "COPY copied_large FROM STDIN (FORMAT csv)",
                data.as_bytes(),
            ),
            line,
        );
        assert_eq!(error.code().code(), state);
        assert!(words(&error).contains(place), "{}", words(&error));
        assert_eq!(contents(&mut client, "copied_large"), before);
    }
    let file = shared().import.join("large.csv");
    std::fs::write(&file, format!("{head}7,row,1,yesterdays\n{tail}")).unwrap();
    let error = refusal(
        client.batch_execute("COPY copied_large FROM 'large.csv' (FORMAT csv)"),
        "file",
    );
    let words = words(&error);
    assert!(words.contains("line 100001, column day: \"yesterdays\""), "{words}");
    assert!(words.contains("large.csv\""), "{words}");
    assert_eq!(contents(&mut client, "copied_large"), before);
    shared().is_well();
}

#[test]
fn a_copy_that_fails_in_a_block_takes_the_block_with_it() {
    let mut client = table("copied_block");
    let before = contents(&mut client, "copied_block");
    let mut block = client.transaction().unwrap();
    block
        .batch_execute("INSERT INTO copied_block VALUES (4); DELETE FROM copied_block WHERE id = 1")
        .unwrap();
    let mut writer = block.copy_in("COPY copied_block FROM STDIN (FORMAT csv)").unwrap();
    writer.write_all(b"5,five,5,\nsix,six,6,\n").unwrap();
    let error = refusal(writer.finish(), "the copy");
    assert!(
        words(&error).contains("line 2, column id: \"six\""),
        "{}",
        words(&error)
    );
    let error = refusal(
        block.batch_execute("INSERT INTO copied_block VALUES (7)"),
        "what follows",
    );
    assert_eq!(*error.code(), SqlState::IN_FAILED_SQL_TRANSACTION);
    // Of a failed block COMMIT makes nothing.
    block.commit().unwrap();
    assert_eq!(contents(&mut client, "copied_block"), before);
    shared().is_well();
}

#[test]
fn a_copy_that_its_client_gives_up_leaves_nothing() {
    let mut client = table("copied_half");
    let before = contents(&mut client, "copied_half");
    let rows = many_rows(100, 50_000);
    let mut leaving = shared().server.connect();
    let mut writer = leaving.copy_in("COPY copied_half FROM STDIN (FORMAT csv)").unwrap();
    writer.write_all(rows.as_bytes()).unwrap();
    // Dropped without its end: the client says that the copy failed.
    drop(writer);
    assert_eq!(contents(&mut client, "copied_half"), before);
    let one: i32 = leaving.query_one("SELECT 1", &[]).unwrap().get(0);
    assert_eq!(one, 1);
    shared().is_well();
}
