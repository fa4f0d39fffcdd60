//! Constraints of tables: `pg_constraint`, and the constraints of `information_schema`. A key and its index have one number.

use super::{Rows, SystemContext, SystemTable, columns_of, flag, number, text};
use crate::catalog::CatalogState;
use crate::catalog::names::quote_name;
use crate::catalog::persist::{Constraint, Rule};
use crate::catalog::relation::Relation;
use crate::catalog::state::{INFORMATION_SCHEMA, PG_CATALOG};
use crate::error::Result;
use crate::types::Literal;
use arrow_array::ArrayRef;

const CONSTRAINT_COLUMNS: &str = "oid oid, conname name, connamespace oid, contype \"char\", condeferrable boolean, \
     condeferred boolean, convalidated boolean, conrelid oid, contypid oid, conindid oid, conparentid oid, confrelid oid, \
     confupdtype \"char\", confdeltype \"char\", confmatchtype \"char\", conislocal boolean, coninhcount integer, \
     connoinherit boolean, conkey smallint[], confkey smallint[], conpfeqop oid[], conppeqop oid[], conffeqop oid[], \
     confdelsetcols smallint[], conexclop oid[], conbin text";
const TABLE_COLUMNS: &str = "constraint_catalog name, constraint_schema name, constraint_name name, table_catalog name, \
     table_schema name, table_name name, constraint_type character varying, is_deferrable character varying, \
     initially_deferred character varying, enforced character varying, nulls_distinct character varying";
const KEY_COLUMNS: &str = "constraint_catalog name, constraint_schema name, constraint_name name, table_catalog name, \
     table_schema name, table_name name, column_name name, ordinal_position integer, position_in_unique_constraint integer";
const USAGE_COLUMNS: &str = "table_catalog name, table_schema name, table_name name, column_name name, \
     constraint_catalog name, constraint_schema name, constraint_name name";
const CHECK_COLUMNS: &str = "constraint_catalog name, constraint_schema name, constraint_name name, \
     check_clause character varying";

macro_rules! table {
    ($schema:expr, $name:literal, $oid:literal, $columns:ident, $rows:ident) => {
        &SystemTable {
            schema: $schema,
            name: $name,
            oid: $oid,
            columns: || columns_of($columns),
            rows: $rows,
        }
    };
}

pub(super) const TABLES: &[&SystemTable] = &[
    table!(PG_CATALOG, "pg_constraint", 2606, CONSTRAINT_COLUMNS, constraints),
    table!(
        INFORMATION_SCHEMA,
        "table_constraints",
        13_219,
        TABLE_COLUMNS,
        table_constraints
    ),
    table!(INFORMATION_SCHEMA, "key_column_usage", 13_213, KEY_COLUMNS, key_columns),
    table!(
        INFORMATION_SCHEMA,
        "constraint_column_usage",
        13_206,
        USAGE_COLUMNS,
        column_usage
    ),
    table!(
        INFORMATION_SCHEMA,
        "check_constraints",
        13_203,
        CHECK_COLUMNS,
        check_clauses
    ),
];

/// All constraints with their tables.
fn all(catalog: &CatalogState) -> impl Iterator<Item = (&Relation, &Constraint)> {
    catalog.user_relations().flat_map(|relation| {
        let constraints = relation.stored().map_or(&[][..], |table| &table.definition.constraints);
        constraints.iter().map(move |constraint| (&**relation, constraint))
    })
}

/// The places of columns in their table, from 1.
pub(super) fn key_numbers(table: &Relation, columns: &[u32]) -> Vec<usize> {
    let stored = table.stored().map_or(&[][..], |stored| &stored.schema.columns);
    let place = |id: &u32| stored.iter().position(|column| column.id.0 == *id);
    columns.iter().filter_map(place).map(|place| place + 1).collect()
}

/// The places of the columns that a condition names, from 1.
fn check_numbers(table: &Relation, condition: &str) -> Vec<usize> {
    let words: Vec<&str> = condition
        .split(|letter: char| !(letter.is_alphanumeric() || letter == '_'))
        .collect();
    let named = |name: &str| match quote_name(name) == name {
        true => words.iter().any(|word| word.eq_ignore_ascii_case(name)),
        false => condition.contains(&quote_name(name)),
    };
    let columns = (1..).zip(&table.info.columns);
    columns
        .filter(|(_, column)| !column.hidden && named(&column.name))
        .map(|(number, _)| number)
        .collect()
}

fn key_names<'t>(table: &'t Relation, columns: &[u32]) -> Vec<&'t str> {
    let columns = key_numbers(table, columns).into_iter();
    columns
        .filter_map(|number| table.info.columns.get(number - 1))
        .map(|column| column.name.as_str())
        .collect()
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| quote_name(name)).collect::<Vec<_>>().join(", ")
}

