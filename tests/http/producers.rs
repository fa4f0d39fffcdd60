//! Batches of producers: each happens once, however often and by however many it is sent.

use crate::client::Answer;
use crate::{CSV, JSON, insert, query, rows, run};

fn batch(producer: &str, epoch: &str, token: &str, body: &str) -> Answer {
    let headers = [
        JSON,
        ("Stoa-Producer", producer),
        ("Stoa-Epoch", epoch),
        ("Stoa-Token", token),
    ];
    insert("batches", &headers, body)
}

fn table() {
    static MADE: std::sync::Once = std::sync::Once::new();
    MADE.call_once(|| {
        run(
            "CREATE TABLE batches (id bigint, time timestamptz) WITH (partition_by = 'day(time)', event_time = 'time', deduplicate_by = 'id')",
        );
    });
}

fn line(id: i64) -> String {
    format!("{{\"id\":{id},\"time\":\"2024-06-01 12:00:00Z\"}}\n")
}

#[test]
fn a_repeated_batch_is_acknowledged_and_changes_nothing() {
    table();
    let first = batch("again", "1", "7", &(line(1) + &line(2)));
    assert_eq!(first.status, 200, "{}", first.text());
    assert_eq!(
        (&first.json()["rows_stored"], &first.json()["repeated"]),
        (&2.into(), &false.into())
    );
    for _ in 0..3 {
        // What it holds is not looked at again.
        let again = batch("again", "1", "7", &(line(1) + &line(2) + &line(3)));
        assert_eq!(again.status, 200, "{}", again.text());
        let told = again.json();
        assert_eq!((&told["rows_received"], &told["rows_stored"]), (&3.into(), &0.into()));
        assert_eq!(
            (&told["repeated"], &told["version"]),
            (&true.into(), &first.json()["version"])
        );
        assert!(told.get("rows_deduplicated").is_none());
    }
    let third = batch("again", "1", "8", &(line(2) + &line(4)));
    let told = third.json();
    assert_eq!((&told["rows_received"], &told["rows_stored"]), (&2.into(), &1.into()));
    assert_eq!(
        (&told["rows_deduplicated"], &told["rows_rejected"]),
        (&1.into(), &0.into())
    );
    assert_eq!(rows("SELECT count(*) FROM batches WHERE id < 10"), "3");
}

#[test]
fn gaps_and_former_lives_are_refused() {
    table();
    assert_eq!(batch("fenced", "2", "1", &line(11)).status, 200);
    let gap = batch("fenced", "2", "3", &line(12));
    assert_eq!((gap.status, gap.error("sqlstate").as_str()), (409, "55000"));
    assert!(
        gap.error("message")
            .contains("batch 2 of producer \"fenced\" is the next one"),
        "{}",
        gap.text()
    );
    let fenced = batch("fenced", "1", "2", &line(13));
    assert_eq!(fenced.status, 409);
    assert!(fenced.error("message").contains("is fenced"), "{}", fenced.text());
    assert_eq!(batch("fenced", "3", "2", &line(14)).status, 200);
    assert_eq!(
        rows("SELECT id FROM batches WHERE id BETWEEN 10 AND 19 ORDER BY id"),
        "11\n14"
    );
}

#[test]
fn a_token_says_whose_it_is() {
    table();
    for headers in [
        &[JSON, ("Stoa-Token", "1")][..],
        &[JSON, ("Stoa-Producer", "x"), ("Stoa-Token", "")],
        &[JSON, ("Stoa-Producer", "x"), ("Stoa-Token", "one")],
        &[JSON, ("Stoa-Producer", "x"), ("Stoa-Token", "-1")],
        &[JSON, ("Stoa-Producer", "x"), ("Stoa-Epoch", "1")],
        &[JSON, ("Stoa-Producer", "x"), ("Stoa-Token", "1"), ("Stoa-Token", "2")],
    ] {
        let answer = insert("batches", headers, &line(20));
        assert_eq!(answer.status, 400, "{headers:?}: {}", answer.text());
    }
    assert_eq!(rows("SELECT count(*) FROM batches WHERE id = 20"), "0");
}

#[test]
fn a_batch_that_failed_is_still_the_next_one() {
    table();
    assert_eq!(batch("failing", "0", "1", &(line(31) + "{\"id\":\"x\"}\n")).status, 400);
    assert_eq!(batch("failing", "0", "1", &line(31)).json()["repeated"], false);
    // Rows too far in the future are put aside, and counted.
    let answer = batch("failing", "0", "2", "{\"id\":32,\"time\":\"9000-01-01 00:00:00Z\"}\n");
    assert_eq!(
        (&answer.json()["rows_stored"], &answer.json()["rows_rejected"]),
        (&0.into(), &1.into())
    );
    // Without a token the producer's name is the source of the rows.
    let answer = insert(
        "batches",
        &[CSV, ("Stoa-Producer", "named")],
        "id,time\n33,2024-06-01\n",
    );
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(
        rows("SELECT rows_received, rows_stored FROM stoa.ingest WHERE source = 'named'"),
        "1,1"
    );
}

#[test]
fn one_of_many_that_send_a_batch_at_once_stores_it() {
    run("CREATE TABLE raced (id int)");
    let told: Vec<Answer> = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let headers = [JSON, ("Stoa-Producer", "raced"), ("Stoa-Token", "1")];
                    insert("raced", &headers, "{\"id\":1}\n{\"id\":2}\n")
                })
            })
            .collect();
        senders.into_iter().map(|sender| sender.join().unwrap()).collect()
    });
    assert!(told.iter().all(|answer| answer.status == 200));
    assert_eq!(
        told.iter().filter(|answer| answer.json()["repeated"] == false).count(),
        1
    );
    assert_eq!(rows("SELECT count(*) FROM raced"), "2");
    // A statement is a batch, too.
    let headers = [("Stoa-Producer", "raced"), ("Stoa-Token", "2")];
    for repeated in [false, true] {
        let answer = query("", &headers, "INSERT INTO raced VALUES (3)");
        assert_eq!((answer.status, &answer.json()["repeated"]), (200, &repeated.into()));
    }
    let headers = [("Stoa-Producer", "raced"), ("Stoa-Token", "3")];
    for repeated in ["false", "true"] {
        let answer = query("", &headers, "INSERT INTO raced VALUES (4) RETURNING id");
        assert_eq!((answer.status, answer.header("stoa-repeated")), (200, Some(repeated)));
    }
    assert_eq!(rows("SELECT count(*) FROM raced"), "4");
}
