//! Definitions by several transactions at once: those that have nothing to do with each other all happen.

use super::server;
use postgres::error::SqlState;

#[test]
fn transactions_define_side_by_side_but_not_in_a_schema_that_goes() {
    let (mut first, mut second) = (server().connect(), server().connect());
    first
        .batch_execute("CREATE SCHEMA side; CREATE TABLE side.base (a integer)")
        .unwrap();
    first
        .batch_execute(
            "BEGIN; CREATE VIEW side.v AS SELECT a FROM side.base; CREATE TABLE side.t (id serial PRIMARY KEY)",
        )
        .unwrap();
    second
        .batch_execute(
            "BEGIN; CREATE VIEW side.w AS SELECT a FROM side.base; CREATE TABLE side.u (id serial CHECK (id > 0))",
        )
        .unwrap();
    first.batch_execute("COMMIT").unwrap();
    second.batch_execute("COMMIT").unwrap();
    let numbers = first
        .query_one(
            "SELECT count(*), count(DISTINCT oid) FROM pg_class WHERE relnamespace = 'side'::regnamespace",
            &[],
        )
        .unwrap();
    assert_eq!((numbers.get::<_, i64>(0), numbers.get::<_, i64>(1)), (8, 8));

    first
        .batch_execute("BEGIN; CREATE TABLE side.late (a integer)")
        .unwrap();
    second.batch_execute("DROP SCHEMA side CASCADE").unwrap();
    let error = first.batch_execute("COMMIT").unwrap_err();
    assert_eq!(error.code(), Some(&SqlState::T_R_SERIALIZATION_FAILURE), "{error}");

    first
        .batch_execute("CREATE SCHEMA side; CREATE TABLE side.base (a integer)")
        .unwrap();
    first.batch_execute("BEGIN; DROP SCHEMA side CASCADE").unwrap();
    second.batch_execute("CREATE TABLE side.late (a integer)").unwrap();
    let error = first.batch_execute("COMMIT").unwrap_err();
    assert_eq!(error.code(), Some(&SqlState::T_R_SERIALIZATION_FAILURE), "{error}");
    assert_eq!(first.query("SELECT a FROM side.late", &[]).unwrap().len(), 0);
}
