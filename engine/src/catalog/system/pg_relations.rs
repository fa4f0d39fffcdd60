//! Views of Postgres's catalog over relations: `pg_tables`, `pg_views`, `pg_matviews`, `pg_attrdef`, `pg_stat_user_tables`, and
//! `information_schema.views`.

use super::{Rows, SystemContext, SystemTable, columns_of, flag, number, text};
use crate::catalog::persist::ViewDefinition;
use crate::catalog::relation::{Body, Relation, shown_default, storage_id};
use crate::catalog::state::{INFORMATION_SCHEMA, PG_CATALOG};
use crate::error::Result;
use crate::types::Literal;
use arrow_array::ArrayRef;

const TABLES_COLUMNS: &str = "schemaname name, tablename name, tableowner name, tablespace name, hasindexes boolean, \
     hasrules boolean, hastriggers boolean, rowsecurity boolean";
const VIEWS_COLUMNS: &str = "schemaname name, viewname name, viewowner name, definition text";
const MATERIALIZED_VIEWS_COLUMNS: &str = "schemaname name, matviewname name, matviewowner name, tablespace name, \
     hasindexes boolean, ispopulated boolean, definition text";
const DEFAULTS_COLUMNS: &str = "oid oid, adrelid oid, adnum smallint, adbin text";
const STATISTICS_COLUMNS: &str = "relid oid, schemaname name, relname name, seq_scan bigint, seq_tup_read bigint, \
     idx_scan bigint, idx_tup_fetch bigint, n_tup_ins bigint, n_tup_upd bigint, n_tup_del bigint, n_tup_hot_upd bigint, \
     n_live_tup bigint, n_dead_tup bigint, n_mod_since_analyze bigint, n_ins_since_vacuum bigint, \
     last_vacuum timestamp with time zone, last_autovacuum timestamp with time zone, \
     last_analyze timestamp with time zone, last_autoanalyze timestamp with time zone, vacuum_count bigint, \
     autovacuum_count bigint, analyze_count bigint, autoanalyze_count bigint";
const INFORMATION_COLUMNS: &str = "table_catalog name, table_schema name, table_name name, \
     view_definition character varying, check_option character varying, is_updatable character varying, \
     is_insertable_into character varying, is_trigger_updatable character varying, \
     is_trigger_deletable character varying, is_trigger_insertable_into character varying";
const CATALOG_NAME_COLUMNS: &str = "catalog_name name";

pub(super) const TABLES: &[&SystemTable] = &[
    &SystemTable {
        schema: PG_CATALOG,
        name: "pg_tables",
        oid: 12_221,
        columns: || columns_of(TABLES_COLUMNS),
        rows: tables,
    },
    &SystemTable {
        schema: PG_CATALOG,
        name: "pg_views",
        oid: 12_225,
        columns: || columns_of(VIEWS_COLUMNS),
        rows: views,
    },
    &SystemTable {
        schema: PG_CATALOG,
        name: "pg_matviews",
        oid: 12_207,
        columns: || columns_of(MATERIALIZED_VIEWS_COLUMNS),
        rows: materialized_views,
    },
    &SystemTable {
        schema: PG_CATALOG,
        name: "pg_attrdef",
        oid: 2604,
        columns: || columns_of(DEFAULTS_COLUMNS),
        rows: defaults,
    },
    &SystemTable {
        schema: PG_CATALOG,
        name: "pg_stat_user_tables",
        oid: 12_218,
        columns: || columns_of(STATISTICS_COLUMNS),
        rows: statistics,
    },
    &SystemTable {
        schema: INFORMATION_SCHEMA,
        name: "views",
        oid: 13_226,
        columns: || columns_of(INFORMATION_COLUMNS),
        rows: information_views,
    },
    &SystemTable {
        schema: INFORMATION_SCHEMA,
        name: "information_schema_catalog_name",
        oid: 13_212,
        columns: || columns_of(CATALOG_NAME_COLUMNS),
        rows: |context| {
            let mut rows = Rows::new(columns_of(CATALOG_NAME_COLUMNS));
            rows.push([text(&context.statement.database)]);
            rows.finish()
        },
    },
];

