//! `information_schema.tables`, `.columns`, `.schemata`: SQL's own view of what is there.

use super::{Rows, SystemContext, SystemTable, number, text, text_or_null};
use crate::catalog::relation::{Body, shown_default};
use crate::catalog::state::{INFORMATION_SCHEMA, PG_CATALOG};
use crate::catalog::temporary;
use crate::catalog::type_oid::entry_of;
use crate::error::Result;
use crate::types::{Literal, LogicalType};
use arrow_array::ArrayRef;
use stoa_sql::catalog::{ColumnInfo, Identity, TableId};

pub(super) const TABLES: &[&SystemTable] = &[
    &SystemTable {
        schema: INFORMATION_SCHEMA,
        name: "tables",
        oid: 13_101,
        columns: table_columns,
        rows: table_rows,
    },
    &SystemTable {
        schema: INFORMATION_SCHEMA,
        name: "columns",
        oid: 13_102,
        columns: column_columns,
        rows: column_rows,
    },
    &SystemTable {
        schema: INFORMATION_SCHEMA,
        name: "schemata",
        oid: 13_103,
        columns: schema_columns,
        rows: schema_rows,
    },
];

/// Whether a schema is that of another session's temporary tables.
fn is_of_others(context: &SystemContext<'_>, schema: &str) -> bool {
    temporary::is_temporary(schema) && !context.statement.search_path.iter().any(|own| own == schema)
}

fn yes_or_no(value: bool) -> Literal {
    text(if value { "YES" } else { "NO" })
}

fn table_columns() -> Vec<(&'static str, LogicalType)> {
    use LogicalType::{Name, Varchar};
    vec![
        ("table_catalog", Name),
        ("table_schema", Name),
        ("table_name", Name),
        ("table_type", Varchar(None)),
        ("self_referencing_column_name", Name),
        ("reference_generation", Varchar(None)),
        ("user_defined_type_catalog", Name),
        ("user_defined_type_schema", Name),
        ("user_defined_type_name", Name),
        ("is_insertable_into", Varchar(None)),
        ("is_typed", Varchar(None)),
        ("commit_action", Varchar(None)),
    ]
}

fn table_rows(context: &SystemContext<'_>) -> Result<Vec<ArrayRef>> {
    let mut rows = Rows::new(table_columns());
    for relation in context.catalog.relations() {
        // As Postgres has it, materialized views are no tables of the standard.
        let is_known = relation.sequence().is_none() && relation.kind_letter() != 'm';
        if !is_known || is_of_others(context, relation.schema()) {
            continue;
        }
        let is_table = matches!(relation.body, Body::Table(_));
        let kind = match relation.kind_letter() {
            'v' => "VIEW",
            _ if temporary::is_temporary(relation.schema()) => "LOCAL TEMPORARY",
            _ => "BASE TABLE",
        };
        rows.push([
            text(&context.statement.database),
            text(relation.schema()),
            text(relation.name()),
            text(kind),
            Literal::Null,
            Literal::Null,
            Literal::Null,
            Literal::Null,
            Literal::Null,
            yes_or_no(is_table),
            yes_or_no(false),
            Literal::Null,
        ]);
    }
    rows.finish()
}

fn column_columns() -> Vec<(&'static str, LogicalType)> {
    use LogicalType::{Integer, Name, Varchar};
    vec![
        ("table_catalog", Name),
        ("table_schema", Name),
        ("table_name", Name),
        ("column_name", Name),
        ("ordinal_position", Integer),
        ("column_default", Varchar(None)),
        ("is_nullable", Varchar(None)),
        ("data_type", Varchar(None)),
        ("character_maximum_length", Integer),
        ("character_octet_length", Integer),
        ("numeric_precision", Integer),
        ("numeric_precision_radix", Integer),
        ("numeric_scale", Integer),
        ("datetime_precision", Integer),
        ("interval_type", Varchar(None)),
        ("interval_precision", Integer),
        ("character_set_catalog", Name),
        ("character_set_schema", Name),
        ("character_set_name", Name),
        ("collation_catalog", Name),
        ("collation_schema", Name),
        ("collation_name", Name),
        ("domain_catalog", Name),
        ("domain_schema", Name),
        ("domain_name", Name),
        ("udt_catalog", Name),
        ("udt_schema", Name),
        ("udt_name", Name),
        ("scope_catalog", Name),
        ("scope_schema", Name),
        ("scope_name", Name),
        ("maximum_cardinality", Integer),
        ("dtd_identifier", Name),
        ("is_self_referencing", Varchar(None)),
        ("is_identity", Varchar(None)),
        ("identity_generation", Varchar(None)),
        ("identity_start", Varchar(None)),
        ("identity_increment", Varchar(None)),
        ("identity_maximum", Varchar(None)),
        ("identity_minimum", Varchar(None)),
        ("identity_cycle", Varchar(None)),
        ("is_generated", Varchar(None)),
        ("generation_expression", Varchar(None)),
        ("is_updatable", Varchar(None)),
    ]
}

/// Characters and bytes at most, of text types.
fn text_lengths(data_type: &LogicalType) -> [Literal; 2] {
    match data_type {
        LogicalType::Varchar(Some(length)) | LogicalType::Char(length) => {
            [number(*length), number(i64::from(*length) * 4)]
        }
        LogicalType::Text | LogicalType::Varchar(None) => [Literal::Null, number(1 << 30)],
        _ => [Literal::Null, Literal::Null],
    }
}

