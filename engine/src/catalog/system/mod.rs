//! Tables of the system: computed from the catalog, the store and the running statements whenever a statement reads them. One file
//! per table or small family, one line each in [`ALL`].
//!
//! A table is a [`SystemTable`]: its number is Postgres's own where it is Postgres's table (`select oid from pg_class`), otherwise a
//! free one below 13,000 (`stoa`) or from 13,100 on (`information_schema`). A function that gives its rows builds them with
//! [`Rows`], whose values are [`Literal`]s of the columns' types in order.

mod empty;
mod information_schema;
mod pg_attribute;
mod pg_class;
pub(crate) mod pg_constraint;
mod pg_cursors;
mod pg_database;
pub(crate) mod pg_description;
pub(crate) mod pg_fixed;
pub(crate) mod pg_index;
mod pg_locks;
mod pg_namespace;
mod pg_operator;
pub(crate) mod pg_proc;
mod pg_relations;
mod pg_roles;
mod pg_sequence;
mod pg_settings;
mod pg_stats;
mod pg_timezone_names;
mod pg_type;
mod privileges;
mod stoa_activity;
mod stoa_functions;
mod stoa_storage_tables;

use super::names::type_named;
use super::relation::{Body, Relation};
use super::state::{CatalogState, INFORMATION_SCHEMA, PG_CATALOG};
use super::view::ListCursors;
use crate::activity::Activity;
use crate::connection::Sessions;
use crate::database::{AdvisoryLocks, ScanCounts, Sequences};
use crate::error::{Error, Result};
use crate::format::FormatSettings;
use crate::functions::StatementContext;
use crate::settings::Settings;
use crate::types::{Literal, LogicalType};
use arrow_array::ArrayRef;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};
use stoa_sql::catalog::{ColumnInfo, RelationInfo, RelationKind, TableId};
use stoa_storage::store::{Snapshot, Store};

/// A table of the system.
#[derive(Debug)]
pub(crate) struct SystemTable {
    /// Its schema.
    pub(crate) schema: &'static str,
    /// Its name.
    pub(crate) name: &'static str,
    /// Its number in `pg_class`.
    pub(crate) oid: u32,
    /// Names and types of its columns.
    pub(crate) columns: fn() -> Vec<(&'static str, LogicalType)>,
    /// One plain array per column ([`crate::types::array_type`]), all of one length.
    pub(crate) rows: fn(&SystemContext<'_>) -> Result<Vec<ArrayRef>>,
}

impl SystemTable {
    /// Whether Postgres has it as a view.
    pub(crate) fn is_view(&self) -> bool {
        // Views of Postgres's own got numbers from 12,000 on.
        self.schema == INFORMATION_SCHEMA || (self.schema == PG_CATALOG && self.oid >= 12_000)
    }
}

/// What rows are computed from.
pub(crate) struct SystemContext<'c> {
    /// The definitions the statement sees.
    pub(crate) catalog: &'c CatalogState,
    /// The rows it sees.
    pub(crate) snapshot: &'c Arc<dyn Snapshot>,
    /// The store.
    pub(crate) store: &'c dyn Store,
    /// The session's settings.
    pub(crate) settings: &'c Settings,
    /// How values look as text.
    pub(crate) format: &'c FormatSettings,
    /// Running and recent statements.
    pub(crate) activity: &'c Activity,
    /// Where sequences stand.
    pub(crate) sequences: &'c Sequences,
    /// Who is connected.
    pub(crate) sessions: &'c Sessions,
    /// What sessions take turns by.
    pub(crate) advisory_locks: &'c AdvisoryLocks,
    /// How often tables were scanned.
    pub(crate) scans: &'c ScanCounts,
    /// User, database, time.
    pub(crate) statement: &'c StatementContext,
    /// The cursors of the session.
    pub(crate) list_cursors: &'c ListCursors,
}

/// All system tables: the families' lists.
const ALL: &[&[&SystemTable]] = &[
    stoa_storage_tables::TABLES,
    stoa_activity::TABLES,
    stoa_functions::TABLES,
    pg_namespace::TABLES,
    pg_class::TABLES,
    pg_constraint::TABLES,
    pg_attribute::TABLES,
    pg_type::TABLES,
    pg_database::TABLES,
    pg_description::TABLES,
    pg_settings::TABLES,
    pg_cursors::TABLES,
    pg_locks::TABLES,
    pg_operator::TABLES,
    pg_proc::TABLES,
    pg_relations::TABLES,
    pg_roles::TABLES,
    pg_sequence::TABLES,
    pg_stats::TABLES,
    pg_timezone_names::TABLES,
    pg_fixed::TABLES,
    pg_index::TABLES,
    information_schema::TABLES,
    privileges::TABLES,
    empty::TABLES,
];

struct Registry {
    relations: Vec<Arc<Relation>>,
    by_name: HashMap<(&'static str, &'static str), Arc<Relation>>,
    by_id: HashMap<TableId, Arc<Relation>>,
}

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| {
    let mut registry = Registry {
        relations: Vec::new(),
        by_name: HashMap::new(),
        by_id: HashMap::new(),
    };
    for table in ALL.iter().flat_map(|family| family.iter().copied()) {
        let relation = Arc::new(relation(table));
        registry.by_name.insert((table.schema, table.name), relation.clone());
        registry.by_id.insert(TableId(table.oid), relation.clone());
        registry.relations.push(relation);
    }
    registry
});

