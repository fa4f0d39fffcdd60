//! Sequences: `pg_sequence`, `pg_sequences`, `information_schema.sequences`, and in `pg_depend` the columns they belong to.

use super::{Rows, SystemContext, SystemTable, columns_of, flag, number, text};
use crate::catalog::relation::Relation;
use crate::catalog::sequence::SequenceDefinition;
use crate::catalog::state::{INFORMATION_SCHEMA, PG_CATALOG};
use crate::catalog::type_oid::type_oid;
use crate::error::Result;
use crate::types::Literal;
use arrow_array::ArrayRef;
use stoa_sql::catalog::TableId;
use stoa_sql::types::LogicalType;

const SEQUENCE_COLUMNS: &str = "seqrelid oid, seqtypid oid, seqstart bigint, seqincrement bigint, seqmax bigint, seqmin bigint, \
     seqcache bigint, seqcycle boolean";
const SEQUENCES_COLUMNS: &str = "schemaname name, sequencename name, sequenceowner name, data_type regtype, start_value bigint, \
     min_value bigint, max_value bigint, increment_by bigint, cycle boolean, cache_size bigint, last_value bigint";
const INFORMATION_COLUMNS: &str = "sequence_catalog name, sequence_schema name, sequence_name name, \
     data_type character varying, numeric_precision integer, numeric_precision_radix integer, numeric_scale integer, \
     start_value character varying, minimum_value character varying, maximum_value character varying, \
     increment character varying, cycle_option character varying";
const DEPENDENCY_COLUMNS: &str = "classid oid, objid oid, objsubid integer, refclassid oid, refobjid oid, \
     refobjsubid integer, deptype \"char\"";
/// The number of `pg_class`.
const CLASS_OID: u32 = 1259;

pub(super) const TABLES: &[&SystemTable] = &[
    &SystemTable {
        schema: PG_CATALOG,
        name: "pg_sequence",
        oid: 2224,
        columns: || columns_of(SEQUENCE_COLUMNS),
        rows: sequence,
    },
    &SystemTable {
        schema: PG_CATALOG,
        name: "pg_sequences",
        oid: 12_214,
        columns: || columns_of(SEQUENCES_COLUMNS),
        rows: sequences,
    },
    &SystemTable {
        schema: INFORMATION_SCHEMA,
        name: "sequences",
        oid: 13_218,
        columns: || columns_of(INFORMATION_COLUMNS),
        rows: information,
    },
    &SystemTable {
        schema: PG_CATALOG,
        name: "pg_depend",
        oid: 2608,
        columns: || columns_of(DEPENDENCY_COLUMNS),
        rows: dependencies,
    },
];

fn all<'c>(context: &'c SystemContext<'_>) -> impl Iterator<Item = (&'c Relation, &'c SequenceDefinition)> {
    let relations = context.catalog.user_relations();
    relations.filter_map(|relation| relation.sequence().map(|sequence| (&**relation, sequence)))
}

fn integer(value: i64) -> Literal {
    Literal::Integer(value)
}

fn sequence(context: &SystemContext<'_>) -> Result<Vec<ArrayRef>> {
    let mut rows = Rows::new(columns_of(SEQUENCE_COLUMNS));
    for (_, sequence) in all(context) {
        rows.push([
            number(sequence.oid),
            number(type_oid(&sequence.data_type)),
            integer(sequence.start),
            integer(sequence.increment),
            integer(sequence.maximum),
            integer(sequence.minimum),
            integer(sequence.cache),
            flag(sequence.cycles),
        ]);
    }
    rows.finish()
}

fn sequences(context: &SystemContext<'_>) -> Result<Vec<ArrayRef>> {
    let mut rows = Rows::new(columns_of(SEQUENCES_COLUMNS));
    for (relation, sequence) in all(context) {
        let position = context.sequences.position(sequence)?;
        rows.push([
            text(relation.schema()),
            text(relation.name()),
            text(&context.statement.user),
            number(type_oid(&sequence.data_type)),
            integer(sequence.start),
            integer(sequence.minimum),
            integer(sequence.maximum),
            integer(sequence.increment),
            flag(sequence.cycles),
            integer(sequence.cache),
            match position.is_called {
                true => integer(position.last),
                false => Literal::Null,
            },
        ]);
    }
    rows.finish()
}

fn information(context: &SystemContext<'_>) -> Result<Vec<ArrayRef>> {
    let mut rows = Rows::new(columns_of(INFORMATION_COLUMNS));
    for (relation, sequence) in all(context) {
        // As Postgres has it, sequences of identity columns are not listed; they belong to their tables.
        let bits = match sequence.data_type {
            LogicalType::SmallInt => 16,
            LogicalType::Integer => 32,
            _ => 64,
        };
        if is_of_identity(context, sequence) {
            continue;
        }
        rows.push([
            text(&context.statement.database),
            text(relation.schema()),
            text(relation.name()),
            text(sequence.data_type.to_string()),
            number(bits),
            number(2),
            number(0),
            text(sequence.start.to_string()),
            text(sequence.minimum.to_string()),
            text(sequence.maximum.to_string()),
            text(sequence.increment.to_string()),
            text(if sequence.cycles { "YES" } else { "NO" }),
        ]);
    }
    rows.finish()
}

/// The owner's place among the columns of its table, from 0.
fn owner_place(context: &SystemContext<'_>, sequence: &SequenceDefinition) -> Option<usize> {
    let owner = sequence.owner?;
    let table = context.catalog.by_id(TableId(owner.table))?;
    let mut columns = table.stored()?.schema.columns.iter();
    columns.position(|column| column.id.0 == owner.column)
}

fn is_of_identity(context: &SystemContext<'_>, sequence: &SequenceDefinition) -> bool {
    let is_identity = || {
        let place = owner_place(context, sequence)?;
        let table = context.catalog.by_id(TableId(sequence.owner?.table))?;
        table.info.columns.get(place)?.identity
    };
    is_identity().is_some()
}

fn dependencies(context: &SystemContext<'_>) -> Result<Vec<ArrayRef>> {
    let mut rows = Rows::new(columns_of(DEPENDENCY_COLUMNS));
    for (_, sequence) in all(context) {
        let (Some(owner), Some(place)) = (sequence.owner, owner_place(context, sequence)) else {
            continue;
        };
        rows.push([
            number(CLASS_OID),
            number(sequence.oid),
            number(0),
            number(CLASS_OID),
            number(owner.table),
            number(place + 1),
            text(if is_of_identity(context, sequence) { 'i' } else { 'a' }),
        ]);
    }
    rows.finish()
}