/// Precision, radix and scale of numbers.
fn number_shape(data_type: &LogicalType) -> [Literal; 3] {
    let shape = |precision: u8, radix: u8, scale: Option<u8>| {
        [number(precision), number(radix), scale.map_or(Literal::Null, number)]
    };
    match data_type {
        LogicalType::SmallInt => shape(16, 2, Some(0)),
        LogicalType::Integer => shape(32, 2, Some(0)),
        LogicalType::BigInt => shape(64, 2, Some(0)),
        LogicalType::Real => shape(24, 2, None),
        LogicalType::Double => shape(53, 2, None),
        numeric if *numeric == LogicalType::NUMERIC => [Literal::Null, number(10), Literal::Null],
        LogicalType::Numeric { precision, scale } => shape(*precision, 10, Some(*scale)),
        _ => [Literal::Null, Literal::Null, Literal::Null],
    }
}

/// Digits of a second's fraction.
fn time_precision(data_type: &LogicalType) -> Literal {
    match data_type {
        LogicalType::Date => number(0),
        LogicalType::Time | LogicalType::Timestamp | LogicalType::TimestampTz | LogicalType::Interval => number(6),
        _ => Literal::Null,
    }
}

/// The type without parameters, as SQL calls it.
fn type_word(data_type: &LogicalType) -> String {
    match data_type {
        LogicalType::Array(_) => "ARRAY".into(),
        LogicalType::Numeric { .. } => "numeric".into(),
        LogicalType::Varchar(_) => "character varying".into(),
        LogicalType::Char(_) => "character".into(),
        other => other.to_string(),
    }
}

/// How an identity column is generated, and how its sequence counts.
fn identity(context: &SystemContext<'_>, table: TableId, column: &ColumnInfo) -> [Literal; 6] {
    let sequence = context.catalog.sequence_of(table, &column.name);
    let (Some(kind), Some(relation)) = (column.identity, sequence) else {
        return [const { Literal::Null }; 6];
    };
    let Some(sequence) = relation.sequence() else {
        return [const { Literal::Null }; 6];
    };
    [
        text(match kind {
            Identity::Always => "ALWAYS",
            Identity::ByDefault => "BY DEFAULT",
        }),
        text(sequence.start.to_string()),
        text(sequence.increment.to_string()),
        text(sequence.maximum.to_string()),
        text(sequence.minimum.to_string()),
        yes_or_no(sequence.cycles),
    ]
}

fn column_rows(context: &SystemContext<'_>) -> Result<Vec<ArrayRef>> {
    let mut rows = Rows::new(column_columns());
    let null = || Literal::Null;
    let database = || text(&context.statement.database);
    for relation in context.catalog.relations() {
        if relation.sequence().is_some() || is_of_others(context, relation.schema()) {
            continue;
        }
        let is_table = matches!(relation.body, Body::Table(_));
        for (position, column) in relation.columns().enumerate() {
            let data_type = &column.data_type;
            let [characters, octets] = text_lengths(data_type);
            let [generation, start, increment, maximum, minimum, cycle] = identity(context, relation.id(), column);
            let [precision, radix, scale] = number_shape(data_type);
            let is_array = matches!(data_type, LogicalType::Array(_));
            let word = entry_of(data_type).map(|entry| match is_array {
                true => format!("_{}", entry.name),
                false => entry.name.to_owned(),
            });
            rows.push([
                database(),
                text(relation.schema()),
                text(relation.name()),
                text(&column.name),
                number(position + 1),
                text_or_null(shown_default(column)),
                yes_or_no(column.nullable),
                text(type_word(data_type)),
                characters,
                octets,
                precision,
                radix,
                scale,
                time_precision(data_type),
                null(),
                null(),
                null(),
                null(),
                null(),
                null(),
                null(),
                null(),
                null(),
                null(),
                null(),
                database(),
                text(PG_CATALOG),
                text_or_null(word),
                null(),
                null(),
                null(),
                null(),
                text((position + 1).to_string()),
                yes_or_no(false),
                yes_or_no(column.identity.is_some()),
                generation,
                start,
                increment,
                maximum,
                minimum,
                cycle,
                text("NEVER"),
                null(),
                yes_or_no(is_table),
            ]);
        }
    }
    rows.finish()
}

fn schema_columns() -> Vec<(&'static str, LogicalType)> {
    use LogicalType::{Name, Varchar};
    vec![
        ("catalog_name", Name),
        ("schema_name", Name),
        ("schema_owner", Name),
        ("default_character_set_catalog", Name),
        ("default_character_set_schema", Name),
        ("default_character_set_name", Name),
        ("sql_path", Varchar(None)),
    ]
}

fn schema_rows(context: &SystemContext<'_>) -> Result<Vec<ArrayRef>> {
    let mut rows = Rows::new(schema_columns());
    for (name, _) in context.catalog.schemas() {
        rows.push([
            text(&context.statement.database),
            text(name),
            text(&context.statement.user),
            Literal::Null,
            Literal::Null,
            Literal::Null,
            Literal::Null,
        ]);
    }
    rows.finish()
}
