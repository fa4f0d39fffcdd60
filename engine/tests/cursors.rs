//! Cursors through the facade: they stream, keep what they must, and end with what they belong to. What SQL says of them is in
//! `tests/slt/cursors`.

use std::sync::Arc;
use stoa_engine::Result;
use stoa_engine::config::Config;
use stoa_engine::connection::{Connection, ConnectionOptions, Outcome};
use stoa_engine::database::Database;

const ROWS: u64 = 2_000_000;

struct World {
    database: Arc<Database>,
    _folder: tempfile::TempDir,
}

impl World {
    fn new(memory_limit_bytes: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::new(folder.path());
        config.threads = 2;
        config.memory_limit_bytes = memory_limit_bytes;
        config.store.durability = stoa_storage::store::Durability::OperatingSystem;
        World {
            database: Database::open(config).unwrap(),
            _folder: folder,
        }
    }

    fn connect(&self) -> Connection {
        self.database.connect(ConnectionOptions {
            user: "ann".into(),
            ..ConnectionOptions::default()
        })
    }
}

/// Runs statements one by one; the last one's number of rows, or that of its tag.
fn count(connection: &mut Connection, text: &str) -> Result<u64> {
    let mut last = 0;
    for parsed in connection.parse(text)? {
        let prepared = connection.prepare(&parsed, &[])?;
        last = match connection.execute(&prepared, Vec::new())? {
            Outcome::Rows(mut rows, _) => {
                let mut count = 0;
                while let Some(batch) = rows.next_batch().inspect_err(|_| connection.fail_transaction())? {
                    count += batch.row_count as u64;
                }
                count
            }
            Outcome::Command { tag } => tag.rsplit(' ').next().and_then(|word| word.parse().ok()).unwrap_or(0),
            _ => 0,
        };
    }
    Ok(last)
}

fn declare(options: &str, hold: &str) -> String {
    format!(
        "DECLARE c {options} CURSOR {hold} FOR SELECT n, n || repeat('x', 100) AS text FROM generate_series(1, {ROWS}) AS g (n)"
    )
}

/// How many statements the database knows to be running, besides the one that asks.
fn running(connection: &mut Connection) -> u64 {
    count(
        connection,
        "SELECT 1 FROM stoa.queries WHERE state = 'running' AND query LIKE 'DECLARE%'",
    )
    .unwrap()
}

#[test]
fn a_cursor_reads_no_more_than_it_is_asked_for() {
    // All rows would take far more memory than there is.
    let world = World::new(16 << 20);
    let mut ann = world.connect();
    count(&mut ann, "BEGIN").unwrap();
    count(&mut ann, &declare("NO SCROLL", "")).unwrap();
    assert_eq!(count(&mut ann, "FETCH 10 FROM c").unwrap(), 10);
    assert_eq!(count(&mut ann, "MOVE 100000 FROM c").unwrap(), 100_000);
    assert_eq!(count(&mut ann, "FETCH ALL FROM c").unwrap(), ROWS - 100_010);
    assert_eq!(count(&mut ann, "FETCH c").unwrap(), 0);
}

