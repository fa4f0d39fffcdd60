//! Indexes: `pg_index`, `pg_indexes`. Those that Postgres has behind keys, and those of CREATE INDEX. There are no entries behind any of
//! them; what is shown is what was said.

use super::pg_constraint::{key_numbers, numbers};
use super::{Rows, SystemContext, SystemTable, columns_of, flag, number, text};
use crate::catalog::CatalogState;
use crate::catalog::names::quote_name;
use crate::catalog::persist::{Constraint, Index, IndexColumn, Rule};
use crate::catalog::relation::Relation;
use crate::catalog::state::PG_CATALOG;
use crate::error::Result;
use crate::types::Literal;
use arrow_array::ArrayRef;
use stoa_sql::catalog::ColumnInfo;

const INDEX_COLUMNS: &str = "indexrelid oid, indrelid oid, indnatts smallint, indnkeyatts smallint, indisunique boolean, \
     indnullsnotdistinct boolean, indisprimary boolean, indisexclusion boolean, indimmediate boolean, \
     indisclustered boolean, indisvalid boolean, indcheckxmin boolean, indisready boolean, indislive boolean, \
     indisreplident boolean, indkey int2vector, indcollation oidvector, indclass oidvector, indoption int2vector, indexprs text, \
     indpred text";
const INDEXES_COLUMNS: &str = "schemaname name, tablename name, indexname name, tablespace name, indexdef text";

pub(super) const TABLES: &[&SystemTable] = &[
    &SystemTable {
        schema: PG_CATALOG,
        name: "pg_index",
        oid: 2610,
        columns: || columns_of(INDEX_COLUMNS),
        rows: indexes,
    },
    &SystemTable {
        schema: PG_CATALOG,
        name: "pg_indexes",
        oid: 12_205,
        columns: || columns_of(INDEXES_COLUMNS),
        rows: index_definitions,
    },
];

/// What the indexes of keys are said to be.
const KEY_METHOD: &str = "btree";

/// An index in the eyes of the catalog.
pub(crate) struct TableIndex<'c> {
    /// Its number; a key's is that of its constraint.
    pub(crate) oid: u32,
    /// Its name.
    pub(crate) name: &'c str,
    /// Its table.
    pub(crate) table: &'c Relation,
    /// Its access method.
    pub(crate) method: &'c str,
    /// It is the one behind a constraint.
    pub(crate) is_of_constraint: bool,
    is_unique: bool,
    is_primary: bool,
    columns: Vec<IndexColumn>,
}

impl<'c> TableIndex<'c> {
    fn of_key(table: &'c Relation, constraint: &'c Constraint) -> Option<Self> {
        let Rule::Key { columns, is_primary } = &constraint.rule else {
            return None;
        };
        let columns = columns.iter().map(|id| IndexColumn {
            id: *id,
            is_descending: false,
            has_nulls_first: false,
        });
        Some(TableIndex {
            oid: constraint.oid,
            name: &constraint.name,
            table,
            method: KEY_METHOD,
            is_of_constraint: true,
            is_unique: true,
            is_primary: *is_primary,
            columns: columns.collect(),
        })
    }

    fn of_definition(table: &'c Relation, index: &'c Index) -> Self {
        TableIndex {
            oid: index.oid,
            name: &index.name,
            table,
            method: &index.method,
            is_of_constraint: false,
            is_unique: index.is_unique,
            is_primary: false,
            columns: index.columns.clone(),
        }
    }

    /// How many columns it has.
    pub(crate) fn column_count(&self) -> usize {
        self.columns.len()
    }

    /// Its columns' places in the table, from 1.
    fn numbers(&self) -> Vec<usize> {
        let ids: Vec<u32> = self.columns.iter().map(|column| column.id).collect();
        key_numbers(self.table, &ids)
    }

