//! CREATE INDEX of columns. Which name it gets, and what a unique one finds among the rows, is found out when the statement runs.

use super::name::{fold, simple, table_name};
use super::{Binder, not_supported};
use crate::catalog::{RelationInfo, RelationKind};
use crate::error::{Error, Result, SqlState};
use crate::limits::INDEX_COLUMNS_MAX;
use crate::plan::{CreateIndex, IndexedColumn};
use sqlparser::ast::{self, IndexType, OrderBySort};
use std::sync::Arc;

impl Binder<'_> {
    /// `CREATE [UNIQUE] INDEX [CONCURRENTLY] [IF NOT EXISTS] [name] ON table [USING method] (columns)`
    pub(super) fn bind_create_index(&mut self, create: &ast::CreateIndex) -> Result<CreateIndex> {
        refuse_clauses(create)?;
        let relation = self.indexed_table(&create.table_name)?;
        let method = method(create.using.as_ref())?;
        if create.columns.len() > INDEX_COLUMNS_MAX {
            return Err(Error::new(
                SqlState("54011"),
                format!("cannot use more than {INDEX_COLUMNS_MAX} columns in an index"),
            ));
        }
        let columns: Vec<IndexedColumn> = create
            .columns
            .iter()
            .map(|column| self.bind_indexed_column(column, &relation))
            .collect::<Result<_>>()?;
        check_method(method, create.unique, &columns)?;
        Ok(CreateIndex {
            name: create.name.as_ref().map(simple).transpose()?,
            table: relation.id,
            is_unique: create.unique,
            is_concurrent: create.concurrently,
            if_not_exists: create.if_not_exists,
            method,
            columns,
        })
    }

    fn indexed_table(&self, name: &ast::ObjectName) -> Result<Arc<RelationInfo>> {
        let relation = table_name(name).and_then(|table| self.relation(&table));
        let relation = relation.map_err(|error| error.at(self.span(name)))?;
        let what = match relation.kind {
            RelationKind::View { .. } => "views",
            RelationKind::Sequence => "sequences",
            RelationKind::Table | RelationKind::System => return self.stored_table(name),
        };
        Err(Error::new(
            SqlState::WRONG_OBJECT_TYPE,
            format!("cannot create index on relation \"{}\"", relation.name),
        )
        .with_detail(format!("This operation is not supported for {what}.")))
    }

    fn bind_indexed_column(&self, column: &ast::IndexColumn, relation: &RelationInfo) -> Result<IndexedColumn> {
        let ast::Expr::Identifier(name) = &column.column.expr else {
            return Err(not_supported("an index on an expression").at(self.span(&column.column.expr)));
        };
        let place = self.column_index_of(relation, &fold(name));
        let place = place.map_err(|error| error.at(self.span(name)))?;
        let options = &column.column.options;
        let is_descending = matches!(options.sort, Some(OrderBySort::Desc));
        Ok(IndexedColumn {
            place,
            is_descending,
            has_nulls_first: options.nulls_first.unwrap_or(is_descending),
        })
    }
}

/// What would change what a unique index demands, or what any index is about.
fn refuse_clauses(create: &ast::CreateIndex) -> Result<()> {
    let clauses = [
        (create.predicate.is_some(), "an index with WHERE"),
        (!create.include.is_empty(), "an index with INCLUDE"),
        (create.nulls_distinct == Some(false), "an index with NULLS NOT DISTINCT"),
        (
            create.r#async || !create.index_options.is_empty() || !create.alter_options.is_empty(),
            "an index with options of other databases",
        ),
    ];
    match clauses.into_iter().find(|(is_there, _)| *is_there) {
        Some((_, clause)) => Err(not_supported(clause)),
        None => Ok(()),
    }
}

/// The access method by its name in Postgres.
fn method(using: Option<&IndexType>) -> Result<&'static str> {
    Ok(match using {
        None | Some(IndexType::BTree) => "btree",
        Some(IndexType::Hash) => "hash",
        Some(IndexType::GIN) => "gin",
        Some(IndexType::GiST) => "gist",
        Some(IndexType::SPGiST) => "spgist",
        Some(IndexType::BRIN) => "brin",
        Some(other) => {
            let name = other.to_string().to_lowercase();
            return Err(Error::new(
                SqlState::UNDEFINED_OBJECT,
                format!("access method \"{name}\" does not exist"),
            ));
        }
    })
}

/// What Postgres's access methods cannot do.
fn check_method(method: &str, is_unique: bool, columns: &[IndexedColumn]) -> Result<()> {
    if method == "btree" {
        return Ok(());
    }
    let lacks = |what: &str| {
        let message = format!("access method \"{method}\" does not support {what}");
        Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, message))
    };
    if is_unique {
        return lacks("unique indexes");
    }
    if columns.len() > 1 && matches!(method, "hash" | "spgist") {
        return lacks("multicolumn indexes");
    }
    if columns.iter().any(|column| column.is_descending) {
        return lacks("ASC/DESC options");
    }
    if columns.iter().any(|column| column.has_nulls_first) {
        return lacks("NULLS FIRST/LAST options");
    }
    Ok(())
}
