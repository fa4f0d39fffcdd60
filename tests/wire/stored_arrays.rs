//! Arrays of stored tables in the forms of the wire: parameters and results in binary, COPY in all formats.

use super::server;
use postgres::types::ToSql;
use std::io::{Read, Write};

type Values = (Vec<i64>, Option<Vec<Option<String>>>, Vec<bool>, Vec<f64>);

fn values() -> Vec<Values> {
    let texts = |texts: &[Option<&str>]| Some(texts.iter().map(|text| text.map(str::to_owned)).collect());
    vec![
        (
            vec![1, -2, i64::MAX],
            texts(&[Some("a"), None, Some("")]),
            vec![true, false],
            vec![0.5],
        ),
        (Vec::new(), None, Vec::new(), vec![f64::INFINITY, -1e300]),
        (
            (0..10_000).collect(),
            texts(&[Some("ü, \"quoted\" {x}\t\\N\n"), Some("NULL")]),
            vec![false; 17],
            Vec::new(),
        ),
    ]
}

fn make(client: &mut postgres::Client, table: &str) {
    let columns = "id integer, n bigint[], t text[], b boolean[], f double precision[]";
    client
        .batch_execute(&format!("CREATE TABLE {table} ({columns})"))
        .unwrap();
}

fn read(client: &mut postgres::Client, table: &str) -> Vec<Values> {
    let rows = client
        .query(&format!("SELECT n, t, b, f FROM {table} ORDER BY id"), &[])
        .unwrap();
    rows.iter()
        .map(|row| (row.get(0), row.get(1), row.get(2), row.get(3)))
        .collect()
}

fn fill(client: &mut postgres::Client, table: &str) {
    let insert = client
        .prepare(&format!("INSERT INTO {table} VALUES ($1, $2, $3, $4, $5)"))
        .unwrap();
    for (id, (n, t, b, f)) in (0_i32..).zip(values()) {
        let parameters: [&(dyn ToSql + Sync); 5] = [&id, &n, &t, &b, &f];
        client.execute(&insert, &parameters).unwrap();
    }
}

#[test]
fn parameters_and_results_in_binary() {
    let mut client = server().connect();
    make(&mut client, "array_parameters");
    fill(&mut client, "array_parameters");
    assert_eq!(read(&mut client, "array_parameters"), values());
    client.batch_execute("CHECKPOINT").unwrap();
    assert_eq!(read(&mut client, "array_parameters"), values());
    let wanted = vec![Some("a".to_owned())];
    let found = client
        .query_one("SELECT id FROM array_parameters WHERE t @> $1", &[&wanted])
        .unwrap();
    assert_eq!(found.get::<_, i32>(0), 0);
    let found = client
        .query_one("SELECT id FROM array_parameters WHERE $1 = ANY (n)", &[&9999_i64])
        .unwrap();
    assert_eq!(found.get::<_, i32>(0), 2);
    let tags = vec!["x".to_owned()];
    let changed = "UPDATE array_parameters SET t = t || $1 WHERE n = $2 RETURNING t";
    let changed = client.query_one(changed, &[&tags, &vec![1, -2, i64::MAX]]).unwrap();
    let expected = [Some("a"), None, Some(""), Some("x")].map(|text| text.map(str::to_owned));
    assert_eq!(changed.get::<_, Vec<Option<String>>>(0), expected);
}

#[test]
fn copies_in_all_formats_come_back() {
    let mut client = server().connect();
    make(&mut client, "array_copies");
    fill(&mut client, "array_copies");
    for format in ["text", "csv", "binary", "json"] {
        let mut bytes = Vec::new();
        let out = format!("COPY (SELECT * FROM array_copies ORDER BY id) TO STDOUT (FORMAT {format})");
        client.copy_out(&out).unwrap().read_to_end(&mut bytes).unwrap();
        let table = format!("array_copies_{format}");
        make(&mut client, &table);
        let mut copy = client
            .copy_in(&format!("COPY {table} FROM STDIN (FORMAT {format})"))
            .unwrap();
        copy.write_all(&bytes).unwrap();
        assert_eq!(copy.finish().unwrap(), 3, "{format}");
        assert_eq!(read(&mut client, &table), values(), "{format}");
    }
}
