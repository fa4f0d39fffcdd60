//! `pg_cursors`: the session's cursors.

use super::{Rows, SystemContext, SystemTable, columns_of, flag, text};
use crate::catalog::state::PG_CATALOG;
use crate::error::Result;
use crate::types::Literal;
use arrow_array::ArrayRef;

pub(super) const TABLES: &[&SystemTable] = &[&SystemTable {
    schema: PG_CATALOG,
    name: "pg_cursors",
    oid: 12_202,
    columns: || columns_of(COLUMNS),
    rows,
}];

const COLUMNS: &str = "name text, statement text, is_holdable boolean, is_binary boolean, is_scrollable boolean, \
     creation_time timestamp with time zone";

fn rows(context: &SystemContext<'_>) -> Result<Vec<ArrayRef>> {
    let mut rows = Rows::new(columns_of(COLUMNS));
    for cursor in (context.list_cursors)() {
        rows.push([
            text(cursor.name),
            text(&*cursor.text),
            flag(cursor.is_holdable),
            flag(cursor.is_binary),
            flag(cursor.is_scrollable),
            Literal::Timestamp(cursor.created),
        ]);
    }
    rows.finish()
}
