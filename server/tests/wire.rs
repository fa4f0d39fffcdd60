//! The server from outside: a real client over a real socket, results in text and binary, COPY, transactions, cancellation.

use postgres::{Client, NoTls, SimpleQueryMessage};
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use stoa_engine::config::Config;
use stoa_engine::database::Database;
use stoa_server::listen::{Server, listen, runtime};

struct World {
    address: SocketAddr,
    runtime: Option<tokio::runtime::Runtime>,
    database: Arc<Database>,
    _folder: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::new(folder.path());
        config.threads = 2;
        config.memory_limit_bytes = 256 << 20;
        config.store.durability = stoa_storage::store::Durability::OperatingSystem;
        let database = Database::open(config).unwrap();
        let runtime = runtime().unwrap();
        let server = Arc::new(Server::new(Arc::clone(&database), 50));
        let listener = {
            let _guard = runtime.enter();
            listen(&["127.0.0.1:0".parse().unwrap()], "--listen").unwrap()
        };
        let address = listener.local_addr().unwrap();
        runtime.spawn(async move { server.accept(&listener).await });
        World {
            address,
            runtime: Some(runtime),
            database,
            _folder: folder,
        }
    }

    fn connect(&self) -> Client {
        let url = format!("host=127.0.0.1 port={} user=ann dbname=shop", self.address.port());
        Client::connect(&url, NoTls).unwrap()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(Duration::from_secs(2));
        }
        self.database.close(false).unwrap();
    }
}

/// Rows of a text's last statement as `a|b` lines.
fn simple(client: &mut Client, text: &str) -> Result<String, postgres::Error> {
    let mut lines = Vec::new();
    for message in client.simple_query(text)? {
        match message {
            SimpleQueryMessage::Row(row) => {
                let values = (0..row.len()).map(|at| row.get(at).unwrap_or("NULL").to_owned());
                lines.push(values.collect::<Vec<_>>().join("|"));
            }
            SimpleQueryMessage::RowDescription(_) => lines.clear(),
            _ => {}
        }
    }
    Ok(lines.join("\n"))
}

fn code(error: postgres::Error) -> String {
    error
        .code()
        .map_or_else(|| error.to_string(), |code| code.code().to_owned())
}

#[test]
fn values_travel_in_text_and_in_binary() {
    let world = World::new();
    let mut client = world.connect();
    client
        .batch_execute(
            "CREATE TABLE t (id bigint NOT NULL, small smallint, name text, ratio double precision, is_good boolean)",
        )
        .unwrap();
    let inserted = client
        .execute(
            "INSERT INTO t VALUES ($1, $2, $3, $4, $5)",
            &[&1_i64, &2_i16, &"one", &0.5_f64, &true],
        )
        .unwrap();
    assert_eq!(inserted, 1);
    client.execute("INSERT INTO t (id) VALUES ($1)", &[&2_i64]).unwrap();
    let rows = client
        .query("SELECT * FROM t WHERE id >= $1 ORDER BY id", &[&1_i64])
        .unwrap();
    assert_eq!(rows.len(), 2);
    let first = &rows[0];
    assert_eq!(
        (
            first.get::<_, i64>(0),
            first.get::<_, i16>(1),
            first.get::<_, &str>(2),
            first.get::<_, f64>(3),
            first.get::<_, bool>(4)
        ),
        (1, 2, "one", 0.5, true)
    );
    assert_eq!(rows[1].get::<_, Option<&str>>(2), None);
    assert_eq!(
        simple(&mut client, "SELECT * FROM t ORDER BY id").unwrap(),
        "1|2|one|0.5|t\n2|NULL|NULL|NULL|NULL"
    );
    let returned = client
        .query("UPDATE t SET name = $2 WHERE id = $1 RETURNING name", &[&2_i64, &"two"])
        .unwrap();
    assert_eq!(returned[0].get::<_, &str>(0), "two");
}

#[test]
fn errors_have_code_and_place_and_end_a_transaction() {
    let world = World::new();
    let mut client = world.connect();
    let error = client.simple_query("SELECT 1; SELECT nonsense").unwrap_err();
    let error = error.as_db_error().unwrap();
    assert_eq!(error.code().code(), "42703");
    assert_eq!(error.position(), Some(&postgres::error::ErrorPosition::Original(18)));
    client.batch_execute("CREATE TABLE t (n int NOT NULL)").unwrap();
    let mut transaction = client.transaction().unwrap();
    transaction.execute("INSERT INTO t VALUES (1)", &[]).unwrap();
    assert_eq!(
        code(transaction.execute("INSERT INTO t VALUES (NULL)", &[]).unwrap_err()),
        "23502"
    );
    assert_eq!(code(transaction.query("SELECT 1", &[]).unwrap_err()), "25P02");
    transaction.rollback().unwrap();
    // Several statements in one text happen together.
    assert!(client.simple_query("INSERT INTO t VALUES (1); SELECT 1 / 0").is_err());
    assert_eq!(simple(&mut client, "SELECT count(*) FROM t").unwrap(), "0");
    let mut transaction = client.transaction().unwrap();
    transaction.execute("INSERT INTO t VALUES (1)", &[]).unwrap();
    let mut inner = transaction.transaction().unwrap();
    inner.execute("INSERT INTO t VALUES (2)", &[]).unwrap();
    inner.rollback().unwrap();
    transaction.commit().unwrap();
    assert_eq!(simple(&mut client, "SELECT n FROM t").unwrap(), "1");
}