/// A hidden column of every system table: its own number, by which clients tell rows of several of them apart.
const TABLE_OID: &str = "tableoid";

impl SystemTable {
    /// All columns, the hidden one too.
    ///
    /// # Errors
    /// As [`SystemTable::rows`].
    pub(crate) fn all_columns(&self, context: &SystemContext<'_>) -> Result<Vec<ArrayRef>> {
        let mut columns = (self.rows)(context)?;
        let row_count = columns.first().map_or(0, |column| column.len());
        let own = arrow_array::Int64Array::from_value(i64::from(self.oid), row_count);
        columns.push(Arc::new(own));
        Ok(columns)
    }
}

fn relation(table: &'static SystemTable) -> Relation {
    let shown = (table.columns)().into_iter().map(|column| (column, false));
    let columns = shown.chain([((TABLE_OID, LogicalType::Oid), true)]);
    let columns = columns.map(|((name, data_type), hidden)| ColumnInfo {
        name: name.to_owned(),
        data_type,
        nullable: true,
        default: None,
        identity: None,
        hidden,
    });
    let info = RelationInfo {
        has_arrival: false,
        event_time: None,
        seals: Vec::new(),
        id: TableId(table.oid),
        schema: table.schema.to_owned(),
        name: table.name.to_owned(),
        kind: RelationKind::System,
        columns: columns.collect(),
        constraint_names: Vec::new(),
        keys: Vec::new(),
        versions: None,
    };
    Relation {
        info: Arc::new(info),
        body: Body::System(table),
    }
}

/// The system table of a schema and name.
pub(crate) fn find(schema: &str, name: &str) -> Option<Arc<Relation>> {
    REGISTRY.by_name.get(&(schema, name)).cloned()
}

/// The system table of a number.
pub(crate) fn by_id(id: TableId) -> Option<Arc<Relation>> {
    REGISTRY.by_id.get(&id).cloned()
}

/// All of them.
pub(crate) fn relations() -> impl Iterator<Item = &'static Arc<Relation>> {
    REGISTRY.relations.iter()
}

/// Columns written as `name type, ..`.
pub(crate) fn columns_of(text: &'static str) -> Vec<(&'static str, LogicalType)> {
    text.split(", ")
        .map(|column| {
            let (name, data_type) = column.trim().split_once(' ').unwrap_or((column, ""));
            let data_type = type_named(data_type.trim());
            debug_assert!(data_type.is_some(), "the type of {column}");
            (name, data_type.unwrap_or(LogicalType::Text))
        })
        .collect()
}

/// Rows in the making.
pub(crate) struct Rows {
    columns: Vec<(&'static str, LogicalType)>,
    values: Vec<Vec<Literal>>,
}

impl Rows {
    /// None yet, of these columns.
    pub(crate) fn new(columns: Vec<(&'static str, LogicalType)>) -> Self {
        let values = columns.iter().map(|_| Vec::new()).collect();
        Rows { columns, values }
    }

    /// Adds a row: a value per column, in order.
    pub(crate) fn push<const N: usize>(&mut self, row: [Literal; N]) {
        debug_assert_eq!(N, self.columns.len(), "a row has a value per column");
        for (column, value) in self.values.iter_mut().zip(row) {
            column.push(value);
        }
    }

    /// The columns' arrays.
    ///
    /// # Errors
    /// A value that is not of its column's type: a bug.
    pub(crate) fn finish(self) -> Result<Vec<ArrayRef>> {
        self.columns
            .iter()
            .zip(&self.values)
            .map(|((name, data_type), values)| {
                crate::types::array_of_all(values, data_type)
                    .map_err(|error| Error::Internal(format!("system column \"{name}\": {error}")))
            })
            .collect()
    }
}

/// A text, name or `"char"` value.
pub(crate) fn text(value: impl Into<String>) -> Literal {
    Literal::Text(value.into())
}

/// A text value, or NULL.
pub(crate) fn text_or_null(value: Option<impl Into<String>>) -> Literal {
    value.map_or(Literal::Null, text)
}

/// A number: `smallint` to `bigint`, `oid` and its kin.
pub(crate) fn number(value: impl TryInto<i64>) -> Literal {
    Literal::Integer(value.try_into().unwrap_or(i64::MAX))
}

/// A truth value.
pub(crate) fn flag(value: bool) -> Literal {
    Literal::Boolean(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_and_numbers_are_given_once() {
        let mut names = HashSet::new();
        let mut numbers = HashSet::new();
        for relation in relations() {
            assert!(
                names.insert((relation.schema(), relation.name())),
                "{}",
                relation.name()
            );
            assert!(numbers.insert(relation.id()), "{}", relation.name());
            assert!(relation.id().0 < super::super::relation::FIRST_TABLE_OID);
            let columns: HashSet<_> = relation.info.columns.iter().map(|column| &column.name).collect();
            assert_eq!(columns.len(), relation.info.columns.len(), "{}", relation.name());
        }
    }
}
