//! An INSERT of constants must do what it does as an INSERT of expressions, which RETURNING makes it: the same values, the same
//! errors at the same places.

use crate::embedded::{Configuration, Embedded};
use sqllogictest::{DB, DBOutput};

const TYPES: [&str; 23] = [
    "boolean",
    "smallint",
    "integer",
    "bigint",
    "real",
    "double precision",
    "numeric",
    "numeric(5,2)",
    "numeric(38,10)",
    "text",
    "varchar",
    "varchar(3)",
    "char(3)",
    "date",
    "time",
    "timestamp",
    "timestamptz",
    "interval",
    "uuid",
    "json",
    "jsonb",
    "bytea",
    "oid",
];

const CONSTANTS: [&str; 70] = [
    "NULL",
    "true",
    "FALSE",
    "0",
    "1",
    "-1",
    "+7",
    "007",
    "32767",
    "32768",
    "-32768",
    "-32769",
    "2147483648",
    "-2147483648",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "12345678901234567890123456789012345678",
    "99999999999999999999999999999999999999",
    "1.5",
    "2.5",
    "-2.5",
    "0.1",
    "999.994",
    "999.995",
    "-999.995",
    "123456789.987654321",
    "3.402823566385288598",
    "1234567890123456789.5",
    "0.00000000000000000000000000000000000001",
    "''",
    "' '",
    "'abc'",
    "'abc   '",
    "'abcd'",
    "'it''s'",
    "'''Tis'",
    "'ähnlich'",
    "'\\'",
    "'\\x00ff'",
    "'\\101'",
    "'t'",
    "'yes'",
    "'1'",
    "' 12 '",
    "'1e3'",
    "'1.25'",
    "'-32769'",
    "'NaN'",
    "'Infinity'",
    "'-inf'",
    "'2024-02-29'",
    "'2023-02-29'",
    "'epoch'",
    "'infinity'",
    "'12:30:45.123456'",
    "'24:00:00'",
    "'2024-12-31 23:59:59.9999999'",
    "'2024-06-30 12:00:00+02'",
    "'2024-03-31 02:30:00 Europe/Berlin'",
    "'1 year 2 mons -3 days 04:05:06.7'",
    "'P1Y2M3DT4H'",
    "'550e8400-e29b-41d4-a716-446655440000'",
    "'{550e8400e29b41d4a716446655440000}'",
    "'{\"b\": 1.0, \"a\": [null, true], \"b\": 2}'",
    "'\"x\"'",
    "'{1,2,NULL}'",
    "'{a,\"b c\",\"\\\"\"}'",
    "'{1,2'",
];

/// What became of a statement: what it says, and what is in the table then.
fn outcome(database: &mut Embedded, statement: &str) -> (Result<(), String>, Vec<Vec<String>>) {
    let said = database.outcome(statement);
    let stored = match database.run("SELECT v::text, v IS NULL FROM t").unwrap() {
        DBOutput::Rows { rows, .. } => rows,
        _ => Vec::new(),
    };
    database.run("TRUNCATE t").unwrap();
    (said, stored)
}

#[test]
fn constants_are_inserted_as_expressions_are() {
    let folder = tempfile::tempdir().unwrap();
    let mut database = Embedded::open(folder.path(), Configuration::OneThread);
    let mut inserted = 0;
    for data_type in TYPES {
        database.run(&format!("CREATE TABLE t (v {data_type})")).unwrap();
        for constant in CONSTANTS {
            let statement = format!("INSERT INTO t VALUES ({constant})");
            let plain = outcome(&mut database, &statement);
            let full = outcome(&mut database, &format!("{statement} RETURNING 1"));
            assert_eq!(plain, full, "{constant} into {data_type}");
            inserted += plain.1.len();
        }
        database.run("DROP TABLE t").unwrap();
    }
    assert!(inserted > 300, "{inserted}");
}

#[test]
fn several_rows_arrive_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let mut database = Embedded::open(folder.path(), Configuration::OneThread);
    database
        .run("CREATE TABLE t (v integer NOT NULL, w text DEFAULT 'none', x date)")
        .unwrap();
    let statements = [
        "INSERT INTO t VALUES (1, 'a', '2024-01-01'), (2, NULL, NULL)",
        "INSERT INTO t (x, v) VALUES ('2024-01-01', 3), (NULL, 4)",
        "INSERT INTO t VALUES (5)",
        "INSERT INTO t VALUES (1), (NULL)",
        "INSERT INTO t (w) VALUES ('a')",
        "INSERT INTO t (v, v) VALUES (1, 2)",
        "INSERT INTO t (v, y) VALUES (1, 2)",
        "INSERT INTO t VALUES (1, 'a', NULL, 4)",
        "INSERT INTO t (v, w) VALUES (1)",
        "INSERT INTO t VALUES (1, 'a', '2024-01-01'), (2, 'b', 'never'), (3, 'c', NULL)",
        "INSERT INTO u VALUES (1)",
        "INSERT INTO pg_class VALUES (1)",
    ];
    for statement in statements {
        let plain = outcome(&mut database, statement);
        let full = outcome(&mut database, &format!("{statement} RETURNING 1"));
        assert_eq!(plain, full, "{statement}");
    }
}

#[test]
fn rows_that_are_too_many_for_a_syntax_tree_are_inserted() {
    let folder = tempfile::tempdir().unwrap();
    let mut database = Embedded::open(folder.path(), Configuration::OneThread);
    database.run("CREATE TABLE t (v integer, w text)").unwrap();
    let rows: Vec<String> = (0..200_000).map(|row| format!("({row}, 'row {row}')")).collect();
    let statement = format!("INSERT INTO t VALUES {}", rows.join(", "));
    assert!(statement.len() > stoa_sql::limits::STATEMENT_BYTES_MAX);
    database.run(&statement).unwrap();
    let DBOutput::Rows { rows, .. } = database.run("SELECT count(*), sum(v), max(w) FROM t").unwrap() else {
        panic!("no rows");
    };
    assert_eq!(rows, [["200000", "19999900000", "row 99999"]]);
    let wrong = statement.replace("(77777, ", "('x', ");
    let said = database.outcome(&wrong).unwrap_err();
    assert!(said.contains("invalid input syntax for type integer"), "{said}");
    assert!(database.run("SELECT 1 FROM t WHERE v IS NULL").is_ok());
}
