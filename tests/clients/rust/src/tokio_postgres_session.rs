//! tokio-postgres: binary parameters and results of every type, pipelining, portals, COPY, transactions, cancel, errors.

mod checks;

use checks::{LONG, Outcome, check, equal, url};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use futures_util::{SinkExt, TryStreamExt};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::time::Duration;
use tokio_postgres::error::{ErrorPosition, SqlState};
use tokio_postgres::types::{FromSqlOwned, ToSql, Type};
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};
use uuid::Uuid;

/// Reads a column of rows 1 and 3, writes the value and reads it again.
async fn round_trip<T>(client: &Client, column: &str, expected: T)
where
    T: FromSqlOwned + ToSql + Sync + PartialEq + std::fmt::Debug + Clone,
{
    check(&format!("read {column}"), async {
        let rows = client
            .query(
                &format!("SELECT {column} FROM shop.every_type WHERE id IN (1, 3) ORDER BY id"),
                &[],
            )
            .await?;
        let found: Vec<Option<T>> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
        equal(found, vec![Some(expected.clone()), None])
    })
    .await;
    check(&format!("write {column}"), async {
        client
            .batch_execute(&format!(
                "CREATE TABLE written AS SELECT {column} FROM shop.every_type WHERE false"
            ))
            .await?;
        let outcome = write(client, column, &expected).await;
        client.batch_execute("DROP TABLE written").await?;
        outcome
    })
    .await;
}

async fn write<T>(client: &Client, column: &str, value: &T) -> Outcome
where
    T: FromSqlOwned + ToSql + Sync + PartialEq + std::fmt::Debug + Clone,
{
    client.execute("INSERT INTO written VALUES ($1)", &[value]).await?;
    client.execute("INSERT INTO written VALUES ($1)", &[&None::<T>]).await?;
    let rows = client
        .query(&format!("SELECT {column} FROM written ORDER BY {column}::text"), &[])
        .await?;
    let found: Vec<Option<T>> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    equal(found, vec![Some(value.clone()), None])
}

async fn types(client: &Client) -> Outcome {
    let time = NaiveTime::from_hms_milli_opt(12, 34, 56, 789).ok_or("a time")?;
    let day = NaiveDate::from_ymd_opt(2024, 2, 29).ok_or("a day")?;
    let instant = NaiveDateTime::new(day, NaiveTime::from_hms_micro_opt(12, 34, 56, 789_012).ok_or("a time")?);
    round_trip(client, "a_boolean", true).await;
    round_trip(client, "a_smallint", -12_i16).await;
    round_trip(client, "an_integer", 123_456_i32).await;
    round_trip(client, "a_bigint", 9_007_199_254_740_993_i64).await;
    round_trip(client, "a_real", 1.5_f32).await;
    round_trip(client, "a_double", 0.1_f64).await;
    round_trip(client, "a_numeric", Decimal::new(123_450, 2)).await;
    round_trip(client, "a_text", "héllo, \"wörld\"".to_owned()).await;
    round_trip(client, "a_varchar", "varying".to_owned()).await;
    round_trip(client, "a_char", "ab   ".to_owned()).await;
    round_trip(client, "a_date", day).await;
    round_trip(client, "a_time", time).await;
    round_trip(client, "a_timestamp", instant).await;
    round_trip::<DateTime<Utc>>(client, "a_timestamptz", instant.and_utc()).await;
    round_trip(
        client,
        "a_uuid",
        Uuid::parse_str("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")?,
    )
    .await;
    round_trip::<Value>(client, "a_json", json!({"b": 1, "a": [true, null]})).await;
    round_trip::<Value>(client, "a_jsonb", json!({"b": 1, "a": [true, null]})).await;
    round_trip(client, "a_bytea", vec![0_u8, 255, 16]).await;
    arrays(client).await;
    Ok(())
}

async fn arrays(client: &Client) {
    check("arrays", async {
        let (numbers, words) = (
            vec![Some(1), None, Some(3)],
            vec![Some("a".to_owned()), Some("b c".to_owned()), None],
        );
        let sql = "SELECT integers, texts FROM lists.every_list WHERE integers = $1 AND texts = $2";
        let row = client.query_one(sql, &[&numbers, &words]).await?;
        equal((row.get(0), row.get(1)), (numbers, words))
    })
    .await;
}

