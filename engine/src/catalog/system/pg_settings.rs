//! `pg_settings` and `stoa.settings`: every setting with its value and what it is for.

use super::{Rows, SystemContext, SystemTable, flag, text, text_or_null};
use crate::catalog::state::{PG_CATALOG, STOA};
use crate::error::Result;
use crate::settings::{DEFINITIONS, Definition, Kind};
use crate::types::{Literal, LogicalType};
use arrow_array::ArrayRef;

pub(super) const TABLES: &[&SystemTable] = &[
    &SystemTable {
        schema: PG_CATALOG,
        name: "pg_settings",
        oid: 12_151,
        columns,
        rows,
    },
    &SystemTable {
        schema: STOA,
        name: "settings",
        oid: 12_505,
        columns: stoa_columns,
        rows: stoa_rows,
    },
];

fn columns() -> Vec<(&'static str, LogicalType)> {
    use LogicalType::{Boolean, Integer, Text};
    vec![
        ("name", Text),
        ("setting", Text),
        ("unit", Text),
        ("category", Text),
        ("short_desc", Text),
        ("extra_desc", Text),
        ("context", Text),
        ("vartype", Text),
        ("source", Text),
        ("min_val", Text),
        ("max_val", Text),
        ("enumvals", LogicalType::Array(Box::new(Text))),
        ("boot_val", Text),
        ("reset_val", Text),
        ("sourcefile", Text),
        ("sourceline", Integer),
        ("pending_restart", Boolean),
    ]
}

/// The family of a setting, its type's name, and its range.
fn kind_of(definition: &Definition) -> (&'static str, Option<String>, Option<String>) {
    match definition.kind {
        Kind::Boolean => ("bool", None, None),
        Kind::Integer { minimum, maximum } => ("integer", Some(minimum.to_string()), Some(maximum.to_string())),
        Kind::Duration { maximum_ms } => ("integer", Some("0".into()), Some(maximum_ms.to_string())),
        Kind::Size { maximum_bytes } => ("integer", Some("0".into()), Some(maximum_bytes.to_string())),
        Kind::Choice(["on"] | ["off"]) => ("bool", None, None),
        Kind::Choice(_) => ("enum", None, None),
        _ => ("string", None, None),
    }
}

fn rows(context: &SystemContext<'_>) -> Result<Vec<ArrayRef>> {
    let mut rows = Rows::new(columns());
    for definition in DEFINITIONS {
        let value = context.settings.value(definition);
        let (kind, minimum, maximum) = kind_of(definition);
        let category = match definition.name.starts_with("stoa.") {
            true => "Stoa",
            false => "Client Connection Defaults",
        };
        let choices = match definition.kind {
            Kind::Choice(choices) if choices.len() > 1 => {
                Literal::Array(choices.iter().map(|choice| text(*choice)).collect())
            }
            _ => Literal::Null,
        };
        rows.push([
            text(definition.name),
            text(value),
            Literal::Null,
            text(category),
            text(definition.sentence),
            Literal::Null,
            text(if definition.is_fixed { "internal" } else { "user" }),
            text(kind),
            text(if value == definition.default {
                "default"
            } else {
                "session"
            }),
            text_or_null(minimum),
            text_or_null(maximum),
            choices,
            text(definition.default),
            text(definition.default),
            Literal::Null,
            Literal::Null,
            flag(false),
        ]);
    }
    rows.finish()
}

fn stoa_columns() -> Vec<(&'static str, LogicalType)> {
    use LogicalType::{Boolean, Text};
    vec![
        ("name", Text),
        ("value", Text),
        ("default_value", Text),
        ("is_fixed", Boolean),
        ("description", Text),
    ]
}

fn stoa_rows(context: &SystemContext<'_>) -> Result<Vec<ArrayRef>> {
    let mut rows = Rows::new(stoa_columns());
    for definition in DEFINITIONS {
        rows.push([
            text(definition.name),
            text(context.settings.value(definition)),
            text(definition.default),
            flag(definition.is_fixed),
            text(definition.sentence),
        ]);
    }
    rows.finish()
}
