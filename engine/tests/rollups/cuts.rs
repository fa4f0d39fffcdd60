//! Ranges of time that begin or end within a bucket: whole buckets come from a rollup, and rows of the others beside them.

use super::world::World;
use super::{answers, ask, events, fact, plan};
use stoa_engine::connection::Connection;

const BUCKETS: [(&str, &str); 6] = [
    ("by_hour", "date_trunc('hour', at)"),
    ("by_week", "date_trunc('week', at)"),
    ("by_month", "date_trunc('month', at)"),
    ("by_date", "at::date"),
    ("by_five_days", "time_bucket('5 days', at)"),
    ("by_moment", "date_trunc('quarter', moment, 'UTC')"),
];

fn with_one_rollup(session: &mut Connection, name: &str, bucket: &str) {
    ask(
        session,
        &format!(
            "CREATE MATERIALIZED VIEW {name} AS SELECT {bucket} AS bucket, shop, count(*) AS events, sum(amount) AS amount, min(at) AS first, max(moment) AS last FROM events GROUP BY 1, 2"
        ),
    );
    ask(session, &format!("REFRESH MATERIALIZED VIEW {name}"));
}

/// Numbers that look random, the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    /// A time of the events, or beyond them.
    fn time(&mut self) -> String {
        let minutes = match self.below(3) {
            // Often one that an event has, or the start of a day.
            0 => self.below(950) * 187,
            1 => self.below(130) * 1440,
            _ => self.below(130 * 1440),
        };
        format!("timestamp '2024-01-01' + interval '{minutes} minutes'")
    }
}

#[test]
fn whole_buckets_come_from_a_rollup_and_the_rest_from_rows() {
    for (seed, (name, bucket)) in BUCKETS.into_iter().enumerate() {
        let world = World::new();
        let mut session = world.connect();
        events(&mut session);
        with_one_rollup(&mut session, name, bucket);
        ask(&mut session, "DELETE FROM events WHERE shop = 2 AND at >= '2024-04-10'");
        ask(&mut session, "SET stoa.verify_rollups = on");
        let mut numbers = Numbers(seed as u64);
        let time = if name == "by_moment" { "moment" } else { "at" };
        for _ in 0..60 {
            let (from, until) = (numbers.time(), numbers.time());
            let zone = if time == "moment" { " AT TIME ZONE 'UTC'" } else { "" };
            let lower = format!("{time} {} ({from}){zone}", [">", ">="][numbers.below(2) as usize]);
            let upper = format!("({until}){zone} {} {time}", [">", ">="][numbers.below(2) as usize]);
            let condition = match numbers.below(4) {
                0 => lower,
                1 => upper,
                _ => format!("{lower} AND {upper}"),
            };
            let shops = ["", " AND shop <> 4", " AND shop IN (1, 2)"][numbers.below(3) as usize];
            let sql = format!(
                "SELECT shop, count(*), sum(amount), min(at), max(moment) FROM events WHERE {condition}{shops} GROUP BY shop ORDER BY shop"
            );
            // Both ways are compared.
            ask(&mut session, &sql);
            assert_eq!(
                fact(&plan(&mut session, &sql), "Rollup").as_deref(),
                Some(name),
                "{sql}"
            );
        }
    }
}

#[test]
fn few_rows_are_read_beside_a_rollup() {
    let world = World::new();
    let mut session = world.connect();
    events(&mut session);
    with_one_rollup(&mut session, "by_hour", "date_trunc('hour', at)");
    let sql = "SELECT count(*), sum(amount) FROM events WHERE at >= '2024-02-03 10:10' AND at < '2024-02-20 07:30'";
    answers(&mut session, "by_hour", sql);
    let shown = plan(&mut session, sql);
    let scan = shown.iter().find(|line| line.contains("Scan on events")).unwrap();
    let rows: u32 = scan
        .split("actual rows=")
        .nth(1)
        .unwrap()
        .split(' ')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    assert!(rows <= 4, "{shown:#?}");
    // Of a range within one bucket all rows are read.
    let sql = "SELECT count(*) FROM events WHERE at >= '2024-02-03 10:10' AND at < '2024-02-03 10:50'";
    ask(&mut session, "SET stoa.verify_rollups = on");
    ask(&mut session, sql);
    // Several bounds on one side are not told apart.
    ask(
        &mut session,
        "SELECT count(*) FROM events WHERE at >= '2024-02-03 10:10' AND at > '2024-01-15 10:50' AND at > '2024-02-04 10:50'",
    );
    // A segment all of whose rows are in the bucket that is cut, and rows in memory.
    ask(
        &mut session,
        "SELECT count(*), min(at) FROM events WHERE at >= '2024-01-01 00:00:00.000001' AND at <= '2024-04-26 00:00'",
    );
    ask(
        &mut session,
        "INSERT INTO events SELECT at + interval '7 minutes', moment, day, shop, item, amount, n FROM events",
    );
    ask(
        &mut session,
        "SELECT shop, count(*), sum(amount) FROM events WHERE at >= '2024-02-03 10:10' AND at < '2024-02-20 07:30' GROUP BY shop",
    );
}

#[test]
fn the_rows_of_cut_buckets_decide_between_rollups() {
    let world = World::new();
    let mut session = world.connect();
    for statement in [
        "CREATE TABLE logins (at timestamp NOT NULL, n int) WITH (partition_by = 'day(at)')",
        "INSERT INTO logins SELECT timestamp '2024-01-01' + i * interval '6 minutes', i FROM generate_series(0, 21599) i",
        "CREATE MATERIALIZED VIEW monthly AS SELECT date_trunc('month', at) AS month, count(*) AS logins, sum(n) AS n FROM logins GROUP BY 1",
        "CREATE MATERIALIZED VIEW hourly AS SELECT date_trunc('hour', at) AS hour, count(*) AS logins, sum(n) AS n FROM logins GROUP BY 1",
        "REFRESH MATERIALIZED VIEW monthly",
        "REFRESH MATERIALIZED VIEW hourly",
    ] {
        ask(&mut session, statement);
    }
    let sums = "SELECT count(*), sum(n) FROM logins WHERE";
    answers(&mut session, "monthly", &format!("{sums} at >= '2024-02-01'"));
    answers(
        &mut session,
        "hourly",
        &format!("{sums} at >= '2024-02-10 10:30' AND at < '2024-03-20 07:10'"),
    );
    // Of the last day of a month, the month leaves no more to rows than hours do, and has fewer groups.
    answers(&mut session, "monthly", &format!("{sums} at >= '2024-01-31 10:30'"));
}
