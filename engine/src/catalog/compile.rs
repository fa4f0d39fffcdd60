//! The compiler's questions: relations, functions, constants, statistics.

use super::names::{parse_name, reg_literal};
use super::relation::{Body, storage_id};
use super::view::View;
use crate::expression::{Expression, Layout};
use crate::types::literal_at;
use crate::{error::Error, functions::registry};
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::sync::Arc;
use stoa_sql::catalog::{Catalog, ColumnStatistics, FunctionInfo, RelationInfo, TableId, TableName};
use stoa_sql::error::Result;
use stoa_sql::literal::Literal;
use stoa_sql::plan::Expr;
use stoa_sql::types::LogicalType;
use stoa_storage::vector::Batch;

/// Answers for one compilation.
pub(crate) struct CompilerCatalog<'v> {
    view: &'v View,
    /// Relations that were asked for: what a view depends on.
    seen: RefCell<BTreeSet<TableId>>,
    /// A constant such as `'today'` was read: the answer is good for this statement only.
    is_momentary: Cell<bool>,
}

impl<'v> CompilerCatalog<'v> {
    /// Answers from a view.
    pub(crate) fn new(view: &'v View) -> Self {
        CompilerCatalog {
            view,
            seen: RefCell::default(),
            is_momentary: Cell::new(false),
        }
    }

    /// Whether what was compiled is good for this statement only.
    pub(crate) fn is_momentary(&self) -> bool {
        self.is_momentary.get()
    }

    /// Relations that were asked for.
    pub(crate) fn seen(&self) -> BTreeSet<TableId> {
        self.seen.borrow().clone()
    }
}

/// An error of the engine where only a user's can be told.
pub(crate) fn user_error(error: Error) -> stoa_sql::Error {
    match error {
        Error::Sql(error) => error,
        other => stoa_sql::Error::new(other.state(), other.to_string()),
    }
}

/// The value of an expression without columns.
pub(crate) fn evaluate_constant(expression: &Expr, view: &View) -> crate::Result<Literal> {
    let compiled = Expression::compile(expression, &Layout::default(), &view.statement)?;
    let value = compiled.evaluate_plain(&Batch::new(Vec::new(), 1))?;
    literal_at(&*value, 0, &expression.data_type())
}

impl Catalog for CompilerCatalog<'_> {
    fn relation(&self, name: &TableName) -> Result<Option<Arc<RelationInfo>>> {
        let found = self.view.catalog.resolve(name, &self.view.statement.search_path);
        Ok(found.map(|relation| {
            self.seen.borrow_mut().insert(relation.id());
            relation.info.clone()
        }))
    }

    fn relation_of_view(&self, view: TableId, name: &TableName) -> Result<Option<Arc<RelationInfo>>> {
        let view = self.view.catalog.by_id(view);
        let reference = match view.as_ref().map(|view| &view.body) {
            Some(Body::View(definition)) => definition.reference(name),
            _ => None,
        };
        let Some(reference) = reference else {
            return self.relation(name);
        };
        let relation = self.view.catalog.by_id(TableId(reference.oid));
        Ok(relation.map(|relation| {
            self.seen.borrow_mut().insert(relation.id());
            reference.read(&relation)
        }))
    }

    fn function(&self, schema: Option<&str>, name: &str) -> Option<Arc<FunctionInfo>> {
        match schema {
            None | Some("pg_catalog" | "stoa" | "information_schema") => registry::info(name),
            Some(_) => None,
        }
    }

    fn setting(&self, name: &str) -> Option<String> {
        self.view.settings.get(name)
    }

    fn fold(&self, expression: &Expr) -> Option<Result<Literal>> {
        Some(evaluate_constant(expression, self.view).map_err(user_error))
    }

    fn parse_literal(&self, text: &str, data_type: &LogicalType) -> Result<Literal> {
        if let Some(literal) = reg_literal(text, data_type, &self.view.catalog, &self.view.statement.search_path) {
            return literal;
        }
        if is_relative_time(text, data_type) {
            self.is_momentary.set(true);
        }
        crate::format::text::parse_value(text, data_type, &self.view.format).map_err(user_error)
    }

    fn row_count(&self, table: TableId) -> Option<u64> {
        let relation = self.view.catalog.by_id(table)?;
        match &relation.body {
            Body::Table(_) => Some(self.view.snapshot.table(storage_id(table))?.row_count()),
            _ => None,
        }
    }

    fn column_histogram(&self, table: TableId, column: usize) -> Vec<Literal> {
        let bounds = || {
            let relation = self.view.catalog.by_id(table)?;
            let stored = relation.stored()?.schema.columns.get(column)?;
            // Storage orders arrays by the bytes that it keeps them as.
            let data_type = &relation.info.columns.get(column)?.data_type;
            if matches!(data_type, LogicalType::Array(_)) {
                return None;
            }
            let bounds = self
                .view
                .snapshot
                .table(storage_id(table))?
                .column_histogram(stored.id)?;
            let literals = (0..bounds.len()).map(|bound| literal_at(&*bounds, bound, data_type).ok());
            literals.collect::<Option<Vec<_>>>()
        };
        bounds().unwrap_or_default()
    }

    fn column_statistics(&self, table: TableId, column: usize) -> Option<ColumnStatistics> {
        let relation = self.view.catalog.by_id(table)?;
        let stored = relation.stored()?.schema.columns.get(column)?;
        let data_type = &relation.info.columns.get(column)?.data_type;
        let summary = self.view.snapshot.table(storage_id(table))?.column_summary(stored.id)?;
        let bound = |value: &Option<arrow_array::ArrayRef>| {
            let is_array = matches!(data_type, LogicalType::Array(_));
            let value = value.as_ref().filter(|_| summary.exact && !is_array)?;
            literal_at(&**value, 0, data_type).ok()
        };
        let rows = f64::from(summary.row_count.max(1));
        Some(ColumnStatistics {
            distinct_count: summary.distinct_count.map(u64::from),
            null_fraction: Some(f64::from(summary.null_count) / rows),
            minimum: bound(&summary.minimum),
            maximum: bound(&summary.maximum),
        })
    }
}

/// `'now'`, `'today'` and their like, which mean the transaction's time.
fn is_relative_time(text: &str, data_type: &LogicalType) -> bool {
    let is_time = matches!(
        data_type,
        LogicalType::Date | LogicalType::Timestamp | LogicalType::TimestampTz | LogicalType::Time
    );
    let words = ["now", "today", "tomorrow", "yesterday"];
    is_time && {
        let text = text.to_ascii_lowercase();
        words.iter().any(|word| text.contains(word))
    }
}

/// The relation that a possibly qualified and quoted text names: `public."Events"`.
pub(crate) fn relation_named(view: &View, text: &str) -> Option<Arc<super::relation::Relation>> {
    let name = parse_name(text)?;
    view.catalog.resolve(&name, &view.statement.search_path)
}
