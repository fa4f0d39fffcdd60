//! `pg_roles`, `pg_user` and their kin: the one user there is, under the name the session has for it.

use super::pg_namespace::OWNER_OID;
use super::{Rows, SystemTable, columns_of, flag, number, text};
use crate::catalog::state::{INFORMATION_SCHEMA, PG_CATALOG};
use crate::types::Literal;

const ROLE_COLUMNS: &str = "rolname name, rolsuper boolean, rolinherit boolean, rolcreaterole boolean, \
     rolcreatedb boolean, rolcanlogin boolean, rolreplication boolean, rolconnlimit integer, rolpassword text, \
     rolvaliduntil timestamp with time zone, rolbypassrls boolean, rolconfig text[], oid oid";
const USER_COLUMNS: &str = "usename name, usesysid oid, usecreatedb boolean, usesuper boolean, userepl boolean, \
     usebypassrls boolean, passwd text, valuntil timestamp with time zone, useconfig text[]";
const GROUP_COLUMNS: &str = "groname name, grosysid oid, grolist oid[]";
const ENABLED_COLUMNS: &str = "role_name name";

pub(super) const TABLES: &[&SystemTable] = &[
    &SystemTable {
        schema: PG_CATALOG,
        name: "pg_roles",
        oid: 12_212,
        columns: || columns_of(ROLE_COLUMNS),
        rows: |context| {
            let mut rows = Rows::new(columns_of(ROLE_COLUMNS));
            rows.push([
                text(&context.statement.user),
                flag(true),
                flag(true),
                flag(true),
                flag(true),
                flag(true),
                flag(false),
                number(-1),
                Literal::Null,
                Literal::Null,
                flag(true),
                Literal::Null,
                number(OWNER_OID),
            ]);
            rows.finish()
        },
    },
    &SystemTable {
        schema: PG_CATALOG,
        name: "pg_user",
        oid: 12_224,
        columns: || columns_of(USER_COLUMNS),
        rows: |context| {
            let mut rows = Rows::new(columns_of(USER_COLUMNS));
            rows.push([
                text(&context.statement.user),
                number(OWNER_OID),
                flag(true),
                flag(true),
                flag(false),
                flag(true),
                Literal::Null,
                Literal::Null,
                Literal::Null,
            ]);
            rows.finish()
        },
    },
    &SystemTable {
        schema: PG_CATALOG,
        name: "pg_group",
        oid: 12_204,
        columns: || columns_of(GROUP_COLUMNS),
        rows: |_| Rows::new(columns_of(GROUP_COLUMNS)).finish(),
    },
    &SystemTable {
        schema: INFORMATION_SCHEMA,
        name: "enabled_roles",
        oid: 13_210,
        columns: || columns_of(ENABLED_COLUMNS),
        rows: |context| {
            let mut rows = Rows::new(columns_of(ENABLED_COLUMNS));
            rows.push([text(&context.statement.user)]);
            rows.finish()
        },
    },
];
