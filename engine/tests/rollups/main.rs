//! Materialized views: which queries they answer, that the answers are those of the rows, what is refused, and what becomes of them.

mod below_joins;
mod cuts;
#[path = "../world/mod.rs"]
mod world;

use stoa_engine::connection::Connection;
use world::{World, check, refused};

/// Events of four months in segments of their months, some behind the last checkpoint, some deleted.
fn events(session: &mut Connection) {
    check(
        session,
        "CREATE TABLE events (at timestamp NOT NULL, moment timestamptz, day date, shop int, item text, amount numeric(10, 2), n int)
         WITH (partition_by = 'month(at)', order_by = 'at')",
        "CREATE TABLE",
    );
    let insert = "INSERT INTO events SELECT timestamp '2024-01-01' + i * interval '3 hours 7 minutes',
        (timestamp '2024-01-01' + i * interval '3 hours 7 minutes') AT TIME ZONE 'UTC',
        (timestamp '2024-01-01' + i * interval '3 hours 7 minutes')::date, i % 7, 'item ' || i % 5,
        CASE WHEN i % 11 <> 0 THEN (i % 1000) / 8.0 END, i % 13 - 6 FROM generate_series";
    check(session, &format!("{insert}(0, 899) i; CHECKPOINT"), "CHECKPOINT");
    check(
        session,
        "DELETE FROM events WHERE shop = 3 AND day < '2024-02-01'",
        "DELETE 34",
    );
    check(session, &format!("{insert}(100, 130) i"), "INSERT 0 31");
}

/// What comes back, where nothing goes wrong.
#[track_caller]
fn ask(session: &mut Connection, sql: &str) -> String {
    match world::ask(session, sql) {
        Ok(found) => found,
        Err(error) => panic!("{sql}: {error}"),
    }
}

#[track_caller]
fn ask_all(session: &mut Connection, sql: &str) -> Vec<String> {
    ask(session, sql).lines().map(str::to_owned).collect()
}

fn plan(session: &mut Connection, sql: &str) -> Vec<String> {
    ask_all(session, &format!("EXPLAIN ANALYZE {sql}"))
}

fn fact(plan: &[String], name: &str) -> Option<String> {
    let mut lines = plan.iter();
    lines.find_map(|line| Some(line.trim().strip_prefix(name)?.strip_prefix(": ")?.to_owned()))
}

/// A query is answered by a rollup, as the rows answer it.
#[track_caller]
fn answers(session: &mut Connection, rollup: &str, sql: &str) {
    let seen = plan(session, sql);
    assert_eq!(fact(&seen, "Rollup").as_deref(), Some(rollup), "{sql}: {seen:#?}");
    assert_ne!(fact(&seen, "Rollup Groups").as_deref(), Some("0"), "{sql}: {seen:#?}");
    let with = ask_all(session, sql);
    ask(session, "SET stoa.use_rollups = off");
    assert!(fact(&plan(session, sql), "Rollup").is_none());
    let without = ask_all(session, sql);
    ask(session, "SET stoa.use_rollups = on");
    assert_eq!(with, without, "{sql}");
    assert!(!with.is_empty(), "{sql}");
}

/// A query gives the same with rollups and without.
#[track_caller]
fn same(session: &mut Connection, sql: &str) {
    let with = ask_all(session, sql);
    ask(session, "SET stoa.use_rollups = off");
    let without = ask_all(session, sql);
    ask(session, "SET stoa.use_rollups = on");
    assert_eq!(with, without, "{sql}");
    assert!(!with.is_empty(), "{sql}");
}

/// A query that no rollup answers, for a reason.
#[track_caller]
fn does_not_answer(session: &mut Connection, sql: &str, reason: &str) {
    let seen = plan(session, sql);
    assert_eq!(fact(&seen, "Rollup"), None, "{sql}");
    assert_eq!(fact(&seen, "Rollup Not Used").as_deref(), Some(reason), "{sql}");
}

