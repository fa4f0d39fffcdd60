//! Producers that send each batch up to five times, with tokens or without, while the server is killed under them: every event is there
//! once, materialized views and counters add up. `STOA_RETRY_EVENTS` asks for more events, `STOA_RETRY_KILLS` for more kills.

use super::{Random, variable};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};
use stoa_tests::{Server, ServerOptions, run_stoa};

const EVENTS: u64 = 60_000;
const KILLS: u64 = 6;
const PRODUCERS: u64 = 8;
/// Producers below this number give their batches tokens.
const WITH_TOKENS: u64 = 4;
const BATCHES_PER_PRODUCER: u64 = 40;
const SENT_MAX: u64 = 5;

fn mixed(number: u64) -> u64 {
    Random(number).next()
}

/// The events, by place: one in twenty is an earlier one once more, up to 30 days late.
struct Events {
    count: u64,
    batch_rows: u64,
}

impl Events {
    fn id(&self, place: u64) -> u64 {
        match mixed(place) % 20 {
            0 => mixed(place + (1 << 40)) % (place + 1),
            _ => place,
        }
    }

    /// A line of csv; all of it follows from the id.
    fn line(&self, place: u64) -> String {
        let id = self.id(place);
        let (day, kind, amount) = (id * 30 / self.count + 1, id % 5, id % 1000);
        format!("{id},2024-06-{day:02},kind {kind},{amount}\n")
    }

    fn batch_count(&self) -> u64 {
        self.count.div_ceil(self.batch_rows)
    }

    fn batch(&self, batch: u64) -> String {
        let first = batch * self.batch_rows;
        let places = first..(first + self.batch_rows).min(self.count);
        places.map(|place| self.line(place)).collect()
    }

    /// How many there are, and what their amounts add up to.
    fn totals(&self) -> (u64, u64) {
        let mut is_seen = vec![false; self.count as usize];
        let mut totals = (0, 0);
        for place in 0..self.count {
            let id = self.id(place);
            if !std::mem::replace(&mut is_seen[id as usize], true) {
                totals = (totals.0 + 1, totals.1 + id % 1000);
            }
        }
        totals
    }
}

/// A server that others kill.
struct Target {
    options: ServerOptions,
    server: RwLock<Option<Server>>,
    sent: AtomicU64,
}

impl Target {
    /// A connection, as soon as there is one to be had.
    fn connect(&self) -> postgres::Client {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let address = self.server.read().unwrap().as_ref().map(Server::connection_string);
            match address.map(|address| postgres::Client::connect(&address, postgres::NoTls)) {
                Some(Ok(client)) => return client,
                refused if Instant::now() > deadline => panic!("no connection: {:?}", refused.and_then(Result::err)),
                _ => std::thread::sleep(Duration::from_millis(5)),
            }
        }
    }

    fn restart(&self) {
        let mut server = self.server.write().unwrap();
        if let Some(server) = server.take() {
            server.kill();
        }
        *server = Some(Server::start(&self.options));
    }
}

struct Producer<'t> {
    number: u64,
    target: &'t Target,
    connection: postgres::Client,
    epoch: u64,
}

impl Producer<'_> {
    /// Sends a batch until it is acknowledged.
    fn send(&mut self, rows: &str, token: Option<u64>) {
        self.target.sent.fetch_add(1, Ordering::Relaxed);
        loop {
            match self.try_send(rows, token) {
                Ok(()) => return,
                Err(error) => {
                    assert!(error.as_db_error().is_none(), "a batch was refused: {error:?}");
                    self.connection = self.target.connect();
                    // Another life of the producer.
                    self.epoch += 1;
                }
            }
        }
    }

    fn try_send(&mut self, rows: &str, token: Option<u64>) -> Result<(), postgres::Error> {
        let mut settings = format!("SET stoa.producer = 'producer {}'", self.number);
        if let Some(token) = token {
            settings += &format!(
                "; SET stoa.producer_epoch = {}; SET stoa.producer_token = {token}",
                self.epoch
            );
        }
        self.connection.batch_execute(&settings)?;
        let mut writer = self.connection.copy_in("COPY events FROM STDIN (FORMAT csv)")?;
        // A write that fails shows when the copy is finished.
        let _ = std::io::Write::write_all(&mut writer, rows.as_bytes());
        writer.finish().map(|_| ())
    }
}

