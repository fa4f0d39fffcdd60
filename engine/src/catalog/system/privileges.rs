//! `information_schema.table_privileges`, `.role_table_grants`: every user may do everything with every table; and `.character_sets`,
//! of which there is one.

use super::{Rows, SystemContext, SystemTable, columns_of, text};
use crate::catalog::state::INFORMATION_SCHEMA;
use crate::catalog::temporary::is_temporary;
use crate::error::Result;
use crate::types::Literal;
use arrow_array::ArrayRef;

const PRIVILEGE_COLUMNS: &str = "grantor name, grantee name, table_catalog name, table_schema name, table_name name, \
     privilege_type character varying, is_grantable character varying, with_hierarchy character varying";
const CHARACTER_SET_COLUMNS: &str = "character_set_catalog name, character_set_schema name, character_set_name name, \
     character_repertoire name, form_of_use name, default_collate_catalog name, \
     default_collate_schema name, default_collate_name name";
const PRIVILEGES: [&str; 7] = [
    "INSERT",
    "SELECT",
    "UPDATE",
    "DELETE",
    "TRUNCATE",
    "REFERENCES",
    "TRIGGER",
];

pub(super) const TABLES: &[&SystemTable] = &[
    &SystemTable {
        schema: INFORMATION_SCHEMA,
        name: "table_privileges",
        oid: 13_220,
        columns: || columns_of(PRIVILEGE_COLUMNS),
        rows: privileges,
    },
    &SystemTable {
        schema: INFORMATION_SCHEMA,
        name: "role_table_grants",
        oid: 13_216,
        columns: || columns_of(PRIVILEGE_COLUMNS),
        rows: privileges,
    },
    &SystemTable {
        schema: INFORMATION_SCHEMA,
        name: "character_sets",
        oid: 13_202,
        columns: || columns_of(CHARACTER_SET_COLUMNS),
        rows: |context| {
            let mut rows = Rows::new(columns_of(CHARACTER_SET_COLUMNS));
            rows.push([
                Literal::Null,
                Literal::Null,
                text("UTF8"),
                text("UCS"),
                text("UTF8"),
                text(&context.statement.database),
                text("pg_catalog"),
                text("C"),
            ]);
            rows.finish()
        },
    },
];

fn privileges(context: &SystemContext<'_>) -> Result<Vec<ArrayRef>> {
    let mut rows = Rows::new(columns_of(PRIVILEGE_COLUMNS));
    let user = || text(&context.statement.user);
    let yes_or_no = |value| text(if value { "YES" } else { "NO" });
    for relation in context.catalog.user_relations() {
        if relation.sequence().is_some() || is_temporary(relation.schema()) {
            continue;
        }
        for privilege in PRIVILEGES {
            rows.push([
                user(),
                user(),
                text(&context.statement.database),
                text(relation.schema()),
                text(relation.name()),
                text(privilege),
                yes_or_no(true),
                yes_or_no(privilege == "SELECT"),
            ]);
        }
    }
    rows.finish()
}
