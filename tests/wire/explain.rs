//! EXPLAIN (ANALYZE) tells what happened: rows, and the time that planning and running took.

use super::server;
use postgres::SimpleQueryMessage;
use serde_json::Value;

fn explained(client: &mut postgres::Client, query: &str) -> Value {
    let rows = client.simple_query(query).unwrap();
    let text = rows.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    serde_json::from_str(text.unwrap()).unwrap()
}

#[test]
fn columns_that_are_read_of_the_rows_found_are_named() {
    let mut client = server().connect();
    client
        .batch_execute("CREATE TABLE explained_wide AS SELECT i AS a, i AS b, i AS c, i AS d, i AS e FROM generate_series(1, 9) AS i")
        .unwrap();
    let query = "EXPLAIN (ANALYZE, FORMAT json) SELECT * FROM explained_wide ORDER BY c LIMIT 2";
    let explained = explained(&mut client, query).to_string();
    assert!(
        explained.contains(r#""Columns Read at the End":"a, b, d, e""#),
        "{explained}"
    );
}

#[test]
fn figures_are_of_what_happened() {
    let mut client = server().connect();
    client
        .batch_execute("CREATE TABLE explained AS SELECT i FROM generate_series(1, 100) AS i")
        .unwrap();
    let joined = (2..=8).map(|n| format!("JOIN explained AS e{n} USING (i)"));
    let joined: Vec<String> = joined.collect();
    let query = format!(
        "EXPLAIN (ANALYZE, FORMAT json) SELECT count(*) FROM explained AS e1 {} WHERE i > 60",
        joined.join(" ")
    );
    let explained = &explained(&mut client, &query)[0];
    let time = |name: &str| explained[name].as_f64().unwrap();
    // Eight relations are bound and put into an order: no computer does that within ten microseconds.
    assert!(time("Planning Time") > 0.01, "{explained}");
    assert!(time("Execution Time") > 0.01, "{explained}");
    assert_eq!(explained["Plan"]["Actual Rows"], 1);
    assert_eq!(explained["Plan"]["Plans"][0]["Actual Rows"], 40);
}
