//! `pg_type`: types and the arrays of them.

use super::pg_attribute::collation_oid;
use super::pg_namespace::OWNER_OID;
use super::{Rows, SystemContext, SystemTable, flag, number, text};
use crate::catalog::state::PG_CATALOG;
use crate::catalog::type_functions::{ARRAY_FUNCTIONS, ARRAY_SUBSCRIPT_OID, of_type};
use crate::catalog::type_oid::{TYPES, TypeEntry, type_oid};
use crate::error::Result;
use crate::types::{Literal, LogicalType};
use arrow_array::ArrayRef;

pub(super) const TABLES: &[&SystemTable] = &[&SystemTable {
    schema: PG_CATALOG,
    name: "pg_type",
    oid: 1247,
    columns,
    rows,
}];

/// The number of `pg_catalog`.
const NAMESPACE_OID: u32 = 11;

fn columns() -> Vec<(&'static str, LogicalType)> {
    use LogicalType::{Boolean, Integer, Name, Oid, Regproc, SingleChar, SmallInt, Text};
    vec![
        ("oid", Oid),
        ("typname", Name),
        ("typnamespace", Oid),
        ("typowner", Oid),
        ("typlen", SmallInt),
        ("typbyval", Boolean),
        ("typtype", SingleChar),
        ("typcategory", SingleChar),
        ("typispreferred", Boolean),
        ("typisdefined", Boolean),
        ("typdelim", SingleChar),
        ("typrelid", Oid),
        ("typsubscript", Regproc),
        ("typelem", Oid),
        ("typarray", Oid),
        ("typinput", Regproc),
        ("typoutput", Regproc),
        ("typreceive", Regproc),
        ("typsend", Regproc),
        ("typmodin", Regproc),
        ("typmodout", Regproc),
        ("typanalyze", Regproc),
        ("typalign", SingleChar),
        ("typstorage", SingleChar),
        ("typnotnull", Boolean),
        ("typbasetype", Oid),
        ("typtypmod", Integer),
        ("typndims", Integer),
        ("typcollation", Oid),
        ("typdefaultbin", Text),
        ("typdefault", Text),
        ("typacl", LogicalType::Array(Box::new(Text))),
    ]
}

fn rows(_: &SystemContext<'_>) -> Result<Vec<ArrayRef>> {
    let mut rows = Rows::new(columns());
    for entry in &TYPES {
        add(&mut rows, entry, false);
        if entry.array_oid != 0 {
            add(&mut rows, entry, true);
        }
    }
    rows.finish()
}

fn add(rows: &mut Rows, entry: &TypeEntry, is_array: bool) {
    let zero = || number(0);
    let length = if is_array { -1 } else { entry.length };
    let is_pseudo = entry.category == 'P' || entry.category == 'X';
    let kind = if is_pseudo { "p" } else { "b" };
    let kind = if is_array && !is_pseudo { "b" } else { kind };
    let own = of_type(entry.oid);
    let [input, output, receive, send, mut modifier_input, mut modifier_output] = match is_array {
        true => ARRAY_FUNCTIONS,
        false => own.map_or([0; 6], |own| own.numbers),
    };
    if let (true, Some(own)) = (is_array, own) {
        [modifier_input, modifier_output] = [own.numbers[4], own.numbers[5]];
    }
    let element = match entry.data_type.element().filter(|_| !is_array) {
        Some(element) => type_oid(element),
        None if is_array => entry.oid,
        // A name can be taken apart into its characters.
        None if entry.data_type == LogicalType::Name => type_oid(&LogicalType::SingleChar),
        None => 0,
    };
    let subscript = match is_array {
        true => ARRAY_SUBSCRIPT_OID,
        false => own.map_or(0, |own| own.subscript),
    };
    let alignment = match own.map_or("i", |own| own.alignment) {
        "d" => "d",
        _ if is_array => "i",
        other => other,
    };
    let storage = match is_array {
        true => "x",
        false => own.map_or("p", |own| own.storage),
    };
    rows.push([
        number(if is_array { entry.array_oid } else { entry.oid }),
        text(if is_array {
            format!("_{}", entry.name)
        } else {
            entry.name.to_owned()
        }),
        number(NAMESPACE_OID),
        number(OWNER_OID),
        number(length),
        flag((1..=8).contains(&length)),
        text(kind),
        text(if is_array { 'A' } else { entry.category }),
        flag(entry.is_preferred && !is_array),
        flag(true),
        text(","),
        zero(),
        number(subscript),
        number(element),
        number(if is_array { 0 } else { entry.array_oid }),
        number(input),
        number(output),
        number(receive),
        number(send),
        number(modifier_input),
        number(modifier_output),
        zero(),
        text(alignment),
        text(storage),
        flag(false),
        zero(),
        number(-1),
        zero(),
        number(collation_oid(&entry.data_type)),
        Literal::Null,
        Literal::Null,
        Literal::Null,
    ]);
}