    /// Its columns as the table has them.
    fn column_infos(&self) -> impl Iterator<Item = &'c ColumnInfo> {
        let columns = &self.table.info.columns;
        self.numbers().into_iter().filter_map(|number| columns.get(number - 1))
    }

    /// As SQL would make it.
    fn definition(&self) -> String {
        let columns = self.column_infos().zip(&self.columns);
        let columns: Vec<String> = columns
            .map(|(info, column)| format!("{}{}", quote_name(&info.name), order_words(column)))
            .collect();
        format!(
            "CREATE {}INDEX {} ON {}.{} USING {} ({})",
            if self.is_unique { "UNIQUE " } else { "" },
            quote_name(self.name),
            quote_name(self.table.schema()),
            quote_name(self.table.name()),
            self.method,
            columns.join(", ")
        )
    }
}

fn order_words(column: &IndexColumn) -> &'static str {
    match (column.is_descending, column.has_nulls_first) {
        (false, false) => "",
        (false, true) => " NULLS FIRST",
        (true, true) => " DESC",
        (true, false) => " DESC NULLS LAST",
    }
}

/// All indexes.
pub(crate) fn all_indexes(catalog: &CatalogState) -> impl Iterator<Item = TableIndex<'_>> {
    catalog.user_relations().flat_map(|relation| {
        let stored = relation.stored();
        let constraints = stored.map_or(&[][..], |table| &table.definition.constraints).iter();
        let indexes = stored.map_or(&[][..], |table| &table.definition.indexes).iter();
        let of_keys = constraints.filter_map(|constraint| TableIndex::of_key(relation, constraint));
        of_keys.chain(indexes.map(|index| TableIndex::of_definition(relation, index)))
    })
}

/// The index of a schema and name.
pub(crate) fn index_named<'c>(catalog: &'c CatalogState, schema: &str, name: &str) -> Option<TableIndex<'c>> {
    all_indexes(catalog).find(|index| index.name == name && index.table.schema() == schema)
}

fn find(catalog: &CatalogState, oid: u32) -> Option<TableIndex<'_>> {
    all_indexes(catalog).find(|index| index.oid == oid)
}

/// An index as `pg_get_indexdef` gives it.
pub(crate) fn index_definition(catalog: &CatalogState, oid: u32) -> Option<String> {
    find(catalog, oid).map(|index| index.definition())
}

/// A column of an index, from 1, quoted as a name.
pub(crate) fn index_column(catalog: &CatalogState, oid: u32, column: usize) -> Option<String> {
    let index = find(catalog, oid)?;
    let info = index.column_infos().nth(column.checked_sub(1)?)?;
    Some(quote_name(&info.name))
}

/// The columns of all indexes: the index, and the columns of its table in order.
pub(super) fn index_columns(catalog: &CatalogState) -> impl Iterator<Item = (u32, Vec<&ColumnInfo>)> {
    all_indexes(catalog).map(|index| (index.oid, index.column_infos().collect()))
}

fn indexes(context: &SystemContext<'_>) -> Result<Vec<ArrayRef>> {
    let mut rows = Rows::new(columns_of(INDEX_COLUMNS));
    for index in all_indexes(context.catalog) {
        let count = index.column_count();
        let zeros = || numbers(std::iter::repeat_n(0, count));
        let option = |column: &IndexColumn| usize::from(column.is_descending) + 2 * usize::from(column.has_nulls_first);
        rows.push([
            number(index.oid),
            number(index.table.id().0),
            number(count),
            number(count),
            flag(index.is_unique),
            flag(false),
            flag(index.is_primary),
            flag(false),
            flag(true),
            flag(false),
            flag(true),
            flag(false),
            flag(true),
            flag(true),
            flag(false),
            numbers(index.numbers()),
            zeros(),
            zeros(),
            numbers(index.columns.iter().map(option)),
            Literal::Null,
            Literal::Null,
        ]);
    }
    rows.finish()
}

fn index_definitions(context: &SystemContext<'_>) -> Result<Vec<ArrayRef>> {
    let mut rows = Rows::new(columns_of(INDEXES_COLUMNS));
    for index in all_indexes(context.catalog) {
        rows.push([
            text(index.table.schema()),
            text(index.table.name()),
            text(index.name),
            Literal::Null,
            text(index.definition()),
        ]);
    }
    rows.finish()
}
