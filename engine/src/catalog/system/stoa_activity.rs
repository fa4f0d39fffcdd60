//! `stoa.queries`: statements that run, and those that ended last.

use super::{Rows, SystemContext, SystemTable, number, text, text_or_null};
use crate::activity::Client;
use crate::catalog::state::STOA;
use crate::error::Result;
use crate::types::{Literal, LogicalType};
use arrow_array::ArrayRef;

pub(super) const TABLES: &[&SystemTable] = &[&SystemTable {
    schema: STOA,
    name: "queries",
    oid: 12_506,
    columns,
    rows,
}];

fn columns() -> Vec<(&'static str, LogicalType)> {
    use LogicalType::{BigInt, Double, Integer, Text, TimestampTz};
    vec![
        ("query_id", BigInt),
        ("state", Text),
        ("process_id", Integer),
        ("user_name", Text),
        ("application_name", Text),
        ("query", Text),
        ("started", TimestampTz),
        ("duration_ms", Double),
        ("memory_peak_bytes", BigInt),
        ("error_code", Text),
        ("error", Text),
    ]
}

fn milliseconds(microseconds: u64) -> Literal {
    Literal::Float(microseconds as f64 / 1e3)
}

fn who(client: &Client) -> [Literal; 3] {
    [
        number(client.process_id),
        text(&client.user),
        text(&client.application_name),
    ]
}

fn rows(context: &SystemContext<'_>) -> Result<Vec<ArrayRef>> {
    let mut rows = Rows::new(columns());
    for query in context.activity.running() {
        let [process_id, user, application] = who(&query.client);
        rows.push([
            number(query.id),
            text("running"),
            process_id,
            user,
            application,
            text(&query.text),
            Literal::Timestamp(query.started),
            milliseconds(query.duration()),
            number(query.memory.peak_bytes()),
            Literal::Null,
            Literal::Null,
        ]);
    }
    for query in context.activity.recent() {
        let [process_id, user, application] = who(&query.client);
        let (code, message) = query
            .error
            .map_or((None, None), |(code, message)| (Some(code), Some(message)));
        rows.push([
            number(query.id),
            text(if code.is_some() { "failed" } else { "finished" }),
            process_id,
            user,
            application,
            text(query.text),
            Literal::Timestamp(query.started),
            milliseconds(query.duration),
            number(query.memory_peak_bytes),
            text_or_null(code),
            text_or_null(message),
        ]);
    }
    rows.finish()
}