#[test]
fn what_follows_from_a_rollup_is_answered_by_it() {
    let world = World::new();
    let mut ann = world.connect();
    events(&mut ann);
    let view =
        "CREATE MATERIALIZED VIEW by_day AS SELECT date_trunc('day', at) AS at_day, shop, item, count(*) AS events,
        count(amount) AS amounts, sum(amount) AS revenue, min(n), max(n), avg(n) AS mean, bool_or(n > 5) AS any_large,
        bit_and(n) AS bits, count(*) FILTER (WHERE n > 0) AS positive, approx_count_distinct(n) AS different
        FROM events GROUP BY 1, 2, 3";
    check(&mut ann, view, "CREATE MATERIALIZED VIEW");
    check(
        &mut ann,
        "REFRESH MATERIALIZED VIEW by_day",
        "REFRESH MATERIALIZED VIEW",
    );
    for sql in [
        "SELECT * FROM by_day ORDER BY 1, 2, 3",
        "SELECT date_trunc('month', at), sum(amount), count(*) FROM events GROUP BY 1 ORDER BY 1",
        "SELECT date_trunc('week', at), count(amount), avg(amount) FROM events GROUP BY 1 ORDER BY 1",
        "SELECT time_bucket('7 days', at), max(n) FROM events GROUP BY 1 ORDER BY 1",
        "SELECT at::date, min(n), sum(n) FROM events GROUP BY 1 ORDER BY 1",
        "SELECT extract(month FROM at) m, extract(dow FROM at) d, count(*) FROM events GROUP BY 1, 2 ORDER BY 1, 2",
        "SELECT shop, sum(amount) FROM events GROUP BY shop HAVING sum(amount) > 100 ORDER BY 2 DESC",
        "SELECT shop % 2, bool_or(n > 5), bit_and(n) FROM events GROUP BY 1 ORDER BY 1",
        "SELECT upper(item), count(*) FILTER (WHERE n > 0) FROM events WHERE shop IN (1, 2) AND item <> 'item 3' GROUP BY 1 ORDER BY 1",
        "SELECT count(*), sum(amount), approx_count_distinct(n) FROM events",
        "SELECT count(*) FILTER (WHERE shop = 2), sum(amount) FILTER (WHERE item LIKE '%3' AND shop > 1), avg(n) FILTER (WHERE shop = 77) FROM events",
        "SELECT date_trunc('month', at), count(*) FILTER (WHERE shop = 2 OR at >= '2024-02-01'), max(n) FILTER (WHERE item = 'item 1') FROM events GROUP BY 1 ORDER BY 1",
        "SELECT count(*) FROM events WHERE at >= '2024-02-01' AND at < '2024-03-01'",
        "SELECT count(*), min(n) FROM events WHERE at > '2024-02-10 23:59:59.999999' AND at <= '2024-03-31 23:59:59.999999'",
        "SELECT count(*) FROM events WHERE at >= '2024-01-15 11:00'",
        "SELECT shop, item, count(*) FROM events GROUP BY ROLLUP (shop, item) ORDER BY shop, item",
        "SELECT shop, count(DISTINCT item), count(*), max(item) FROM events GROUP BY shop ORDER BY shop",
        "SELECT count(DISTINCT shop) FROM events WHERE item = 'item 1'",
        "SELECT round(avg(revenue), 3) FROM (SELECT date_trunc('month', at), sum(amount) AS revenue FROM events GROUP BY 1) m",
        "WITH months AS (SELECT date_trunc('month', at) AS m, count(*) AS c FROM events GROUP BY 1)
         SELECT m, c, sum(c) OVER (ORDER BY m) FROM months ORDER BY m",
        "SELECT names.name, total FROM (VALUES (1, 'one'), (2, 'two')) names (shop, name)
         JOIN (SELECT shop, sum(amount) AS total FROM events GROUP BY shop) totals USING (shop) ORDER BY 1",
        "SELECT CASE WHEN shop < 3 THEN 'small' ELSE 'large' END, avg(n) FROM events GROUP BY 1 ORDER BY 1",
    ] {
        answers(&mut ann, "by_day", sql);
    }
    // What is asked of a view's days leaves segments out.
    let late = plan(
        &mut ann,
        "SELECT * FROM by_day WHERE at_day >= '2024-03-05' AND at_day < '2024-04-01'",
    );
    assert_eq!(fact(&late, "Segments Pruned").as_deref(), Some("4 of 5"), "{late:#?}");
    does_not_answer(
        &mut ann,
        "SELECT n, count(*) FROM events GROUP BY n",
        "by_day: it does not know n",
    );
    does_not_answer(
        &mut ann,
        "SELECT date_trunc('hour', at), count(*) FROM events GROUP BY 1",
        "by_day: it does not know date_trunc('hour', at)",
    );
    does_not_answer(
        &mut ann,
        "SELECT sum(n * 2) FROM events",
        "by_day: it does not have sum((n * 2))",
    );
    does_not_answer(
        &mut ann,
        "SELECT count(*) FROM events WHERE abs(n) = 3",
        "by_day: it cannot tell which rows meet (abs(n) = 3)",
    );
    does_not_answer(
        &mut ann,
        "SELECT shop, count(*) FROM events WHERE shop > random() - 1 GROUP BY shop",
        "by_day: it cannot tell which rows meet ((shop)::double precision > (random() - 1.0))",
    );
}