async fn describe(client: &Client) -> Outcome {
    let statement = client
        .prepare("SELECT name, joined, $1::integer + customer_id FROM shop.customers WHERE customer_id = $2")
        .await?;
    equal(statement.params().to_vec(), vec![Type::INT4, Type::INT4])?;
    let columns: Vec<_> = statement
        .columns()
        .iter()
        .map(|column| (column.name().to_owned(), column.type_().clone()))
        .collect();
    equal(
        columns,
        vec![
            ("name".to_owned(), Type::TEXT),
            ("joined".to_owned(), Type::DATE),
            ("?column?".to_owned(), Type::INT4),
        ],
    )?;
    for (id, name) in [(1, "Ada"), (2, "Bo")] {
        equal(
            client.query_one(&statement, &[&10, &id]).await?.get::<_, String>(0),
            name.to_owned(),
        )?;
    }
    Ok(())
}

async fn portals(client: &mut Client) -> Outcome {
    let transaction = client.transaction().await?;
    let portal = transaction
        .bind("SELECT order_id FROM shop.orders ORDER BY 1", &[])
        .await?;
    let other = transaction
        .bind("SELECT order_id FROM shop.orders ORDER BY 1 DESC", &[])
        .await?;
    let mut counts = Vec::new();
    for _ in 0..3 {
        counts.push(transaction.query_portal(&portal, 400).await?.len());
        counts.push(transaction.query_portal(&other, 300).await?.len());
    }
    equal(counts, vec![400, 300, 400, 300, 200, 300])?;
    Ok(transaction.commit().await?)
}

async fn transactions(client: &mut Client) -> Outcome {
    client.batch_execute("CREATE TABLE counted (id integer)").await?;
    let mut outer = client.transaction().await?;
    outer.execute("INSERT INTO counted VALUES (1)", &[]).await?;
    let inner = outer.savepoint("here").await?;
    let error = inner.query_one("SELECT 1 / 0", &[]).await.err().ok_or("no error")?;
    equal(error.code().cloned(), Some(SqlState::DIVISION_BY_ZERO))?;
    let error = inner.query_one("SELECT 1", &[]).await.err().ok_or("no error")?;
    equal(error.code().cloned(), Some(SqlState::IN_FAILED_SQL_TRANSACTION))?;
    inner.rollback().await?;
    outer.commit().await?;
    let undone = client.transaction().await?;
    undone.execute("DELETE FROM counted", &[]).await?;
    undone.rollback().await?;
    equal(
        client
            .query_one("SELECT count(*) FROM counted", &[])
            .await?
            .get::<_, i64>(0),
        1,
    )?;
    Ok(client.batch_execute("DROP TABLE counted").await?)
}

async fn copies(client: &Client) -> Outcome {
    client
        .batch_execute("CREATE TABLE copied (id integer, note text)")
        .await?;
    let mut sink = Box::pin(client.copy_in::<_, &[u8]>("COPY copied FROM STDIN").await?);
    sink.send(&b"1\tone\n2\t\\N\n"[..]).await?;
    equal(sink.as_mut().finish().await?, 2)?;
    let parts: Vec<_> = client
        .copy_out("COPY copied TO STDOUT (FORMAT csv)")
        .await?
        .try_collect()
        .await?;
    equal(parts.concat(), b"1,one\n2,\n".to_vec())?;
    Ok(client.batch_execute("DROP TABLE copied").await?)
}

async fn binary_copies(client: &Client) -> Outcome {
    use tokio_postgres::binary_copy::{BinaryCopyInWriter, BinaryCopyOutStream};
    client
        .batch_execute("CREATE TABLE copied (id integer, at timestamptz, note text)")
        .await?;
    let kinds = [Type::INT4, Type::TIMESTAMPTZ, Type::TEXT];
    let mut writer = Box::pin(BinaryCopyInWriter::new(
        client.copy_in("COPY copied FROM STDIN (FORMAT binary)").await?,
        &kinds,
    ));
    let at = DateTime::<Utc>::from_timestamp(1_700_000_000, 0);
    writer.as_mut().write(&[&1_i32, &at, &"one"]).await?;
    writer
        .as_mut()
        .write(&[&2_i32, &None::<DateTime<Utc>>, &None::<&str>])
        .await?;
    equal(writer.as_mut().finish().await?, 2)?;
    let stream = client.copy_out("COPY copied TO STDOUT (FORMAT binary)").await?;
    let rows: Vec<_> = BinaryCopyOutStream::new(stream, &kinds).try_collect().await?;
    equal(
        rows.iter()
            .map(|row| row.get::<Option<DateTime<Utc>>>(1))
            .collect::<Vec<_>>(),
        vec![at, None],
    )?;
    Ok(client.batch_execute("DROP TABLE copied").await?)
}

