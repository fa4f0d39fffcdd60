//! Statements through the facade, as an embedding program or the server runs them.

mod world;

use stoa_engine::connection::TransactionStatus;
use world::{World, ask, check, refused};
#[test]
fn rows_are_written_read_changed_and_still_there_after_a_restart() {
    let world = World::new();
    let mut ann = world.connect();
    check(&mut ann, "SELECT 1", "1");
    check(
        &mut ann,
        "CREATE TABLE t (id bigint NOT NULL, name text, price numeric(12,2) DEFAULT 1.5)",
        "CREATE TABLE",
    );
    check(
        &mut ann,
        "INSERT INTO t VALUES (1, 'one', 10), (2, 'two', 20.25)",
        "INSERT 0 2",
    );
    check(&mut ann, "INSERT INTO t (id) VALUES (3)", "INSERT 0 1");
    check(
        &mut ann,
        "SELECT * FROM t ORDER BY id",
        "1|one|10.00\n2|two|20.25\n3|NULL|1.50",
    );
    check(&mut ann, "UPDATE t SET price = price + 1 WHERE id >= 2", "UPDATE 2");
    check(&mut ann, "DELETE FROM t WHERE id = 1", "DELETE 1");
    check(&mut ann, "SELECT id, price FROM t ORDER BY id", "2|21.25\n3|2.50");
    refused(
        &mut ann,
        "INSERT INTO t VALUES (NULL, 'x', 1)",
        "23502 null value in column \"id\" of relation \"t\" violates not-null constraint",
    );
    drop(ann);
    let world = world.reopened();
    let mut ann = world.connect();
    check(&mut ann, "SELECT id, price FROM t ORDER BY id", "2|21.25\n3|2.50");
    check(
        &mut ann,
        "INSERT INTO t VALUES (4, 'four', 4) RETURNING id, name",
        "4|four\nINSERT 0 1",
    );
    check(
        &mut ann,
        "UPDATE t SET name = 'vier' WHERE id = 4 RETURNING name",
        "vier\nUPDATE 1",
    );
    check(&mut ann, "DELETE FROM t WHERE id = 4 RETURNING id + 1", "5\nDELETE 1");
    check(&mut ann, "TRUNCATE t", "TRUNCATE TABLE");
    check(&mut ann, "SELECT count(*) FROM t", "0");
}

#[test]
fn a_transaction_reads_its_own_writes_and_nobody_else_does() {
    let world = World::new();
    let (mut ann, mut bob) = (world.connect(), world.connect());
    check(&mut ann, "CREATE TABLE t (n int NOT NULL)", "CREATE TABLE");
    check(&mut ann, "INSERT INTO t VALUES (1), (2)", "INSERT 0 2");
    check(&mut ann, "BEGIN", "BEGIN");
    assert_eq!(ann.transaction_status(), TransactionStatus::InTransaction);
    check(&mut ann, "INSERT INTO t VALUES (3), (4)", "INSERT 0 2");
    check(&mut ann, "DELETE FROM t WHERE n IN (1, 3)", "DELETE 2");
    check(&mut ann, "UPDATE t SET n = n * 10 WHERE n = 4", "UPDATE 1");
    check(&mut ann, "SELECT n FROM t ORDER BY n", "2\n40");
    check(&mut bob, "SELECT n FROM t ORDER BY n", "1\n2");
    check(&mut ann, "COMMIT", "COMMIT");
    check(&mut bob, "SELECT n FROM t ORDER BY n", "2\n40");
    check(
        &mut ann,
        "BEGIN; CREATE TABLE u AS SELECT n + 1 AS m FROM t; INSERT INTO u VALUES (7)",
        "INSERT 0 1",
    );
    check(
        &mut ann,
        "ALTER TABLE u ADD COLUMN s text DEFAULT 'x'; SELECT * FROM u ORDER BY m",
        "3|x\n7|x\n41|x",
    );
    refused(&mut bob, "SELECT * FROM u", "42P01 relation \"u\" does not exist");
    check(&mut ann, "COMMIT", "COMMIT");
    check(&mut bob, "SELECT m, s FROM u ORDER BY m", "3|x\n7|x\n41|x");
    check(&mut ann, "BEGIN; DROP TABLE u; ROLLBACK", "ROLLBACK");
    check(&mut bob, "SELECT count(*) FROM u", "3");
}

