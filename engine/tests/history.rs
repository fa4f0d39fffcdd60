//! Older versions, as a session reads them.

mod world;

use stoa_engine::connection::Connection;
use world::{World, ask, check, refused};

fn newest_version(session: &mut Connection) -> String {
    ask(session, "SELECT max(version) FROM stoa.commits").unwrap()
}

#[test]
fn the_past_is_read_as_long_as_it_is_kept() {
    let world = World::new();
    let mut ann = world.connect();
    check(&mut ann, "CREATE TABLE t (n int, s text)", "CREATE TABLE");
    check(&mut ann, "INSERT INTO t VALUES (1), (2), (3)", "INSERT 0 3");
    let first = newest_version(&mut ann);
    check(&mut ann, "UPDATE t SET n = 20 WHERE n = 2", "UPDATE 1");
    let second = newest_version(&mut ann);
    check(&mut ann, "CHECKPOINT; DELETE FROM t WHERE n = 1", "DELETE 1");
    check(
        &mut ann,
        "VACUUM; TRUNCATE t; INSERT INTO t VALUES (7, 'x')",
        "INSERT 0 1",
    );
    drop(ann);
    let world = world.reopened();
    let mut ann = world.connect();
    let as_of = |version: &str| format!("SELECT sum(n), count(*) FROM t FOR SYSTEM_TIME AS OF {version}");
    check(&mut ann, &as_of(&first), "6|3");
    check(&mut ann, &as_of(&second), "24|3");
    check(&mut ann, "SELECT sum(n), count(*) FROM t", "7|1");
    let lost = format!(
        "SELECT array_agg(before.n ORDER BY before.n) FROM t FOR SYSTEM_TIME AS OF {second} before
         WHERE NOT EXISTS (SELECT 1 FROM t WHERE t.n = before.n)"
    );
    check(&mut ann, &lost, "{1,3,20}");
    // A time, as a commit has it.
    let time = format!("SELECT commit_time FROM stoa.commits WHERE version = {second}");
    let time = ask(&mut ann, &time).unwrap();
    check(&mut ann, &as_of(&format!("TIMESTAMPTZ '{time}'")), "24|3");
    refused(
        &mut ann,
        "SELECT n FROM t FOR SYSTEM_TIME AS OF TIMESTAMP '2001-01-01'",
        "22023 no version of the database is kept from that time",
    );
    check(
        &mut ann,
        &format!("SET stoa.as_of = {first}; SELECT count(*) FROM t"),
        "3",
    );
    refused(
        &mut ann,
        "DELETE FROM t",
        "25006 cannot execute DELETE while stoa.as_of is set",
    );
    check(&mut ann, "RESET stoa.as_of; SELECT count(*) FROM t", "1");
}

#[test]
fn rows_of_the_past_need_not_meet_the_constraints_of_now() {
    let world = World::new();
    let mut ann = world.connect();
    check(&mut ann, "CREATE TABLE t (n int, s text)", "CREATE TABLE");
    check(
        &mut ann,
        "INSERT INTO t VALUES (1, 'a'), (1, 'b'), (NULL, 'c')",
        "INSERT 0 3",
    );
    let version = newest_version(&mut ann);
    check(
        &mut ann,
        "DELETE FROM t WHERE s <> 'a'; ALTER TABLE t ALTER n SET NOT NULL",
        "ALTER TABLE",
    );
    check(
        &mut ann,
        "ALTER TABLE t ADD PRIMARY KEY (n); ALTER TABLE t ADD COLUMN later int DEFAULT 5",
        "ALTER TABLE",
    );
    let past = format!("t FOR SYSTEM_TIME AS OF {version}");
    check(
        &mut ann,
        &format!("SELECT count(*), count(n), sum(later) FROM {past}"),
        "3|2|15",
    );
    check(&mut ann, &format!("SELECT s FROM {past} WHERE n IS NULL"), "c");
    check(
        &mut ann,
        &format!("SELECT count(*) FROM (SELECT n, s FROM {past} GROUP BY n, s) x"),
        "3",
    );
    check(
        &mut ann,
        "PREPARE q AS SELECT count(n), count(*) FROM t; EXECUTE q",
        "1|1",
    );
    check(&mut ann, &format!("SET stoa.as_of = {version}; EXECUTE q"), "2|3");
}

