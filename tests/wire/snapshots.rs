//! A snapshot that one transaction exports and others read.

use super::server;

#[test]
fn transactions_read_the_snapshot_of_another() {
    let (mut first, mut second, mut third) = (server().connect(), server().connect(), server().connect());
    first
        .batch_execute("CREATE TABLE exported (n integer); INSERT INTO exported VALUES (1)")
        .unwrap();
    first.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ").unwrap();
    let name: String = first.query_one("SELECT pg_export_snapshot()", &[]).unwrap().get(0);
    // Neither what others commit nor what the exporter itself has changed.
    second.batch_execute("INSERT INTO exported VALUES (2)").unwrap();
    first.batch_execute("INSERT INTO exported VALUES (3)").unwrap();
    let import = format!("BEGIN ISOLATION LEVEL REPEATABLE READ; SET TRANSACTION SNAPSHOT '{name}'");
    third.batch_execute(&import).unwrap();
    let count: i64 = third.query_one("SELECT count(*) FROM exported", &[]).unwrap().get(0);
    assert_eq!(count, 1);
    third.batch_execute("COMMIT").unwrap();
    let error = third
        .batch_execute(&format!("BEGIN; SET TRANSACTION SNAPSHOT '{name}'"))
        .unwrap_err();
    assert_eq!(error.code().map(|code| code.code()), Some("0A000"));
    third.batch_execute("ROLLBACK").unwrap();
    first.batch_execute("COMMIT").unwrap();
    let error = third.batch_execute(&import).unwrap_err();
    assert_eq!(error.code().map(|code| code.code()), Some("22023"));
}
