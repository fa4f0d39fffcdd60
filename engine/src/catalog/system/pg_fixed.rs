//! Tables whose few rows are always the same: access methods, collations, tablespaces, languages.

use super::pg_namespace::OWNER_OID;
use super::{Rows, SystemTable, columns_of, flag, number, text};
use crate::catalog::state::PG_CATALOG;
use crate::types::Literal;

const ACCESS_METHOD_COLUMNS: &str = "oid oid, amname name, amhandler regproc, amtype \"char\"";
const COLLATION_COLUMNS: &str = "oid oid, collname name, collnamespace oid, collowner oid, collprovider \"char\", \
     collisdeterministic boolean, collencoding integer, collcollate text, collctype text, colliculocale text, collversion text";
const TABLESPACE_COLUMNS: &str = "oid oid, spcname name, spcowner oid, spcacl text[], spcoptions text[]";
const LANGUAGE_COLUMNS: &str = "oid oid, lanname name, lanowner oid, lanispl boolean, lanpltrusted boolean, \
     lanplcallfoid oid, laninline oid, lanvalidator oid, lanacl text[]";

/// Access methods of indexes, with their numbers.
pub(crate) const INDEX_METHODS: [(&str, u32); 6] = [
    ("btree", 403),
    ("hash", 405),
    ("gist", 783),
    ("gin", 2742),
    ("spgist", 4000),
    ("brin", 3580),
];

pub(super) const TABLES: &[&SystemTable] = &[
    &SystemTable {
        schema: PG_CATALOG,
        name: "pg_am",
        oid: 2601,
        columns: || columns_of(ACCESS_METHOD_COLUMNS),
        rows: |_| {
            let mut rows = Rows::new(columns_of(ACCESS_METHOD_COLUMNS));
            // What tables and keys are said to be stored with, and what CREATE INDEX may name; clients expect the names.
            rows.push([number(2), text("heap"), number(0), text("t")]);
            for (name, oid) in INDEX_METHODS {
                rows.push([number(oid), text(name), number(0), text("i")]);
            }
            rows.finish()
        },
    },
    &SystemTable {
        schema: PG_CATALOG,
        name: "pg_collation",
        oid: 3456,
        columns: || columns_of(COLLATION_COLUMNS),
        rows: |_| {
            let mut rows = Rows::new(columns_of(COLLATION_COLUMNS));
            for (oid, name, provider, locale) in [
                (100, "default", "d", None),
                (950, "C", "c", Some("C")),
                (951, "POSIX", "c", Some("POSIX")),
            ] {
                let locale = || locale.map_or(Literal::Null, text);
                rows.push([
                    number(oid),
                    text(name),
                    number(11),
                    number(OWNER_OID),
                    text(provider),
                    flag(true),
                    number(-1),
                    locale(),
                    locale(),
                    Literal::Null,
                    Literal::Null,
                ]);
            }
            rows.finish()
        },
    },
    &SystemTable {
        schema: PG_CATALOG,
        name: "pg_tablespace",
        oid: 1213,
        columns: || columns_of(TABLESPACE_COLUMNS),
        rows: |_| {
            let mut rows = Rows::new(columns_of(TABLESPACE_COLUMNS));
            for (oid, name) in [(1663, "pg_default"), (1664, "pg_global")] {
                rows.push([number(oid), text(name), number(OWNER_OID), Literal::Null, Literal::Null]);
            }
            rows.finish()
        },
    },
    &SystemTable {
        schema: PG_CATALOG,
        name: "pg_language",
        oid: 2612,
        columns: || columns_of(LANGUAGE_COLUMNS),
        rows: |_| {
            let mut rows = Rows::new(columns_of(LANGUAGE_COLUMNS));
            for (oid, name, is_trusted) in [(12, "internal", false), (14, "sql", true)] {
                rows.push([
                    number(oid),
                    text(name),
                    number(OWNER_OID),
                    flag(false),
                    flag(is_trusted),
                    number(0),
                    number(0),
                    number(0),
                    Literal::Null,
                ]);
            }
            rows.finish()
        },
    },
];