#[test]
fn conditions_zones_and_distinct_arguments_of_rollups() {
    let world = World::new();
    let mut ann = world.connect();
    events(&mut ann);
    for view in [
        "CREATE MATERIALIZED VIEW large AS SELECT shop, sum(amount) AS revenue FROM events WHERE n > 2 GROUP BY shop",
        "CREATE MATERIALIZED VIEW zoned AS SELECT date_trunc('day', moment, 'America/New_York') AS d, count(*) FROM events GROUP BY 1",
        "CREATE MATERIALIZED VIEW items AS SELECT day, count(DISTINCT item) AS items, max(amount) FROM events GROUP BY day",
    ] {
        check(&mut ann, view, "CREATE MATERIALIZED VIEW");
    }
    check(&mut ann, "VACUUM", "VACUUM");
    answers(
        &mut ann,
        "large",
        "SELECT shop, sum(amount) FROM events WHERE n > 2 AND shop <> 4 GROUP BY shop ORDER BY 1",
    );
    answers(
        &mut ann,
        "items",
        "SELECT day, count(DISTINCT item), max(amount) FROM events GROUP BY day ORDER BY day",
    );
    answers(
        &mut ann,
        "items",
        "SELECT date_trunc('month', day::timestamp), count(DISTINCT item) FROM events GROUP BY 1 ORDER BY 1",
    );
    answers(
        &mut ann,
        "items",
        "SELECT item, max(amount) FROM events WHERE day >= '2024-02-10' GROUP BY item ORDER BY 1",
    );
    let by_month = "SELECT date_trunc('month', moment), count(*) FROM events GROUP BY 1 ORDER BY 1";
    let zoned = ask_all(&mut ann, by_month);
    ask(&mut ann, "SET TimeZone = 'America/New_York'");
    answers(&mut ann, "zoned", by_month);
    assert_ne!(ask_all(&mut ann, by_month), zoned);
    ask(&mut ann, "RESET TimeZone");
    let reasons = ask_all(
        &mut ann,
        "EXPLAIN SELECT shop, sum(amount) FROM events WHERE n > 1 GROUP BY shop",
    );
    let reasons = reasons.join("\n");
    assert!(
        reasons.contains("large: it leaves out rows that the query counts"),
        "{reasons}"
    );
}