#[test]
fn rows_say_which_version_brought_them() {
    let world = World::new();
    let mut ann = world.connect();
    check(&mut ann, "CREATE TABLE t (kind text, n int)", "CREATE TABLE");
    check(
        &mut ann,
        "INSERT INTO t VALUES ('a', 1), ('a', 2), ('b', 5)",
        "INSERT 0 3",
    );
    let before = newest_version(&mut ann);
    check(&mut ann, "CHECKPOINT; INSERT INTO t VALUES ('b', 7)", "INSERT 0 1");
    check(
        &mut ann,
        "UPDATE t SET n = 20 WHERE n = 2; DELETE FROM t WHERE n = 1",
        "DELETE 1",
    );
    let after = newest_version(&mut ann);
    let versions = format!("SELECT n, commit_version - {before} FROM t ORDER BY n");
    check(&mut ann, &versions, "5|0\n7|1\n20|2");
    check(&mut ann, "VACUUM; CHECKPOINT", "CHECKPOINT");
    check(&mut ann, &versions, "5|0\n7|1\n20|2");
    check(&mut ann, "SELECT * FROM t WHERE n = 5", "b|5");
    check(
        &mut ann,
        &format!("SELECT count(*) FROM t WHERE commit_version > {before}"),
        "2",
    );
    check(
        &mut ann,
        &format!("UPDATE t SET n = n + 1 WHERE commit_version = {before}"),
        "UPDATE 1",
    );
    // What came, and what went, by kind.
    let changes = format!(
        "SELECT kind, sum(came), sum(went) FROM (
           SELECT kind, n AS came, 0 AS went FROM t FOR SYSTEM_TIME AS OF {after} WHERE commit_version > {before}
           UNION ALL SELECT kind, 0, n FROM (
             SELECT kind, n FROM t FOR SYSTEM_TIME AS OF {before}
             EXCEPT ALL SELECT kind, n FROM t FOR SYSTEM_TIME AS OF {after} WHERE commit_version <= {before}) gone) x
         GROUP BY kind ORDER BY kind"
    );
    check(&mut ann, &changes, "a|20|3\nb|7|0");
    check(
        &mut ann,
        "CREATE TABLE own (commit_version text); INSERT INTO own VALUES ('mine')",
        "INSERT 0 1",
    );
    check(&mut ann, "SELECT commit_version FROM own", "mine");
}

#[test]
fn a_view_as_of_a_version_reads_its_tables_as_of_then() {
    let world = World::new();
    let mut ann = world.connect();
    check(
        &mut ann,
        "CREATE TABLE t (n int); CREATE TABLE u (n int)",
        "CREATE TABLE",
    );
    check(
        &mut ann,
        "INSERT INTO t VALUES (1), (2); INSERT INTO u VALUES (1)",
        "INSERT 0 1",
    );
    check(
        &mut ann,
        "CREATE VIEW pairs AS WITH w AS (SELECT n FROM t) SELECT n FROM w JOIN u USING (n)",
        "CREATE VIEW",
    );
    check(
        &mut ann,
        "CREATE VIEW outer_one AS SELECT count(*) AS c, (SELECT count(*) FROM t) AS all_of_t FROM pairs",
        "CREATE VIEW",
    );
    let version = newest_version(&mut ann);
    check(
        &mut ann,
        "INSERT INTO u VALUES (2); DELETE FROM t WHERE n = 1",
        "DELETE 1",
    );
    check(&mut ann, "SELECT * FROM outer_one", "1|1");
    check(&mut ann, "SELECT n FROM pairs", "2");
    let past = format!("FOR SYSTEM_TIME AS OF {version}");
    check(&mut ann, &format!("SELECT * FROM outer_one {past}"), "1|2");
    check(&mut ann, &format!("SELECT b.n, t.n FROM pairs {past} b, t"), "1|2");
    check(
        &mut ann,
        "CREATE VIEW relations AS SELECT count(*) FROM pg_class",
        "CREATE VIEW",
    );
    refused(
        &mut ann,
        &format!("SELECT * FROM relations {past}"),
        "0A000 FOR SYSTEM_TIME on a system table is not supported",
    );
}

#[test]
fn another_type_of_a_column_begins_history_anew() {
    let world = World::new();
    let mut ann = world.connect();
    check(&mut ann, "CREATE TABLE t (n int, s text)", "CREATE TABLE");
    check(&mut ann, "INSERT INTO t VALUES (1, '2')", "INSERT 0 1");
    let before = newest_version(&mut ann);
    check(&mut ann, "ALTER TABLE t ALTER s TYPE int USING s::int", "ALTER TABLE");
    let after = newest_version(&mut ann);
    check(&mut ann, "UPDATE t SET s = 3", "UPDATE 1");
    let past = |version: &str| format!("SELECT n, s FROM t FOR SYSTEM_TIME AS OF {version}");
    check(&mut ann, &past(&after), "1|2");
    let gone = format!("22023 history is kept from version {after} on");
    refused(&mut ann, &past(&before), &gone);
}

#[test]
fn a_table_without_history_says_from_when_it_can_be_read() {
    let world = World::new();
    let mut ann = world.connect();
    check(
        &mut ann,
        "CREATE TABLE t (n int) WITH (history = 'none')",
        "CREATE TABLE",
    );
    check(&mut ann, "INSERT INTO t VALUES (1)", "INSERT 0 1");
    let first = newest_version(&mut ann);
    check(&mut ann, "INSERT INTO t VALUES (2)", "INSERT 0 1");
    check(&mut ann, &format!("SELECT n FROM t FOR SYSTEM_TIME AS OF {first}"), "1");
    check(&mut ann, "DELETE FROM t WHERE n = 2", "DELETE 1");
    let last = newest_version(&mut ann);
    refused(
        &mut ann,
        &format!("SELECT n FROM t FOR SYSTEM_TIME AS OF {first}"),
        &format!("22023 history is kept from version {last} on"),
    );
    check(
        &mut ann,
        "ALTER TABLE t SET (history = '1 hour'); DELETE FROM t",
        "DELETE 1",
    );
    check(&mut ann, &format!("SELECT n FROM t FOR SYSTEM_TIME AS OF {last}"), "1");
    check(
        &mut ann,
        "SELECT history FROM stoa.tables WHERE table_name = 't'",
        "1 hour",
    );
    refused(
        &mut ann,
        "ALTER TABLE t SET (history = 'long')",
        "22023 invalid value for option \"history\": \"long\"",
    );
}
