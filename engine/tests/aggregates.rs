//! Aggregates through the facade: what PostgreSQL 15 answers, with one worker and with two, from memory and from segments, with batches
//! of any size, with and without metadata answers.

use std::sync::Arc;
use stoa_engine::config::Config;
use stoa_engine::connection::{Connection, ConnectionOptions, Outcome};
use stoa_engine::database::Database;
use stoa_engine::format::text::ColumnWriter;

/// The rows of the last statement as `a|b` lines.
fn ask(connection: &mut Connection, text: &str) -> stoa_engine::Result<String> {
    let mut lines = Vec::new();
    for parsed in connection.parse(text)? {
        let prepared = connection.prepare(&parsed, &[])?;
        let Outcome::Rows(mut rows, _) = connection.execute(&prepared, Vec::new())? else {
            continue;
        };
        let columns = rows.columns().clone();
        let format = connection.format_settings();
        while let Some(batch) = rows.next_batch()? {
            for row in 0..batch.row_count {
                let values = batch.columns.iter().zip(columns.iter()).map(|(array, column)| {
                    if array.is_null(row) {
                        return "NULL".to_owned();
                    }
                    let mut out = Vec::new();
                    ColumnWriter::new(array, &column.data_type, &format).write(row, &mut out);
                    String::from_utf8(out).unwrap()
                });
                lines.push(values.collect::<Vec<_>>().join("|"));
            }
        }
    }
    Ok(lines.join("\n"))
}

fn open(folder: &std::path::Path, threads: usize) -> Arc<Database> {
    let mut config = Config::new(folder);
    config.threads = threads;
    config.memory_limit_bytes = 256 << 20;
    config.store.durability = stoa_storage::store::Durability::OperatingSystem;
    Database::open(config).unwrap()
}

fn connect(database: &Database, settings: &[(&str, &str)]) -> Connection {
    database.connect(ConnectionOptions {
        user: "ann".into(),
        database: "shop".into(),
        application_name: "tests".into(),
        process_id: 7,
        settings: settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
    })
}

/// All cases; every one that differs is told, not only the first.
fn check_all(connection: &mut Connection, what: &str) {
    let mut wrong = Vec::new();
    for (text, expected) in CASES {
        match ask(connection, text) {
            Ok(found) if found == *expected => {}
            Ok(found) => wrong.push(format!("{text}\n  found:\n{found}\n  expected:\n{expected}")),
            Err(error) => wrong.push(format!("{text}\n  {} {error}", error.state().0)),
        }
    }
    assert!(
        wrong.is_empty(),
        "{what}: {} of {}\n{}",
        wrong.len(),
        CASES.len(),
        wrong.join("\n")
    );
}

#[test]
fn answers_are_postgres_s() {
    for threads in [1, 2] {
        let folder = tempfile::tempdir().unwrap();
        let database = open(folder.path(), threads);
        let mut connection = connect(&database, &[]);
        ask(&mut connection, SETUP).unwrap();
        check_all(&mut connection, "from memory");
        drop(connection);
        database.close(true).unwrap();
        drop(database);
        let database = open(folder.path(), threads);
        check_all(&mut connect(&database, &[]), "from segments");
        check_all(&mut connect(&database, SMALL_BATCHES), "in small batches");
        check_all(&mut connect(&database, NO_METADATA), "without metadata answers");
        database.close(true).unwrap();
    }
}

const SMALL_BATCHES: &[(&str, &str)] = &[("stoa.batch_rows", "2")];
const NO_METADATA: &[(&str, &str)] = &[("stoa.use_metadata", "off")];

const SETUP: &str = "
CREATE TABLE sale (day date, region text, product text, quantity integer, price numeric(12,2), weight double precision, paid boolean, at timestamptz, note text);
INSERT INTO sale VALUES
 ('2024-01-01', 'north', 'apple', 3, 1.50, 0.5, true, '2024-01-01 08:00:00+00', 'first'),
 ('2024-01-01', 'north', 'pear', 1, 2.25, 0.75, false, '2024-01-01 09:30:00+00', NULL),
 ('2024-01-01', 'south', 'apple', 10, 1.40, 0.5, true, '2024-01-01 10:00:00+00', 'a note of more than twelve bytes'),
 ('2024-01-02', 'north', 'apple', 2, 1.50, 0.5, NULL, '2024-01-02 08:00:00+00', ''),
 ('2024-01-02', 'south', NULL, NULL, NULL, NULL, NULL, '2024-01-02 11:00:00+00', NULL),
 ('2024-01-02', NULL, 'plum', 7, 0.10, 1.25, false, '2024-01-02 12:00:00+00', 'last'),
 ('2024-01-03', 'south', 'pear', 4, 2.20, 0.8, true, '2024-01-03 08:00:00+00', 'b'),
 ('2024-01-03', 'south', 'pear', 4, 2.20, 0.8, true, '2024-01-03 08:00:00+00', 'b');";