#[test]
fn copy_brings_all_rows_or_none_and_takes_them_out_again() {
    let world = World::new();
    let mut client = world.connect();
    client
        .batch_execute("CREATE TABLE t (id int NOT NULL, name text, made int DEFAULT 7)")
        .unwrap();
    let mut copy = client.copy_in("COPY t (id, name) FROM STDIN (FORMAT csv)").unwrap();
    copy.write_all(b"1,one\n2,\"t,wo\"\n").unwrap();
    copy.write_all(b"3,").unwrap();
    assert_eq!(copy.finish().unwrap(), 3);
    let mut copy = client.copy_in("COPY t (id, name) FROM STDIN (FORMAT csv)").unwrap();
    copy.write_all(b"4,four\nfive,5\n").unwrap();
    assert_eq!(code(copy.finish().unwrap_err()), "22P02");
    let mut out = String::new();
    client
        .copy_out("COPY t TO STDOUT")
        .unwrap()
        .read_to_string(&mut out)
        .unwrap();
    assert_eq!(out, "1\tone\t7\n2\tt,wo\t7\n3\t\\N\t7\n");
    let mut out = String::new();
    client
        .copy_out("COPY (SELECT id, name FROM t WHERE id > 1 ORDER BY id DESC) TO STDOUT (FORMAT csv, HEADER)")
        .unwrap()
        .read_to_string(&mut out)
        .unwrap();
    assert_eq!(out, "id,name\n3,\n2,\"t,wo\"\n");
    // Dropped halfway: nothing arrives, and the connection goes on.
    {
        let mut copy = client.copy_in("COPY t (id) FROM STDIN").unwrap();
        copy.write_all(b"9\n").unwrap();
    }
    assert_eq!(simple(&mut client, "SELECT count(*) FROM t").unwrap(), "3");
}

#[test]
fn a_running_statement_is_cancelled_and_the_connection_goes_on() {
    let world = World::new();
    let mut client = world.connect();
    client
        .batch_execute("CREATE TABLE t (n int); INSERT INTO t VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9), (10)")
        .unwrap();
    let token = client.cancel_token();
    let (ended, has_ended) = std::sync::mpsc::channel();
    // More than once: a request that comes before the statement has begun means nothing.
    let canceller = std::thread::spawn(move || {
        while has_ended.recv_timeout(Duration::from_millis(200)).is_err() {
            token.cancel_query(NoTls).unwrap();
        }
    });
    let begun = Instant::now();
    let slow = "SELECT count(*) FROM t a, t b, t c, t d, t e, t f, t g, t h, t i, t j WHERE a.n + b.n + c.n + d.n + e.n + f.n + g.n + h.n + i.n + j.n < 0";
    assert_eq!(code(client.simple_query(slow).unwrap_err()), "57014");
    assert!(begun.elapsed() < Duration::from_secs(5));
    ended.send(()).unwrap();
    canceller.join().unwrap();
    assert_eq!(simple(&mut client, "SELECT 1").unwrap(), "1");
    client.batch_execute("SET statement_timeout = 100").unwrap();
    assert_eq!(code(client.simple_query(slow).unwrap_err()), "57014");
}

#[test]
fn many_connections_insert_at_the_same_time() {
    let world = World::new();
    world.connect().batch_execute("CREATE TABLE t (n int)").unwrap();
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let world = &world;
            scope.spawn(move || {
                let mut client = world.connect();
                let statement = client.prepare("INSERT INTO t VALUES ($1)").unwrap();
                for number in 0..25 {
                    client.execute(&statement, &[&(writer * 100 + number)]).unwrap();
                }
            });
        }
    });
    let mut client = world.connect();
    assert_eq!(
        simple(&mut client, "SELECT count(*), count(DISTINCT n) FROM t").unwrap(),
        "200|200"
    );
}

#[test]
fn a_portal_is_read_in_parts() {
    let world = World::new();
    let mut client = world.connect();
    client
        .batch_execute("CREATE TABLE t (n int); INSERT INTO t VALUES (1), (2), (3), (4), (5)")
        .unwrap();
    let mut transaction = client.transaction().unwrap();
    let portal = transaction.bind("SELECT n FROM t ORDER BY n", &[]).unwrap();
    let mut seen = Vec::new();
    loop {
        let rows = transaction.query_portal(&portal, 2).unwrap();
        if rows.is_empty() {
            break;
        }
        seen.push(rows.iter().map(|row| row.get::<_, i32>(0)).collect::<Vec<_>>());
    }
    assert_eq!(seen, [vec![1, 2], vec![3, 4], vec![5]]);
}