#[test]
fn a_failed_transaction_accepts_nothing_but_its_end() {
    let world = World::new();
    let mut ann = world.connect();
    check(&mut ann, "CREATE TABLE t (n int)", "CREATE TABLE");
    check(&mut ann, "BEGIN; INSERT INTO t VALUES (1)", "INSERT 0 1");
    refused(&mut ann, "SELECT 1 / 0", "22012 division by zero");
    assert_eq!(ann.transaction_status(), TransactionStatus::Failed);
    refused(
        &mut ann,
        "SELECT 1",
        "25P02 current transaction is aborted, commands ignored until end of transaction block",
    );
    check(&mut ann, "COMMIT", "ROLLBACK");
    check(&mut ann, "SELECT count(*) FROM t", "0");
    check(
        &mut ann,
        "BEGIN; INSERT INTO t VALUES (1); SAVEPOINT s; INSERT INTO t VALUES (2)",
        "INSERT 0 1",
    );
    refused(&mut ann, "SELECT 1 / 0", "22012 division by zero");
    check(&mut ann, "ROLLBACK TO s; INSERT INTO t VALUES (3); COMMIT", "COMMIT");
    check(&mut ann, "SELECT n FROM t ORDER BY n", "1\n3");
    check(&mut ann, "COMMIT", "COMMIT");
    assert_eq!(ann.take_notices()[0].state, "25P01");
    refused(
        &mut ann,
        "SAVEPOINT s",
        "25P01 SAVEPOINT can only be used in transaction blocks",
    );
    check(&mut ann, "BEGIN READ ONLY", "BEGIN");
    refused(
        &mut ann,
        "DELETE FROM t",
        "25006 cannot execute DELETE in a read-only transaction",
    );
    check(&mut ann, "ROLLBACK", "ROLLBACK");
}

#[test]
fn two_transactions_that_change_the_same_row_do_not_both_commit() {
    let world = World::new();
    let (mut ann, mut bob) = (world.connect(), world.connect());
    check(&mut ann, "CREATE TABLE t (n int)", "CREATE TABLE");
    check(&mut ann, "INSERT INTO t VALUES (1)", "INSERT 0 1");
    check(&mut ann, "BEGIN; UPDATE t SET n = 2", "UPDATE 1");
    check(&mut bob, "BEGIN; UPDATE t SET n = 3", "UPDATE 1");
    check(&mut ann, "COMMIT", "COMMIT");
    refused(
        &mut bob,
        "COMMIT",
        "40001 could not serialize access due to concurrent update",
    );
    assert_eq!(bob.transaction_status(), TransactionStatus::Idle);
    check(&mut bob, "SELECT n FROM t", "2");
    check(&mut ann, "BEGIN; SELECT n FROM t", "2");
    check(&mut bob, "UPDATE t SET n = 5", "UPDATE 1");
    check(&mut ann, "SELECT n FROM t", "2");
    check(&mut ann, "COMMIT; SELECT n FROM t", "5");
}

#[test]
fn single_statements_on_the_same_row_wait_for_each_other() {
    let world = World::new();
    let mut ann = world.connect();
    check(&mut ann, "CREATE TABLE t (n int)", "CREATE TABLE");
    check(&mut ann, "INSERT INTO t VALUES (0)", "INSERT 0 1");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let mut connection = world.connect();
            scope.spawn(move || {
                for _ in 0..10 {
                    check(&mut connection, "UPDATE t SET n = n + 1", "UPDATE 1");
                }
            });
        }
    });
    check(&mut ann, "SELECT n FROM t", "40");
}

