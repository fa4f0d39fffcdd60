//! `pg_attribute`: columns of relations.

use super::pg_index::index_columns;
use super::{Rows, SystemContext, SystemTable, flag, number, text};
use crate::catalog::state::PG_CATALOG;
use crate::catalog::type_functions::of_type;
use crate::catalog::type_oid::{dimensions, type_length, type_modifier, type_oid};
use crate::error::Result;
use crate::types::{Literal, LogicalType};
use arrow_array::ArrayRef;
use stoa_sql::catalog::{ColumnInfo, Identity};

pub(super) const TABLES: &[&SystemTable] = &[&SystemTable {
    schema: PG_CATALOG,
    name: "pg_attribute",
    oid: 1249,
    columns,
    rows,
}];

fn columns() -> Vec<(&'static str, LogicalType)> {
    use LogicalType::{Boolean, Integer, Name, Oid, SingleChar, SmallInt, Text};
    let texts = LogicalType::Array(Box::new(Text));
    vec![
        ("attrelid", Oid),
        ("attname", Name),
        ("atttypid", Oid),
        ("attstattarget", Integer),
        ("attlen", SmallInt),
        ("attnum", SmallInt),
        ("attndims", Integer),
        ("attcacheoff", Integer),
        ("atttypmod", Integer),
        ("attbyval", Boolean),
        ("attalign", SingleChar),
        ("attstorage", SingleChar),
        ("attcompression", SingleChar),
        ("attnotnull", Boolean),
        ("atthasdef", Boolean),
        ("atthasmissing", Boolean),
        ("attidentity", SingleChar),
        ("attgenerated", SingleChar),
        ("attisdropped", Boolean),
        ("attislocal", Boolean),
        ("attinhcount", Integer),
        ("attcollation", Oid),
        ("attacl", texts.clone()),
        ("attoptions", texts.clone()),
        ("attfdwoptions", texts.clone()),
        ("attmissingval", texts),
    ]
}

/// How values of so many bytes are aligned.
pub(super) fn alignment(length: i16) -> &'static str {
    match length {
        1 | 64 => "c",
        2 => "s",
        8 | 16 => "d",
        _ => "i",
    }
}

/// The number of the collation of texts: `C`'s for names, the default one otherwise.
pub(super) fn collation_oid(data_type: &LogicalType) -> u32 {
    match data_type {
        LogicalType::Name => 950,
        LogicalType::Text | LogicalType::Varchar(_) | LogicalType::Char(_) => 100,
        LogicalType::Array(element) => collation_oid(element),
        _ => 0,
    }
}

fn rows(context: &SystemContext<'_>) -> Result<Vec<ArrayRef>> {
    let mut rows = Rows::new(columns());
    for relation in context.catalog.relations() {
        for (position, column) in relation.columns().enumerate() {
            rows.push(attribute(relation.id().0, position, column));
        }
    }
    for (index, columns) in index_columns(context.catalog) {
        for (position, column) in columns.into_iter().enumerate() {
            // A key's index has the names and the types, and nothing of what is said of the table's columns.
            let plain = ColumnInfo {
                default: None,
                identity: None,
                nullable: true,
                ..column.clone()
            };
            rows.push(attribute(index, position, &plain));
        }
    }
    rows.finish()
}

fn attribute(relation: u32, position: usize, column: &ColumnInfo) -> [Literal; 26] {
    let data_type = &column.data_type;
    let length = type_length(data_type);
    let functions = of_type(type_oid(data_type));
    let storage = functions.map_or(if length < 0 { "x" } else { "p" }, |functions| functions.storage);
    [
        number(relation),
        text(&column.name),
        number(type_oid(&column.data_type)),
        number(-1),
        number(length),
        number(position + 1),
        number(dimensions(&column.data_type)),
        number(-1),
        number(type_modifier(&column.data_type)),
        flag((1..=8).contains(&length)),
        text(functions.map_or_else(|| alignment(length), |functions| functions.alignment)),
        text(storage),
        text(""),
        flag(!column.nullable),
        flag(column.default.is_some() && column.identity.is_none()),
        flag(false),
        text(match column.identity {
            None => "",
            Some(Identity::Always) => "a",
            Some(Identity::ByDefault) => "d",
        }),
        text(""),
        flag(false),
        flag(true),
        number(0),
        number(collation_oid(&column.data_type)),
        Literal::Null,
        Literal::Null,
        Literal::Null,
        Literal::Null,
    ]
}