fn tables(context: &SystemContext<'_>) -> Result<Vec<ArrayRef>> {
    let mut rows = Rows::new(columns_of(TABLES_COLUMNS));
    for relation in context.catalog.relations() {
        if relation.kind_letter() == 'r' {
            rows.push([
                text(relation.schema()),
                text(relation.name()),
                text(&context.statement.user),
                Literal::Null,
                flag(false),
                flag(false),
                flag(false),
                flag(false),
            ]);
        }
    }
    rows.finish()
}

/// The views of users, those that are materialized or the others.
fn views_of_users<'c>(
    context: &'c SystemContext<'_>,
    are_materialized: bool,
) -> impl Iterator<Item = (&'c Relation, &'c ViewDefinition)> {
    context
        .catalog
        .user_relations()
        .filter_map(move |relation| match &relation.body {
            Body::View(view) if view.materialized.is_some() == are_materialized => Some((&**relation, view)),
            _ => None,
        })
}

fn views(context: &SystemContext<'_>) -> Result<Vec<ArrayRef>> {
    let mut rows = Rows::new(columns_of(VIEWS_COLUMNS));
    for (relation, view) in views_of_users(context, false) {
        rows.push([
            text(relation.schema()),
            text(relation.name()),
            text(&context.statement.user),
            text(view.shown_query(context.catalog)),
        ]);
    }
    rows.finish()
}

/// Their rows are those of now from the first moment on.
fn materialized_views(context: &SystemContext<'_>) -> Result<Vec<ArrayRef>> {
    let mut rows = Rows::new(columns_of(MATERIALIZED_VIEWS_COLUMNS));
    for (relation, view) in views_of_users(context, true) {
        rows.push([
            text(relation.schema()),
            text(relation.name()),
            text(&context.statement.user),
            Literal::Null,
            flag(false),
            flag(true),
            text(view.shown_query(context.catalog)),
        ]);
    }
    rows.finish()
}

/// A default's number is made of its table's and its column's; clients only join by it.
fn defaults(context: &SystemContext<'_>) -> Result<Vec<ArrayRef>> {
    let mut rows = Rows::new(columns_of(DEFAULTS_COLUMNS));
    for relation in context.catalog.user_relations() {
        for (place, column) in relation.info.columns.iter().enumerate() {
            if let Some(default) = shown_default(column) {
                let oid = (u64::from(relation.id().0) << 12) + place as u64;
                rows.push([
                    number(oid & u64::from(u32::MAX)),
                    number(relation.id().0),
                    number(place + 1),
                    text(default),
                ]);
            }
        }
    }
    rows.finish()
}

fn statistics(context: &SystemContext<'_>) -> Result<Vec<ArrayRef>> {
    let mut rows = Rows::new(columns_of(STATISTICS_COLUMNS));
    let null = || Literal::Null;
    let zero = || number(0);
    for relation in context.catalog.user_relations() {
        let Some(table) = context.snapshot.table(storage_id(relation.id())) else {
            continue;
        };
        if relation.stored().is_none() {
            continue;
        }
        rows.push([
            number(relation.id().0),
            text(relation.schema()),
            text(relation.name()),
            number(context.scans.of(relation.id())),
            null(),
            null(),
            null(),
            null(),
            null(),
            null(),
            zero(),
            number(table.row_count()),
            zero(),
            zero(),
            zero(),
            null(),
            null(),
            null(),
            null(),
            zero(),
            zero(),
            zero(),
            zero(),
        ]);
    }
    rows.finish()
}

fn information_views(context: &SystemContext<'_>) -> Result<Vec<ArrayRef>> {
    let mut rows = Rows::new(columns_of(INFORMATION_COLUMNS));
    let no = || text("NO");
    for (relation, view) in views_of_users(context, false) {
        rows.push([
            text(&context.statement.database),
            text(relation.schema()),
            text(relation.name()),
            text(view.shown_query(context.catalog)),
            text("NONE"),
            no(),
            no(),
            no(),
            no(),
            no(),
        ]);
    }
    rows.finish()
}