#[test]
fn definitions_change_and_say_what_is_in_their_way() {
    let world = World::new();
    let mut ann = world.connect();
    check(&mut ann, "CREATE SCHEMA s", "CREATE SCHEMA");
    refused(&mut ann, "CREATE SCHEMA s", "42P06 schema \"s\" already exists");
    check(
        &mut ann,
        "CREATE TABLE s.t (a int, b text) WITH (order_by = 'b')",
        "CREATE TABLE",
    );
    refused(
        &mut ann,
        "CREATE TABLE s.t (a int)",
        "42P07 relation \"t\" already exists",
    );
    check(&mut ann, "CREATE TABLE IF NOT EXISTS s.t (a int)", "CREATE TABLE");
    assert_eq!(ann.take_notices()[0].message, "relation \"t\" already exists, skipping");
    refused(
        &mut ann,
        "CREATE TABLE u (a int) WITH (fullness = 70)",
        "22023 unrecognized parameter \"fullness\"",
    );
    refused(
        &mut ann,
        "CREATE TABLE u (a int REFERENCES t (a))",
        "0A000 a foreign key on column \"a\" is not supported",
    );
    check(&mut ann, "INSERT INTO s.t VALUES (1, 'x'), (NULL, 'y')", "INSERT 0 2");
    refused(
        &mut ann,
        "ALTER TABLE s.t ALTER COLUMN a SET NOT NULL",
        "23502 column \"a\" of relation \"t\" contains null values",
    );
    check(&mut ann, "UPDATE s.t SET a = 2 WHERE a IS NULL", "UPDATE 1");
    check(
        &mut ann,
        "ALTER TABLE s.t ALTER COLUMN a SET NOT NULL, ADD COLUMN c date DEFAULT '2024-02-29'",
        "ALTER TABLE",
    );
    check(
        &mut ann,
        "SELECT * FROM s.t ORDER BY a",
        "1|x|2024-02-29\n2|y|2024-02-29",
    );
    check(&mut ann, "ALTER TABLE s.t RENAME COLUMN b TO \"B\"", "ALTER TABLE");
    check(
        &mut ann,
        "SELECT order_by FROM stoa.tables WHERE table_name = 't'",
        "\"B\"",
    );
    check(
        &mut ann,
        "CREATE VIEW v AS SELECT a, \"B\" FROM s.t WHERE a > 1",
        "CREATE VIEW",
    );
    check(&mut ann, "SELECT * FROM v", "2|y");
    refused(
        &mut ann,
        "DROP TABLE s.t",
        "2BP01 cannot drop table t because other objects depend on it",
    );
    refused(
        &mut ann,
        "DROP SCHEMA s",
        "2BP01 cannot drop schema s because other objects depend on it",
    );
    check(&mut ann, "DROP SCHEMA s CASCADE", "DROP SCHEMA");
    refused(&mut ann, "SELECT * FROM v", "42P01 relation \"v\" does not exist");
    refused(&mut ann, "DROP TABLE s.t", "42P01 table \"s.t\" does not exist");
    check(&mut ann, "DROP TABLE IF EXISTS t", "DROP TABLE");
}

#[test]
fn settings_end_with_their_transaction() {
    let world = World::new();
    let mut ann = world.connect();
    check(&mut ann, "SHOW timezone", "UTC\nSHOW");
    check(&mut ann, "SET timezone = 'Europe/Berlin'", "SET");
    assert_eq!(
        ann.take_parameter_changes(),
        [("TimeZone".to_owned(), "Europe/Berlin".to_owned())]
    );
    check(
        &mut ann,
        "BEGIN; SET LOCAL timezone = 'Asia/Tokyo'; SHOW timezone",
        "Asia/Tokyo\nSHOW",
    );
    check(&mut ann, "COMMIT; SHOW timezone", "Europe/Berlin\nSHOW");
    check(
        &mut ann,
        "BEGIN; SET timezone = 'Asia/Tokyo'; ROLLBACK; SHOW timezone",
        "Europe/Berlin\nSHOW",
    );
    check(
        &mut ann,
        "SELECT '2024-07-01 12:00+00'::timestamptz",
        "2024-07-01 14:00:00+02",
    );
    check(&mut ann, "RESET ALL; SHOW timezone", "UTC\nSHOW");
    check(
        &mut ann,
        "BEGIN; SET TRANSACTION READ ONLY; SHOW transaction_read_only",
        "on\nSHOW",
    );
    check(&mut ann, "COMMIT; SHOW transaction_read_only", "off\nSHOW");
    refused(
        &mut ann,
        "SET nonsense = 1",
        "42704 unrecognized configuration parameter \"nonsense\"",
    );
}

