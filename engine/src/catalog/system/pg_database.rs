//! `pg_database`: the one database there is, under the name the session has for it.

use super::pg_namespace::OWNER_OID;
use super::{Rows, SystemContext, SystemTable, flag, number, text};
use crate::catalog::state::PG_CATALOG;
use crate::error::Result;
use crate::types::{Literal, LogicalType};
use arrow_array::ArrayRef;

/// The number of the database.
pub(super) const DATABASE_OID: u32 = 5;
/// The number of UTF8 among Postgres's encodings.
const UTF8: u32 = 6;
/// The number of `pg_default`.
const TABLESPACE_OID: u32 = 1_663;

pub(super) const TABLES: &[&SystemTable] = &[&SystemTable {
    schema: PG_CATALOG,
    name: "pg_database",
    oid: 1262,
    columns,
    rows,
}];

fn columns() -> Vec<(&'static str, LogicalType)> {
    use LogicalType::{Boolean, Integer, Name, Oid, SingleChar, Text};
    vec![
        ("oid", Oid),
        ("datname", Name),
        ("datdba", Oid),
        ("encoding", Integer),
        ("datlocprovider", SingleChar),
        ("datistemplate", Boolean),
        ("datallowconn", Boolean),
        ("datconnlimit", Integer),
        ("datfrozenxid", Oid),
        ("datminmxid", Oid),
        ("dattablespace", Oid),
        ("datcollate", Text),
        ("datctype", Text),
        ("daticulocale", Text),
        ("datcollversion", Text),
        ("datacl", LogicalType::Array(Box::new(Text))),
    ]
}

fn rows(context: &SystemContext<'_>) -> Result<Vec<ArrayRef>> {
    let mut rows = Rows::new(columns());
    rows.push([
        number(DATABASE_OID),
        text(&context.statement.database),
        number(OWNER_OID),
        number(UTF8),
        text("c"),
        flag(false),
        flag(true),
        number(-1),
        number(0),
        number(0),
        number(TABLESPACE_OID),
        text("C"),
        text("C.UTF-8"),
        Literal::Null,
        Literal::Null,
        Literal::Null,
    ]);
    rows.finish()
}
