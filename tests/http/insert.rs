//! Rows in every form and every way to send them: all of them arrive, or none.

use crate::client::{Http, chunked, head};
use crate::{CSV, JSON, insert, rows, run, server, wait_until};
use std::io::Write;

#[test]
fn every_form_brings_its_rows() {
    run(
        "CREATE SCHEMA shop; CREATE TABLE shop.\"Sales.2024\" (id bigint NOT NULL, name text, tags text[], made int DEFAULT 7)",
    );
    let target = "shop.Sales%2E2024";
    let lines = "{\"name\": \"a\\nb\", \"id\": 1, \"tags\": [\"x\", null]}\n\n{\"id\":2,\"made\":3,\"other\":[{}]}";
    let answer = insert(target, &[JSON], lines);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let told = answer.json();
    assert_eq!((&told["rows_received"], &told["rows_stored"]), (&2.into(), &2.into()));
    assert_eq!(
        (&told["rows_deduplicated"], &told["rows_rejected"]),
        (&0.into(), &0.into())
    );
    assert_eq!(told["repeated"], false);
    let version = told["version"].as_u64().unwrap();
    assert_eq!(
        rows(&format!(
            "SELECT count(*) FROM stoa.commits WHERE version = {version} AND cause = 'copy'"
        )),
        "1"
    );
    let answer = insert(target, &[CSV], "id,name,tags,made\r\n3,\"c,\"\"d\",\"{y}\",1\r\n");
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = insert(&format!("{target}?columns=name,id&header=false"), &[CSV], "e,4\n,5\n");
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["rows_stored"], 2);
    let all = "SELECT id, replace(name, chr(10), '/') AS name, tags, made FROM shop.\"Sales.2024\" ORDER BY id";
    assert_eq!(
        rows(all),
        "1,a/b,\"{x,NULL}\",\n2,,,3\n3,\"c,\"\"d\",{y},1\n4,e,,7\n5,,,7"
    );
    // Nothing is nothing, and no commit.
    let answer = insert(target, &[JSON], "");
    assert_eq!((answer.status, answer.json()["version"].as_u64()), (200, None));
}

#[test]
fn a_header_of_other_columns_is_refused() {
    run("CREATE TABLE swapped (a int, b int)");
    let answer = insert("swapped", &[CSV], "b,a\n1,2\n");
    assert_eq!(answer.status, 400);
    assert!(
        answer.error("message").contains("got \"b\", expected \"a\""),
        "{}",
        answer.text()
    );
    assert_eq!(insert("swapped?columns=b,a", &[CSV], "b,a\n1,2\n").status, 200);
    assert_eq!(rows("SELECT a, b FROM swapped"), "2,1");
}

#[test]
fn compressed_bodies_are_read() {
    run("CREATE TABLE compressed (id bigint)");
    let text: String = (0..200_000).map(|id| format!("{{\"id\":{id}}}\n")).collect();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    let zstd = zstd::encode_all(text.as_bytes(), 1).unwrap();
    let port = server().http_port();
    for (encoding, bytes) in [("gzip", &gzip), ("zstd", &zstd)] {
        let headers = [JSON, ("Content-Encoding", encoding)];
        let answer = crate::exchange(port, "POST", "/insert/compressed", &headers, bytes);
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.json()["rows_stored"], 200_000);
        for wrong in [&bytes[..bytes.len() / 2], text.as_bytes()] {
            let answer = crate::exchange(port, "POST", "/insert/compressed", &headers, wrong);
            assert_eq!(answer.status, 400, "{}", answer.text());
            assert!(answer.error("message").contains("decompressed"), "{}", answer.text());
        }
    }
    assert_eq!(
        rows("SELECT count(*), count(DISTINCT id) FROM compressed"),
        "400000,200000"
    );
    assert_eq!(
        insert("compressed", &[JSON, ("Content-Encoding", "br")], "").status,
        415
    );
}

#[test]
fn chunks_of_any_size_make_the_same_rows() {
    run("CREATE TABLE chunks (id int)");
    let text: String = (0..1_000).map(|id| format!("{{\"id\":{id}}}\n")).collect();
    for chunk_bytes in [1, 7, 4_096, 1 << 20] {
        let mut http = Http::connect(server().http_port());
        let headers = [("Host", "localhost"), ("Transfer-Encoding", "chunked"), JSON];
        http.send(head("POST", "/insert/chunks", &headers).as_bytes());
        http.send(&chunked(text.as_bytes(), chunk_bytes));
        let answer = http.answer().unwrap();
        assert_eq!((answer.status, &answer.json()["rows_stored"]), (200, &1_000.into()));
        // The connection goes on.
        let headers = [("Host", "localhost"), ("Content-Length", "10"), JSON];
        http.send(head("POST", "/insert/chunks", &headers).as_bytes())
            .send(b"{\"id\":-1}\n");
        assert_eq!(http.answer().unwrap().status, 200);
    }
    assert_eq!(
        rows("SELECT count(*), sum(id) FROM chunks WHERE id >= 0"),
        "4000,1998000"
    );
}

