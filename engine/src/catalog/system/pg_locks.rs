//! `pg_locks`: advisory locks; there are no others.

use super::pg_database::DATABASE_OID;
use super::{Rows, SystemContext, SystemTable, columns_of, flag, number, text};
use crate::catalog::state::PG_CATALOG;
use crate::error::Result;
use crate::functions::AdvisoryKey;
use crate::types::Literal;
use arrow_array::ArrayRef;

pub(super) const TABLES: &[&SystemTable] = &[&SystemTable {
    schema: PG_CATALOG,
    name: "pg_locks",
    oid: 12_206,
    columns: || columns_of(COLUMNS),
    rows,
}];

const COLUMNS: &str = "locktype text, database oid, relation oid, page integer, tuple smallint, virtualxid text, \
     transactionid oid, classid oid, objid oid, objsubid smallint, virtualtransaction text, \
     pid integer, mode text, granted boolean, fastpath boolean, waitstart timestamp with time zone";

/// A key as Postgres shows it: two numbers without sign, and how many keys they were.
fn shown(key: AdvisoryKey) -> (u32, u32, i64) {
    match key {
        AdvisoryKey::One(key) => ((key.cast_unsigned() >> 32) as u32, key.cast_unsigned() as u32, 1),
        AdvisoryKey::Two(first, second) => (first.cast_unsigned(), second.cast_unsigned(), 2),
    }
}

fn rows(context: &SystemContext<'_>) -> Result<Vec<ArrayRef>> {
    let mut rows = Rows::new(columns_of(COLUMNS));
    for lock in context.advisory_locks.list() {
        let (first, second, count) = shown(lock.key);
        rows.push([
            text("advisory"),
            number(DATABASE_OID),
            Literal::Null,
            Literal::Null,
            Literal::Null,
            Literal::Null,
            Literal::Null,
            number(first),
            number(second),
            number(count),
            text(format!("{}/0", lock.process_id)),
            number(lock.process_id),
            text(lock.mode.name()),
            flag(lock.waits_since.is_none()),
            flag(false),
            lock.waits_since.map_or(Literal::Null, Literal::Timestamp),
        ]);
    }
    rows.finish()
}