const CASES: &[(&str, &str)] = &[
    (
        "SELECT count(*), count(quantity), count(DISTINCT product), sum(quantity), sum(price), min(price), max(price) FROM sale",
        "8|7|3|31|11.15|0.10|2.25",
    ),
    (
        "SELECT avg(quantity), sum(weight), avg(weight) FROM sale",
        "4.4285714285714286|5.1|0.7285714285714285",
    ),
    (
        "SELECT region, count(*), sum(quantity), sum(price), min(product), max(day) FROM sale GROUP BY region ORDER BY region",
        "north|3|6|5.25|apple|2024-01-02\nsouth|4|18|5.80|apple|2024-01-03\nNULL|1|7|0.10|plum|2024-01-02",
    ),
    (
        "SELECT day, region, sum(quantity * price) FROM sale GROUP BY day, region ORDER BY day, region",
        "2024-01-01|north|6.75\n2024-01-01|south|14.00\n2024-01-02|north|3.00\n2024-01-02|south|NULL\n2024-01-02|NULL|0.70\n2024-01-03|south|17.60",
    ),
    (
        "SELECT day, count(*) FILTER (WHERE paid), sum(quantity) FILTER (WHERE region = 'south'), bool_and(paid), bool_or(paid), every(quantity > 0) FROM sale GROUP BY day ORDER BY day",
        "2024-01-01|2|10|f|t|t\n2024-01-02|0|NULL|f|f|t\n2024-01-03|2|8|t|t|t",
    ),
    (
        "SELECT count(*), sum(quantity), max(note), array_agg(quantity), bool_and(paid) FROM sale WHERE day > '2025-01-01'",
        "0|NULL|NULL|NULL|NULL",
    ),
    ("SELECT region FROM sale WHERE day > '2025-01-01' GROUP BY region", ""),
    (
        "SELECT region, string_agg(product, ', ' ORDER BY product DESC, quantity), array_agg(quantity ORDER BY quantity NULLS FIRST) FROM sale GROUP BY region ORDER BY region",
        "north|pear, apple, apple|{1,2,3}\nsouth|pear, pear, apple|{NULL,4,4,10}\nNULL|plum|{7}",
    ),
    (
        "SELECT string_agg(DISTINCT product, '-' ORDER BY product), array_agg(DISTINCT region ORDER BY region DESC), count(DISTINCT day), sum(DISTINCT quantity) FROM sale",
        "apple-pear-plum|{NULL,south,north}|3|27",
    ),
    (
        "SELECT region, count(DISTINCT product), sum(DISTINCT quantity), count(*) FROM sale GROUP BY region ORDER BY region",
        "north|2|6|3\nsouth|2|14|4\nNULL|1|7|1",
    ),
    (
        "SELECT region, count(DISTINCT product), count(DISTINCT product) FILTER (WHERE paid), sum(quantity), max(price) FROM sale GROUP BY region ORDER BY region",
        "north|2|1|6|2.25\nsouth|2|2|18|2.20\nNULL|1|0|7|0.10",
    ),
    (
        "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY quantity), percentile_disc(0.5) WITHIN GROUP (ORDER BY quantity), mode() WITHIN GROUP (ORDER BY product) FROM sale",
        "4|4|apple",
    ),
    (
        "SELECT region, percentile_cont(0.25) WITHIN GROUP (ORDER BY weight DESC), percentile_disc(ARRAY[0, 0.5, 1]) WITHIN GROUP (ORDER BY product) FROM sale GROUP BY region ORDER BY region",
        "north|0.625|{apple,apple,pear}\nsouth|0.8|{apple,pear,pear}\nNULL|1.25|{plum,plum,plum}",
    ),
    (
        "SELECT variance(quantity), var_pop(quantity), stddev(quantity), stddev_pop(price)::numeric(20,12), stddev(weight)::numeric(20,12) FROM sale",
        "9.6190476190476190|8.2448979591836735|3.1014589500826251|0.702255840350|0.270581384641",
    ),
    (
        "SELECT corr(weight, quantity)::numeric(20,12), covar_pop(weight, quantity)::numeric(20,12), regr_count(weight, quantity), regr_slope(weight, quantity)::numeric(20,12) FROM sale",
        "0.161719210718|0.116326530612|7|0.014108910891",
    ),
    (
        "SELECT bit_and(quantity), bit_or(quantity), bit_xor(quantity) FROM sale",
        "0|15|13",
    ),
    (
        "SELECT day, region, sum(quantity), grouping(day), grouping(region), grouping(day, region) FROM sale GROUP BY ROLLUP (day, region) ORDER BY day, region, 5, 3",
        "2024-01-01|north|4|0|0|0\n2024-01-01|south|10|0|0|0\n2024-01-01|NULL|14|0|1|1\n2024-01-02|north|2|0|0|0\n2024-01-02|south|NULL|0|0|0\n2024-01-02|NULL|7|0|0|0\n2024-01-02|NULL|9|0|1|1\n2024-01-03|south|8|0|0|0\n2024-01-03|NULL|8|0|1|1\nNULL|NULL|31|1|1|3",
    ),
    (
        "SELECT region, paid, count(*) FROM sale GROUP BY CUBE (region, paid) ORDER BY region, paid, 3",
        "north|f|1\nnorth|t|1\nnorth|NULL|1\nnorth|NULL|3\nsouth|t|3\nsouth|NULL|1\nsouth|NULL|4\nNULL|f|1\nNULL|f|2\nNULL|t|4\nNULL|NULL|1\nNULL|NULL|2\nNULL|NULL|8",
    ),
    (
        "SELECT day, product, count(*) FROM sale GROUP BY GROUPING SETS ((day), (product), ()) ORDER BY day, product, 3",
        "2024-01-01|NULL|3\n2024-01-02|NULL|3\n2024-01-03|NULL|2\nNULL|apple|3\nNULL|pear|3\nNULL|plum|1\nNULL|NULL|1\nNULL|NULL|8",
    ),
    (
        "SELECT count(*), sum(quantity) FROM sale WHERE false GROUP BY GROUPING SETS ((), (region))",
        "0|NULL",
    ),
    ("SELECT DISTINCT region FROM sale ORDER BY region", "north\nsouth\nNULL"),
    (
        "SELECT DISTINCT region, product FROM sale ORDER BY region, product",
        "north|apple\nnorth|pear\nsouth|apple\nsouth|pear\nsouth|NULL\nNULL|plum",
    ),
    (
        "SELECT DISTINCT ON (region) region, product, quantity FROM sale ORDER BY region, quantity DESC NULLS LAST, product",
        "north|apple|3\nsouth|apple|10\nNULL|plum|7",
    ),
    (
        "SELECT json_agg(product ORDER BY product), jsonb_agg(quantity ORDER BY quantity) FROM sale",
        "[\"apple\", \"apple\", \"apple\", \"pear\", \"pear\", \"pear\", \"plum\", null]|[1, 2, 3, 4, 4, 7, 10, null]",
    ),
    (
        "SELECT jsonb_object_agg(product, quantity ORDER BY quantity) FROM sale WHERE product IS NOT NULL",
        "{\"pear\": 4, \"plum\": 7, \"apple\": 10}",
    ),
    (
        "SELECT jsonb_agg(price ORDER BY price), jsonb_agg(DISTINCT day ORDER BY day) FROM sale",
        "[0.10, 1.40, 1.50, 1.50, 2.20, 2.20, 2.25, null]|[\"2024-01-01\", \"2024-01-02\", \"2024-01-03\"]",
    ),
    (
        "SELECT json_agg(at ORDER BY at) FROM sale WHERE day = '2024-01-01'",
        "[\"2024-01-01T08:00:00+00:00\", \"2024-01-01T09:30:00+00:00\", \"2024-01-01T10:00:00+00:00\"]",
    ),
    (
        "SELECT region, sum(quantity) AS total FROM sale GROUP BY region HAVING sum(quantity) > 6 ORDER BY total DESC",
        "south|18\nNULL|7",
    ),
    (
        "SELECT date_trunc('month', at) AS month, count(*), max(at) - min(at) FROM sale GROUP BY 1",
        "2024-01-01 00:00:00+00|8|2 days",
    ),
    (
        "SELECT product LIKE 'p%' AS l, count(*) FROM sale GROUP BY l ORDER BY l",
        "f|3\nt|4\nNULL|1",
    ),
    (
        "SELECT sum(x), avg(x), min(x), max(x) FROM (VALUES (interval '1 day'), (interval '2 days 03:00')) t(x)",
        "3 days 03:00:00|1 day 13:30:00|1 day|2 days 03:00:00",
    ),
    (
        "SELECT sum(x), avg(x) FROM (VALUES (1::smallint), (2), (3)) t(x)",
        "6|2.0000000000000000",
    ),
    (
        "SELECT sum(x) FROM (VALUES (9223372036854775807), (9223372036854775807)) t(x)",
        "18446744073709551614",
    ),
    (
        "SELECT x, count(*) FROM (VALUES (1.0::float8), ('NaN'), ('NaN'), (0), (-0.0), (NULL), (NULL)) t(x) GROUP BY x ORDER BY x",
        "0|2\n1|1\nNaN|2\nNULL|2",
    ),
    (
        "SELECT x, count(*) FROM (VALUES (interval '1 month'), (interval '30 days'), (interval '1 day')) t(x) GROUP BY x ORDER BY x",
        "1 day|1\n1 mon|2",
    ),
    (
        "SELECT quantity % 2 = 0 AS even, array_agg(DISTINCT product ORDER BY product) FROM sale GROUP BY even ORDER BY even",
        "f|{apple,pear,plum}\nt|{apple,pear}\nNULL|{NULL}",
    ),
    (
        "SELECT max(total) FROM (SELECT region, sum(quantity) AS total FROM sale GROUP BY region) t",
        "18",
    ),
    (
        "SELECT min(note), max(note), min(at), max(at), min(paid::text) FROM sale",
        "|last|2024-01-01 08:00:00+00|2024-01-03 08:00:00+00|false",
    ),
    (
        "SELECT array_agg(x ORDER BY x) FROM (SELECT DISTINCT quantity AS x FROM sale WHERE quantity IS NOT NULL) t",
        "{1,2,3,4,7,10}",
    ),
];