#[test]
fn statements_are_prepared_by_name_and_bound_again_when_definitions_change() {
    let world = World::new();
    let mut ann = world.connect();
    check(
        &mut ann,
        "CREATE TABLE t (n int); INSERT INTO t VALUES (1), (2), (3)",
        "INSERT 0 3",
    );
    check(
        &mut ann,
        "PREPARE p AS SELECT n FROM t WHERE n > $1 ORDER BY n",
        "PREPARE",
    );
    check(&mut ann, "EXECUTE p (1)", "2\n3");
    check(&mut ann, "EXECUTE p ('2')", "3");
    refused(
        &mut ann,
        "EXECUTE p",
        "42601 wrong number of parameters for prepared statement \"p\"",
    );
    let parsed = ann.parse("SELECT * FROM t WHERE n = $1").unwrap();
    let prepared = ann.prepare(&parsed[0], &[]).unwrap();
    assert_eq!(ann.columns(&prepared).unwrap().len(), 1);
    check(&mut ann, "ALTER TABLE t ADD COLUMN m int DEFAULT 9", "ALTER TABLE");
    // Its client was told of one column.
    let refusal = ann.execute(&prepared, vec![stoa_engine::types::Literal::Integer(2)]);
    let refusal = refusal.err().map(|error| error.to_string());
    assert_eq!(refusal.as_deref(), Some("cached plan must not change result type"));
    let prepared = ann.prepare(&parsed[0], &[]).unwrap();
    assert_eq!(ann.columns(&prepared).unwrap().len(), 2);
    check(&mut ann, "EXECUTE p (2)", "3");
    check(&mut ann, "DEALLOCATE p", "DEALLOCATE");
    refused(
        &mut ann,
        "EXECUTE p (1)",
        "26000 prepared statement \"p\" does not exist",
    );
}

#[test]
fn many_rows_go_into_segments_all_or_none() {
    let world = World::new();
    let mut ann = world.connect();
    check(
        &mut ann,
        "CREATE TABLE t (n bigint NOT NULL, s text) WITH (order_by = 'n')",
        "CREATE TABLE",
    );
    check(
        &mut ann,
        "INSERT INTO t SELECT n, 'row ' || n FROM generate_series(1, 1000000) AS g(n)",
        "INSERT 0 1000000",
    );
    check(
        &mut ann,
        "SELECT count(*), sum(n), min(s) FROM t",
        "1000000|500000500000|row 1",
    );
    check(
        &mut ann,
        "SELECT count(*) > 0 FROM stoa.segments WHERE table_name = 't'",
        "t",
    );
    check(
        &mut ann,
        "BEGIN; INSERT INTO t SELECT n, NULL FROM generate_series(1, 600000) AS g(n)",
        "INSERT 0 600000",
    );
    check(&mut ann, "DELETE FROM t WHERE n > 100 AND s IS NULL", "DELETE 599900");
    check(&mut ann, "SELECT count(*) FROM t", "1000100");
    check(&mut ann, "COMMIT; SELECT count(*) FROM t", "1000100");
    check(
        &mut ann,
        "BEGIN; INSERT INTO t SELECT n, NULL FROM generate_series(1, 600000) AS g(n); ROLLBACK",
        "ROLLBACK",
    );
    drop(ann);
    let world = world.reopened();
    let mut ann = world.connect();
    check(&mut ann, "SELECT count(*) FROM t", "1000100");
}

#[test]
fn a_statement_that_takes_too_long_is_ended_and_so_is_one_that_is_cancelled() {
    let world = World::new();
    let mut ann = world.connect();
    check(&mut ann, "SET statement_timeout = '50ms'", "SET");
    let slow = "SELECT count(*) FROM generate_series(1, 3000000) a(x), generate_series(1, 100000) b(y) WHERE x + y < 0";
    refused(&mut ann, slow, "57014 canceling statement due to statement timeout");
    check(&mut ann, "RESET statement_timeout", "RESET");
    let handle = ann.handle();
    let canceller = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(100));
        handle.cancel();
    });
    refused(&mut ann, slow, "57014 canceling statement due to user request");
    canceller.join().unwrap();
    check(
        &mut ann,
        "SELECT error_code, count(*) FROM stoa.queries WHERE state = 'failed' GROUP BY 1",
        "57014|2",
    );
}

#[test]
fn a_query_that_fails_while_rows_wait_says_why() {
    let world = World::new();
    let mut ann = world.connect();
    check(&mut ann, "CREATE TABLE t (n integer)", "CREATE TABLE");
    for part in 0..4 {
        let text = format!("INSERT INTO t SELECT n FROM generate_series({part}0001, {part}9999) n");
        check(&mut ann, &text, "INSERT 0 9999");
        check(&mut ann, "CHECKPOINT", "CHECKPOINT");
    }
    check(&mut ann, "SET stoa.batch_rows = 16", "SET");
    for _ in 0..20 {
        refused(&mut ann, "SELECT n, 1 / (n - 39000) FROM t", "22012 division by zero");
    }
}

