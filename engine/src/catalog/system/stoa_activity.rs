//! `stoa.queries`: statements that run, and those that ended last; `pg_stat_activity`: who is connected.

use super::pg_database::DATABASE_OID;
use super::pg_namespace::OWNER_OID;
use super::{Rows, SystemContext, SystemTable, columns_of, number, text, text_or_null};
use crate::activity::Client;
use crate::catalog::state::{PG_CATALOG, STOA};
use crate::error::Result;
use crate::types::{Literal, LogicalType};
use arrow_array::ArrayRef;

pub(super) const TABLES: &[&SystemTable] = &[
    &SystemTable {
        schema: STOA,
        name: "queries",
        oid: 12_506,
        columns,
        rows,
    },
    &SystemTable {
        schema: PG_CATALOG,
        name: "pg_stat_activity",
        oid: 12_216,
        columns: || columns_of(ACTIVITY_COLUMNS),
        rows: activity_rows,
    },
];

const ACTIVITY_COLUMNS: &str = "datid oid, datname name, pid integer, leader_pid integer, usesysid oid, usename name, \
     application_name text, client_addr text, client_hostname text, client_port integer, \
     backend_start timestamp with time zone, xact_start timestamp with time zone, query_start timestamp with time zone, \
     state_change timestamp with time zone, wait_event_type text, wait_event text, state text, backend_xid oid, \
     backend_xmin oid, query_id bigint, query text, backend_type text";

/// All sessions, whether they run something or not.
fn activity_rows(context: &SystemContext<'_>) -> Result<Vec<ArrayRef>> {
    let mut rows = Rows::new(columns_of(ACTIVITY_COLUMNS));
    let null = || Literal::Null;
    for session in context.sessions.list() {
        let waits = session.state != "active";
        let statement = session.statement.as_ref();
        rows.push([
            number(DATABASE_OID),
            text(session.database),
            number(session.process_id),
            null(),
            number(OWNER_OID),
            text(session.user),
            text(session.application_name),
            null(),
            null(),
            null(),
            Literal::Timestamp(session.started),
            session.transaction_started.map_or(Literal::Null, Literal::Timestamp),
            statement.map_or(Literal::Null, |statement| Literal::Timestamp(statement.started)),
            Literal::Timestamp(session.changed),
            text_or_null(waits.then_some("Client")),
            text_or_null(waits.then_some("ClientRead")),
            text(session.state),
            null(),
            null(),
            statement.map_or(Literal::Null, |statement| number(statement.id)),
            text(statement.map_or("", |statement| &statement.text)),
            text("client backend"),
        ]);
    }
    rows.finish()
}

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
            text(&*query.text),
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
            text(&*query.text),
            Literal::Timestamp(query.started),
            milliseconds(query.duration),
            number(query.memory_peak_bytes),
            text_or_null(code),
            text_or_null(message),
        ]);
    }
    rows.finish()
}
