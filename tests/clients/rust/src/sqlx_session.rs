//! sqlx: prepared statements with typed rows, pools, streams, transactions, COPY, migrations' locks, errors.

mod checks;

use checks::{LONG, Outcome, check, equal, url};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use futures_util::TryStreamExt;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolCopyExt, PgPoolOptions, PgRow};
use sqlx::{Column, Executor, FromRow, Postgres, Row, TypeInfo};
use std::str::FromStr;
use uuid::Uuid;

/// Reads a column of rows 1 and 3, writes the value and reads it again.
async fn round_trip<T>(pool: &PgPool, column: &str, expected: T)
where
    T: for<'r> sqlx::Decode<'r, Postgres>
        + sqlx::Type<Postgres>
        + for<'q> sqlx::Encode<'q, Postgres>
        + Send
        + Sync
        + Unpin
        + PartialEq
        + std::fmt::Debug
        + Clone
        + 'static,
{
    check(&format!("read {column}"), async {
        let sql = format!("SELECT {column} FROM shop.every_type WHERE id IN (1, 3) ORDER BY id");
        let found: Vec<Option<T>> = sqlx::query_scalar(&sql).fetch_all(pool).await?;
        equal(found, vec![Some(expected.clone()), None])
    })
    .await;
    check(&format!("write {column}"), async {
        let table = format!("written_{column}");
        pool.execute(format!("CREATE TABLE {table} AS SELECT {column} FROM shop.every_type WHERE false").as_str())
            .await?;
        let insert = format!("INSERT INTO {table} VALUES ($1), ($2)");
        sqlx::query(&insert)
            .bind(expected.clone())
            .bind(None::<T>)
            .execute(pool)
            .await?;
        let select = format!("SELECT {column} FROM {table} ORDER BY {column}::text");
        let found: Vec<Option<T>> = sqlx::query_scalar(&select).fetch_all(pool).await?;
        pool.execute(format!("DROP TABLE {table}").as_str()).await?;
        equal(found, vec![Some(expected.clone()), None])
    })
    .await;
}

async fn types(pool: &PgPool) -> Outcome {
    let day = NaiveDate::from_ymd_opt(2024, 2, 29).ok_or("a day")?;
    let instant = NaiveDateTime::new(day, NaiveTime::from_hms_micro_opt(12, 34, 56, 789_012).ok_or("a time")?);
    round_trip(pool, "a_boolean", true).await;
    round_trip(pool, "a_smallint", -12_i16).await;
    round_trip(pool, "an_integer", 123_456_i32).await;
    round_trip(pool, "a_bigint", 9_007_199_254_740_993_i64).await;
    round_trip(pool, "a_real", 1.5_f32).await;
    round_trip(pool, "a_double", 0.1_f64).await;
    round_trip(pool, "a_numeric", Decimal::new(123_450, 2)).await;
    round_trip(pool, "a_text", "héllo, \"wörld\"".to_owned()).await;
    round_trip(pool, "a_varchar", "varying".to_owned()).await;
    round_trip(pool, "a_char", "ab   ".to_owned()).await;
    round_trip(pool, "a_date", day).await;
    round_trip(
        pool,
        "a_time",
        NaiveTime::from_hms_milli_opt(12, 34, 56, 789).ok_or("a time")?,
    )
    .await;
    round_trip(pool, "a_timestamp", instant).await;
    round_trip::<DateTime<Utc>>(pool, "a_timestamptz", instant.and_utc()).await;
    round_trip(pool, "a_uuid", Uuid::parse_str("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")?).await;
    round_trip::<Value>(pool, "a_json", json!({"b": 1, "a": [true, null]})).await;
    round_trip::<Value>(pool, "a_jsonb", json!({"b": 1, "a": [true, null]})).await;
    round_trip(pool, "a_bytea", vec![0_u8, 255, 16]).await;
    arrays(pool).await;
    check("read an_interval", async {
        let found: sqlx::postgres::types::PgInterval =
            sqlx::query_scalar("SELECT an_interval FROM shop.every_type WHERE id = 1")
                .fetch_one(pool)
                .await?;
        equal((found.months, found.days, found.microseconds), (1, 2, 11_045_678_000))
    })
    .await;
    Ok(())
}

