//! `pg_description`: what COMMENT ON said of users' relations and their columns, and what the system's own types and functions are.

use super::pg_operator;
use super::stoa_functions::summary_of;
use super::{Rows, SystemContext, SystemTable, columns_of, number, text};
use crate::catalog::names::OVERLOADS;
use crate::catalog::state::PG_CATALOG;
use crate::catalog::type_functions::TYPE_FUNCTIONS;
use crate::error::Result;
use arrow_array::ArrayRef;
use std::collections::HashMap;
use std::sync::LazyLock;

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
    for (oid, class, description) in own() {
        rows.push([number(oid), number(class), number(0), text(description)]);
    }
    rows.finish()
}

/// What an own object of the system is, by the name of its table and its number.
pub(crate) fn own_description(catalog: &str, oid: i64) -> Option<&'static str> {
    static OWN: LazyLock<HashMap<(u32, i64), &'static str>> =
        LazyLock::new(|| own().map(|(oid, class, text)| ((class, oid), text)).collect());
    let class = super::find(PG_CATALOG, catalog)?.id().0;
    OWN.get(&(class, oid)).copied()
}

/// What the system's own types, functions, operators and access methods are: number, class, sentence.
fn own() -> impl Iterator<Item = (i64, u32, &'static str)> {
    const TYPE_CLASS: u32 = 1247;
    const FUNCTION_CLASS: u32 = 1255;
    const OPERATOR_CLASS: u32 = 2617;
    let types = TYPE_FUNCTIONS
        .iter()
        .map(|entry| (i64::from(entry.oid), TYPE_CLASS, entry.description));
    let functions = OVERLOADS.iter().filter_map(|overload| {
        let summary = summary_of(overload.function.name)?;
        Some((overload.oid, FUNCTION_CLASS, summary))
    });
    let operators = pg_operator::descriptions().map(|(oid, text)| (oid, OPERATOR_CLASS, text));
    let methods = [
        (2, 2601, "heap table access method"),
        (403, 2601, "b-tree index access method"),
    ];
    types.chain(functions).chain(operators).chain(methods)
}
