//! What drivers rely on beside rows: which object an error is about, where a column comes from, and one name space for prepared
//! statements of the protocol and of SQL.

use super::server;

#[test]
fn errors_name_their_constraint() {
    let mut client = server().connect();
    client
        .batch_execute(
            "CREATE TABLE named_errors (id integer PRIMARY KEY, n integer NOT NULL CONSTRAINT positive CHECK (n > 0))",
        )
        .unwrap();
    client.batch_execute("INSERT INTO named_errors VALUES (1, 1)").unwrap();
    for (values, constraint, column) in [
        ("(1, 2)", Some("named_errors_pkey"), None),
        ("(2, 0)", Some("positive"), None),
        ("(2, NULL)", None, Some("n")),
    ] {
        let error = client
            .batch_execute(&format!("INSERT INTO named_errors VALUES {values}"))
            .unwrap_err();
        let error = error.as_db_error().unwrap();
        let found = (error.schema(), error.table(), error.constraint(), error.column());
        assert_eq!(found, (Some("public"), Some("named_errors"), constraint, column));
    }
}

#[test]
fn columns_name_their_relation() {
    let mut client = server().connect();
    client
        .batch_execute("CREATE TABLE origin_of_columns (a integer, b text)")
        .unwrap();
    let oid: u32 = client
        .query_one("SELECT 'origin_of_columns'::regclass::oid", &[])
        .unwrap()
        .get(0);
    let statement = client
        .prepare(
            "SELECT b AS renamed, a + 1, a FROM (SELECT * FROM origin_of_columns) AS o WHERE a > 0 ORDER BY a LIMIT 1",
        )
        .unwrap();
    let origins: Vec<_> = statement
        .columns()
        .iter()
        .map(|column| (column.table_oid(), column.column_id()))
        .collect();
    assert_eq!(origins, [(Some(oid), Some(2)), (None, None), (Some(oid), Some(1))]);
}

#[test]
fn deallocate_reaches_statements_of_the_protocol() {
    let mut client = server().connect();
    let statement = client.prepare("SELECT 1").unwrap();
    client.query(&statement, &[]).unwrap();
    // The driver names its statements s0, s1 ..
    client.batch_execute("DEALLOCATE ALL").unwrap();
    let error = client.query(&statement, &[]).unwrap_err();
    assert_eq!(error.code().map(|code| code.code()), Some("26000"));
    let fresh = client.prepare("SELECT 2").unwrap();
    assert_eq!(client.query_one(&fresh, &[]).unwrap().get::<_, i32>(0), 2);
}