#[test]
fn buckets_that_do_not_lie_in_one_another_do_not_answer() {
    let world = World::new();
    let mut ann = world.connect();
    // Havana has midnight twice at the end of summer; in Kathmandu an hour of the last of December 1985 was cut.
    for (zone, view, times) in [
        (
            "America/Havana",
            "havana",
            "('2023-11-05 04:30+00'), ('2023-11-05 05:30+00'), ('2023-11-06 05:30+00')",
        ),
        (
            "Asia/Kathmandu",
            "kathmandu",
            "('1985-12-31 18:40+00'), ('1986-01-01 18:40+00')",
        ),
    ] {
        ask(
            &mut ann,
            &format!("CREATE TABLE of_{view} (at timestamptz); INSERT INTO of_{view} VALUES {times}; CHECKPOINT"),
        );
        for unit in ["hour", "day"] {
            let key = format!("date_trunc('{unit}', at, '{zone}')");
            ask(
                &mut ann,
                &format!("CREATE MATERIALIZED VIEW {view}_{unit} AS SELECT {key}, count(*) FROM of_{view} GROUP BY 1"),
            );
        }
        ask(&mut ann, &format!("VACUUM; SET TimeZone = '{zone}'"));
        for unit in ["hour", "day", "week", "month", "year"] {
            same(
                &mut ann,
                &format!("SELECT date_trunc('{unit}', at), count(*) FROM of_{view} GROUP BY 1 ORDER BY 1"),
            );
            same(
                &mut ann,
                &format!(
                    "SELECT count(*) FROM of_{view} WHERE at < '2023-11-05 05:00+00' AND date_trunc('{unit}', at) > '1980-01-01'"
                ),
            );
        }
        ask(&mut ann, "RESET TimeZone");
    }
    ask(&mut ann, "CREATE TABLE days (d date, w interval, f float8, k int)");
    let days =
        "INSERT INTO days SELECT date '2024-01-01' + i, CASE WHEN i % 2 = 0 THEN interval '30 days' ELSE '1 mon' END,
        CASE WHEN i % 3 = 0 THEN '-0' ELSE '0' END::float8, -i FROM generate_series(1, 500) i";
    check(&mut ann, &format!("{days}; CHECKPOINT"), "CHECKPOINT");
    ask(
        &mut ann,
        "CREATE MATERIALIZED VIEW hours AS SELECT time_bucket('5 hours', d), count(*) FROM days GROUP BY 1",
    );
    ask(
        &mut ann,
        "CREATE MATERIALIZED VIEW ends AS SELECT k, min(w) AS a, max(w) AS b, min(f) AS c, max(f) AS d, count(*) AS n FROM days GROUP BY k; VACUUM",
    );
    same(
        &mut ann,
        "SELECT time_bucket('10 hours', d), count(*) FROM days GROUP BY 1 ORDER BY 1",
    );
    answers(&mut ann, "ends", "SELECT min(w), max(w), min(f), max(f) FROM days");
    // A bucket of seven hours lies in two months.
    ask(&mut ann, "CREATE TABLE hourly (at timestamp)");
    let hours = "INSERT INTO hourly SELECT timestamp '2024-01-31 12:00' + i * interval '1 hour' FROM generate_series(0, 2000) i";
    ask(&mut ann, &format!("{hours}; CHECKPOINT"));
    ask(
        &mut ann,
        "CREATE MATERIALIZED VIEW sevens AS SELECT time_bucket('7 hours', at), count(*) FROM hourly GROUP BY 1",
    );
    ask(
        &mut ann,
        "CREATE MATERIALIZED VIEW of_days AS SELECT date_trunc('day', at), at::date, count(*) FROM hourly GROUP BY 1, 2; VACUUM",
    );
    for unit in ["day", "week", "month", "quarter"] {
        ask(&mut ann, "SET stoa.verify_rollups = on");
        same(
            &mut ann,
            &format!("SELECT date_trunc('{unit}', at), count(*) FROM hourly GROUP BY 1 ORDER BY 1"),
        );
    }
    answers(
        &mut ann,
        "sevens",
        "SELECT time_bucket('14 hours', at), count(*) FROM hourly GROUP BY 1 ORDER BY 1",
    );
    // Bounds at the start of a bucket, and a microsecond before.
    for bound in ["2024-02-10", "2024-02-09 23:59:59.999999"] {
        for op in ["<", "<=", ">", ">=", "="] {
            same(
                &mut ann,
                &format!("SELECT count(*) FROM hourly WHERE at {op} '{bound}'"),
            );
            same(
                &mut ann,
                &format!("SELECT count(*) FROM hourly WHERE '{bound}' {op} at"),
            );
        }
    }
    same(
        &mut ann,
        "SELECT count(*), string_agg(DISTINCT (k % 2)::text, ',' ORDER BY (k % 2)::text) FROM days WHERE k > -100",
    );
}

