//! Statements and rows that cannot be: refused whole, with the code, the words and the place that a client needs.

use super::{contents, position, refusal, shared, words};
use postgres::Client;
use postgres::error::SqlState;

const COLUMNS: &str = "id integer NOT NULL, label varchar(5), amount numeric(6,2), day date";

/// A table with three rows.
pub(super) fn table(name: &str) -> Client {
    let mut client = shared().server.connect();
    client
        .batch_execute(&format!(
            "CREATE TABLE {name} ({COLUMNS});
             INSERT INTO {name} VALUES (1, 'one', 1.5, '2024-01-01'), (2, NULL, NULL, NULL), (3, 'three', -3, '2024-03-03')"
        ))
        .unwrap();
    client
}

/// Statements, with code, words and position of their errors.
const STATEMENTS: &[(&str, &str, &str, Option<u32>)] = &[
    ("SELEC id FROM refused", "42601", "SELEC", Some(1)),
    (
        "SELECT id FROM refused WHERE",
        "42601",
        "syntax error at end of input",
        Some(29),
    ),
    (
        "SELECT 'open FROM refused",
        "42601",
        "unterminated quoted string",
        Some(8),
    ),
    (
        "SELECT id FROM nowhere",
        "42P01",
        "relation \"nowhere\" does not exist",
        Some(16),
    ),
    (
        "SELECT id, missing FROM refused",
        "42703",
        "column \"missing\" does not exist",
        Some(12),
    ),
    (
        "INSERT INTO refused (id, missing) VALUES (4, 4)",
        "42703",
        "\"missing\" of relation \"refused\"",
        Some(26),
    ),
    (
        "UPDATE refused SET missing = 1",
        "42703",
        "\"missing\" of relation \"refused\"",
        Some(20),
    ),
    (
        "DELETE FROM refused WHERE missing = 1",
        "42703",
        "column \"missing\" does not exist",
        Some(27),
    ),
    ("SELECT id + true FROM refused", "42883", "integer + boolean", Some(8)),
    (
        "INSERT INTO refused VALUES (true)",
        "42804",
        "column \"id\" is of type integer",
        Some(29),
    ),
    (
        "INSERT INTO refused VALUES (4, 'four', 4, 4)",
        "42804",
        "column \"day\" is of type date",
        Some(43),
    ),
    (
        "INSERT INTO refused VALUES (4), (5, 'five')",
        "42601",
        "VALUES lists must all be the same length",
        None,
    ),
    (
        "INSERT INTO refused VALUES ('four')",
        "22P02",
        "integer: \"four\"",
        Some(29),
    ),
    (
        "INSERT INTO refused VALUES (4), (3000000000)",
        "22003",
        "integer out of range",
        None,
    ),
    (
        "INSERT INTO refused VALUES (4), (NULL)",
        "23502",
        "column \"id\" of relation \"refused\"",
        None,
    ),
    (
        "INSERT INTO refused (label) VALUES ('four')",
        "23502",
        "column \"id\" of relation \"refused\"",
        None,
    ),
    (
        "INSERT INTO refused VALUES (4, 'four'), (5, 'too long')",
        "22001",
        "character varying(5)",
        None,
    ),
    (
        "INSERT INTO refused VALUES (4, 'four', 4), (5, 'five', 12345.6)",
        "22003",
        "precision 6, scale 2",
        None,
    ),
    (
        "INSERT INTO refused VALUES (4, 'four', 4, '2024-02-30')",
        "22008",
        "\"2024-02-30\"",
        Some(43),
    ),
    (
        "INSERT INTO refused SELECT value, 'row' FROM generate_series(4, 40000) AS t (value) UNION ALL SELECT NULL, 'end'",
        "23502",
        "column \"id\"",
        None,
    ),
    (
        "INSERT INTO refused SELECT value, repeat('x', value / 20000) FROM generate_series(4, 120000) AS t (value)",
        "22001",
        "character varying(5)",
        None,
    ),
    (
        "INSERT INTO refused SELECT 1 / (30000 - value) FROM generate_series(4, 40000) AS t (value)",
        "22012",
        "division by zero",
        None,
    ),
    (
        "UPDATE refused SET label = repeat('x', id * 2)",
        "22001",
        "character varying(5)",
        None,
    ),
    (
        "UPDATE refused SET id = CASE id WHEN 3 THEN NULL ELSE id + 10 END",
        "23502",
        "column \"id\"",
        None,
    ),
    (
        "UPDATE refused SET amount = id * 4000",
        "22003",
        "precision 6, scale 2",
        None,
    ),
    (
        "DELETE FROM refused WHERE 1 / (id - 3) < 1",
        "22012",
        "division by zero",
        None,
    ),
    (
        "DELETE FROM refused; INSERT INTO refused VALUES (9); SELECT 1 / 0",
        "22012",
        "division by zero",
        None,
    ),
    (
        "TRUNCATE refused; INSERT INTO refused VALUES (NULL)",
        "23502",
        "column \"id\"",
        None,
    ),
    (
        "DROP TABLE refused; SELECT missing",
        "42703",
        "column \"missing\"",
        None,
    ),
    ("COPY refused FROM STDIN (FORMAT nothing)", "22023", "\"nothing\"", None),
    (
        "COPY refused (id, missing) FROM STDIN",
        "42703",
        "\"missing\" of relation \"refused\"",
        None,
    ),
];

#[test]
fn a_statement_that_cannot_be_names_its_place_and_has_no_effect() {
    let mut client = table("refused");
    let before = contents(&mut client, "refused");
    let mut other = shared().server.connect();
    let mut problems = Vec::new();
    for (statement, state, words_expected, place) in STATEMENTS {
        let error = refusal(client.batch_execute(statement), statement);
        let words = words(&error);
        if error.code().code() != *state || !words.contains(words_expected) {
            problems.push(format!("{statement}\n    {} {words}", error.code().code()));
        }
        // Where no position is expected the server may know one all the same.
        if place.is_some() && position(&error) != *place {
            problems.push(format!("{statement}\n    at {:?}: {words}", position(&error)));
        }
        if contents(&mut other, "refused") != before {
            problems.push(format!("{statement}\n    it had an effect"));
        }
    }
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
    shared().is_well();
}

#[test]
fn a_parameter_that_does_not_fit_is_refused() {
    let mut client = table("parameters");
    let before = contents(&mut client, "parameters");
    let insert = "INSERT INTO parameters (id, label) VALUES ($1, $2)";
    let error = refusal(client.execute(insert, &[&None::<i32>, &"four"]), insert);
    assert_eq!(*error.code(), SqlState::NOT_NULL_VIOLATION);
    let error = refusal(client.execute(insert, &[&4, &"too long"]), insert);
    assert_eq!(*error.code(), SqlState::STRING_DATA_RIGHT_TRUNCATION);
    let error = refusal(
        client.prepare("INSERT INTO parameters (missing) VALUES ($1)"),
        "prepare",
    );
    assert_eq!(*error.code(), SqlState::UNDEFINED_COLUMN);
    assert_eq!(contents(&mut client, "parameters"), before);
    shared().is_well();
}
