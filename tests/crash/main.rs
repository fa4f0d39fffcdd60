//! Kills the served binary at random moments while several clients insert, delete and load, and finds every acknowledged row once
//! and no other. The seed is printed; `STOA_CRASH_SEED` repeats a run, `STOA_CRASH_KILLS` changes the number of kills.

mod retry_storm;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use stoa_tests::{Server, ServerOptions};

const KILLS: u64 = 50;
const CLIENTS: usize = 4;

/// What clients know: ids whose statement was acknowledged, and ids whose statement was under way when the server died.
#[derive(Default)]
struct Ledger {
    present: BTreeSet<i64>,
    deleted: BTreeSet<i64>,
    /// Either all of a group or none.
    uncertain_inserts: Vec<Vec<i64>>,
    uncertain_deletes: Vec<i64>,
}

struct Random(u64);

impl Random {
    /// splitmix64.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn every_acknowledged_row_survives_kills() {
    let seed = variable("STOA_CRASH_SEED").unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        now.as_nanos() as u64
    });
    println!("STOA_CRASH_SEED={seed}");
    let mut random = Random(seed);
    let folder = tempfile::tempdir().unwrap();
    let options = ServerOptions {
        data: folder.path().join("data"),
        arguments: Vec::new(),
    };
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    let next_id = Arc::new(AtomicI64::new(0));
    let server = Server::start(&options);
    server
        .connect()
        .batch_execute(
            "CREATE TABLE rows (id bigint NOT NULL, day date NOT NULL, label text, parts bigint[] NOT NULL)
             WITH (partition_by = 'month(day)', order_by = 'id')",
        )
        .unwrap();
    server.kill();
    for round in 0..variable("STOA_CRASH_KILLS").unwrap_or(KILLS) {
        let server = Server::start(&options);
        settle(&server, &mut ledger.lock().unwrap(), round);
        let stop = Arc::new(AtomicBool::new(false));
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let mut client = Client {
                    connection: server.connect(),
                    random: Random(random.next()),
                    ledger: ledger.clone(),
                    next_id: next_id.clone(),
                    kind: client,
                };
                let stop = stop.clone();
                std::thread::spawn(move || while !stop.load(Ordering::Relaxed) && client.step() {})
            })
            .collect();
        std::thread::sleep(Duration::from_millis(20 + random.below(400)));
        server.kill();
        stop.store(true, Ordering::Relaxed);
        for client in clients {
            client.join().unwrap();
        }
    }
    let server = Server::start(&options);
    settle(&server, &mut ledger.lock().unwrap(), u64::MAX);
    let rows = ledger.lock().unwrap().present.len();
    assert!(rows > 0, "the clients got something acknowledged");
    server.stop();
}

struct Client {
    connection: postgres::Client,
    random: Random,
    ledger: Arc<Mutex<Ledger>>,
    next_id: Arc<AtomicI64>,
    kind: usize,
}

impl Client {
    /// One statement; false once the server is gone.
    fn step(&mut self) -> bool {
        match self.random.below(10) {
            0..=1 if self.kind == 0 => self.delete(),
            2 => self.checkpoint(),
            3..=5 => self.copy(),
            _ => self.insert(),
        }
    }

    fn ids(&mut self, count: i64) -> Vec<i64> {
        let first = self.next_id.fetch_add(count, Ordering::Relaxed);
        (first..first + count).collect()
    }

    fn row(&mut self, id: i64) -> String {
        let day = 1 + self.random.below(28);
        let month = 1 + self.random.below(6);
        format!(
            "{id};2024-{month:02}-{day:02};label {};{{{id},NULL,{}}}",
            id % 7,
            id % 5
        )
    }

