//! Rollups of a table that is joined: rows are put into groups first, and the answers are those of the rows.

use super::world::World;
use super::{answers, ask, does_not_answer, events, fact, plan, same};
use stoa_engine::connection::Connection;

fn star(session: &mut Connection) {
    events(session);
    for statement in [
        "CREATE TABLE shops (id int PRIMARY KEY, city text, region int, staff int)",
        "INSERT INTO shops VALUES (0, 'Bern', 1, 3), (1, 'Basel', 1, 5), (2, 'Genf', 2, 7), (3, NULL, 2, 1), (4, 'Bern', NULL, 2), (9, 'Chur', 1, 4)",
        "CREATE TABLE regions (id int PRIMARY KEY, name text)",
        "INSERT INTO regions VALUES (1, 'east'), (2, 'west'), (3, 'none')",
        "CREATE TABLE months (month timestamp PRIMARY KEY, name text)",
        "INSERT INTO months VALUES ('2024-01-01', 'January'), ('2024-02-01', 'February'), ('2024-03-01', 'March')",
        "CREATE TABLE tags (shop int, tag text)",
        "INSERT INTO tags VALUES (0, 'a'), (0, 'b'), (1, 'a'), (2, 'c'), (2, 'c'), (5, 'b'), (NULL, 'd')",
        "CREATE MATERIALIZED VIEW daily AS SELECT date_trunc('day', at) AS day, shop, item, count(*) AS events, sum(amount) AS amount,
         avg(n) AS n, min(amount) AS least, max(n) AS most, count(amount) AS amounts, stddev(amount) AS deviation,
         approx_percentile(amount, 0.5) AS half, arg_max(n, at) AS last, sum(n / 8.0::float8) AS eighths,
         sum(n) FILTER (WHERE n > 0) AS gains FROM events GROUP BY 1, 2, 3",
        "REFRESH MATERIALIZED VIEW daily",
    ] {
        ask(session, statement);
    }
}

#[test]
fn groups_are_joined_in_place_of_rows() {
    let world = World::new();
    let mut session = world.connect();
    star(&mut session);
    let measures = "count(*), sum(amount), avg(n), min(amount), max(n), count(amount), stddev(amount), approx_percentile(amount, 0.25),
                    arg_max(n, at), sum(n / 8.0::float8)";
    for sql in [
        format!("SELECT city, {measures} FROM events JOIN shops ON shops.id = shop GROUP BY city ORDER BY city"),
        format!("SELECT city, {measures} FROM events LEFT JOIN shops ON shops.id = shop GROUP BY city ORDER BY city"),
        format!("SELECT {measures} FROM events JOIN shops ON shops.id = shop WHERE city = 'Bern'"),
        format!("SELECT {measures} FROM shops, events WHERE shops.id = shop AND city = 'nowhere'"),
        format!(
            "SELECT name, item, {measures} FROM events JOIN shops ON shops.id = shop LEFT JOIN regions ON regions.id = region GROUP BY 1, 2 ORDER BY 1, 2"
        ),
        format!("SELECT tag, {measures} FROM events JOIN tags USING (shop) GROUP BY tag ORDER BY tag"),
        format!(
            "SELECT city, tag, {measures} FROM events JOIN shops ON id = shop LEFT JOIN tags ON tags.shop = id GROUP BY CUBE (1, 2) ORDER BY 1, 2, 3"
        ),
        format!("SELECT {measures} FROM events WHERE shop IN (SELECT id FROM shops WHERE staff > 2)"),
        format!(
            "SELECT {measures} FROM events WHERE NOT EXISTS (SELECT FROM tags WHERE tags.shop = events.shop AND tag = 'a')"
        ),
        format!(
            "SELECT item, {measures} FROM events WHERE shop NOT IN (SELECT id FROM shops WHERE region = 1) OR item = 'item 1' GROUP BY 1 ORDER BY 1"
        ),
        format!(
            "SELECT name, {measures} FROM events JOIN months ON month = date_trunc('month', at) GROUP BY name ORDER BY name"
        ),
        format!(
            "SELECT date_trunc('month', at), city, {measures} FROM events JOIN shops ON id = shop WHERE at >= '2024-01-20' AND at < '2024-03-02' GROUP BY 1, 2 ORDER BY 1, 2"
        ),
        format!(
            "SELECT city, {measures} FROM (SELECT *, n + 1 AS more FROM events) AS e JOIN shops ON id = e.shop WHERE item || city <> 'item 1Bern' GROUP BY 1 ORDER BY 1"
        ),
    ] {
        answers(&mut session, "daily", &sql);
    }
}