#[test]
fn a_cursor_that_is_closed_ends_its_query() {
    let world = World::new(256 << 20);
    let mut ann = world.connect();
    for end in ["CLOSE c", "CLOSE ALL", "ROLLBACK", "COMMIT"] {
        count(&mut ann, "BEGIN").unwrap();
        count(&mut ann, &declare("", "")).unwrap();
        count(&mut ann, "FETCH 10 FROM c").unwrap();
        assert_eq!(running(&mut ann), 1, "{end}");
        count(&mut ann, end).unwrap();
        // Its workers notice.
        let begun = std::time::Instant::now();
        while running(&mut ann) > 0 {
            assert!(begun.elapsed().as_secs() < 20, "{end}");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        count(&mut ann, "ROLLBACK").unwrap();
    }
}

#[test]
fn what_a_cursor_keeps_has_a_limit() {
    let world = World::new(64 << 20);
    let mut ann = world.connect();
    count(&mut ann, "BEGIN").unwrap();
    count(&mut ann, &declare("SCROLL", "")).unwrap();
    assert_eq!(count(&mut ann, "FETCH 10 FROM c").unwrap(), 10);
    assert_eq!(count(&mut ann, "MOVE ALL FROM c").unwrap_err().state().0, "53200");
    count(&mut ann, "ROLLBACK").unwrap();

    count(&mut ann, "BEGIN").unwrap();
    count(&mut ann, "CREATE TABLE never (n integer)").unwrap();
    count(&mut ann, &declare("", "WITH HOLD")).unwrap();
    assert_eq!(count(&mut ann, "COMMIT").unwrap_err().state().0, "53200");
    assert_eq!(count(&mut ann, "SELECT 1 FROM never").unwrap_err().state().0, "42P01");
    assert_eq!(
        count(&mut ann, &declare("", "WITH HOLD")).unwrap_err().state().0,
        "53200"
    );
    assert_eq!(count(&mut ann, "SELECT 1 FROM pg_cursors").unwrap(), 0);
}

#[test]
fn rows_of_a_fetch_that_nobody_reads_are_passed_all_the_same() {
    let world = World::new(64 << 20);
    let mut ann = world.connect();
    count(&mut ann, "BEGIN").unwrap();
    count(&mut ann, &declare("NO SCROLL", "")).unwrap();
    let parsed = ann.parse("FETCH 100000 FROM c").unwrap();
    let prepared = ann.prepare(&parsed[0], &[]).unwrap();
    let Outcome::Rows(mut rows, _) = ann.execute(&prepared, Vec::new()).unwrap() else {
        panic!("FETCH gives rows");
    };
    rows.next_batch().unwrap().unwrap();
    let busy = count(&mut ann, "SAVEPOINT s; FETCH c").unwrap_err();
    assert_eq!(busy.state().0, "55000");
    count(&mut ann, "ROLLBACK TO s").unwrap();
    drop(rows);
    assert_eq!(count(&mut ann, "FETCH ALL FROM c").unwrap(), ROWS - 100_000);
}

#[test]
fn a_portal_with_a_name_is_a_cursor() {
    let world = World::new(64 << 20);
    let mut ann = world.connect();
    count(&mut ann, "BEGIN").unwrap();
    let parsed = ann.parse("SELECT n FROM generate_series(1, 100000) AS g (n)").unwrap();
    let prepared = ann.prepare(&parsed[0], &[]).unwrap();
    ann.open_portal("p", &prepared, Vec::new()).unwrap();
    assert_eq!(
        ann.open_portal("p", &prepared, Vec::new()).unwrap_err().state().0,
        "42P03"
    );
    count(&mut ann, "ROLLBACK; BEGIN").unwrap();
    ann.open_portal("p", &prepared, Vec::new()).unwrap();
    let mut rows = ann.read_portal("p", Some(7)).unwrap();
    assert_eq!(rows.next_batch().unwrap().unwrap().row_count, 7);
    assert!(rows.next_batch().unwrap().is_none());
    drop(rows);
    assert_eq!(count(&mut ann, "MOVE 3 FROM p").unwrap(), 3);
    assert_eq!(count(&mut ann, "FETCH 5 FROM p").unwrap(), 5);
    assert_eq!(count(&mut ann, "SELECT 1 FROM pg_cursors WHERE name = 'p'").unwrap(), 1);
    count(&mut ann, "COMMIT").unwrap();
    assert_eq!(ann.read_portal("p", None).unwrap_err().state().0, "34000");
}

#[test]
fn a_type_is_not_changed_below_rows_that_came_meanwhile() {
    let world = World::new(64 << 20);
    let (mut ann, mut bob) = (world.connect(), world.connect());
    count(&mut ann, "CREATE TABLE t (n integer, m integer)").unwrap();
    count(&mut ann, "INSERT INTO t VALUES (1, 1), (2, 2)").unwrap();
    for other in [
        "INSERT INTO t VALUES (3, 3)",
        "UPDATE t SET m = 7 WHERE n = 1",
        "DELETE FROM t WHERE n = 2",
    ] {
        count(&mut ann, "BEGIN; ALTER TABLE t ALTER n TYPE text").unwrap();
        count(&mut bob, other).unwrap();
        assert_eq!(count(&mut ann, "COMMIT").unwrap_err().state().0, "40001", "{other}");
    }
    count(&mut ann, "ALTER TABLE t ALTER n TYPE text").unwrap();
    assert_eq!(count(&mut bob, "SELECT 1 FROM t WHERE n IN ('1', '3')").unwrap(), 2);
}
