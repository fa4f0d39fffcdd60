//! `pg_class`: relations.

use super::pg_fixed::INDEX_METHODS;
use super::pg_index::{TableIndex, all_indexes};
use super::pg_namespace::OWNER_OID;
use super::{Rows, SystemContext, SystemTable, flag, number, text};
use crate::catalog::persist::{Constraint, Rule};
use crate::catalog::relation::{Body, Relation, storage_id};
use crate::catalog::state::PG_CATALOG;
use crate::catalog::temporary::is_temporary;
use crate::error::Result;
use crate::types::{Literal, LogicalType};
use arrow_array::ArrayRef;

pub(super) const TABLES: &[&SystemTable] = &[&SystemTable {
    schema: PG_CATALOG,
    name: "pg_class",
    oid: 1259,
    columns,
    rows,
}];

/// The access method that tables are said to have: heap's number.
const ACCESS_METHOD_OID: u32 = 2;

fn columns() -> Vec<(&'static str, LogicalType)> {
    use LogicalType::{Boolean, Integer, Name, Oid, Real, SingleChar, SmallInt, Text};
    let texts = LogicalType::Array(Box::new(Text));
    vec![
        ("oid", Oid),
        ("relname", Name),
        ("relnamespace", Oid),
        ("reltype", Oid),
        ("reloftype", Oid),
        ("relowner", Oid),
        ("relam", Oid),
        ("relfilenode", Oid),
        ("reltablespace", Oid),
        ("relpages", Integer),
        ("reltuples", Real),
        ("relallvisible", Integer),
        ("reltoastrelid", Oid),
        ("relhasindex", Boolean),
        ("relisshared", Boolean),
        ("relpersistence", SingleChar),
        ("relkind", SingleChar),
        ("relnatts", SmallInt),
        ("relchecks", SmallInt),
        ("relhasrules", Boolean),
        ("relhastriggers", Boolean),
        ("relhassubclass", Boolean),
        ("relrowsecurity", Boolean),
        ("relforcerowsecurity", Boolean),
        ("relispopulated", Boolean),
        ("relreplident", SingleChar),
        ("relispartition", Boolean),
        ("relrewrite", Oid),
        ("relfrozenxid", Oid),
        ("relminmxid", Oid),
        ("relacl", texts.clone()),
        ("reloptions", texts),
        ("relpartbound", Text),
    ]
}

/// WITH's options as Postgres lists them, `name=value`.
fn options(relation: &Relation) -> Literal {
    let options = relation.stored().map_or(&[][..], |table| &table.definition.options);
    if options.is_empty() {
        return Literal::Null;
    }
    Literal::Array(
        options
            .iter()
            .map(|(name, value)| text(format!("{name}={value}")))
            .collect(),
    )
}

fn rows(context: &SystemContext<'_>) -> Result<Vec<ArrayRef>> {
    let mut rows = Rows::new(columns());
    let zero = || number(0);
    for relation in context.catalog.relations() {
        let table = match &relation.body {
            Body::Table(_) => context.snapshot.table(storage_id(relation.id())),
            _ => None,
        };
        let tuples = table.map_or(-1.0, |table| table.row_count() as f64);
        let kind = relation.kind_letter();
        let is_table = kind == 'r';
        let constraints = relation.stored().map_or(&[][..], |table| &table.definition.constraints);
        let is_check = |constraint: &&Constraint| matches!(constraint.rule, Rule::Check(_));
        let check_count = constraints.iter().filter(is_check).count();
        let has_indexes = relation
            .stored()
            .is_some_and(|table| !table.definition.indexes.is_empty());
        let has_indexes = has_indexes || constraints.len() > check_count;
        rows.push([
            number(relation.id().0),
            text(relation.name()),
            number(context.catalog.schema_oid(relation.schema()).unwrap_or(0)),
            zero(),
            zero(),
            number(OWNER_OID),
            number(if is_table { ACCESS_METHOD_OID } else { 0 }),
            number(if is_table { relation.id().0 } else { 0 }),
            zero(),
            // There are no pages: programs that read a table in ranges of them must not try.
            zero(),
            Literal::Float(if is_table { tuples } else { 0.0 }),
            zero(),
            zero(),
            flag(has_indexes),
            flag(false),
            text(if is_temporary(relation.schema()) { "t" } else { "p" }),
            text(kind),
            number(relation.columns().count()),
            number(check_count),
            flag(kind == 'v'),
            flag(false),
            flag(false),
            flag(false),
            flag(false),
            flag(true),
            text(if is_table { "d" } else { "n" }),
            flag(false),
            zero(),
            zero(),
            zero(),
            Literal::Null,
            options(&relation),
            Literal::Null,
        ]);
    }
    for index in all_indexes(context.catalog) {
        rows.push(index_row(context, &index));
    }
    rows.finish()
}

fn index_row(context: &SystemContext<'_>, index: &TableIndex<'_>) -> [Literal; 33] {
    let zero = || number(0);
    let method = INDEX_METHODS.iter().find(|(name, _)| *name == index.method);
    [
        number(index.oid),
        text(index.name),
        number(context.catalog.schema_oid(index.table.schema()).unwrap_or(0)),
        zero(),
        zero(),
        number(OWNER_OID),
        number(method.map_or(0, |(_, oid)| *oid)),
        number(index.oid),
        zero(),
        zero(),
        Literal::Float(0.0),
        zero(),
        zero(),
        flag(false),
        flag(false),
        text("p"),
        text('i'),
        number(index.column_count()),
        zero(),
        flag(false),
        flag(false),
        flag(false),
        flag(false),
        flag(false),
        flag(true),
        text("n"),
        flag(false),
        zero(),
        zero(),
        zero(),
        Literal::Null,
        Literal::Null,
        Literal::Null,
    ]
}