/// The bits of floating-point answers: those that are read back are the same.
const MEASURED: &str = "SELECT extract(month FROM at) AS m, k % 3 AS t, sum(x), avg(x), sum(y), avg(y), count(x), max(x) \
                        FROM measured GROUP BY 1, 2 ORDER BY 1, 2";

#[test]
fn sums_of_floating_point_numbers_are_those_of_the_rows_to_the_last_bit() {
    let world = World::new();
    let mut ann = world.connect();
    let table = "CREATE TABLE measured (at timestamp NOT NULL, k int, x float8, y real)
        WITH (partition_by = 'month(at)', order_by = 'k')";
    check(&mut ann, table, "CREATE TABLE");
    // Some of a kind, some of very different magnitudes that nearly cancel out.
    let insert = "INSERT INTO measured SELECT timestamp '2024-01-01' + i * interval '1 hour', i * 7919 % 101,
        CASE WHEN i % 10 = 3 THEN NULL WHEN i % 3 = 0 THEN (i * 0.1)::float8 WHEN i % 3 = 1 THEN (-1.0) ^ i * exp(i % 90 - 45.0)
             ELSE (-1.0) ^ i * 10.0 ^ (i * 131 % 500 - 250) END, (i * 0.1)::real FROM generate_series";
    check(&mut ann, &format!("{insert}(0, 2999) i; CHECKPOINT"), "CHECKPOINT");
    let view = "CREATE MATERIALIZED VIEW by_day AS SELECT date_trunc('day', at) AS day, k, sum(x) AS total, count(x), avg(y) AS mean,
        sum(y) AS ys, max(x) FROM measured GROUP BY 1, 2";
    check(&mut ann, view, "CREATE MATERIALIZED VIEW");
    let refresh = "REFRESH MATERIALIZED VIEW by_day";
    check(&mut ann, refresh, "REFRESH MATERIALIZED VIEW");
    answers(&mut ann, "by_day", MEASURED);
    answers(
        &mut ann,
        "by_day",
        "SELECT sum(x), avg(x), sum(y), avg(y) FROM measured",
    );
    answers(&mut ann, "by_day", "SELECT * FROM by_day ORDER BY 1, 2");
    check(
        &mut ann,
        "DELETE FROM measured WHERE k = 5 AND at < '2024-03-01'",
        "DELETE 14",
    );
    same(&mut ann, MEASURED);
    check(&mut ann, &format!("{insert}(500, 1499) i"), "INSERT 0 1000");
    same(&mut ann, MEASURED);
    check(&mut ann, "UPDATE measured SET x = -x WHERE k = 6", "UPDATE 40");
    check(&mut ann, "CHECKPOINT", "CHECKPOINT");
    check(&mut ann, refresh, "REFRESH MATERIALIZED VIEW");
    answers(&mut ann, "by_day", MEASURED);
    check(&mut ann, "VACUUM measured", "VACUUM");
    check(&mut ann, refresh, "REFRESH MATERIALIZED VIEW");
    answers(&mut ann, "by_day", MEASURED);
    check(&mut ann, "SELECT count(*) FROM stoa.check_rollup('by_day')", "0");
    // Beyond the doubles in one part, and back in another.
    let huge = "INSERT INTO measured VALUES ('2024-01-01', 1, 1e308, 1), ('2024-01-01', 1, 1e308, 1), ('2024-01-02', 1, -1e308, 1)";
    check(&mut ann, &format!("{huge}; CHECKPOINT"), "CHECKPOINT");
    check(&mut ann, refresh, "REFRESH MATERIALIZED VIEW");
    answers(
        &mut ann,
        "by_day",
        "SELECT sum(x) > 1e307, avg(x) FROM measured WHERE k = 1",
    );
    refused(
        &mut ann,
        "SELECT day, k, total FROM by_day",
        "22003 value out of range: overflow",
    );
    check(
        &mut ann,
        "INSERT INTO measured VALUES ('2024-01-01', 1, 'infinity', 'nan'); CHECKPOINT",
        "CHECKPOINT",
    );
    check(&mut ann, refresh, "REFRESH MATERIALIZED VIEW");
    answers(&mut ann, "by_day", MEASURED);
    answers(&mut ann, "by_day", "SELECT * FROM by_day ORDER BY 1, 2");
}

