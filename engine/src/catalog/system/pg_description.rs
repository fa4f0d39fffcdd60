//! `pg_description`: what COMMENT ON said of users' relations and their columns.

use super::{Rows, SystemContext, SystemTable, columns_of, number, text};
use crate::catalog::state::PG_CATALOG;
use crate::error::Result;
use arrow_array::ArrayRef;

/// The number of `pg_class`, which lists what the comments are about.
const CLASS_OID: u32 = 1259;
const COLUMNS: &str = "objoid oid, classoid oid, objsubid integer, description text";

pub(super) const TABLES: &[&SystemTable] = &[&SystemTable {
    schema: PG_CATALOG,
    name: "pg_description",
    oid: 2609,
    columns: || columns_of(COLUMNS),
    rows,
}];

fn rows(context: &SystemContext<'_>) -> Result<Vec<ArrayRef>> {
    let mut rows = Rows::new(columns_of(COLUMNS));
    for relation in context.catalog.user_relations() {
        let columns = 0..relation.columns().count();
        let of_columns = columns.map(|place| (place + 1, relation.column_comment(place)));
        let comments = std::iter::once((0, relation.comment())).chain(of_columns);
        for (number_within, comment) in comments {
            if let Some(comment) = comment {
                rows.push([
                    number(relation.id().0),
                    number(CLASS_OID),
                    number(number_within),
                    text(comment),
                ]);
            }
        }
    }
    rows.finish()
}