async fn arrays(pool: &PgPool) {
    check("arrays", async {
        let (numbers, words) = (
            vec![Some(1), None, Some(3)],
            vec![Some("a".to_owned()), Some("b c".to_owned()), None],
        );
        let sql = "SELECT integers, texts FROM lists.every_list WHERE integers = $1 AND texts = $2";
        let row = sqlx::query(sql)
            .bind(numbers.clone())
            .bind(words.clone())
            .fetch_one(pool)
            .await?;
        equal((row.try_get(0)?, row.try_get(1)?), (numbers, words))
    })
    .await;
}

#[derive(Debug, FromRow, PartialEq)]
struct Customer {
    customer_id: i32,
    name: String,
    email: Option<String>,
    joined: Option<NaiveDate>,
}

async fn rows(pool: &PgPool) -> Outcome {
    let found: Customer = sqlx::query_as("SELECT * FROM shop.customers WHERE name = $1")
        .bind("Bo")
        .fetch_one(pool)
        .await?;
    equal(
        found,
        Customer {
            customer_id: 2,
            name: "Bo".into(),
            email: None,
            joined: NaiveDate::from_ymd_opt(2024, 2, 6),
        },
    )
}

async fn describe(pool: &PgPool) -> Outcome {
    let described = pool
        .describe("SELECT order_id, amount, placed FROM shop.orders WHERE line = $1")
        .await?;
    let columns: Vec<_> = described
        .columns()
        .iter()
        .map(|column| (column.name().to_owned(), column.type_info().name().to_owned()))
        .collect();
    let expected = [("order_id", "INT8"), ("amount", "NUMERIC"), ("placed", "TIMESTAMPTZ")];
    equal(
        columns,
        expected
            .iter()
            .map(|(name, kind)| (name.to_string(), kind.to_string()))
            .collect(),
    )?;
    equal(
        (0..3).map(|index| described.nullable(index)).collect::<Vec<_>>(),
        vec![Some(false), Some(true), Some(true)],
    )
}

async fn transactions(pool: &PgPool) -> Outcome {
    pool.execute("CREATE TABLE counted (id integer)").await?;
    let mut outer = pool.begin().await?;
    outer.execute("INSERT INTO counted VALUES (1)").await?;
    let mut inner = sqlx::Acquire::begin(&mut outer).await?;
    let error = inner.execute("SELECT 1 / 0").await.err().ok_or("no error")?;
    equal(
        error
            .as_database_error()
            .and_then(|found| found.code())
            .map(|code| code.into_owned()),
        Some("22012".to_owned()),
    )?;
    inner.rollback().await?;
    outer.commit().await?;
    let mut undone = pool.begin().await?;
    undone.execute("DELETE FROM counted").await?;
    drop(undone);
    equal(
        sqlx::query_scalar::<_, i64>("SELECT count(*) FROM counted")
            .fetch_one(pool)
            .await?,
        1,
    )?;
    pool.execute("DROP TABLE counted").await?;
    Ok(())
}

async fn copies(pool: &PgPool) -> Outcome {
    pool.execute("CREATE TABLE copied (id integer, note text)").await?;
    let mut copy = pool.copy_in_raw("COPY copied FROM STDIN (FORMAT csv)").await?;
    copy.send(&b"1,one\n2,\n"[..]).await?;
    equal(copy.finish().await?, 2)?;
    let parts: Vec<_> = pool.copy_out_raw("COPY copied TO STDOUT").await?.try_collect().await?;
    equal(parts.concat(), b"1\tone\n2\t\\N\n".to_vec())?;
    pool.execute("DROP TABLE copied").await?;
    Ok(())
}