#[test]
fn explain_shows_the_plan_and_what_it_did() {
    let world = World::new();
    let mut ann = world.connect();
    check(
        &mut ann,
        "CREATE TABLE t (n int); INSERT INTO t VALUES (1), (2)",
        "INSERT 0 2",
    );
    let plan = ask(&mut ann, "EXPLAIN SELECT n FROM t WHERE n > 1").unwrap();
    assert!(plan.contains("Scan on t") && plan.contains("Filter: (n > 1)"), "{plan}");
    let plan = ask(&mut ann, "EXPLAIN ANALYZE SELECT n FROM t WHERE n > 1").unwrap();
    assert!(
        plan.contains("actual rows=1") && plan.contains("Rows Scanned: 2"),
        "{plan}"
    );
    assert!(plan.contains("Execution Time"), "{plan}");
    let plan = ask(&mut ann, "EXPLAIN (FORMAT JSON, ANALYZE) SELECT n FROM t").unwrap();
    assert!(plan.contains("\"Actual Rows\": 2"), "{plan}");
    check(&mut ann, "SELECT count(*) FROM t", "2");
    ask(&mut ann, "EXPLAIN ANALYZE DELETE FROM t").unwrap();
    check(&mut ann, "SELECT count(*) FROM t", "0");
}

#[test]
fn many_small_inserts_of_one_transaction_are_one_commit() {
    let world = World::new();
    let mut ann = world.connect();
    check(&mut ann, "CREATE TABLE t (n int)", "CREATE TABLE");
    check(&mut ann, "BEGIN", "BEGIN");
    for number in 0..500 {
        check(&mut ann, &format!("INSERT INTO t VALUES ({number})"), "INSERT 0 1");
    }
    check(&mut ann, "DELETE FROM t WHERE n % 2 = 1", "DELETE 250");
    check(&mut ann, "UPDATE t SET n = -n WHERE n = 100", "UPDATE 1");
    check(&mut ann, "SELECT count(*), min(n), max(n) FROM t", "250|-100|498");
    check(&mut ann, "COMMIT", "COMMIT");
    check(&mut ann, "SELECT count(*), min(n), max(n) FROM t", "250|-100|498");
    check(
        &mut ann,
        "SELECT rows_inserted FROM stoa.commits WHERE cause = 'transaction'",
        "250",
    );
}

#[test]
fn a_large_transaction_of_small_statements_goes_into_segments() {
    let world = World::new();
    let mut ann = world.connect();
    check(&mut ann, "CREATE TABLE t (n bigint, s text)", "CREATE TABLE");
    check(&mut ann, "BEGIN", "BEGIN");
    for _ in 0..3 {
        check(
            &mut ann,
            "INSERT INTO t SELECT n, 'x' FROM generate_series(1, 200000) g(n)",
            "INSERT 0 200000",
        );
    }
    check(&mut ann, "DELETE FROM t WHERE n > 10", "DELETE 599970");
    check(
        &mut ann,
        "INSERT INTO t SELECT n, 'y' FROM generate_series(1, 200000) g(n)",
        "INSERT 0 200000",
    );
    check(&mut ann, "SELECT count(*) FROM t", "200030");
    check(&mut ann, "COMMIT; SELECT count(*), sum(n) FROM t", "200030|20000100165");
}

#[test]
fn a_name_is_given_once() {
    let world = World::new();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let mut connection = world.connect();
            scope.spawn(move || check(&mut connection, "CREATE TABLE IF NOT EXISTS t (n int)", "CREATE TABLE"));
        }
    });
    let mut ann = world.connect();
    check(&mut ann, "SELECT count(*) FROM stoa.tables", "1");
    let mut bob = world.connect();
    check(&mut ann, "BEGIN; CREATE VIEW v AS SELECT 1 AS a", "CREATE VIEW");
    check(&mut bob, "CREATE VIEW v AS SELECT 2 AS a", "CREATE VIEW");
    refused(
        &mut ann,
        "COMMIT",
        "40001 could not serialize access due to concurrent update",
    );
    check(&mut ann, "SELECT * FROM v", "2");
}

#[test]
fn set_config_and_current_setting_are_those_of_the_session() {
    let world = World::new();
    let mut ann = world.connect();
    check(
        &mut ann,
        "SELECT set_config('timezone', 'Europe/Berlin', false)",
        "Europe/Berlin",
    );
    check(
        &mut ann,
        "SELECT current_setting('TimeZone'), current_user, current_database()",
        "Europe/Berlin|ann|shop",
    );
    check(
        &mut ann,
        "SELECT 'stoa.tables'::regclass, 'int4'::regtype",
        "stoa.tables|integer",
    );
}
