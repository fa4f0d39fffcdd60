//! Syntax to plan: names become identities, types are checked, every implicit cast is written out.
//!
//! One file per clause; one small function per expression variant. The binder asks the [`Catalog`] and evaluates nothing
//! itself. What Postgres knows and Stoa does not is refused here by name with SQLSTATE 0A000, never dropped silently.

mod bind_alter;
mod bind_alter_type;
mod bind_as_of_join;
mod bind_changes;
mod bind_check_rollup;
mod bind_comment;
mod bind_constraint;
mod bind_copy;
mod bind_create;
mod bind_cte;
mod bind_delete;
mod bind_drop;
mod bind_explain_change;
mod bind_expression;
mod bind_from;
mod bind_group_by;
mod bind_index;
mod bind_insert;
mod bind_insert_constants;
mod bind_join;
mod bind_locking;
mod bind_merge;
mod bind_order_by;
mod bind_query;
mod bind_returning;
mod bind_sample;
mod bind_seals;
mod bind_select;
mod bind_sequence;
mod bind_set_operation;
mod bind_star;
mod bind_statement;
mod bind_table_function;
mod bind_update;
mod bind_upsert;
mod bind_valid_time;
mod bind_values;
mod bind_window;
mod bind_windows;
mod bind_with_statement;
mod coerce;
mod collect;
mod common_type;
mod data_type;
mod explanation;
mod expression;
mod name;
mod overload;
mod scope;

pub(crate) use bind_constraint::{bind_kept_check, bind_kept_default};

use crate::catalog::{Catalog, TableId};
use crate::error::{Error, Result, SqlState};
use crate::limits::PARAMETERS_MAX;
use crate::parse::location::Lines;
use crate::parse::syntax::Syntax;
use crate::plan::{ColumnDef, ColumnId, CteId, Expr, Statement, ViewReference};
use crate::span::Span;
use crate::types::LogicalType;
use bind_group_by::RowKey;
use sqlparser::ast::{self, Spanned};
use sqlparser::tokenizer::Span as ParserSpan;
use std::cell::OnceCell;

/// A bound statement, not yet optimized.
pub(crate) struct Bound {
    /// The statement.
    pub(crate) statement: Statement,
    /// Parameter types as given or inferred.
    pub(crate) parameter_types: Vec<LogicalType>,
    /// The first column identity that is free.
    pub(crate) next_column: u32,
    /// The first CTE identity that is free.
    pub(crate) next_cte: u32,
}

/// Binds one statement.
pub(crate) fn bind(
    syntax: &Syntax,
    text: &str,
    catalog: &dyn Catalog,
    parameter_types: &[Option<LogicalType>],
) -> Result<Bound> {
    let mut binder = Binder::new(text, catalog, parameter_types.to_vec());
    let statement = binder.bind_statement(syntax)?;
    Ok(Bound {
        statement,
        parameter_types: binder
            .parameters
            .into_iter()
            .map(|data_type| data_type.unwrap_or(LogicalType::Text))
            .collect(),
        next_column: binder.next_column,
        next_cte: binder.next_cte,
    })
}

/// What a name in WITH stands for.
#[derive(Clone)]
pub(crate) struct CteBinding {
    name: String,
    /// Its columns, with the names the query gives them.
    columns: Vec<ColumnDef>,
    id: CteId,
    /// A statement without RETURNING.
    returns_nothing: bool,
}

/// State of binding one statement.
pub(crate) struct Binder<'c> {
    catalog: &'c dyn Catalog,
    /// The statement's text.
    text: &'c str,
    lines: OnceCell<Lines<'c>>,
    next_column: u32,
    next_cte: u32,
    parameters: Vec<Option<LogicalType>>,
    ctes: Vec<CteBinding>,
    /// Of the tables that were scanned.
    row_keys: Vec<RowKey>,
    view_depth: usize,
    /// The view whose query is being bound.
    view: Option<TableId>,
    /// The version as of which a view reads whatever its query does not name a version of.
    as_of: Option<Expr>,
    /// The relations that the statement itself names in FROM.
    references: Vec<ViewReference>,
    between_depth: usize,
    /// No rollup may answer for the scans that are being bound.
    reads_rows_only: bool,
    /// The versions that tables are read at, where a change of a query's answer is explained.
    explained: Option<bind_explain_change::Reading>,
    /// Of tables of which only final events are read.
    final_events: Vec<bind_windows::FinalEvents>,
    /// False within a view or a default: places there are not places of the statement.
    spans_valid: bool,
}

impl<'c> Binder<'c> {
    fn new(text: &'c str, catalog: &'c dyn Catalog, parameters: Vec<Option<LogicalType>>) -> Self {
        Binder {
            catalog,
            text,
            lines: OnceCell::new(),
            next_column: 1,
            next_cte: 1,
            parameters,
            ctes: Vec::new(),
            row_keys: Vec::new(),
            view_depth: 0,
            view: None,
            as_of: None,
            references: Vec::new(),
            between_depth: 0,
            reads_rows_only: false,
            explained: None,
            final_events: Vec::new(),
            spans_valid: true,
        }
    }

    fn column(&mut self, name: impl Into<String>, data_type: LogicalType, nullable: bool) -> ColumnDef {
        let id = ColumnId(self.next_column);
        self.next_column += 1;
        ColumnDef {
            id,
            name: name.into(),
            data_type,
            nullable,
        }
    }

    /// A new identity for an expression's value.
    fn column_for(&mut self, name: impl Into<String>, expression: &Expr) -> ColumnDef {
        self.column(name, expression.data_type(), expression.nullable())
    }

    fn cte_id(&mut self) -> CteId {
        let id = CteId(self.next_cte);
        self.next_cte += 1;
        id
    }

    /// Where a piece of syntax stands in the statement.
    fn span(&self, node: &impl Place) -> Option<Span> {
        self.parser_span(node.place())
    }

    fn parser_span(&self, span: ParserSpan) -> Option<Span> {
        let lines = || self.lines.get_or_init(|| Lines::new(self.text));
        self.spans_valid.then(|| lines().span(span)).flatten()
    }

    fn parameter_type(&mut self, index: usize) -> Result<Option<LogicalType>> {
        if index == 0 || index > PARAMETERS_MAX {
            return Err(Error::new(
                SqlState::UNDEFINED_PARAMETER,
                format!("there is no parameter ${index}"),
            ));
        }
        if self.parameters.len() < index {
            self.parameters.resize(index, None);
        }
        Ok(self.parameters.get(index - 1).cloned().flatten())
    }

    fn set_parameter_type(&mut self, index: usize, data_type: &LogicalType) {
        if let Some(slot @ None) = self.parameters.get_mut(index.wrapping_sub(1)) {
            *slot = Some(data_type.clone());
        }
    }
}

/// That a feature is not supported, by its name.
fn not_supported(feature: impl std::fmt::Display) -> Error {
    Error::new(SqlState::FEATURE_NOT_SUPPORTED, format!("{feature} is not supported"))
}

/// Syntax that knows where it stands.
trait Place {
    fn place(&self) -> ParserSpan;
}

impl Place for ast::Ident {
    fn place(&self) -> ParserSpan {
        self.span
    }
}

impl Place for ast::Expr {
    fn place(&self) -> ParserSpan {
        self.span()
    }
}

impl Place for ast::ObjectName {
    fn place(&self) -> ParserSpan {
        self.span()
    }
}

impl Place for ast::TableFactor {
    fn place(&self) -> ParserSpan {
        self.span()
    }
}

impl Place for ast::SetExpr {
    fn place(&self) -> ParserSpan {
        self.span()
    }
}