#[test]
fn what_cannot_be_kept_exact_is_refused() {
    let world = World::new();
    let mut ann = world.connect();
    events(&mut ann);
    check(&mut ann, "CREATE VIEW plain AS SELECT * FROM events", "CREATE VIEW");
    let start = "0A000 a materialized view of this query cannot be kept exact: ";
    for (query, reason) in [
        (
            "SELECT shop, skewness(n::float8) FROM events GROUP BY 1",
            "skewness rounds its sums as rows come, so that the last digits depend on their order",
        ),
        (
            "SELECT shop, array_agg(n) FROM events GROUP BY 1",
            "array_agg of a whole does not follow from its parts",
        ),
        (
            "SELECT shop, n FROM events",
            "its outermost step is Scan on events, not a grouping",
        ),
        (
            "SELECT shop, count(*) FROM events GROUP BY 1 LIMIT 3",
            "its outermost step is Limit, not a grouping",
        ),
        (
            "SELECT moment::date, count(*) FROM events GROUP BY 1",
            "a cast from timestamp with time zone to date depends on settings of the session",
        ),
        (
            "SELECT count(*) FROM events WHERE shop < pg_backend_pid()",
            "pg_backend_pid can give different answers for the same row",
        ),
        (
            "SELECT date_trunc('day', moment), count(*) FROM events GROUP BY 1",
            "date_trunc of a timestamp with time zone depends on the time zone of the session",
        ),
        (
            "SELECT a.shop, count(*) FROM events a JOIN events b ON a.n = b.n GROUP BY 1",
            "it joins",
        ),
        (
            "SELECT shop, count(*) FROM events GROUP BY ROLLUP (shop)",
            "it has several grouping sets",
        ),
        (
            "SELECT shop, count(*) FROM plain GROUP BY 1",
            "it reads the view \"plain\"",
        ),
        ("SELECT 1 AS one", "it reads no table"),
        (
            "SELECT shop, count(*) FROM events WHERE n IN (SELECT max(n) FROM events) GROUP BY 1",
            "it joins",
        ),
        (
            "SELECT commit_version, count(*) FROM events GROUP BY 1",
            "it reads what identifies a row",
        ),
        (
            "SELECT moment - interval '1 month' AS m, count(*) FROM events GROUP BY 1",
            "- of a timestamp with time zone may depend on the time zone of the session",
        ),
        (
            "SELECT 'at ' || day AS d, count(*) FROM events GROUP BY 1",
            "|| shows a value of type date as the settings of the session have it",
        ),
        (
            "SELECT ARRAY[moment]::text AS a, count(*) FROM events GROUP BY 1",
            "a cast from timestamp with time zone[] to text depends on settings of the session",
        ),
        (
            "SELECT shop::regclass::text AS a, count(*) FROM events GROUP BY 1",
            "a cast from regclass to text depends on settings of the session",
        ),
        (
            "SELECT count(*) FROM events WHERE moment > '2024-01-02 00:00'",
            "what '2024-01-02 00:00' means as timestamp with time zone depends on the session",
        ),
        (
            "SELECT count(*) FROM events WHERE at > 'yesterday'",
            "what 'yesterday' means as timestamp without time zone depends on the session",
        ),
        (
            "SELECT n::float8 AS f, count(*) FROM events GROUP BY 1",
            "it groups by a value of type double precision",
        ),
    ] {
        refused(
            &mut ann,
            &format!("CREATE MATERIALIZED VIEW v AS {query}"),
            &format!("{start}{reason}"),
        );
    }
    check(&mut ann, "SELECT count(*) FROM pg_matviews", "0");
    ask(&mut ann, "CREATE TEMP TABLE mine (n int)");
    refused(
        &mut ann,
        "CREATE MATERIALIZED VIEW v AS SELECT n, count(*) FROM mine GROUP BY n",
        "0A000 materialized views must not use temporary tables or views",
    );
}