fn produce(number: u64, target: &Target, events: &Events, mut random: Random) {
    let mut producer = Producer {
        number,
        target,
        connection: target.connect(),
        epoch: 0,
    };
    let has_token = number < WITH_TOKENS;
    let mut token = 0;
    for batch in 0..events.batch_count() {
        let is_mine = match has_token {
            true => batch % (2 * WITH_TOKENS) == number,
            // Several of them send it, at about the same time.
            false => batch % 8 >= WITH_TOKENS && (batch % 4 + WITH_TOKENS == number || random.below(3) == 0),
        };
        if !is_mine {
            continue;
        }
        token += 1;
        let rows = events.batch(batch);
        for _ in 0..1 + random.below(SENT_MAX) {
            producer.send(&rows, has_token.then_some(token));
        }
    }
}

#[test]
fn batches_that_are_sent_again_and_again_are_there_once() {
    let seed = variable("STOA_CRASH_SEED").unwrap_or(7);
    let count = variable("STOA_RETRY_EVENTS").unwrap_or(EVENTS);
    let events = Events {
        count,
        batch_rows: count / (PRODUCERS * BATCHES_PER_PRODUCER) + 1,
    };
    let folder = tempfile::tempdir().unwrap();
    let options = ServerOptions {
        data: folder.path().join("data"),
        arguments: Vec::new(),
    };
    let target = Target {
        server: RwLock::new(Some(Server::start(&options))),
        options: options.clone(),
        sent: AtomicU64::new(0),
    };
    let definitions = "CREATE TABLE events (id bigint NOT NULL, day date NOT NULL, kind text NOT NULL, amount bigint NOT NULL)
             WITH (partition_by = 'day(day)', order_by = 'kind', deduplicate_by = 'id');
         CREATE MATERIALIZED VIEW by_day AS SELECT day, kind, count(*) AS events, sum(amount) AS amount FROM events GROUP BY 1, 2";
    target.connect().batch_execute(definitions).unwrap();
    let is_done = Arc::new(AtomicBool::new(false));
    std::thread::scope(|scope| {
        let producers: Vec<_> = (0..PRODUCERS)
            .map(|number| {
                let (target, events) = (&target, &events);
                scope.spawn(move || produce(number, target, events, Random(seed * 100 + number)))
            })
            .collect();
        let (killer_target, is_over) = (&target, is_done.clone());
        let killer = scope.spawn(move || {
            let mut random = Random(seed);
            let mut kills = 0;
            while kills < variable("STOA_RETRY_KILLS").unwrap_or(KILLS) && !is_over.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(100 + random.below(900)));
                killer_target.restart();
                kills += 1;
            }
            kills
        });
        for producer in producers {
            producer.join().unwrap();
        }
        is_done.store(true, Ordering::Relaxed);
        let sent = target.sent.load(Ordering::Relaxed);
        println!(
            "{sent} batches of {} events, {} kills",
            events.batch_rows,
            killer.join().unwrap()
        );
    });
    check(&target, &events);
    if let Some(server) = target.server.into_inner().unwrap() {
        server.stop();
    }
    let checked = run_stoa(&["check", "--data", options.data.to_str().unwrap()], |_| {});
    assert_eq!(checked.code, Some(0), "{checked:?}");
}

fn check(target: &Target, events: &Events) {
    let mut client = target.connect();
    let mut numbers = |sql: &str| -> Vec<i64> {
        let row = client.query_one(sql, &[]).unwrap();
        (0..row.len()).map(|place| row.get(place)).collect()
    };
    let (count, amount) = events.totals();
    let expected = [count as i64, count as i64, amount as i64];
    let found = numbers("SELECT count(*), count(DISTINCT id), sum(amount)::bigint FROM events");
    assert_eq!(found, expected);
    let found = numbers("SELECT sum(events)::bigint, sum(amount)::bigint FROM by_day");
    assert_eq!(found, [count as i64, amount as i64]);
    let counters = numbers(
        "SELECT sum(rows_received)::bigint, sum(rows_stored)::bigint, sum(rows_deduplicated + rows_rejected)::bigint,
         count(*) FILTER (WHERE rows_received <> rows_stored + rows_deduplicated + rows_rejected) FROM stoa.ingest",
    );
    assert_eq!(counters[0], counters[1] + counters[2]);
    assert_eq!((counters[1], counters[3]), (count as i64, 0));
    println!("{count} events, {} rows received", counters[0]);
    let tokens = numbers("SELECT count(*), min(token), max(token) FROM stoa.producers");
    let batches = (0..WITH_TOKENS).map(|number| {
        let all = (0..events.batch_count()).filter(|batch| batch % (2 * WITH_TOKENS) == number);
        all.count() as i64
    });
    let batches: Vec<i64> = batches.collect();
    assert_eq!(
        tokens,
        [
            WITH_TOKENS as i64,
            *batches.iter().min().unwrap(),
            *batches.iter().max().unwrap()
        ]
    );
}