async fn errors(client: &Client) {
    check("error: position", async {
        let error = client
            .query("SELECT nothing FROM shop.orders", &[])
            .await
            .err()
            .ok_or("no error")?;
        let found = error.as_db_error().ok_or("no error of the server")?;
        equal(
            (found.code().code(), found.position().cloned()),
            ("42703", Some(ErrorPosition::Original(8))),
        )
    })
    .await;
    check("error: unique key", async {
        let error = client
            .query("INSERT INTO shop.customers VALUES ($1, 'Di')", &[&1])
            .await
            .err()
            .ok_or("no error")?;
        let found = error.as_db_error().ok_or("no error of the server")?;
        equal(
            (found.constraint(), found.detail()),
            (Some("customers_pkey"), Some("Key (customer_id)=(1) already exists.")),
        )
    })
    .await;
    check("statement timeout", async {
        client.batch_execute("SET statement_timeout = 200").await?;
        let error = client.query(LONG, &[]).await.err().ok_or("no error")?;
        client.batch_execute("RESET statement_timeout").await?;
        equal(error.code().cloned(), Some(SqlState::QUERY_CANCELED))
    })
    .await;
    check("cancel", async {
        let token = client.cancel_token();
        let cancel = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            token.cancel_query(NoTls).await
        };
        let (answer, cancelled) = tokio::join!(client.query(LONG, &[]), cancel);
        cancelled?;
        equal(
            answer.err().ok_or("no error")?.code().cloned(),
            Some(SqlState::QUERY_CANCELED),
        )
    })
    .await;
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("version tokio-postgres {}", version_of("tokio-postgres"));
    let (mut client, connection) = tokio_postgres::connect(&url(), NoTls).await?;
    let running = tokio::spawn(connection);
    client.batch_execute("SET TimeZone = 'UTC'").await?;
    check("list tables", async {
        let rows = client
            .query(
                "SELECT table_name::text FROM information_schema.tables WHERE table_schema = $1 ORDER BY 1",
                &[&"shop"],
            )
            .await?;
        equal(
            rows.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>(),
            vec!["customers", "every_type", "large_orders", "orders"]
                .into_iter()
                .map(String::from)
                .collect(),
        )
    })
    .await;
    types(&client).await?;
    check("prepared statements", describe(&client)).await;
    check("types that the client asks the catalog for", async {
        let row = client
            .query_one(
                "SELECT relname, relkind, oid::regclass FROM pg_class WHERE relname = 'orders'",
                &[],
            )
            .await?;
        equal(
            (
                row.get::<_, String>(0),
                row.get::<_, i8>(1),
                row.columns()[2].type_().name().to_owned(),
            ),
            ("orders".to_owned(), b'r' as i8, "regclass".to_owned()),
        )
    })
    .await;
    check("pipelining", async {
        let statement = client.prepare("SELECT $1::bigint * 2").await?;
        let answers = futures_util::future::try_join_all((0..50_i64).map(|number| {
            let (client, statement) = (&client, &statement);
            async move { client.query_one(statement, &[&number]).await }
        }))
        .await?;
        equal(answers.iter().map(|row| row.get::<_, i64>(0)).sum::<i64>(), 2450)
    })
    .await;
    check("rows as a stream", async {
        let rows = client
            .query_raw("SELECT amount FROM shop.orders", Vec::<i32>::new())
            .await?;
        let sum = rows
            .try_fold(
                Decimal::ZERO,
                |sum, row| async move { Ok(sum + row.get::<_, Decimal>(0)) },
            )
            .await?;
        equal(sum, Decimal::new(62_437_500, 2))
    })
    .await;
    check("simple query", async {
        let messages = client
            .simple_query("SELECT 1 AS a; SELECT NULL AS b; SELECT 3 AS c WHERE false")
            .await?;
        let rows: Vec<_> = messages
            .iter()
            .filter_map(|message| match message {
                SimpleQueryMessage::Row(row) => Some(row.get(0).map(String::from)),
                _ => None,
            })
            .collect();
        equal(rows, vec![Some("1".to_owned()), None])
    })
    .await;
    check("arrays as parameters", async {
        let rows = client
            .query(
                "SELECT name FROM shop.customers WHERE customer_id = ANY($1) ORDER BY 1",
                &[&vec![1, 3]],
            )
            .await?;
        equal(rows.len(), 2)
    })
    .await;
    check("portals", portals(&mut client)).await;
    check("transactions and savepoints", transactions(&mut client)).await;
    check("COPY in and out", copies(&client)).await;
    check("COPY in and out, binary", binary_copies(&client)).await;
    errors(&client).await;
    check("close", async {
        drop(client);
        Ok(running.await??)
    })
    .await;
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