    fn insert(&mut self) -> bool {
        let count = 1 + self.random.below(20) as i64;
        let ids = self.ids(count);
        let values: Vec<String> = ids
            .iter()
            .map(|id| {
                let row = self.row(*id);
                let mut fields = row.split(';');
                let mut field = || fields.next().unwrap();
                format!("({}, '{}', '{}', '{}')", field(), field(), field(), field())
            })
            .collect();
        let statement = format!("INSERT INTO rows VALUES {}", values.join(", "));
        let result = self.connection.batch_execute(&statement);
        self.note_insert(ids, result)
    }

    fn copy(&mut self) -> bool {
        let count = 1 + self.random.below(2_000) as i64;
        let ids = self.ids(count);
        let rows: String = ids.iter().map(|id| self.row(*id) + "\n").collect();
        let result = self
            .connection
            .copy_in("COPY rows FROM STDIN (FORMAT csv, DELIMITER ';')")
            .and_then(|mut writer| {
                // A write that fails shows when the copy is finished.
                let _ = std::io::Write::write_all(&mut writer, rows.as_bytes());
                writer.finish().map(|_| ())
            });
        self.note_insert(ids, result)
    }

    fn note_insert(&mut self, ids: Vec<i64>, result: Result<(), postgres::Error>) -> bool {
        let mut ledger = self.ledger.lock().unwrap();
        match result {
            Ok(()) => {
                ledger.present.extend(ids);
                true
            }
            Err(error) => {
                assert!(error.as_db_error().is_none(), "a statement failed: {error:?}");
                ledger.uncertain_inserts.push(ids);
                false
            }
        }
    }

    fn delete(&mut self) -> bool {
        let id = {
            let ledger = self.ledger.lock().unwrap();
            let count = ledger.present.len() as u64;
            match count {
                0 => return true,
                _ => *ledger.present.iter().nth(self.random.below(count) as usize).unwrap(),
            }
        };
        let result = self
            .connection
            .batch_execute(&format!("DELETE FROM rows WHERE id = {id}"));
        let mut ledger = self.ledger.lock().unwrap();
        match result {
            Ok(()) => {
                ledger.present.remove(&id);
                ledger.deleted.insert(id);
                true
            }
            Err(error) => {
                assert!(error.as_db_error().is_none(), "a statement failed: {error:?}");
                ledger.present.remove(&id);
                ledger.uncertain_deletes.push(id);
                false
            }
        }
    }

    fn checkpoint(&mut self) -> bool {
        match self.connection.batch_execute("CHECKPOINT") {
            Ok(()) => true,
            Err(error) => {
                assert!(error.as_db_error().is_none(), "a statement failed: {error:?}");
                false
            }
        }
    }
}

/// Compares what the server has with the ledger, and settles what was uncertain.
fn settle(server: &Server, ledger: &mut Ledger, round: u64) {
    let found = server.connect().query("SELECT id, parts FROM rows", &[]).unwrap();
    let mut rows = BTreeSet::new();
    for row in &found {
        let id: i64 = row.get(0);
        assert!(rows.insert(id), "round {round}: row {id} is there twice");
        let parts: Vec<Option<i64>> = row.get(1);
        assert_eq!(parts, [Some(id), None, Some(id % 5)], "round {round}: row {id}");
    }
    for group in std::mem::take(&mut ledger.uncertain_inserts) {
        let there = group.iter().filter(|id| rows.contains(id)).count();
        assert!(
            there == 0 || there == group.len(),
            "round {round}: {there} of {} rows of one statement are there",
            group.len()
        );
        if there > 0 {
            ledger.present.extend(group);
        }
    }
    for id in std::mem::take(&mut ledger.uncertain_deletes) {
        match rows.contains(&id) {
            true => ledger.present.insert(id),
            false => ledger.deleted.insert(id),
        };
    }
    let lost: Vec<_> = ledger.present.difference(&rows).take(5).collect();
    assert!(lost.is_empty(), "round {round}: acknowledged rows are lost: {lost:?}");
    let strange: Vec<_> = rows.difference(&ledger.present).take(5).collect();
    assert!(
        strange.is_empty(),
        "round {round}: rows nobody acknowledged: {strange:?}"
    );
}