#[test]
fn views_live_with_their_tables() {
    let world = World::new();
    let mut ann = world.connect();
    events(&mut ann);
    let by_shop = "CREATE MATERIALIZED VIEW by_shop (shop, events, revenue) AS SELECT shop, count(*), sum(amount) FROM events GROUP BY shop";
    check(&mut ann, &format!("{by_shop} WITH NO DATA"), "CREATE MATERIALIZED VIEW");
    refused(&mut ann, by_shop, "42P07 relation \"by_shop\" already exists");
    check(
        &mut ann,
        &by_shop.replace("VIEW by", "VIEW IF NOT EXISTS by"),
        "CREATE MATERIALIZED VIEW",
    );
    let total = "SELECT sum(events), sum(revenue) FROM by_shop";
    let before = ask(&mut ann, total);
    let coverage = "SELECT view_name, table_name, segments_covered = segments, is_complete FROM stoa.rollups";
    check(
        &mut ann,
        "REFRESH MATERIALIZED VIEW by_shop",
        "REFRESH MATERIALIZED VIEW",
    );
    check(&mut ann, coverage, "by_shop|events|t|t");
    assert_eq!(ask(&mut ann, total), before);
    // Of a view, another.
    check(
        &mut ann,
        "CREATE MATERIALIZED VIEW halves AS SELECT shop > 3 AS upper, sum(revenue) AS revenue FROM by_shop GROUP BY 1",
        "CREATE MATERIALIZED VIEW",
    );
    answers(&mut ann, "by_shop", "SELECT * FROM halves ORDER BY 1");
    refused(
        &mut ann,
        "CREATE MATERIALIZED VIEW late AS SELECT shop, now() AS t FROM by_shop",
        "0A000 a materialized view of this query cannot be kept exact: now can give different answers for the same row",
    );
    // Names change, rows too.
    check(
        &mut ann,
        "ALTER TABLE events RENAME COLUMN amount TO price; ALTER TABLE events RENAME TO sales",
        "ALTER TABLE",
    );
    check(
        &mut ann,
        "ALTER TABLE sales ADD COLUMN note text DEFAULT 'none'",
        "ALTER TABLE",
    );
    check(
        &mut ann,
        "UPDATE sales SET price = price + 1 WHERE shop = 1",
        "UPDATE 133",
    );
    let after = ask(&mut ann, total);
    assert_ne!(after, before);
    check(&mut ann, "SET stoa.verify_rollups = on; VACUUM", "VACUUM");
    assert_eq!(ask(&mut ann, total), after);
    check(&mut ann, "SELECT * FROM stoa.check_rollup('by_shop')", "");
    check(
        &mut ann,
        "SELECT count(given_by) FROM stoa.check_rollup('public.\"halves\"') c WHERE c.revenue > 0",
        "0",
    );
    let plan = ask(&mut ann, "EXPLAIN SELECT * FROM stoa.check_rollup('by_shop')");
    assert_eq!(plan.matches("Rollup: by_shop").count(), 1, "{plan}");
    refused(
        &mut ann,
        "SELECT * FROM stoa.check_rollup('sales')",
        "42809 \"sales\" is not a materialized view",
    );
    refused(
        &mut ann,
        "SELECT * FROM stoa.check_rollup('a, b')",
        "22023 stoa.check_rollup takes the name of a materialized view as a constant",
    );
    drop(ann);
    let world = world.reopened();
    let mut ann = world.connect();
    answers(
        &mut ann,
        "by_shop",
        "SELECT shop, sum(price) FROM sales GROUP BY shop ORDER BY shop",
    );
    assert_eq!(ask(&mut ann, total), after);
    refused(
        &mut ann,
        "INSERT INTO by_shop VALUES (1)",
        "42809 cannot change materialized view \"by_shop\"",
    );
    refused(&mut ann, "DROP VIEW by_shop", "42809 \"by_shop\" is not a view");
    refused(
        &mut ann,
        "REFRESH MATERIALIZED VIEW sales",
        "42809 \"sales\" is not a materialized view",
    );
    refused(
        &mut ann,
        "DROP TABLE sales",
        "2BP01 cannot drop table sales because other objects depend on it",
    );
    // What is rolled back never was.
    check(
        &mut ann,
        "BEGIN; DROP MATERIALIZED VIEW halves, by_shop; ROLLBACK",
        "ROLLBACK",
    );
    answers(
        &mut ann,
        "by_shop",
        "SELECT shop, sum(price) FROM sales GROUP BY shop ORDER BY shop",
    );
    check(
        &mut ann,
        "DROP MATERIALIZED VIEW by_shop CASCADE",
        "DROP MATERIALIZED VIEW",
    );
    check(&mut ann, "SELECT count(*) FROM stoa.rollups", "0");
    check(&mut ann, "SELECT count(*) FROM pg_matviews", "0");
    check(&mut ann, "DROP TABLE sales", "DROP TABLE");
}