/// A constraint as `pg_get_constraintdef` gives it.
pub(crate) fn constraint_definition(catalog: &CatalogState, oid: u32) -> Option<String> {
    let (table, constraint) = all(catalog).find(|(_, constraint)| constraint.oid == oid)?;
    Some(match &constraint.rule {
        Rule::Key { columns, is_primary } => {
            let word = if *is_primary { "PRIMARY KEY" } else { "UNIQUE" };
            format!("{word} ({})", quoted(&key_names(table, columns)))
        }
        Rule::Check(condition) => format!("CHECK (({condition}))"),
    })
}

/// Numbers as an array.
pub(super) fn numbers(values: impl IntoIterator<Item = usize>) -> Literal {
    Literal::Array(values.into_iter().map(number).collect())
}

fn constraints(context: &SystemContext<'_>) -> Result<Vec<ArrayRef>> {
    let mut rows = Rows::new(columns_of(CONSTRAINT_COLUMNS));
    for (table, constraint) in all(context.catalog) {
        let (kind, key, index, condition) = match &constraint.rule {
            Rule::Key { columns, is_primary } => {
                let kind = if *is_primary { 'p' } else { 'u' };
                (
                    kind,
                    numbers(key_numbers(table, columns)),
                    constraint.oid,
                    Literal::Null,
                )
            }
            Rule::Check(condition) => ('c', numbers(check_numbers(table, condition)), 0, text(condition)),
        };
        rows.push([
            number(constraint.oid),
            text(&constraint.name),
            number(context.catalog.schema_oid(table.schema()).unwrap_or(0)),
            text(kind),
            flag(false),
            flag(false),
            flag(true),
            number(table.id().0),
            number(0),
            number(index),
            number(0),
            number(0),
            text(" "),
            text(" "),
            text(" "),
            flag(true),
            number(0),
            flag(kind != 'c'),
            key,
            Literal::Null,
            Literal::Null,
            Literal::Null,
            Literal::Null,
            Literal::Null,
            Literal::Null,
            condition,
        ]);
    }
    rows.finish()
}

/// Catalog, schema and name of a constraint, and of its table.
fn names(context: &SystemContext<'_>, table: &Relation, constraint: &Constraint) -> ([Literal; 3], [Literal; 3]) {
    let database = || text(&context.statement.database);
    let of_constraint = [database(), text(table.schema()), text(&constraint.name)];
    (of_constraint, [database(), text(table.schema()), text(table.name())])
}

fn table_constraints(context: &SystemContext<'_>) -> Result<Vec<ArrayRef>> {
    let mut rows = Rows::new(columns_of(TABLE_COLUMNS));
    for (table, constraint) in all(context.catalog) {
        let ([a, b, c], [d, e, f]) = names(context, table, constraint);
        let (word, nulls_distinct) = match &constraint.rule {
            Rule::Key { is_primary: true, .. } => ("PRIMARY KEY", Literal::Null),
            Rule::Key { .. } => ("UNIQUE", text("YES")),
            Rule::Check(_) => ("CHECK", Literal::Null),
        };
        let (no, yes) = (text("NO"), text("YES"));
        rows.push([a, b, c, d, e, f, text(word), no.clone(), no, yes, nulls_distinct]);
    }
    rows.finish()
}

fn key_columns(context: &SystemContext<'_>) -> Result<Vec<ArrayRef>> {
    let mut rows = Rows::new(columns_of(KEY_COLUMNS));
    for (table, constraint) in all(context.catalog) {
        let Rule::Key { columns, .. } = &constraint.rule else {
            continue;
        };
        for (position, name) in (1_i32..).zip(key_names(table, columns)) {
            let ([a, b, c], [d, e, f]) = names(context, table, constraint);
            rows.push([a, b, c, d, e, f, text(name), number(position), Literal::Null]);
        }
    }
    rows.finish()
}

fn column_usage(context: &SystemContext<'_>) -> Result<Vec<ArrayRef>> {
    let mut rows = Rows::new(columns_of(USAGE_COLUMNS));
    for (table, constraint) in all(context.catalog) {
        let Rule::Key { columns, .. } = &constraint.rule else {
            continue;
        };
        for name in key_names(table, columns) {
            let ([a, b, c], [d, e, f]) = names(context, table, constraint);
            rows.push([d, e, f, text(name), a, b, c]);
        }
    }
    rows.finish()
}

fn check_clauses(context: &SystemContext<'_>) -> Result<Vec<ArrayRef>> {
    let mut rows = Rows::new(columns_of(CHECK_COLUMNS));
    for (table, constraint) in all(context.catalog) {
        if let Rule::Check(condition) = &constraint.rule {
            let ([a, b, c], _) = names(context, table, constraint);
            rows.push([a, b, c, text(format!("(({condition}))"))]);
        }
    }
    rows.finish()
}