async fn errors(pool: &PgPool) {
    check("error: unique key", async {
        let error = sqlx::query("INSERT INTO shop.customers VALUES ($1, 'Di')")
            .bind(1)
            .execute(pool)
            .await
            .err()
            .ok_or("no error")?;
        let found = error.as_database_error().ok_or("no error of the server")?;
        equal(
            (found.is_unique_violation(), found.constraint(), found.table()),
            (true, Some("customers_pkey"), Some("customers")),
        )
    })
    .await;
    check("error: position", async {
        let error = sqlx::query("SELECT nothing FROM shop.orders")
            .execute(pool)
            .await
            .err()
            .ok_or("no error")?;
        let found = error
            .as_database_error()
            .ok_or("no error of the server")?
            .downcast_ref::<sqlx::postgres::PgDatabaseError>();
        equal(
            (found.code(), format!("{:?}", found.position())),
            ("42703", "Some(Original(8))".to_owned()),
        )
    })
    .await;
    check("statement timeout", async {
        let options = PgConnectOptions::from_str(&url())?.options([("statement_timeout", "200")]);
        let other = PgPoolOptions::new().max_connections(1).connect_with(options).await?;
        let error = sqlx::query(LONG).execute(&other).await.err().ok_or("no error")?;
        equal(
            error
                .as_database_error()
                .and_then(|found| found.code())
                .map(|code| code.into_owned()),
            Some("57014".to_owned()),
        )
    })
    .await;
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("version sqlx {}", version_of("sqlx"));
    let options = PgConnectOptions::from_str(&url())?.options([("TimeZone", "UTC")]);
    let pool = PgPoolOptions::new().max_connections(4).connect_with(options).await?;
    types(&pool).await?;
    check("rows as structures", rows(&pool)).await;
    check("describe: types and what may be NULL", describe(&pool)).await;
    check("rows as a stream", async {
        let sum = sqlx::query("SELECT amount FROM shop.orders")
            .fetch(&pool)
            .try_fold(Decimal::ZERO, |sum, row: PgRow| async move {
                Ok(sum + row.get::<Decimal, _>(0))
            })
            .await?;
        equal(sum, Decimal::new(62_437_500, 2))
    })
    .await;
    check("arrays as parameters, UNNEST", async {
        pool.execute("CREATE TABLE many (id integer, note text)").await?;
        let notes = vec![Some("a".to_owned()), None];
        let done = sqlx::query("INSERT INTO many SELECT * FROM unnest($1::integer[], $2::text[])")
            .bind(vec![1, 2])
            .bind(notes)
            .execute(&pool)
            .await?;
        pool.execute("DROP TABLE many").await?;
        equal(done.rows_affected(), 2)
    })
    .await;
    check("several statements at once", async {
        let rows = sqlx::raw_sql("SELECT 1; SELECT 2").fetch_all(&pool).await?;
        equal(rows.len(), 2)
    })
    .await;
    check("many connections at once", async {
        let answers = futures_util::future::try_join_all((0..40_i64).map(|number| {
            sqlx::query_scalar::<_, i64>("SELECT $1::bigint")
                .bind(number)
                .fetch_one(&pool)
        }))
        .await?;
        equal(answers, (0..40).collect())
    })
    .await;
    check("transactions and savepoints", transactions(&pool)).await;
    check("COPY in and out", copies(&pool)).await;
    check("advisory lock of migrations", async {
        let mut connection = pool.acquire().await?;
        connection.execute("SELECT pg_advisory_lock(42)").await?;
        let mut other = pool.acquire().await?;
        let free: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock(42)").fetch_one(&mut *other).await?;
        equal(free, false)?;
        connection.execute("SELECT pg_advisory_unlock(42)").await?;
        let free: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock(42)").fetch_one(&mut *other).await?;
        equal(free, true)?;
        other.execute("SELECT pg_advisory_unlock_all()").await?;
        Ok(())
    })
    .await;
    errors(&pool).await;
    pool.close().await;
    println!("end");
    Ok(())
}

/// A dependency's version, as the lock file has it.
fn version_of(name: &str) -> &'static str {
    let lock = include_str!("../Cargo.lock");
    let start = lock.find(&format!("name = \"{name}\"\n")).unwrap_or(0);
    lock[start..]
        .split("version = \"")
        .nth(1)
        .and_then(|text| text.split('"').next())
        .unwrap_or("?")
}