#[test]
fn a_partial_of_other_rows_never_stands_for_those_of_the_past() {
    let world = World::new();
    let mut ann = world.connect();
    ask(&mut ann, "CREATE TABLE t (k int, n int)");
    ask(
        &mut ann,
        "CREATE MATERIALIZED VIEW v AS SELECT k, sum(n) AS s, count(*) AS c FROM t GROUP BY k",
    );
    ask(&mut ann, "INSERT INTO t SELECT i % 2, i FROM generate_series(1, 10) i");
    let first = ask(&mut ann, "SELECT max(version) FROM stoa.commits");
    ask(&mut ann, "INSERT INTO t VALUES (0, 1000), (1, 2000); CHECKPOINT");
    // The segment's partial lacks two rows, and so do the rows of the first version, but others.
    ask(&mut ann, "DELETE FROM t WHERE n < 3; REFRESH MATERIALIZED VIEW v");
    answers(&mut ann, "v", "SELECT sum(n), count(*) FROM t");
    check(
        &mut ann,
        &format!("SELECT sum(n), count(*) FROM t FOR SYSTEM_TIME AS OF {first}"),
        "55|10",
    );
    check(
        &mut ann,
        &format!("SELECT sum(s), sum(c) FROM v FOR SYSTEM_TIME AS OF {first}"),
        "55|10",
    );
}

/// Batches that share their columns count once: what is compared takes 8 MiB.
#[test]
fn many_groups_are_compared_within_the_limit() {
    let world = World::new();
    let mut session = world.connect();
    ask(
        &mut session,
        "CREATE TABLE visits (day date NOT NULL, visitor int NOT NULL, pages int NOT NULL)",
    );
    ask(
        &mut session,
        "INSERT INTO visits SELECT date '2024-01-01' + i % 3, i, i % 9 FROM generate_series(1, 150000) i",
    );
    let view = "SELECT day, visitor, sum(pages) AS pages, count(*) AS visits FROM visits GROUP BY day, visitor";
    ask(
        &mut session,
        &format!("CREATE MATERIALIZED VIEW by_visitor AS {view}; CHECKPOINT"),
    );
    ask(
        &mut session,
        "SET stoa.verify_rollups = on; SET stoa.memory_limit = '64MB'",
    );
    let counted = format!("SELECT count(*), sum(pages), max(visitor), max(day) FROM ({view}) AS groups");
    assert_eq!(ask(&mut session, &counted), "150000|599997|150000|2024-01-03");
    assert_eq!(ask(&mut session, "SELECT * FROM stoa.check_rollup('by_visitor')"), "");
}