#[test]
fn a_bad_row_is_named_and_nothing_is_stored() {
    run("CREATE TABLE strict (id int NOT NULL, day date)");
    let good: String = (0..70_000)
        .map(|id| format!("{{\"id\":{id},\"day\":\"2024-01-01\"}}\n"))
        .collect();
    for (line, state) in [
        ("{\"id\":\"x\"}", "22P02"),
        ("{\"id\":1,\"day\":\"2024-13-01\"}", "22008"),
        ("{\"day\":null}", "23502"),
        ("[1]", "22P04"),
        ("{\"id\":1", "22P04"),
        ("{\"id\":99999999999}", "22003"),
    ] {
        let answer = insert("strict", &[JSON], &format!("{good}{line}\n{good}"));
        assert_eq!(
            (answer.status, answer.error("sqlstate").as_str()),
            (400, state),
            "{}",
            answer.text()
        );
        assert!(answer.error("context").contains("line 70001"), "{}", answer.text());
        assert_eq!(answer.json()["error"]["position"], serde_json::Value::Null);
    }
    let answer = insert("strict", &[CSV], "id,day\n1,2024-01-01\n2\n");
    assert_eq!(answer.status, 400);
    assert!(answer.error("context").contains("line 3"), "{}", answer.text());
    assert_eq!(rows("SELECT count(*) FROM strict"), "0");
}

#[test]
fn what_cannot_be_a_table_is_refused() {
    assert_eq!(insert("nowhere", &[JSON], "{}").status, 404);
    assert_eq!(insert("no.where", &[JSON], "{}").status, 404);
    assert_eq!(insert("", &[JSON], "{}").status, 400);
    assert_eq!(insert("a.b.c", &[JSON], "{}").status, 400);
    assert_eq!(insert("%FF", &[JSON], "{}").status, 400);
    assert_eq!(insert("nowhere", &[], "{}").status, 415);
    let answer = insert("x%22;DROP%20TABLE%20y--", &[JSON], "{}");
    assert_eq!(
        (answer.status, answer.error("sqlstate").as_str()),
        (404, "42P01"),
        "{}",
        answer.text()
    );
    run("CREATE VIEW looked_at AS SELECT 1 AS a");
    assert_eq!(insert("looked_at", &[JSON], "{}").status, 400);
    run("CREATE TABLE has_a (a int)");
    let answer = insert("has_a?columns=b", &[JSON], "{}");
    assert_eq!((answer.status, answer.error("sqlstate").as_str()), (400, "42703"));
}

#[test]
fn a_client_that_goes_leaves_nothing() {
    run("CREATE TABLE left_behind (id int)");
    let text: String = (0..200_000).map(|id| format!("{{\"id\":{id}}}\n")).collect();
    let ways = [
        (("Content-Length", "1000000000"), text.clone().into_bytes()),
        (("Transfer-Encoding", "chunked"), {
            let mut chunks = chunked(text.as_bytes(), 10_000);
            chunks.truncate(chunks.len() - 5);
            chunks
        }),
        // No chunk at all.
        (("Transfer-Encoding", "chunked"), b"zzz\r\n".to_vec()),
    ];
    for (header, body) in ways {
        let mut http = Http::connect(server().http_port());
        http.send(head("POST", "/insert/left_behind", &[("Host", "localhost"), header, JSON]).as_bytes());
        http.send(&body);
        wait_until(
            server(),
            "SELECT count(*) > 0 FROM stoa.queries WHERE query LIKE 'COPY \"left_behind\"%'",
        );
        drop(http);
        let idle = "SELECT count(*) = 0 FROM pg_stat_activity WHERE query LIKE 'COPY \"left_behind\"%'";
        wait_until(server(), idle);
    }
    assert_eq!(rows("SELECT count(*) FROM left_behind"), "0");
}

#[test]
fn an_administrator_ends_an_insert_that_waits() {
    run("CREATE TABLE ended (id int)");
    let mut http = Http::connect(server().http_port());
    let headers = [("Host", "localhost"), ("Content-Length", "1000"), JSON];
    http.send(head("POST", "/insert/ended", &headers).as_bytes())
        .send(b"{\"id\":1}\n");
    let found = "FROM pg_stat_activity WHERE application_name = 'http' AND query LIKE 'COPY \"ended\"%'";
    wait_until(server(), &format!("SELECT count(*) = 1 {found}"));
    run(&format!("SELECT pg_terminate_backend(pid) {found}"));
    let answer = http.answer().unwrap();
    assert_eq!((answer.status, answer.error("sqlstate").as_str()), (503, "57P01"));
    assert_eq!(rows("SELECT count(*) FROM ended"), "0");
}