#[test]
fn what_a_join_brings_counts_where_repetition_is_the_same() {
    let world = World::new();
    let mut session = world.connect();
    star(&mut session);
    for sql in [
        "SELECT item, count(DISTINCT city), max(staff), sum(amount), min(city || item) FROM events JOIN shops ON id = shop GROUP BY 1 ORDER BY 1",
        "SELECT city, sum(amount) FILTER (WHERE staff > 2), count(*) FILTER (WHERE staff > 2 AND item <> 'item 2'),
         sum(n) FILTER (WHERE n > 0), count(DISTINCT item) FILTER (WHERE staff < 5) FROM events JOIN shops ON id = shop GROUP BY city ORDER BY city",
        "SELECT count(DISTINCT shop), count(DISTINCT region), count(*) FROM events JOIN shops ON id = shop",
        "SELECT city, sum(amount) FROM events JOIN shops ON id = shop GROUP BY city HAVING count(*) > 100 ORDER BY 2 DESC LIMIT 2",
        "SELECT city, sum(sum(amount)) OVER (ORDER BY city) FROM events JOIN shops ON id = shop GROUP BY city ORDER BY city",
        "SELECT s.id, s.city, sum(amount) FROM events JOIN shops AS s ON s.id = shop GROUP BY s.id ORDER BY 1",
    ] {
        answers(&mut session, "daily", sql);
    }
    for (sql, reason) in [
        (
            "SELECT city, sum(staff) FROM events JOIN shops ON id = shop GROUP BY city ORDER BY city",
            "daily: sum(staff) is of values that a join brings",
        ),
        (
            "SELECT city, sum(amount * staff) FROM events JOIN shops ON id = shop GROUP BY city ORDER BY city",
            "daily: sum((amount * (staff)::numeric(10,0))) is of values that a join brings",
        ),
        (
            "SELECT city, sum(n * n) FROM events JOIN shops ON id = shop GROUP BY city ORDER BY city",
            "daily: it does not have sum((n * n))",
        ),
        (
            "SELECT city, count(*) FROM events JOIN shops ON id = shop AND n > staff GROUP BY city ORDER BY city",
            "daily: it does not know n",
        ),
        (
            "SELECT city, string_agg(item, ',' ORDER BY at) FROM events JOIN shops ON id = shop GROUP BY city ORDER BY city",
            "daily: string_agg(item, ',' ORDER BY at) depends on the order of rows",
        ),
        (
            "SELECT count(*), sum(amount) FROM events, shops",
            "daily: nothing of its table is asked for but that a row is there",
        ),
    ] {
        does_not_answer(&mut session, sql, reason);
        same(&mut session, sql);
    }
    let outer = "SELECT city, count(n), count(*) FROM events RIGHT JOIN shops ON id = shop GROUP BY city ORDER BY city";
    same(&mut session, outer);
    assert_eq!(fact(&plan(&mut session, "SELECT 1"), "Rollup"), None);
}

