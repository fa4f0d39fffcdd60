//! `pg_namespace`: schemas.

use super::{Rows, SystemContext, SystemTable, number, text};
use crate::catalog::state::PG_CATALOG;
use crate::error::Result;
use crate::types::{Literal, LogicalType};
use arrow_array::ArrayRef;

/// The number of the one user there is.
pub(super) const OWNER_OID: u32 = 10;

pub(super) const TABLES: &[&SystemTable] = &[&SystemTable {
    schema: PG_CATALOG,
    name: "pg_namespace",
    oid: 2615,
    columns,
    rows,
}];

fn columns() -> Vec<(&'static str, LogicalType)> {
    vec![
        ("oid", LogicalType::Oid),
        ("nspname", LogicalType::Name),
        ("nspowner", LogicalType::Oid),
        ("nspacl", LogicalType::Array(Box::new(LogicalType::Text))),
    ]
}

fn rows(context: &SystemContext<'_>) -> Result<Vec<ArrayRef>> {
    let mut rows = Rows::new(columns());
    for (name, oid) in context.catalog.schemas() {
        rows.push([number(oid), text(name), number(OWNER_OID), Literal::Null]);
    }
    rows.finish()
}
