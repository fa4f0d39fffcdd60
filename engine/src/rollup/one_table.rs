//! A catalog of one table, under the name and with the column names that a rollup's query has for it. Every session's constants,
//! formats and time zone are the defaults.

use super::fixed::Reason;
use crate::catalog::compile::user_error;
use crate::expression::{Expression, Layout};
use crate::format::{DateOrder, FormatSettings};
use crate::functions::{NoFacts, StatementContext, registry};
use crate::types::literal_at;
use std::sync::Arc;
use stoa_sql::catalog::{Catalog, ColumnStatistics, FunctionInfo, RelationInfo, TableId, TableName};
use stoa_sql::error::Result;
use stoa_sql::literal::Literal;
use stoa_sql::plan::Expr;
use stoa_sql::types::LogicalType;
use stoa_storage::vector::Batch;

/// See the module.
pub(super) struct OneTable {
    pub(super) name: TableName,
    pub(super) info: Arc<RelationInfo>,
    pub(super) statement: Arc<StatementContext>,
}

/// What functions may know where there is no session: UTC, and no time of its own, which nothing fixed asks for.
pub(super) fn no_session() -> Arc<StatementContext> {
    Arc::new(StatementContext {
        transaction_time: 0,
        statement_time: 0,
        time_zone: jiff::tz::TimeZone::UTC,
        user: String::new(),
        database: String::new(),
        search_path: Vec::new(),
        process_id: 0,
        session: Arc::new(NoFacts),
    })
}

impl Catalog for OneTable {
    fn relation(&self, name: &TableName) -> Result<Option<Arc<RelationInfo>>> {
        Ok((*name == self.name).then(|| self.info.clone()))
    }

    fn function(&self, schema: Option<&str>, name: &str) -> Option<Arc<FunctionInfo>> {
        match schema {
            None | Some("pg_catalog" | "stoa") => registry::info(name),
            Some(_) => None,
        }
    }

    fn setting(&self, _name: &str) -> Option<String> {
        None
    }

    fn fold(&self, expression: &Expr) -> Option<Result<Literal>> {
        let folded = || {
            let compiled = Expression::compile(expression, &Layout::default(), &self.statement)?;
            let value = compiled.evaluate_plain(&Batch::new(Vec::new(), 1))?;
            literal_at(&*value, 0, &expression.data_type())
        };
        Some(folded().map_err(user_error))
    }

    /// As every session reads it.
    fn parse_literal(&self, text: &str, data_type: &LogicalType) -> Result<Literal> {
        let settings = FormatSettings::default();
        let elsewhere = FormatSettings {
            time_zone: jiff::tz::TimeZone::fixed(jiff::tz::offset(5)),
            date_order: DateOrder::DayMonthYear,
            transaction_time: 0,
            ..settings.clone()
        };
        let parse = |settings| crate::format::text::parse_value(text, data_type, settings).map_err(user_error);
        let literal = parse(&settings)?;
        match parse(&elsewhere).is_ok_and(|other| other == literal) {
            true => Ok(literal),
            false => Err(Reason {
                message: format!("what '{text}' means as {data_type} depends on the session"),
                hint: "Write times with their zone and dates in ISO order: '2024-01-31 00:00+00'.",
            }
            .sql_refusal()),
        }
    }

    fn row_count(&self, _table: TableId) -> Option<u64> {
        None
    }

    fn column_statistics(&self, _table: TableId, _column: usize) -> Option<ColumnStatistics> {
        None
    }
}