#[test]
fn of_several_rollups_that_with_the_fewest_rows_is_read() {
    let world = World::new();
    let mut session = world.connect();
    star(&mut session);
    ask(
        &mut session,
        "CREATE MATERIALIZED VIEW by_time AS SELECT at, count(*) AS events, sum(amount) AS amount FROM events GROUP BY at",
    );
    ask(&mut session, "REFRESH MATERIALIZED VIEW by_time");
    ask(
        &mut session,
        "CREATE MATERIALIZED VIEW by_month AS SELECT date_trunc('month', at) AS month, shop, item, count(*) AS events, sum(amount) AS amount FROM events GROUP BY 1, 2, 3",
    );
    ask(&mut session, "REFRESH MATERIALIZED VIEW by_month");
    // It has more keys than the first, and fewer groups.
    answers(&mut session, "by_month", "SELECT count(*), sum(amount) FROM events");
    answers(
        &mut session,
        "by_month",
        "SELECT city, sum(amount) FROM events JOIN shops ON id = shop GROUP BY city ORDER BY city",
    );
    answers(
        &mut session,
        "daily",
        "SELECT city, date_trunc('week', at), sum(amount) FROM events JOIN shops ON id = shop GROUP BY 1, 2 ORDER BY 1, 2",
    );
}

#[test]
fn changes_of_a_joined_table_show_at_once() {
    let world = World::new();
    let mut session = world.connect();
    star(&mut session);
    ask(&mut session, "SET stoa.verify_rollups = on");
    let sql = "SELECT city, count(*), sum(amount) FROM events JOIN shops ON id = shop GROUP BY city ORDER BY city";
    let before = ask(&mut session, sql);
    ask(&mut session, "UPDATE shops SET city = 'Uri' WHERE id IN (0, 2)");
    answers(&mut session, "daily", sql);
    assert_ne!(ask(&mut session, sql), before);
    ask(&mut session, "DELETE FROM events WHERE shop = 2 AND item = 'item 3'");
    ask(&mut session, "UPDATE events SET shop = 4 WHERE shop = 5");
    same(&mut session, sql);
    ask(&mut session, "REFRESH MATERIALIZED VIEW daily");
    answers(&mut session, "daily", sql);
    ask(
        &mut session,
        "INSERT INTO shops VALUES (5, 'Uri', 1, 1), (6, 'Uri', 1, 1)",
    );
    answers(&mut session, "daily", sql);
}

#[test]
fn groups_that_a_join_leaves_out_are_not_taken() {
    let world = World::new();
    let mut session = world.connect();
    for statement in [
        "CREATE TABLE sales (day date NOT NULL, product int, amount int) WITH (partition_by = 'month(day)')",
        "INSERT INTO sales SELECT date '2024-01-01' + n % 60, (n * 7919) % 3000, n FROM generate_series(1, 40000) AS n",
        "INSERT INTO sales SELECT date '2024-05-01' + n % 3, CASE WHEN n % 5 > 0 THEN n % 50 END, n FROM generate_series(1, 400) AS n",
        "CREATE TABLE products (id int PRIMARY KEY, brand text)",
        "INSERT INTO products SELECT n, 'brand ' || n % 400 FROM generate_series(0, 2999) AS n",
        "CREATE MATERIALIZED VIEW monthly AS SELECT date_trunc('month', day::timestamp) AS month, product, count(*) AS sales, sum(amount) AS amount
         FROM sales GROUP BY 1, 2",
        "REFRESH MATERIALIZED VIEW monthly",
        "INSERT INTO sales SELECT date '2024-05-01', n, n FROM generate_series(1, 100) AS n",
    ] {
        ask(&mut session, statement);
    }
    let sql = "SELECT brand, count(*), sum(amount) FROM sales JOIN products ON id = product WHERE brand IN ('brand 7', 'brand 399') GROUP BY brand ORDER BY brand";
    answers(&mut session, "monthly", sql);
    let groups = fact(&plan(&mut session, sql), "Rollup Groups").unwrap();
    // Two months have all products, of which sixteen or less are wanted; the third has fifty.
    assert!(groups.parse::<u32>().unwrap() < 100, "{groups}");
    answers(
        &mut session,
        "monthly",
        "SELECT count(*), sum(amount) FROM sales WHERE product IN (SELECT id FROM products WHERE brand = 'brand 11')",
    );
    answers(
        &mut session,
        "monthly",
        "SELECT brand, count(*) FROM sales LEFT JOIN products ON id = product AND brand = 'brand 7' GROUP BY brand ORDER BY brand",
    );
}
